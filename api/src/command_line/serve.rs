//! `duban serve`: the server.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Failure, Screen, anchor, runtime, welcome};
use crate::access::Access;
use crate::anchor::Key;
use crate::clock::SystemClock;
use crate::config::{self, ColdAfter, Log, Storage};
use crate::http::{self, Server};
use crate::live::Live;
use crate::runner::{Runner, Settings};
use crate::storage::Database;

/// The folder that is taken when none is named.
const FOLDER: &str = "processes";

/// What is said where there is nothing to run by.
const NO_DEFINITIONS: &str = "there are no definitions: name their folder with --processes DIR";

/// How long it may take to finish what was taken, and to let others have what was not, when every request is answered or broken
/// off. A database that does not answer is not waited for.
const STOP_TIME_MAX: Duration = Duration::from_millis(2_250);

/// How long the threads may take to end then.
const LEAVE_TIME_MAX: Duration = Duration::from_millis(250);

/// Run the server: HTTP, deadlines, messages, and definitions that go live as they change.
///
/// Definitions that are wrong, or whose scenarios fail, do not go live; those before stay. Of these only the
/// organization goes live alone, so that who left is out. Every case runs to its end by the version that it was
/// opened with.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    storage: Storage,
    /// The folder with the definitions; `processes` when there is one, else what the database has.
    #[arg(long, value_name = "DIR")]
    processes: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// How many connections one address may have at the same time; 0 is as many as there are, for a server that only a
    /// proxy reaches.
    #[arg(long, value_name = "COUNT", env = "DUBAN_CONNECTIONS_PER_ADDRESS", default_value_t = http::SHARE)]
    connections_per_address: usize,
    /// Write an anchor into this folder every day, as `duban anchor` does.
    #[arg(long, value_name = "DIR")]
    anchors: Option<PathBuf>,
    /// The key that anchors are signed with; one that is missing is made.
    #[arg(long, value_name = "FILE", requires = "anchors", default_value = anchor::DEFAULT_KEY)]
    anchor_key: PathBuf,
    /// How many days after its end the history of a case is moved into one row, which takes a fraction of the room and
    /// answers as before; 0 is within the hour, `never` not at all.
    #[arg(long, value_name = "DAYS", env = "DUBAN_COLD_AFTER", default_value = "30")]
    cold_after: ColdAfter,
    /// Make a token for people of the sample organization and print them. Only on this machine's own address.
    #[arg(long)]
    demo: bool,
    #[command(flatten)]
    log: Log,
}

/// Runs the command until it is told to stop.
pub(super) fn run(arguments: &Arguments, screen: &Screen) -> Result<bool, Failure> {
    if arguments.demo && !arguments.listen.ip().is_loopback() {
        let listen = arguments.listen;
        return Err(format!("--demo hands out tokens, so that it listens on this machine only, not on {listen}").into());
    }
    arguments.log.begin(screen.color_error);
    let runtime = runtime()?;
    let served = runtime.block_on(serve(arguments, screen));
    // What still waits for a drive that does not answer is left behind.
    runtime.shutdown_timeout(LEAVE_TIME_MAX);
    served.map(|()| true)
}

async fn serve(arguments: &Arguments, screen: &Screen) -> Result<(), Failure> {
    // First of all, so that a stop while starting is heard.
    let stop = stop()?;
    // Before anything is changed: a second server on the same port leaves the database of the first alone.
    let listener = TcpListener::bind(arguments.listen).await.map_err(|error| {
        format!("cannot listen on {}: {error}; --listen takes another ADDRESS:PORT", arguments.listen)
    })?;
    let address = listener.local_addr()?;
    // A file that was not there is not left behind where nobody wanted one.
    let is_new = arguments.storage.file("").is_ok_and(|file| !file.exists());
    if is_new && folder(arguments).is_none() {
        return Err(NO_DEFINITIONS.into());
    }
    let database = arguments.storage.open().await?;
    let settings = Settings { cold_after: arguments.cold_after.0, ..Settings::default() };
    let runner = config::runner_as(database.clone(), settings).await?;
    let live = definitions(arguments, &runner, screen).await?;
    let anchoring = anchoring(arguments, &database)?;
    let mut access = Access::new(database.for_pages());
    let Some(library) = runner.definitions().active() else {
        return Err(NO_DEFINITIONS.into());
    };
    let samples =
        if arguments.demo { welcome::samples(&library, &mut access, runner.clock().now()) } else { Vec::new() };
    screen.say(&welcome::text(address, &library, &samples, screen));
    if !address.ip().is_loopback() {
        tracing::warn!("tokens are sent in the clear: put a proxy with TLS before {address}");
    }
    let watching = live.map(|live| tokio::spawn(live.watch()));
    let router = http::router(Arc::new(Server::new(Arc::clone(&runner), access)));
    http::serve(listener, router, arguments.connections_per_address, stop).await;
    let stopping = async {
        for task in [watching, anchoring].into_iter().flatten() {
            task.abort();
            // It ends because it was told to, or had ended before.
            let _ = task.await;
        }
        if let Some(runner) = Arc::into_inner(runner) {
            runner.stop().await;
        }
        database.close().await;
    };
    match tokio::time::timeout(STOP_TIME_MAX, stopping).await {
        Ok(()) => tracing::info!("stopped"),
        Err(_) => tracing::warn!("stopped without waiting for the database; what this node held waits for its leases"),
    }
    Ok(())
}

/// Begins to write anchors, if they are wanted.
fn anchoring(arguments: &Arguments, database: &Database) -> Result<Option<JoinHandle<()>>, Failure> {
    let Some(folder) = arguments.anchors.clone() else { return Ok(None) };
    let (key, database) = (Key::open_or_make(&arguments.anchor_key)?, database.clone());
    Ok(Some(tokio::spawn(async move { crate::anchor::run(&database, &SystemClock, &key, &folder).await })))
}

/// Where the definitions are, if anywhere.
fn folder(arguments: &Arguments) -> Option<PathBuf> {
    let found = fs::metadata(FOLDER).is_ok_and(|metadata| metadata.is_dir()).then(|| PathBuf::from(FOLDER));
    arguments.processes.clone().or(found)
}

/// Puts the folder live. A wrong folder stops the start only when there is nothing to run by.
async fn definitions(arguments: &Arguments, runner: &Arc<Runner>, screen: &Screen) -> Result<Option<Live>, Failure> {
    let Some(folder) = folder(arguments) else { return Ok(None) };
    let mut live = Live::new(folder, Arc::clone(runner), screen.color_error);
    if let Err(error) = live.refresh().await {
        if runner.definitions().active().is_none() {
            return Err(error.into());
        }
        tracing::error!("{error}");
        tracing::warn!("the definitions that were live before still are");
    }
    Ok(Some(live))
}

/// Ends when the system or somebody at the keyboard wants the server to stop.
#[cfg(unix)]
fn stop() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut terminated, mut interrupted) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
        tracing::info!("stopping");
    })
}

/// Ends when somebody at the keyboard wants the server to stop.
#[cfg(not(unix))]
fn stop() -> Result<impl Future<Output = ()>, Failure> {
    Ok(async {
        // Without a keyboard it runs until it is ended.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
