//! Servers with followers: nobody is told what a failure could take back, nobody works on a follower, and all come back.

use std::time::{Duration, Instant};

use duban::storage::{Database, Error, Mode, commands};
use duban_city::postgres::Postgres;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::time::timeout;

/// How long a test waits at most for what happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a crash leaves behind: everybody can read it, and no follower has it.
const LEFT_BEHIND: &str = "SET synchronous_commit = local;
    INSERT INTO commands (key, case_id, sequence, number, at, fingerprint, digest)
    VALUES ('known', '00000000000000000000000000000001', 3, NULL, 0, NULL, '')";

async fn connect(address: &str) -> PgConnection {
    PgConnection::connect(address).await.expect("the server is there")
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.expect("it can be done");
}

/// Waits until a question is answered by a number that is not 0.
async fn until(address: &str, sql: &str) {
    let mut connection = connect(address).await;
    let looked = async {
        while sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.ok()
            == Some(0)
        {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, looked).await.expect("it happens by itself");
}

/// Whether no server is found in the end. Connections from before break first, one after the other.
async fn no_server(ask: impl AsyncFn() -> Result<(), Error>) -> bool {
    let asked = async {
        loop {
            match ask().await {
                Ok(()) => return false,
                Err(Error::Unreachable(sqlx::Error::PoolTimedOut)) => return true,
                Err(_) => {}
            }
        }
    };
    timeout(PATIENCE, asked).await.expect("connections are few")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_repeated_only_when_the_followers_have_it() {
    let server = Postgres::start_in(None);
    let address = Postgres::database_at(server.address);
    let database = Database::open(&address).await.expect("the server is there");
    let mut administrator = connect(&address).await;
    run(&mut administrator, "ALTER SYSTEM SET synchronous_standby_names = 'follower'").await;
    run(&mut administrator, "SELECT pg_reload_conf()").await;
    until(&address, "SELECT COUNT(*) FROM pg_settings WHERE name = 'synchronous_standby_names' AND setting <> ''")
        .await;
    run(&mut administrator, LEFT_BEHIND).await;

    let unknown = timeout(PATIENCE, commands::find(&database, vec!["unknown".to_owned()])).await;
    let asking = tokio::spawn(async move { commands::find(&database, vec!["known".to_owned()]).await });
    until(&address, "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'").await;
    let is_told_before = asking.is_finished();
    run(&mut administrator, "ALTER SYSTEM RESET synchronous_standby_names").await;
    run(&mut administrator, "SELECT pg_reload_conf()").await;
    let known = timeout(PATIENCE, asking).await.expect("nobody is waited for").expect("it does not panic");

    assert!(unknown.expect("what was never done is nothing to wait for").expect("it can be read").is_empty());
    assert!(!is_told_before);
    assert_eq!(known.expect("it can be read")["known"].sequence, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_works_on_a_server_that_follows_and_all_do_when_it_is_promoted() {
    let server = Postgres::start_in(None);
    let address = Postgres::database_at(server.address);
    let database = Database::open(&address).await.expect("the server is there");

    tokio::task::block_in_place(|| server.follow());
    let pages = database.for_pages();
    let (read, written) =
        tokio::join!(no_server(async || pages.ping().await), no_server(async || database.probe().await));
    let opened = Database::open(&address).await.expect_err("nothing can be written");
    let why = std::error::Error::source(&opened).map(ToString::to_string).unwrap_or_default();
    let looked = Database::open_as(&address, Mode::Read).await;
    tokio::task::block_in_place(|| server.promote());

    assert!(read && written, "read: {read}, written: {written}");
    assert!(why.contains("the server is a standby"), "{why}");
    looked.expect("who only reads may").ping().await.expect("it can be read");
    timeout(PATIENCE, async { while database.probe().await.is_err() {} }).await.expect("it takes writes");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_to_listen_first_looks_for_what_was_told_before() {
    let server = Postgres::start_in(None);
    let database = Database::open(&Postgres::database_at(server.address)).await.expect("the server is there");
    let mut listener = database.listen().await.expect("it answers");

    database.tell("words").await.expect("it answers");
    let heard = [listener.hear().await.expect("it answers"), listener.hear().await.expect("it answers")];

    assert_eq!(heard, [None, Some("words".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_session_broke_is_known_to_be_alive_again() {
    let server = Postgres::start_in(None);
    let address = Postgres::database_at(server.address);
    let database = Database::open(&address).await.expect("the server is there");
    let presence = database.enter().await.expect("it answers").stay().await.expect("it answers");

    tokio::task::block_in_place(|| server.restart("immediate"));
    until(&address, "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND granted").await;
    let while_alive = Database::open(&address).await.expect("it is there").enter().await.expect("it answers");

    assert!(!while_alive.is_alone);
    presence.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_refused_for_connections_from_before_a_restart() {
    let server = Postgres::start_in(None);
    let address = Postgres::database_at(server.address);
    let database = Database::open(&address).await.expect("the server is there");
    let pages = database.for_pages();
    let opened = tokio::join!(pages.ping(), pages.ping(), pages.ping(), pages.ping());
    assert!(matches!(opened, (Ok(()), Ok(()), Ok(()), Ok(()))), "{opened:?}");

    let from = Instant::now();
    // Nobody uses the connections for longer than they are trusted.
    while from.elapsed() < Duration::from_millis(1_500) {
        tokio::task::block_in_place(|| server.restart("immediate"));
    }

    for _ in 0..4 {
        pages.ping().await.expect("the server is back");
    }
}
