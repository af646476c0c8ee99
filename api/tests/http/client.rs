//! A server of its own for each test, and a client that sends exactly what it is told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

static NEXT: AtomicU32 = AtomicU32::new(1);

/// The definitions that the project comes with.
pub fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../processes")
}

/// A server on a free port of this machine, killed without warning when it is dropped.
pub struct Server {
    child: Child,
    address: String,
    database: String,
    /// The tokens that it printed, by the person's id.
    pub samples: BTreeMap<String, String>,
    log: PathBuf,
    scratch: Option<PathBuf>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_file(&self.log);
        if let Some(scratch) = &self.scratch {
            let _ = std::fs::remove_dir_all(scratch);
        }
    }
}

impl Server {
    /// A server on a fresh SQLite file.
    pub fn fresh() -> Self {
        Self::fresh_under(&[])
    }

    /// The same, started by another program that becomes it.
    pub fn fresh_under(starter: &[&str]) -> Self {
        let scratch = scratch();
        let mut server = Self::start_under(starter, &format!("sqlite:{}/duban.sqlite", scratch.display()), &shipped());
        server.scratch = Some(scratch);
        server
    }

    /// A server on a database and a folder.
    pub fn start(database: &str, processes: &Path) -> Self {
        Self::start_under(&[], database, processes)
    }

    /// The same, started by another program that becomes it.
    pub fn start_under(starter: &[&str], database: &str, processes: &Path) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let log = std::env::temp_dir().join(format!("duban-http-{}-{number}.log", std::process::id()));
        let written = std::fs::File::create(&log).expect("the system has a place for temporary files");
        let words = [starter, &[env!("CARGO_BIN_EXE_duban")]].concat();
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--log-level", "error", "--database", database])
            .arg("--processes")
            .arg(processes)
            .stdout(Stdio::piped())
            .stderr(written)
            .spawn()
            .expect("the program was built, and what starts it is there");
        let mut output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let (mut address, mut samples, mut line) = (String::new(), BTreeMap::new(), String::new());
        while output.read_line(&mut line).expect("its output is text") > 0 {
            if let Some((_, found)) = line.split_once("Duban is ready: http://") {
                address = found.trim().to_owned();
            } else if let Some(sample) = line.strip_prefix("  duban_") {
                let words: Vec<&str> = sample.split("  ").collect();
                let id = words[1].rsplit(' ').next().expect("a split has a last part");
                samples.insert(id.to_owned(), format!("duban_{}", words[0]));
            } else if line.starts_with("  curl -s") && line.contains("/api/processes/") {
                break;
            }
            line.clear();
        }
        assert!(!address.is_empty(), "the server did not start: {}", read(&log));
        Self { child, address, database: database.to_owned(), samples, log, scratch: None }
    }

    /// What it has written to its log.
    pub fn log(&self) -> String {
        read(&self.log)
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop, and answers whether it ended well.
    #[cfg(unix)]
    pub fn stop(&mut self) -> bool {
        self.tell_to_stop();
        self.child.wait().expect("it is our child").success()
    }

    /// Asks it to stop.
    #[cfg(unix)]
    pub fn tell_to_stop(&self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().expect("`kill` is there");
        assert!(asked.success());
    }

    /// Whether it takes connections.
    pub fn listens(&self) -> bool {
        TcpStream::connect(&self.address).is_ok()
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A token that the database keeps.
    pub fn token(&self, words: &[&str]) -> String {
        let made = Command::new(env!("CARGO_BIN_EXE_duban"))
            .arg("token")
            .args(words)
            .args(["--database", &self.database])
            .output()
            .expect("the program was built");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).expect("a token is text").trim().to_owned()
    }

    /// A connection on which nothing was sent yet.
    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).expect("the server listens")
    }

    /// Sends bytes as they are and reads what comes back.
    pub fn send_raw(&self, bytes: &[u8]) -> Reply {
        let mut stream = self.connect();
        // The server may answer and hang up before it has read everything.
        let _ = stream.write_all(bytes);
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        Reply::read(&reply)
    }

    /// Sends a request with some headers, each ended by `\r\n`.
    pub fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: duban\r\nConnection: close\r\n{length}{headers}\r\n");
        self.send_raw(&[head.as_bytes(), body].concat())
    }

    /// Reads something in somebody's name.
    pub fn get(&self, token: &str, path: &str) -> Reply {
        self.send("GET", path, &format!("Authorization: Bearer {token}\r\n"), b"")
    }

    /// Has something done in somebody's name.
    pub fn post(&self, token: &str, path: &str, body: &Value) -> Reply {
        self.post_with(token, path, "", body)
    }

    /// The same with more headers.
    pub fn post_with(&self, token: &str, path: &str, headers: &str, body: &Value) -> Reply {
        let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n{headers}");
        self.send("POST", path, &headers, body.to_string().as_bytes())
    }
}

fn read(log: &Path) -> String {
    std::fs::read_to_string(log).expect("the log was made with the server")
}

/// An empty folder.
pub fn scratch() -> PathBuf {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("duban-http-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&path).expect("the system has a place for temporary files");
    path
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body as JSON; null when it is not.
    pub json: Value,
}

impl Reply {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
        let json = serde_json::from_slice(bytes.get(end + 4..).unwrap_or_default()).unwrap_or(Value::Null);
        Self { status, headers, json }
    }

    /// The stable code of a problem.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or("")
    }

    /// The body of a success.
    #[track_caller]
    pub fn good(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.json
    }
}
