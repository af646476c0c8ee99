//! A server as a process of its own, which can be killed.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use crate::client::{Client, Question};

/// How long a start may take.
const START_TIME_MAX: Duration = Duration::from_secs(30);

/// How long a server may take that ends by itself meanwhile, and how long it rests then.
const PATIENCE_MAX: Duration = Duration::from_secs(60);
const RESTART_PAUSE: Duration = Duration::from_millis(200);

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
    /// The words before the program, when another one starts it.
    pub starter: Vec<String>,
    /// What is set in its environment.
    pub environment: Vec<(String, String)>,
    /// Where its log goes; to that of the test when there is no file.
    pub log: Option<PathBuf>,
}

/// A server that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Node {
    child: Child,
    /// How long it took from the start of the process to the first answer.
    pub started_in: Duration,
}

/// An address of this machine with a port that nobody uses now.
pub fn free_address() -> SocketAddr {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    free.expect("this machine has free ports")
}

impl Plan {
    /// A plan with a port of this machine that nobody uses now.
    pub fn new(program: &str, database: &str, processes: &Path) -> Self {
        Self {
            program: program.to_owned(),
            database: database.to_owned(),
            processes: processes.display().to_string(),
            listen: free_address(),
            starter: Vec::new(),
            environment: Vec::new(),
            log: None,
        }
    }

    /// Starts the server, and waits until it is ready.
    ///
    /// # Panics
    /// When it ends by itself, or is not ready in time.
    pub async fn start(&self) -> Node {
        let began = Instant::now();
        let mut child = self.spawn();
        let client = Client::new(self.listen);
        loop {
            let ended = child.try_wait().expect("it is our own process");
            assert!(ended.is_none(), "the server ended by itself: {ended:?}");
            assert!(began.elapsed() < START_TIME_MAX, "the server is not ready after {START_TIME_MAX:?}");
            if is_ready(&client).await {
                return Node { child, started_in: began.elapsed() };
            }
            tokio::time::sleep(START_PAUSE).await;
        }
    }

    /// Starts the server again and again until it is ready: it ends by itself while it cannot reach its database.
    ///
    /// # Panics
    /// When it is not ready in time.
    pub async fn start_in_the_end(&self) -> Node {
        let began = Instant::now();
        let client = Client::new(self.listen);
        let mut child = self.spawn();
        loop {
            assert!(began.elapsed() < PATIENCE_MAX, "the server is not ready after {PATIENCE_MAX:?}");
            if child.try_wait().expect("it is our own process").is_some() {
                tokio::time::sleep(RESTART_PAUSE).await;
                child = self.spawn();
            } else if is_ready(&client).await {
                return Node { child, started_in: began.elapsed() };
            }
            tokio::time::sleep(START_PAUSE).await;
        }
    }

    fn spawn(&self) -> Child {
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
        let words: Vec<&str> =
            self.starter.iter().chain([&self.program]).map(String::as_str).chain(arguments).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        command.envs(self.environment.iter().cloned()).stdout(Stdio::null()).kill_on_drop(true);
        if let Some(log) = &self.log {
            let file = File::options().create(true).append(true).open(log).expect("the folder of the log is ours");
            command.stderr(file);
        }
        command.spawn().expect("the program was built with this test")
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

async fn is_ready(client: &Client) -> bool {
    let question = Question { method: "GET", path: "/health/ready", token: "", key: None, body: None };
    client.ask(question).await.is_ok_and(|answer| answer.status == 200)
}

impl Node {
    /// Sends it a signal, as `STOP` and `CONT`.
    ///
    /// # Panics
    /// When there is no program `kill`.
    pub async fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await;
        assert!(sent.expect("`kill` is part of every system").success());
    }

    /// Limits how large files may grow that it writes: a disk that is as small as we like.
    ///
    /// # Panics
    /// When there is no program `prlimit`.
    pub async fn limit_files(&self, bytes: &str) {
        let arguments = [format!("--fsize={bytes}:unlimited"), format!("--pid={}", self.id())];
        let limited = Command::new("prlimit").args(arguments).status().await;
        assert!(limited.expect("`prlimit` is there (Debian: `apt-get install util-linux`)").success());
    }

    /// Tells it to stop; answers how long it took, and whether it ended well.
    ///
    /// # Panics
    /// When there is no program `kill`, or it does not end at all.
    pub async fn stop(mut self) -> (Duration, bool) {
        let begun = Instant::now();
        self.signal("TERM").await;
        let ended = tokio::time::timeout(PATIENCE_MAX, self.child.wait()).await.expect("it ends some time");
        (begun.elapsed(), ended.expect("it is our own process").success())
    }

    /// Kills it as a power cut would: nothing of it runs any more when this returns.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it is our own process and still runs");
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }
}
