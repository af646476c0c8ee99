//! A node that stood still for longer than its leases and wakes: others have done its work, and it changes nothing of that.

use std::sync::Arc;
use std::time::Duration;

use duban::runner::{JobError, Outside, RandomSalts, Replying, Request, Runner, Settings, Submission, Surroundings};
use duban::storage::{Error, cases, outbox, serials};
use duban_engine::command::Ask;
use duban_engine::event::Actor;
use duban_engine::ids::{CaseId, Name};
use tokio::sync::Semaphore;

use crate::cluster::{on_each_database, pooled, postgres};
use crate::town::{OneSecret, Town, assert_sound, fields, knows, note, open, take};

/// How long a test waits at most for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(40);

/// An outside that lets nobody go before it is told to, and then has heard nothing.
struct Ice {
    reached: Semaphore,
    thaw: Semaphore,
}

impl Outside for Ice {
    fn send(&self, _: Request) -> Replying<'_> {
        self.reached.add_permits(1);
        Box::pin(async {
            self.thaw.acquire().await.expect("it is never closed").forget();
            Err("the connection was lost".to_owned())
        })
    }
}

#[tokio::test]
async fn a_delivery_that_another_node_made_is_not_made_again_because_the_first_one_wakes_and_failed() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let ice = Arc::new(Ice { reached: Semaphore::new(0), thaw: Semaphore::new(0) });
        let surroundings = Surroundings {
            clock: town.clock.clone(),
            outside: ice.clone(),
            secrets: Arc::new(OneSecret),
            salts: Arc::new(RandomSalts),
        };
        let settings = Settings { automatic: false, ..Settings::default() };
        let freezing = Runner::start(town.database().await, surroundings, settings).await.expect("a runner starts");
        for command in [open(1, "路灯"), take(1, "tell")] {
            freezing.submit(command).await.expect("it is done");
        }
        let frozen = tokio::spawn(async move { freezing.settle().await });
        ice.reached.acquire().await.expect("it is never closed").forget();
        town.advance(2);
        let other = town.runner().await;
        other.settle().await.expect("the database answers");

        ice.thaw.add_permits(1);
        frozen.await.expect("it does not panic").expect("the database answers");
        town.advance(24 * 60);
        other.settle().await.expect("the database answers");

        let entries = outbox::of_case(other.database(), CaseId(1)).await.expect("the database answers");
        assert_eq!(entries.len(), 1, "{entries:?}");
        let entry = &entries[0];
        assert!(entry.done_at.is_some() && entry.due_at.is_none() && entry.error.is_none(), "{entry:?}");
        assert_eq!(town.post.sent().len(), 1);
        assert_sound(&other).await;
    })
    .await;
}

#[tokio::test]
async fn a_limit_that_another_node_let_pass_does_not_pass_again_when_the_first_one_wakes() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let (freezing, other) = (town.runner().await, town.runner().await);
        freezing.submit(open(1, "路灯")).await.expect("it is done");
        town.advance(61);
        let now = freezing.clock().now();
        let mut transaction = freezing.database().begin().await.expect("the database answers");
        let until = now + jiff::SignedDuration::from_secs(10);
        let held = cases::claim(&mut transaction, now, until, 9).await.expect("the database answers");
        transaction.commit().await.expect("the database answers");
        town.advance(1);
        other.settle().await.expect("the database answers");
        let before = other.history(CaseId(1)).await.expect("the database answers");
        assert!(before.len() > 1, "the limit passed");

        // It has the case in its memory as it was, and does what it had begun.
        let late = freezing.submit(Submission::new(held[0].0, Actor::Clock, Ask::Wake)).await;

        late.expect("there is nothing to wake for");
        assert_eq!(freezing.history(CaseId(1)).await.expect("the database answers"), before);
        assert_sound(&other).await;
    })
    .await;
}

#[tokio::test]
async fn a_job_that_another_worker_holds_is_not_ended_by_the_one_before_on_any_node() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let (freezing, other) = (town.runner().await, town.runner().await);
        for command in [open(1, "路灯"), take(1, "print")] {
            freezing.submit(command).await.expect("it is done");
        }
        let (slow, quick, topic) = (Name::new("slow"), Name::new("quick"), Name::new("print"));
        let held = freezing.fetch_jobs(&slow, &topic, 1).await.expect("the database answers");
        town.advance(2);
        let taken_over = other.fetch_jobs(&quick, &topic, 1).await.expect("the database answers");

        let finished = freezing.finish_job(&slow, &held[0].id, fields(&[("words", "慢")])).await;
        let failed = freezing.fail_job(&slow, &held[0].id, "timeout").await;
        let kept = freezing.keep_job(&slow, &held[0].id).await;

        assert!(matches!(finished, Err(JobError::NotHeld { .. })), "{finished:?}");
        assert!(matches!(failed, Err(JobError::NotHeld { .. })), "{failed:?}");
        assert!(matches!(kept, Err(JobError::NotHeld { .. })), "{kept:?}");
        other.finish_job(&quick, &taken_over[0].id, fields(&[("words", "快")])).await.expect("it is held");
        assert_eq!(knows(&freezing, CaseId(1), "words").await, "快");
        assert_sound(&freezing).await;
    })
    .await;
}

#[tokio::test]
async fn whoever_needs_no_number_does_not_wait_for_one_that_somebody_holds() {
    let town = Town::new(postgres().await).await;
    let runner = Arc::new(town.runner().await);
    runner.submit(open(1, "路灯")).await.expect("it is done");
    let holder = <sqlx::PgConnection as sqlx::Connection>::connect(&town.address).await;
    let mut holder = holder.expect("the server is there");
    for statement in ["BEGIN", "SELECT next FROM serials FOR UPDATE"] {
        sqlx::Executor::execute(&mut holder, statement).await.expect("nobody else holds it");
    }
    let opening = tokio::spawn({
        let runner = Arc::clone(&runner);
        async move { runner.submit(open(2, "供水")).await }
    });

    for words in ["甲", "乙", "丙"] {
        let noted = tokio::time::timeout(PATIENCE, runner.submit(note(1, words))).await;
        noted.expect("it does not wait for a number").expect("it is done");
    }
    let is_early = opening.is_finished();
    sqlx::Executor::execute(&mut holder, "COMMIT").await.expect("it holds it still");
    let opened = opening.await.expect("it does not panic").expect("it is done");

    assert!(!is_early, "somebody held the number");
    assert_eq!(opened.number, Some(Name::new("小0002号")));
    assert_eq!(knows(&runner, CaseId(1), "words").await, "丙");
    assert_sound(&runner).await;
}

/// A node stops in the middle of opening a case, and another one opens cases all the same.
async fn outlast(address: String) {
    let town = Town::new(address).await;
    let runner = town.runner().await;
    runner.submit(open(1, "路灯")).await.expect("it is done");
    let series = runner.database().fetch("SELECT series FROM serials", &[]).await.expect("the database answers");
    let series = vec![series[0].text(0).expect("it is a text")];
    let frozen = town.database().await;
    let mut begun = frozen.begin().await.expect("the database answers");
    let held = serials::hold(&mut begun, series.clone()).await.expect("nobody else holds it");

    let opened = tokio::time::timeout(PATIENCE, runner.submit(open(2, "供水"))).await;

    let opened = opened.expect("the server does not wait for ever").expect("it is done");
    assert_eq!((held[&series[0]], opened.number), (2, Some(Name::new("小0002号"))));
    let late = serials::hold(&mut begun, series).await;
    assert!(matches!(late, Err(Error::Unreachable(_))), "{late:?}");
    drop(begun);
    let again = frozen.begin().await.expect("there are more connections");
    again.commit().await.expect("nothing was asked");
    assert_sound(&runner).await;
}

#[tokio::test]
async fn the_numbers_that_a_frozen_node_holds_are_free_after_seconds() {
    outlast(postgres().await).await;
}

#[tokio::test]
async fn the_numbers_that_a_frozen_node_holds_through_a_pooler_are_free_after_seconds() {
    let address = postgres().await;
    outlast(format!("{} {address}", pooled(&address))).await;
}
