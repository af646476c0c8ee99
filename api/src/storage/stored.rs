//! A transition as it is stored, and the hash that chains it to the one before.

use duban_engine::ids::CaseId;
use sha2::{Digest, Sha256};

use super::cell::hexadecimal;
use super::{Cell, Result, Row};

/// A transition as it is stored. `actor` and `events` are JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Of which case.
    pub case: CaseId,
    /// 1 for the first.
    pub sequence: u32,
    /// When, in microseconds.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// The version of the events' shapes.
    pub version: u32,
    /// What happened, without private values.
    pub events: String,
    /// Where private values stand in `events`, and their salted digests, when there are any.
    pub digests: Option<String>,
    /// The hash over all above and, through its predecessor's hash, over all before it.
    pub hash: String,
    /// The private values with their salts, until they are removed.
    pub private: Option<String>,
}

impl Stored {
    /// The hash that the row must have after one with the hash `previous` (empty before the first).
    pub fn hash_after(&self, previous: &str) -> String {
        let case = self.case.0.to_be_bytes();
        let (sequence, at, version) = (self.sequence.to_be_bytes(), self.at.to_be_bytes(), self.version.to_be_bytes());
        let mut hash = Sha256::new();
        let (actor, events) = (self.actor.as_bytes(), self.events.as_bytes());
        let parts = [previous.as_bytes(), &case, &sequence, &at, actor, &version, events];
        for part in parts.into_iter().chain(self.digests.as_deref().map(str::as_bytes)) {
            // The length before each part keeps two rows with shifted borders apart.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hexadecimal(&hash.finalize())
    }

    /// The row's cells, in the order of the table's columns.
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            self.case.into(),
            self.sequence.into(),
            self.at.into(),
            self.actor.as_str().into(),
            self.version.into(),
            self.events.as_str().into(),
            self.digests.as_deref().into(),
            self.hash.as_str().into(),
            self.private.as_deref().into(),
        ]
    }

    /// A row of the table's columns.
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            case: row.case(0)?,
            sequence: row.count(1)?,
            at: row.integer(2)?,
            actor: row.text(3)?,
            version: row.count(4)?,
            events: row.text(5)?,
            digests: row.maybe_text(6),
            hash: row.text(7)?,
            private: row.maybe_text(8),
        })
    }
}
