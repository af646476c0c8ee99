//! Webhooks: each arrives at least once, every copy looks the same, and none comes that nobody raised.

use std::collections::BTreeMap;

use super::{Rule, Violation, report};
use crate::evidence::Evidence;
use crate::history::Entry;

/// How long it may take to note that a webhook was acknowledged. A fault in that time excuses that it comes again.
const NOTING: i64 = 5_000_000;

/// What the receiver saw of one webhook.
#[derive(Default)]
struct Seen<'a> {
    arrived: Vec<(i64, &'a str, &'a str)>,
    acknowledged_at: Option<i64>,
}

/// Compares what the receiver saw with what the histories raised.
pub(super) fn check(history: &[Entry], evidence: &Evidence, found: &mut Vec<Violation>) {
    let mut seen: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    for entry in history {
        match entry {
            Entry::Arrived { at, id, body } => seen.entry(place(id)).or_default().arrived.push((*at, id, body)),
            Entry::Acknowledged { at, id } => {
                let seen = seen.entry(place(id)).or_default();
                seen.acknowledged_at = seen.acknowledged_at.or(Some(*at));
            }
            Entry::Sent { .. }
            | Entry::Answered { .. }
            | Entry::Unknown { .. }
            | Entry::Begun { .. }
            | Entry::Ended { .. } => {}
        }
    }
    let faults = faults(history);
    for transition in &evidence.transitions {
        let raised = transition.events.iter().enumerate().filter(|(_, event)| event["event"] == "webhook_raised");
        for (position, _) in raised {
            let place = format!("{}-{}-{position}", transition.case, transition.sequence);
            match seen.remove(place.as_str()) {
                None => report(found, Rule::Delivery, format!("{place} never arrived")),
                Some(seen) => seen.check(&place, &faults, found),
            }
        }
    }
    for place in seen.keys() {
        report(found, Rule::Delivery, format!("{place} arrived, and nothing raised it"));
    }
    for entry in evidence.outbox.iter().filter(|entry| entry.done_at.is_none()) {
        let what = if entry.due_at.is_some() { "is not done yet" } else { "was given up" };
        report(found, Rule::Delivery, format!("{} {what}", entry.id));
    }
}

impl Seen<'_> {
    fn check(&self, place: &str, faults: &[(i64, i64)], found: &mut Vec<Violation>) {
        let Some(acknowledged_at) = self.acknowledged_at else {
            return report(found, Rule::Delivery, format!("{place} was never acknowledged"));
        };
        if self.arrived.windows(2).any(|two| (two[0].1, two[0].2) != (two[1].1, two[1].2)) {
            report(found, Rule::Delivery, format!("{place} came with different ids or bodies"));
        }
        let noting = acknowledged_at - NOTING..acknowledged_at + NOTING;
        let is_excused = faults.iter().any(|(begun, ended)| *begun < noting.end && *ended > noting.start);
        let again = self.arrived.iter().find(|(at, ..)| *at > acknowledged_at);
        if let (Some((at, ..)), false) = (again, is_excused) {
            let late = (at - acknowledged_at) / 1000;
            report(found, Rule::Delivery, format!("{place} came again {late} ms after it was acknowledged"));
        }
    }
}

/// When something was wrong, from and to.
fn faults(history: &[Entry]) -> Vec<(i64, i64)> {
    let (mut open, mut faults) = (BTreeMap::<&str, i64>::new(), Vec::new());
    for entry in history {
        match entry {
            Entry::Begun { at, fault } => _ = open.insert(fault, *at),
            Entry::Ended { at, fault } => faults.extend(open.remove(fault.as_str()).map(|begun| (begun, *at))),
            Entry::Sent { .. }
            | Entry::Answered { .. }
            | Entry::Unknown { .. }
            | Entry::Arrived { .. }
            | Entry::Acknowledged { .. } => {}
        }
    }
    faults.extend(open.values().map(|begun| (*begun, i64::MAX)));
    faults
}

/// The place in a history that an id names: `CASE-SEQUENCE-POSITION` of `CASE-SEQUENCE-POSITION-DIGEST`.
fn place(id: &str) -> &str {
    id.rsplit_once('-').map_or(id, |(place, _)| place)
}
