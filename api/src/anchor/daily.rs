//! One anchor a day, written by the server itself.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::{Checked, Error, Key, file_of, newest, write};
use crate::clock::Clock;
use crate::runner::Finding;
use crate::storage::Database;

/// How long after one anchor the next comes.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long to wait when one could not be written.
const PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// How many findings go into the log.
const LOGGED_MAX: usize = 20;

/// Writes an anchor into a folder whenever the newest one there is a day old, for ever. What could not be written is tried
/// again.
pub async fn run(database: &Database, clock: &dyn Clock, key: &Key, folder: &Path) {
    loop {
        let next = match step(database, clock, key, folder).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no anchor was written; it is tried again");
                clock.now() + PAUSE
            }
        };
        clock.sleep_until(next).await;
    }
}

/// Writes an anchor if it is time; answers when the next one is due.
async fn step(database: &Database, clock: &dyn Clock, key: &Key, folder: &Path) -> Result<Timestamp, Error> {
    let now = clock.now();
    // One from the future was written before the clock was put back.
    let due = newest(folder)?.map_or(now, |(_, at)| at + DAY);
    if due > now && due <= now + DAY {
        return Ok(due);
    }
    let file = file_of(folder, now);
    let Checked { statement, findings } = write(database, clock, key, &file).await?;
    tracing::info!(file = %file.display(), cases = statement.cases, "an anchor was written");
    for Finding { case, what } in findings.iter().take(LOGGED_MAX) {
        tracing::error!(case, what, "the histories do not go on from the anchor before");
    }
    if findings.len() > LOGGED_MAX {
        tracing::error!(count = findings.len(), "`duban verify --anchor` shows all that the anchor before finds");
    }
    Ok(now + DAY)
}
