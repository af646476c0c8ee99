//! What a dead node held is taken over: at once by a node that comes alone, and never from the living.

use std::time::Duration;

use duban::runner::{Runner, Settings};
use duban::storage::{cases, outbox};
use duban_engine::ids::CaseId;
use jiff::SignedDuration;

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, open, take};

/// How long a test waits at most for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

async fn node(town: &Town) -> Runner {
    town.runner_with(Settings::default()).await
}

/// A node holds a case whose deadline has passed and an entry of the outbox, and dies.
async fn die_while_holding(town: &Town) {
    let dying = town.runner().await;
    dying.submit(open(1, "路灯")).await.expect("it is done");
    town.advance(61);
    dying.submit(take(1, "tell")).await.expect("it is done");
    let now = dying.clock().now();
    let until = now + SignedDuration::from_secs(60);
    let mut transaction = dying.database().begin().await.expect("the database answers");
    let held = cases::claim(&mut transaction, now, until, 9).await.expect("the database answers");
    assert_eq!(held.len(), 1);
    transaction.commit().await.expect("the database answers");
    let entries = outbox::of_case(dying.database(), CaseId(1)).await.expect("the database answers");
    assert!(entries[0].due_at.is_some_and(|due| due > now), "{entries:?}");
    drop(dying);
}

async fn is_served(town: &Town, runner: &Runner) -> bool {
    let case = runner.case(CaseId(1)).await.expect("the database answers").expect("there is such a case");
    let is_red =
        case.visits.values().filter_map(|visit| visit.deadline.as_ref()).all(|found| found.next_rung().is_none());
    is_red && town.post.sent().len() == 1
}

async fn wait_until_served(town: &Town, runner: &Runner) {
    let served = async {
        while !is_served(town, runner).await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, served).await.expect("both are served though the clock stands still");
}

#[tokio::test]
async fn a_node_that_comes_alone_goes_on_at_once_with_what_the_dead_held() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        die_while_holding(&town).await;

        // The clock stands still, so that no lease ends.
        let runner = node(&town).await;

        wait_until_served(&town, &runner).await;
        assert_sound(&runner).await;
        runner.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_node_that_comes_to_others_takes_nothing_from_them() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let living = town.database().await;
        let presence = living.enter().await.expect("the database answers").stay().await.expect("the database answers");
        die_while_holding(&town).await;

        let second = node(&town).await;

        let until = second.clock().now() + SignedDuration::from_secs(60);
        let rows = living.fetch("SELECT claimed_until FROM cases", &[]).await.expect("the database answers");
        assert_eq!(rows[0].at(0).expect("it is an instant"), until);
        let entries = outbox::of_case(&living, CaseId(1)).await.expect("the database answers");
        assert_eq!((entries[0].due_at, town.post.sent().len()), (Some(until), 0));
        presence.leave().await;
        second.stop().await;
        let third = node(&town).await;
        wait_until_served(&town, &third).await;
        third.stop().await;
    })
    .await;
}
