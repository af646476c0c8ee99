//! Locks across cases: who holds each, and who waits for it.

use std::collections::BTreeMap;

use duban_engine::ids::{CaseId, VisitId};
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Transaction};

/// The table. Of the rows with one `name` at most one is `held`: the database sees to it. `rest_until` belongs to the nodes:
/// until then others go before one that could not take it.
pub const TABLE: Table = Table {
    name: "locks",
    columns: &[
        text("case_id"),
        integer("visit"),
        text("name"),
        integer("held"),
        integer("since"),
        integer("rest_until"),
    ],
    key: 2,
    tails: &[],
};

const NAMES: &str = "WITH RECURSIVE names(name) AS (SELECT min(name) FROM locks
    UNION ALL SELECT (SELECT min(name) FROM locks WHERE locks.name > names.name) FROM names WHERE names.name IS NOT NULL)
    SELECT name FROM names WHERE name IS NOT NULL";
const FIRST: &str = "SELECT case_id, visit, held, rest_until FROM locks WHERE name = $1
    ORDER BY held DESC, CASE WHEN rest_until > $2 THEN rest_until ELSE 0 END, since, case_id, visit LIMIT 1";
const HOLDERS: &str = "SELECT name, case_id, visit FROM locks WHERE held = 1 AND name IN (SELECT value FROM each($1))";
const REST: &str = "UPDATE locks SET rest_until = $3 WHERE case_id = $1 AND visit = $2";

pub(super) const STATEMENTS: &[&str] = &[NAMES, FIRST, HOLDERS, REST];

/// A visit that holds a lock or waits for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Lock {
    /// The case.
    pub case: CaseId,
    /// The visit.
    pub visit: VisitId,
    /// The process and the lock.
    pub name: String,
    /// Whether it holds it.
    pub is_held: bool,
    /// Since when it is there.
    pub since: Timestamp,
}

impl Lock {
    /// The row's cells, in the order of the table's columns.
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            self.case.into(),
            self.visit.0.into(),
            self.name.as_str().into(),
            self.is_held.into(),
            self.since.into(),
            Cell::Integer(0),
        ]
    }
}

/// Who comes next for a lock that nobody holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Next {
    /// The case.
    pub case: CaseId,
    /// The visit.
    pub visit: VisitId,
    /// Before then it is left alone.
    pub rest_until: Timestamp,
}

/// For each lock that nobody holds and somebody waits for: who has waited longest.
pub async fn free(database: &Database, now: Timestamp) -> Result<Vec<Next>> {
    let mut free = Vec::new();
    for name in database.fetch(NAMES, &[]).await? {
        let first = database.fetch(FIRST, &[name.text(0)?.into(), now.into()]).await?;
        for row in first {
            if row.integer(2)? == 0 {
                free.push(Next { case: row.case(0)?, visit: VisitId(row.count(1)?), rest_until: row.at(3)? });
            }
        }
    }
    Ok(free)
}

/// Who has each of some locks; one that nobody has is missing.
pub async fn holders(database: &Database, names: Vec<String>) -> Result<BTreeMap<String, (CaseId, VisitId)>> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = database.fetch(HOLDERS, &[Cell::Texts(names)]).await?;
    rows.iter().map(|row| Ok((row.text(0)?, (row.case(1)?, VisitId(row.count(2)?))))).collect()
}

/// Lets others go first until then.
pub async fn rest(transaction: &mut Transaction, next: &Next, until: Timestamp) -> Result<()> {
    transaction.execute(REST, &[next.case.into(), next.visit.0.into(), until.into()]).await.map(drop)
}
