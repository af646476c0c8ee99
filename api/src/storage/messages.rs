//! Messages that were sent with a key: to whom each went, and what was answered, so that the same key again does no more.

use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Transaction};

/// The table. `recipients` and `answers` are JSON; there is no answer while the message is on its way.
pub const TABLE: Table = Table {
    name: "messages",
    columns: &[text("key"), text("fingerprint"), text("recipients"), text("answers"), integer("at")],
    key: 1,
    tails: &[],
};

const FIND: &str = "SELECT fingerprint, recipients, answers, at FROM messages WHERE key = $1";
const FORGET: &str = "DELETE FROM messages WHERE key = $1 AND at = $2 AND answers IS NULL";
const PRUNE: &str = "DELETE FROM messages WHERE key IN (
    SELECT key FROM messages WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)";

pub(super) const STATEMENTS: &[&str] = &[FIND, FORGET, PRUNE];

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What was sent, as whoever sent it tells one request from another.
    pub fingerprint: String,
    /// To whom, as JSON.
    pub recipients: String,
    /// What was answered, as JSON.
    pub answers: Option<String>,
    /// When it went out first.
    pub at: Timestamp,
}

impl Sent {
    fn row(&self, key: &str) -> Vec<Cell> {
        let (fingerprint, recipients) = (self.fingerprint.as_str(), self.recipients.as_str());
        vec![key.into(), fingerprint.into(), recipients.into(), self.answers.as_deref().into(), self.at.into()]
    }
}

/// The message with a key.
pub async fn find(database: &Database, key: &str) -> Result<Option<Sent>> {
    let rows = database.fetch(FIND, &[key.into()]).await?;
    let read = |row: &super::Row| {
        Ok(Sent { fingerprint: row.text(0)?, recipients: row.text(1)?, answers: row.maybe_text(2), at: row.at(3)? })
    };
    rows.first().map(read).transpose()
}

/// Keeps a message before it goes out.
///
/// # Errors
/// [`super::Error::Conflict`] when there is one with the key.
pub async fn begin(database: &Database, key: &str, sent: &Sent) -> Result<()> {
    let mut transaction = database.begin().await?;
    transaction.insert(&TABLE, &[sent.row(key)]).await?;
    transaction.commit().await
}

/// Keeps what was answered, also when somebody who sent the same forgot the message because nobody took it from them.
pub async fn answer(database: &Database, key: &str, sent: &Sent) -> Result<()> {
    let mut transaction = database.begin().await?;
    transaction.upsert(&TABLE, &[sent.row(key)]).await?;
    transaction.commit().await
}

/// Forgets a message that nobody took, unless it was answered or sent anew meanwhile.
pub async fn forget(database: &Database, key: &str, sent: &Sent) -> Result<()> {
    let mut transaction = database.begin().await?;
    transaction.execute(FORGET, &[Cell::from(key), sent.at.into()]).await?;
    transaction.commit().await
}

/// Removes up to `limit` messages that were sent before an instant, the oldest first; answers how many there were.
pub async fn prune(transaction: &mut Transaction, before: Timestamp, limit: i64) -> Result<u64> {
    transaction.execute(PRUNE, &[before.into(), limit.into()]).await
}
