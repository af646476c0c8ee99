//! Cases that set each other off for ever are stopped, and stand with the case until somebody acts.

use duban::runner::{GivenUp, Runner, Settings, Submission};
use duban_engine::command::StartedBy;
use duban_engine::event::{Actor, Event};
use duban_engine::ids::{CaseId, Name};

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, fields, files, take, wang};

/// How many cases may set each other off here.
const HOPS_MAX: u32 = 6;

/// A process that calls another one again and again, which closes at once.
const PATROL: &str = "process: patrol
title: 不停巡查
start: {by: {unit: office, duty: clerk}, goto: ask}
steps:
  ask: {call: round, goto: [{when: outcome = \"seen\", to: ask}, {to: over}]}
  over: {close: over}
";

/// A process whose cases answer a message with the same message.
const ECHO: &str = "process: echo
title: 回声
start: {by: {unit: office, duty: clerk}, goto: open}
listen: [{message: called, send: {message: called, to_all: true}}]
steps:
  open:
    by: {unit: office, duty: clerk}
    actions: {call: {send: {message: called, to_all: true}}, shut: {goto: over}}
  over: {close: over}
";

async fn runner_with(town: &Town, name: &str, text: &str) -> Runner {
    let settings = Settings { automatic: false, hops_max: HOPS_MAX, ..Settings::default() };
    let runner = town.runner_with(settings).await;
    let mut set = files();
    set.insert(format!("{name}/{name}.yaml"), text.to_owned());
    runner.deploy(&set).await.expect("the set is sound");
    let open = Submission::open(CaseId(1), Name::new(name), wang(), StartedBy::Person, fields(&[]));
    runner.submit(open).await.expect("it is done");
    runner
}

async fn settle(runner: &Runner) {
    runner.settle().await.expect("the database answers");
}

/// The hops of those transitions of case 1 in which something of a kind happened.
async fn hops_where(runner: &Runner, is_meant: fn(&Event) -> bool) -> Vec<u32> {
    let history = runner.history(CaseId(1)).await.expect("the database answers");
    let meant = history.iter().filter(|transition| transition.events.iter().any(is_meant));
    meant.map(|transition| transition.by.hops()).collect()
}

#[tokio::test]
async fn a_case_that_calls_others_for_ever_is_stopped_with_an_incident() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = runner_with(&town, "patrol", PATROL).await;

        settle(&runner).await;

        let closed = hops_where(&runner, |event| matches!(event, Event::ChildClosed { .. })).await;
        assert_eq!(closed, [2, 4, 6], "one to the called case, and one back");
        let found = runner.given_up(9).await.expect("the database answers");
        assert_eq!(found.len(), 1, "{found:?}");
        let GivenUp { case, waiting, effect, reason, .. } = &found[0];
        assert_eq!((*case, *waiting, effect.as_str()), (CaseId(1), Some(CaseId(1)), "open_case"));
        assert_eq!(reason, "6 commands came from other cases in a row, and nobody acted in between");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_without_end_is_stopped_and_counts_anew_when_a_person_acts() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = runner_with(&town, "echo", ECHO).await;
        let heard = |event: &Event| matches!(event, Event::MessageTaken { .. });

        runner.submit(take(1, "call")).await.expect("it is done");
        settle(&runner).await;

        assert_eq!(hops_where(&runner, heard).await, [1, 2, 3, 4, 5, 6]);
        assert_eq!(runner.given_up(9).await.expect("the database answers").len(), 1);
        runner.submit(take(1, "call")).await.expect("it is done");
        settle(&runner).await;
        assert_eq!(hops_where(&runner, heard).await, [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);
        let history = runner.history(CaseId(1)).await.expect("the database answers");
        assert_eq!(history.last().map(|last| &last.by), Some(&Actor::Case { case: CaseId(1), hops: HOPS_MAX }));
        assert_sound(&runner).await;
    })
    .await;
}
