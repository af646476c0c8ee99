//! What a newer program left in the database, an older one neither misreads, changes nor keeps from the newer.

use duban::runner::{Refusal, Runner, Settings};
use duban::storage::{Cell, Database, Error};
use duban_engine::ids::CaseId;

use crate::cluster::on_each_database;
use crate::town::{Town, files, note, open, submit_together};

/// What a newer program added to a case: the events, and their version.
const ADDED: [(&str, i64); 2] = [
    (r#"[{"event": "frame_chosen", "frame": "oak"}]"#, 1),
    // An older program would read this, without what is new about it.
    (r#"[{"event": "fields_set", "fields": {"words": {"text": "新"}}, "framed_by": "oak"}]"#, 1_000),
];

/// For how long an older program may keep a case that it cannot read, in microseconds.
const KEPT_MAX: i64 = 60_000_000;

async fn run(database: &Database, sql: &str, parameters: &[Cell]) {
    let mut transaction = database.begin().await.expect("the database answers");
    transaction.execute(sql, parameters).await.expect(sql);
    transaction.commit().await.expect("the database answers");
}

async fn number(database: &Database, sql: &str) -> i64 {
    let rows = database.fetch(sql, &[]).await.expect("the database answers");
    rows[0].integer(0).expect("it is a number")
}

/// A newer program adds a transition to case 1.
async fn add(database: &Database, (events, version): (&str, i64)) {
    let sql = "INSERT INTO transitions (case_id, sequence, at, actor, version, events, hash)
        SELECT case_id, sequence + 1, at, actor, CAST($2 AS BIGINT), $1, 'newer' FROM transitions
        WHERE sequence = 1 AND case_id LIKE '%1'";
    run(database, sql, &[events.into(), Cell::Integer(version)]).await;
    let sql = "UPDATE cases SET sequence = 2, hash = 'newer' WHERE case_id LIKE '%1'";
    run(database, sql, &[]).await;
}

/// Has two cases noted in one batch; the first cannot be read, and the second can.
async fn assert_stands(runner: &Runner, what: &str) {
    let outcomes = submit_together(runner, vec![note(1, "甲"), note(2, "甲")]).await;
    let Err(Refusal::Storage(error)) = &outcomes[0] else { unreachable!("{what}: {:?}", outcomes[0]) };
    assert!(matches!(**error, Error::Unreadable { .. }), "{what}: {error}");
    assert!(outcomes[1].is_ok(), "{what}: {:?}", outcomes[1]);
}

#[tokio::test]
async fn a_case_that_a_newer_program_moved_stands_still_on_an_older_one_and_is_not_kept_from_the_newer() {
    for added in ADDED {
        on_each_database(async |address| {
            let town = Town::new(address).await;
            let (before, database) = (town.runner().await, town.database().await);
            submit_together(&before, vec![open(1, "路灯"), open(2, "供水")]).await;
            add(&database, added).await;

            assert_stands(&before, "one that knew the case").await;
            assert_stands(&town.runner().await, "one that did not").await;

            assert!(before.case(CaseId(1)).await.is_err(), "it is not shown as what it is not");
            town.advance(120);
            for _ in 0..20 {
                before.settle().await.expect("the database answers");
                let kept = number(&database, "SELECT MAX(claimed_until) FROM cases").await;
                let now = before.clock().now().as_microsecond();
                assert!(kept <= now + KEPT_MAX, "it is kept for {} s", (kept - now) / 1_000_000);
                town.advance(2);
            }
            let red = "SELECT COUNT(*) FROM deadlines WHERE light = 'red' AND case_id LIKE '%2'";
            assert_eq!(number(&database, red).await, 1, "the clock of the others goes on");
            let moved = "SELECT COUNT(*) FROM transitions WHERE case_id LIKE '%1'";
            assert_eq!(number(&database, moved).await, 2, "nothing was added to what cannot be read");
        })
        .await;
    }
}

#[tokio::test]
async fn definitions_with_a_word_that_an_older_program_does_not_know_are_left_to_the_newer() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let (running, database) = (town.runner().await, town.database().await);
        running.submit(open(1, "路灯")).await.expect("it is done");
        let mut set = files();
        let matter = set.get_mut("matter/matter.yaml").expect("it is in the set");
        *matter = matter.replace("    by: clerk\n", "    by: clerk\n    frame: oak\n");
        let set = serde_json::to_string(&set).expect("texts are JSON");
        let sql =
            "INSERT INTO deployments (id, files, deployed_at) SELECT 'newer', $1, deployed_at + 1 FROM deployments";
        run(&database, sql, &[set.as_str().into()]).await;
        let sql = "INSERT INTO process_versions SELECT process, 'newer', title, 'newer', deployed_at + 1
            FROM process_versions WHERE process = 'matter'";
        run(&database, sql, &[]).await;

        database.tell("deployed").await.expect("the database answers");
        let opened = running.submit(open(3, "噪声")).await;
        let noted = running.submit(note(1, "甲")).await;
        let other = town.start_with(Settings { automatic: false, ..Settings::default() }).await;

        assert!(opened.is_ok() && noted.is_ok(), "who runs goes on by what they know: {opened:?} {noted:?}");
        let told = other.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(told.contains("newer"), "who starts says what cannot be read: {told}");
    })
    .await;
}
