//! The deadlines that run, made from the cases.

use duban_engine::ids::{CaseId, Name, VisitId};
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row};

/// The table.
pub const TABLE: Table = Table {
    name: "deadlines",
    columns: &[
        text("case_id"),
        integer("visit"),
        text("step"),
        integer("due_at"),
        integer("provisional"),
        text("light"),
        text("rule"),
        integer("paused_at"),
        integer("next_rung_at"),
    ],
    key: 2,
    tails: &[],
};

const OF_CASE: &str = "SELECT case_id, visit, step, due_at, provisional, light, rule, paused_at, next_rung_at
    FROM deadlines WHERE case_id = $1 ORDER BY visit";
const CASES_AFTER: &str = "SELECT DISTINCT case_id FROM deadlines WHERE case_id > $1 ORDER BY case_id LIMIT $2";

pub(super) const STATEMENTS: &[&str] = &[OF_CASE, CASES_AFTER];

/// A deadline that runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Deadline {
    /// The case.
    pub case: CaseId,
    /// The visit it belongs to.
    pub visit: VisitId,
    /// The step.
    pub step: Name,
    /// When it ends.
    pub due_at: Timestamp,
    /// It rests on a calendar year that is not published yet.
    pub provisional: bool,
    /// `green`, `yellow` or `red`.
    pub light: String,
    /// The rule in the administrator's words.
    pub rule: String,
    /// Since when its clock stands still.
    pub paused_at: Option<Timestamp>,
    /// When the next rung of its ladder comes.
    pub next_rung_at: Option<Timestamp>,
}

impl Deadline {
    /// The row's cells, in the order of the table's columns.
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            self.case.into(),
            self.visit.0.into(),
            (&self.step).into(),
            self.due_at.into(),
            self.provisional.into(),
            self.light.as_str().into(),
            self.rule.as_str().into(),
            self.paused_at.into(),
            self.next_rung_at.into(),
        ]
    }

    /// A row of the columns of the table.
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            case: row.case(0)?,
            visit: VisitId(row.count(1)?),
            step: row.name(2)?,
            due_at: row.at(3)?,
            provisional: row.integer(4)? == 1,
            light: row.text(5)?,
            rule: row.text(6)?,
            paused_at: row.maybe_at(7)?,
            next_rung_at: row.maybe_at(8)?,
        })
    }
}

/// The deadlines of a case, in the order of entry.
pub async fn of_case(database: &Database, case: CaseId) -> Result<Vec<Deadline>> {
    let rows = database.fetch(OF_CASE, &[case.into()]).await?;
    rows.iter().map(Deadline::read).collect()
}

/// Up to `limit` cases with a deadline, in the order of their ids, after one of them (or from the first).
pub async fn cases_after(database: &Database, after: Option<CaseId>, limit: i64) -> Result<Vec<CaseId>> {
    let after = after.map_or_else(String::new, |case| case.to_string());
    let rows = database.fetch(CASES_AFTER, &[after.into(), limit.into()]).await?;
    rows.iter().map(|row| row.case(0)).collect()
}
