//! `/health`: for whoever starts and restarts servers.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Server;
use super::problem::Problem;

fn ok() -> Response {
    ([(CONTENT_TYPE, "application/json")], "{\"status\":\"ok\"}").into_response()
}

/// `GET /health/live`: the program runs.
pub async fn live() -> Response {
    ok()
}

/// `GET /health/ready`: the database answers and processes are deployed, so that cases can be worked on.
pub async fn ready(State(server): State<Arc<Server>>) -> Result<Response, Problem> {
    server.library()?;
    server.runner.database().ping().await?;
    Ok(ok())
}
