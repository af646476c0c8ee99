//! The history of a case that closed a while ago lies in one row, and answers as before.

use duban::runner::{Retention, Runner, Settings};
use duban::storage::heads::{self, Head};
use duban::storage::transitions::{self, Stored};
use duban::storage::{Cell, Database, TABLES, Table, archive, cooling, copy};
use duban_engine::event::Event;
use duban_engine::ids::{CaseId, Name};
use duban_engine::value::Value;
use jiff::SignedDuration;

use crate::cluster::{Folder, on_each_database};
use crate::town::{Town, assert_sound, knows, note, open, take, take_with, write_in};

const PHONE: &str = "13905718842";

/// Longer than a history stays as it is.
const LONG: i64 = 31 * 24 * 60;

/// How often it is looked whether something comes.
const PATIENCE: usize = 100;

/// A town with two petitions that closed long ago, and a matter that is open.
async fn town(address: String) -> (Town, Runner) {
    let town = Town::new(address).await;
    let runner = town.runner().await;
    for case in [1, 2] {
        for command in [
            write_in(case, "楼上漏水", PHONE),
            take_with(case, "advise", &[("advice", "上门查看"), ("result", "已办")]),
            take(case, "finish"),
        ] {
            runner.submit(command).await.expect("it is done");
        }
    }
    for command in [open(3, "路灯"), note(3, "甲")] {
        runner.submit(command).await.expect("it is done");
    }
    runner.settle().await.expect("the database answers");
    town.advance(LONG);
    (town, runner)
}

async fn cool(runner: &Runner) -> usize {
    runner.cool().await.expect("the database answers")
}

fn retention(town: &Town) -> Retention {
    let closed_before = duban::clock::Clock::now(&*town.clock);
    Retention { closed_before, process: None, by: Name::new("an"), may_rewrite: true }
}

/// The keys of a table's rows.
async fn keys(database: &Database, table: &Table) -> Vec<Vec<Cell>> {
    let rows = database.fetch_table(table).await.expect("the database answers");
    rows.into_iter().map(|row| row.0[..table.key].to_vec()).collect()
}

async fn stored(database: &Database, case: u128) -> Vec<Stored> {
    let mut found = transitions::histories(database, [CaseId(case)]).await.expect("the database answers");
    found.remove(&CaseId(case)).unwrap_or_default()
}

/// Every place of the histories of cases, as anchors name them.
async fn places(database: &Database, cases: [u128; 3]) -> Vec<Head> {
    let mut all = Vec::new();
    for case in cases {
        let history = stored(database, case).await;
        all.extend(history.into_iter().map(|stored| Head {
            case: stored.case.to_string(),
            sequence: stored.sequence,
            hash: stored.hash,
        }));
    }
    all
}

#[tokio::test]
async fn a_closed_case_answers_from_its_cold_row_as_before() {
    on_each_database(async |address| {
        let (town, runner) = town(address).await;
        let database = runner.database();
        let mut before = Vec::new();
        for case in [1, 2, 3].map(CaseId) {
            before.push((
                runner.case(case).await.expect("the database answers"),
                runner.history(case).await.expect("the database answers"),
            ));
        }
        let heads_before = heads::after(database, "", 9).await.expect("the database answers");
        let places_before = places(database, [1, 2, 3]).await;
        let actor_before = transitions::actor(database, CaseId(1), 2).await.expect("the database answers");

        assert_eq!(cool(&runner).await, 2);

        let hot = keys(database, &transitions::TABLE).await;
        assert!(!hot.is_empty() && hot.iter().all(|key| key[0] == CaseId(3).into()), "{hot:?}");
        assert_eq!(keys(database, &archive::TABLE).await, [1, 2].map(|case| vec![CaseId(case).into()]));
        assert_sound(&runner).await;
        let fresh = town.runner().await;
        for (case, (known, history)) in [1, 2, 3].map(CaseId).into_iter().zip(before) {
            for node in [&runner, &fresh] {
                assert_eq!(node.case(case).await.expect("the database answers"), known);
                assert_eq!(node.history(case).await.expect("the database answers"), history);
            }
        }
        assert_eq!(knows(&fresh, CaseId(1), "phone").await, PHONE);
        assert_eq!(heads::after(database, "", 9).await.expect("the database answers"), heads_before);
        for limit in [1, 2] {
            let page = heads::after(database, "", limit).await.expect("the database answers");
            assert_eq!(page, heads_before[..usize::try_from(limit).expect("it is small")]);
        }
        let of = heads_before.iter().map(|head| head.case.clone()).collect();
        assert_eq!(heads::of(database, of).await.expect("the database answers"), heads_before);
        let mut at = heads::at(database, &places_before).await.expect("the database answers");
        at.sort();
        assert_eq!(at, places_before);
        assert_eq!(transitions::actor(database, CaseId(1), 2).await.expect("the database answers"), actor_before);
        let refused = fresh.submit(take(1, "finish")).await;
        assert!(matches!(refused, Err(duban::runner::Refusal::Rejected(_))), "it is closed: {refused:?}");
        assert_eq!(cool(&runner).await, 0, "there is nothing left to do");
    })
    .await;
}

#[tokio::test]
async fn only_what_closed_long_enough_ago_is_moved() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let never = town.runner_with(Settings { automatic: false, cold_after: None, ..Settings::default() }).await;
        let soon = Settings { automatic: false, cold_after: Some(SignedDuration::ZERO), ..Settings::default() };
        let soon = town.runner_with(soon).await;
        let runner = town.runner().await;
        for command in [write_in(1, "漏水", PHONE), take(1, "finish"), write_in(2, "漏水", PHONE)] {
            runner.submit(command).await.expect("it is done");
        }
        town.advance(LONG - 2 * 24 * 60);

        assert_eq!((cool(&runner).await, cool(&never).await), (0, 0));
        assert_eq!((cool(&soon).await, cool(&soon).await), (1, 0), "the other one is open");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn private_values_go_from_cold_rows_too_and_the_chain_holds() {
    on_each_database(async |address| {
        let (town, runner) = town(address).await;
        assert_eq!(cool(&runner).await, 2);

        let removed = runner.retain(&retention(&town)).await.expect("the database answers");

        assert_eq!(removed.cases, 2);
        assert!(removed.values > 0);
        let database = runner.database();
        let check = async || {
            let mut all = String::new();
            for table in TABLES {
                all += &format!("{:?}\n", database.fetch_table(table).await.expect("the database answers"));
            }
            for case in [1, 2] {
                all += &format!("{:?}\n", stored(database, case).await);
            }
            assert!(!all.contains(PHONE), "{all}");
            assert_sound(&runner).await;
            let history = runner.history(CaseId(1)).await.expect("the database answers");
            assert_eq!(history.last().map(|last| &last.events[..]), Some(&[Event::PrivateRemoved][..]));
            assert_eq!(knows(&runner, CaseId(1), "phone").await, Value::Null.to_string());
        };
        check().await;
        assert_eq!(keys(database, &transitions::TABLE).await.len(), 4, "two of the matter, and two removals");
        assert_eq!(cool(&runner).await, 2, "what followed goes into the same row");
        assert_eq!(keys(database, &transitions::TABLE).await.len(), 2);
        check().await;
        assert_eq!(runner.retain(&retention(&town)).await.expect("the database answers").cases, 0);
    })
    .await;
}

#[tokio::test]
async fn what_is_moved_by_several_or_broken_off_is_moved_once() {
    on_each_database(async |address| {
        let (town, runner) = town(address).await;
        let other = town.runner().await;
        let database = runner.database();
        let now = duban::clock::Clock::now(&*town.clock);
        let until = now + SignedDuration::from_mins(9);
        let histories = [stored(database, 1).await, stored(database, 2).await];
        let histories: Vec<&[Stored]> = histories.iter().map(Vec::as_slice).collect();
        let mut claiming = database.begin().await.expect("a transaction begins");
        let claimed = cooling::claim(&mut claiming, now, (now, until), 1).await.expect("the database answers");
        claiming.commit().await.expect("a transaction commits");
        assert_eq!(claimed.len(), 1);
        let mut dying = database.begin().await.expect("a transaction begins");
        assert_eq!(cooling::keep(&mut dying, &histories).await.expect("the database answers"), 2);
        drop(dying);

        assert_eq!(keys(database, &archive::TABLE).await, Vec::<Vec<Cell>>::new());
        let mut moved = 0;
        // A server hears a moment later that a transaction was dropped; rows that somebody has are left to the next time.
        for _ in 0..PATIENCE {
            moved += cool(&other).await;
        }
        assert_eq!(moved, 1, "the other one is held");
        town.advance(10);
        let (first, second) = tokio::join!(runner.cool(), other.cool());

        assert_eq!(first.expect("the database answers") + second.expect("the database answers"), 1);
        assert_eq!(keys(database, &archive::TABLE).await.len(), 2);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_history_that_went_on_meanwhile_is_not_moved_as_it_was() {
    on_each_database(async |address| {
        let (town, runner) = town(address).await;
        let database = runner.database();
        let read = [stored(database, 1).await, stored(database, 2).await];
        runner.retain(&retention(&town)).await.expect("the database answers");

        let mut late = database.begin().await.expect("a transaction begins");
        let moved = cooling::keep(&mut late, &[&read[0], &read[1]]).await.expect("the database answers");
        late.commit().await.expect("a transaction commits");

        assert_eq!(moved, 0);
        assert_eq!(keys(database, &archive::TABLE).await, Vec::<Vec<Cell>>::new());
        assert_sound(&runner).await;
        assert_eq!(cool(&runner).await, 2);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_history_in_which_something_is_wrong_stays_where_it_is() {
    on_each_database(async |address| {
        let (_town, runner) = town(address).await;
        let database = runner.database();
        let mut transaction = database.begin().await.expect("a transaction begins");
        let sql = "UPDATE transitions SET at = at + 1 WHERE case_id = $1 AND sequence = 2";
        transaction.execute(sql, &[CaseId(1).into()]).await.expect("a row is written");
        transaction.commit().await.expect("a transaction commits");

        assert_eq!(cool(&runner).await, 1);

        let findings = runner.verify().await.expect("the database answers");
        let found: Vec<(&str, &str)> = findings.iter().map(|one| (one.case.as_str(), one.what.as_str())).collect();
        let case = CaseId(1).to_string();
        assert!(found.contains(&(&case, "transitions: 2 was changed, or another one before it")), "{found:?}");
        assert_eq!(keys(database, &archive::TABLE).await, [vec![CaseId(2).into()]]);
    })
    .await;
}

#[tokio::test]
async fn a_cold_row_that_was_changed_is_found_at_its_case_and_keeps_no_other_from_being_checked() {
    on_each_database(async |address| {
        let (_town, runner) = town(address).await;
        assert_eq!(cool(&runner).await, 2);
        let database = runner.database();
        let rows = database.fetch_table(&archive::TABLE).await.expect("the database answers");
        let right = rows[0].0.clone();
        let Cell::Bytes(block) = &right[3] else { unreachable!("a block is bytes") };
        let Cell::Text(private) = &right[4] else { unreachable!("a petition has private values") };
        let flipped = |place: usize| {
            let mut block = block.clone();
            block[place] ^= 1;
            Cell::Bytes(block)
        };
        let forged = private.replace(PHONE, "13900000000");
        let changes = [
            (1, Cell::Integer(2)),
            (2, Cell::from("0".repeat(64))),
            (3, flipped(0)),
            (3, flipped(block.len() / 2)),
            (3, flipped(block.len() - 1)),
            (3, Cell::Bytes(Vec::new())),
            (4, Cell::Null),
            (4, Cell::from("[]")),
            (4, Cell::from("x")),
            (4, Cell::from(forged)),
        ];
        for (column, cell) in changes {
            let mut changed = right.clone();
            changed[column] = cell;
            let mut transaction = database.begin().await.expect("a transaction begins");
            transaction.upsert(&archive::TABLE, &[changed.clone()]).await.expect("a row is written");
            transaction.commit().await.expect("a transaction commits");

            let findings = runner.verify().await.expect("the database answers");

            let case = CaseId(1).to_string();
            assert!(findings.iter().any(|finding| finding.case == case), "{changed:?}: {findings:?}");
            assert!(!findings.iter().any(|finding| finding.case == CaseId(2).to_string()), "{findings:?}");
            let told = format!("{findings:?}");
            assert!(!told.contains(PHONE) && !told.contains("13900000000"), "{told}");
        }
        let mut transaction = database.begin().await.expect("a transaction begins");
        transaction.upsert(&archive::TABLE, &[right]).await.expect("a row is written");
        transaction.commit().await.expect("a transaction commits");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_copy_of_the_database_has_the_cold_rows() {
    let folder = Folder::default();
    let (town, runner) = town(folder.address("town.sqlite")).await;
    assert_eq!(cool(&runner).await, 2);
    let history = runner.history(CaseId(1)).await.expect("the database answers");
    copy::take(&folder.path("town.sqlite"), &folder.path("copy.sqlite")).await.expect("it can be copied");
    runner.stop().await;

    let restored = Town { address: folder.address("copy.sqlite"), ..town };
    let runner = restored.runner().await;

    assert_sound(&runner).await;
    assert_eq!(runner.history(CaseId(1)).await.expect("the database answers"), history);
}
