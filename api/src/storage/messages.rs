//! Messages that were sent with a key: to whom each went, and what was answered, so that the same key again does no more.

use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Transaction};

/// The table. `recipients` and `answers` are JSON; there is no answer while the message is on its way.
pub const TABLE: Table = Table {
    name: "messages",
    columns: &[text("key"), text("fingerprint"), text("recipients"), text("answers"), integer("at")],
    key: 1,
};

const FIND: &str = "SELECT fingerprint, recipients, answers FROM messages WHERE key = $1";
const ANSWER: &str = "UPDATE messages SET answers = $2 WHERE key = $1";
const FORGET: &str = "DELETE FROM messages WHERE key = $1 AND answers IS NULL";
const PRUNE: &str = "DELETE FROM messages WHERE key IN (
    SELECT key FROM messages WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)";

pub(super) const STATEMENTS: &[&str] = &[FIND, ANSWER, FORGET, PRUNE];

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What was sent, as whoever sent it tells one request from another.
    pub fingerprint: String,
    /// To whom, as JSON.
    pub recipients: String,
    /// What was answered, as JSON.
    pub answers: Option<String>,
}

/// The message with a key.
pub async fn find(database: &Database, key: &str) -> Result<Option<Sent>> {
    let rows = database.fetch(FIND, &[key.into()]).await?;
    let read =
        |row: &super::Row| Ok(Sent { fingerprint: row.text(0)?, recipients: row.text(1)?, answers: row.maybe_text(2) });
    rows.first().map(read).transpose()
}

/// Keeps a message before it goes out.
///
/// # Errors
/// [`super::Error::Conflict`] when there is one with the key.
pub async fn begin(database: &Database, key: &str, sent: &Sent, at: Timestamp) -> Result<()> {
    let (fingerprint, recipients) = (sent.fingerprint.as_str(), sent.recipients.as_str());
    let row = vec![key.into(), fingerprint.into(), recipients.into(), sent.answers.as_deref().into(), at.into()];
    let mut transaction = database.begin().await?;
    transaction.insert(&TABLE, &[row]).await?;
    transaction.commit().await
}

/// Keeps what was answered.
pub async fn answer(database: &Database, key: &str, answers: &str) -> Result<()> {
    let mut transaction = database.begin().await?;
    transaction.execute(ANSWER, &[key.into(), answers.into()]).await?;
    transaction.commit().await
}

/// Forgets a message that nobody took.
pub async fn forget(database: &Database, key: &str) -> Result<()> {
    let mut transaction = database.begin().await?;
    transaction.execute(FORGET, &[Cell::from(key)]).await?;
    transaction.commit().await
}

/// Removes up to `limit` messages that were sent before an instant, the oldest first; answers how many there were.
pub async fn prune(transaction: &mut Transaction, before: Timestamp, limit: i64) -> Result<u64> {
    transaction.execute(PRUNE, &[before.into(), limit.into()]).await
}
