//! Nodes that reach PostgreSQL by way of a pooler which gives each transaction another session.

use std::time::Duration;

use duban::runner::{Runner, Settings};
use duban::storage::{Database, Error, Mode};
use duban_engine::ids::CaseId;
use tokio::task::JoinSet;

use crate::cluster::{SqliteFile, pooled, postgres};
use crate::town::{Town, assert_sound, files, knows, note, open, take};

/// How long a test waits at most for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// A town whose nodes go by way of the pooler; of its tables nothing is there yet.
async fn town() -> Town {
    let address = postgres().await;
    Town::before(format!("{} {address}", pooled(&address)))
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect(what);
}

async fn is_red(runner: &Runner, case: u128) -> bool {
    let case = runner.case(CaseId(case)).await.expect("the database answers").expect("it was opened");
    case.visits.values().filter_map(|visit| visit.deadline.as_ref()).all(|deadline| deadline.next_rung().is_none())
}

#[tokio::test]
async fn two_nodes_work_together_through_a_pooler() {
    let town = town().await;
    let settings = || Settings { committers: 4, ..Settings::default() };
    let (one, other) = (town.runner_with(settings()).await, town.runner_with(settings()).await);
    one.deploy(&files()).await.expect("the set is sound");
    until("the other node hears what is deployed", async || other.definitions().active().is_some()).await;

    let mut working = JoinSet::new();
    let nodes = [std::sync::Arc::new(one), std::sync::Arc::new(other)];
    for case in 1..=60_u128 {
        let [first, second] = [0, 1].map(|turn| std::sync::Arc::clone(&nodes[(case as usize + turn) % 2]));
        working.spawn(async move {
            first.submit(open(case, "路灯")).await.expect("it is done");
            second.submit(note(case, "看过").with_key(format!("look {case}"))).await.expect("it is done");
            first.submit(note(case, "看过").with_key(format!("look {case}"))).await.expect("it was done");
            second.submit(take(case, "tell")).await.expect("it is done");
        });
    }
    while let Some(worked) = working.join_next().await {
        worked.expect("nothing was refused");
    }
    town.advance(61);

    until("deadlines pass", async || is_red(&nodes[0], 1).await && is_red(&nodes[1], 60).await).await;
    until("what is told arrives", async || town.post.sent().len() >= 60).await;
    assert_eq!(knows(&nodes[0], CaseId(7), "times").await, "1", "the second key had no effect");
    let numbers = town.database().await.fetch("SELECT COUNT(DISTINCT number) FROM cases", &[]).await;
    assert_eq!(numbers.expect("the database answers")[0].integer(0).expect("it is a number"), 60);
    assert_eq!(town.post.sent().len(), 60, "nothing was sent twice");
    assert_sound(&nodes[0]).await;
}

#[tokio::test]
async fn what_a_dead_node_held_is_seen_through_a_pooler() {
    let town = town().await;
    let database = town.database().await;
    let alone = database.enter().await.expect("it answers").stay().await.expect("it answers");

    let second = town.database().await.enter().await.expect("it answers");
    drop(alone);
    // The server ends the session by itself; there is no moment at which that can be asked for.
    until("who comes last is alone", async || {
        let third = town.database().await.enter().await.expect("it answers");
        !second.is_alone && third.is_alone
    })
    .await;
}

#[tokio::test]
async fn a_database_is_only_read_through_a_pooler() {
    let address = postgres().await;
    let pooler = pooled(&address);
    Database::open_pooled(&pooler, &address, Mode::Make).await.expect("the server is there");

    let database = Database::open_pooled(&pooler, &address, Mode::Read).await.expect("its tables are there");

    database.ping().await.expect("it can be read");
    let mut transaction = database.begin().await.expect("it begins");
    let refused = transaction.execute("DELETE FROM cases", &[]).await;
    assert!(matches!(refused, Err(Error::Unreachable(_))), "{refused:?}");
}

#[tokio::test]
async fn a_pooler_that_is_not_named_one_is_refused_with_what_to_do() {
    let address = postgres().await;
    let pooler = pooled(&address);
    let another = postgres().await;
    let file = SqliteFile::default().address();

    let alone = Database::open(&pooler).await;
    let twice = Database::open_pooled(&pooler, &pooler, Mode::Make).await;
    let apart = Database::open_pooled(&pooler, &another, Mode::Make).await;
    let mixed = Database::open_pooled(&file, &address, Mode::Make).await;

    assert!(matches!(alone, Err(Error::SessionsChange)), "{alone:?}");
    assert!(matches!(twice, Err(Error::SessionsChange)), "{twice:?}");
    assert!(matches!(apart, Err(Error::AnotherDatabase)), "{apart:?}");
    assert!(matches!(mixed, Err(Error::NoPooler)), "{mixed:?}");
}
