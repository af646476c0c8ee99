//! The order in which a move leaves and enters steps, held against the algorithm of W3C SCXML 1.0 (appendix D).
//!
//! A chart is written as an indented list. From it a process is made, and from it the specification's procedures work out
//! what each move has to leave and to enter. Every move from every resting place of the chart is compared.

mod algorithm;

use std::fmt::Write as _;
use std::sync::Arc;

use duban_engine::command::{Ask, Command, StartedBy};
use duban_engine::event::{Actor, Event, Fields};
use duban_engine::ids::{Name, written_step};
use duban_engine::library::Library;
use duban_engine::value::Value;
use duban_tests::script;
use duban_tests::town::{Stored, Town};

use algorithm::{Chart, Configuration};

/// Two spaces inside; `||` after a step with branches.
const CHART: &str = "
idle
s
  s1
  s2
    s2a
    s2b
      s2x
      s2y
  s3
p ||
  r1
    r1a
    r1b
      r1x
      r1y
  r2
  r3
    r3a
    q ||
      q1
        q1a
        q1b
      q2
        q2a
    r3b
z
";

/// The process of a chart: a stage or a parallel step for what has steps inside, a task for what has none, and in every
/// step an action to every step that a `goto` may lead to.
fn process_of(chart: &Chart) -> String {
    let mut text = String::from(
        "process: p\nfields: {trace: {text: long, default: ''}}\nroles: {clerk: {unit: office, duty: clerk}}\n\
         start: {by: clerk, goto: idle}\nsteps:\n",
    );
    for state in chart.states() {
        let (name, indent) = (chart.name(state), "  ".repeat(1 + 2 * chart.depth(state)));
        writeln!(text, "{indent}{name}:").expect("a string takes text");
        writeln!(text, "{indent}  on_enter: [{{set: {{trace: '=trace + \" +{name}\"'}}}}]")
            .expect("a string takes text");
        writeln!(text, "{indent}  on_leave: [{{set: {{trace: '=trace + \" -{name}\"'}}}}]")
            .expect("a string takes text");
        writeln!(text, "{indent}  by: clerk\n{indent}  actions:").expect("a string takes text");
        let targets = chart.states().filter(|target| chart.may_go(state, *target)).map(|target| chart.name(target));
        for target in targets.chain(["back"]) {
            writeln!(text, "{indent}    {name}-to-{target}: {{goto: {target}}}").expect("a string takes text");
        }
        match (chart.is_atomic(state), chart.is_parallel(state)) {
            (true, _) => {}
            (false, true) => writeln!(text, "{indent}  goto: z\n{indent}  branches:").expect("a string takes text"),
            (false, false) => writeln!(text, "{indent}  steps:").expect("a string takes text"),
        }
    }
    text
}

fn library_of(chart: &Chart) -> Arc<Library> {
    let process = process_of(chart);
    Arc::new(script::library(&[&process]).unwrap_or_else(|shown| panic!("{shown}\n{process}")))
}

/// A case of the chart's process.
struct Run {
    town: Town,
}

impl Run {
    fn new(library: &Arc<Library>) -> Self {
        let begin = "2026-11-23T01:00:00Z".parse().expect("it is an instant");
        let mut town = Town::new(Arc::clone(library), begin);
        town.open("p", StartedBy::Person, Fields::new(), an()).expect("an may start it");
        Self { town }
    }

    /// Takes an action, and answers what was left and entered, and what the hooks of these steps wrote down.
    fn take(&mut self, action: &str) -> (Vec<String>, String) {
        let before = self.trace();
        let ask = Ask::TakeAction { visit: None, action: Name::new(action), fields: Fields::new(), seal: None };
        let stored =
            self.town.submit(0, &Command { by: an(), ask }).unwrap_or_else(|refused| panic!("{action}: {refused}"));
        let trace = self.trace();
        let written = trace.strip_prefix(&before).expect("hooks only add to what was written").trim().to_owned();
        (self.moves(&stored), written)
    }

    fn moves(&self, stored: &[Stored]) -> Vec<String> {
        let transitions = stored.iter().map(|(resident, number)| &self.town.residents[*resident].history[*number]);
        let moved = transitions.flat_map(|transition| &transition.events).filter_map(|event| match event {
            Event::StepLeft { step, .. } => Some(format!("-{}", written_step(step))),
            Event::StepEntered { step, .. } => Some(format!("+{}", written_step(step))),
            _ => None,
        });
        moved.collect()
    }

    fn trace(&self) -> String {
        match self.town.residents[0].case.fields.get("trace") {
            Some(Value::Text(text)) => text.to_string(),
            _ => String::new(),
        }
    }
}

fn an() -> Actor {
    Actor::Person { person: Name::new("an"), deputy_for: None }
}

/// Compares one move with the specification; answers the configuration after it.
fn compare(
    chart: &Chart,
    run: &mut Run,
    at: &Configuration,
    from: usize,
    to: usize,
    wrong: &mut Vec<String>,
) -> Configuration {
    let action = format!("{}-to-{}", chart.name(from), chart.name(to));
    let (wanted, after) = chart.microstep(at, from, to);
    let (moves, written) = run.take(&action);
    if moves != wanted || written != wanted.join(" ") {
        wrong.push(format!("{action}\n  wanted {wanted:?}\n  moved  {moves:?}\n  hooks  {written}"));
    }
    after
}

#[test]
fn every_move_leaves_and_enters_in_the_order_of_scxml() {
    let chart = Chart::read(CHART);
    let library = library_of(&chart);
    let (start, idle) = (chart.initial(), chart.find("idle"));
    let mut wrong = Vec::new();
    let mut compared = 0;

    for first in chart.states().filter(|target| chart.may_go(idle, *target)) {
        let (_, reached) = chart.microstep(&start, idle, first);
        for from in reached.iter().copied() {
            for to in chart.states().filter(|target| chart.may_go(from, *target)) {
                let mut run = Run::new(&library);
                let at = compare(&chart, &mut run, &start, idle, first, &mut wrong);
                let at = compare(&chart, &mut run, &at, from, to, &mut wrong);
                // Once more from where that led: what was left in the middle of the chart was not in document order.
                let deepest =
                    at.iter().copied().rfind(|state| chart.is_atomic(*state)).expect("a chart rests somewhere");
                compare(&chart, &mut run, &at, deepest, chart.find("z"), &mut wrong);
                compared += 3;
            }
        }
    }

    assert!(wrong.is_empty(), "{} of {compared} moves differ\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 1_000, "only {compared} moves were compared");
}

#[test]
fn back_enters_what_was_left_in_document_order_as_deep_history_does() {
    let chart = Chart::read(CHART);
    let library = library_of(&chart);
    let (start, idle, z) = (chart.initial(), chart.find("idle"), chart.find("z"));
    let mut wrong = Vec::new();

    for first in chart.states().filter(|target| *target != z && chart.may_go(idle, *target)) {
        let mut run = Run::new(&library);
        let mut at = compare(&chart, &mut run, &start, idle, first, &mut wrong);
        let leaf = at.iter().copied().find(|state| chart.is_atomic(*state)).expect("a chart rests somewhere");
        let left = at.clone();
        at = compare(&chart, &mut run, &at, leaf, z, &mut wrong);
        let wanted = chart.history(&at, &left);
        let (moves, _) = run.take("z-to-back");
        if moves != wanted {
            wrong.push(format!("back after {}\n  wanted {wanted:?}\n  moved  {moves:?}", chart.name(first)));
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_algorithm_gives_the_orders_that_the_specification_tells() {
    let chart = Chart::read("a\np ||\n  r1\n    b\n    c\n  r2\n    d\ne\n");
    let (start, a) = (chart.initial(), chart.find("a"));

    // 3.13: entered in document order, parents first, and the regions of a parallel state one whole after the other;
    // left in reverse.
    let (into, inside) = chart.microstep(&start, a, chart.find("p"));
    let (within, beside) = chart.microstep(&inside, chart.find("b"), chart.find("c"));
    let (out, _) = chart.microstep(&beside, chart.find("d"), chart.find("e"));

    assert_eq!(into.join(" "), "-a +p +r1 +b +r2 +d");
    assert_eq!(within.join(" "), "-b +c");
    assert_eq!(out.join(" "), "-d -r2 -c -r1 -p +e");
}
