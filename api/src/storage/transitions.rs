//! The truth: one row per transition, chained by hash within its case, or a cold row for many.

use std::collections::BTreeMap;

use duban_engine::ids::{CaseId, Name};
use jiff::Timestamp;

use super::archive;
use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Transaction};

pub use super::stored::Stored;

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

/// A cold row comes before those that followed it.
const HISTORIES: &str = "SELECT case_id, sequence, at, actor, version, events, digests, hash, private, NULL AS block
    FROM transitions WHERE case_id IN (SELECT value FROM each($1))
    UNION ALL SELECT case_id, sequence, 0, '', 0, '', NULL, hash, private, block
    FROM archive WHERE case_id IN (SELECT value FROM each($1)) ORDER BY case_id, sequence";
const CASES_AFTER: &str = "SELECT case_id FROM (
    SELECT DISTINCT case_id FROM transitions WHERE case_id > $1 ORDER BY case_id LIMIT $2) AS hot
    UNION SELECT case_id FROM (SELECT case_id FROM archive WHERE case_id > $1 ORDER BY case_id LIMIT $2) AS cold
    ORDER BY case_id LIMIT $2";

const ACTOR: &str = "SELECT actor FROM transitions WHERE case_id = $1 AND sequence = $2";

/// Where `HISTORIES` has the block of a cold row.
const BLOCK: usize = 9;

/// Closed cases that still have private values.
const WITH_PRIVATE_AFTER: &str = "SELECT case_id FROM cases WHERE closed_at < $1 AND (process = $2 OR $2 = '')
    AND case_id > $3 AND (EXISTS (SELECT 1 FROM transitions
    WHERE transitions.case_id = cases.case_id AND private IS NOT NULL)
    OR EXISTS (SELECT 1 FROM archive WHERE archive.case_id = cases.case_id AND private IS NOT NULL)) ORDER BY case_id LIMIT $4";
const REMOVE_PRIVATE: &str = "UPDATE transitions SET private = NULL
    WHERE case_id IN (SELECT value FROM each($1)) AND private IS NOT NULL";

pub(super) const STATEMENTS: &[&str] = &[HISTORIES, CASES_AFTER, ACTOR, WITH_PRIVATE_AFTER, REMOVE_PRIVATE];

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
        let history = found.entry(row.case(0)?).or_default();
        match row.is_null(BLOCK) {
            true => history.push(Stored::read(&row)?),
            false => history.extend(archive::read(row.case(0)?, &row, [1, 7, BLOCK, 8])?),
        }
    }
    Ok(found)
}

/// Who made a transition, as JSON.
pub async fn actor(database: &Database, case: CaseId, sequence: u32) -> Result<Option<String>> {
    let rows = database.fetch(ACTOR, &[case.into(), sequence.into()]).await?;
    if let Some(row) = rows.first() {
        return row.text(0).map(Some);
    }
    let history = histories(database, [case]).await?.remove(&case).unwrap_or_default();
    Ok(history.into_iter().find(|stored| stored.sequence == sequence).map(|stored| stored.actor))
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
    transaction.execute(REMOVE_PRIVATE, &[Cell::Texts(ids)]).await?;
    archive::remove_private(transaction, cases).await
}
