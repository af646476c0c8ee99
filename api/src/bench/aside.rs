//! A second database beside the one that is measured, for references: a file, or a schema on the same server.

use std::fs;
use std::path::PathBuf;

use crate::config::Failure;
use crate::storage::{Database, of_address, sqlite_path};

/// The schema on a server.
const SCHEMA: &str = "duban_bench_reference";

/// A second database.
pub struct Aside {
    /// It.
    pub database: Database,
    place: Place,
}

enum Place {
    File(PathBuf),
    Schema(Database),
}

impl Aside {
    /// Makes one beside the database at an address.
    ///
    /// # Errors
    /// When that cannot be done.
    pub async fn make(address: &str, beside: &Database) -> Result<Self, Failure> {
        if let Some(path) = sqlite_path(address) {
            let path = of_address(path).ok_or("a database in memory has no disk to measure")?;
            let path = PathBuf::from(format!("{}-reference", path.display()));
            remove(&path);
            let database = Database::open(&format!("sqlite:{}", path.display())).await?;
            return Ok(Self { database, place: Place::File(path) });
        }
        run(beside, &format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")).await?;
        run(beside, &format!("CREATE SCHEMA {SCHEMA}")).await?;
        let joint = if address.contains('?') { '&' } else { '?' };
        let database = Database::open(&format!("{address}{joint}options=-csearch_path%3D{SCHEMA}")).await?;
        Ok(Self { database, place: Place::Schema(beside.clone()) })
    }

    /// Removes it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove(self) -> Result<(), Failure> {
        self.database.close().await;
        match self.place {
            Place::File(path) => remove(&path),
            Place::Schema(beside) => run(&beside, &format!("DROP SCHEMA {SCHEMA} CASCADE")).await?,
        }
        Ok(())
    }
}

/// Runs a statement of a database's administration.
pub async fn run(database: &Database, sql: &str) -> Result<(), Failure> {
    let mut transaction = database.begin().await?;
    transaction.execute(sql, &[]).await?;
    Ok(transaction.commit().await?)
}

fn remove(path: &std::path::Path) {
    for suffix in ["", "-wal", "-shm", "-nodes"] {
        // What is not there need not be removed.
        let _ = fs::remove_file(format!("{}{suffix}", path.display()));
    }
}
