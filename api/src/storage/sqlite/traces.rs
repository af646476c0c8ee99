//! Traces: bytes of removed values that SQLite leaves in its file until it is written anew.

use sqlx::{Executor, Row as _};

use super::Sqlite;
use crate::storage::{Result, Traces};

/// In the head of the file: rows were removed since it was last written anew. Whoever is killed in between leaves it.
const NOTE: &str = "PRAGMA user_version = 1";
const NOTED: &str = "PRAGMA user_version";
const FORGET: &str = "PRAGMA user_version = 0";

/// Writes the file anew. What it takes for that is a file too, because all of it may be more than there is memory.
const REWRITE: &str = "PRAGMA temp_store = file; VACUUM; PRAGMA temp_store = memory";

/// Moves what was written into the file and empties the log beside it; answers 1 first when somebody still reads it.
const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// How long readers are waited for while a server may want to write, in milliseconds.
const SHORT: &str = "PRAGMA busy_timeout = 1000";
const LONG: &str = "PRAGMA busy_timeout = 20000";

impl Sqlite {
    /// Notes that the file will have traces.
    pub async fn note_traces(&self) -> Result<()> {
        let mut writer = self.health.note(self.writer.acquire().await)?;
        self.health.note(writer.execute(NOTE).await).map(drop)
    }

    /// Removes the traces that were noted: from the log beside the file, and from the file itself if it may be written anew,
    /// while which nobody else writes.
    pub async fn remove_traces(&self, may_rewrite: bool) -> Result<Traces> {
        let mut writer = self.health.note(self.writer.acquire().await)?;
        let noted: i64 = self.health.note(writer.fetch_one(NOTED).await)?.try_get(0)?;
        if noted == 0 {
            return Ok(Traces::Gone);
        }
        if may_rewrite {
            self.health.note(writer.execute(sqlx::raw_sql(REWRITE)).await)?;
        }
        self.health.note(writer.execute(if may_rewrite { LONG } else { SHORT }).await)?;
        let emptied = self.health.note(writer.fetch_one(EMPTY_LOG).await);
        self.health.note(writer.execute(LONG).await)?;
        let is_busy: i64 = emptied?.try_get(0)?;
        match (is_busy, may_rewrite) {
            (0, false) => Ok(Traces::Strewn),
            (0, true) => {
                self.health.note(writer.execute(FORGET).await)?;
                Ok(Traces::Gone)
            }
            _ => Ok(Traces::InUse),
        }
    }
}
