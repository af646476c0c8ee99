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
    /// The number of the case it is for.
    to: Option<String>,
    /// That it is for all that wait or listen for it, and for processes that begin with it.
    #[serde(default)]
    to_all: bool,
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
    check_address(&server, &name, &sending).await?;
    let fields = form::filled(sending.fields)?;
    let (to, by) = (sending.to.map(Name::from), Actor::Message(name.clone()));
    let fingerprint = key.fingerprint(fingerprint);
    let at = server.runner.clock().now();
    let message = Message { name: name.clone(), to, fields, by, key: key.text(), fingerprint, at };
    let answers = server.runner.deliver(&message).await?;
    if answers.is_empty() {
        let detail = format!("no case awaits `{name}` with these fields, and none begins with it");
        return Err(Problem::new(StatusCode::CONFLICT, "not_awaited", detail));
    }
    Ok(shown::ok(&Delivered { cases: answers.into_iter().map(Done::from).collect() }))
}

/// Whoever may reach cases says which. A message that only begins cases needs no address.
async fn check_address(server: &Server, name: &Name, sending: &Sending) -> Result<(), Problem> {
    match (&sending.to, sending.to_all) {
        (Some(_), true) => {
            let detail = "a message is for one case or for all: send `to` or `to_all`";
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "body_wrong", detail).with("pointer", "/to_all"))
        }
        (None, false) if server.runner.definitions().is_heard(server.runner.pages(), name).await? => {
            let detail = format!(
                "open cases may wait or listen for `{name}`: name the one that is meant with `to`, \
                 or send `\"to_all\": true` when all of them are"
            );
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "to_missing", detail).with("pointer", "/to"))
        }
        (Some(_) | None, _) => Ok(()),
    }
}
