//! A history as people read it: one event a line, with the virtual time of its transition above.

use std::fmt::Write as _;

use duban_engine::calendar::Calendar;
use duban_engine::event::{Actor, Candidate, Cause, Due, Edge, Ending, Event, Fields, Item, Transition};
use duban_engine::ids::Name;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Who wrote it and when, then each event.
pub fn transition(found: &Transition, case: usize, calendar: &Calendar) -> String {
    let zone = calendar.zone();
    let mut text = format!("{} case {case}, {}\n", instant(found.at, zone), actor(&found.by));
    for event in &found.events {
        writeln!(text, "    {}", line(event, zone)).expect("a string can be written to");
    }
    text
}

/// An instant on the calendar's clock.
pub fn instant(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    let form = if at.second() == 0 { "%m-%d %H:%M" } else { "%m-%d %H:%M:%S" };
    at.strftime(form).to_string()
}

fn actor(actor: &Actor) -> String {
    match actor {
        Actor::Person { person, deputy_for: None } => person.to_string(),
        Actor::Person { person, deputy_for: Some(absent) } => format!("{person} for {absent}"),
        Actor::Clock => "the clock".to_owned(),
        Actor::Message(name) => format!("message {name}"),
        Actor::Case { .. } => "another case".to_owned(),
        Actor::Worker(name) => format!("worker {name}"),
        Actor::Administrator(name) => format!("administrator {name}"),
    }
}

fn cause(cause: &Cause) -> String {
    let edge = match &cause.edge {
        Edge::Start => "start".to_owned(),
        Edge::Inside => "inside".to_owned(),
        Edge::Action(name) => format!("action {name}"),
        Edge::Rung(number) => format!("rung {number}"),
        Edge::Branch(number) => format!("branch {number}"),
        Edge::Next => "next".to_owned(),
        Edge::Skipped => "skipped".to_owned(),
        Edge::Repeat => "repeat".to_owned(),
        Edge::Listener(number) => format!("listener {number}"),
        Edge::Effect => "effect".to_owned(),
        Edge::Join => "join".to_owned(),
        Edge::Failed => "failed".to_owned(),
    };
    format!("{edge} of {} at line {}", cause.step, cause.line)
}

fn fields(fields: &Fields) -> String {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", value.to_plain_json())).collect();
    pairs.join(" ")
}

fn item(item: &Item) -> String {
    format!("{}={} (item {})", item.name, item.value.to_plain_json(), item.index)
}

fn people(to: &[Candidate]) -> String {
    let each = to.iter().map(|candidate| match candidate {
        Candidate::Duty { unit, duty } => format!("{duty} in {unit}"),
        Candidate::Person { person } => person.to_string(),
    });
    let all: Vec<String> = each.collect();
    if all.is_empty() { "nobody".to_owned() } else { all.join(", ") }
}

fn how(ending: Ending) -> &'static str {
    match ending {
        Ending::Done => "done",
        Ending::Left => "left",
    }
}

fn due(due: &Due, zone: &TimeZone) -> String {
    let rungs: Vec<String> =
        due.rungs.iter().map(|rung| rung.map_or_else(|| "-".to_owned(), |at| instant(at, zone))).collect();
    let rungs = if rungs.is_empty() { String::new() } else { format!(", rungs {}", rungs.join(" | ")) };
    let provisional = if due.provisional { ", provisional" } else { "" };
    format!("{} ({} from {}{provisional}{rungs})", instant(due.at, zone), due.rule, instant(due.from, zone))
}

fn optional(what: &str, name: Option<&Name>) -> String {
    name.map_or_else(String::new, |name| format!(" {what} {name}"))
}

/// One event.
pub fn line(event: &Event, zone: &TimeZone) -> String {
    let clock = |at: &Timestamp| instant(*at, zone);
    let next = |at: &Option<Timestamp>| at.map_or_else(String::new, |at| format!(", next {}", instant(at, zone)));
    match event {
        Event::CaseOpened { case: _, process, version: _, number, caller } => {
            let called =
                caller.as_ref().map_or_else(String::new, |caller| format!(", called by visit {}", caller.visit));
            format!("opened {process}{}{called}", optional("number", number.as_ref()))
        }
        Event::FieldsSet { visit, values } => format!("set in {visit}: {}", fields(values)),
        Event::StepEntered { visit, step, parent, cause: by, item: of, after, resumes } => {
            let mut text = format!("enter {visit} {step} in {parent} by {}", cause(by));
            if let Some(of) = of {
                write!(text, ", {}", item(of)).expect("a string can be written to");
            }
            if let Some(after) = after {
                write!(text, ", after {after}").expect("a string can be written to");
            }
            if let Some(old) = resumes {
                write!(text, ", goes on with {old}").expect("a string can be written to");
            }
            text
        }
        Event::StepLeft { visit, step, how: ending, kept } => {
            format!(
                "leave {visit} {step}, {}{}",
                how(*ending),
                kept.map_or_else(String::new, |root| format!(", kept with {root}"))
            )
        }
        Event::StepPassed { visit } => format!("pass {visit}, the rest goes on"),
        Event::StepSkipped { step, parent, cause: by } => format!("skip {step} in {parent} by {}", cause(by)),
        Event::ActionTaken { visit, scope, step, action, line, seal } => {
            let seal = if seal.is_some() { ", sealed" } else { "" };
            format!("action {action} of {step} (visit {scope}) taken at {visit}, line {line}{seal}")
        }
        Event::ActionWithdrawn { sequence } => format!("transition {sequence} withdrawn"),
        Event::TaskOffered { visit, to, unstaffed } => {
            format!("task {visit} offered to {}{}", people(to), if *unstaffed { ", who are not there" } else { "" })
        }
        Event::TaskAssigned { visit, to, how } => format!("task {visit} with {to}, {}", word(how)),
        Event::TaskReleased { visit } => format!("task {visit} released"),
        Event::DeadlineSet { visit, due: limit } => format!("deadline of {visit} set: {}", due(limit, zone)),
        Event::DeadlineMoved { visit, why, light, due: limit } => {
            format!("deadline of {visit} {}, {}: {}", word(why), word(light), due(limit, zone))
        }
        Event::DeadlinePaused { visit } => format!("deadline of {visit} paused"),
        Event::RungPassed { visit, step, rung, at, line, light, next: again } => {
            let light = light.map_or_else(String::new, |light| format!(", {}", word(&light)));
            format!(
                "rung {rung} of {step} (visit {visit}) passed, for {}, line {line}{light}{}",
                clock(at),
                next(again)
            )
        }
        Event::TimerSet { visit, timer, at } => format!("timer {timer} of {visit} set to {}", clock(at)),
        Event::TimerPassed { visit, timer, next: again } => format!("timer {timer} of {visit} passed{}", next(again)),
        Event::ListenerHeard { visit, listener, line } => format!("listener {listener} of {visit} heard, line {line}"),
        Event::ConditionTurned { visit, listener, holds } => format!("condition {listener} of {visit} turned {holds}"),
        Event::MessageTaken { message, visit } => format!("message {message} taken by {visit}"),
        Event::ItemAdded { visit, item: of } => format!("add to {visit}: {}", item(of)),
        Event::ItemDropped { visit, index } => format!("drop from {visit}: item {index}"),
        Event::ChildOpened { visit, child: _, process, fields: given } => {
            format!("call {process} for {visit}: {}", fields(given))
        }
        Event::ChildClosed { visit, outcome } => format!("called case of {visit} closed: {outcome}"),
        Event::ChildCancelled { visit, child: _ } => format!("called case of {visit} cancelled"),
        Event::JobQueued { visit, job } => {
            let request = job.request.as_ref().map_or_else(String::new, |(method, url)| format!(" {method} {url}"));
            let (topic, tries, lease) = (&job.topic, job.tries, job.lease_seconds);
            format!("job of {visit} queued: {topic}{request}, {tries} tries, lease {lease} s: {}", fields(&job.fields))
        }
        Event::JobDone { visit } => format!("job of {visit} done"),
        Event::JobFailed { visit, reason, tries_left, retry } => {
            format!("job of {visit} failed ({reason}), {tries_left} tries left{}", next(retry))
        }
        Event::LockAwaited { visit, lock, across } => {
            format!("lock {lock} awaited by {visit}{}", if *across { " across cases" } else { "" })
        }
        Event::LockTaken { visit, lock } => format!("lock {lock} taken by {visit}"),
        Event::Notified { to, template, ways, visit } => {
            let ways: Vec<String> = ways.iter().map(word).collect();
            format!("notify {} with {template} by {}, about {visit}", people(to), ways.join("+"))
        }
        Event::WebhookRaised { connection, kind, fields: told } => {
            format!("webhook {kind} to {connection}: {}", fields(told))
        }
        Event::DocumentFiled { template, to, visit } => {
            format!("document {template}{}, about {visit}", optional("for", to.as_ref()))
        }
        Event::Marked { kind, unit, person, at } => {
            let at = at.map_or_else(String::new, |at| format!(" for {}", instant(at, zone)));
            format!("mark {kind}{}{}{at}", optional("unit", unit.as_ref()), optional("person", person.as_ref()))
        }
        Event::CaseStarted { other: _, process, fields: given } => format!("start {process}: {}", fields(given)),
        Event::MessageSent { message, to, fields: told } => {
            format!("send {message}{}: {}", optional("to", to.as_ref()), fields(told))
        }
        Event::Urged { to } => format!("urge {}", people(to)),
        Event::UrgencyRaised { to } => format!("urgency {to}"),
        Event::IncidentRaised { visit, text } => format!("incident at {visit}: {text}"),
        Event::CaseClosed { outcome } => format!("closed: {outcome}"),
        Event::PrivateRemoved => "private values removed".to_owned(),
    }
}

/// A plain enum as its stored word.
fn word(value: &impl serde::Serialize) -> String {
    let stored = serde_json::to_value(value).expect("a word is plain data");
    stored.as_str().unwrap_or_default().replace('_', " ")
}
