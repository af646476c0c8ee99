//! `/health`: for whoever starts and restarts servers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Server;
use super::problem::Problem;

/// How long the database may take; whoever asks has a limit of their own, often of five seconds.
const PROBE_TIME_MAX: Duration = Duration::from_secs(4);

/// How long a command may be with the database before somebody has to look: a batch takes milliseconds.
const WRITE_TIME_MAX: Duration = Duration::from_secs(3);

fn ok() -> Response {
    ([(CONTENT_TYPE, "application/json")], "{\"status\":\"ok\"}").into_response()
}

/// `GET /health/live`: the program runs.
pub async fn live() -> Response {
    ok()
}

/// `GET /health/ready`: the database can be read and written, nothing that people ask is
/// stuck, and processes are deployed, so that cases can be worked on.
pub async fn ready(State(server): State<Arc<Server>>) -> Result<Response, Problem> {
    server.library()?;
    let probe = tokio::time::timeout(PROBE_TIME_MAX, server.runner.database().probe()).await;
    probe.map_err(|_| Problem::unavailable("the database does not answer in time"))??;
    if server.runner.waits() > WRITE_TIME_MAX {
        return Err(Problem::unavailable("the database reads, but what people ask is not written"));
    }
    Ok(ok())
}
