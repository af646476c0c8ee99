//! Whoever changes a stored row by hand is found out.

use duban::runner::Settings;
use duban::storage::{Cell, Database, Kind, Table, transitions};
use duban_engine::ids::{CaseId, Name};
use jiff::SignedDuration;

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, note, open, take, take_with, write_in};

/// How many changes are tried on each database.
const ROUNDS: u64 = 40;

/// What is added to a number: more than there are transitions, so that no other row is hit.
const FAR: i64 = 1_000_003;

/// Tables whose rows are checked, with the columns that may change by themselves.
const CHECKED: [(&str, &[&str]); 16] = [
    ("transitions", &[]),
    ("archive", &[]),
    ("cases", &["claimed_until"]),
    ("tasks", &[]),
    ("task_candidates", &[]),
    ("deadlines", &[]),
    ("marks", &[]),
    ("commands", &[]),
    ("outbox", &["due_at", "attempts", "done_at", "error"]),
    ("serials", &[]),
    ("notices", &["read_at"]),
    ("documents", &[]),
    ("jobs", &["free_at", "worker"]),
    ("process_versions", &[]),
    ("deployments", &[]),
    ("schedules", &[]),
];

/// Tables whose rows may not disappear.
const KEPT: [&str; 15] = [
    "transitions",
    "archive",
    "cases",
    "tasks",
    "task_candidates",
    "deadlines",
    "marks",
    "outbox",
    "serials",
    "notices",
    "documents",
    "jobs",
    "process_versions",
    "deployments",
    "schedules",
];

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).expect("it is below a usize")
    }
}

fn table(name: &str) -> &'static Table {
    duban::storage::TABLES.iter().find(|table| table.name == name).expect("the lists above name tables")
}

async fn rewrite(database: &Database, table: &'static Table, old: &[Cell], new: Option<Vec<Cell>>) {
    let mut transaction = database.begin().await.expect("a transaction begins");
    transaction.delete(table, &[old[..table.key].to_vec()]).await.expect("a row is removed");
    if let Some(new) = new {
        transaction.upsert(table, &[new]).await.expect("a row is written");
    }
    transaction.commit().await.expect("a transaction commits");
}

/// A town in which every table has rows.
async fn busy(address: String) -> Town {
    let town = Town::new(address).await;
    let runner = town.runner().await;
    for case in 1..=3 {
        let key = format!("key {case}");
        runner.submit(open(case, &format!("第{case}件")).with_key(key)).await.expect("it is done");
        for command in [note(case, "甲"), take(case, "file"), take(case, "tell")] {
            runner.submit(command).await.expect("it is done");
        }
    }
    town.advance(60);
    runner.settle().await.expect("the database answers");
    for command in [take(1, "print"), take(2, "ask")] {
        runner.submit(command).await.expect("it is done");
    }
    runner.settle().await.expect("the database answers");
    for command in [write_in(4, "噪声", "13900007777"), take_with(4, "advise", &[("advice", "转办")])] {
        runner.submit(command).await.expect("it is done");
    }
    for command in [write_in(5, "积水", "13900006666"), take(5, "finish")] {
        runner.submit(command).await.expect("it is done");
    }
    let at_once = Settings { automatic: false, cold_after: Some(SignedDuration::ZERO), ..Settings::default() };
    let cooling = town.runner_with(at_once).await;
    assert_eq!(cooling.cool().await.expect("the database answers"), 1);
    cooling.stop().await;
    assert_sound(&runner).await;
    runner.stop().await;
    town
}

#[tokio::test]
async fn any_changed_cell_is_found() {
    on_each_database(async |address| {
        let town = busy(address).await;
        let runner = town.runner().await;
        let database = runner.database();
        let given = std::env::var("DUBAN_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from(std::process::id()));
        println!("DUBAN_SEED={seed}");
        let mut dice = Dice(seed);

        for _ in 0..ROUNDS {
            let (name, free) = CHECKED[dice.below(CHECKED.len())];
            let table = table(name);
            let rows = database.fetch_table(table).await.expect("the database answers");
            assert!(!rows.is_empty(), "{name} has rows");
            let old = rows[dice.below(rows.len())].0.clone();
            let columns: Vec<usize> =
                (0..table.columns.len()).filter(|column| !free.contains(&table.columns[*column].name)).collect();
            let column = columns[dice.below(columns.len())];
            let mut new = old.clone();
            new[column] = match (table.columns[column].kind, &old[column]) {
                (Kind::Text, Cell::Text(text)) if !text.is_empty() => {
                    let place = dice.below(text.chars().count());
                    let change = |(index, letter)| {
                        if index == place && letter != 'x' {
                            'x'
                        } else if index == place {
                            'y'
                        } else {
                            letter
                        }
                    };
                    text.chars().enumerate().map(change).collect::<String>().into()
                }
                (Kind::Text, _) => Cell::from("x"),
                (Kind::Integer, Cell::Integer(number)) => Cell::Integer(number.wrapping_add(FAR)),
                (Kind::Integer, _) => Cell::Integer(1),
                (Kind::Bytes, Cell::Bytes(bytes)) => {
                    let mut bytes = bytes.clone();
                    let place = dice.below(bytes.len());
                    bytes[place] ^= 1;
                    Cell::Bytes(bytes)
                }
                (Kind::Bytes, _) => Cell::Bytes(vec![1]),
            };
            rewrite(database, table, &old, Some(new.clone())).await;

            let findings = runner.verify().await.expect("the database answers");

            assert!(
                !findings.is_empty(),
                "DUBAN_SEED={seed}: {name}.{}: {old:?} became {new:?}",
                table.columns[column].name
            );
            rewrite(database, table, &new, Some(old)).await;
        }
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn any_row_that_disappears_or_is_added_is_found() {
    on_each_database(async |address| {
        let town = busy(address).await;
        let runner = town.runner().await;
        let database = runner.database();

        for name in KEPT {
            let table = table(name);
            let rows = database.fetch_table(table).await.expect("the database answers");
            let old = rows.last().expect("the town is busy").0.clone();
            rewrite(database, table, &old, None).await;

            let findings = runner.verify().await.expect("the database answers");

            assert!(!findings.is_empty(), "{name}: {old:?} disappeared");
            let mut copy = old.clone();
            copy[0] = match &old[0] {
                Cell::Text(text) => Cell::from(format!("{text}0")),
                other => other.clone(),
            };
            rewrite(database, table, &copy, Some(copy.clone())).await;
            rewrite(database, table, &old, Some(old.clone())).await;
            assert!(!runner.verify().await.expect("the database answers").is_empty(), "{name}: {copy:?} was added");
            rewrite(database, table, &copy, None).await;
        }
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_history_that_is_cut_off_at_its_end_is_found_at_its_case() {
    on_each_database(async |address| {
        let town = busy(address).await;
        let runner = town.runner().await;
        let table = table("transitions");
        let rows = runner.database().fetch_table(table).await.expect("the database answers");
        let of_case = rows.iter().filter(|row| row.case(0).ok() == Some(CaseId(3)));
        let last = of_case.max_by_key(|row| row.integer(1).ok()).expect("the case has a history").0.clone();
        rewrite(runner.database(), table, &last, None).await;

        let findings = runner.verify().await.expect("the database answers");

        let case = Name::from(CaseId(3).to_string());
        assert!(findings.iter().all(|finding| finding.case == *case), "{findings:?}");
        assert!(!findings.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_seal_that_is_taken_out_of_a_history_is_found_though_the_chain_is_mended() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        let mut stamp = take(1, "stamp");
        if let duban_engine::command::Ask::TakeAction { seal, .. } = &mut stamp.command.ask {
            *seal = Some("印".to_owned());
        }
        runner.submit(stamp).await.expect("it is done");
        assert_sound(&runner).await;
        let histories = transitions::histories(runner.database(), [CaseId(1)]).await.expect("the database answers");
        let history = &histories[&CaseId(1)];
        let mut forged = history[1].clone();
        forged.events = forged.events.replace(",\"seal\":\"印\"", "");
        assert_ne!(forged.events, history[1].events);
        forged.hash = forged.hash_after(&history[0].hash);
        let rows = runner.database().fetch_table(table("cases")).await.expect("the database answers");
        let mut case = rows[0].0.clone();
        let hash = table("cases").columns.iter().position(|column| column.name == "hash").expect("cases have a hash");
        case[hash] = forged.hash.as_str().into();
        rewrite(runner.database(), table("transitions"), &history[1].cells(), Some(forged.cells())).await;
        rewrite(runner.database(), table("cases"), &rows[0].0, Some(case)).await;

        let findings = runner.verify().await.expect("the database answers");

        let found: Vec<&str> = findings.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(found, ["transitions: `stamp` in 2 needs a seal and has none"]);
    })
    .await;
}

#[tokio::test]
async fn a_deployment_that_cannot_be_read_any_more_is_a_finding_and_not_the_end() {
    on_each_database(async |address| {
        let town = busy(address).await;
        let runner = town.runner().await;
        let deployments = table("deployments");
        let rows = runner.database().fetch_table(deployments).await.expect("the database answers");
        let mut broken = rows[0].0.clone();
        broken[1] = Cell::from("{");
        rewrite(runner.database(), deployments, &rows[0].0, Some(broken)).await;

        let findings = runner.verify().await.expect("the database answers");

        let told = |words: &str| findings.iter().any(|finding| finding.what.starts_with(words));
        assert!(told("stored deployment cannot be read"), "{findings:?}");
    })
    .await;
}
