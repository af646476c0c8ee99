//! Effects that stay inside: they become commands to other cases, each exactly once.

use std::sync::Arc;

use duban_engine::command::{Ask, StartedBy};
use duban_engine::effect::Effect;
use duban_engine::event::{Actor, Caller};

use super::fate::Fate;
use super::messages::{Message, deliver};
use super::submission::{Refusal, Submission};
use super::{Shared, history};
use crate::storage::outbox::Entry;

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
            // For all: the entry is its own fingerprint, so that those whom it goes to are kept and a second try has the same.
            let fingerprint = to.is_none().then(|| entry.id.clone());
            let (key, at) = (entry.id.clone(), entry.created_at);
            let message = Message { name: message, to, fields, by, key, fingerprint, at };
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
