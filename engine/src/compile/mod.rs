//! `compile`: the text of a definition in, a process or what is wrong with it out.

mod declare;
mod flow;
mod locks;
mod reach;
mod sketch;
mod steps;
mod summary;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::catalog::{Catalog, Outline};
use crate::checker::{Checker, Keys};
use crate::clauses::action::check_requirements;
use crate::clauses::deadline::check_calendar;
use crate::clauses::effects::check_deeds;
use crate::clauses::fields::check_fields;
use crate::clauses::form::Form;
use crate::clauses::guarantee::Guarantee;
use crate::clauses::hook::Goto;
use crate::clauses::listen::Listener;
use crate::clauses::people::{check_who, check_who_keys};
use crate::decide::CANCELLED;
use crate::diagnostic::{Diagnostics, Source};
use crate::field::Field;
use crate::ids::Name;
use crate::moment::{StepId, Target};
use crate::process::{Entrance, NumberPattern, Process, Role, Start, Step};
use crate::schedule::{OnDay, Schedule};
use crate::steps::Kind;
use crate::who::Who;
use crate::yaml::Node;

/// The keys of a process whose values can look like a step.
const PROCESS_KEYS: [&str; 2] = ["start", "steps"];

/// The verbs that a process may forbid.
const VERBS: [(&str, &str); 5] = [
    ("claim", "claim"),
    ("release", "release"),
    ("hand_on", "hand_on"),
    ("delegate", "delegate"),
    ("withdraw", "withdraw"),
];

/// Compiles one definition; `node` is its tree. What is found in it, warnings of a sound one too, goes to `out`; one
/// with an error gives no process.
pub fn compile(node: &Node, source: &Source, catalog: &Catalog, out: &mut Diagnostics) -> Option<Process> {
    let mut checker = Checker::new(source, catalog);
    let process = check_process(&mut checker, node);
    let is_sound = !checker.out.has_errors();
    out.extend(checker.out.into_vec());
    process.filter(|_| is_sound)
}

/// How a definition looks from outside, as far as that can be read.
pub fn outline(node: &Node, source: &Source, catalog: &Catalog) -> Option<(Name, Outline)> {
    let mut checker = Checker::new(source, catalog);
    let name = node.get("process")?.as_text()?.clone();
    let fields = node.get("fields").map(|fields| check_fields(&mut checker, fields)).unwrap_or_default();
    checker.fields = by_name(&fields);
    let form = node.get("start").and_then(|start| start.get("form"));
    let form = form.map(|form| Form::check(&mut checker, form)).unwrap_or_default();
    let accepted: BTreeSet<Name> = form.entries.iter().map(|entry| entry.field.name.clone()).collect();
    let required = form.entries.iter().filter(|entry| entry.required).map(|entry| entry.field.name.clone()).collect();
    let mut outcomes = BTreeSet::from([Name::new(CANCELLED)]);
    if let Some(steps) = node.get("steps") {
        let sketches = sketch::sketch(&mut checker, steps);
        outcomes.extend(sketches.iter().filter_map(|found| found.node.get("close")?.as_text().cloned()));
    }
    let fields = fields.iter().map(|field| (field.name.clone(), field.kind.clone())).collect();
    Some((name, Outline { fields, required, accepted, outcomes }))
}

fn by_name(fields: &[Arc<Field>]) -> BTreeMap<Name, Arc<Field>> {
    fields.iter().map(|field| (field.name.clone(), Arc::clone(field))).collect()
}

fn check_process(checker: &mut Checker<'_>, node: &Node) -> Option<Process> {
    let mut keys = checker.keys(node, "the process")?;
    let name_node = keys.require("process", checker);
    let name =
        name_node.and_then(|node| checker.text(node, "`process`").filter(|name| checker.check_name(name, node.span)));
    let title = keys.take("title").and_then(|title| checker.text(title, "`title`"));
    let source = keys.take("source").and_then(|source| checker.text(source, "`source`"));
    let calendar = keys.take("calendar").and_then(|calendar| check_calendar(checker, calendar));
    let number = keys.take("number").and_then(|node| check_number(checker, node));
    let forbids = keys.take("forbid").map(|node| check_forbids(checker, node)).unwrap_or_default();
    let fields = keys.take("fields").map(|fields| check_fields(checker, fields)).unwrap_or_default();
    checker.fields = by_name(&fields);
    let steps_node = keys.require("steps", checker);
    explain_outdented(checker, &mut keys, node);
    let sketches = steps_node.map(|steps| sketch::sketch(checker, steps)).unwrap_or_default();
    let known = declare::declare(checker, &sketches);
    checker.frames.clear();
    checker.members.clear();
    let roles = keys.take("roles").map(|roles| check_roles(checker, roles)).unwrap_or_default();
    let start_node = keys.require("start", checker);
    let start = start_node.and_then(|start| check_start(checker, start));
    let listeners = keys.take("listen").map(|listen| Listener::check_all(checker, listen)).unwrap_or_default();
    let steps = steps::check_steps(checker, &sketches, &known);
    let guarantees = keys.take("guarantees").map(|node| Guarantee::check_all(checker, node)).unwrap_or_default();
    keys.finish(checker);
    check_unused_roles(checker, node);
    check_ends(checker, &steps, &sketches);
    locks::check(checker, &steps, &sketches);
    let steps: Vec<Step> = steps.into_iter().collect::<Option<_>>()?;
    if let Some(start) = &start {
        reach::check(checker, &steps, &sketches, start, &listeners);
    }
    let name = name?;
    let index = (0u16..).zip(&steps).map(|(number, step)| (step.name.clone(), StepId(number))).collect();
    Some(Process {
        title: title.unwrap_or_else(|| name.clone()),
        name,
        version: digest(&checker.source.text),
        source,
        calendar,
        number,
        outcomes: summary::outcomes(&steps),
        private_fields: summary::private_fields(&fields, &steps),
        needs_workload: summary::needs_workload(&steps),
        fields,
        roles,
        start: start?,
        steps,
        index,
        listeners,
        forbids,
        guarantees,
        goes_back: checker.goes_back,
    })
}

/// The version of a text: the first 16 digits of its SHA-256.
fn digest(text: &str) -> Name {
    let bytes: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let digits: String = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Name::from(digits)
}

fn check_number(checker: &mut Checker<'_>, node: &Node) -> Option<NumberPattern> {
    let text = checker.text(node, "`number`")?;
    match NumberPattern::parse(&text) {
        Ok(pattern) => Some(pattern),
        Err(message) => {
            checker.error(node.span, "bad-number", message);
            None
        }
    }
}

fn check_forbids(checker: &mut Checker<'_>, node: &Node) -> BTreeSet<Name> {
    let items = checker.one_or_many(node);
    items.iter().filter_map(|item| checker.word(item, &VERBS)).map(Name::from).collect()
}

fn check_roles(checker: &mut Checker<'_>, node: &Node) -> BTreeMap<Name, Role> {
    let mut roles = BTreeMap::new();
    if checker.keys(node, "`roles`").is_none() {
        return roles;
    }
    for entry in node.as_mapping().unwrap_or_default() {
        let name = &entry.key.text;
        if !checker.check_name(name, entry.key.span) {
            continue;
        }
        let Some(mut keys) = checker.keys(&entry.value, &format!("the role `{name}`")) else { continue };
        let title = keys.take("title").and_then(|title| checker.text(title, "`title`"));
        let who = check_who_keys(checker, &mut keys);
        keys.finish(checker);
        // A role that is wrong stands for nobody, so that what names it is not wrong as well.
        let who = who.unwrap_or(Who::Any(Vec::new()));
        checker.roles.insert(name.clone(), who.clone());
        roles.insert(name.clone(), Role { title: title.unwrap_or_else(|| name.clone()), who });
    }
    roles
}

/// A role that nothing names is most often one that was forgotten somewhere.
fn check_unused_roles(checker: &mut Checker<'_>, node: &Node) {
    // Where something is wrong, the name may stand in what could not be read.
    if checker.out.has_errors() {
        return;
    }
    for entry in node.get("roles").and_then(Node::as_mapping).unwrap_or_default() {
        let name = &entry.key.text;
        if checker.roles.contains_key(name) && !checker.named_roles.contains(name) {
            let message = format!("nothing names the role `{name}`");
            checker
                .out
                .warning(entry.key.span, "unused-role", message)
                .help(format!("write `by: {name}` where it acts, or take it out"));
        }
    }
}

/// A step that stands beside `steps` instead of below it.
fn explain_outdented(checker: &mut Checker<'_>, keys: &mut Keys<'_>, node: &Node) {
    let kinds = || sketch::KINDS.into_iter().chain(["actions", "each"]);
    for entry in node.as_mapping().unwrap_or_default() {
        let name = &entry.key.text;
        let is_step = !PROCESS_KEYS.contains(&name.as_str()) && kinds().any(|kind| entry.value.get(kind).is_some());
        if is_step {
            keys.explain(name, format!("the step `{name}` belongs under `steps:`: indent it"));
            checker.unreadable.insert(name.clone());
        }
    }
}

fn check_start(checker: &mut Checker<'_>, node: &Node) -> Option<Start> {
    let mut keys = checker.keys(node, "the start")?;
    let by = keys.take("by").and_then(|by| check_who(checker, by));
    let form = keys.take("form").map(|form| Form::check(checker, form)).unwrap_or_default();
    let requirements = keys.take("require").map(|node| check_requirements(checker, node)).unwrap_or_default();
    let deeds = keys.take("do").map(|node| check_deeds(checker, node)).unwrap_or_default();
    let also_node = keys.take("also");
    let also = also_node.map(|also| {
        let items = checker.list(also);
        items.iter().filter_map(|item| check_entrance(checker, item)).collect()
    });
    let goto_node = keys.require("goto", checker);
    let goto = goto_node.and_then(|goto| Goto::check(checker, goto));
    keys.finish(checker);
    let goto = goto?;
    let is_scheduled = |entrance: &&Entrance| matches!(entrance, Entrance::Schedule(_));
    let missing = form.entries.iter().find(|entry| entry.required).map(|entry| entry.field.name.clone());
    if let Some((missing, _)) = missing.zip(also.iter().flatten().find(is_scheduled)) {
        let span = also_node.map_or(node.span, |also| also.span);
        let message = format!("a schedule cannot fill in `{missing}`, without which no case begins");
        checker
            .error(span, "start-without-field", message)
            .help(format!("write `{missing}?` in the form, or let a process of its own start by the schedule"));
    }
    if goto.exits.iter().any(|exit| !matches!(exit.target, Target::Step(_))) {
        let span = goto_node.map_or(node.span, |goto| goto.span);
        checker.error(span, "start-nowhere", "a start leads to a step: there is nothing before it to go back to");
    }
    let line = checker.line(node.span);
    Some(Start { by, form, requirements, deeds, also: also.unwrap_or_default(), goto, line })
}

fn check_entrance(checker: &mut Checker<'_>, node: &Node) -> Option<Entrance> {
    let mut keys = checker.keys(node, "a way to start")?;
    let message = keys.take("message").and_then(|message| checker.text(message, "`message`"));
    let public = keys.take("public").and_then(|public| checker.text(public, "`public`"));
    let cron = keys.take("cron");
    let schedule = cron.and_then(|cron| check_schedule(checker, cron, keys.take("on")));
    if [keys.has("message"), keys.has("public"), keys.has("cron")].into_iter().filter(|has| *has).count() != 1 {
        let message = "a way to start says exactly one of `message`, `public`, `cron`";
        checker.error(node.span, "starts-by-nothing", message);
    }
    keys.finish(checker);
    let entrance = message.map(Entrance::Message).or(public.map(Entrance::Public));
    entrance.or(schedule.map(|schedule| Entrance::Schedule(Box::new(schedule))))
}

fn check_schedule(checker: &mut Checker<'_>, cron: &Node, on: Option<&Node>) -> Option<Schedule> {
    let text = checker.text(cron, "`cron`")?;
    let on_text = on.and_then(|on| checker.text(on, "`on`"));
    let schedule = Schedule::parse(&text).map_err(|mistake| (cron, mistake));
    let on_day = on_text.map(|text| text.parse::<OnDay>().map_err(|mistake| (on.unwrap_or(cron), mistake))).transpose();
    let moved = schedule.and_then(|schedule| match on_day? {
        Some(day) => schedule.on(day).map_err(|mistake| (on.unwrap_or(cron), mistake)),
        None => Ok(schedule),
    });
    match moved {
        Ok(schedule) => Some(schedule),
        Err((node, mistake)) => {
            let span = node.as_scalar().map_or(node.span, |scalar| scalar.place(mistake.at.clone()));
            let diagnostic = checker.error(span, "bad-schedule", mistake.message);
            if let Some(help) = mistake.help {
                diagnostic.help(help);
            }
            None
        }
    }
}

/// Every step that can be done needs something that follows it.
fn check_ends(checker: &mut Checker<'_>, steps: &[Option<Step>], sketches: &[sketch::Sketch<'_>]) {
    for (step, found) in steps.iter().zip(sketches) {
        let Some(step) = step else { continue };
        let goes_on_by_itself = match &step.kind {
            Kind::Task(_) | Kind::Close(_) | Kind::Choose(_) => false,
            Kind::Stage(_)
            | Kind::Parallel(_)
            | Kind::Each(_)
            | Kind::Call(_)
            | Kind::Job(_)
            | Kind::Wait(_)
            | Kind::Decide(_)
            | Kind::Do(_) => true,
        };
        let may_stay = matches!(step.kind, Kind::Stage(_)) && step.goto.is_none();
        let is_last = step.parent.is_none() && step.goto.is_none() && step.follower.is_none();
        let goes_on = (goes_on_by_itself && !may_stay) || step.when.is_some();
        if goes_on && is_last {
            let message = match goes_on_by_itself && !may_stay {
                true => format!("nothing follows `{}`, and the case is not closed", step.name),
                false => {
                    format!("nothing follows `{}` when its `when` does not hold, and the case is not closed", step.name)
                }
            };
            checker
                .error(found.span, "nothing-follows", message)
                .help("add `goto: STEP`, or a step with `close` after it");
        }
    }
}
