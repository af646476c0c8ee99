//! What nobody asks for any more is removed: deliveries that are over, and answers to commands that nobody sends again.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Shared;
use crate::storage::{Result, commands, messages, outbox};

/// How long a delivery is kept after it is over: as long as somebody may ask whether something was sent.
const DELIVERIES_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long the same key gets the same answer: longer than anybody sends a command again.
const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How often it is looked.
const PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// How many rows are removed in one transaction: commands wait for no more.
const ROWS_MAX: u16 = 1_000;

/// Removes what is over, again and again until the runner ends.
pub async fn run(shared: Arc<Shared>) {
    loop {
        let now = shared.clock.now();
        match prune(&shared).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "rows that are over were removed"),
            Err(error) => tracing::warn!(%error, "what is over stays until the database answers"),
        }
        shared.clock.sleep_until(now + PAUSE).await;
    }
}

/// Removes what is over now; answers how many rows that were. A node whose clock is ahead removes nothing too early: where the
/// database has a clock of its own, the earlier of both counts.
async fn prune(shared: &Shared) -> Result<u64> {
    let here = shared.clock.now();
    let now = shared.database.now().await?.map_or(here, |there| there.min(here));
    let mut all = 0;
    loop {
        let limit = i64::from(ROWS_MAX);
        let mut transaction = shared.database.begin().await?;
        let count = outbox::prune(&mut transaction, now - DELIVERIES_KEPT, limit).await?
            + commands::prune(&mut transaction, now - ANSWERS_KEPT, limit).await?
            + messages::prune(&mut transaction, now - ANSWERS_KEPT, limit).await?;
        transaction.commit().await?;
        all += count;
        if count == 0 {
            return Ok(all);
        }
    }
}

/// Whether an entry that was asked for at an instant may have been removed by now.
pub fn may_be_gone(asked_at: Timestamp, now: Timestamp) -> bool {
    asked_at < now - DELIVERIES_KEPT
}
