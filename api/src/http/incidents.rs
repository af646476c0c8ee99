//! `/api/incidents`: what stands still, and having it tried again or dismissed.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use duban_engine::ids::{CaseId, VisitId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Server;
use super::body::{Asked, Json, Nothing, Route};
use super::caller::Administrator;
use super::problem::Problem;
use super::shown;
use crate::runner::GivenUp;

/// How many are listed when the client does not say.
const LISTED: u16 = 100;

/// How many are listed at most.
const LISTED_MAX: u16 = 1_000;

/// How many are listed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    limit: Option<u16>,
}

#[derive(Debug, Serialize)]
struct Page {
    /// Effects that were given up; each can be retried.
    given_up: Vec<Line>,
    /// What definitions led to; the case tells what can be done.
    raised: Vec<Raised>,
}

/// An effect that was given up.
#[derive(Debug, Serialize)]
pub struct Line {
    id: String,
    case: CaseId,
    waiting: Option<CaseId>,
    effect: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    attempts: u32,
    asked_at: Timestamp,
}

impl From<GivenUp> for Line {
    fn from(found: GivenUp) -> Self {
        let GivenUp { id, case, waiting, effect, reason, attempts, asked_at } = found;
        Self { id, case, waiting, effect, reason: Some(reason), attempts, asked_at }
    }
}

impl Line {
    /// The same for those who do not see everything: a reason may quote what somebody wrote.
    pub fn masked(self) -> Self {
        Self { reason: None, ..self }
    }
}

#[derive(Debug, Serialize)]
struct Raised {
    case: CaseId,
    sequence: u32,
    visit: VisitId,
    text: String,
    at: Timestamp,
}

/// `GET /api/incidents`: what stands still.
pub async fn list(
    State(server): State<Arc<Server>>,
    _: Administrator,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Problem> {
    let limit = wanted.limit.unwrap_or(LISTED).clamp(1, LISTED_MAX);
    let given_up = server.runner.given_up(limit).await?.into_iter().map(Line::from).collect();
    let raised = server.runner.raised(limit).await?.into_iter().map(|found| Raised {
        case: found.case,
        sequence: found.sequence,
        visit: found.visit,
        text: found.text,
        at: found.at,
    });
    Ok(shown::ok(&Page { given_up, raised: raised.collect() }))
}

/// `POST /api/incidents/{incident}/retry`: has an effect that was given up tried again.
pub async fn retry(
    State(server): State<Arc<Server>>,
    Administrator(name): Administrator,
    Route(incident): Route<String>,
    Json(Nothing {}, _): Json<Nothing>,
) -> Result<Response, Problem> {
    if !server.runner.retry(&incident).await? {
        return Err(Problem::not_found("incident"));
    }
    tracing::info!(administrator = %name, incident, "an effect is tried again");
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/incidents/{incident}/dismiss`: has an effect that was given up count as done.
pub async fn dismiss(
    State(server): State<Arc<Server>>,
    Administrator(name): Administrator,
    Route(incident): Route<String>,
    Json(Nothing {}, _): Json<Nothing>,
) -> Result<Response, Problem> {
    let found = server.runner.dismiss(&incident, &name).await?.ok_or_else(|| Problem::not_found("incident"))?;
    if let Some(waiting) = found.waiting {
        let detail = "a case waits for this, and would wait for ever: have it retried, or move the case";
        return Err(Problem::new(StatusCode::CONFLICT, "case_waits", detail).with("case", waiting.to_string()));
    }
    tracing::info!(administrator = %name, incident, "an effect is dismissed");
    Ok(StatusCode::NO_CONTENT.into_response())
}
