//! A server as a process of its own, which can be killed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use crate::client::{Client, Question};

/// How long a start may take.
const START_TIME_MAX: Duration = Duration::from_secs(30);

/// How often a server that starts is asked whether it is ready.
const START_PAUSE: Duration = Duration::from_millis(2);

/// Where a server runs, and with what.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The program.
    pub program: String,
    /// The database's address.
    pub database: String,
    /// The folder with the definitions.
    pub processes: String,
    /// Where it listens.
    pub listen: SocketAddr,
}

/// A server that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Node {
    child: Child,
    /// How long it took from the start of the process to the first answer.
    pub started_in: Duration,
}

impl Plan {
    /// A plan with a port of this machine that nobody uses now.
    pub fn new(program: &str, database: &str, processes: &Path) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        Self {
            program: program.to_owned(),
            database: database.to_owned(),
            processes: processes.display().to_string(),
            listen: free.expect("this machine has free ports"),
        }
    }

    /// Starts the server, and waits until it is ready.
    ///
    /// # Panics
    /// When it ends by itself, or is not ready in time.
    pub async fn start(&self) -> Node {
        let listen = self.listen.to_string();
        let arguments = [
            "serve",
            "--database",
            &self.database,
            "--processes",
            &self.processes,
            "--listen",
            &listen,
            "--log-level",
            "error",
        ];
        let mut command = Command::new(&self.program);
        command.args(arguments).stdout(Stdio::null()).kill_on_drop(true);
        let began = Instant::now();
        let mut child = command.spawn().expect("the program was built with this test");
        let client = Client::new(self.listen);
        let question = Question { method: "GET", path: "/health/ready", token: "", key: None, body: None };
        loop {
            let ended = child.try_wait().expect("it is our own process");
            assert!(ended.is_none(), "the server ended by itself: {ended:?}");
            assert!(began.elapsed() < START_TIME_MAX, "the server is not ready after {START_TIME_MAX:?}");
            match client.ask(question).await {
                Ok(answer) if answer.status == 200 => break,
                Ok(_) | Err(_) => tokio::time::sleep(START_PAUSE).await,
            }
        }
        Node { child, started_in: began.elapsed() }
    }

    /// Makes a token for a person, as an administrator does.
    ///
    /// # Panics
    /// When that fails.
    pub async fn token(&self, person: &str) -> String {
        let arguments = ["token", "--database", &self.database, person];
        let output = Command::new(&self.program).args(arguments).output().await.expect("the program was built");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Node {
    /// Kills it as a power cut would: nothing of it runs any more when this returns.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it is our own process and still runs");
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }
}
