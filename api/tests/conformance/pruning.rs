//! What is over is removed in time, and nothing else.

use std::time::Duration;

use duban::runner::Settings;
use duban::storage::{Database, commands, outbox};
use duban_engine::ids::CaseId;
use jiff::SignedDuration;

use crate::cluster::{on_each_database, postgres};
use crate::town::{Town, assert_sound, at, note, open, take};

/// How long a test waits at most for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

async fn has_key(database: &Database, key: &str) -> bool {
    let found = commands::find(database, vec![key.to_owned()]).await.expect("the database answers");
    found.contains_key(key)
}

/// Of each entry of a case whether it is over, given up or neither.
async fn entries(database: &Database, case: u128) -> Vec<(bool, bool)> {
    let found = outbox::of_case(database, CaseId(case)).await.expect("the database answers");
    found.iter().map(|entry| (entry.done_at.is_some(), entry.done_at.is_none() && entry.due_at.is_none())).collect()
}

async fn wait(mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it comes");
}

#[tokio::test]
async fn deliveries_go_after_thirty_days_and_answers_after_seven() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        town.post.will_answer(200, "");
        town.post.will_answer(410, "");
        runner.submit(open(1, "路灯").with_key("old")).await.expect("it is done");
        runner.submit(take(1, "tell")).await.expect("it is done");
        runner.settle().await.expect("the database answers");
        runner.submit(take(1, "tell")).await.expect("it is done");
        runner.settle().await.expect("the database answers");
        assert_eq!(entries(runner.database(), 1).await, [(true, false), (false, true)]);
        runner.stop().await;

        let serving = town.runner_with(Settings::default()).await;
        let database = town.database().await;
        town.clock.advance(SignedDuration::from_hours(6 * 24));
        serving.submit(note(1, "甲").with_key("new")).await.expect("it is done");
        town.clock.advance(SignedDuration::from_hours(24 + 1));
        wait(async || !has_key(&database, "old").await).await;

        assert!(has_key(&database, "new").await, "it is one day old");
        assert_eq!(entries(&database, 1).await, [(true, false), (false, true)], "they are seven days old");
        town.clock.advance(SignedDuration::from_hours(23 * 24));
        wait(async || entries(&database, 1).await.len() == 1).await;
        assert_eq!(entries(&database, 1).await, [(false, true)], "what was given up stays");
        assert!(!has_key(&database, "new").await);
        serving.stop().await;
        let runner = town.runner().await;
        assert_sound(&runner).await;
        let again = runner.submit(open(1, "路灯").with_key("old")).await;
        assert!(matches!(again, Err(duban::runner::Refusal::CaseExists(_))), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn a_node_whose_clock_is_far_ahead_removes_no_answer_that_others_count_on() {
    let town = Town::new(postgres().await).await;
    let runner = town.runner().await;
    for command in [open(1, "路灯"), take(1, "tell")] {
        runner.submit(command).await.expect("it is done");
    }
    runner.settle().await.expect("the database answers");
    assert_eq!(entries(runner.database(), 1).await, [(true, false)]);
    town.clock.advance(jiff::Timestamp::now().duration_since(at("09:00")));
    runner.submit(note(1, "甲").with_key("new")).await.expect("it is done");
    runner.stop().await;

    town.clock.advance(SignedDuration::from_hours(365 * 24));
    let ahead = town.runner_with(Settings::default()).await;
    let database = town.database().await;
    // This delivery is months old by everybody's clock. Answers are removed in the same transaction.
    wait(async || entries(&database, 1).await.is_empty()).await;
    ahead.stop().await;

    assert!(has_key(&database, "new").await);
}
