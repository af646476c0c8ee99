//! The clock as it really is: nobody looked for days, it was put back, and a case cannot go on when its time has come.

use std::sync::Arc;

use duban::clock::ManualClock;
use duban::runner::{Runner, Submission};
use duban::storage::incidents;
use duban_engine::command::StartedBy;
use duban_engine::event::{Actor, Event, Fields};
use duban_engine::ids::{CaseId, Name};
use duban_engine::value::Value;
use jiff::SignedDuration;

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, at, files, note, open, wang};

/// How each database is made to refuse every further transition, and to take them again.
const REFUSALS: [[&str; 2]; 2] = [
    [
        "CREATE TRIGGER refusal BEFORE INSERT ON transitions BEGIN SELECT RAISE(ABORT, 'refused'); END",
        "DROP TRIGGER refusal",
    ],
    [
        "ALTER TABLE transitions ADD CONSTRAINT refusal CHECK (sequence < 2)",
        "ALTER TABLE transitions DROP CONSTRAINT refusal",
    ],
];

/// Two steps whose common limit sends the case from each to the other, for ever.
const WHEEL: &str = "process: wheel
title: 轮
fields:
  limit: {title: 时限, type: datetime}
roles:
  clerk: {title: 办事员, unit: office, duty: clerk}
start: {by: clerk, form: [limit], goto: one}
steps:
  one:
    by: clerk
    deadline: {until: =limit, ladder: [{at: due, goto: two}]}
    actions: {finish: {goto: finished}}
  two:
    by: clerk
    deadline: {until: =limit, ladder: [{at: due, goto: one}]}
    actions: {finish: {goto: finished}}
  finished: {close: finished}
";

/// Many items that are all due at once.
const CROWD: &str = "process: crowd
title: 众
fields:
  items: {title: 项, list: text}
roles:
  clerk: {title: 办事员, unit: office, duty: clerk}
start: {by: clerk, form: [items], goto: each-one}
steps:
  each-one:
    each: {item: =items}
    by: clerk
    deadline: {within: 1 hour, ladder: [{at: due, light: red}]}
    actions: {done: {goto: end}}
    goto: finished
  finished: {close: finished}
";

async fn town_with(address: String, name: &str, text: &str) -> Town {
    let town = Town::new(address).await;
    let runner = town.runner().await;
    let mut files = files();
    files.insert(format!("{name}/{name}.yaml"), text.to_owned());
    let deployed = runner.deploy(&files).await;
    assert!(deployed.is_ok(), "{deployed:#?}");
    runner.stop().await;
    town
}

fn open_with(case: u128, process: &str, field: &str, value: Value) -> Submission {
    let fields = Fields::from([(Name::new(field), value)]);
    Submission::open(CaseId(case), Name::new(process), wang(), StartedBy::Person, fields)
}

#[tokio::test]
async fn what_was_missed_while_nobody_looked_is_one_start() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;

        town.advance(3 * 24 * 60);
        runner.settle().await.expect("the database answers");
        let after = runner.database().fetch("SELECT opened_at FROM cases WHERE process = 'round'", &[]).await;
        town.advance(24 * 60);
        runner.settle().await.expect("the database answers");
        let next_day = runner.database().fetch("SELECT opened_at FROM cases WHERE process = 'round'", &[]).await;

        assert_eq!(after.expect("the database answers").len(), 1);
        assert_eq!(next_day.expect("the database answers").len(), 2);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn the_time_of_a_case_does_not_go_back_with_the_clock() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        town.advance(60);
        let runner = town.runner().await;
        runner.submit(open(1, "路灯不亮")).await.expect("it is done");
        let slow = ManualClock::new(at("09:30"));
        let behind = Town { address: town.address.clone(), clock: Arc::new(slow), post: Arc::default() };
        let behind = behind.runner().await;

        behind.submit(note(1, "甲")).await.expect("it is done");
        behind.submit(open(2, "供水")).await.expect("it is done");

        let instants = async |case: u128| {
            let history = behind.history(CaseId(case)).await.expect("the database answers");
            history.iter().map(|transition| transition.at).collect::<Vec<_>>()
        };
        assert_eq!(instants(1).await, [at("10:00"), at("10:00")]);
        assert_eq!(instants(2).await, [at("09:30")]);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_case_that_cannot_be_woken_has_one_incident_and_is_left_alone_ever_longer() {
    on_each_database(async |address| {
        let town = town_with(address, "wheel", WHEEL).await;
        let runner = town.runner().await;
        let limit = Value::from_plain_json(&"2026-03-02T09:30:00+08:00".into(), &duban_engine::value::Type::DateTime);
        runner.submit(open_with(1, "wheel", "limit", limit.expect("it is an instant"))).await.expect("it is done");

        town.advance(31);
        let first = runner.settle().await.expect("the database answers");
        let at_once = runner.settle().await.expect("the database answers");
        town.advance(1);
        let later = runner.settle().await.expect("the database answers");
        town.advance(1);
        let soon = runner.settle().await.expect("the database answers");

        assert_eq!((first, at_once, later), (1, 0, 1));
        assert_eq!(soon, 1, "it has stood still for a minute, and now for two");
        let raised = incidents::latest(runner.database(), 9).await.expect("the database answers");
        assert!(raised.len() == 1 && raised[0].text.starts_with("what is due cannot happen: "), "{raised:?}");
        let history = runner.history(CaseId(1)).await.expect("the database answers");
        assert_eq!(history.last().map(|last| (last.sequence, &last.by)), Some((2, &Actor::Clock)));
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn many_alarms_of_one_case_ring_in_several_transitions() {
    on_each_database(async |address| {
        let town = town_with(address, "crowd", CROWD).await;
        let runner = town.runner().await;
        let items: Vec<Value> = (0..200).map(|number| Value::text(&format!("第{number}项"))).collect();
        runner.submit(open_with(1, "crowd", "items", Value::List(Arc::new(items)))).await.expect("it is done");

        town.advance(61);
        runner.settle().await.expect("the database answers");

        let history = runner.history(CaseId(1)).await.expect("the database answers");
        let rung = |events: &[Event]| events.iter().filter(|event| matches!(event, Event::RungPassed { .. })).count();
        let counts: Vec<usize> = history.iter().skip(1).map(|transition| rung(&transition.events)).collect();
        assert_eq!(counts, [64, 64, 64, 8]);
        assert_sound(&runner).await;
    })
    .await;
}

/// Runs statement number `which` of [`REFUSALS`], as somebody who is no node.
async fn change(town: &Town, which: usize) {
    if town.address.starts_with("sqlite:") {
        let file = <sqlx::SqliteConnection as sqlx::Connection>::connect(&town.address).await;
        sqlx::Executor::execute(&mut file.expect("the file is there"), REFUSALS[0][which]).await.expect("it is done");
    } else {
        let server = <sqlx::PgConnection as sqlx::Connection>::connect(&town.address).await;
        sqlx::Executor::execute(&mut server.expect("it is there"), REFUSALS[1][which]).await.expect("it is done");
    }
}

/// A town with a case whose rung is due, and a database that refuses to write it.
async fn late_and_refused(address: String) -> (Town, Runner) {
    let town = Town::new(address).await;
    let runner = town.runner().await;
    runner.submit(open(1, "路灯不亮")).await.expect("it is done");
    town.advance(50);
    change(&town, 0).await;
    (town, runner)
}

#[tokio::test]
async fn a_case_that_the_database_refused_once_is_woken_soon() {
    on_each_database(async |address| {
        let (town, runner) = late_and_refused(address).await;
        runner.settle().await.expect("the database answers");
        change(&town, 1).await;

        town.advance(1);
        runner.settle().await.expect("the database answers");

        let history = runner.history(CaseId(1)).await.expect("the database answers");
        let events = history.iter().flat_map(|transition| &transition.events);
        assert_eq!(events.filter(|event| matches!(event, Event::RungPassed { .. })).count(), 1);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_case_that_the_database_goes_on_refusing_is_left_alone_ever_longer() {
    on_each_database(async |address| {
        let (town, runner) = late_and_refused(address).await;

        let mut tries = Vec::new();
        for _ in 0..16 {
            tries.push(runner.settle().await.expect("the database answers"));
            town.clock.advance(SignedDuration::from_secs(10));
        }

        assert_eq!(tries, [1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    })
    .await;
}
