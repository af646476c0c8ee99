//! Claims: of those who reach for a task at the same time, one gets it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asked, Rule, Violation, report};
use crate::evidence::Evidence;

/// Looks at what the claimants were told, and at what the histories say. In a trial nobody gives a claimed task back.
pub(super) fn check(asked: &BTreeMap<&str, Asked<'_>>, evidence: &Evidence, found: &mut Vec<Violation>) {
    let mut told: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for command in asked.values().filter(|command| command.path.ends_with("/claim") && command.done().is_some()) {
        told.entry(command.path).or_default().insert(command.by);
    }
    for (path, winners) in told.iter().filter(|(_, winners)| winners.len() > 1) {
        report(found, Rule::Winner, format!("{path} was won by {winners:?}"));
    }
    let mut holders: BTreeMap<(&str, u64), &str> = BTreeMap::new();
    for transition in &evidence.transitions {
        for event in &transition.events {
            let Some(visit) = event["visit"].as_u64() else { continue };
            let task = (transition.case.as_str(), visit);
            match event["event"].as_str() {
                Some("task_released") => _ = holders.remove(&task),
                Some("task_assigned") => {
                    let to = event["to"].as_str().unwrap_or_default();
                    let before = holders.insert(task, to);
                    if let (Some(before), "claimed") = (before, event["how"].as_str().unwrap_or_default()) {
                        let place = format!("{} {}", transition.case, transition.sequence);
                        report(found, Rule::Winner, format!("{to} claimed at {place} what {before} had"));
                    }
                }
                _ => {}
            }
        }
    }
}
