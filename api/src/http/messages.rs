//! `/api/messages`: what other systems tell.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use duban_engine::event::Actor;
use duban_engine::ids::Name;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::{Json, Route};
use super::caller::{Key, Program};
use super::problem::Problem;
use super::shown::Done;
use super::{Server, form, shown};
use crate::runner::Message;

/// A message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    /// The number of the case it is for; without it, it is for all that listen, and for processes that begin with it.
    to: Option<String>,
    #[serde(default)]
    fields: Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct Delivered {
    cases: Vec<Done>,
}

/// `POST /api/messages/{message}`: delivers a message. The same `Idempotency-Key` again has no second effect.
pub async fn send(
    State(server): State<Arc<Server>>,
    _: Program,
    Route(message): Route<String>,
    key: Key,
    Json(sending, fingerprint): Json<Sending>,
) -> Result<Response, Problem> {
    let name = Name::from(message);
    let fields = form::filled(sending.fields)?;
    let (to, by) = (sending.to.map(Name::from), Actor::Message(name.clone()));
    let fingerprint = key.fingerprint(fingerprint);
    let message = Message { name: name.clone(), to, fields, by, key: key.text(), fingerprint };
    let answers = server.runner.deliver(&message).await?;
    if answers.is_empty() {
        let detail = format!("no case awaits `{name}` with these fields, and none begins with it");
        return Err(Problem::new(StatusCode::CONFLICT, "not_awaited", detail));
    }
    Ok(shown::ok(&Delivered { cases: answers.into_iter().map(Done::from).collect() }))
}
