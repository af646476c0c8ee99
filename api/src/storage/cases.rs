//! The list of cases: where each is now, made from its transitions.

use duban_engine::ids::{CaseId, Name};
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row, Transaction, Writes, micros};

/// The table. `claimed_until` belongs to the nodes: whoever wakes the case, or moves its history into a cold row, holds it until
/// then; the end of all numbers says that this was done. From `title` on no column of an open case stands in an index, and from
/// `wake_at` on it alone.
pub const TABLE: Table = Table {
    name: "cases",
    columns: &[
        text("case_id"),
        text("process"),
        text("version"),
        text("number"),
        integer("opened_at"),
        text("caller"),
        integer("closed_at"),
        integer("wake_at"),
        text("title"),
        text("outcome"),
        text("urgency"),
        integer("sequence"),
        text("hash"),
        integer("updated_at"),
        integer("claimed_until"),
    ],
    key: 1,
    tails: &[8, 7],
};

const FIND: &str = "SELECT case_id, process, version, number, title, opened_at, closed_at, outcome, urgency, caller,
    sequence, hash, wake_at, updated_at FROM cases WHERE case_id = $1";
const BY_NUMBER: &str = "SELECT case_id FROM cases WHERE number = $1 ORDER BY case_id";
const LAST: &str = "SELECT case_id, sequence, hash FROM cases WHERE case_id IN (SELECT value FROM each($1))";

/// A row that cannot be, for each case whose last transition is another than is thought: [`super::is_guard`] knows it.
const UNMOVED: &str = "INSERT INTO serials (series, next) SELECT NULL, 0 FROM each($1)
    LEFT JOIN cases ON cases.case_id = substr(value, 1, 32) WHERE cases.hash IS DISTINCT FROM substr(value, 33)";

const OPEN_AFTER: &str = "SELECT case_id FROM cases WHERE closed_at IS NULL
    AND process IN (SELECT value FROM each($1)) AND version IN (SELECT value FROM each($2))
    AND opened_at <= $3 AND case_id > $4 ORDER BY case_id LIMIT $5";
const NEXT_WAKE: &str = "SELECT wake_at, claimed_until FROM cases
    WHERE wake_at IS NOT NULL AND claimed_until <= $1 ORDER BY wake_at LIMIT 1";
const CLAIM: &str = "UPDATE cases SET claimed_until = $2 WHERE case_id IN (
    SELECT case_id FROM cases WHERE wake_at <= $1 AND claimed_until <= $1
    ORDER BY wake_at LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING case_id, wake_at";
const FREE: &str = "UPDATE cases SET claimed_until = 0 WHERE wake_at <= $1 AND claimed_until > $1";

const RELEASE: &str = "UPDATE cases SET claimed_until = 0
    WHERE case_id IN (SELECT value FROM each($1)) AND claimed_until = $2";

const COUNT: &str = "SELECT COUNT(*) FROM cases";
const HOLD: &str = "UPDATE cases SET claimed_until = $2 WHERE case_id = $1";

pub(super) const STATEMENTS: &[&str] =
    &[FIND, BY_NUMBER, LAST, UNMOVED, OPEN_AFTER, NEXT_WAKE, CLAIM, FREE, RELEASE, COUNT, HOLD];

/// One line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseRow {
    /// Which case.
    pub case: CaseId,
    /// Its process.
    pub process: Name,
    /// The version of the process.
    pub version: Name,
    /// The number people use.
    pub number: Option<Name>,
    /// What people call it.
    pub title: String,
    /// When it began.
    pub opened_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Name>,
    /// How urgent it is, when that was raised.
    pub urgency: Option<Name>,
    /// The case that called it.
    pub caller: Option<CaseId>,
    /// Its last transition.
    pub sequence: u32,
    /// The hash of its last transition.
    pub hash: String,
    /// When something will happen by itself.
    pub wake_at: Option<Timestamp>,
    /// When its last transition was.
    pub updated_at: Timestamp,
}

impl CaseRow {
    /// The row's cells, in the order of the table's columns. Writing a case ends every claim on it.
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            self.case.into(),
            (&self.process).into(),
            (&self.version).into(),
            self.number.as_ref().into(),
            self.opened_at.into(),
            self.caller.into(),
            self.closed_at.into(),
            self.wake_at.into(),
            self.title.as_str().into(),
            self.outcome.as_ref().into(),
            self.urgency.as_ref().into(),
            self.sequence.into(),
            self.hash.as_str().into(),
            self.updated_at.into(),
            Cell::Integer(0),
        ]
    }

    /// A row of the columns of `FIND`.
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            case: row.case(0)?,
            process: row.name(1)?,
            version: row.name(2)?,
            number: row.maybe_name(3),
            title: row.text(4)?,
            opened_at: row.at(5)?,
            closed_at: row.maybe_at(6)?,
            outcome: row.maybe_name(7),
            urgency: row.maybe_name(8),
            caller: row.maybe_text(9).map(|_| row.case(9)).transpose()?,
            sequence: row.count(10)?,
            hash: row.text(11)?,
            wake_at: row.maybe_at(12)?,
            updated_at: row.at(13)?,
        })
    }
}

/// One case.
pub async fn find(database: &Database, case: CaseId) -> Result<Option<CaseRow>> {
    let rows = database.fetch(FIND, &[case.into()]).await?;
    rows.first().map(CaseRow::read).transpose()
}

/// How many cases there are.
pub async fn count(database: &Database) -> Result<usize> {
    let rows = database.fetch(COUNT, &[]).await?;
    Ok(usize::try_from(rows.first().map_or(Ok(0), |row| row.integer(0))?).unwrap_or(usize::MAX))
}

/// The cases with a number.
pub async fn by_number(database: &Database, number: &Name) -> Result<Vec<CaseId>> {
    let rows = database.fetch(BY_NUMBER, &[number.into()]).await?;
    rows.iter().map(|row| row.case(0)).collect()
}

/// The last transition of a case, as the list of cases has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastTransition {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub sequence: u32,
    /// Its hash.
    pub hash: String,
}

/// The last transitions of those cases that there are.
pub async fn last_transitions(database: &Database, cases: &[CaseId]) -> Result<Vec<LastTransition>> {
    let ids = cases.iter().map(CaseId::to_string).collect();
    let rows = database.fetch(LAST, &[Cell::Texts(ids)]).await?;
    rows.iter()
        .map(|row| Ok(LastTransition { case: row.case(0)?, sequence: row.count(1)?, hash: row.text(2)? }))
        .collect()
}

/// Makes all that is written after it [`super::Error::Conflict`] when one of these cases has another last transition than is
/// thought here: somebody moved it, or the database was put back to what it was earlier.
pub fn expect<'a>(writes: &mut Writes<'_>, last: impl Iterator<Item = (CaseId, &'a str)>) {
    let last: Vec<String> = last.map(|(case, hash)| format!("{case}{hash}")).collect();
    if !last.is_empty() {
        writes.run(UNMOVED, vec![Cell::Texts(last)]);
    }
}

/// Up to `limit` open cases of some versions of processes that were opened by then, in the order of their ids, after one
/// of them (or from the first).
pub async fn open_after(
    database: &Database,
    versions: &[(Name, Name)],
    opened_by: Timestamp,
    after: Option<CaseId>,
    limit: i64,
) -> Result<Vec<CaseId>> {
    let (processes, versions) =
        versions.iter().map(|(process, version)| (process.to_string(), version.to_string())).unzip();
    let after = after.map_or_else(String::new, |case| case.to_string());
    let parameters = [Cell::Texts(processes), Cell::Texts(versions), opened_by.into(), after.into(), limit.into()];
    let rows = database.fetch(OPEN_AFTER, &parameters).await?;
    rows.iter().map(|row| row.case(0)).collect()
}

/// The next instant at which a case that nobody holds wants to be woken.
pub async fn next_wake(database: &Database, now: Timestamp) -> Result<Option<Timestamp>> {
    let rows = database.fetch(NEXT_WAKE, &[now.into()]).await?;
    rows.first().map(|row| row.at(0)).transpose()
}

/// Takes up to `limit` cases that want to be woken and that nobody holds, and holds them until `until`.
pub async fn claim(
    transaction: &mut Transaction,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<(CaseId, Timestamp)>> {
    let parameters = [micros(now).into(), micros(until).into(), limit.into()];
    let rows = transaction.fetch(CLAIM, &parameters).await?;
    rows.iter().map(|row| Ok((row.case(0)?, row.at(1)?))).collect()
}

/// Takes the cases that want to be woken from whoever holds them.
pub async fn free(transaction: &mut Transaction, now: Timestamp) -> Result<()> {
    transaction.execute(FREE, &[now.into()]).await?;
    Ok(())
}

/// Keeps a case from being woken until then.
pub async fn hold(transaction: &mut Transaction, case: CaseId, until: Timestamp) -> Result<()> {
    transaction.execute(HOLD, &[case.into(), until.into()]).await.map(drop)
}

/// Lets others wake cases at once that were claimed until then and not woken.
pub async fn release(database: &Database, cases: &[CaseId], until: Timestamp) -> Result<()> {
    let cases: Vec<String> = cases.iter().map(CaseId::to_string).collect();
    let mut writes = Writes::default();
    if !cases.is_empty() {
        writes.run(RELEASE, vec![Cell::Texts(cases), until.into()]);
    }
    database.write(&writes).await
}
