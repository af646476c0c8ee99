//! What people look at, however slow it is, keeps no command waiting.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;

use crate::cluster::postgres;
use crate::town::{Town, open};

/// How many look at the same time: far more than a node has connections.
const READERS: usize = 64;

/// A read that takes longer than anybody waits.
const SLOW: &str = "SELECT 1 FROM pg_sleep(600)";

/// How many of them the server is at.
const UNDER_WAY: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE query = $1 AND datname = current_database()";

#[tokio::test]
async fn commands_are_done_while_all_who_look_wait() {
    let address = postgres().await;
    let town = Town::new(address.clone()).await;
    let runner = town.runner().await;
    let mut server = PgConnection::connect(&address).await.expect("the database is there");
    let mut reading = JoinSet::new();
    for _ in 0..READERS {
        let pages = runner.pages().clone();
        reading.spawn(async move { pages.fetch(SLOW, &[]).await });
    }
    // More than there are that read to decide.
    while sqlx::query_scalar::<_, i64>(UNDER_WAY).bind(SLOW).fetch_one(&mut server).await.expect("it answers") < 8 {
        tokio::task::yield_now().await;
    }

    let opened = tokio::time::timeout(Duration::from_secs(30), runner.submit(open(1, "路灯"))).await;

    opened.expect("it does not wait").expect("it is done");
    let answered = std::iter::from_fn(|| reading.try_join_next()).flatten().filter(Result::is_ok);
    assert_eq!(answered.count(), 0, "they waited all the while");
}
