//! The desk that is measured: a runner over a database with the definitions of the measurements, and its HTTP face.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use duban_engine::ids::CaseId;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::set;
use crate::access::{Access, Principal};
use crate::clock::Clock;
use crate::config::{COMMITTERS, Failure, make_folder_of};
use crate::http::{self, Server};
use crate::random;
use crate::runner::{Environment, RandomSalts, Runner, Settings, Surroundings, Web};
use crate::storage::{Database, sqlite_path};

/// A runner over a database that only measurements use.
pub struct Desk {
    /// Where the database is.
    pub address: String,
    /// The database.
    pub database: Database,
    /// The runner.
    pub runner: Arc<Runner>,
    /// Tells the cases of this desk from those of all others.
    series: [u8; 16],
    next: AtomicU64,
}

/// A desk's HTTP face, on a port of this machine.
pub struct Face {
    /// Where it listens.
    pub address: SocketAddr,
    /// A token for everybody.
    pub tokens: Arc<BTreeMap<String, String>>,
    serving: JoinHandle<()>,
}

impl Desk {
    /// Opens the database; one that is missing is made.
    ///
    /// # Errors
    /// When it cannot be opened, or holds something that is not the measurements'.
    pub async fn open(address: &str, clock: Arc<dyn Clock>, is_automatic: bool) -> Result<Self, Failure> {
        if let Some(path) = sqlite_path(address) {
            make_folder_of(Path::new(path))?;
        }
        let database = Database::open(address).await?;
        refuse_others(&database).await?;
        let surroundings = Surroundings {
            clock,
            outside: Arc::new(Web::new()?),
            secrets: Arc::new(Environment),
            salts: Arc::new(RandomSalts),
        };
        let settings = Settings { automatic: is_automatic, committers: COMMITTERS, ..Settings::default() };
        let runner = Runner::start(database.clone(), surroundings, settings).await?;
        runner.deploy(&set::files()).await?;
        let (address, runner) = (address.to_owned(), Arc::new(runner));
        Ok(Self { address, database, runner, series: random::bytes(), next: AtomicU64::new(0) })
    }

    /// A number that no case of this desk has yet.
    pub fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// The id that goes with a number: as if by chance, as ids of real cases are.
    pub fn id(&self, kind: &str, number: u64) -> CaseId {
        let mut digest = Sha256::new();
        digest.update(self.series);
        digest.update(kind);
        digest.update(number.to_be_bytes());
        let digest: [u8; 32] = digest.finalize().into();
        CaseId(u128::from_be_bytes(*digest.first_chunk().expect("32 bytes have a first half")))
    }

    /// Opens an HTTP face.
    ///
    /// # Errors
    /// When the machine has no free port.
    pub async fn face(&self) -> Result<Face, Failure> {
        let library = self.runner.definitions().active().ok_or("the definitions were deployed")?;
        let mut access = Access::new(self.database.clone());
        let people = library.catalog.organization.people.keys().map(|person| {
            let token = access.add_sample(Principal::Person(person.clone()));
            (person.to_string(), token.reveal().to_owned())
        });
        let tokens = Arc::new(people.collect());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = http::router(Arc::new(Server::new(Arc::clone(&self.runner), access)));
        let serving = tokio::spawn(http::serve(listener, router, 0, std::future::pending()));
        Ok(Face { address, tokens, serving })
    }

    /// Finishes what is under way.
    pub async fn close(self) {
        if let Some(runner) = Arc::into_inner(self.runner) {
            runner.stop().await;
        }
        self.database.close().await;
    }
}

impl Face {
    /// Listens no more.
    pub async fn close(self) {
        self.serving.abort();
        // It ends because it was told to.
        let _ = self.serving.await;
    }
}

/// Lets nobody measure on a database in which something else lives: its definitions would not be live any more.
async fn refuse_others(database: &Database) -> Result<(), Failure> {
    let rows = database.fetch("SELECT DISTINCT process FROM process_versions", &[]).await?;
    let known = rows.iter().map(|row| row.text(0)).collect::<Result<BTreeSet<String>, _>>()?;
    match known.iter().find(|process| !set::PROCESSES.contains(&process.as_str())) {
        Some(process) => Err(format!(
            "this database is not the measurements' own: the process `{process}` is deployed in it; name an empty one"
        )
        .into()),
        None => Ok(()),
    }
}
