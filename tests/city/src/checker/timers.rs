//! Timers: a rung fires once for the instant that was set, in its visit, and not before that instant by anybody's clock.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Rule, Violation, report};
use crate::evidence::{Evidence, Transition};

/// How long after its instant a rung may still be on its way when the database is read.
const GRACE: i64 = 20_000_000;

/// How far a recorded instant may be from that of the row: a node may be frozen for a minute between them.
const CLOCK_MAX: i64 = 120_000_000;

/// The deadlines of one case.
#[derive(Default)]
struct Deadlines {
    /// By visit and rung: when.
    set: BTreeMap<(u64, u64), i64>,
    fired: BTreeSet<(u64, u64, i64)>,
}

/// Looks at every rung.
pub(super) fn check(evidence: &Evidence, found: &mut Vec<Violation>) {
    let mut cases: BTreeMap<&str, Deadlines> = BTreeMap::new();
    for transition in &evidence.transitions {
        let deadlines = cases.entry(&transition.case).or_default();
        for event in &transition.events {
            deadlines.take(transition, event, found);
        }
        let Some(witnessed) = transition.witnessed else { continue };
        let apart = (transition.at - witnessed) / 1_000_000;
        if apart.abs() > CLOCK_MAX / 1_000_000 {
            let (case, sequence) = (&transition.case, transition.sequence);
            report(found, Rule::Clock, format!("{case} {sequence} says an instant that is {apart} s off"));
        }
    }
    for (case, deadlines) in cases {
        for ((visit, rung), at) in deadlines.set {
            if at + GRACE < evidence.at && !deadlines.fired.contains(&(visit, rung, at)) {
                report(found, Rule::Timer, format!("rung {rung} of visit {visit} of {case} never fired"));
            }
        }
    }
}

impl Deadlines {
    fn take(&mut self, transition: &Transition, event: &Json, found: &mut Vec<Violation>) {
        let visit = event["visit"].as_u64().unwrap_or(0);
        match event["event"].as_str() {
            Some("deadline_set" | "deadline_moved") => {
                self.leave(visit);
                let rungs = event["due"]["rungs"].as_array();
                for (rung, at) in (0..).zip(rungs.into_iter().flatten()) {
                    if let Some(at) = instant(at) {
                        self.set.insert((visit, rung), at);
                    }
                }
            }
            Some("rung_passed") => {
                let (rung, at) = (event["rung"].as_u64().unwrap_or(0), instant(&event["at"]).unwrap_or(0));
                let place = format!("rung {rung} of visit {visit} at {} {}", transition.case, transition.sequence);
                if !self.fired.insert((visit, rung, at)) {
                    report(found, Rule::Timer, format!("{place} fired a second time"));
                } else if self.set.get(&(visit, rung)) != Some(&at) {
                    report(found, Rule::Timer, format!("{place} fired for an instant that is not its own"));
                }
                let early = |clock: i64| (at - clock).max(0);
                if early(transition.at) > 0 {
                    report(found, Rule::Timer, format!("{place} fired {} µs early by its node", early(transition.at)));
                } else if let Some(early) = transition.witnessed.map(early).filter(|early| *early > 0) {
                    report(found, Rule::Timer, format!("{place} fired {early} µs early by the database"));
                }
            }
            Some("step_left") => self.leave(visit),
            Some("case_closed") => self.set.clear(),
            _ => {}
        }
    }

    /// What has not fired in a visit will not.
    fn leave(&mut self, visit: u64) {
        let fired = &self.fired;
        self.set.retain(|(of, rung), at| *of != visit || fired.contains(&(visit, *rung, *at)));
    }
}

fn instant(value: &Json) -> Option<i64> {
    value.as_str()?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
}
