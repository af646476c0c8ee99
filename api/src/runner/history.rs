//! A case as its stored history tells it.

use std::collections::BTreeMap;
use std::sync::Arc;

use duban_engine::case::Case;
use duban_engine::event::{Actor, Transition};
use duban_engine::ids::CaseId;
use jiff::Timestamp;

use crate::storage::cases::Head;
use crate::storage::transitions::{Stored, actor, histories};
use crate::storage::{Database, Error, Result, micros, timestamp};

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
    pub fn is_at(&self, head: &Head) -> bool {
        (self.case.id, self.case.sequence, &self.hash) == (head.case, head.sequence, &head.hash)
    }
}

/// A transition as it will be stored after one with the hash `previous`.
pub fn store(case: CaseId, transition: &Transition, previous: &str) -> Stored {
    let mut stored = Stored {
        case,
        sequence: transition.sequence,
        at: micros(transition.at),
        actor: json(&transition.by),
        version: u32::from(transition.version),
        events: json(&transition.events),
        hash: String::new(),
    };
    stored.hash = stored.hash_after(previous);
    stored
}

/// The transition of a stored row.
pub fn restore(stored: &Stored) -> Result<Transition> {
    let why = |error: serde_json::Error| Error::Unreadable {
        what: "transition",
        why: format!("{} of case {}: {error}", stored.sequence, stored.case),
    };
    Ok(Transition {
        sequence: stored.sequence,
        at: timestamp(stored.at)?,
        by: serde_json::from_str(&stored.actor).map_err(why)?,
        version: u16::try_from(stored.version).unwrap_or(u16::MAX),
        events: serde_json::from_str(&stored.events).map_err(why)?,
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

/// A value of our own as JSON.
pub fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("our own values have text keys and so are always JSON")
}
