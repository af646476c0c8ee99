//! A case as its stored history tells it.

use std::collections::BTreeMap;
use std::sync::Arc;

use duban_engine::case::Case;
use duban_engine::event::{Actor, EVENT_VERSION, Event, Transition};
use duban_engine::ids::CaseId;
use duban_engine::process::Process;
use jiff::Timestamp;

use super::Runner;
use super::private::{Parted, Salts};
use crate::storage::cases::LastTransition;
use crate::storage::transitions::{Stored, actor, histories};
use crate::storage::{Database, Error, Result, json, micros, timestamp};

/// A case with the hash of its last transition, on which the next one builds.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The case.
    pub case: Arc<Case>,
    /// The hash of its last transition.
    pub hash: String,
    /// When that was.
    pub updated_at: Timestamp,
}

impl Known {
    /// Whether this is the case's last transition.
    pub fn is_at(&self, last: &LastTransition) -> bool {
        (self.case.id, self.case.sequence, &self.hash) == (last.case, last.sequence, &last.hash)
    }
}

impl Runner {
    /// A case as this node saw it last, when it remembers it; it may have moved on.
    pub fn case_at_hand(&self, case: CaseId) -> Option<Arc<Case>> {
        self.shared.cache.get(&case).map(|known| Arc::clone(&known.case))
    }
}

/// A transition as it will be stored after one with the hash `previous`, of a case that runs by a process.
pub fn store(case: CaseId, process: &Process, transition: &Transition, previous: &str, salts: &dyn Salts) -> Stored {
    let fields = &process.private_fields;
    let (events, texts) = if fields.is_empty() {
        (json(&transition.events), None)
    } else {
        let mut events = transition.events.clone();
        let parted = Parted::take(&mut events, fields, salts, case, transition.sequence);
        (json(&events), parted.texts())
    };
    let (digests, private) = texts.unzip();
    let mut stored = Stored {
        case,
        sequence: transition.sequence,
        at: micros(transition.at),
        actor: json(&transition.by),
        version: u32::from(transition.version),
        events,
        digests,
        hash: String::new(),
        private,
    };
    stored.hash = stored.hash_after(previous);
    stored
}

/// The transition of a stored row. Private values that were removed are `null`, and sentences empty.
pub fn restore(stored: &Stored) -> Result<Transition> {
    let why = |error: String| Error::Unreadable {
        what: "transition",
        why: format!("{} of case {}: {error}", stored.sequence, stored.case),
    };
    if stored.version > u32::from(EVENT_VERSION) {
        return Err(why("a newer version of the program made it".to_owned()));
    }
    let mut events: Vec<Event> = serde_json::from_str(&stored.events).map_err(|error| why(error.to_string()))?;
    if let (Some(digests), Some(private)) = (&stored.digests, &stored.private) {
        Parted::read(digests, private).and_then(|parted| parted.put(&mut events)).map_err(why)?;
    }
    Ok(Transition {
        sequence: stored.sequence,
        at: timestamp(stored.at)?,
        by: serde_json::from_str(&stored.actor).map_err(|error| why(error.to_string()))?,
        version: u16::try_from(stored.version).unwrap_or(u16::MAX),
        events,
    })
}

/// How many cases had set each other off when a transition was made.
pub async fn hops(database: &Database, case: CaseId, sequence: u32) -> Result<u32> {
    let Some(actor) = actor(database, case, sequence).await? else { return Ok(0) };
    let actor: Actor = serde_json::from_str(&actor).map_err(|error| Error::Unreadable {
        what: "transition",
        why: format!("{sequence} of case {case}: {error}"),
    })?;
    Ok(actor.hops())
}

/// The case that a whole history tells of; `None` for an empty one.
pub fn fold(case: CaseId, history: &[Stored]) -> Result<Option<Known>> {
    let Some(last) = history.last() else { return Ok(None) };
    let mut folded = Case::new(case);
    for stored in history {
        folded.apply_all(&restore(stored)?);
    }
    Ok(Some(Known { case: Arc::new(folded), hash: last.hash.clone(), updated_at: timestamp(last.at)? }))
}

/// Some cases as the database has them now; those that do not exist are missing.
pub async fn load(database: &Database, cases: impl IntoIterator<Item = CaseId>) -> Result<BTreeMap<CaseId, Known>> {
    let mut loaded = BTreeMap::new();
    for (case, history) in histories(database, cases).await? {
        if let Some(known) = fold(case, &history)? {
            loaded.insert(case, known);
        }
    }
    Ok(loaded)
}
