//! A table that somebody keeps locked: what waits for it, and what does not.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Server, shipped};
use crate::cluster::postgres;
use crate::definitions::wait;
use crate::journey::open;

/// How many look at a case at the same time: far more than there are connections to the database.
const READERS: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn while_the_histories_are_locked_lists_are_read_and_nobody_is_told_that_all_is_well() {
    let address = postgres().await;
    let mut server = Server::start(&address, &shipped());
    let token = server.token(&["wei-hongwei"]);
    let case = open(&server, &token);
    server.kill();
    // It starts with no case in its memory.
    let server = Server::start(&address, &shipped());
    let mut other = <sqlx::PgConnection as sqlx::Connection>::connect(&address).await.expect("the database is there");
    sqlx::raw_sql("BEGIN; LOCK TABLE transitions").execute(&mut other).await.expect("nobody else has it");
    let body = json!({"process": "appeal", "fields": {"content": "暖气不热。"}});

    thread::scope(|scope| {
        let opening = scope.spawn(|| server.post(&token, "/api/cases", &body));
        for _ in 0..READERS {
            scope.spawn(|| {
                let asked = Instant::now();
                assert_eq!(server.get(&token, &case).status, 503, "nobody is kept waiting for what is locked");
                assert!(asked.elapsed() < Duration::from_secs(10), "it took {:?}", asked.elapsed());
            });
        }
        wait(|| server.send("GET", "/health/ready", "", b"").status == 503);
        for path in ["/api/processes", "/api/notices", "/api/tasks"] {
            let asked = Instant::now();
            assert_eq!(server.get(&token, path).status, 200, "{path}");
            assert!(asked.elapsed() < Duration::from_secs(5), "{path} took {:?}", asked.elapsed());
        }
        let unlocking = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(sqlx::raw_sql("COMMIT").execute(&mut other))
        });
        unlocking.expect("it was locked here");
        assert_eq!(opening.join().expect("it was asked").status, 201, "what waited is done");
    });
    wait(|| server.send("GET", "/health/ready", "", b"").status == 200);
}
