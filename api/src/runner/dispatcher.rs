//! The dispatcher: does what the outbox holds, after the commit and at least once.

use std::sync::Arc;
use std::time::Duration;

use duban_engine::effect::Effect;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::fate::Fate;
use super::outgoing::LEASE;
use super::receivers::Receivers;
use super::{Runner, Shared, inside, webhook};
use crate::storage::outbox::{self, Entry};
use crate::storage::{Error, Result, Writes};

/// How many entries may wait in memory; more wait in the database only.
pub const QUEUE_MAX: usize = 16_384;

/// How many entries are under way at the same time: enough that slow receivers do not stop the quick ones.
const RUNNING_MAX: usize = 512;

/// How long an attempt may take: what [`super::Outside`] promises, and noting it.
const ATTEMPT_TIME_MAX: SignedDuration = SignedDuration::from_secs(35);

/// How long what waits for a slow receiver is left alone, and how often it is looked for.
const PUT_OFF: SignedDuration = SignedDuration::from_secs(60);
const LOOK_PAUSE: Duration = Duration::from_secs(5);

/// How many entries are claimed at once.
pub const CLAIM_MAX: i64 = 256;

/// How often an entry is tried before it is given up: over about five hours.
const ATTEMPTS_MAX: u32 = 12;

/// How long after the first failure the second attempt comes; twice as long each time.
const BACKOFF: SignedDuration = SignedDuration::from_secs(10);

/// Serves the entries that commits leave, until the runner ends.
pub async fn run(shared: Arc<Shared>) {
    let mut inbound = shared.inbound.lock().await;
    let (mut running, mut receivers) = (JoinSet::new(), Receivers::default());
    let mut looking = tokio::time::interval(LOOK_PAUSE);
    loop {
        tokio::select! {
            Some(entry) = inbound.recv(), if running.len() < RUNNING_MAX && receivers.waiting() < QUEUE_MAX => {
                if let Some(entry) = receivers.admit(entry) {
                    running.spawn(perform_in_time(Arc::clone(&shared), entry));
                }
            }
            Some(ended) = running.join_next() => {
                for over in note_all(&shared, ended, &mut running).await {
                    if let Some(next) = receivers.end(&over) {
                        running.spawn(perform_in_time(Arc::clone(&shared), next));
                    }
                }
            }
            _ = looking.tick() => {
                let now = shared.clock.now();
                put_off(&shared, receivers.take_waiting(now + ATTEMPT_TIME_MAX), now + PUT_OFF).await;
            }
            () = shared.left() => break,
        }
    }
    put_off(&shared, receivers.take_waiting(Timestamp::MAX), shared.clock.now()).await;
    while let Some(ended) = running.join_next().await {
        note_all(&shared, ended, &mut running).await;
    }
}

/// Gives back what waits for a receiver that is slow, before its lease ends. That is no attempt.
async fn put_off(shared: &Shared, entries: Vec<Entry>, due: Timestamp) {
    let mut writes = Writes::default();
    outbox::release(&mut writes, entries.iter(), due);
    if let Err(error) = shared.database.write(&writes).await {
        tracing::warn!(%error, "what waited is free when its lease ends");
    }
}

/// Answers which entries are over.
async fn note_all(
    shared: &Shared,
    first: std::result::Result<(Entry, Fate), tokio::task::JoinError>,
    running: &mut JoinSet<(Entry, Fate)>,
) -> Vec<Entry> {
    let mut ended: Vec<(Entry, Fate)> = first.into_iter().collect();
    while let Some(next) = running.try_join_next() {
        ended.extend(next);
    }
    if let Err(error) = note(shared, &ended).await {
        tracing::warn!(%error, "the outbox could not be noted; its entries are tried again");
    }
    ended.into_iter().map(|(entry, _)| entry).collect()
}

/// Takes what is due from the database into memory; answers how many entries that were.
pub async fn claim(shared: &Shared) -> Result<usize> {
    let now = shared.clock.now();
    if *shared.leaving.borrow() || outbox::next_due(&shared.database).await?.is_none_or(|due| due > now) {
        return Ok(0);
    }
    let mut transaction = shared.database.begin().await?;
    let claimed = outbox::claim(&mut transaction, now, now + LEASE, CLAIM_MAX).await?;
    transaction.commit().await?;
    let count = claimed.len();
    for entry in claimed {
        if let Err(mpsc::error::TrySendError::Full(_)) = shared.outbound.try_send(entry) {
            // It is claimed again when its lease ends.
            break;
        }
    }
    Ok(count)
}

/// Lets other nodes begin at once with what waits in memory.
pub async fn release_queued(shared: &Shared) -> Result<()> {
    let mut inbound = shared.inbound.lock().await;
    let queued: Vec<Entry> = std::iter::from_fn(|| inbound.try_recv().ok()).collect();
    let mut writes = Writes::default();
    outbox::release(&mut writes, queued.iter(), shared.clock.now());
    shared.database.write(&writes).await
}

impl Runner {
    /// Serves what is in the outbox and due now; answers how many entries were tried.
    pub(super) async fn dispatch_due(&self) -> Result<usize> {
        claim(&self.shared).await?;
        let mut inbound = self.shared.inbound.lock().await;
        let mut running = JoinSet::new();
        while let Ok(entry) = inbound.try_recv() {
            running.spawn(perform(Arc::clone(&self.shared), entry));
        }
        let ended = running.join_all().await;
        note(&self.shared, &ended).await?;
        Ok(ended.len())
    }
}

/// Does what an entry asks for, unless it waited for so long that another node could begin with it meanwhile: then whoever comes
/// first claims it anew.
async fn perform_in_time(shared: Arc<Shared>, entry: Entry) -> (Entry, Fate) {
    let is_late = entry.due_at.is_none_or(|due| due < shared.clock.now() + ATTEMPT_TIME_MAX);
    if is_late { (entry, Fate::BrokenOff) } else { perform(shared, entry).await }
}

async fn perform(shared: Arc<Shared>, entry: Entry) -> (Entry, Fate) {
    let fate = tokio::select! {
        fate = attempt(&shared, &entry) => fate,
        () = shared.left_behind() => Fate::BrokenOff,
    };
    // What was refused because no more commands are taken is for another node as well.
    let is_free = fate == Fate::Left && *shared.leaving.borrow();
    (entry, if is_free { Fate::BrokenOff } else { fate })
}

async fn attempt(shared: &Arc<Shared>, entry: &Entry) -> Fate {
    match serde_json::from_str(&entry.effect) {
        Ok(Effect::SendWebhook { connection, kind, fields }) => {
            webhook::perform(shared, entry, &connection, &kind, &fields).await
        }
        Ok(Effect::QueueJob { visit, job }) => super::jobs::request(shared, entry, visit, &job).await,
        Ok(effect) => inside::perform(shared, entry, effect).await,
        Err(error) => Fate::Dead(format!("the entry cannot be read: {error}")),
    }
}

async fn note(shared: &Shared, ended: &[(Entry, Fate)]) -> std::result::Result<(), Error> {
    let now = shared.clock.now();
    if ended.iter().all(|(_, fate)| matches!(fate, Fate::Settled | Fate::Left)) {
        return Ok(());
    }
    let mut transaction = shared.database.begin().await?;
    let done = ended.iter().filter(|(_, fate)| *fate == Fate::Done);
    let mut writes = Writes::default();
    outbox::finish(&mut writes, done.map(|(entry, _)| entry.id.clone()).collect(), now);
    let broken_off = ended.iter().filter(|(_, fate)| *fate == Fate::BrokenOff);
    outbox::release(&mut writes, broken_off.map(|(entry, _)| entry), now);
    transaction.write(&writes).await?;
    for (entry, fate) in ended {
        match fate {
            Fate::Settled | Fate::Done | Fate::Left | Fate::BrokenOff => {}
            Fate::Unwanted(why) => {
                tracing::info!(entry = entry.id, why = loggable(entry, why), "an effect is not wanted any more");
                outbox::dismiss(&mut transaction, &entry.id, now, why).await?;
            }
            Fate::Again(why) if entry.attempts < ATTEMPTS_MAX => {
                let next = Some(now + backoff(entry.attempts));
                outbox::fail(&mut transaction, entry, next, why).await?;
            }
            Fate::Again(why) | Fate::Dead(why) => {
                let why_logged = loggable(entry, why);
                tracing::error!(
                    entry = entry.id,
                    why = why_logged,
                    "an effect was given up; `/api/incidents` says more"
                );
                outbox::fail(&mut transaction, entry, None, why).await?;
            }
        }
    }
    transaction.commit().await
}

/// What the log says of a reason: the answer to a webhook, and not why another case refused something, which may quote what
/// somebody filled in.
fn loggable<'a>(entry: &Entry, why: &'a str) -> Option<&'a str> {
    matches!(serde_json::from_str(&entry.effect), Ok(Effect::SendWebhook { .. })).then_some(why)
}

/// How long to wait after so many attempts.
fn backoff(attempts: u32) -> SignedDuration {
    BACKOFF * 2i32.pow(attempts.saturating_sub(1).min(ATTEMPTS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_with_each_attempt() {
        let waits: Vec<i64> = (1..=4).map(|attempts| backoff(attempts).as_secs()).collect();

        assert_eq!(waits, [10, 20, 40, 80]);
    }
}
