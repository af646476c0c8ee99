//! The tables, brought up to date once per change, on one node at a time.

use sha2::{Digest, Sha256};

use super::cell::hexadecimal;
use super::{Cell, Database, Error, Result, Row};

/// The changes of the schema, oldest first. A published one is never edited, and the version of this program before it must
/// go on working with it: nodes are renewed one after the other.
const MIGRATIONS: &[&str] = &[include_str!("migrations/1.sql")];

const CREATE: &str = "CREATE TABLE IF NOT EXISTS migrations (number BIGINT NOT NULL PRIMARY KEY, digest TEXT NOT NULL)";
const LIST: &str = "SELECT number, digest FROM migrations ORDER BY number";
const RECORD: &str = "INSERT INTO migrations (number, digest) VALUES ($1, $2)";

pub(super) const STATEMENTS: &[&str] = &[LIST, RECORD];

pub(super) async fn run(database: &Database) -> Result<()> {
    let mut transaction = database.begin().await?;
    transaction.lock_migrations().await?;
    transaction.run(CREATE).await?;
    let done = known(&transaction.fetch(LIST, &[]).await?)?;
    for (number, text) in (1i64..).zip(MIGRATIONS).skip(done) {
        transaction.run(text).await?;
        transaction.execute(RECORD, &[Cell::from(number), Cell::from(digest(text))]).await?;
    }
    transaction.commit().await
}

/// Whether the tables are those of this program or the next, without changing them.
pub(super) async fn check(database: &Database) -> Result<()> {
    let listed = database.fetch(LIST, &[]).await.map_err(|error| match error {
        Error::Refused(error) => Error::NoTables(error),
        other => other,
    })?;
    let done = known(&listed)?;
    if done >= MIGRATIONS.len() { Ok(()) } else { Err(Error::Outdated) }
}

/// How many changes were made, when this program can work with them: it knows all of them, or all but one that is newer.
fn known(done: &[Row]) -> Result<usize> {
    for row in done {
        let number = row.integer(0)?;
        let index = usize::try_from(number - 1).ok();
        match index.and_then(|index| MIGRATIONS.get(index)) {
            Some(text) if Some(digest(text)) == row.maybe_text(1) => {}
            None if index == Some(MIGRATIONS.len()) => {
                tracing::warn!(number, "the tables of the database are one version newer than this program");
            }
            None if index.is_some_and(|index| index > MIGRATIONS.len()) => return Err(Error::TooNew { number }),
            Some(_) | None => return Err(Error::OtherMigration { number }),
        }
    }
    Ok(done.len())
}

fn digest(text: &str) -> String {
    hexadecimal(&Sha256::digest(text))
}
