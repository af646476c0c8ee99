//! `assign: least-busy` in a world that does not count what people have to do.

use duban_engine::case::Case;
use duban_engine::command::{Ask, Command, StartedBy};
use duban_engine::decide::{World, decide};
use duban_engine::event::{Actor, Event, Fields};
use duban_engine::ids::{CaseId, Name};
use duban_tests::script;

const PROCESS: &str = "
process: p
roles: {clerk: {unit: office, duty: clerk}}
start: {by: clerk, goto: work}
steps:
  work: {by: clerk, assign: least-busy, actions: {ok: {goto: closed}}}
  closed: {close: ok}
";

#[test]
fn without_a_count_the_task_waits_in_the_pool_and_an_administrator_is_told() {
    let library = script::library(&[PROCESS]).expect("the process is sound");
    let process = &library.processes["p"];
    let (organization, calendars) = (&library.catalog.organization, &library.catalog.calendars);
    let world = World { organization, calendars, workload: None };
    let ask = Ask::Open { case: CaseId(1), start: StartedBy::Person, fields: Fields::new(), serial: 1 };
    let by = Actor::Person { person: Name::new("an"), deputy_for: None };
    let now = "2026-11-23T01:00:00Z".parse().expect("it is an instant");

    let decision = decide(process, &world, &Case::new(CaseId(1)), &Command { by, ask }, now).expect("it may be opened");

    assert!(process.needs_workload);
    let told = decision.events.iter().filter(|event| matches!(event, Event::IncidentRaised { .. })).count();
    let given = decision.events.iter().filter(|event| matches!(event, Event::TaskAssigned { .. })).count();
    assert_eq!((told, given), (1, 0), "{:?}", decision.events);
}
