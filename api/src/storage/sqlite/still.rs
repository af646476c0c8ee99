//! A file in a folder that cannot be written to. SQLite needs the folder for what it keeps beside a file, unless it is told
//! that nobody writes to that.

use std::path::PathBuf;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};

use super::of_address;

/// `SQLITE_READONLY_DIRECTORY` and `SQLITE_CANTOPEN`.
const FOLDER_CODES: [&str; 2] = ["1544", "14"];

/// What somebody wrote beside the file of an address who has it open, or was killed.
pub fn log_of(path: &str) -> Option<PathBuf> {
    let mut log = of_address(path)?.as_os_str().to_owned();
    log.push("-wal");
    let log = PathBuf::from(log);
    log.metadata().is_ok_and(|log| log.len() > 0).then_some(log)
}

/// The options to read a file with, and whether they rely on nobody writing to it.
///
/// # Errors
/// When it cannot be read.
pub async fn readable(options: SqliteConnectOptions, path: &str) -> sqlx::Result<(SqliteConnectOptions, bool)> {
    match read(&options).await {
        Ok(()) => Ok((options, false)),
        Err(sqlx::Error::Database(error))
            if error.code().is_some_and(|code| FOLDER_CODES.contains(&&*code)) && log_of(path).is_none() =>
        {
            let still = options.immutable(true);
            read(&still).await?;
            Ok((still, true))
        }
        Err(error) => Err(error),
    }
}

async fn read(options: &SqliteConnectOptions) -> sqlx::Result<()> {
    let mut connection = options.connect().await?;
    connection.execute("SELECT COUNT(*) FROM sqlite_schema").await?;
    connection.close().await
}
