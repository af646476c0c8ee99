//! Keys that people and programs show to prove who they are. Only their digests are kept.

use duban_engine::ids::Name;
use jiff::Timestamp;

use super::table::{Table, integer, text};
use super::{Cell, Database, Result, Transaction};

/// The table.
pub const TABLE: Table = Table {
    name: "tokens",
    columns: &[text("digest"), text("kind"), text("holder"), integer("created_at"), integer("expires_at")],
    key: 1,
    tails: &[],
};

const FIND: &str = "SELECT kind, holder FROM tokens WHERE digest = $1 AND expires_at > $2";
const REVOKE: &str = "DELETE FROM tokens WHERE kind = $1 AND holder = $2";

pub(super) const STATEMENTS: &[&str] = &[FIND, REVOKE];

/// The kind of a token that a person holds.
pub const PERSON: &str = "person";

/// The kind of a token that another system holds.
pub const PROGRAM: &str = "program";

/// The kind of a token that an administrator holds.
pub const ADMINISTRATOR: &str = "administrator";

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The digest of the token.
    pub digest: String,
    /// Whose it is: [`PERSON`], [`PROGRAM`] or [`ADMINISTRATOR`].
    pub kind: &'static str,
    /// Who.
    pub holder: Name,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
}

/// Keeps a token.
pub async fn keep(transaction: &mut Transaction, token: &Kept) -> Result<()> {
    let row: Vec<Cell> = vec![
        token.digest.as_str().into(),
        token.kind.into(),
        (&token.holder).into(),
        token.created_at.into(),
        token.expires_at.into(),
    ];
    transaction.insert(&TABLE, &[row]).await
}

/// The kind and holder of a token that works now.
pub async fn find(database: &Database, digest: &str, now: Timestamp) -> Result<Option<(String, Name)>> {
    let rows = database.fetch(FIND, &[digest.into(), now.into()]).await?;
    rows.first().map(|row| Ok((row.text(0)?, row.name(1)?))).transpose()
}

/// Takes every token of somebody away. Answers how many there were.
pub async fn revoke(transaction: &mut Transaction, kind: &str, holder: &Name) -> Result<u64> {
    transaction.execute(REVOKE, &[kind.into(), holder.into()]).await
}
