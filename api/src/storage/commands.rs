//! The keys of the commands that were done, so that the same key again gets the same answer.

use std::collections::BTreeMap;

use duban_engine::ids::{CaseId, Name};
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Transaction, digest};

/// The table.
pub const TABLE: Table = Table {
    name: "commands",
    columns: &[
        text("key"),
        text("case_id"),
        integer("sequence"),
        text("number"),
        integer("at"),
        text("fingerprint"),
        text("digest"),
    ],
    key: 1,
    tails: &[],
};

const FIND: &str = "SELECT key, case_id, sequence, number, at, fingerprint FROM commands
    WHERE key IN (SELECT value FROM each($1))";
const PRUNE: &str = "DELETE FROM commands WHERE key IN (
    SELECT key FROM commands WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)";

pub(super) const STATEMENTS: &[&str] = &[FIND, PRUNE];

/// The answer to a command that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The case.
    pub case: CaseId,
    /// The transition that the command made, or the last one before it when it changed nothing.
    pub sequence: u32,
    /// The case's number.
    pub number: Option<Name>,
    /// When it was done.
    pub at: Timestamp,
    /// What was asked, as whoever sent it tells one request from another.
    pub fingerprint: Option<String>,
}

impl Done {
    /// The row's cells, in the order of the table's columns.
    pub fn cells(&self, key: &str) -> Vec<Cell> {
        let number = self.number.as_ref().into();
        let fingerprint = self.fingerprint.as_deref().into();
        let mut cells = vec![key.into(), self.case.into(), self.sequence.into(), number, self.at.into(), fingerprint];
        cells.push(digest(&cells).into());
        cells
    }
}

/// What was answered to the commands with these keys. It can be answered again: no failure of a server loses it any more.
pub async fn find(database: &Database, keys: Vec<String>) -> Result<BTreeMap<String, Done>> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = database.fetch(FIND, &[Cell::Texts(keys)]).await?;
    if !rows.is_empty() {
        database.confirm().await?;
    }
    let found = rows.iter().map(|row| {
        let number = row.maybe_name(3);
        let (case, sequence, at, fingerprint) = (row.case(1)?, row.count(2)?, row.at(4)?, row.maybe_text(5));
        Ok((row.text(0)?, Done { case, sequence, number, at, fingerprint }))
    });
    found.collect()
}

/// Removes up to `limit` answers to commands that were done before an instant, the oldest first; answers how many
/// there were.
pub async fn prune(transaction: &mut Transaction, before: Timestamp, limit: i64) -> Result<u64> {
    transaction.execute(PRUNE, &[before.into(), limit.into()]).await
}
