//! Histories as a whole: no holes, numbers given once, cases started once, and what the program itself finds.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, Violation, report};
use crate::evidence::Evidence;

/// Looks at every case.
pub(super) fn check(evidence: &Evidence, found: &mut Vec<Violation>) {
    let mut lengths: BTreeMap<&str, u64> = BTreeMap::new();
    for transition in &evidence.transitions {
        let length = lengths.entry(&transition.case).or_default();
        *length += 1;
        if transition.sequence != *length {
            let (case, sequence) = (&transition.case, transition.sequence);
            report(found, Rule::Chain, format!("{case} has {sequence} where {length} would be next"));
            *length = sequence;
        }
    }
    let mut numbers = BTreeSet::new();
    for case in &evidence.cases {
        let length = lengths.remove(case.case.as_str()).unwrap_or(0);
        if length != case.sequence {
            report(found, Rule::Chain, format!("{} is at {} and its history at {length}", case.case, case.sequence));
        }
        if let Some(number) = case.number.as_deref().filter(|number| !numbers.insert(*number)) {
            report(found, Rule::Chain, format!("the number {number} was given twice"));
        }
    }
    for case in lengths.keys() {
        report(found, Rule::Chain, format!("{case} is not in the list of cases"));
    }
    check_started(evidence, found);
    if !evidence.verify.is_empty() {
        report(found, Rule::Verify, evidence.verify.clone());
    }
}

/// Every case that another one started is there, and none that nobody started.
fn check_started(evidence: &Evidence, found: &mut Vec<Violation>) {
    let events = evidence.transitions.iter().flat_map(|transition| transition.of("case_started"));
    let started: Vec<&str> = events.filter_map(|event| event["other"].as_str()).collect();
    let opened = evidence.transitions.iter().filter(|transition| transition.sequence == 1);
    let opened = opened.filter(|transition| transition.actor.get("case").is_some());
    let opened: BTreeSet<&str> = opened.map(|transition| transition.case.as_str()).collect();
    let mut known = BTreeSet::new();
    for other in started {
        if !known.insert(other) {
            report(found, Rule::Chain, format!("{other} was started twice"));
        }
        if !opened.contains(other) {
            report(found, Rule::Chain, format!("{other} was started and is not there"));
        }
    }
    for other in opened.difference(&known) {
        report(found, Rule::Chain, format!("{other} was opened by a case, and none started it"));
    }
}
