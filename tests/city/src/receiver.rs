//! Somebody who is sent webhooks, and does not always take them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::history::{Entry, Log};

/// How the receiver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It takes everything.
    Well,
    /// It answers 500.
    Failing,
    /// It reads and does not answer, until it is well again.
    Hanging,
}

/// A receiver that runs until it is dropped.
#[derive(Debug)]
pub struct Receiver {
    /// Where webhooks are sent.
    pub address: SocketAddr,
    mood: watch::Sender<Mood>,
    receiving: JoinHandle<()>,
}

impl Receiver {
    /// A receiver that is well, and writes down what it sees.
    ///
    /// # Errors
    /// When this machine has no port for it.
    pub async fn start(log: Arc<Log>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (mood, seen) = watch::channel(Mood::Well);
        let receiving = tokio::spawn(receive_all(listener, seen, log));
        Ok(Self { address, mood, receiving })
    }

    /// Changes how it is, also for what it has not answered yet.
    pub fn set(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.receiving.abort();
    }
}

async fn receive_all(listener: TcpListener, mood: watch::Receiver<Mood>, log: Arc<Log>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(receive(stream, mood.clone(), Arc::clone(&log)));
    }
}

/// Takes what comes on one connection.
async fn receive(stream: TcpStream, mut mood: watch::Receiver<Mood>, log: Arc<Log>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some((id, body)) = read(&mut stream).await? {
        log.note(|at| Entry::Arrived { at, id: id.clone(), body });
        let now = *mood.wait_for(|mood| *mood != Mood::Hanging).await.map_err(io::Error::other)?;
        let status = if now == Mood::Well { "200 OK" } else { "500 Internal Server Error" };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        stream.get_mut().write_all(answer.as_bytes()).await?;
        if now == Mood::Well {
            log.note(|at| Entry::Acknowledged { at, id });
        }
    }
    Ok(())
}

/// The id and the body of the next request; `None` when there is none.
async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<(String, String)>> {
    let (mut id, mut length, mut line) = (String::new(), 0, String::new());
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "webhook-id" => value.trim().clone_into(&mut id),
            "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some((id, String::from_utf8_lossy(&body).into_owned())))
}
