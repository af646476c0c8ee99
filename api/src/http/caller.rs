//! Who asks and with which key, for handlers that want to know.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::{HeaderName, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use duban_engine::ids::Name;
use sha2::{Digest, Sha256};

use super::body::Fingerprint;
use super::problem::Problem;
use crate::access::Principal;
use crate::random;

/// How long a key may be.
const KEY_BYTES_MAX: usize = 255;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A person of the organisation.
pub struct Person(pub Name);

/// Another system.
pub struct Program;

/// Somebody who keeps the server running.
pub struct Administrator(pub Name);

/// The key of the command: the client's own, or one that nobody else has.
pub struct Key {
    /// It names the command, and the case that the command opens.
    pub bytes: [u8; 16],
    is_given: bool,
}

/// The version that the client has seen and wants to change.
pub struct Seen(pub Option<u32>);

/// The asker; nobody gets here without [`super::guard::admit`].
fn principal(parts: &Parts) -> Result<&Principal, Problem> {
    parts.extensions.get::<Principal>().ok_or_else(|| Problem::forbidden("nobody is let in here"))
}

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match principal(parts)? {
            Principal::Person(name) => Ok(Self(name.clone())),
            Principal::Program(_) => Err(Problem::forbidden("this is for people: a program may only send messages")),
            Principal::Administrator(_) => {
                Err(Problem::forbidden("this is for people: an administrator's token is for `/api/incidents` only"))
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Program {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match principal(parts)? {
            Principal::Program(_) => Ok(Self),
            Principal::Person(_) | Principal::Administrator(_) => {
                Err(Problem::forbidden("messages are sent by programs, not by people"))
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match principal(parts)? {
            Principal::Administrator(name) => Ok(Self(name.clone())),
            Principal::Person(_) | Principal::Program(_) => {
                Err(Problem::forbidden("this is for administrators: `duban token --admin NAME` makes their token"))
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IDEMPOTENCY_KEY) else {
            return Ok(Self { bytes: random::bytes(), is_given: false });
        };
        if value.is_empty() || value.len() > KEY_BYTES_MAX {
            let detail = format!("`Idempotency-Key` has 1 to {KEY_BYTES_MAX} bytes");
            return Err(Problem::new(StatusCode::BAD_REQUEST, "header_wrong", detail));
        }
        // With the asker in it, nobody gets the answer to somebody else's command.
        let mut digest = Sha256::new();
        let (kind, name) = match principal(parts)? {
            Principal::Person(name) => ("person", name),
            Principal::Program(name) => ("program", name),
            Principal::Administrator(name) => ("administrator", name),
        };
        for part in [kind.as_bytes(), name.as_bytes(), value.as_bytes()] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let digest: [u8; 32] = digest.finalize().into();
        let bytes = *digest.first_chunk().expect("32 bytes have a first half");
        Ok(Self { bytes, is_given: true })
    }
}

impl Key {
    /// The key as the runner keeps it.
    pub fn text(&self) -> String {
        format!("http:{:032x}", u128::from_be_bytes(self.bytes))
    }

    /// What a request under this key is told by; nobody sends a key of our own again.
    pub fn fingerprint(&self, Fingerprint(found): Fingerprint) -> Option<String> {
        self.is_given.then_some(found)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        if value == HeaderValue::from_static("*") {
            return Ok(Self(None));
        }
        let text = value.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
        // What follows `+` is not the case's own, so that it does not keep anybody from acting.
        let number = text.and_then(|text| text.split_once('+').map_or(text, |(number, _)| number).parse().ok());
        number.map(|number| Self(Some(number))).ok_or_else(|| {
            let detail = "`If-Match` takes the `ETag` of the case, as \"12\"";
            Problem::new(StatusCode::BAD_REQUEST, "header_wrong", detail)
        })
    }
}

/// What the client has already, as `If-None-Match` says.
pub struct Known(pub Option<HeaderValue>);

impl<S: Send + Sync> FromRequestParts<S> for Known {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get(axum::http::header::IF_NONE_MATCH).cloned()))
    }
}
