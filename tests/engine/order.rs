//! Joins, effects and instant steps: in which order things happen, written from the specification and the reference.

use std::sync::Arc;

use duban_engine::command::{Ask, Command, StartedBy};
use duban_engine::event::{Actor, Fields};
use duban_engine::ids::Name;
use duban_engine::value::Value;
use duban_tests::script;
use duban_tests::town::Town;

/// Steps that write `+name` when they are entered and `-name` when they are left: each is written as `name: {…}` and gets
/// its hooks where the text says `HOOKS`.
fn hooked(steps: &str) -> String {
    let mut text = String::new();
    for line in steps.lines() {
        let name = line.trim().split(':').next().unwrap_or_default();
        let hook = |sign: char| format!("[{{set: {{trace: '=trace + \" {sign}{name}\"'}}}}]");
        text += &line.replace("HOOKS", &format!("on_enter: {}, on_leave: {}", hook('+'), hook('-')));
        text.push('\n');
    }
    text
}

/// What a case writes down while an takes these actions one after the other.
fn trace(steps: &str, actions: &[&str]) -> String {
    let head = "process: p\nfields: {trace: {text: long, default: ''}, count: {type: integer, default: 0}}\n\
                roles: {clerk: {unit: office, duty: clerk}}\nstart: {by: clerk, goto: begin}\nsteps:\n";
    let process = format!("{head}{}", hooked(steps));
    let library = script::library(&[&process]).unwrap_or_else(|shown| panic!("{shown}\n{process}"));
    let begin = "2026-11-23T01:00:00Z".parse().expect("it is an instant");
    let mut town = Town::new(Arc::new(library), begin);
    let an = || Actor::Person { person: Name::new("an"), deputy_for: None };
    town.open("p", StartedBy::Person, Fields::new(), an()).expect("an may start it");
    for action in actions {
        let ask = Ask::TakeAction { visit: None, action: Name::new(action), fields: Fields::new(), seal: None };
        town.submit(0, &Command { by: an(), ask }).unwrap_or_else(|refused| panic!("{action}: {refused}"));
    }
    match town.residents[0].case.fields.get("trace") {
        Some(Value::Text(text)) => text.trim().to_owned(),
        _ => String::new(),
    }
}

fn branches(join: &str) -> String {
    format!(
        "
  begin: {{by: clerk, HOOKS, actions: {{go: {{goto: fork}}}}}}
  fork:
    by: clerk
    {join}
    on_enter: [{{set: {{trace: '=trace + \" +fork\"'}}}}]
    on_leave: [{{set: {{trace: '=trace + \" -fork\"'}}}}]
    branches:
      one: {{HOOKS, actions: {{end-one: {{goto: end}}}}}}
      two: {{HOOKS, actions: {{end-two: {{goto: end}}}}}}
      three: {{HOOKS, actions: {{end-three: {{goto: end}}}}}}
  after: {{by: clerk, HOOKS, actions: {{close: {{goto: closed}}}}}}
  closed: {{close: ok}}
"
    )
}

const INTO: &str = "+begin -begin +fork +one +two +three";

#[test]
fn a_parallel_step_is_left_after_its_last_branch_ended() {
    let trace = trace(&branches("join: all"), &["go", "end-two", "end-one", "end-three"]);

    assert_eq!(trace, format!("{INTO} -two -one -three -fork +after"));
}

#[test]
fn what_still_runs_when_a_join_holds_is_left_in_reverse_document_order() {
    let trace = trace(&branches("join: any"), &["go", "end-two"]);

    assert_eq!(trace, format!("{INTO} -two -three -one -fork +after"));
}

#[test]
fn a_join_of_two_waits_for_two() {
    let trace = trace(&branches("join: 2"), &["go", "end-three", "end-one"]);

    assert_eq!(trace, format!("{INTO} -three -one -two -fork +after"));
}

#[test]
fn the_rest_may_go_on_beside_what_follows() {
    let trace = trace(&branches("join: any\n    rest: continue"), &["go", "end-one", "end-three", "end-two"]);

    // The parallel step itself is left with the last of the rest.
    assert_eq!(trace, format!("{INTO} -one +after -three -two -fork"));
}

#[test]
fn branches_one_at_a_time_are_entered_when_the_one_before_was_left() {
    let trace = trace(&branches("pace: one-at-a-time"), &["go", "end-one", "end-two", "end-three"]);

    assert_eq!(trace, "+begin -begin +fork +one -one +two -two +three -three -fork +after");
}

#[test]
fn the_effects_of_an_action_come_in_order_before_anything_is_left() {
    // Not as in SCXML, where the content of a transition stands between exit and entry: decision 0006 says why.
    let steps = "
  begin: {by: clerk, HOOKS, actions: {go: {do: [{set: {trace: '=trace + \" first\"'}}, {set: {trace: '=trace + \" second\"'}}], goto: after}}}
  after: {by: clerk, HOOKS, actions: {close: {goto: closed}}}
  closed: {close: ok}
";

    assert_eq!(trace(steps, &["go"]), "+begin first second -begin +after");
}

#[test]
fn an_effect_sees_what_the_one_before_it_did() {
    let steps = "
  begin: {by: clerk, actions: {go: {do: [{set: {count: =count + 1}}, {set: {count: =count * 10}}, {set: {trace: =string(count)}}], goto: after}}}
  after: {by: clerk, HOOKS, actions: {close: {goto: closed}}}
  closed: {close: ok}
";

    assert_eq!(trace(steps, &["go"]), "10 +after");
}

#[test]
fn steps_that_are_passed_in_an_instant_run_to_completion_in_one_move() {
    let steps = "
  begin: {by: clerk, HOOKS, actions: {go: {goto: outer}}}
  outer:
    on_enter: [{set: {trace: '=trace + \" +outer\"'}}]
    on_leave: [{set: {trace: '=trace + \" -outer\"'}}]
    steps:
      note: {do: [{set: {trace: '=trace + \" note\"'}}]}
      which: {choose: [{when: 'contains(trace, \"note\")', goto: inner}, {goto: after}]}
      inner: {by: clerk, HOOKS, actions: {leave: {goto: end}}}
  after: {by: clerk, HOOKS, actions: {close: {goto: closed}}}
  closed: {close: ok}
";

    assert_eq!(trace(steps, &["go", "leave"]), "+begin -begin +outer note +inner -inner -outer +after");
}

#[test]
fn an_action_without_a_goto_leaves_and_enters_nothing() {
    let steps = "
  begin: {by: clerk, HOOKS, actions: {stay: {do: [{set: {trace: '=trace + \" stay\"'}}]}, go: {goto: closed}}}
  closed: {close: ok}
";

    assert_eq!(trace(steps, &["stay", "stay"]), "+begin stay stay");
}

#[test]
fn closing_leaves_everything_inner_steps_first_and_later_branches_first() {
    let steps = "
  begin:
    by: clerk
    on_enter: [{set: {trace: '=trace + \" +begin\"'}}]
    on_leave: [{set: {trace: '=trace + \" -begin\"'}}]
    branches:
      one: {HOOKS, actions: {end-one: {goto: end}}}
      two: {HOOKS, actions: {all: {goto: closed}}}
    goto: closed
  closed: {close: ok}
";

    assert_eq!(trace(steps, &["all"]), "+begin +one +two -two -one -begin");
}
