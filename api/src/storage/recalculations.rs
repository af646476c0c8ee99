//! Changes of calendars that the open cases still have to follow, each with how far that has come.

use duban_engine::ids::CaseId;
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row, Transaction, Writes};

/// The table.
pub const TABLE: Table = Table {
    name: "recalculations",
    columns: &[text("id"), integer("created_at"), integer("due_at"), text("reached")],
    key: 1,
    tails: &[],
};

const CLAIM: &str = "UPDATE recalculations SET due_at = $2 WHERE id IN (
    SELECT id FROM recalculations WHERE due_at <= $1 ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, created_at, due_at, reached";
const NEXT_DUE: &str = "SELECT MIN(due_at) FROM recalculations";
const FREE: &str = "UPDATE recalculations SET due_at = $1 WHERE due_at > $1";
const REACH: &str = "UPDATE recalculations SET reached = $2, due_at = $3 WHERE id = $1";
const RELEASE: &str = "UPDATE recalculations SET due_at = $2 WHERE id = $1 AND due_at = $3";
const CLEAR: &str = "DELETE FROM recalculations";

pub(super) const STATEMENTS: &[&str] = &[CLAIM, NEXT_DUE, FREE, REACH, RELEASE, CLEAR];

/// A change that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalculation {
    /// Which change.
    pub id: String,
    /// When it came.
    pub created_at: Timestamp,
    /// When somebody may go on: later than now while somebody does.
    pub due_at: Timestamp,
    /// The last case that has followed.
    pub reached: Option<CaseId>,
}

impl Recalculation {
    /// The row's cells, in the order of the table's columns.
    pub fn cells(&self) -> Vec<Cell> {
        let reached = reached(self.reached);
        vec![self.id.as_str().into(), self.created_at.into(), self.due_at.into(), reached]
    }

    fn read(row: &Row) -> Result<Self> {
        let reached = if row.text(3)?.is_empty() { None } else { Some(row.case(3)?) };
        Ok(Self { id: row.text(0)?, created_at: row.at(1)?, due_at: row.at(2)?, reached })
    }
}

fn reached(case: Option<CaseId>) -> Cell {
    case.map_or_else(String::new, |case| case.to_string()).into()
}

/// Begins with a change. Those before it are forgotten: whoever follows the newest has followed them all.
pub async fn begin(transaction: &mut Transaction, recalculation: &Recalculation) -> Result<()> {
    transaction.execute(CLEAR, &[]).await?;
    transaction.insert(&TABLE, &[recalculation.cells()]).await
}

/// Takes the change that is due, and holds it until `until`.
pub async fn claim(transaction: &mut Transaction, now: Timestamp, until: Timestamp) -> Result<Option<Recalculation>> {
    let rows = transaction.fetch(CLAIM, &[now.into(), until.into()]).await?;
    rows.first().map(Recalculation::read).transpose()
}

/// When somebody may go on with a change.
pub async fn next_due(database: &Database) -> Result<Option<Timestamp>> {
    let rows = database.fetch(NEXT_DUE, &[]).await?;
    rows.first().map_or(Ok(None), |row| row.maybe_at(0))
}

/// Takes the change from whoever holds it.
pub async fn free(transaction: &mut Transaction, now: Timestamp) -> Result<()> {
    transaction.execute(FREE, &[now.into()]).await?;
    Ok(())
}

/// Notes how far a change has come, and lets whoever is free go on from `due_at`.
pub async fn reach(transaction: &mut Transaction, id: &str, case: CaseId, due_at: Timestamp) -> Result<()> {
    transaction.execute(REACH, &[id.into(), reached(Some(case)), due_at.into()]).await?;
    Ok(())
}

/// Ends a change that every case has followed.
pub async fn end(transaction: &mut Transaction, id: &str) -> Result<()> {
    transaction.delete(&TABLE, &[vec![id.into()]]).await
}

/// Lets others go on with a change at once.
pub async fn release(database: &Database, change: &Recalculation, now: Timestamp) -> Result<()> {
    let mut writes = Writes::default();
    writes.run(RELEASE, vec![change.id.as_str().into(), now.into(), change.due_at.into()]);
    database.write(&writes).await
}
