//! A way between a node and its database that can be cut, frozen, slowed down, or closed in one direction.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How much is carried at once.
const PIECE_BYTES: usize = 16 * 1024;

/// What the way is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Everything goes through.
    Open,
    /// Every connection is reset, and new ones are refused.
    Cut,
    /// Nothing moves in either direction; connections stay.
    Frozen,
    /// What the node sends arrives, and no answer comes back.
    HalfOpen,
    /// Each piece takes so much longer.
    Slow(Duration),
}

/// A way that carries bytes until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    /// Where nodes connect.
    pub address: SocketAddr,
    way: watch::Sender<Way>,
    carrying: JoinHandle<()>,
}

impl Proxy {
    /// An open way to an address.
    ///
    /// # Errors
    /// When this machine has no port for it.
    pub async fn to(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (way, seen) = watch::channel(Way::Open);
        let carrying = tokio::spawn(carry_all(listener, target, seen));
        Ok(Self { address, way, carrying })
    }

    /// Changes what the way is like, also for connections there are.
    pub fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn carry_all(listener: TcpListener, target: SocketAddr, way: watch::Receiver<Way>) {
    let mut connections = JoinSet::new();
    while let Ok((node, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        if *way.borrow() != Way::Cut {
            connections.spawn(carry(node, target, way.clone()));
        }
    }
}

/// Carries one connection until either side closes it or it is cut.
async fn carry(node: TcpStream, target: SocketAddr, mut way: watch::Receiver<Way>) {
    // On a frozen way a connection is made, and nobody is behind it.
    let passes = |way: &Way| matches!(way, Way::Open | Way::HalfOpen | Way::Slow(_) | Way::Cut);
    if way.wait_for(passes).await.is_err() {
        return;
    }
    let Ok(database) = TcpStream::connect(target).await else { return };
    let _ = (node.set_nodelay(true), database.set_nodelay(true));
    let ((from_node, to_node), (from_database, to_database)) = (node.into_split(), database.into_split());
    let mut cut = way.clone();
    tokio::select! {
        _ = cut.wait_for(|way| *way == Way::Cut) => {}
        _ = pass(from_node, to_database, way.clone(), true) => {}
        _ = pass(from_database, to_node, way, false) => {}
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut way: watch::Receiver<Way>,
    is_forth: bool,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = from.read(&mut piece).await?;
        if count == 0 {
            return Ok(());
        }
        let passes = |way: &Way| match way {
            Way::Open | Way::Slow(_) | Way::Cut => true,
            Way::HalfOpen => is_forth,
            Way::Frozen => false,
        };
        let now = *way.wait_for(passes).await.map_err(io::Error::other)?;
        if let Way::Slow(delay) = now {
            tokio::time::sleep(delay).await;
        }
        to.write_all(&piece[..count]).await?;
    }
}
