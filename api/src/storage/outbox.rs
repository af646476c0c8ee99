//! What is still to be done outside, kept with its key until it is done or given up.

use duban_engine::ids::CaseId;
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Row, Transaction, Writes, digest, micros};

/// The table.
pub const TABLE: Table = Table {
    name: "outbox",
    columns: &[
        text("id"),
        text("case_id"),
        integer("sequence"),
        text("effect"),
        integer("created_at"),
        integer("due_at"),
        integer("attempts"),
        integer("done_at"),
        text("error"),
    ],
    key: 1,
    tails: &[],
};

const CLAIM: &str = "UPDATE outbox SET due_at = $2, attempts = attempts + 1 WHERE id IN (
    SELECT id FROM outbox WHERE due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
    RETURNING id, case_id, sequence, effect, created_at, due_at, attempts, done_at, error";
const NEXT_DUE: &str = "SELECT MIN(due_at) FROM outbox WHERE due_at IS NOT NULL";
const FREE: &str = "UPDATE outbox SET due_at = $1 WHERE due_at > $1 AND due_at <= $2";
const FINISH: &str = "UPDATE outbox SET due_at = NULL, done_at = $2, error = NULL
    WHERE id IN (SELECT value FROM each($1)) AND done_at IS NULL";
const FAIL: &str = "UPDATE outbox SET due_at = CAST($2 AS BIGINT), error = $3 WHERE id = $1 AND due_at = $4";
const DEAD: &str = "SELECT id, case_id, sequence, effect, created_at, due_at, attempts, done_at, error FROM outbox
    WHERE due_at IS NULL AND done_at IS NULL ORDER BY id LIMIT $1";
const DEAD_OF: &str = "SELECT id, case_id, sequence, effect, created_at, due_at, attempts, done_at, error FROM outbox
    WHERE due_at IS NULL AND done_at IS NULL AND case_id IN (SELECT value FROM each($1)) ORDER BY id LIMIT $2";
const RELEASE: &str = "UPDATE outbox SET due_at = $3, attempts = attempts - 1
    WHERE id IN (SELECT value FROM each($1)) AND id || ' ' || due_at IN (SELECT value FROM each($2))";
const DISMISS: &str = "UPDATE outbox SET due_at = NULL, done_at = $2, error = $3 WHERE id = $1 AND done_at IS NULL";
const REVIVE: &str = "UPDATE outbox SET due_at = $2, attempts = 0
    WHERE id = $1 AND due_at IS NULL AND done_at IS NULL";
const FIND_DEAD: &str = "SELECT id, case_id, sequence, effect, created_at, due_at, attempts, done_at, error FROM outbox
    WHERE id = $1 AND due_at IS NULL AND done_at IS NULL FOR UPDATE SKIP LOCKED";
const PRUNE: &str = "DELETE FROM outbox WHERE id IN (
    SELECT id FROM outbox WHERE done_at < $1 ORDER BY done_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
const OPEN: &str = "SELECT id, case_id, sequence, effect, created_at, due_at, attempts, done_at, error FROM outbox
    WHERE due_at IS NOT NULL ORDER BY id";
const OF_CASE: &str = "SELECT id, case_id, sequence, effect, created_at, due_at, attempts, done_at, error FROM outbox
    WHERE id >= $1 AND id < $2 ORDER BY sequence, id";

const REWRITE: &str = "UPDATE outbox SET effect = $2, error = $3 WHERE id = $1 AND done_at IS NOT NULL";

pub(super) const STATEMENTS: &[&str] = &[
    CLAIM, NEXT_DUE, FREE, FINISH, FAIL, RELEASE, DEAD, DEAD_OF, DISMISS, REVIVE, FIND_DEAD, PRUNE, OPEN, OF_CASE,
    REWRITE,
];

/// Something to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its key: case, sequence and place of the event, as `CASE-SEQUENCE-POSITION`.
    pub id: String,
    /// The case that asked for it.
    pub case: CaseId,
    /// The transition that asked for it.
    pub sequence: u32,
    /// The effect as JSON.
    pub effect: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When somebody may try next, or `None` when it is over.
    pub due_at: Option<Timestamp>,
    /// How often somebody began.
    pub attempts: u32,
    /// When it was done.
    pub done_at: Option<Timestamp>,
    /// Why the last attempt failed, or why nobody wants it any more.
    pub error: Option<String>,
}

impl Entry {
    /// The row's cells, in the order of the table's columns.
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            self.id.as_str().into(),
            self.case.into(),
            self.sequence.into(),
            self.effect.as_str().into(),
            self.created_at.into(),
            self.due_at.into(),
            self.attempts.into(),
            self.done_at.into(),
            self.error.as_deref().into(),
        ]
    }

    /// The key by which receivers know what they had already. What is sent is part of it, because a case of a restored
    /// copy may ask for something else at a place where the original asked for this.
    pub fn delivery_key(&self) -> String {
        format!("{}-{}", self.id, digest([&Cell::from(self.effect.as_str())]))
    }

    /// A row of the columns of the table.
    pub fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text(0)?,
            case: row.case(1)?,
            sequence: row.count(2)?,
            effect: row.text(3)?,
            created_at: row.at(4)?,
            due_at: row.maybe_at(5)?,
            attempts: row.count(6)?,
            done_at: row.maybe_at(7)?,
            error: row.maybe_text(8),
        })
    }
}

/// Takes up to `limit` entries that are due, and holds them until `until`.
pub async fn claim(transaction: &mut Transaction, now: Timestamp, until: Timestamp, limit: i64) -> Result<Vec<Entry>> {
    let rows = transaction.fetch(CLAIM, &[now.into(), until.into(), limit.into()]).await?;
    rows.iter().map(Entry::read).collect()
}

/// When the next entry is due.
pub async fn next_due(database: &Database) -> Result<Option<Timestamp>> {
    let rows = database.fetch(NEXT_DUE, &[]).await?;
    rows.first().map_or(Ok(None), |row| row.maybe_at(0))
}

/// Takes the entries that somebody may hold until `until` from them.
pub async fn free(transaction: &mut Transaction, now: Timestamp, until: Timestamp) -> Result<()> {
    transaction.execute(FREE, &[now.into(), until.into()]).await?;
    Ok(())
}

/// Notes that entries are done: whoever did so, and however late they say it.
pub fn finish(writes: &mut Writes<'_>, ids: Vec<String>, at: Timestamp) {
    if !ids.is_empty() {
        writes.run(FINISH, vec![Cell::Texts(ids), at.into()]);
    }
}

/// Lets others have entries from an instant on that were claimed and not tried to the end; who claimed one since keeps it.
pub fn release<'a>(writes: &mut Writes<'_>, claimed: impl Iterator<Item = &'a Entry>, due: Timestamp) {
    let leases =
        claimed.filter_map(|entry| Some((entry.id.clone(), format!("{} {}", entry.id, micros(entry.due_at?)))));
    let (ids, leases): (Vec<String>, Vec<String>) = leases.unzip();
    if !ids.is_empty() {
        writes.run(RELEASE, vec![Cell::Texts(ids), Cell::Texts(leases), due.into()]);
    }
}

/// Notes that an attempt failed; without a time for the next one the entry is dead. Nothing changes when it is another's by
/// now, or over: then the end of the lease is another than that of the attempt.
pub async fn fail(transaction: &mut Transaction, attempt: &Entry, next: Option<Timestamp>, error: &str) -> Result<()> {
    let parameters = [attempt.id.as_str().into(), next.into(), error.into(), attempt.due_at.into()];
    transaction.execute(FAIL, &parameters).await.map(drop)
}

/// Up to `limit` entries that were given up.
pub async fn dead(database: &Database, limit: i64) -> Result<Vec<Entry>> {
    let rows = database.fetch(DEAD, &[limit.into()]).await?;
    rows.iter().map(Entry::read).collect()
}

/// Up to `limit` entries of some cases that were given up.
pub async fn dead_of(database: &Database, cases: &[CaseId], limit: i64) -> Result<Vec<Entry>> {
    let cases = cases.iter().map(CaseId::to_string).collect();
    let rows = database.fetch(DEAD_OF, &[Cell::Texts(cases), limit.into()]).await?;
    rows.iter().map(Entry::read).collect()
}

/// Notes that an entry is over because nobody wants it any more, and why.
pub async fn dismiss(transaction: &mut Transaction, id: &str, at: Timestamp, why: &str) -> Result<()> {
    transaction.execute(DISMISS, &[id.into(), at.into(), why.into()]).await?;
    Ok(())
}

/// Has a dead entry tried again; answers whether there was one.
pub async fn revive(transaction: &mut Transaction, id: &str, at: Timestamp) -> Result<bool> {
    Ok(transaction.execute(REVIVE, &[id.into(), at.into()]).await? == 1)
}

/// An entry that was given up.
pub async fn find_dead(transaction: &mut Transaction, id: &str) -> Result<Option<Entry>> {
    let rows = transaction.fetch(FIND_DEAD, &[id.into()]).await?;
    rows.first().map(Entry::read).transpose()
}

/// Removes up to `limit` entries that were over before an instant, the oldest first; answers how many there were.
pub async fn prune(transaction: &mut Transaction, before: Timestamp, limit: i64) -> Result<u64> {
    transaction.execute(PRUNE, &[before.into(), limit.into()]).await
}

/// Everything that is neither done nor given up.
pub async fn open(database: &Database) -> Result<Vec<Entry>> {
    let rows = database.fetch(OPEN, &[]).await?;
    rows.iter().map(Entry::read).collect()
}

/// Everything that a case asked for, in order.
pub async fn of_case(database: &Database, case: CaseId) -> Result<Vec<Entry>> {
    // `.` is the character after `-`, so that the range is every key that begins with the case.
    let rows = database.fetch(OF_CASE, &[format!("{case}-").into(), format!("{case}.").into()]).await?;
    rows.iter().map(Entry::read).collect()
}

/// Changes what an entry that is over was about, and what it says of its end.
pub async fn rewrite(transaction: &mut Transaction, entry: &Entry) -> Result<()> {
    let parameters = [entry.id.as_str().into(), entry.effect.as_str().into(), entry.error.as_deref().into()];
    transaction.execute(REWRITE, &parameters).await.map(drop)
}
