//! Who is waited for: the open tasks and who may do them, made from the cases.

use duban_engine::event::Candidate;
use duban_engine::ids::{CaseId, Name, VisitId};
use duban_engine::moment::Workload;
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

/// What is left out of a list (`$1` to `$3`, empty for all), where it goes on (`$4` to `$6`), and how many there are.
macro_rules! listing {
    ($from:literal) => {
        concat!(
            "SELECT tasks.case_id, tasks.visit, tasks.step, tasks.title, tasks.entered_at, tasks.holder,
            tasks.asked_by, tasks.due_at, tasks.provisional, tasks.light, cases.process, cases.number, cases.title,
            COALESCE(tasks.due_at, 9223372036854775807) FROM ",
            $from,
            " AND ($1 = '' OR cases.process = $1) AND ($2 = '' OR tasks.step IN ($2, $2 || '/item'))
            AND ($3 = '' OR tasks.light = $3)
            AND (COALESCE(tasks.due_at, 9223372036854775807), tasks.case_id, tasks.visit) > ($4, $5, $6)
            ORDER BY COALESCE(tasks.due_at, 9223372036854775807), tasks.case_id, tasks.visit LIMIT $7"
        )
    };
}

const HELD: &str = listing!("tasks JOIN cases ON cases.case_id = tasks.case_id WHERE tasks.holder = $8");
const OF_PERSON: &str = listing!(
    "task_candidates JOIN tasks ON tasks.case_id = task_candidates.case_id AND tasks.visit = task_candidates.visit
    JOIN cases ON cases.case_id = tasks.case_id WHERE task_candidates.person = $8 AND tasks.holder IS NULL"
);
const OF_DUTY: &str = listing!(
    "task_candidates JOIN tasks ON tasks.case_id = task_candidates.case_id AND tasks.visit = task_candidates.visit
    JOIN cases ON cases.case_id = tasks.case_id
    WHERE task_candidates.unit = $8 AND task_candidates.duty = $9 AND tasks.holder IS NULL"
);

const WORKLOAD: &str = "SELECT holder, COUNT(*) FROM tasks WHERE holder IS NOT NULL GROUP BY holder";
const HELD_BY: &str = "SELECT case_id, visit FROM tasks WHERE holder = $1 ORDER BY case_id, visit LIMIT $2";
const ASKED: &str = "SELECT DISTINCT unit, duty, person FROM task_candidates";

/// Cases with a task in a pool, given whom it is open to, after one of them.
macro_rules! pooled {
    ($whom:literal) => {
        concat!(
            "SELECT DISTINCT tasks.case_id FROM task_candidates
            JOIN tasks ON tasks.case_id = task_candidates.case_id AND tasks.visit = task_candidates.visit
            WHERE ",
            $whom,
            " AND tasks.holder IS NULL AND tasks.case_id > $1 ORDER BY tasks.case_id LIMIT $2"
        )
    };
}

const POOLED_TO_PERSON: &str = pooled!("task_candidates.person = $3 AND task_candidates.person <> ''");
const POOLED_TO_DUTY: &str = pooled!("task_candidates.unit = $3 AND task_candidates.duty = $4");

pub(super) const STATEMENTS: &[&str] =
    &[OF_CASE, HELD, OF_PERSON, OF_DUTY, WORKLOAD, HELD_BY, ASKED, POOLED_TO_PERSON, POOLED_TO_DUTY];

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

/// How many tasks each person holds who holds any.
pub async fn workload(database: &Database) -> Result<Workload> {
    let rows = database.fetch(WORKLOAD, &[]).await?;
    rows.iter().map(|row| Ok((row.name(0)?, row.count(1)?))).collect()
}

/// Some of the tasks that a person holds.
pub async fn held_by(database: &Database, person: &Name, limit: i64) -> Result<Vec<(CaseId, VisitId)>> {
    let rows = database.fetch(HELD_BY, &[person.into(), limit.into()]).await?;
    rows.iter().map(|row| Ok((row.case(0)?, VisitId(row.count(1)?)))).collect()
}

/// Everyone whom an open task asks for.
pub async fn candidates(database: &Database) -> Result<Vec<Candidate>> {
    let rows = database.fetch(ASKED, &[]).await?;
    let candidates = rows.iter().map(|row| {
        let (unit, duty, person) = (row.name(0)?, row.name(1)?, row.name(2)?);
        Ok(if person.is_empty() { Candidate::Duty { unit, duty } } else { Candidate::Person { person } })
    });
    candidates.collect()
}

/// Some of the cases with a task that is open to a candidate and that nobody holds, after one of them.
pub async fn pooled(
    database: &Database,
    candidate: &Candidate,
    after: Option<CaseId>,
    limit: i64,
) -> Result<Vec<CaseId>> {
    let after = after.map_or_else(String::new, |case| case.to_string());
    let mut parameters: Vec<Cell> = vec![after.into(), limit.into()];
    let statement = match candidate {
        Candidate::Person { person } => {
            parameters.push(person.into());
            POOLED_TO_PERSON
        }
        Candidate::Duty { unit, duty } => {
            parameters.extend([Cell::from(unit), Cell::from(duty)]);
            POOLED_TO_DUTY
        }
    };
    database.fetch(statement, &parameters).await?.iter().map(|row| row.case(0)).collect()
}

/// Where a task waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Queue {
    /// In somebody's hands.
    Held(Name),
    /// In the pool, open to a person by name.
    Person(Name),
    /// In the pool, open to everyone with a duty in a unit.
    Duty(Name, Name),
}

/// Which tasks are listed; what is empty leaves nothing out.
#[derive(Clone, Debug)]
pub struct Filter<'a> {
    /// Of this process.
    pub process: &'a str,
    /// In this step.
    pub step: &'a str,
    /// With this light.
    pub light: &'a str,
    /// After this one: its order, case and visit.
    pub after: Option<(i64, CaseId, u32)>,
    /// How many at most.
    pub limit: i64,
}

/// A task with what a list shows of its case.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The task.
    pub task: Task,
    /// The case's process.
    pub process: Name,
    /// The case's number.
    pub number: Option<Name>,
    /// What people call the case.
    pub case_title: String,
    /// Where it stands in the list, before case and visit.
    pub order: i64,
}

/// The tasks in a queue, the most pressing first.
pub async fn of_queue(database: &Database, queue: &Queue, filter: &Filter<'_>) -> Result<Vec<Listed>> {
    let (order, case, visit) = match filter.after {
        Some((order, case, visit)) => (order, case.to_string(), i64::from(visit)),
        None => (i64::MIN, String::new(), 0),
    };
    let mut parameters: Vec<Cell> = vec![
        filter.process.into(),
        filter.step.into(),
        filter.light.into(),
        order.into(),
        case.into(),
        visit.into(),
        filter.limit.into(),
    ];
    let statement = match queue {
        Queue::Held(person) => {
            parameters.push(person.into());
            HELD
        }
        Queue::Person(person) => {
            parameters.push(person.into());
            OF_PERSON
        }
        Queue::Duty(unit, duty) => {
            parameters.extend([Cell::from(unit), Cell::from(duty)]);
            OF_DUTY
        }
    };
    let rows = database.fetch(statement, &parameters).await?;
    let listed = rows.iter().map(|row| {
        Ok(Listed {
            task: Task::read(row)?,
            process: row.name(10)?,
            number: row.maybe_name(11),
            case_title: row.text(12)?,
            order: row.integer(13)?,
        })
    });
    listed.collect()
}
