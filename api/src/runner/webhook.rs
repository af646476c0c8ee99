//! Webhooks: CloudEvents 1.0 in JSON, signed after Standard Webhooks.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use duban_engine::event::Fields;
use duban_engine::ids::Name;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use super::Shared;
use super::fate::Fate;
use super::outside::{Reply, Request, plain};
use crate::storage::outbox::Entry;

/// What a secret begins with, after Standard Webhooks.
const SECRET_PREFIX: &str = "whsec_";

/// Where the keys for signing are.
pub trait Secrets: Send + Sync {
    /// The secret of this name, as `whsec_` and base64; `None` when it is not set.
    fn find(&self, name: &str) -> Option<String>;
}

/// Secrets in the environment of the program.
#[derive(Clone, Copy, Debug, Default)]
pub struct Environment;

impl Secrets for Environment {
    fn find(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// Sends a signed event to a connection.
pub async fn perform(shared: &Shared, entry: &Entry, connection: &Name, kind: &Name, fields: &Fields) -> Fate {
    let Some(library) = shared.definitions.active() else { return Fate::Left };
    let Some(found) = library.connections.get(connection) else {
        return Fate::Again(format!("there is no connection `{connection}`"));
    };
    let id = entry.delivery_key();
    let body = body(entry, &id, kind, fields);
    let seconds = shared.clock.now().as_second();
    let mut headers = vec![
        ("content-type".to_owned(), "application/cloudevents+json".to_owned()),
        ("webhook-id".to_owned(), id.clone()),
        ("webhook-timestamp".to_owned(), seconds.to_string()),
    ];
    if let Some(name) = &found.secret_from {
        let secret = shared.secrets.find(name);
        match secret.as_deref().and_then(|secret| sign(secret, &id, seconds, &body)) {
            Some(signature) => headers.push(("webhook-signature".to_owned(), signature)),
            None => {
                let why = format!("the secret `{name}` is not set, or is not `{SECRET_PREFIX}` and base64");
                tracing::warn!(
                    entry = entry.id,
                    why,
                    "a webhook cannot be signed on this node; it is tried again later"
                );
                return Fate::Again(why);
            }
        }
    }
    let (url, private) = (found.url.clone(), found.private);
    let request = Request { method: "POST".to_owned(), url, headers, body, private };
    match shared.outside.send(request).await {
        Ok(Reply { status: 200..300, .. }) => Fate::Done,
        // Standard Webhooks: the receiver is gone for good.
        Ok(Reply { status: 410, .. }) => Fate::Dead(format!("{} answered 410: gone", found.url)),
        Ok(Reply { status, .. }) => Fate::Again(format!("{} answered {status}", found.url)),
        Err(reason) => Fate::Again(reason),
    }
}

fn body(entry: &Entry, id: &str, kind: &Name, fields: &Fields) -> String {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": format!("/cases/{}", entry.case),
        "type": kind,
        "time": entry.created_at.to_string(),
        "datacontenttype": "application/json",
        "data": plain(fields),
    })
    .to_string()
}

/// The signature of a message after Standard Webhooks; `None` when the secret is not one.
pub fn sign(secret: &str, id: &str, seconds: i64, body: &str) -> Option<String> {
    let key = BASE64_STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    let mut hash = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    hash.update(format!("{id}.{seconds}.{body}").as_bytes());
    Some(format!("v1,{}", BASE64_STANDARD.encode(hash.finalize().into_bytes())))
}
