//! Requests as the handlers take them: bodies, paths and queries, each wrong one answered with a problem.

use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::json;
use super::problem::Problem;
use crate::storage::hexadecimal;

/// How large a body may be: several long texts.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// How long sending a body may take.
const BODY_TIME_MAX: Duration = Duration::from_secs(20);

/// A body in JSON, with the fingerprint of the request. Without a body it is `{}`.
pub struct Json<T>(pub T, pub Fingerprint);

/// The body of what needs nothing but the path.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What tells a request from every other: the SHA-256 of its method, path and body.
pub struct Fingerprint(pub String);

/// The variable parts of the path.
pub struct Route<T>(pub T);

/// What stands after `?`.
pub struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body).await?;
        let fingerprint = Fingerprint::of(&parts, &bytes);
        if bytes.is_empty() {
            let empty = json::shape(serde_json::Value::Object(serde_json::Map::new()))?;
            return Ok(Self(empty, fingerprint));
        }
        if !is_json(&parts.headers) {
            let detail = "the body must be JSON: send `Content-Type: application/json`";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        Ok(Self(json::shape(json::parse(&bytes)?)?, fingerprint))
    }
}

impl Fingerprint {
    fn of(parts: &Parts, body: &[u8]) -> Self {
        let mut digest = Sha256::new();
        for part in [parts.method.as_str().as_bytes(), parts.uri.path().as_bytes(), body] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(hexadecimal(&digest.finalize()))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (kind, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    let charset = parameters.trim().to_ascii_lowercase();
    kind.trim().eq_ignore_ascii_case("application/json")
        && (charset.is_empty() || matches!(charset.as_str(), "charset=utf-8" | "charset=\"utf-8\""))
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let too_large = || {
        let detail = format!("the body may have {BODY_BYTES_MAX} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "content_too_large", detail).closing()
    };
    let said = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|bytes| bytes > BODY_BYTES_MAX as u64) {
        return Err(too_large());
    }
    let collecting = Limited::new(body, BODY_BYTES_MAX).collect();
    match tokio::time::timeout(BODY_TIME_MAX, collecting).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new(StatusCode::BAD_REQUEST, "body_incomplete", "the body broke off")),
        Err(_) => {
            let problem = Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "the body took too long");
            Err(problem.closing())
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Route<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(found)| Self(found)).map_err(|_: PathRejection| Problem::not_found("resource"))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(found)| Self(found)).map_err(|rejection: QueryRejection| {
            let text = rejection.body_text();
            let detail = text.rsplit_once("query string: ").map_or(&*text, |(_, detail)| detail);
            Problem::new(StatusCode::BAD_REQUEST, "query_wrong", detail)
        })
    }
}
