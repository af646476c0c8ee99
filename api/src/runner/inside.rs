//! Effects that stay inside: they become commands to other cases, each exactly once.

use std::sync::Arc;

use duban_engine::command::{Ask, StartedBy};
use duban_engine::effect::Effect;
use duban_engine::event::{Actor, Caller, Fields};
use duban_engine::ids::{CaseId, Name};
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use super::definitions::{hears, opens_on};
use super::fate::Fate;
use super::submission::{Answer, Refusal, Submission};
use super::{Runner, Shared, history};
use crate::storage::cases;
use crate::storage::outbox::Entry;

/// How many cases are looked up at once for a message to all.
const PAGE_MAX: i64 = 256;

/// How many cases may set each other off before a person, a program, the clock or a message from outside does: more than
/// any chain that is meant, and few enough that one which is not is stopped within minutes.
pub const HOPS_MAX: u32 = 10_000;

/// Does an effect by a command to another case.
pub async fn perform(shared: &Arc<Shared>, entry: &Entry, effect: Effect) -> Fate {
    let hops = match history::hops(&shared.database, entry.case, entry.sequence).await {
        Ok(hops) => hops.saturating_add(1),
        Err(_) => return Fate::Left,
    };
    if hops > shared.settings.hops_max {
        let cases = shared.settings.hops_max;
        return Fate::Dead(format!("{cases} commands came from other cases in a row, and nobody acted in between"));
    }
    let by = Actor::Case { case: entry.case, hops };
    match effect {
        Effect::OpenCase { case, process, fields, waits } => {
            let caller = waits.map(|visit| Caller { case: entry.case, visit });
            let start = caller.map_or(StartedBy::Case, StartedBy::Call);
            let submission = Submission::open(case, process, by, start, fields);
            Fate::of(shared.submit(submission.settling(&entry.id)).await)
        }
        Effect::CancelCase { case } => {
            match shared.submit(Submission::new(case, by, Ask::Cancel).settling(&entry.id)).await {
                // The case may be on its way still: it was called and dropped in the same breath.
                Err(refusal @ Refusal::NoSuchCase(_)) => Fate::Again(refusal.to_string()),
                other => Fate::of(other),
            }
        }
        Effect::TellCaller { caller, outcome } => {
            let fields = match shared.known(entry.case).await {
                Ok(known) => known.map(|known| known.case.fields.clone()).unwrap_or_default(),
                Err(_) => return Fate::Left,
            };
            let ask = Ask::CloseChild { visit: caller.visit, child: entry.case, outcome, fields };
            Fate::of(shared.submit(Submission::new(caller.case, by, ask).settling(&entry.id)).await)
        }
        Effect::SendMessage { message, to, fields } => {
            let message = Message { name: message, to, fields, by, key: entry.id.clone(), fingerprint: None };
            match deliver(shared, &message).await {
                Ok(answers) if answers.is_empty() && message.to.is_some() => {
                    Fate::Dead(format!("no case awaits `{}`", message.name))
                }
                Ok(_) => Fate::Done,
                Err(_) => Fate::Left,
            }
        }
        Effect::Notify { .. } | Effect::MakeDocument { .. } | Effect::SendWebhook { .. } | Effect::QueueJob { .. } => {
            Fate::Dead("this effect does not go through here".to_owned())
        }
    }
}

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
    /// What tells it from another message under the same key.
    pub fingerprint: Option<String>,
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

async fn deliver(shared: &Arc<Shared>, message: &Message) -> Result<Vec<Answer>, Refusal> {
    if let Some(number) = &message.to {
        let found = cases::by_number(&shared.database, number).await?;
        return submit_all(shared, found.into_iter().map(|case| to_case(message, case))).await;
    }
    let library = shared.definitions.active();
    let processes = library.iter().flat_map(|library| library.processes.values());
    let opened = processes.clone().filter(|process| opens_on(process, &message.name)).map(|process| {
        let key = format!("{}:{}", message.key, process.name);
        let start = StartedBy::Message(message.name.clone());
        let case = case_of(&key);
        Submission::open(case, process.name.clone(), message.by.clone(), start, message.fields.clone())
            .with_key(key)
            .with_fingerprint(message.fingerprint.clone())
    });
    let mut answers = submit_all(shared, opened).await?;
    let listening: Vec<Name> =
        processes.filter(|process| hears(process, &message.name)).map(|process| process.name.clone()).collect();
    let mut after = None;
    while !listening.is_empty() {
        let page = cases::open_after(&shared.database, &listening, after, PAGE_MAX).await?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        answers.extend(submit_all(shared, page.into_iter().map(|case| to_case(message, case))).await?);
    }
    Ok(answers)
}

fn to_case(message: &Message, case: CaseId) -> Submission {
    let ask = Ask::Deliver { message: message.name.clone(), fields: message.fields.clone() };
    Submission::new(case, message.by.clone(), ask)
        .with_key(format!("{}:{case}", message.key))
        .with_fingerprint(message.fingerprint.clone())
}

/// Has commands done together; those that were rejected are left out.
async fn submit_all(
    shared: &Arc<Shared>,
    submissions: impl Iterator<Item = Submission>,
) -> Result<Vec<Answer>, Refusal> {
    let mut running = JoinSet::new();
    for submission in submissions {
        let shared = Arc::clone(shared);
        running.spawn(async move { shared.submit(submission).await });
    }
    let mut answers = Vec::new();
    for outcome in running.join_all().await {
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
    Ok(answers)
}

/// The id of the case that a key opens: the same key always opens the same case.
pub fn case_of(key: &str) -> CaseId {
    let digest: [u8; 32] = Sha256::digest(key).into();
    let id = digest.first_chunk::<16>().expect("32 bytes have a first half");
    CaseId(u128::from_be_bytes(*id))
}
