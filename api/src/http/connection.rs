//! Connections: so many and no more, each with a limit on how slow it may be, all finished before the server stops.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep};

use super::seats::{Seat, Seats};

/// How long sending the head of a request may take, and how long a connection may be idle.
const HEAD_TIME_MAX: Duration = Duration::from_secs(15);

/// How long a client may take no byte of an answer.
const STALL_TIME_MAX: Duration = Duration::from_secs(20);

/// How much of a head is read: far more than a client of this API has to say.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// How long requests under way may still take when the server stops. All of stopping takes less than 5 seconds, so that who
/// starts and ends servers need not kill them.
const STOP_TIME_MAX: Duration = Duration::from_millis(2_000);

/// How long those that are broken off then may take to notice.
const LEAVE_TIME_MAX: Duration = Duration::from_millis(250);

/// How long to wait when the system has no more connections to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers connections until `stop`, then finishes what is under way. One address has so many connections at most as its
/// share is; `0` is as many as there are.
pub async fn serve(listener: TcpListener, router: Router, share: usize, stop: impl Future<Output = ()>) {
    let seats = Arc::new(Seats::new(share));
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepting = async {
            seats.wait_for_room().await;
            listener.accept().await
        };
        let accepted = tokio::select! {
            accepted = accepting => accepted,
            Some(_) = connections.join_next() => continue,
            () = &mut stop => break,
        };
        let Ok((stream, from)) = accepted else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Without a seat there is no answer: it would take as much as a question.
        let Some(taken) = seats.take(from.ip()) else { continue };
        // An answer is written whole, so that waiting to fill a packet only delays it. Without it, it is slower.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        connections.spawn(async move { answer(stream, router, taken.seat()).await });
    }
    drop(listener);
    seats.dismiss();
    if ended(&mut connections, STOP_TIME_MAX).await {
        return;
    }
    tracing::warn!("some requests were still under way");
    connections.abort_all();
    // What they held is free when all have ended; what computes meanwhile is left.
    ended(&mut connections, LEAVE_TIME_MAX).await;
}

/// Answers what is asked on a connection, until either side has enough.
async fn answer(stream: TcpStream, router: Router, seat: &Arc<Seat>) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME_MAX).max_buf_size(HEAD_BYTES_MAX);
    let service = TowerToHyperService::new(router);
    let service = service_fn(|request| {
        seat.begin();
        let (answering, seat) = (service.call(request), Arc::clone(seat));
        async move {
            let answer = answering.await;
            seat.end();
            answer
        }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(Patient::new(stream)), service));
    // A client that breaks off or sends what is not HTTP has been answered, or cannot be.
    tokio::select! {
        _ = &mut connection => return,
        () = seat.told_to_leave() => {}
    }
    if !seat.is_silent() {
        // A request may have come in the same instant; then it is answered.
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

/// Whether all connections end in time.
async fn ended(connections: &mut JoinSet<()>, time_max: Duration) -> bool {
    tokio::time::timeout(time_max, async { while connections.join_next().await.is_some() {} }).await.is_ok()
}

/// A connection that fails when its client takes nothing for too long.
struct Patient {
    stream: TcpStream,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn new(stream: TcpStream) -> Self {
        Self { stream, stalled: None }
    }

    /// Passes on what a write came to; one that waits too long has failed.
    fn limit<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(STALL_TIME_MAX)));
        ready!(stalled.as_mut().poll(context));
        stalled.as_mut().reset(Instant::now() + STALL_TIME_MAX);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.limit(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.limit(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let closed = Pin::new(&mut self.stream).poll_shutdown(context);
        self.limit(context, closed)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.limit(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
