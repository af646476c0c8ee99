//! The HTTP face: it translates and never decides. One file per resource.

mod body;
mod caller;
mod cases;
mod connection;
mod form;
mod guard;
mod health;
mod history;
mod incidents;
mod json;
mod messages;
mod notices;
mod organization;
mod problem;
mod processes;
mod seats;
mod shown;
mod subject;
mod tasks;

use std::num::NonZero;
use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Router, middleware};
use duban_engine::ids::Name;
use duban_engine::library::Library;
use moka::sync::Cache;
use tokio::sync::Semaphore;

pub use connection::serve;
pub use problem::Problem;
pub use seats::SHARE;

use crate::access::Access;
use crate::runner::Runner;

/// How many pictures are kept: those of all processes of a city.
const DIAGRAMS_MAX: u64 = 64;

/// What the handlers work with.
pub struct Server {
    runner: Arc<Runner>,
    access: Access,
    /// Who may compute at the same time what can take long.
    computing: Arc<Semaphore>,
    /// Pictures of processes, each with the library whose words are in it.
    diagrams: Cache<Name, (Arc<Library>, Arc<str>)>,
}

impl Server {
    /// A face for a runner, with its door.
    pub fn new(runner: Arc<Runner>, access: Access) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let (computing, diagrams) = (Arc::new(Semaphore::new(threads)), Cache::new(DIAGRAMS_MAX));
        Self { runner, access, computing, diagrams }
    }

    /// Has something computed away from the threads that serve everybody, as much at once as there are processors.
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let turn = Arc::clone(&self.computing).acquire_owned().await;
        let turn = turn.expect("it is never closed");
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|error| {
            tracing::error!(%error, "a computation broke off");
            Problem::internal()
        })
    }

    /// What is deployed.
    fn library(&self) -> Result<Arc<Library>, Problem> {
        self.runner.definitions().active().ok_or_else(|| Problem::unavailable("no process is deployed yet"))
    }
}

/// Every resource. What begins with `/api` is only for those whom [`Access`] admits.
pub fn router(server: Arc<Server>) -> Router {
    let api = Router::new()
        .route("/api/me", get(organization::me))
        .route("/api/organization", get(organization::show))
        .route("/api/processes", get(processes::list))
        .route("/api/processes/{process}", get(processes::show))
        .route("/api/processes/{process}/diagram.svg", get(processes::diagram))
        .route("/api/cases", post(cases::open))
        .route("/api/cases/{case}", get(cases::show))
        .route("/api/cases/{case}/history", get(history::show))
        .route("/api/cases/{case}/actions/{action}", post(cases::act))
        .route("/api/cases/{case}/withdraw", post(cases::withdraw))
        .route("/api/cases/{case}/tasks/{visit}/{verb}", post(tasks::change))
        .route("/api/tasks", get(tasks::list))
        .route("/api/messages/{message}", post(messages::send))
        .route("/api/incidents", get(incidents::list))
        .route("/api/incidents/{incident}/retry", post(incidents::retry))
        .route("/api/incidents/{incident}/dismiss", post(incidents::dismiss))
        .route("/api/notices", get(notices::list))
        .route("/api/notices/{notice}/read", post(notices::read))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .fallback(async || Problem::not_found("resource"))
        .layer(middleware::from_fn_with_state(Arc::clone(&server), guard::admit));
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .merge(api)
        .layer(middleware::from_fn(guard::watch))
        .with_state(server)
}
