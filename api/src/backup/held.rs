//! What a copy still had to send, and the original may have sent since: it is held back until somebody decides.

use duban_engine::effect::Effect;
use jiff::Timestamp;

use crate::storage::{Database, Result, jobs, outbox};

/// How much is held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Webhooks and requests of the server itself.
    pub deliveries: u64,
    /// Jobs for workers.
    pub jobs: u64,
}

/// Holds back what would leave the house: it stands under `/api/incidents`, where each is retried. What stays inside goes
/// on, because everything that it changes was restored with it.
///
/// # Errors
/// When the database fails; then nothing is held.
pub async fn hold(database: &Database, now: Timestamp) -> Result<Held> {
    let why =
        format!("held back: the database was restored at {now}, and it may have been sent since the copy was made");
    let leaving = outbox::open(database).await?.into_iter().filter(|entry| leaves(&entry.effect));
    let mut held = Held::default();
    let mut transaction = database.begin().await?;
    for entry in leaving {
        outbox::fail(&mut transaction, &entry, None, &why).await?;
        held.deliveries += 1;
    }
    held.jobs = jobs::hold_back(&mut transaction).await?;
    transaction.commit().await?;
    Ok(held)
}

/// Whether an effect reaches others than the cases of this database. What cannot be read is not sent by anybody.
fn leaves(effect: &str) -> bool {
    match serde_json::from_str(effect) {
        Ok(Effect::SendWebhook { .. } | Effect::QueueJob { .. } | Effect::Notify { .. }) => true,
        Ok(
            Effect::MakeDocument { .. }
            | Effect::OpenCase { .. }
            | Effect::CancelCase { .. }
            | Effect::TellCaller { .. }
            | Effect::SendMessage { .. },
        )
        | Err(_) => false,
    }
}
