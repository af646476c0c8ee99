//! What an HTTP client is told when something is not done: RFC 9457, with a stable code.

use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use duban_engine::rejection::Rejection;
use serde_json::{Map, Value as Json};

use crate::access::Denied;
use crate::runner::Refusal;
use crate::storage;

/// How long a client waits before it asks again, in seconds, when the server cannot answer now.
const RETRY_SECONDS: u64 = 2;

/// How long a name may be that a client sent and is told again.
pub const NAME_MAX: usize = 100;

/// How long a sentence about what a client sent may be.
const DETAIL_MAX: usize = 500;

/// A text, cut when it is longer than so many characters.
pub fn short(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A problem document: `type`, `title`, `status`, `detail`, `code`, and often `field` and `pointer`.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    body: Map<String, Json>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with its code and a sentence.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let mut body = Map::new();
        body.insert("type".to_owned(), format!("/problems/{code}").into());
        body.insert("title".to_owned(), status.canonical_reason().unwrap_or("Problem").into());
        body.insert("status".to_owned(), status.as_u16().into());
        body.insert("detail".to_owned(), short(&detail.into(), DETAIL_MAX).into());
        body.insert("code".to_owned(), code.into());
        Self { status, body, headers: Vec::new() }
    }

    /// The same with one more member.
    pub fn with(mut self, member: &str, value: impl Into<Json>) -> Self {
        self.body.insert(member.to_owned(), value.into());
        self
    }

    fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// There is no such thing, or the asker may not know that there is.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// The asker may not do this at all.
    pub fn forbidden(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// The method is not one of the resource.
    pub fn method_not_allowed() -> Self {
        let detail = "this resource does not have this method; the `Allow` header lists those it has";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    /// The server cannot answer now; the same request with the same `Idempotency-Key` may be sent again.
    pub fn unavailable(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .with_header(RETRY_AFTER, HeaderValue::from(RETRY_SECONDS))
    }

    /// The key was sent before with another request: see the IETF draft on the `Idempotency-Key` header, section 2.7.
    pub fn key_reused() -> Self {
        let detail = "this `Idempotency-Key` was used for another request";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", detail)
    }

    /// Something failed that the asker can do nothing about; the log has it.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something failed here; it was logged")
    }

    /// The methods that the resource has, for `Allow`.
    pub fn allow(self, methods: HeaderValue) -> Self {
        self.with_header(ALLOW, methods)
    }

    /// The same, and the connection ends with it: what was still to be read on it is no request.
    pub fn closing(self) -> Self {
        self.with_header(CONNECTION, HeaderValue::from_static("close"))
    }

    /// Its sentence.
    #[cfg(test)]
    pub fn detail(&self) -> &str {
        self.body.get("detail").and_then(Json::as_str).unwrap_or_default()
    }

    /// Which status it has.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let text = serde_json::to_vec(&self.body).expect("members are JSON already");
        let mut response = (self.status, text).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(self.headers);
        response
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NoToken | Denied::WrongToken | Denied::Gone => {
                Self::new(StatusCode::UNAUTHORIZED, "unauthorized", denied.to_string())
                    .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"duban\""))
            }
            Denied::Storage(error) => error.into(),
        }
    }
}

impl From<storage::Error> for Problem {
    fn from(error: storage::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&storage::Error> for Problem {
    fn from(error: &storage::Error) -> Self {
        match error {
            storage::Error::Conflict(_) | storage::Error::Unreachable(_) => {
                tracing::warn!(error = error as &dyn std::error::Error, "the database did not answer");
                Self::unavailable("the database does not answer now")
            }
            other => {
                tracing::error!(error = other as &dyn std::error::Error, "the database failed");
                Self::internal()
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Rejected(rejection) => rejection.into(),
            Refusal::NoSuchCase(_) => Self::not_found("case"),
            Refusal::CaseExists(_) => Self::new(StatusCode::CONFLICT, "case_exists", refusal.to_string()),
            Refusal::Moved { sequence } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", refusal.to_string())
                    .with("sequence", sequence)
            }
            Refusal::KeyReused => Self::key_reused(),
            Refusal::NoSuchProcess(name) => {
                let detail = format!("there is no process `{}`", short(&name, NAME_MAX));
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no_such_process", detail).with("pointer", "/process")
            }
            Refusal::Storage(error) => Self::from(&*error),
            Refusal::Stopped => Self::unavailable("the server is stopping"),
        }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let status = match &rejection {
            Rejection::NotAllowed { .. }
            | Rejection::Separation { .. }
            | Rejection::SamePersonNeeded { .. }
            | Rejection::Forbidden { .. } => StatusCode::FORBIDDEN,
            Rejection::FieldMissing { .. }
            | Rejection::FieldUnknown { .. }
            | Rejection::FieldWrong { .. }
            | Rejection::Requirement { .. }
            | Rejection::SealMissing { .. }
            | Rejection::Unknown { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Rejection::CaseClosed
            | Rejection::NoSuchVisit { .. }
            | Rejection::NoSuchAction { .. }
            | Rejection::Ambiguous { .. }
            | Rejection::HeldByOther { .. }
            | Rejection::NotHeld
            | Rejection::TooOften { .. }
            | Rejection::NothingToWithdraw
            | Rejection::NoSuchStart
            | Rejection::NotAwaited
            | Rejection::Endless { .. } => StatusCode::CONFLICT,
        };
        let detail = rejection.to_string();
        let Ok(Json::Object(mut members)) = serde_json::to_value(&rejection) else {
            return Self::new(status, "rejected", detail);
        };
        let code = members.remove("code");
        let mut problem = Self::new(status, code.as_ref().and_then(Json::as_str).unwrap_or("rejected"), detail);
        if let Some(field) = members.get("field").and_then(Json::as_str) {
            let pointer = format!("/fields/{}", field.replace('~', "~0").replace('/', "~1"));
            problem = problem.with("pointer", pointer);
        }
        members.remove("message");
        for (member, value) in members {
            let value = value.as_str().map(|text| short(text, DETAIL_MAX).into()).unwrap_or(value);
            problem.body.entry(member).or_insert(value);
        }
        problem
    }
}
