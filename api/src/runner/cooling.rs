//! The histories of cases that closed a while ago are moved into one row each, which takes a fraction of the room.

use std::sync::Arc;

use jiff::SignedDuration;

use super::Shared;
use super::verify::expected::check_chain;
use crate::storage::transitions::{Stored, histories};
use crate::storage::{Result, cooling};

/// How often it is looked.
const PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// How long a node holds cases that it moves: those of a node that died are moved by another one later, and those that cannot
/// be moved are in nobody's way until then.
const HELD: SignedDuration = SignedDuration::from_mins(50);

/// How many cases are moved in one transaction: commands wait for no more.
const CASES_MAX: i64 = 100;

/// Moves what closed, again and again until the runner ends.
pub async fn run(shared: Arc<Shared>) {
    loop {
        let now = shared.clock.now();
        match sweep(&shared).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "histories of closed cases were moved into one row each"),
            Err(error) => tracing::warn!(%error, "histories of closed cases stay where they are until the next hour"),
        }
        shared.clock.sleep_until(now + PAUSE).await;
    }
}

/// Moves what closed long enough ago; answers how many histories that were. Whatever ends it in between, the next time goes
/// on. Of two clocks that differ the earlier one counts.
pub async fn sweep(shared: &Shared) -> Result<usize> {
    let Some(cold_after) = shared.settings.cold_after else { return Ok(0) };
    let here = shared.clock.now();
    let now = shared.database.now().await?.map_or(here, |there| there.min(here));
    let mut all = 0;
    loop {
        let mut transaction = shared.database.begin().await?;
        let held = (here, here + HELD);
        let cases = cooling::claim(&mut transaction, now - cold_after, held, CASES_MAX).await?;
        transaction.commit().await?;
        if cases.is_empty() {
            return Ok(all);
        }
        let histories = histories(&shared.database, cases).await?;
        let sound: Vec<&[Stored]> = histories.values().map(Vec::as_slice).filter(|history| is_sound(history)).collect();
        let mut transaction = shared.database.begin().await?;
        all += cooling::keep(&mut transaction, &sound).await?;
        transaction.commit().await?;
    }
}

/// Whether nothing is lost when only the last hash is kept. What was changed by hand stays as it is for `verify`.
fn is_sound(history: &[Stored]) -> bool {
    let Some(last) = history.last() else { return false };
    let checked = check_chain(last.case, history);
    if let Err(what) = &checked {
        tracing::warn!(case = %last.case, what, "a history stays where it is, because something is wrong with it");
    }
    checked.is_ok()
}
