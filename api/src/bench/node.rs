//! A server as a process of its own, so that its memory is nobody else's.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use duban_engine::ids::Name;
use jiff::{SignedDuration, Timestamp};

use super::client::Connection;
use super::set::clerk;
use crate::access::Token;
use crate::config::Failure;
use crate::storage::{Database, sqlite_path, tokens};

/// How long a start may take.
const START_TIME_MAX: Duration = Duration::from_secs(60);

/// How often a server that starts is asked whether it is ready.
const START_PAUSE: Duration = Duration::from_millis(2);

/// How long the token works.
const TOKEN_TIME: SignedDuration = SignedDuration::from_hours(24);

/// A server that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Node {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// The token of the first unit's clerk.
    pub token: String,
    /// How long it took from the start of the process to the first answer.
    pub started_in: Duration,
}

impl Node {
    /// Starts this program as a server over a database that nobody else uses.
    ///
    /// # Errors
    /// When it cannot be started, or is not ready in time.
    pub async fn start(database: &str) -> Result<Self, Failure> {
        let token = token(database).await?;
        let database = match sqlite_path(database) {
            Some(path) => format!("sqlite:{}", std::path::absolute(PathBuf::from(path))?.display()),
            None => database.to_owned(),
        };
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let listen = address.to_string();
        let words = ["serve", "--database", &database, "--listen", &listen, "--log-level", "error"];
        let mut command = Command::new(std::env::current_exe()?);
        // Where no folder of definitions lies that would go live.
        command.args(words).current_dir(std::env::temp_dir()).stdout(Stdio::null());
        let began = Instant::now();
        let mut node = Self { child: command.spawn()?, address, token, started_in: Duration::ZERO };
        loop {
            if let Some(ended) = node.child.try_wait()? {
                return Err(format!("the server ended by itself: {ended}").into());
            }
            if let Ok(mut connection) = Connection::open(address).await
                && connection.ask("/health/ready", "", None).await.is_ok()
            {
                break;
            }
            if began.elapsed() > START_TIME_MAX {
                return Err(format!("the server is not ready after {START_TIME_MAX:?}").into());
            }
            tokio::time::sleep(START_PAUSE).await;
        }
        node.started_in = began.elapsed();
        Ok(node)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It is our own process; that it has ended already is no failure.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A token for the first unit's clerk, as an administrator makes one.
async fn token(address: &str) -> Result<String, Failure> {
    let database = Database::open(address).await?;
    let (token, created_at) = (Token::random(), Timestamp::now());
    let (kind, holder, expires_at) = (tokens::PERSON, Name::from(clerk(1)), created_at + TOKEN_TIME);
    let kept = tokens::Kept { digest: token.digest(), kind, holder, created_at, expires_at };
    let mut transaction = database.begin().await?;
    tokens::keep(&mut transaction, &kept).await?;
    transaction.commit().await?;
    database.close().await;
    Ok(token.reveal().to_owned())
}
