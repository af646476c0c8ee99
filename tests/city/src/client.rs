//! A small HTTP client: one request, one answer, connections kept for the next.

use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How long an answer may take.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// How many connections a client has at most, well under what the server gives to one address.
const CONNECTIONS_MAX: usize = 64;

/// A client of one server.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    idle: Mutex<Vec<BufReader<TcpStream>>>,
    seats: Semaphore,
}

/// What the server said.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body; null when there is none.
    pub body: Json,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The path with its query.
    pub path: &'a str,
    /// The bearer token.
    pub token: &'a str,
    /// The key of a command.
    pub key: Option<&'a str>,
    /// The body of a command.
    pub body: Option<&'a Json>,
}

impl Client {
    /// A client of the server at an address.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, idle: Mutex::new(Vec::new()), seats: Semaphore::new(CONNECTIONS_MAX) }
    }

    /// Asks once. The answer to a command that breaks off is not known: the same key again finds out.
    ///
    /// # Errors
    /// When the server cannot be reached, breaks off, or does not answer in time.
    pub async fn ask(&self, question: Question<'_>) -> io::Result<Answer> {
        let _seat = self.seats.acquire().await.map_err(io::Error::other)?;
        timeout(ANSWER_TIME_MAX, self.exchange(question)).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// A kept connection may have been closed by the server meanwhile: then the question is put once more on a new
    /// one, which its key makes safe.
    async fn exchange(&self, question: Question<'_>) -> io::Result<Answer> {
        let request = request(&question);
        let kept = self.idle.lock().expect("nobody panics with it").pop();
        if let Some(stream) = kept {
            match self.speak(stream, &request).await {
                Err(error) if is_closed(&error) => {}
                done => return done,
            }
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        self.speak(BufReader::new(stream), &request).await
    }

    async fn speak(&self, mut stream: BufReader<TcpStream>, request: &str) -> io::Result<Answer> {
        stream.get_mut().write_all(request.as_bytes()).await?;
        let answer = read(&mut stream).await?;
        self.idle.lock().expect("nobody panics with it").push(stream);
        Ok(answer)
    }
}

fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

fn request(question: &Question<'_>) -> String {
    let Question { method, path, token, key, body } = question;
    let body = body.map_or_else(String::new, Json::to_string);
    let key = key.map_or_else(String::new, |key| format!("idempotency-key: {key}\r\n"));
    format!(
        "{method} {path} HTTP/1.1\r\nhost: city\r\nauthorization: Bearer {token}\r\n{key}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    let mut length = 0;
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(broken());
        }
        match line.trim_end().split_once(':') {
            None => break,
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().map_err(|_| broken())?;
            }
            Some(_) => {}
        }
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    let body = if bytes.is_empty() { Json::Null } else { serde_json::from_slice(&bytes)? };
    Ok(Answer { status, body })
}

/// What goes into a path as it is, and everything else as `%` and two digits.
pub fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
