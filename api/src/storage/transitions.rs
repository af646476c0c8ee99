//! The truth: one row per transition, chained by hash within its case.

use std::collections::BTreeMap;

use duban_engine::ids::{CaseId, Name};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::cell::hexadecimal;
use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row, Transaction};

/// The table.
pub const TABLE: Table = Table {
    name: "transitions",
    columns: &[
        text("case_id"),
        integer("sequence"),
        integer("at"),
        text("actor"),
        integer("version"),
        text("events"),
        text("digests"),
        text("hash"),
        text("private"),
    ],
    key: 2,
    tails: &[],
};

const HISTORIES: &str = "SELECT case_id, sequence, at, actor, version, events, digests, hash, private
    FROM transitions WHERE case_id IN (SELECT value FROM each($1)) ORDER BY case_id, sequence";
const CASES_AFTER: &str = "SELECT DISTINCT case_id FROM transitions WHERE case_id > $1 ORDER BY case_id LIMIT $2";

const ACTOR: &str = "SELECT actor FROM transitions WHERE case_id = $1 AND sequence = $2";

/// Closed cases that still have private values.
const WITH_PRIVATE_AFTER: &str = "SELECT case_id FROM cases WHERE closed_at < $1 AND (process = $2 OR $2 = '')
    AND case_id > $3 AND EXISTS (SELECT 1 FROM transitions
    WHERE transitions.case_id = cases.case_id AND private IS NOT NULL) ORDER BY case_id LIMIT $4";
const REMOVE_PRIVATE: &str = "UPDATE transitions SET private = NULL
    WHERE case_id IN (SELECT value FROM each($1)) AND private IS NOT NULL";

pub(super) const STATEMENTS: &[&str] = &[HISTORIES, CASES_AFTER, ACTOR, WITH_PRIVATE_AFTER, REMOVE_PRIVATE];

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

    fn read(row: &Row) -> Result<Self> {
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

/// Everything that happened to some cases, in order. Cases that do not exist are missing.
pub async fn histories(
    database: &Database,
    cases: impl IntoIterator<Item = CaseId>,
) -> Result<BTreeMap<CaseId, Vec<Stored>>> {
    let ids: Vec<String> = cases.into_iter().map(|case| case.to_string()).collect();
    let mut found: BTreeMap<CaseId, Vec<Stored>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    for row in database.fetch(HISTORIES, &[Cell::Texts(ids)]).await? {
        let stored = Stored::read(&row)?;
        found.entry(stored.case).or_default().push(stored);
    }
    Ok(found)
}

/// Who made a transition, as JSON.
pub async fn actor(database: &Database, case: CaseId, sequence: u32) -> Result<Option<String>> {
    let rows = database.fetch(ACTOR, &[case.into(), sequence.into()]).await?;
    rows.first().map(|row| row.text(0)).transpose()
}

/// Up to `limit` cases that have a history, in the order of their ids, after one of them (or from the first).
///
/// The ids are texts, because somebody may have written what is not one.
pub async fn cases_after(database: &Database, after: &str, limit: i64) -> Result<Vec<String>> {
    let rows = database.fetch(CASES_AFTER, &[after.into(), limit.into()]).await?;
    rows.iter().map(|row| row.text(0)).collect()
}

/// Up to `limit` cases that were closed before an instant and still have private values, in the order of their ids, after
/// one of them (or from the first); of one process, or of all.
pub async fn with_private_after(
    database: &Database,
    closed_before: Timestamp,
    process: Option<&Name>,
    after: Option<CaseId>,
    limit: i64,
) -> Result<Vec<CaseId>> {
    let process = process.map_or("", Name::as_str);
    let after = after.map_or_else(String::new, |case| case.to_string());
    let parameters = [closed_before.into(), process.into(), after.into(), limit.into()];
    let rows = database.fetch(WITH_PRIVATE_AFTER, &parameters).await?;
    rows.iter().map(|row| row.case(0)).collect()
}

/// Removes the private values of some cases.
pub async fn remove_private(transaction: &mut Transaction, cases: &[CaseId]) -> Result<()> {
    let ids = cases.iter().map(CaseId::to_string).collect();
    transaction.execute(REMOVE_PRIVATE, &[Cell::Texts(ids)]).await.map(drop)
}
