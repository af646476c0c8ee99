//! A census: everything that was stored, counted, and folded into one digest.

use std::collections::{BTreeMap, BTreeSet};

use duban::storage::transitions::{Stored, cases_after, histories};
use duban::storage::{Cell, Database, digest};
use duban_engine::event::{Actor, Event};
use duban_engine::ids::CaseId;

/// How many cases are read at once.
const PAGE_MAX: i64 = 500;

/// What is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// How many cases.
    pub cases: u64,
    /// How many transitions.
    pub transitions: u64,
    /// How many bytes of events.
    pub bytes: u64,
    /// How often each kind of event happened; actions, marks, documents and lights also by name.
    pub events: BTreeMap<String, u64>,
    /// One digest over the last hash of every case: two runs with the same one did the same, transition by transition.
    pub digest: String,
}

/// Counts everything, and checks that no timer fired early or twice.
///
/// # Panics
/// When one did.
pub async fn take(database: &Database) -> Census {
    let (mut census, mut heads, mut after) = (Census::default(), String::new(), String::new());
    loop {
        let page = cases_after(database, &after, PAGE_MAX).await.expect("the database answers");
        let Some(last) = page.last() else { break };
        after.clone_from(last);
        let ids = page.iter().map(|text| text.parse::<CaseId>().expect("every case has an id"));
        for (case, history) in histories(database, ids).await.expect("the database answers") {
            census.cases += 1;
            census.count(case, &history);
            let last = history.last().map_or("", |last| &last.hash);
            heads.push_str(&format!("{case} {} {last}\n", history.len()));
        }
    }
    census.digest = digest(&[Cell::Text(heads)]);
    census
}

impl Census {
    fn count(&mut self, case: CaseId, history: &[Stored]) {
        let mut rungs = BTreeSet::new();
        for stored in history {
            self.transitions += 1;
            self.bytes += stored.events.len() as u64;
            let events: Vec<Event> = serde_json::from_str(&stored.events).expect("stored events can be read");
            let actor: Actor = serde_json::from_str(&stored.actor).expect("stored actors can be read");
            if matches!(&actor, Actor::Person { deputy_for: Some(_), .. }) {
                self.add("by a deputy");
            }
            for event in &events {
                if let Event::RungPassed { visit, rung, at, .. } = event {
                    assert!(at.as_microsecond() <= stored.at, "rung {rung} of case {case} fired early");
                    assert!(rungs.insert((*visit, *rung, *at)), "rung {rung} of case {case} fired twice");
                }
                self.add(&name(event));
            }
        }
    }

    fn add(&mut self, what: &str) {
        *self.events.entry(what.to_owned()).or_default() += 1;
    }

    /// How often something happened.
    pub fn of(&self, what: &str) -> u64 {
        self.events.get(what).copied().unwrap_or(0)
    }
}

fn name(event: &Event) -> String {
    let json = serde_json::to_value(event).expect("events are JSON");
    let kind = json.get("event").and_then(|kind| kind.as_str()).unwrap_or("");
    match event {
        Event::ActionTaken { action, .. } => format!("{kind} {action}"),
        Event::Marked { kind: mark, .. } => format!("{kind} {mark}"),
        Event::StepEntered { step, .. } => format!("{kind} {step}"),
        Event::RungPassed { step, rung, .. } => format!("{kind} {step} {rung}"),
        Event::DeadlineMoved { .. } => format!("{kind} {}", json["why"].as_str().unwrap_or("")),
        _ => kind.to_owned(),
    }
}
