//! What the clients of a trial saw: every command sent, what came of it, every webhook, every fault; one JSON a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Something that was seen from outside. Instants are microseconds since 1970 by one clock that nobody sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A command was sent, for the first time or again.
    Sent {
        /// When.
        at: i64,
        /// Its key, which is the same in every attempt.
        key: String,
        /// To which node.
        node: usize,
        /// By whom.
        by: String,
        /// The path of the request.
        path: String,
        /// The body of the request.
        body: Json,
    },
    /// An attempt was answered.
    Answered {
        /// When.
        at: i64,
        /// The key of the command.
        key: String,
        /// By which node.
        node: usize,
        /// The status code.
        status: u16,
        /// The body.
        body: Json,
    },
    /// Nobody knows what became of an attempt: the connection was cut, or the answer did not come in time.
    Unknown {
        /// When it was given up.
        at: i64,
        /// The key of the command.
        key: String,
        /// To which node it was sent.
        node: usize,
        /// Why.
        why: String,
    },
    /// A webhook arrived.
    Arrived {
        /// When.
        at: i64,
        /// Its id.
        id: String,
        /// Its body.
        body: String,
    },
    /// The receiver has answered a webhook with 200.
    Acknowledged {
        /// When.
        at: i64,
        /// Its id.
        id: String,
    },
    /// A fault began.
    Begun {
        /// When.
        at: i64,
        /// Which, and where.
        fault: String,
    },
    /// A fault is over.
    Ended {
        /// When.
        at: i64,
        /// Which, and where.
        fault: String,
    },
}

/// A history that is being written.
#[derive(Debug)]
pub struct Log {
    began: Instant,
    began_at: i64,
    kept: Mutex<(File, Vec<Entry>)>,
}

impl Log {
    /// A new history in a file.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn new(path: &Path) -> io::Result<Self> {
        let began_at = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_micros();
        let began_at = i64::try_from(began_at).map_err(io::Error::other)?;
        Ok(Self { began: Instant::now(), began_at, kept: Mutex::new((File::create(path)?, Vec::new())) })
    }

    /// What time it is, in microseconds.
    pub fn now(&self) -> i64 {
        self.began_at + i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX / 2)
    }

    /// Adds what is seen now.
    ///
    /// # Panics
    /// When the file cannot be written: then the trial proves nothing.
    pub fn note(&self, entry: impl FnOnce(i64) -> Entry) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entry(self.now());
        let line = serde_json::to_string(&entry).expect("an entry is JSON");
        writeln!(kept.0, "{line}").expect("the history can be written");
        kept.1.push(entry);
    }

    /// Everything so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }
}

/// Reads a history from its file.
///
/// # Errors
/// When it cannot be read, or a line is none of a history.
pub fn read(path: &Path) -> io::Result<Vec<Entry>> {
    let lines = BufReader::new(File::open(path)?).lines();
    lines.map(|line| serde_json::from_str(&line?).map_err(io::Error::other)).collect()
}
