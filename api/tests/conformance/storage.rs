//! What every database does alike.

use std::collections::BTreeMap;

use duban::storage::{self, Cell, Database, Error, Kind, Mode, Table, Writes, outbox, serials};
use duban_engine::ids::CaseId;
use jiff::Timestamp;

use crate::cluster::{on_each_database, open};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a small number is an instant")
}

fn entry(case: u128, due: i64) -> outbox::Entry {
    let case = CaseId(case);
    outbox::Entry {
        id: format!("{case}-1-0"),
        case,
        sequence: 1,
        effect: "{}".to_owned(),
        created_at: at(0),
        due_at: Some(at(due)),
        attempts: 0,
        done_at: None,
        error: None,
    }
}

async fn store(database: &Database, table: &'static Table, rows: &[Vec<Cell>]) -> storage::Result<()> {
    let mut transaction = database.begin().await?;
    transaction.insert(table, rows).await?;
    transaction.commit().await
}

#[tokio::test]
async fn every_statement_is_understood_by_both_databases() {
    on_each_database(async |address| {
        let database = open(&address).await;

        for statement in storage::statements() {
            let prepared = database.prepare(statement).await;
            assert!(prepared.is_ok(), "{statement}: {prepared:?}");
        }
        for table in storage::TABLES {
            let prepared = database.prepare_table(table).await;
            assert!(prepared.is_ok(), "{}: {prepared:?}", table.name);
        }
    })
    .await;
}

#[test]
fn every_statement_is_listed() {
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/src/storage");
    let own_way = ["sqlite.rs", "postgres.rs"];
    let listed = storage::statements();

    let mut written = 0;
    for file in std::fs::read_dir(sources).expect("the sources are there") {
        let path = file.expect("the sources can be listed").path();
        let is_shared = !own_way.iter().any(|name| path.ends_with(name));
        if is_shared && path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("the sources can be read");
            written += text.lines().filter(|line| line.starts_with("const ") && line.contains(": &str =")).count();
        }
    }

    // `CREATE` of the table of migrations is the one statement that runs before there are tables.
    assert_eq!(written, listed.len() + 1);
}

#[tokio::test]
async fn a_database_that_is_there_answers() {
    on_each_database(async |address| {
        open(&address).await.ping().await.expect("the database is there");
    })
    .await;
}

#[tokio::test]
async fn what_is_written_is_read_back() {
    on_each_database(async |address| {
        let database = open(&address).await;
        let texts = ["信访", "a'b\"c\\d", "line\nbreak", "{\"json\": [1]}", "\u{1f3e2}", ""];
        let numbers = [0, -1, i64::MAX, i64::MIN, 1_790_000_000_000_000];

        for table in storage::TABLES {
            let row = |shift: usize| -> Vec<Cell> {
                let cells = table.columns.iter().enumerate().map(|(index, column)| match column.kind {
                    Kind::Text if index == 0 => Cell::from(format!("key {shift}")),
                    Kind::Text => Cell::from(texts[(index + shift) % texts.len()]),
                    Kind::Bytes => Cell::Bytes((0..shift).map(|byte| (byte * 37 % 256) as u8).collect()),
                    Kind::Integer => Cell::from(numbers[(index + shift) % numbers.len()]),
                });
                cells.collect()
            };
            let rows: Vec<Vec<Cell>> = (0..7).map(row).collect();
            let mut transaction = database.begin().await.expect("a transaction begins");
            transaction.upsert(table, &rows).await.expect("rows are written");
            transaction.upsert(table, &rows).await.expect("rows are written over themselves");
            transaction.delete(table, &[rows[3][..table.key].to_vec()]).await.expect("a row is removed");
            transaction.commit().await.expect("a transaction commits");

            let read: Vec<Vec<Cell>> =
                database.fetch_table(table).await.expect("a table is read").into_iter().map(|row| row.0).collect();

            let expected = [&rows[..3], &rows[4..]].concat();
            assert_eq!(read, expected, "{}", table.name);
        }
    })
    .await;
}

#[tokio::test]
async fn the_second_row_with_a_key_is_a_conflict_and_leaves_nothing_behind() {
    on_each_database(async |address| {
        let database = open(&address).await;
        store(&database, &outbox::TABLE, &[entry(1, 0).cells()]).await.expect("the key is new");

        let second = store(&database, &outbox::TABLE, &[entry(2, 0).cells(), entry(1, 0).cells()]).await;

        assert!(matches!(second, Err(Error::Conflict(_))), "{second:?}");
        let rows = database.fetch_table(&outbox::TABLE).await.expect("a table is read");
        assert_eq!(rows.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_row_without_what_it_needs_is_refused_and_no_conflict() {
    on_each_database(async |address| {
        let database = open(&address).await;
        let mut row = entry(1, 0).cells();
        row[1] = Cell::Null;

        let refused = store(&database, &outbox::TABLE, &[row]).await;

        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn a_transaction_that_is_dropped_has_not_happened() {
    on_each_database(async |address| {
        let database = open(&address).await;
        let mut transaction = database.begin().await.expect("a transaction begins");
        transaction.insert(&outbox::TABLE, &[entry(1, 0).cells()]).await.expect("the key is new");

        drop(transaction);

        store(&database, &outbox::TABLE, &[entry(1, 0).cells()]).await.expect("the key is still new");
    })
    .await;
}

#[tokio::test]
async fn an_entry_is_claimed_once_until_its_lease_ends() {
    on_each_database(async |address| {
        let database = open(&address).await;
        let rows: Vec<Vec<Cell>> = (1..=4).map(|case| entry(case, case as i64).cells()).collect();
        store(&database, &outbox::TABLE, &rows).await.expect("the keys are new");
        let claim = async |now: i64, limit: i64| {
            let mut transaction = database.begin().await.expect("a transaction begins");
            let claimed = outbox::claim(&mut transaction, at(now), at(now + 10), limit).await.expect("a claim works");
            transaction.commit().await.expect("a transaction commits");
            let mut cases: Vec<u128> = claimed.iter().map(|entry| entry.case.0).collect();
            cases.sort_unstable();
            cases
        };

        assert_eq!(claim(3, 2).await, [1, 2], "the earliest first");
        assert_eq!(claim(3, 2).await, [3], "what is held or not yet due stays");
        assert_eq!(claim(12, 9).await, [4]);
        assert_eq!(claim(13, 9).await, [1, 2, 3], "a lease ends");
        assert_eq!(outbox::next_due(&database).await.expect("a read works"), Some(at(22)));
    })
    .await;
}

#[tokio::test]
async fn a_finished_entry_is_over_and_a_dead_one_can_be_revived() {
    on_each_database(async |address| {
        let database = open(&address).await;
        store(&database, &outbox::TABLE, &[entry(1, 0).cells(), entry(2, 0).cells()]).await.expect("the keys are new");
        let (done, dead) = (entry(1, 0).id, entry(2, 0).id);

        let mut transaction = database.begin().await.expect("a transaction begins");
        let mut writes = Writes::default();
        outbox::finish(&mut writes, vec![done.clone()], at(1));
        transaction.write(&writes).await.expect("it is noted");
        outbox::fail(&mut transaction, &entry(2, 0), None, "404").await.expect("it is noted");
        transaction.commit().await.expect("a transaction commits");

        assert_eq!(outbox::next_due(&database).await.expect("a read works"), None);
        let listed = outbox::dead(&database, 9).await.expect("a read works");
        assert_eq!(
            listed.iter().map(|entry| (&entry.id, entry.error.as_deref())).collect::<Vec<_>>(),
            [(&dead, Some("404"))]
        );
        let mut transaction = database.begin().await.expect("a transaction begins");
        assert!(!outbox::revive(&mut transaction, &done, at(2)).await.expect("it is tried"));
        assert!(outbox::revive(&mut transaction, &dead, at(2)).await.expect("it is tried"));
        transaction.commit().await.expect("a transaction commits");
        assert_eq!(outbox::next_due(&database).await.expect("a read works"), Some(at(2)));
    })
    .await;
}

#[tokio::test]
async fn a_series_is_held_until_the_transaction_ends() {
    on_each_database(async |address| {
        let database = open(&address).await;
        let take = async |count: u64| {
            let mut transaction = database.begin().await.expect("a transaction begins");
            let next = serials::hold(&mut transaction, vec!["appeal 2026".to_owned()]).await.expect("a series is held");
            let moved: BTreeMap<String, u64> =
                next.iter().map(|(series, next)| (series.clone(), next + count)).collect();
            let mut writes = Writes::default();
            serials::keep(&mut writes, &moved);
            transaction.write(&writes).await.expect("a series is kept");
            transaction.commit().await.expect("a transaction commits");
            next["appeal 2026"]
        };

        let (one, two, three) = tokio::join!(take(5), take(5), take(5));

        let mut taken = [one, two, three];
        taken.sort_unstable();
        assert_eq!(taken, [1, 6, 11]);
    })
    .await;
}

#[tokio::test]
async fn what_one_node_tells_another_hears() {
    on_each_database(async |address| {
        let database = open(&address).await;
        let mut listener = database.listen().await.expect("listening works");

        database.tell("deployed").await.expect("telling works");

        // On a server, who begins to listen first looks for what was told before.
        let heard = match listener.hear().await.expect("hearing works") {
            None => listener.hear().await.expect("hearing works"),
            words => words,
        };
        assert_eq!(heard.as_deref(), Some("deployed"));
    })
    .await;
}

#[tokio::test]
async fn a_database_is_opened_again_with_what_it_had() {
    on_each_database(async |address| {
        let database = open(&address).await;
        store(&database, &outbox::TABLE, &[entry(1, 0).cells()]).await.expect("the key is new");
        database.close().await;

        let again = open(&address).await;

        assert_eq!(again.fetch_table(&outbox::TABLE).await.expect("a table is read").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_was_full_takes_writes_again_when_there_is_room() {
    let file = crate::cluster::SqliteFile::default();
    let database = open(&file.address()).await;
    let mut transaction = database.begin().await.expect("a transaction begins");
    // No page more than there are: the smallest disk. The limit is the connection's, and goes with it.
    transaction.fetch("PRAGMA max_page_count = 1", &[]).await.expect("the limit is set");
    transaction.commit().await.expect("a transaction commits");
    let rows: Vec<Vec<Cell>> = (1..=1_000).map(|case| entry(case, 0).cells()).collect();

    let full = store(&database, &outbox::TABLE, &rows).await;
    let ready = database.probe().await;
    let room = store(&database, &outbox::TABLE, &rows).await;

    assert!(matches!(full, Err(Error::Unreachable(_))), "{full:?}");
    assert!(ready.is_ok() && room.is_ok(), "{ready:?} {room:?}");
    assert_eq!(database.fetch_table(&outbox::TABLE).await.expect("a table is read").len(), 1_000);
}

#[tokio::test]
async fn tables_that_are_newer_by_one_change_are_used_and_by_two_refused() {
    on_each_database(async |address| {
        let database = open(&address).await;
        let newest = database.fetch("SELECT MAX(number) FROM migrations", &[]).await.expect("a read works");
        let newest = newest[0].integer(0).expect("it is a number");
        let change = async |number: i64| {
            let mut transaction = database.begin().await.expect("a transaction begins");
            let sql = "INSERT INTO migrations (number, digest) VALUES ($1, 'of a newer program')";
            transaction.execute(sql, &[number.into()]).await.expect("the number is new");
            transaction.commit().await.expect("a transaction commits");
        };

        change(newest + 1).await;
        let by_one = [Database::open(&address).await, Database::open_as(&address, Mode::Read).await];
        change(newest + 2).await;
        let by_two = [Database::open(&address).await, Database::open_as(&address, Mode::Read).await];

        for opened in by_one {
            let opened = opened.expect("the program before a change works with it");
            assert_eq!(opened.fetch_table(&outbox::TABLE).await.expect("a table is read").len(), 0);
        }
        for refused in by_two {
            assert!(matches!(refused, Err(Error::TooNew { number }) if number == newest + 2), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_of_another_kind_is_refused() {
    let refused = Database::open("mysql://localhost/duban").await;

    assert!(matches!(refused, Err(Error::Address)), "{refused:?}");
}

#[tokio::test]
async fn what_is_written_together_is_written_whole_or_not_at_all() {
    on_each_database(async |address| {
        let database = open(&address).await;
        let (first, second) = (entry(1, 5), entry(2, 5));
        let count = async |database: &Database| database.fetch_table(&outbox::TABLE).await.expect("a read works").len();
        let mut writes = Writes::default();
        writes.insert(&outbox::TABLE, vec![first.cells()]);
        serials::keep(&mut writes, &BTreeMap::from([("appeal 2026".to_owned(), 2)]));
        database.write(&writes).await.expect("the keys are new");
        database.write(&Writes::default()).await.expect("nothing is written");

        // The last of four changes fails; the statement with parameters of its own stands between the others.
        let mut writes = Writes::default();
        writes.insert(&outbox::TABLE, vec![second.cells()]);
        outbox::finish(&mut writes, vec![first.id.clone()], at(3));
        serials::keep(&mut writes, &BTreeMap::from([("appeal 2026".to_owned(), 9)]));
        writes.insert(&outbox::TABLE, vec![first.cells()]);
        let refused = database.write(&writes).await;

        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
        assert_eq!(count(&database).await, 1);
        assert_eq!(outbox::next_due(&database).await.expect("a read works"), Some(at(5)), "it is not finished");
        let mut transaction = database.begin().await.expect("the writer goes on");
        let held = serials::hold(&mut transaction, vec!["appeal 2026".to_owned()]).await.expect("a series is held");
        assert_eq!(held["appeal 2026"], 2);
        drop(transaction);

        let mut writes = Writes::default();
        writes.insert(&outbox::TABLE, vec![second.cells()]);
        outbox::finish(&mut writes, vec![first.id.clone()], at(3));
        writes.delete(&serials::TABLE, vec![vec!["appeal 2026".into()]]);
        database.write(&writes).await.expect("the same connection writes again");
        assert_eq!(count(&database).await, 2);
    })
    .await;
}
