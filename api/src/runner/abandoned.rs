//! Tasks of people whom the organisation does not know any more: they go back to where they came from.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use duban_engine::command::Ask;
use duban_engine::event::Actor;
use duban_engine::organization::Organization;
use tokio::task::JoinSet;

use super::Shared;
use super::submission::{Refusal, Submission};
use crate::storage::{Result, tasks};

/// How many tasks are freed together.
const PAGE_MAX: i64 = 256;

/// Frees the tasks that nobody holds any more, if the organisation may have changed; answers how many.
pub async fn sweep(shared: &Arc<Shared>) -> Result<usize> {
    let Some(library) = shared.definitions.active() else { return Ok(0) };
    if !shared.may_be_abandoned.swap(false, Ordering::AcqRel) {
        return Ok(0);
    }
    let freed = free(shared, &library.catalog.organization).await;
    if freed.is_err() {
        shared.may_be_abandoned.store(true, Ordering::Release);
    }
    freed
}

async fn free(shared: &Arc<Shared>, organization: &Organization) -> Result<usize> {
    let mut freed = 0;
    let holders = tasks::workload(&shared.database).await?.into_keys();
    for gone in holders.filter(|holder| !organization.people.contains_key(holder)) {
        loop {
            let page = tasks::held_by(&shared.database, &gone, PAGE_MAX).await?;
            let mut running = JoinSet::new();
            for (case, visit) in page {
                let shared = Arc::clone(shared);
                let release = Submission::new(case, Actor::Clock, Ask::Release { visit });
                running.spawn(async move { shared.submit(release).await });
            }
            let mut done = 0;
            for outcome in running.join_all().await {
                match outcome {
                    Ok(_) => done += 1,
                    Err(Refusal::Storage(error)) => {
                        tracing::error!(%error, "a task that nobody holds stays held; it is tried again");
                        shared.may_be_abandoned.store(true, Ordering::Release);
                    }
                    Err(refusal) => tracing::debug!(%refusal, "a task is not freed"),
                }
            }
            freed += done;
            if done == 0 {
                break;
            }
        }
        tracing::info!(person = %gone, "tasks of a person who left are open to others again");
    }
    Ok(freed)
}
