//! Locks across cases: whoever has waited longest gets one that nobody holds.

use std::sync::Arc;

use duban_engine::command::Ask;
use duban_engine::event::Actor;
use jiff::Timestamp;
use tokio::task::JoinSet;

use super::submission::Submission;
use super::{Shared, unable};
use crate::storage::{Result, locks};

/// How often locks are passed on before everything else has its turn.
const ROUNDS_MAX: usize = 16;

/// Passes on the locks that nobody holds. Two nodes may give the same lock at once: the database lets one of them.
/// Answers how many were passed on, or passed over.
pub async fn pass_on(shared: &Arc<Shared>) -> Result<usize> {
    let mut all = 0;
    for _ in 0..ROUNDS_MAX {
        let now = shared.clock.now();
        let mut giving = JoinSet::new();
        for next in locks::free(&shared.database, now).await?.into_iter().filter(|next| next.rest_until <= now) {
            let shared = Arc::clone(shared);
            let give = Submission::new(next.case, Actor::Clock, Ask::GiveLock { visit: next.visit });
            giving.spawn(async move { (next, shared.submit(give).await) });
        }
        let mut moved = 0;
        for (next, outcome) in giving.join_all().await {
            let Err(refusal) = outcome else {
                moved += 1;
                continue;
            };
            let ask = Ask::GiveLock { visit: next.visit };
            if let Some(rest) = unable::rest(shared, next.case, ask, refusal).await? {
                let mut transaction = shared.database.begin().await?;
                locks::rest(&mut transaction, &next, now + rest).await?;
                transaction.commit().await?;
                moved += 1;
            }
        }
        if moved == 0 {
            break;
        }
        all += moved;
    }
    Ok(all)
}

/// When somebody who was left alone may have a free lock after all.
pub async fn next(shared: &Shared) -> Result<Option<Timestamp>> {
    let now = shared.clock.now();
    let rests = locks::free(&shared.database, now).await?.into_iter().map(|next| next.rest_until);
    Ok(rests.filter(|until| *until > now).min())
}
