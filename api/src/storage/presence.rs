//! Which nodes are alive on a database, as the system itself knows it: a lock that ends with the process that holds it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use sqlx::{Connection, PgConnection};

use super::Result;

/// The advisory lock of the nodes that are alive on a server: the letters of `nodes`.
const LOCK: i64 = 474_284_475_763;

/// A node that is alive, until this is dropped or the process ends in whatever way.
#[derive(Debug)]
pub struct Presence {
    /// Whether no other node was alive as this one came; then what is held is held by the dead.
    pub is_alone: bool,
    holder: Holder,
}

#[derive(Debug)]
enum Holder {
    /// The lock is on a file beside the database, never on the database: closing it would end SQLite's own locks.
    File(File),
    /// The connection ends with the process, and the lock with the connection.
    Session(Box<PgConnection>),
    /// A database in memory has one node, and one on a drive without locks as many as there are.
    Nobody,
}

impl Presence {
    /// Comes to a database in a file. Until [`Presence::stay`] nobody else comes who is alone.
    pub(crate) fn of_file(path: &str) -> Result<Self> {
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        if path.is_empty() || path == ":memory:" {
            return Ok(Self { is_alone: true, holder: Holder::Nobody });
        }
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        // Whoever could open it could hold its lock.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(beside(path)).map_err(io)?;
        let is_alone = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            // Some network drives have no locks: there, what a dead node held waits until its leases end.
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, path, "the nodes of this database cannot be told apart");
                return Ok(Self { is_alone: false, holder: Holder::Nobody });
            }
        };
        Ok(Self { is_alone, holder: Holder::File(file) })
    }

    /// Comes to a database on a server, by a connection of its own.
    pub(super) async fn of_session(mut connection: PgConnection) -> Result<Self> {
        let ask = format!("SELECT pg_try_advisory_lock({LOCK})");
        let is_alone = sqlx::query_scalar(sqlx::AssertSqlSafe(ask)).fetch_one(&mut connection).await?;
        Ok(Self { is_alone, holder: Holder::Session(Box::new(connection)) })
    }

    /// Lets others come, who see from now on that they are not alone.
    pub async fn stay(self) -> Result<Self> {
        let Self { is_alone, holder } = self;
        let holder = match holder {
            Holder::Nobody => Holder::Nobody,
            Holder::File(file) => {
                let waiting = tokio::task::spawn_blocking(move || {
                    if is_alone {
                        file.unlock()?;
                    }
                    file.lock_shared()?;
                    Ok(file)
                });
                Holder::File(waiting.await.map_err(std::io::Error::other).and_then(|locked| locked).map_err(io)?)
            }
            Holder::Session(mut connection) => {
                let unlock = if is_alone { format!("SELECT pg_advisory_unlock({LOCK})") } else { String::new() };
                let stay = format!("SELECT pg_advisory_lock_shared({LOCK}); {unlock}");
                sqlx::raw_sql(sqlx::AssertSqlSafe(stay)).execute(&mut *connection).await?;
                Holder::Session(connection)
            }
        };
        Ok(Self { is_alone, holder })
    }

    /// Goes.
    pub async fn leave(self) {
        match self.holder {
            // What cannot be said to the server any more, the end of the connection says.
            Holder::Session(connection) => _ = connection.close().await,
            Holder::File(_) | Holder::Nobody => {}
        }
    }
}

fn beside(path: &str) -> PathBuf {
    let mut name = Path::new(path).as_os_str().to_owned();
    name.push("-nodes");
    name.into()
}

fn io(error: std::io::Error) -> super::Error {
    sqlx::Error::Io(error).into()
}
