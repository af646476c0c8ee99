//! The checker: what a history of clients and the rows of a database must have in common, whatever went wrong meanwhile.

mod chains;
mod claims;
mod commands;
mod deliveries;
mod timers;

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::evidence::{Evidence, Transition};
use crate::history::Entry;

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Every command is answered in the end, and refused only for what others did.
    Answered,
    /// What was answered is in the database, at the place the answer names.
    Kept,
    /// A command is done once, however often it was sent with its key; a refused one is not done.
    Once,
    /// Every attempt that was answered got the same answer.
    Same,
    /// A task is claimed by one person at a time.
    Winner,
    /// Within a case, what was sent after an answer has a larger sequence than that answer.
    Order,
    /// A rung fires once for its instant and never before it.
    Timer,
    /// The instants in the histories are those at which it happened.
    Clock,
    /// A webhook arrives at least once, always with the same id and body, and not again once that was noted.
    Delivery,
    /// Histories have no holes, numbers are given once, and cases start each other once.
    Chain,
    /// `duban verify` finds nothing.
    Verify,
}

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// How, with the keys and places to look at.
    pub text: String,
}

/// A command over all its attempts.
#[derive(Debug)]
struct Asked<'a> {
    key: &'a str,
    by: &'a str,
    path: &'a str,
    body: &'a Json,
    sent_at: i64,
    replies: Vec<Reply<'a>>,
}

/// An answer that settles a command.
#[derive(Debug)]
struct Reply<'a> {
    at: i64,
    status: u16,
    body: &'a Json,
}

impl Asked<'_> {
    /// The first answer that says it was done.
    fn done(&self) -> Option<&Reply<'_>> {
        self.replies.iter().find(|reply| (200..300).contains(&reply.status))
    }

    /// The text that only this command carries.
    fn mark(&self) -> Option<&str> {
        let fields = self.body.get("fields")?.as_object()?;
        fields.values().filter_map(Json::as_str).find(|text| *text == self.key)
    }

    /// The parts of the path after `/api/cases/`: the case, what is done, its name.
    fn parts(&self) -> Vec<&str> {
        self.path.trim_start_matches("/api/cases").trim_start_matches('/').split('/').collect()
    }
}

impl Reply<'_> {
    fn case(&self) -> &str {
        self.body["case"].as_str().unwrap_or_default()
    }

    fn sequence(&self) -> u64 {
        self.body["sequence"].as_u64().unwrap_or(0)
    }
}

/// Finds every broken promise, in the order of the rules.
pub fn check(history: &[Entry], evidence: &Evidence) -> Vec<Violation> {
    let asked = asked(history);
    let mut found = Vec::new();
    commands::check(&asked, evidence, &mut found);
    commands::check_order(&asked, &mut found);
    claims::check(&asked, evidence, &mut found);
    timers::check(evidence, &mut found);
    deliveries::check(history, evidence, &mut found);
    chains::check(evidence, &mut found);
    found.sort();
    found
}

fn asked(history: &[Entry]) -> BTreeMap<&str, Asked<'_>> {
    let mut asked: BTreeMap<&str, Asked<'_>> = BTreeMap::new();
    for entry in history {
        match entry {
            Entry::Sent { at, key, by, path, body, .. } => {
                let first = Asked { key, by, path, body, sent_at: *at, replies: Vec::new() };
                asked.entry(key).or_insert(first);
            }
            // What failed in the server may have been done, and will be asked again.
            Entry::Answered { at, key, status, body, .. } if *status < 500 => {
                if let Some(command) = asked.get_mut(key.as_str()) {
                    command.replies.push(Reply { at: *at, status: *status, body });
                }
            }
            Entry::Answered { .. }
            | Entry::Unknown { .. }
            | Entry::Arrived { .. }
            | Entry::Acknowledged { .. }
            | Entry::Begun { .. }
            | Entry::Ended { .. } => {}
        }
    }
    asked
}

impl Transition {
    /// The events of a kind.
    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Json> {
        self.events.iter().filter(move |event| event["event"] == kind)
    }

    /// The person who made it.
    fn person(&self) -> Option<&str> {
        self.actor["person"]["person"].as_str()
    }
}

fn report(found: &mut Vec<Violation>, rule: Rule, text: String) {
    found.push(Violation { rule, text });
}
