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
    tails: &[],
};

/// The table of who may take a task that nobody holds: a duty in a unit, or a person; what does not apply is empty. Each
/// row has all by which lists choose and order it, so that a list reads no more rows than it shows.
pub const CANDIDATES: Table = Table {
    name: "task_candidates",
    columns: &[
        text("case_id"),
        integer("visit"),
        text("unit"),
        text("duty"),
        text("person"),
        integer("due_at"),
        text("process"),
        text("step"),
        text("light"),
    ],
    key: 5,
    tails: &[],
};

/// Where a task that is never due stands: behind all others.
const NEVER: i64 = i64::MAX;

/// The lights of tasks that press.
const PRESSING_LIGHTS: [&str; 2] = ["yellow", "red"];

const OF_CASE: &str = "SELECT case_id, visit, step, title, entered_at, holder, asked_by, due_at, provisional, light
    FROM tasks WHERE case_id = $1 ORDER BY visit";

/// The tasks in a queue: what is left out (`$1` to `$3`, empty for all), where it goes on (`$4` to `$6`), how many (`$7`).
/// The first of them are found by an index in their order, and only these are looked at more closely.
macro_rules! listing {
    ($queue:literal, $due:literal, $process:literal, $step:literal, $light:literal) => {
        concat!(
            "SELECT tasks.case_id, tasks.visit, tasks.step, tasks.title, tasks.entered_at, tasks.holder,
            tasks.asked_by, tasks.due_at, tasks.provisional, tasks.light, cases.process, cases.number, cases.title,
            COALESCE(tasks.due_at, 9223372036854775807) FROM (SELECT queue.case_id, queue.visit FROM ",
            $queue,
            " AND ($1 = '' OR ",
            $process,
            " = $1) AND ($2 = '' OR ",
            $step,
            " IN ($2, $2 || '/item'))
            AND ",
            $light,
            " AND (",
            $due,
            ", queue.case_id, queue.visit) > ($4, $5, $6)
            ORDER BY ",
            $due,
            ", queue.case_id, queue.visit LIMIT $7) AS first
            JOIN tasks ON tasks.case_id = first.case_id AND tasks.visit = first.visit
            JOIN cases ON cases.case_id = first.case_id"
        )
    };
}

const HELD: &str = listing!(
    "tasks AS queue JOIN cases AS held ON held.case_id = queue.case_id WHERE queue.holder = $8",
    "COALESCE(queue.due_at, 9223372036854775807)",
    "held.process",
    "queue.step",
    "($3 = '' OR queue.light = $3)"
);
const OPEN: &str = listing!(
    "task_candidates AS queue WHERE queue.unit = $8 AND queue.duty = $9 AND queue.person = $10",
    "queue.due_at",
    "queue.process",
    "queue.step",
    "($3 = '' OR queue.light = $3)"
);
// Those that press are few in a good office, and have an index of their own, which both databases take only for what is in it.
const PRESSING: &str = listing!(
    "task_candidates AS queue WHERE queue.unit = $8 AND queue.duty = $9 AND queue.person = $10",
    "queue.due_at",
    "queue.process",
    "queue.step",
    "queue.light <> 'green' AND queue.light <> '' AND queue.light = $3"
);

const WORKLOAD: &str = "SELECT holder, COUNT(*) FROM tasks WHERE holder IS NOT NULL GROUP BY holder";
const HELD_BY: &str = "SELECT case_id, visit FROM tasks WHERE holder = $1 ORDER BY case_id, visit LIMIT $2";
const ASKED: &str = "SELECT DISTINCT unit, duty, person FROM task_candidates";

/// Cases with a task in a pool, given whom it is open to, after one of them.
macro_rules! pooled {
    ($whom:literal) => {
        concat!(
            "SELECT DISTINCT case_id FROM task_candidates WHERE ",
            $whom,
            " AND case_id > $1 ORDER BY case_id LIMIT $2"
        )
    };
}

const POOLED_TO_PERSON: &str = pooled!("unit = '' AND duty = '' AND person = $3");
const POOLED_TO_DUTY: &str = pooled!("unit = $3 AND duty = $4 AND person = ''");

pub(super) const STATEMENTS: &[&str] =
    &[OF_CASE, HELD, OPEN, PRESSING, WORKLOAD, HELD_BY, ASKED, POOLED_TO_PERSON, POOLED_TO_DUTY];

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

    /// The rows of [`CANDIDATES`] for a task of a case of this process: none when somebody holds it. Each candidate is a
    /// unit, a duty and a person.
    pub fn candidates<'a>(
        &'a self,
        process: &'a Name,
        offered: impl Iterator<Item = [&'a str; 3]> + 'a,
    ) -> impl Iterator<Item = Vec<Cell>> + 'a {
        let due = self.due_at.map_or(NEVER, super::micros);
        offered.filter(|_| self.holder.is_none()).map(move |[unit, duty, person]| {
            vec![
                self.case.into(),
                self.visit.0.into(),
                unit.into(),
                duty.into(),
                person.into(),
                due.into(),
                process.into(),
                (&self.step).into(),
                self.light.as_deref().unwrap_or_default().into(),
            ]
        })
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
    let open = if PRESSING_LIGHTS.contains(&filter.light) { PRESSING } else { OPEN };
    let statement = match queue {
        Queue::Held(person) => {
            parameters.push(person.into());
            HELD
        }
        Queue::Person(person) => {
            parameters.extend(["".into(), "".into(), person.into()]);
            open
        }
        Queue::Duty(unit, duty) => {
            parameters.extend([unit.into(), duty.into(), "".into()]);
            open
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
    let mut listed = listed.collect::<Result<Vec<Listed>>>()?;
    listed.sort_by_key(|listed| (listed.order, listed.task.case, listed.task.visit));
    Ok(listed)
}
