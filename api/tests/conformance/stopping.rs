//! A server that is told to stop is gone within 5 seconds, whoever holds on to it; nothing that it answered is lost, and what it
//! had in hand another one takes at once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::cluster::{Folder, on_each_database};
use crate::town::files;

/// How long whoever starts and ends servers waits before it kills them.
const STOP_TIME_MAX: Duration = Duration::from_secs(5);

/// How long it may take until another node takes what was left: far less than the lease of a delivery, which is a minute.
const TAKE_TIME_MAX: Duration = Duration::from_secs(20);

/// How many write at the same time.
const WRITERS: usize = 8;

/// How much they have written when the server is told to stop.
const WRITTEN_MIN: usize = 200;

/// A server, killed when it is dropped.
struct Node {
    child: Child,
    address: String,
    _output: BufReader<ChildStdout>,
}

impl Node {
    fn start(database: &str, folder: &Folder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_duban"))
            .args(["serve", "--database", database, "--processes", &folder.text("set"), "--listen", "127.0.0.1:0"])
            .args(["--log-level", "error"])
            .env("CITY_SECRET", crate::town::SECRET)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program was built");
        let mut output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(output.read_line(&mut line).expect("its output is text") > 0, "the server did not start");
            if let Some((_, address)) = line.split_once("Duban is ready: http://") {
                break address.trim().to_owned();
            }
        };
        Self { child, address, _output: output }
    }

    /// Tells it to stop; answers how long it took, and whether it ended well.
    fn stop(&mut self, signal: &str) -> (Duration, bool) {
        let told = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status();
        assert!(told.expect("`kill` is there").success());
        let begun = Instant::now();
        let ended = self.child.wait().expect("it is our child");
        (begun.elapsed(), ended.success())
    }

    fn connect(&self, sent: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        stream.write_all(sent.as_bytes()).expect("the server reads");
        stream
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who is sent webhooks and answers only when well; tells the id of each.
struct Hook {
    url: String,
    is_well: Arc<AtomicBool>,
    ids: Receiver<String>,
}

impl Hook {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("this machine has free ports");
        let url = format!("http://{}/hook", listener.local_addr().expect("it listens"));
        let (is_well, (tell, ids)) = (Arc::new(AtomicBool::new(false)), channel());
        let well = Arc::clone(&is_well);
        std::thread::spawn(move || {
            let mut hanging = Vec::new();
            for mut stream in listener.incoming().flatten() {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let id = head.lines().find_map(|line| line.strip_prefix("webhook-id: ")).unwrap_or_default();
                if tell.send(id.to_owned()).is_err() {
                    return;
                }
                if well.load(Ordering::Acquire) {
                    // Who hangs up has its answer, or asks again.
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                } else {
                    hanging.push(stream);
                }
            }
        });
        Self { url, is_well, ids }
    }
}

/// The definitions, with webhooks to this machine.
fn set(folder: &Folder, hook: &Hook) {
    for (path, text) in files() {
        let text = text.replace("url: \"https://city.example/hook\"", &format!("private: true, url: \"{}\"", hook.url));
        let path = folder.path("set").join(path);
        std::fs::create_dir_all(path.parent().expect("it is in the folder")).expect("the folder is ours");
        std::fs::write(path, text).expect("the folder is ours");
    }
}

fn token(database: &str) -> String {
    let made = Command::new(env!("CARGO_BIN_EXE_duban")).args(["token", "wang", "--database", database]).output();
    String::from_utf8(made.expect("the program was built").stdout).expect("a token is text").trim().to_owned()
}

/// Somebody who asks.
#[derive(Clone)]
struct Asker {
    client: reqwest::Client,
    address: String,
    token: String,
}

impl Asker {
    /// The answer; `None` when there was none.
    async fn post(&self, path: &str, key: &str, body: &Value) -> Option<(u16, Value)> {
        let asking = self.client.post(format!("http://{}{path}", self.address)).bearer_auth(&self.token);
        let asking = asking.header("idempotency-key", key).header("content-type", "application/json");
        let answer = asking.body(body.to_string()).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, serde_json::from_str(&answer.text().await.ok()?).ok()?))
    }

    async fn case(&self, path: &str) -> Value {
        let asking = self.client.get(format!("http://{}{path}", self.address)).bearer_auth(&self.token);
        let answer = asking.send().await.expect("the server answers").text().await.expect("the server answers");
        serde_json::from_str(&answer).expect("answers are JSON")
    }

    async fn open(&self, key: &str) -> String {
        let body = json!({"process": "matter", "fields": {"subject": key}});
        let (status, opened) = self.post("/api/cases", key, &body).await.expect("the server answers");
        assert_eq!(status, 201, "{opened}");
        opened["case"].as_str().expect("an answer names its case").to_owned()
    }

    /// Writes notes into a case until one is not answered with success; answers how many were sent, and each answer.
    async fn write(self, case: String, written: Arc<AtomicUsize>) -> (String, usize, Vec<Value>) {
        let mut answers = Vec::new();
        loop {
            let number = answers.len();
            match note(&self, &case, number).await {
                Some((200, answer)) => {
                    answers.push(answer);
                    written.fetch_add(1, Ordering::Relaxed);
                }
                // The server is going, and says so if it can.
                None => return (case, number + 1, answers),
                Some((status, answer)) => {
                    assert_eq!(status, 503, "{answer}");
                    return (case, number + 1, answers);
                }
            }
        }
    }
}

async fn note(asker: &Asker, case: &str, number: usize) -> Option<(u16, Value)> {
    let body = json!({"fields": {"words": format!("{number}")}});
    asker.post(&format!("/api/cases/{case}/actions/note"), &format!("{case}-{number}"), &body).await
}

/// Has servers stop under load, with everything that may hold them up.
async fn stop(database: &str, signal: &str) {
    let (folder, hook) = (Folder::default(), Hook::open());
    set(&folder, &hook);
    let mut node = Node::start(database, &folder);
    let is_server = database.starts_with("postgres:");
    let other = is_server.then(|| Node::start(database, &folder));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client needs nothing");
    let asker = Asker { client, address: node.address.clone(), token: token(database) };
    let told = asker.open("told").await;
    let tell = asker.post(&format!("/api/cases/{told}/actions/tell"), "tell", &json!({})).await;
    assert_eq!(tell.expect("the server answers").0, 200);
    let id = hook.ids.recv_timeout(TAKE_TIME_MAX).expect("the webhook is sent");
    let (mut writing, written) = (JoinSet::new(), Arc::<AtomicUsize>::default());
    for number in 0..WRITERS {
        let case = asker.open(&format!("written {number}")).await;
        writing.spawn(asker.clone().write(case, Arc::clone(&written)));
    }
    let _half_a_head = node.connect("POST /api/cases HTTP/1.1\r\nHost: duban\r\n");
    let _half_a_body = node.connect(&format!(
        "POST /api/cases HTTP/1.1\r\nHost: duban\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{{",
        asker.token
    ));
    let _silent = node.connect("");
    let mut idle = node.connect("GET /health/live HTTP/1.1\r\nHost: duban\r\n\r\n");
    assert!(idle.read(&mut [0; 64]).expect("it is answered") > 0);
    while written.load(Ordering::Relaxed) < WRITTEN_MIN {
        tokio::task::yield_now().await;
    }

    hook.is_well.store(true, Ordering::Release);
    let (took, is_well) = tokio::task::block_in_place(|| node.stop(signal));
    println!("stopped by {signal} in {took:?}");
    let other = other.unwrap_or_else(|| Node::start(database, &folder));
    let again = hook.ids.recv_timeout(TAKE_TIME_MAX);

    assert!(is_well && took < STOP_TIME_MAX, "{took:?}, ended well: {is_well}");
    assert_eq!(again.as_deref(), Ok(&*id), "the delivery is taken up by another");
    let asker = Asker { address: other.address.clone(), ..asker };
    while let Some(written) = writing.join_next().await {
        let (case, sent, answers) = written.expect("no writer panics");
        // Everything once more, the last of which was not answered.
        for number in 0..sent {
            let (status, answer) = note(&asker, &case, number).await.expect("the other server answers");
            assert_eq!(status, 200, "{answer}");
            assert!(answers.get(number).is_none_or(|first| *first == answer), "{number}: {answers:?} {answer}");
        }
        let case = asker.case(&format!("/api/cases/{case}")).await;
        let fields = case["fields"].as_array().expect("a case shows its fields");
        let times = fields.iter().find(|field| field["name"] == "times").map(|field| &field["value"]);
        assert_eq!(times, Some(&json!(sent)), "{case}");
    }
    let verify = Command::new(env!("CARGO_BIN_EXE_duban")).args(["verify", "--database", database]).output();
    let verify = verify.expect("the program was built");
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_terminated_under_load_is_gone_in_time_and_leaves_nothing_behind() {
    on_each_database(async |address| stop(&address, "TERM").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_one_that_is_interrupted() {
    on_each_database(async |address| stop(&address, "INT").await).await;
}
