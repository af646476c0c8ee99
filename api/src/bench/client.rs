//! A lean HTTP client: one connection, kept, one question after another.

use std::io;
use std::net::SocketAddr;

use serde_json::Value as Json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A connection to a server.
#[derive(Debug)]
pub struct Connection(BufReader<TcpStream>);

/// A command: its key and its body.
#[derive(Clone, Copy, Debug)]
pub struct Posted<'a> {
    /// The same key again has no second effect.
    pub key: &'a str,
    /// In JSON.
    pub body: &'a str,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody is there.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Asks, and answers the body; what is no success is an error.
    ///
    /// # Errors
    /// When the server refuses or breaks off.
    pub async fn ask(&mut self, path: &str, token: &str, posted: Option<Posted<'_>>) -> io::Result<Json> {
        let head = format!("{path} HTTP/1.1\r\nhost: duban\r\nauthorization: Bearer {token}\r\n");
        let request = match posted {
            None => format!("GET {head}\r\n"),
            Some(Posted { key, body }) => format!(
                "POST {head}idempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            ),
        };
        self.0.get_mut().write_all(request.as_bytes()).await?;
        let (status, body) = self.read().await?;
        if status >= 300 {
            return Err(io::Error::other(format!("{path}: {status}: {}", String::from_utf8_lossy(&body))));
        }
        if body.is_empty() { Ok(Json::Null) } else { Ok(serde_json::from_slice(&body)?) }
    }

    async fn read(&mut self) -> io::Result<(u16, Vec<u8>)> {
        let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let (mut line, mut length) = (String::new(), 0);
        self.0.read_line(&mut line).await?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        loop {
            line.clear();
            if self.0.read_line(&mut line).await? == 0 {
                return Err(broken());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(|_| broken())?;
            }
        }
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).await?;
        Ok((status, bytes))
    }
}
