//! Messages: to one case by its number, or to all that wait or listen, and to processes that begin with them.

use std::sync::Arc;

use duban_engine::event::{Actor, Fields};
use duban_engine::ids::Name;
use duban_engine::message::{Delivery, Recipient, begun};
use jiff::Timestamp;
use tokio::task::JoinSet;

use super::submission::{Answer, Refusal, Submission};
use super::{Runner, Shared};
use crate::storage::messages::{self, Sent};
use crate::storage::{Error, cases, json};

/// How many cases a message to all goes to at once.
const PAGE_MAX: u16 = 256;

/// A message to cases.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its name.
    pub name: Name,
    /// The number of the case it is for; to every case that listens, and to processes that begin with it, when missing.
    pub to: Option<Name>,
    /// What it carries.
    pub fields: Fields,
    /// Who sent it.
    pub by: Actor,
    /// The same key again has no second effect.
    pub key: String,
    /// What tells it from another message under the same key; with one, the same cases get it when it is sent again.
    pub fingerprint: Option<String>,
    /// When it was sent; cases that were opened later do not get it.
    pub at: Timestamp,
}

impl Runner {
    /// Delivers a message. Answers what it did, case by case; nothing when nobody awaited it.
    ///
    /// # Errors
    /// When the database fails; the same message with the same key can be delivered again.
    pub async fn deliver(&self, message: &Message) -> Result<Vec<Answer>, Refusal> {
        deliver(&self.shared, message).await
    }
}

/// Delivers a message, once for each key.
pub async fn deliver(shared: &Arc<Shared>, message: &Message) -> Result<Vec<Answer>, Refusal> {
    let Some(fingerprint) = &message.fingerprint else {
        return tell(shared, message, &recipients(shared, message).await?).await;
    };
    let mut sent = begin(shared, message, fingerprint).await?;
    if sent.fingerprint != *fingerprint {
        return Err(Refusal::KeyReused);
    }
    if let Some(answers) = &sent.answers {
        return Ok(read(answers)?);
    }
    let answers = tell(shared, message, &read::<Vec<Recipient>>(&sent.recipients)?).await?;
    match answers.is_empty() {
        // What was refused keeps no key.
        true => messages::forget(&shared.database, &message.key, &sent).await?,
        false => {
            sent.answers = Some(json(&answers));
            messages::answer(&shared.database, &message.key, &sent).await?;
        }
    }
    Ok(answers)
}

/// The message as it was sent first with its key: now, or before.
async fn begin(shared: &Arc<Shared>, message: &Message, fingerprint: &str) -> Result<Sent, Refusal> {
    let database = &shared.database;
    if let Some(sent) = messages::find(database, &message.key).await? {
        return Ok(sent);
    }
    let recipients = json(&recipients(shared, message).await?);
    let sent = Sent { fingerprint: fingerprint.to_owned(), recipients, answers: None, at: shared.clock.now() };
    match messages::begin(database, &message.key, &sent).await {
        Ok(()) => Ok(sent),
        Err(conflict @ Error::Conflict(_)) => Ok(messages::find(database, &message.key).await?.ok_or(conflict)?),
        Err(error) => Err(error.into()),
    }
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Unreadable { what: "message", why: error.to_string() })
}

/// Where a message goes now.
async fn recipients(shared: &Shared, message: &Message) -> Result<Vec<Recipient>, Error> {
    if let Some(number) = &message.to {
        let found = cases::by_number(&shared.database, number).await?;
        return Ok(found.into_iter().map(Recipient::Case).collect());
    }
    let library = shared.definitions.active();
    let mut recipients: Vec<Recipient> = library.iter().flat_map(|library| begun(library, &message.name)).collect();
    let hearing = shared.definitions.hearing(&shared.database, &message.name).await?;
    let mut after = None;
    while !hearing.is_empty() {
        let page = cases::open_after(&shared.database, &hearing, message.at, after, i64::from(PAGE_MAX)).await?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        recipients.extend(page.into_iter().map(Recipient::Case));
    }
    Ok(recipients)
}

/// Tells each of them, some at once; those that do not await it are left out of the answers.
async fn tell(shared: &Arc<Shared>, message: &Message, recipients: &[Recipient]) -> Result<Vec<Answer>, Refusal> {
    let mut answers = Vec::new();
    for page in recipients.chunks(usize::from(PAGE_MAX)) {
        let mut running = JoinSet::new();
        for (place, recipient) in page.iter().enumerate() {
            let (shared, submission) = (Arc::clone(shared), command(message, recipient));
            running.spawn(async move { (place, shared.submit(submission).await) });
        }
        let mut outcomes = running.join_all().await;
        outcomes.sort_by_key(|(place, _)| *place);
        for (_, outcome) in outcomes {
            match outcome {
                Ok(answer) => answers.push(answer),
                Err(refusal @ (Refusal::Storage(_) | Refusal::Stopped | Refusal::KeyReused)) => return Err(refusal),
                Err(
                    Refusal::Rejected(_)
                    | Refusal::NoSuchCase(_)
                    | Refusal::CaseExists(_)
                    | Refusal::Moved { .. }
                    | Refusal::NoSuchProcess(_),
                ) => {}
            }
        }
    }
    Ok(answers)
}

fn command(message: &Message, recipient: &Recipient) -> Submission {
    let Delivery { case, process, ask, key } = recipient.delivery(&message.name, &message.fields, &message.key);
    let submission = Submission { process, ..Submission::new(case, message.by.clone(), ask) };
    submission.with_key(key).with_fingerprint(message.fingerprint.clone())
}
