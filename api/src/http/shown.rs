//! Answers in JSON.

use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use duban_engine::ids::{CaseId, Name};
use serde::Serialize;

use crate::runner::Answer;

/// An answer with a body in JSON.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let text = serde_json::to_vec(body).expect("answers have text keys and plain values");
    (status, [(CONTENT_TYPE, "application/json")], text).into_response()
}

/// `200` with a body.
pub fn ok(body: &impl Serialize) -> Response {
    json(StatusCode::OK, body)
}

/// The version of a case.
pub fn etag(sequence: u32) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{sequence}\"")).expect("digits in quotes are a header value")
}

/// The version of a case together with how many of its effects were given up.
pub fn etag_with(sequence: u32, incidents: usize) -> HeaderValue {
    if incidents == 0 {
        return etag(sequence);
    }
    HeaderValue::from_str(&format!("\"{sequence}+{incidents}\"")).expect("digits in quotes are a header value")
}

/// What a command did.
#[derive(Debug, Serialize)]
pub struct Done {
    /// The case.
    case: CaseId,
    /// Its number.
    number: Option<Name>,
    /// Its last transition.
    sequence: u32,
}

impl From<Answer> for Done {
    fn from(answer: Answer) -> Self {
        Self { case: answer.case, number: answer.number, sequence: answer.sequence }
    }
}

/// The answer to a command, with the case's version and, when it is new, its place.
pub fn done(status: StatusCode, answer: Answer) -> Response {
    let done = Done::from(answer);
    let mut response = json(status, &done);
    response.headers_mut().insert(ETAG, etag(done.sequence));
    if status == StatusCode::CREATED {
        let place = format!("/api/cases/{}", done.case);
        let place = HeaderValue::from_str(&place).expect("hexadecimal digits are a header value");
        response.headers_mut().insert(LOCATION, place);
    }
    response
}
