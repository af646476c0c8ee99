//! A second database beside the one that is measured, for references: a file, or a schema on the same server.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Failure;
use crate::storage::{Database, of_address, sqlite_path};

/// The schema on a server.
const SCHEMA: &str = "duban_bench_reference";

/// The tables that commands of the measurements write.
const COPIED: [&str; 7] = ["transitions", "archive", "cases", "tasks", "task_candidates", "deadlines", "commands"];

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
    /// Makes an empty one beside the database at an address.
    ///
    /// # Errors
    /// When that cannot be done.
    pub async fn make(address: &str) -> Result<Self, Failure> {
        match file(address)? {
            Some(path) => {
                let path = beside(&path);
                remove(&path);
                Self::open_file(path).await
            }
            None => Self::schema(address).await,
        }
    }

    /// Makes one that has all rows of the database at an address, which nobody may use meanwhile.
    ///
    /// # Errors
    /// When that cannot be done.
    pub async fn copy(address: &str) -> Result<Self, Failure> {
        if let Some(from) = file(address)? {
            let path = beside(&from);
            remove(&path);
            // A file that was closed has everything in it.
            fs::copy(from, &path)?;
            return Self::open_file(path).await;
        }
        let made = Self::schema(address).await?;
        for table in COPIED {
            run(&made.database, &format!("INSERT INTO {SCHEMA}.{table} SELECT * FROM public.{table}")).await?;
        }
        run(&made.database, "ANALYZE").await?;
        Ok(made)
    }

    async fn open_file(path: PathBuf) -> Result<Self, Failure> {
        let database = Database::open(&format!("sqlite:{}", path.display())).await?;
        Ok(Self { database, place: Place::File(path) })
    }

    async fn schema(address: &str) -> Result<Self, Failure> {
        let beside = Database::open(address).await?;
        run(&beside, &format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")).await?;
        run(&beside, &format!("CREATE SCHEMA {SCHEMA}")).await?;
        let joint = if address.contains('?') { '&' } else { '?' };
        let database = Database::open(&format!("{address}{joint}options=-csearch_path%3D{SCHEMA}")).await?;
        Ok(Self { database, place: Place::Schema(beside) })
    }

    /// Removes it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove(self) -> Result<(), Failure> {
        self.database.close().await;
        match self.place {
            Place::File(path) => remove(&path),
            Place::Schema(beside) => {
                run(&beside, &format!("DROP SCHEMA {SCHEMA} CASCADE")).await?;
                beside.close().await;
            }
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

/// The file of a database that is one.
fn file(address: &str) -> Result<Option<PathBuf>, Failure> {
    let Some(path) = sqlite_path(address) else { return Ok(None) };
    let path = of_address(path).ok_or("a database in memory has no disk to measure")?;
    Ok(Some(path.to_owned()))
}

fn beside(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}-reference", path.display()))
}

fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm", "-nodes"] {
        // What is not there need not be removed.
        let _ = fs::remove_file(format!("{}{suffix}", path.display()));
    }
}
