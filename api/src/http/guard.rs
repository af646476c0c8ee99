//! What every request passes: the door, a limit in time, headers for browsers, and a line in the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::http::header::{X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Server;
use super::problem::Problem;

/// How long answering may take. A client with an `Idempotency-Key` may ask again.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// What browsers are told about every answer. Nothing here is a page, so that nothing may be loaded
/// or framed; a handler may say otherwise.
const HEADERS: [(HeaderName, &str); 6] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Lets in whoever shows a good token, and notes who it is.
pub async fn admit(State(server): State<Arc<Server>>, mut request: Request, next: Next) -> Result<Response, Problem> {
    let library = server.library()?;
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let now = server.runner.clock().now();
    let principal = server.access.admit(authorization, &library.catalog.organization, now).await?;
    request.extensions_mut().insert(principal);
    Ok(next.run(request).await)
}

/// Answers in time, or says that it will not; adds the headers; writes one line to the log. The line has the route and
/// not the path, so that nothing a client wrote gets into the log.
pub async fn watch(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut response = match tokio::time::timeout(ANSWER_TIME_MAX, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable("the answer took too long").into_response(),
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    let (status, route) = (response.status().as_u16(), route.as_deref().unwrap_or("-"));
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(%method, route, status, took_ms, "answered");
    response
}
