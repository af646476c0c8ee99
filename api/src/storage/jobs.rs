//! Jobs for programs: fetched by topic, held by a worker until its lease ends.

use duban_engine::ids::{CaseId, Name, VisitId};
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row, Transaction, Writes};

/// The table. `free_at` is when a worker may take the job: later than now while one holds it.
pub const TABLE: Table = Table {
    name: "jobs",
    columns: &[
        text("id"),
        text("case_id"),
        integer("visit"),
        text("topic"),
        text("job"),
        integer("queued_at"),
        integer("free_at"),
        text("worker"),
    ],
    key: 1,
    tails: &[],
};

const FREE: &str = "SELECT id, case_id, visit, topic, job, queued_at, free_at, worker FROM jobs
    WHERE topic = $1 AND free_at <= $2 ORDER BY free_at, id LIMIT $3 FOR UPDATE SKIP LOCKED";
const HOLD: &str = "UPDATE jobs SET worker = $2, free_at = $3 WHERE id = $1";
const EXTEND: &str = "UPDATE jobs SET free_at = $3 WHERE id = $1 AND worker = $2 AND free_at > $4";
const FIND: &str = "SELECT id, case_id, visit, topic, job, queued_at, free_at, worker FROM jobs WHERE id = $1";
const DROP: &str = "DELETE FROM jobs WHERE case_id || '-' || visit IN (SELECT value FROM each($1))
    AND case_id IN (SELECT value FROM each($2))";

const HOLD_BACK: &str = "UPDATE jobs SET free_at = $1";
const HELD_BACK: &str = "SELECT id, case_id, visit, topic, job, queued_at, free_at, worker FROM jobs
    WHERE free_at >= $1 ORDER BY id LIMIT $2";
const HELD_BACK_OF: &str = "SELECT id, case_id, visit, topic, job, queued_at, free_at, worker FROM jobs
    WHERE free_at >= $1 AND case_id IN (SELECT value FROM each($2)) ORDER BY id LIMIT $3";
const GIVE_OUT: &str = "UPDATE jobs SET free_at = $2 WHERE id = $1 AND free_at >= $3";

pub(super) const STATEMENTS: &[&str] = &[FREE, HOLD, EXTEND, FIND, DROP, HOLD_BACK, HELD_BACK, HELD_BACK_OF, GIVE_OUT];

/// When a job is free that is held back until an administrator gives it out: at the end of time. Who held it before may finish it.
const NEVER: Timestamp = Timestamp::constant(253_402_207_200, 0);

/// A job that waits for a worker or is held by one.
#[derive(Clone, Debug, PartialEq)]
pub struct Queued {
    /// The key of the effect that queued it.
    pub id: String,
    /// The case that waits.
    pub case: CaseId,
    /// The visit that waits.
    pub visit: VisitId,
    /// What workers fetch by.
    pub topic: Name,
    /// The job as JSON.
    pub job: String,
    /// Since when it waits.
    pub queued_at: Timestamp,
    /// When a worker may take it.
    pub free_at: Timestamp,
    /// Who holds it, or held it last.
    pub worker: Option<Name>,
}

impl Queued {
    /// The row's cells, in the order of the table's columns.
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            self.id.as_str().into(),
            self.case.into(),
            self.visit.0.into(),
            (&self.topic).into(),
            self.job.as_str().into(),
            self.queued_at.into(),
            self.free_at.into(),
            self.worker.as_ref().into(),
        ]
    }

    /// A row of the columns of the table.
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text(0)?,
            case: row.case(1)?,
            visit: VisitId(row.count(2)?),
            topic: row.name(3)?,
            job: row.text(4)?,
            queued_at: row.at(5)?,
            free_at: row.at(6)?,
            worker: row.maybe_name(7),
        })
    }
}

/// Up to `limit` jobs of a topic that no worker holds; they stay locked until the transaction ends.
pub async fn free(transaction: &mut Transaction, topic: &Name, now: Timestamp, limit: i64) -> Result<Vec<Queued>> {
    let rows = transaction.fetch(FREE, &[topic.into(), now.into(), limit.into()]).await?;
    rows.iter().map(Queued::read).collect()
}

/// Gives a job to a worker until an instant.
pub async fn hold(transaction: &mut Transaction, id: &str, worker: &Name, until: Timestamp) -> Result<()> {
    transaction.execute(HOLD, &[id.into(), worker.into(), until.into()]).await?;
    Ok(())
}

/// Lets a worker keep a job that it holds still; answers whether it does.
pub async fn extend(
    transaction: &mut Transaction,
    id: &str,
    worker: &Name,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let parameters = [id.into(), worker.into(), until.into(), now.into()];
    Ok(transaction.execute(EXTEND, &parameters).await? == 1)
}

/// One job.
pub async fn find(database: &Database, id: &str) -> Result<Option<Queued>> {
    let rows = database.fetch(FIND, &[id.into()]).await?;
    rows.first().map(Queued::read).transpose()
}

/// Holds every job back; answers how many there are.
pub async fn hold_back(transaction: &mut Transaction) -> Result<u64> {
    transaction.execute(HOLD_BACK, &[NEVER.into()]).await
}

/// Whether a job is held back.
pub fn is_held_back(job: &Queued) -> bool {
    job.free_at >= NEVER
}

/// Up to `limit` jobs that are held back.
pub async fn held_back(database: &Database, limit: i64) -> Result<Vec<Queued>> {
    let rows = database.fetch(HELD_BACK, &[NEVER.into(), limit.into()]).await?;
    rows.iter().map(Queued::read).collect()
}

/// Up to `limit` jobs of some cases that are held back.
pub async fn held_back_of(database: &Database, cases: &[CaseId], limit: i64) -> Result<Vec<Queued>> {
    let cases = cases.iter().map(CaseId::to_string).collect();
    let rows = database.fetch(HELD_BACK_OF, &[NEVER.into(), Cell::Texts(cases), limit.into()]).await?;
    rows.iter().map(Queued::read).collect()
}

/// Gives out a job that is held back; answers whether there was one.
pub async fn give_out(transaction: &mut Transaction, id: &str, at: Timestamp) -> Result<bool> {
    Ok(transaction.execute(GIVE_OUT, &[id.into(), at.into(), NEVER.into()]).await? == 1)
}

/// Takes the jobs of these visits back: they are done, or nobody waits for them any more.
pub fn drop_visits(writes: &mut Writes<'_>, visits: &[(CaseId, VisitId)]) {
    if visits.is_empty() {
        return;
    }
    let visits_of = visits.iter().map(|(case, visit)| format!("{case}-{visit}")).collect();
    let cases = visits.iter().map(|(case, _)| case.to_string()).collect();
    writes.run(DROP, vec![Cell::Texts(visits_of), Cell::Texts(cases)]);
}
