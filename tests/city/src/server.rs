//! A server in this process over a clock that the city moves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use duban::access::{Access, Principal};
use duban::clock::Clock;
use duban::folder::Folder;
use duban::http::{self, Server};
use duban::runner::{Environment, Outside, Replying, Request, Runner, SALT_BYTES, Salts, Settings, Surroundings};
use duban::storage::Database;
use duban_engine::ids::CaseId;
use duban_engine::library::Library;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::client::Client;
use crate::door::Door;

/// Who is away, and who stands in: over the Spring Festival the chiefs take turns.
const ABSENCES: &str = include_str!("absences.yaml");

/// An outside that nobody can reach: the city's processes have no business there.
struct Nowhere;

impl Outside for Nowhere {
    fn send(&self, request: Request) -> Replying<'_> {
        Box::pin(async move { Err(format!("{} is not reached from here", request.url)) })
    }
}

/// Salts that are the same in every run, so that the same winter has the same hashes.
struct CountedSalts;

impl Salts for CountedSalts {
    fn salt(&self, case: CaseId, sequence: u32, position: u32) -> [u8; SALT_BYTES] {
        let place = (u128::from(sequence) << 32) | u128::from(position);
        (case.0 ^ (place << 32)).to_be_bytes()
    }
}

/// The shipped processes, with the absences of the winter.
pub fn files() -> BTreeMap<String, String> {
    let folder = Folder::read(&processes()).expect("the product ships its processes");
    let mut files = folder.to_texts();
    files.insert("absences.yaml".to_owned(), ABSENCES.to_owned());
    files
}

/// Where the shipped processes lie.
pub fn processes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../processes")
}

/// A runner over a fresh database, with everything deployed, that serves timers only when it is asked to.
pub async fn runner(address: &str, clock: Arc<dyn Clock>, settings: Settings) -> (Arc<Runner>, Arc<Library>) {
    let database = Database::open(address).await.expect("the address is of a database");
    let (outside, secrets, salts) = (Arc::new(Nowhere), Arc::new(Environment), Arc::new(CountedSalts));
    let surroundings = Surroundings { clock, outside, secrets, salts };
    let runner = Runner::start(database, surroundings, settings).await.expect("a runner starts over its database");
    let library = runner.deploy(&files()).await.expect("the shipped processes are sound");
    (Arc::new(runner), library)
}

/// A face over a runner on a port of this machine, and the way in with a token for everybody.
pub async fn face(runner: &Arc<Runner>, library: &Library) -> (Door, JoinHandle<()>) {
    let mut access = Access::new(runner.database().clone());
    let people = library.catalog.organization.people.keys().map(|person| {
        let token = access.add_sample(Principal::Person(person.clone()));
        (person.clone(), token.reveal().to_owned())
    });
    let people = people.collect();
    let program = access.add_sample(Principal::Program("city".into())).reveal().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("this machine has free ports");
    let address = listener.local_addr().expect("it listens");
    let router = http::router(Arc::new(Server::new(Arc::clone(runner), access)));
    let serving = tokio::spawn(http::serve(listener, router, http::SHARE, std::future::pending()));
    (Door { client: Client::new(address), people, program }, serving)
}
