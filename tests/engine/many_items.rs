//! What an instant costs at which much happens: looks at visits are counted, not seconds.

use duban_engine::case::Case;
use duban_engine::command::{Ask, Command, StartedBy};
use duban_engine::decide::{Decision, World, decide};
use duban_engine::event::{Actor, Event, Fields};
use duban_engine::ids::CaseId;
use duban_engine::library::Library;
use duban_tests::script;

/// How many times the looks ten times the items may take. A look at every visit for each alarm would take a hundred times.
const GROWTH_MAX: usize = 14;

/// A process with so many items at once, each with a deadline that ends at the same instant.
fn process(items: usize, rung: &str) -> String {
    format!(
        "
process: p
fields: {{one: {{type: unit, default: east}}, n: {{type: integer, default: 0}}}}
roles: {{clerk: {{unit: =one, duty: clerk}}, chief: {{unit: office, duty: chief}}}}
listen: [{{when: n > 5000, goto: closed}}]
start: {{by: chief, goto: all}}
steps:
  all:
    each: {{i: '=for i in 1..{items} return i'}}
    steps:
      work:
        by: clerk
        fields: {{late: {{type: boolean, default: false}}}}
        listen: [{{when: late, set: {{late: true}}}}]
        deadline: {{within: 2 hours, ladder: [{{at: due, {rung}}}]}}
        actions: {{ok: {{goto: end}}}}
  closed: {{close: ok}}
"
    )
}

fn submit(library: &Library, case: &mut Case, by: &Actor, ask: Ask, now: &str) -> Decision {
    let (organization, calendars) = (&library.catalog.organization, &library.catalog.calendars);
    let world = World { organization, calendars, workload: None };
    let now = calendars.default_calendar().parse_local(now).expect("it is a moment");
    let command = Command { by: by.clone(), ask };
    let decision = decide(&library.processes["p"], &world, case, &command, now).expect("the command is allowed");
    *case = decision.case.clone();
    decision
}

/// What happened in an instant.
#[derive(Debug)]
struct Passed {
    rungs: usize,
    looks: usize,
}

/// Passes the instant at which the deadlines of so many items end.
fn pass(items: usize, rung: &str) -> Passed {
    let library = script::library(&[&process(items, rung)]).unwrap_or_else(|shown| panic!("{shown}"));
    let mut case = Case::new(CaseId(1));
    let ask = Ask::Open { case: case.id, start: StartedBy::Person, fields: Fields::new(), serial: 1 };
    submit(&library, &mut case, &Actor::person("chen"), ask, "2026-11-23 09:00");

    let mut passed = Passed { rungs: 0, looks: 0 };
    for _ in 0..=items {
        let decision = submit(&library, &mut case, &Actor::Clock, Ask::Wake, "2026-11-23 11:00");
        passed.rungs += decision.events.iter().filter(|event| matches!(event, Event::RungPassed { .. })).count();
        passed.looks += decision.looks;
        if decision.events.is_empty() || !case.is_open() {
            break;
        }
    }
    passed
}

#[test]
fn the_looks_that_an_instant_costs_grow_as_the_items_do() {
    let rungs =
        ["light: red", "goto: end", "set: {late: true}", "set: {n: =n + 1}", "notify: {to: clerk, template: slip}"];

    let wrong: Vec<String> = rungs
        .iter()
        .filter_map(|rung| {
            let (few, many) = (pass(100, rung), pass(1_000, rung));
            let grows = many.looks > few.looks * GROWTH_MAX;
            (grows || (few.rungs, many.rungs) != (100, 1_000)).then(|| format!("`{rung}`: {few:?}, then {many:?}"))
        })
        .collect();

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A process that is in the same step so many times at one instant, each time with conditions of every kind.
fn rounds(rounds: usize) -> String {
    format!(
        "
process: p
fields: {{at: {{type: datetime, default: '=now() + duration(\"PT2H\")'}}, n: {{type: integer, default: 0}}}}
roles: {{clerk: {{unit: east, duty: clerk}}, chief: {{unit: office, duty: chief}}}}
start: {{by: chief, goto: work}}
steps:
  work:
    by: clerk
    fields: {{own: {{type: integer, default: 0}}}}
    listen: [{{when: in(rest), goto: rest}}, {{when: n < 0, goto: rest}}, {{when: own > 0, goto: rest}}]
    deadline: {{until: =at, ladder: [{{at: due, set: {{n: =n + 1}}, goto: [{{when: n < {rounds}, to: work}}, {{to: rest}}]}}]}}
    actions: {{ok: {{goto: rest}}}}
  rest: {{wait: {{message: m}}, goto: closed}}
  closed: {{close: ok}}
"
    )
}

#[test]
fn visits_that_are_over_cost_nothing_more() {
    let looks = |count: usize| {
        let library = script::library(&[&rounds(count)]).unwrap_or_else(|shown| panic!("{shown}"));
        let mut case = Case::new(CaseId(1));
        let ask = Ask::Open { case: case.id, start: StartedBy::Person, fields: Fields::new(), serial: 1 };
        submit(&library, &mut case, &Actor::person("chen"), ask, "2026-11-23 09:00");
        let decision = submit(&library, &mut case, &Actor::Clock, Ask::Wake, "2026-11-23 11:00");
        let rungs = decision.events.iter().filter(|event| matches!(event, Event::RungPassed { .. })).count();
        assert_eq!(rungs, count, "each round ends at its deadline, all at one instant");
        decision.looks
    };

    let (few, many) = (looks(50), looks(500));

    assert!(many <= few * GROWTH_MAX, "{few} looks for 50 rounds, {many} for 500");
}

/// A process whose items come at one instant to many steps each.
fn swarm(items: usize, inner: usize) -> String {
    format!(
        "
process: p
roles: {{clerk: {{unit: east, duty: clerk}}, chief: {{unit: office, duty: chief}}}}
start: {{by: chief, goto: all}}
steps:
  all:
    each: {{i: '=for i in 1..{items} return i'}}
    steps:
      work:
        by: clerk
        deadline: {{within: 2 hours, ladder: [{{at: due, goto: more}}]}}
        actions: {{ok: {{goto: end}}}}
      more:
        each: {{j: '=for j in 1..{inner} return j'}}
        steps:
          part: {{by: clerk, actions: {{ok: {{goto: end}}}}}}
  closed: {{close: ok}}
"
    )
}

#[test]
fn one_wake_takes_no_more_than_it_may_do() {
    let library = script::library(&[&swarm(500, 50)]).unwrap_or_else(|shown| panic!("{shown}"));
    let mut case = Case::new(CaseId(1));
    let ask = Ask::Open { case: case.id, start: StartedBy::Person, fields: Fields::new(), serial: 1 };
    submit(&library, &mut case, &Actor::person("chen"), ask, "2026-11-23 09:00");

    let mut rungs = 0;
    while rungs < 500 {
        let decision = submit(&library, &mut case, &Actor::Clock, Ask::Wake, "2026-11-23 11:00");
        let passed = decision.events.iter().filter(|event| matches!(event, Event::RungPassed { .. })).count();
        assert!(passed > 0, "a wake goes on where the last one stopped");
        rungs += passed;
    }

    assert_eq!(case.leaves().count(), 500 * 50);
}
