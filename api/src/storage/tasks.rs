//! Who is waited for: the open tasks and who may do them, made from the cases.

use duban_engine::ids::{CaseId, Name, VisitId};
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row};

/// The table of tasks.
pub const TABLE: Table = Table {
    name: "tasks",
    columns: &[
        text("case_id"),
        integer("visit"),
        text("step"),
        text("title"),
        integer("entered_at"),
        text("holder"),
        text("asked_by"),
        integer("due_at"),
        integer("provisional"),
        text("light"),
    ],
    key: 2,
};

/// The table of who may do a task: a duty in a unit, or a person; what does not apply is empty.
pub const CANDIDATES: Table = Table {
    name: "task_candidates",
    columns: &[text("case_id"), integer("visit"), text("unit"), text("duty"), text("person")],
    key: 5,
};

const OF_CASE: &str = "SELECT case_id, visit, step, title, entered_at, holder, asked_by, due_at, provisional, light
    FROM tasks WHERE case_id = $1 ORDER BY visit";

pub(super) const STATEMENTS: &[&str] = &[OF_CASE];

/// A task.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The case that waits.
    pub case: CaseId,
    /// The visit that waits.
    pub visit: VisitId,
    /// The step.
    pub step: Name,
    /// What people call the step.
    pub title: String,
    /// Since when it waits.
    pub entered_at: Timestamp,
    /// Who holds it.
    pub holder: Option<Name>,
    /// Who asked the holder and gets the answer back.
    pub asked_by: Option<Name>,
    /// When it is due, by the nearest deadline around it.
    pub due_at: Option<Timestamp>,
    /// The due time rests on a calendar year that is not published yet.
    pub provisional: bool,
    /// The light of that deadline: `green`, `yellow`, `red`.
    pub light: Option<String>,
}

impl Task {
    /// The row's cells, in the order of the table's columns.
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            self.case.into(),
            self.visit.0.into(),
            (&self.step).into(),
            self.title.as_str().into(),
            self.entered_at.into(),
            self.holder.as_ref().into(),
            self.asked_by.as_ref().into(),
            self.due_at.into(),
            self.provisional.into(),
            self.light.as_deref().into(),
        ]
    }

    /// A row of the columns of the table.
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            case: row.case(0)?,
            visit: VisitId(row.count(1)?),
            step: row.name(2)?,
            title: row.text(3)?,
            entered_at: row.at(4)?,
            holder: row.maybe_name(5),
            asked_by: row.maybe_name(6),
            due_at: row.maybe_at(7)?,
            provisional: row.integer(8)? == 1,
            light: row.maybe_text(9),
        })
    }
}

/// The tasks of a case, in the order of entry.
pub async fn of_case(database: &Database, case: CaseId) -> Result<Vec<Task>> {
    let rows = database.fetch(OF_CASE, &[case.into()]).await?;
    rows.iter().map(Task::read).collect()
}
