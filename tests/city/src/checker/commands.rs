//! Commands: answered, kept where the answer says, done once, answered alike, and in the order of real time.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Asked, Reply, Rule, Violation, report};
use crate::evidence::{Evidence, Transition};

/// Where cases are opened.
const OPENING: &str = "/api/cases";

/// Compares every command with the transitions.
pub(super) fn check(asked: &BTreeMap<&str, Asked<'_>>, evidence: &Evidence, found: &mut Vec<Violation>) {
    let mut places: BTreeMap<(&str, u64), &Transition> = BTreeMap::new();
    let mut marks: BTreeMap<&str, Vec<&Transition>> = BTreeMap::new();
    for transition in &evidence.transitions {
        places.insert((&transition.case, transition.sequence), transition);
        // What a case hands to another one is said there again, by the case.
        if transition.person().is_some() {
            for mark in texts_set(transition) {
                marks.entry(mark).or_default().push(transition);
            }
        }
    }
    for command in asked.values() {
        let key = command.key;
        let times = command.mark().and_then(|mark| marks.get(mark)).map_or(0, Vec::len);
        if times > 1 {
            report(found, Rule::Once, format!("{key} was done {times} times"));
        }
        let Some(done) = command.done() else {
            match command.replies.first() {
                None => report(found, Rule::Answered, format!("{key} was never answered")),
                Some(_) if times > 0 => report(found, Rule::Once, format!("{key} was refused, and done all the same")),
                Some(reply) if !is_explained(command, reply) => {
                    report(found, Rule::Answered, format!("{key} was refused: {} {}", reply.status, reply.body));
                }
                Some(_) => {}
            }
            continue;
        };
        if let Some(other) = command.replies.iter().find(|reply| (reply.status, reply.body) != (done.status, done.body))
        {
            let Reply { status, body, .. } = other;
            report(found, Rule::Same, format!("{key} was answered {} and then {status} {body}", done.body));
        }
        let place = places.get(&(done.case(), done.sequence()));
        if !place.is_some_and(|transition| is_of(command, transition)) {
            report(found, Rule::Kept, format!("{key} was answered {}, and that transition is not it", done.body));
        }
    }
}

/// Whether a refusal is one that other clients of the trial lead to: they claim tasks and close cases.
fn is_explained(command: &Asked<'_>, reply: &Reply<'_>) -> bool {
    let code = reply.body["code"].as_str().unwrap_or_default();
    reply.status == 409 && command.path != OPENING && ["held_by_other", "case_closed"].contains(&code)
}

/// Texts that fields were set to.
fn texts_set(transition: &Transition) -> Vec<&str> {
    let mut texts = Vec::new();
    for event in transition.of("fields_set") {
        collect(&event["values"], &mut texts);
    }
    texts.sort_unstable();
    texts.dedup();
    texts
}

fn collect<'a>(value: &'a Json, texts: &mut Vec<&'a str>) {
    match value {
        Json::String(text) => texts.push(text),
        Json::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Json::Object(members) => members.values().for_each(|member| collect(member, texts)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Whether a transition is what a command asked for.
fn is_of(command: &Asked<'_>, transition: &Transition) -> bool {
    let carries = || command.mark().is_none_or(|mark| texts_set(transition).contains(&mark));
    let is_done = match command.parts().as_slice() {
        [_, "actions", action] => transition.of("action_taken").any(|event| event["action"] == *action) && carries(),
        [_, "tasks", _, "claim"] => transition.of("task_assigned").any(|event| event["to"] == command.by),
        _ => transition.sequence == 1 && transition.of("case_opened").next().is_some() && carries(),
    };
    is_done && transition.person() == Some(command.by)
}

/// What was sent after an answer came is behind it in the case.
pub(super) fn check_order(asked: &BTreeMap<&str, Asked<'_>>, found: &mut Vec<Violation>) {
    let mut cases: BTreeMap<&str, Vec<(&Asked<'_>, &Reply<'_>)>> = BTreeMap::new();
    for command in asked.values() {
        if let Some(done) = command.done() {
            cases.entry(done.case()).or_default().push((command, done));
        }
    }
    for (case, mut commands) in cases {
        commands.sort_by_key(|(_, done)| done.at);
        // The command with the largest sequence among those answered so far.
        let mut largest: Vec<(&Asked<'_>, &Reply<'_>)> = Vec::with_capacity(commands.len());
        for &(command, done) in &commands {
            let before = largest.last().filter(|(_, last)| last.sequence() > done.sequence());
            largest.push(before.copied().unwrap_or((command, done)));
        }
        for (command, done) in &commands {
            let answered = commands.partition_point(|(_, earlier)| earlier.at < command.sent_at);
            let Some((earlier, last)) = answered.checked_sub(1).and_then(|index| largest.get(index)) else { continue };
            if last.sequence() >= done.sequence() {
                let (key, other) = (command.key, earlier.key);
                let (here, there) = (done.sequence(), last.sequence());
                report(
                    found,
                    Rule::Order,
                    format!("{key} in {case} is {here}, and was sent after {other} was {there}"),
                );
            }
        }
    }
}
