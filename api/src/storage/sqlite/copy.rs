//! A copy of a database in a file while others write to it, and whether a file is sound in itself.

use std::path::Path;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::super::{Error, Result, timestamp};
use super::{BUSY, still};

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// How many cases.
    pub cases: i64,
    /// When the last of them changed.
    pub latest_at: Option<Timestamp>,
}

/// Copies a database as it is at one instant into an empty file, or one that is not there; what writes goes on meanwhile.
/// The copy is one file in itself.
pub async fn take(from: &Path, to: &Path) -> Result<()> {
    let unreadable = || Error::Unreadable { what: "path", why: format!("{} is not UTF-8", to.display()) };
    let to = to.to_str().ok_or_else(unreadable)?;
    let mut connection = open(from).await?;
    sqlx::query("VACUUM INTO $1").bind(to).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// What SQLite finds wrong with the pages and indices of a file; nothing when it is sound.
pub async fn faults(path: &Path) -> Result<Vec<String>> {
    let mut connection = open(path).await?;
    let told: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(told.into_iter().filter(|line| line != "ok").collect())
}

/// What is in a file, whichever version of the program wrote it.
pub async fn contents(path: &Path) -> Result<Contents> {
    let mut connection = open(path).await?;
    let (cases, latest): (i64, Option<i64>) =
        sqlx::query_as("SELECT COUNT(*), MAX(updated_at) FROM cases").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(Contents { cases, latest_at: latest.map(timestamp).transpose()? })
}

async fn open(path: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
    let (options, _) = still::readable(options.disable_statement_logging(), &path.to_string_lossy()).await?;
    Ok(options.connect().await?)
}
