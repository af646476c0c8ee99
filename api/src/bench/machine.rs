//! What the machine says: how long syncs take, and how much time and memory processes took.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::storage::Database;

/// How long syncs are measured.
const SYNC_TIME: Duration = Duration::from_millis(500);

/// How many ticks a second of processor time has, on every Linux.
const TICKS: f64 = 100.0;

/// Where the fields of `/proc/PID/stat` stand behind the name of the program: parent, own and children's ticks.
const PARENT: usize = 1;
const OWN_TICKS: [usize; 2] = [11, 12];
const CHILD_TICKS: [usize; 2] = [13, 14];

const FILE_BYTES: &str = "SELECT (page_count - freelist_count) * page_size
    FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()";
const SERVER_BYTES: &str = "SELECT pg_database_size(current_database())";

/// How long syncs of a folder's disk take, in milliseconds: four kilobytes added and synced.
///
/// # Errors
/// When the folder cannot be written to.
pub fn syncs(folder: &Path) -> std::io::Result<Vec<f64>> {
    let path = folder.join(format!("duban-bench-{}", std::process::id()));
    let mut file = File::create(&path)?;
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < SYNC_TIME {
        let synced = Instant::now();
        file.write_all(&[7; 4096]).and_then(|()| file.sync_data())?;
        times.push(synced.elapsed().as_secs_f64() * 1e3);
    }
    fs::remove_file(path)?;
    Ok(times)
}

/// The processor time that is counted: of this process, and of the database's server when it runs on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Processors {
    server: Option<u32>,
}

impl Processors {
    /// Of this process and the server of a database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(database: &Database) -> crate::storage::Result<Self> {
        let Database::Postgres(_) = database else { return Ok(Self { server: None }) };
        let rows = database.fetch("SELECT pg_backend_pid()::bigint", &[]).await?;
        let backend = rows.first().and_then(|row| row.count(0).ok());
        let local = backend.filter(|id| stat(*id).is_some_and(|(name, _)| name.starts_with("postgres")));
        let server = local.and_then(stat).and_then(|(_, fields)| fields.get(PARENT)?.parse().ok());
        Ok(Self { server })
    }

    /// Whether all that the database takes is counted.
    pub fn is_whole(self, database: &Database) -> bool {
        self.server.is_some() || matches!(database, Database::Sqlite(_))
    }

    /// Seconds of processor time so far.
    pub fn seconds(self) -> f64 {
        let own = stat(std::process::id()).map_or(0.0, |(_, fields)| ticks(&fields, OWN_TICKS));
        (own + self.server.map_or(0.0, server_ticks)) / TICKS
    }
}

/// What a server and all its children took, those that ended as well.
fn server_ticks(server: u32) -> f64 {
    let of_server = stat(server).map_or(0.0, |(_, fields)| ticks(&fields, OWN_TICKS) + ticks(&fields, CHILD_TICKS));
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let children = processes.filter_map(|entry| stat(entry.file_name().to_str()?.parse().ok()?));
    let children =
        children.filter(|(_, fields)| fields.get(PARENT).is_some_and(|parent| *parent == server.to_string()));
    of_server + children.map(|(_, fields)| ticks(&fields, OWN_TICKS)).sum::<f64>()
}

fn ticks(fields: &[String], places: [usize; 2]) -> f64 {
    places.iter().filter_map(|place| fields.get(*place)?.parse::<f64>().ok()).sum()
}

/// The name of a process's program, and what `/proc` says behind it.
fn stat(process: u32) -> Option<(String, Vec<String>)> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (before, after) = text.rsplit_once(')')?;
    let name = before.split_once('(')?.1;
    Some((name.to_owned(), after.split_whitespace().map(str::to_owned).collect()))
}

/// The memory of one kind that a process holds, in megabytes, where the system says so: `RssAnon:`, `RssFile:`.
pub fn memory(process: u32, kind: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(kind))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}

/// How many bytes a database takes on the disk; of a file, those of pages with something in them, without its log.
///
/// # Errors
/// When it cannot be found out.
pub async fn bytes(database: &Database) -> crate::storage::Result<f64> {
    let sql = match database {
        Database::Sqlite(_) => FILE_BYTES,
        Database::Postgres(_) => SERVER_BYTES,
    };
    let rows = database.fetch(sql, &[]).await?;
    Ok(rows.first().map(|row| row.integer(0)).transpose()?.unwrap_or_default() as f64)
}
