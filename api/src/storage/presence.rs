//! Which nodes are alive on a database, as the system itself knows it: a lock that ends with the process that holds it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::Result;

/// The advisory lock of the nodes that are alive on a server: the letters of `nodes`.
const LOCK: i64 = 474_284_475_763;

/// How often a session is asked whether it lasts, how long it may take to say so, and how long to rest before a new one.
const PULSE: Duration = Duration::from_secs(2);
const PULSE_TIME_MAX: Duration = Duration::from_secs(5);
const RETURN_PAUSE: Duration = Duration::from_millis(500);

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
    /// The connection ends with the process, and the lock with the connection. New ones come from here.
    Session(Box<PgConnection>, PgPool),
    /// The same, as long as this node stays: the lock is taken again when the session broke and the node did not.
    Kept(oneshot::Sender<()>, JoinHandle<()>),
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
    pub(super) async fn of_session(connections: &PgPool) -> Result<Self> {
        let mut connection = connections.acquire().await?.detach();
        let ask = format!("SELECT pg_try_advisory_lock({LOCK})");
        let is_alone = sqlx::query_scalar(sqlx::AssertSqlSafe(ask)).fetch_one(&mut connection).await?;
        Ok(Self { is_alone, holder: Holder::Session(Box::new(connection), connections.clone()) })
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
            Holder::Session(mut connection, connections) => {
                share(&mut connection).await?;
                if is_alone {
                    let unlock = format!("SELECT pg_advisory_unlock({LOCK})");
                    sqlx::raw_sql(sqlx::AssertSqlSafe(unlock)).execute(&mut *connection).await?;
                }
                let (leave, leaving) = oneshot::channel();
                Holder::Kept(leave, tokio::spawn(keep(*connection, connections, leaving)))
            }
            Holder::Kept(leave, keeping) => Holder::Kept(leave, keeping),
        };
        Ok(Self { is_alone, holder })
    }

    /// Goes.
    pub async fn leave(self) {
        match self.holder {
            // What cannot be said to the server any more, the end of the connection says.
            Holder::Session(connection, _) => _ = connection.close().await,
            Holder::Kept(leave, keeping) => {
                // When it has ended, there is nothing to leave.
                let _ = leave.send(());
                let _ = keeping.await;
            }
            Holder::File(_) | Holder::Nobody => {}
        }
    }
}

/// Takes the lock together with the other nodes.
async fn share(connection: &mut PgConnection) -> sqlx::Result<()> {
    let share = format!("SELECT pg_advisory_lock_shared({LOCK})");
    sqlx::raw_sql(sqlx::AssertSqlSafe(share)).execute(connection).await.map(drop)
}

/// Keeps the lock until the node leaves: by a new session when the one it had breaks, as when another server takes over.
async fn keep(mut connection: PgConnection, connections: PgPool, mut leaving: oneshot::Receiver<()>) {
    loop {
        tokio::select! {
            _ = &mut leaving => return drop(connection.close().await),
            () = end(&mut connection) => {}
        }
        tracing::warn!("the session that says that this node is alive broke");
        connection = tokio::select! {
            _ = &mut leaving => return,
            again = again(&connections) => again,
        };
        tracing::info!("the server knows again that this node is alive");
    }
}

/// Returns when a session has ended, or says nothing any more.
async fn end(connection: &mut PgConnection) {
    loop {
        sleep(PULSE).await;
        if !timeout(PULSE_TIME_MAX, connection.ping()).await.is_ok_and(|pulse| pulse.is_ok()) {
            return;
        }
    }
}

/// A new session that has the lock.
async fn again(connections: &PgPool) -> PgConnection {
    loop {
        let shared = async {
            let mut connection = connections.acquire().await?.detach();
            share(&mut connection).await?;
            Ok::<_, sqlx::Error>(connection)
        };
        match timeout(PULSE_TIME_MAX * 2, shared).await {
            Ok(Ok(connection)) => return connection,
            Ok(Err(_)) | Err(_) => sleep(RETURN_PAUSE).await,
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
