//! The assessment ledger: one row per mark that a case has.

use duban_engine::ids::{CaseId, Name};
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row};

/// The table.
pub const TABLE: Table = Table {
    name: "marks",
    columns: &[
        text("case_id"),
        integer("sequence"),
        integer("position"),
        text("kind"),
        text("unit"),
        text("person"),
        integer("at"),
    ],
    key: 3,
    tails: &[],
};

const BETWEEN: &str = "SELECT case_id, sequence, position, kind, unit, person, at FROM marks
    WHERE at >= $1 AND at < $2 ORDER BY at, case_id, sequence, position LIMIT $3";

pub(super) const STATEMENTS: &[&str] = &[BETWEEN];

/// One entry of the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The case it was made in.
    pub case: CaseId,
    /// The transition it was made by.
    pub sequence: u32,
    /// Its place among the marks of the case.
    pub position: u32,
    /// Its kind.
    pub kind: Name,
    /// The unit it counts for.
    pub unit: Option<Name>,
    /// The person it counts for.
    pub person: Option<Name>,
    /// The instant it is for.
    pub at: Timestamp,
}

impl Mark {
    /// The row's cells, in the order of the table's columns.
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            self.case.into(),
            self.sequence.into(),
            self.position.into(),
            (&self.kind).into(),
            self.unit.as_ref().into(),
            self.person.as_ref().into(),
            self.at.into(),
        ]
    }

    /// A row of the columns of the table.
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            case: row.case(0)?,
            sequence: row.count(1)?,
            position: row.count(2)?,
            kind: row.name(3)?,
            unit: row.maybe_name(4),
            person: row.maybe_name(5),
            at: row.at(6)?,
        })
    }
}

/// Up to `limit` marks from an instant until before another, in order.
pub async fn between(database: &Database, from: Timestamp, until: Timestamp, limit: i64) -> Result<Vec<Mark>> {
    let rows = database.fetch(BETWEEN, &[from.into(), until.into(), limit.into()]).await?;
    rows.iter().map(Mark::read).collect()
}
