//! A lock across cases: of all cases one has it, the others in the order in which they came, whatever happens to the nodes.

use duban::clock::Clock;
use duban::runner::{Refusal, Runner, Settings, Submission};
use duban::storage::locks;
use duban_engine::command::{Ask, StartedBy};
use duban_engine::event::{Actor, Event, Fields};
use duban_engine::ids::{CaseId, Name};
use duban_engine::rejection::Rejection;
use duban_engine::value::Value;
use sqlx::{Connection, PgConnection};

use crate::cluster::{on_each_database, postgres};
use crate::town::{Town, assert_sound, files, submit_together, take, wang};

/// Cases that share a car. One that is `bad` never comes to rest when it gets it.
const TRIP: &str = "process: trip
title: 出车
fields:
  bad: {title: 坏, type: boolean, default: false}
roles:
  clerk: {title: 办事员, unit: office, duty: clerk}
start: {by: clerk, form: [bad], goto: drive}
steps:
  drive:
    by: clerk
    lock: {name: car, across: cases}
    steps:
      wheel: {do: [], repeat: {while: bad}}
      road: {actions: {home: {goto: finished}, aside: {goto: aside}}}
  aside: {by: clerk, actions: {finish: {goto: finished}}}
  finished: {close: finished}
";

async fn town(address: String) -> Town {
    let town = Town::new(address).await;
    let runner = town.runner().await;
    let mut files = files();
    files.insert("trip/trip.yaml".to_owned(), TRIP.to_owned());
    runner.deploy(&files).await.expect("the set is sound");
    runner.stop().await;
    town
}

fn trip(case: u128, is_bad: bool) -> Submission {
    let fields = Fields::from([(Name::new("bad"), Value::Boolean(is_bad))]);
    Submission::open(CaseId(case), Name::new("trip"), wang(), StartedBy::Person, fields)
}

async fn open(runner: &Runner, case: u128, is_bad: bool) {
    runner.submit(trip(case, is_bad)).await.expect("it is done");
}

/// A town in which the first case drives and the second one waits.
async fn one_drives_and_one_waits(address: String) -> (Town, Runner) {
    let town = town(address).await;
    let runner = town.runner().await;
    open(&runner, 1, false).await;
    runner.settle().await.expect("the database answers");
    open(&runner, 2, false).await;
    (town, runner)
}

/// The command that gives the lock to a case, as a node sends it that found the lock free.
async fn give(runner: &Runner, case: u128, by: Actor) -> Submission {
    let waiting = runner.case(CaseId(case)).await.expect("the database answers").expect("it was opened");
    let visit = waiting.visits.values().find(|visit| visit.lock.is_some()).expect("it waits for the lock");
    Submission::new(CaseId(case), by, Ask::GiveLock { visit: visit.id })
}

/// Has a server count how often locks are written, also when that is taken back: a sequence is never taken back.
async fn count_tries(address: &str) -> PgConnection {
    let mut connection = PgConnection::connect(address).await.expect("the database is there");
    let counting = "CREATE SEQUENCE tries MINVALUE 0 START 0;
        CREATE FUNCTION try() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM nextval(''tries''); RETURN NULL; END';
        CREATE TRIGGER try BEFORE INSERT ON locks FOR EACH STATEMENT EXECUTE FUNCTION try()";
    sqlx::raw_sql(counting).execute(&mut connection).await.expect("the tables are there");
    connection
}

async fn tries(connection: &mut PgConnection) -> i64 {
    let tried = sqlx::query_scalar("SELECT nextval('tries')").fetch_one(connection).await;
    tried.expect("it was made before")
}

/// The cases that are on the road.
async fn driving(runner: &Runner, cases: u128) -> Vec<u128> {
    let mut found = Vec::new();
    for number in 1..=cases {
        let case = runner.case(CaseId(number)).await.expect("the database answers").expect("it was opened");
        if case.visits.values().any(|visit| visit.task.is_some()) {
            found.push(number);
        }
    }
    found
}

#[tokio::test]
async fn one_case_at_a_time_has_the_lock_in_the_order_in_which_they_came() {
    on_each_database(async |address| {
        let town = town(address).await;
        let nodes = [town.runner().await, town.runner().await];
        let cases = 6;
        // The ids say nothing about the order.
        let order = [4, 2, 6, 1, 3, 5];
        for (turn, case) in order.into_iter().enumerate() {
            open(&nodes[turn % 2], case, false).await;
            town.advance(1);
        }

        let mut seen = Vec::new();
        for turn in 0..order.len() {
            let (one, other) = tokio::join!(nodes[0].settle(), nodes[1].settle());
            one.expect("the database answers");
            other.expect("the database answers");
            let now = driving(&nodes[turn % 2], cases).await;
            assert_eq!(now.len(), 1, "{now:?} after {seen:?}");
            assert_sound(&nodes[0]).await;
            nodes[turn % 2].submit(take(now[0], "home")).await.expect("it is done");
            seen.extend(now);
        }

        assert_eq!(seen, order);
        assert_sound(&nodes[0]).await;
    })
    .await;
}

#[tokio::test]
async fn a_lock_outlives_the_node_and_passes_on_by_itself() {
    on_each_database(async |address| {
        let (town, runner) = one_drives_and_one_waits(address).await;
        runner.stop().await;

        let serving = town.runner_with(Settings::default()).await;
        assert_eq!(driving(&serving, 2).await, [1]);
        serving.submit(take(1, "home")).await.expect("it is done");
        while driving(&serving, 2).await != [2] {
            tokio::task::yield_now().await;
        }

        assert_sound(&serving).await;
        serving.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_case_that_cannot_use_the_lock_lets_others_go_first() {
    on_each_database(async |address| {
        let town = town(address).await;
        let runner = town.runner().await;
        open(&runner, 1, true).await;
        town.advance(1);
        open(&runner, 2, false).await;

        runner.settle().await.expect("the database answers");

        assert_eq!(driving(&runner, 2).await, [2]);
        let history = runner.history(CaseId(1)).await.expect("the database answers");
        let incidents = history.iter().flat_map(|transition| &transition.events);
        let incidents = incidents.filter(|event| matches!(event, Event::IncidentRaised { .. }));
        assert_eq!(incidents.count(), 1, "it is told once why");
        runner.submit(take(2, "home")).await.expect("it is done");
        open(&runner, 3, false).await;
        let first = async || {
            let free = locks::free(runner.database(), town.clock.now()).await.expect("the database answers");
            free.first().map(|next| next.case)
        };
        assert_eq!(first().await, Some(CaseId(3)), "the other one rests");
        town.advance(60);
        assert_eq!(first().await, Some(CaseId(1)), "it has waited longest, and rests no more");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn what_gave_the_lock_up_cannot_be_taken_back() {
    on_each_database(async |address| {
        let (_town, runner) = one_drives_and_one_waits(address).await;
        runner.submit(take(1, "aside")).await.expect("it is done");

        let taken_back = runner.submit(Submission::new(CaseId(1), wang(), Ask::Withdraw)).await;
        runner.settle().await.expect("the database answers");

        assert!(taken_back.is_err(), "{taken_back:?}");
        assert_eq!(driving(&runner, 2).await, [1, 2], "one has another task, the other the lock");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn two_nodes_that_give_one_lock_at_once_give_it_once_each() {
    let address = postgres().await;
    let town = town(address.clone()).await;
    let nodes = [town.runner().await, town.runner().await];
    nodes[1].submit(crate::town::open(9, "路灯")).await.expect("it is done");
    open(&nodes[0], 1, false).await;
    open(&nodes[0], 2, false).await;
    town.advance(61);
    // Each found the lock free before the other gave it, and another case first in its queue.
    let [one, other] = [give(&nodes[0], 1, Actor::Clock).await, give(&nodes[1], 2, Actor::Clock).await];
    let mut server = count_tries(&address).await;

    nodes[0].submit(one).await.expect("nobody has it");
    let wake = Submission::new(CaseId(9), Actor::Clock, Ask::Wake);
    let outcomes = submit_together(&nodes[1], vec![other, wake]).await;

    assert!(matches!(outcomes[0], Err(Refusal::Rejected(Rejection::NotAwaited))), "{outcomes:?}");
    assert!(outcomes[1].is_ok(), "{outcomes:?}");
    assert_eq!(tries(&mut server).await, 2, "each node gave it once");
    assert_eq!(driving(&nodes[1], 2).await, [1]);
    nodes[0].submit(take(1, "home")).await.expect("it is done");
    nodes[1].settle().await.expect("the database answers");
    assert_eq!(driving(&nodes[0], 2).await, [2], "it has waited on");
    assert_sound(&nodes[0]).await;
}

#[tokio::test]
async fn a_lock_that_is_given_up_and_given_together_is_given_then_or_next() {
    on_each_database(async |address| {
        let (_town, runner) = one_drives_and_one_waits(address).await;
        let given = give(&runner, 2, wang()).await;

        let outcomes = submit_together(&runner, vec![take(1, "home"), given]).await;
        runner.settle().await.expect("the database answers");

        assert!(outcomes[0].is_ok(), "{outcomes:?}");
        assert_eq!(driving(&runner, 2).await, [2]);
        assert_sound(&runner).await;
    })
    .await;
}
