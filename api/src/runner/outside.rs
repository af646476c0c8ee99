//! What is reached by HTTP, and what must not be.

use std::future::Future;
use std::pin::Pin;

use duban_engine::event::Fields;
use serde_json::Value as Json;

/// A request to the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `POST`, `GET` …
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Headers by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// Whether the address may lie in a private network.
    pub private: bool,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// What a request comes to: a reply, or why there is none, as a sentence.
pub type Replying<'a> = Pin<Box<dyn Future<Output = Result<Reply, String>> + Send + 'a>>;

/// Whoever sends requests.
pub trait Outside: Send + Sync {
    /// Sends a request. It answers within half a minute, whatever happens.
    fn send(&self, request: Request) -> Replying<'_>;
}

/// Fields as other programs read them.
pub fn plain(fields: &Fields) -> Json {
    fields.iter().map(|(name, value)| (name.to_string(), value.to_plain_json())).collect()
}
