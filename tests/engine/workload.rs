//! `assign: least-busy`: what it costs, and a world that does not count what people have to do.

use duban_engine::case::Case;
use duban_engine::command::{Ask, Command, StartedBy};
use duban_engine::decide::{World, decide};
use duban_engine::event::{Actor, Event, Fields};
use duban_engine::ids::{CaseId, Name};
use duban_engine::moment::{Workload, workload};
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

/// A process that gives a task to whoever is least busy for each of so many items, and gives some back.
fn items(count: usize) -> String {
    format!(
        "
process: p
roles: {{clerk: {{unit: office, duty: clerk}}}}
start: {{by: clerk, goto: all}}
steps:
  all:
    each: {{i: '=for i in 1..{count} return i'}}
    by: clerk
    assign: least-busy
    actions: {{ok: {{goto: end}}}}
  closed: {{close: ok}}
"
    )
}

#[test]
fn giving_many_tasks_to_the_least_busy_costs_as_much_more_as_they_are_and_shares_them_evenly() {
    let given = |count: usize| {
        let library = script::library(&[&items(count)]).unwrap_or_else(|shown| panic!("{shown}"));
        let (organization, calendars) = (&library.catalog.organization, &library.catalog.calendars);
        // Somebody has more to do already.
        let stored = Workload::from([(Name::new("an"), 10)]);
        let world = World { organization, calendars, workload: Some(&stored) };
        let ask = Ask::Open { case: CaseId(1), start: StartedBy::Person, fields: Fields::new(), serial: 1 };
        let by = Actor::Person { person: Name::new("an"), deputy_for: None };
        let now = "2026-11-23T01:00:00Z".parse().expect("it is an instant");
        let process = &library.processes["p"];
        let decision =
            decide(process, &world, &Case::new(CaseId(1)), &Command { by, ask }, now).expect("it may be opened");
        let mut tasks = workload(std::iter::once(&decision.case));
        *tasks.entry(Name::new("an")).or_default() += 10;
        (decision.looks, tasks)
    };

    let ((few, _), (many, tasks)) = (given(100), given(1_000));

    assert!(many <= few * 14, "{few} looks for 100 items, {many} for 1,000");
    let (least, most) = (tasks.values().min(), tasks.values().max());
    assert_eq!(tasks.values().sum::<u32>(), 1_010);
    assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{tasks:?}");
}
