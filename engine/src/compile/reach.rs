//! What a sound definition holds that can never come about: a step, a `goto`, an action without a consequence.

use std::collections::BTreeSet;

use super::sketch::{Part, Sketch};
use crate::checker::Checker;
use crate::clauses::action::Action;
use crate::clauses::effects::{Act, Deed, End};
use crate::clauses::hook::{Goto, Hook};
use crate::clauses::listen::Listener;
use crate::diagnostic::Span;
use crate::event::Ending;
use crate::ids::written_step;
use crate::moment::{StepId, Target};
use crate::process::{Start, Step};
use crate::steps::Kind;
use crate::yaml::Node;

/// Warns of what can never come about; only a definition without mistakes can be judged.
pub fn check(
    checker: &mut Checker<'_>,
    steps: &[Step],
    sketches: &[Sketch<'_>],
    start: &Start,
    listeners: &[Listener],
) {
    if checker.out.has_errors() {
        return;
    }
    let hooks: Vec<&Hook> =
        listeners.iter().map(|listener| &listener.hook).chain(steps.iter().flat_map(hooks)).collect();
    let entered = steps.iter().flat_map(|step| step.on_enter.iter().chain(&step.on_leave).chain(own_deeds(step)));
    let deeds = hooks.iter().flat_map(|hook| &hook.deeds).chain(&start.deeds).chain(entered);
    let finished: BTreeSet<&str> = deeds.filter_map(finishes).collect();
    let first =
        targets(&start.goto).chain(listeners.iter().filter_map(|found| found.hook.goto.as_ref()).flat_map(targets));
    let reached = reached(steps, first.collect());
    for (number, (step, found)) in (0u16..).zip(steps.iter().zip(sketches)) {
        let is_written = !matches!(found.part, Part::Item | Part::After);
        let is_entered = reached.contains(&StepId(number));
        let is_outermost = step.parent.is_none_or(|parent| reached.contains(&parent));
        if is_written && !is_entered && is_outermost {
            let message = format!("the case can never come to the step `{}`", step.name);
            let help = format!("write `goto: {}` where it comes next, or take it out", step.name);
            checker.out.warning(found.span, "unreached-step", message).help(help);
        }
        let idle = idle_goto(steps, step, found, &finished);
        if let Some(span) = idle {
            let message = format!("nothing takes this `goto`: the task `{}` is never done by itself", step.name);
            checker
                .out
                .warning(span, "idle-goto", message)
                .help("write the `goto` in each action that moves the case: `ACTION: {goto: STEP}`");
            continue;
        }
        let text = &checker.source.text;
        let idle: Vec<&Action> = step.actions.iter().filter(|action| is_idle(text, steps, step, action)).collect();
        for action in idle {
            let span = place_of(found.node, action).unwrap_or(found.span);
            let message = format!("the action `{}` neither moves the case nor does anything", action.name);
            checker.out.warning(span, "idle-action", message).help("give it a `goto`, a `form` or an effect");
        }
    }
}

/// The hooks of a step: its actions, rungs and listeners.
fn hooks(step: &Step) -> impl Iterator<Item = &Hook> {
    let rungs = step.deadline.iter().flat_map(|deadline| &deadline.ladder).map(|rung| &rung.hook);
    let actions = step.actions.iter().map(|action| &action.hook);
    actions.chain(step.listeners.iter().map(|listener| &listener.hook)).chain(rungs)
}

fn own_deeds(step: &Step) -> &[Deed] {
    if let Kind::Do(effects) = &step.kind { &effects.deeds } else { &[] }
}

fn finishes(deed: &Deed) -> Option<&str> {
    if let Act::End(End { step, how: Ending::Done }) = &deed.act { Some(written_step(step)) } else { None }
}

fn targets(goto: &Goto) -> impl Iterator<Item = StepId> {
    goto.exits.iter().filter_map(|exit| step_of(exit.target))
}

fn step_of(target: Target) -> Option<StepId> {
    match target {
        Target::Step(step) => Some(step),
        Target::End | Target::Back => None,
    }
}

/// Every step that the case may come to; what depends on a condition may come about.
fn reached(steps: &[Step], mut waiting: Vec<StepId>) -> BTreeSet<StepId> {
    let mut reached = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        let Some(step) = steps.get(usize::from(id.0)).filter(|_| reached.insert(id)) else { continue };
        waiting.extend(step.parent);
        waiting.extend(hooks(step).filter_map(|hook| hook.goto.as_ref()).flat_map(targets));
        waiting.extend(step.goto.iter().flat_map(targets));
        let goes_on = step.when.is_some() || !matches!(step.kind, Kind::Task(_) | Kind::Choose(_) | Kind::Close(_));
        waiting.extend(step.follower.filter(|_| goes_on && step.goto.is_none()));
        waiting.extend(step.kind.begins());
        waiting.extend(step.kind.gather().and_then(|gather| gather.after_each));
        match &step.kind {
            Kind::Job(job) => waiting.extend(job.failed.and_then(|(target, _)| step_of(target))),
            Kind::Choose(choose) => waiting.extend(targets(&choose.goto)),
            Kind::Task(_)
            | Kind::Stage(_)
            | Kind::Parallel(_)
            | Kind::Each(_)
            | Kind::Call(_)
            | Kind::Wait(_)
            | Kind::Decide(_)
            | Kind::Do(_)
            | Kind::Close(_) => {}
        }
    }
    reached
}

/// Where the `goto` of a task stands that nothing takes: the task is neither passed over, nor finished, nor a branch
/// that one of its own actions ends.
fn idle_goto(steps: &[Step], step: &Step, found: &Sketch<'_>, finished: &BTreeSet<&str>) -> Option<Span> {
    let is_task = matches!(step.kind, Kind::Task(_)) && step.goto.is_some();
    let is_over = step.when.is_some() || finished.contains(written_step(&step.name));
    let around = step.parent.and_then(|parent| steps.get(usize::from(parent.0)));
    let is_member = around.is_some_and(|around| matches!(around.kind, Kind::Parallel(_)));
    let mut exits = hooks(step).filter_map(|hook| hook.goto.as_ref()).flat_map(|goto| &goto.exits);
    let ends = is_member && exits.any(|exit| exit.target == Target::End);
    let span = found.node.get("goto").map_or(found.span, |goto| goto.span);
    (is_task && !is_over && !ends).then_some(span)
}

/// Whether taking an action changes nothing, not even what a condition or a `not_by` looks at.
fn is_idle(text: &str, steps: &[Step], step: &Step, action: &Action) -> bool {
    let hook = &action.hook;
    let changes = hook.goto.is_some() || !hook.deeds.is_empty() || !action.form.entries.is_empty() || action.needs_seal;
    let mut people = steps.iter().flat_map(|step| step.actions.iter().map(|action| &action.people));
    let written = written_step(&step.name);
    let is_remembered = people.any(|people| {
        let mut named = people.not_by.iter().chain(&people.same_as);
        named.any(|name| name == written)
    });
    let is_asked_for = text.contains(&format!("({})", action.name));
    !changes && !is_remembered && !is_asked_for
}

fn place_of(node: &Node, action: &Action) -> Option<Span> {
    let entries = node.get("actions")?.as_mapping()?;
    entries.iter().find(|entry| entry.key.text == action.name).map(|entry| entry.key.span)
}
