//! What is reached by HTTP, and what must not be.

mod address;

use std::error::Error;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use duban_engine::event::Fields;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Method, Url, redirect};
use serde_json::Value as Json;

use address::{Reach, reach};

/// How long a request may take; a lease is longer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How many bytes of an answer are read: more than a form's fields can be.
const BODY_MAX: usize = 1024 * 1024;

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

/// The real outside. It goes to public addresses by HTTPS, to private ones also by HTTP and only when the request says
/// so; it follows no redirects and uses no proxy. A name is looked up once, and what was checked is what is reached.
#[derive(Clone, Debug)]
pub struct Web {
    public: Client,
    private: Client,
}

impl Web {
    /// A way out.
    ///
    /// # Errors
    /// When the machine's certificates cannot be read.
    pub fn new() -> Result<Self, reqwest::Error> {
        Ok(Self { public: client(false)?, private: client(true)? })
    }
}

impl Outside for Web {
    fn send(&self, request: Request) -> Replying<'_> {
        Box::pin(async move {
            let url = allowed(&request.url, request.private)?;
            let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| "there is no such method")?;
            let client = if request.private { &self.private } else { &self.public };
            let mut sending = client.request(method, url).body(request.body);
            for (name, value) in request.headers {
                sending = sending.header(name, value);
            }
            let failed = |error: reqwest::Error| reason(&request.url, &error);
            let mut response = sending.send().await.map_err(failed)?;
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(failed)? {
                body.extend_from_slice(&chunk);
                if body.len() > BODY_MAX {
                    return Err(format!("{} answered more than {BODY_MAX} bytes", request.url));
                }
            }
            let body = String::from_utf8_lossy(&body).into_owned();
            Ok(Reply { status: response.status().as_u16(), body })
        })
    }
}

/// The address, if a request may go there as far as its text tells.
fn allowed(url: &str, private: bool) -> Result<Url, String> {
    let parsed = Url::parse(url).map_err(|error| format!("{url} is not an address: {error}"))?;
    if parsed.scheme() != "https" && !(private && parsed.scheme() == "http") {
        return Err(format!("{url} does not begin with https:"));
    }
    let host = parsed.host_str().unwrap_or_default();
    let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    if literal.is_some_and(|address| !is_allowed(address, private)) {
        return Err(format!("{url} lies in a network that this connection may not reach"));
    }
    Ok(parsed)
}

fn is_allowed(address: IpAddr, private: bool) -> bool {
    match reach(address) {
        Reach::Public => true,
        Reach::Private => private,
        Reach::Never => false,
    }
}

fn client(private: bool) -> Result<Client, reqwest::Error> {
    Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("duban/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(Guard { private }))
        .build()
}

/// Looks names up and leaves out the addresses that must not be reached.
struct Guard {
    private: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| is_allowed(address.ip(), private)).collect();
            if allowed.is_empty() {
                let what = format!("{} lies in a network that this connection may not reach", name.as_str());
                return Err(what.into());
            }
            Ok::<Addrs, Box<dyn Error + Send + Sync>>(Box::new(allowed.into_iter()))
        })
    }
}

/// Why there is no reply: the innermost cause says it best.
fn reason(url: &str, error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    format!("{url}: {cause}")
}

/// Fields as other programs read them.
pub fn plain(fields: &Fields) -> Json {
    fields.iter().map(|(name, value)| (name.to_string(), value.to_plain_json())).collect()
}
