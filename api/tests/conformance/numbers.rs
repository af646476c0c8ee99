//! Numbers have no gaps and are given once, also where a node guesses what is next.

use std::collections::{BTreeMap, BTreeSet};

use duban::runner::{Answer, Refusal, Runner};
use duban::storage::{Cell, Database, Error, Writes, serials};
use duban_engine::ids::CaseId;

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, note, open, submit_together};

fn number(outcome: Result<Answer, Refusal>) -> String {
    outcome.expect("it is done").number.expect("matters are numbered").to_string()
}

/// The numbers of so many matters.
fn first(count: u32) -> Vec<String> {
    (1..=count).map(|number| format!("小{number:04}号")).collect()
}

/// Makes the database refuse to hold a series, which writes it as it is.
async fn refuse_to_hold(town: &Town) {
    if let Some(path) = town.address.strip_prefix("sqlite:") {
        let trigger = "CREATE TRIGGER held BEFORE UPDATE ON serials WHEN NEW.next = OLD.next
            BEGIN SELECT RAISE(ABORT, 'held'); END";
        let mut connection =
            <sqlx::SqliteConnection as sqlx::Connection>::connect(path).await.expect("the file is there");
        sqlx::Executor::execute(&mut connection, trigger).await.expect("the trigger is understood");
    } else {
        let mut connection =
            <sqlx::PgConnection as sqlx::Connection>::connect(&town.address).await.expect("the server is there");
        for statement in [
            "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'held'; END $$",
            "CREATE TRIGGER held BEFORE UPDATE ON serials FOR EACH ROW WHEN (NEW.next = OLD.next)
                EXECUTE FUNCTION held()",
        ] {
            sqlx::Executor::execute(&mut connection, statement).await.expect("the trigger is understood");
        }
    }
}

#[tokio::test]
async fn a_node_that_is_alone_opens_cases_without_holding_their_series() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        let mut numbers = vec![number(runner.submit(open(1, "路灯")).await)];
        refuse_to_hold(&town).await;

        for case in 2..=5 {
            numbers.push(number(runner.submit(open(case, "路灯").with_key(format!("{case}"))).await));
        }
        let together = vec![open(6, "供水"), note(1, "甲"), open(7, "井盖"), note(6, "乙")];
        let together = submit_together(&runner, together).await;

        let opened = together.into_iter().filter_map(|outcome| outcome.expect("it is done").number);
        numbers.extend(opened.map(|number| number.to_string()));
        let all: BTreeSet<String> = numbers.into_iter().collect();
        assert_eq!(all.into_iter().collect::<Vec<_>>(), first(7));
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn two_nodes_that_open_cases_in_turn_give_each_number_once() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let nodes = [town.runner().await, town.runner().await];
        let mut numbers = Vec::new();
        // One after the other, then several of one before the other is back: it guesses, and is wrong.
        for (case, node) in (1..).zip([0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1]) {
            numbers.push(number(nodes[node].submit(open(case, "路灯").with_key(format!("{case}"))).await));
        }

        assert_eq!(numbers, first(16));
        assert_sound(&nodes[0]).await;
    })
    .await;
}

#[tokio::test]
async fn nodes_that_open_cases_at_once_give_each_number_once() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let nodes: Vec<Runner> = vec![town.runner().await, town.runner().await, town.runner().await];
        let ask = async |node: u128| {
            let mut numbers = Vec::new();
            for round in 0..10 {
                let base = node * 1_000 + round * 10;
                let opened = (1..=3).map(|case| open(base + case, "路灯").with_key(format!("{}", base + case)));
                let outcomes = submit_together(&nodes[usize::try_from(node).expect("it is small")], opened.collect());
                numbers.extend(outcomes.await.into_iter().map(number));
            }
            numbers
        };

        let (one, two, three) = tokio::join!(ask(0), ask(1), ask(2));

        let mut numbers: Vec<String> = [one, two, three].concat();
        numbers.sort_unstable();
        assert_eq!(numbers, first(90));
        assert_sound(&nodes[0]).await;
    })
    .await;
}

#[tokio::test]
async fn a_series_that_was_put_back_goes_on_from_where_it_is() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        for case in 1..=3 {
            runner.submit(open(case, "路灯")).await.expect("it is done");
        }
        let database = town.database().await;
        let mut back = Writes::default();
        back.upsert(&serials::TABLE, vec![vec![series(&database).await.into(), Cell::Integer(2)]]);
        database.write(&back).await.expect("it is written");

        let put_back = number(runner.submit(open(4, "供水")).await);
        let mut gone = Writes::default();
        gone.delete(&serials::TABLE, vec![vec![series(&database).await.into()]]);
        database.write(&gone).await.expect("it is written");
        let anew = number(runner.submit(open(5, "供水")).await);

        assert_eq!((put_back.as_str(), anew.as_str()), ("小0002号", "小0001号"));
        assert!(runner.case(CaseId(5)).await.expect("the database answers").is_some());
    })
    .await;
}

async fn series(database: &Database) -> String {
    let rows = database.fetch_table(&serials::TABLE).await.expect("the database answers");
    rows[0].text(0).expect("it is a text")
}

#[tokio::test]
async fn of_those_that_move_a_series_from_the_same_number_one_does() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let database = town.database().await;
        let mut writes = Writes::default();
        serials::keep(&mut writes, &BTreeMap::from([("appeal 2026".to_owned(), 5)]));
        database.write(&writes).await.expect("the series is new");
        let move_on = async |to: u64| {
            let mut writes = Writes::default();
            serials::move_on(&mut writes, "appeal 2026", 5, to);
            database.write_impatiently(&writes).await
        };

        let (one, two, three, four) = tokio::join!(move_on(6), move_on(7), move_on(8), move_on(9));

        let outcomes = [one, two, three, four];
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let lost = outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Conflict(_))));
        assert_eq!(lost.count(), 3, "{outcomes:?}");
    })
    .await;
}
