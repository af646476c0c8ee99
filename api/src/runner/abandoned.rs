//! Tasks of people whom the organisation does not know any more: they go back to where they came from, and where nobody
//! may do them any more, or somebody may again, their cases are looked at.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use duban_engine::command::Ask;
use duban_engine::event::Actor;
use duban_engine::ids::CaseId;
use duban_engine::organization::Organization;
use tokio::task::JoinSet;

use super::Shared;
use super::submission::{Refusal, Submission};
use crate::storage::{Result, incidents, tasks};

/// How many cases are looked at together.
const PAGE_MAX: i64 = 256;

/// Frees the tasks that nobody holds any more and looks at those that nobody may do, now or until now, if the organisation
/// may have changed; answers how many.
pub async fn sweep(shared: &Arc<Shared>) -> Result<usize> {
    let Some(library) = shared.definitions.active() else { return Ok(0) };
    if !shared.may_be_abandoned.swap(false, Ordering::AcqRel) {
        return Ok(0);
    }
    let organization = &library.catalog.organization;
    let served = serve(shared, organization).await;
    if served.is_err() {
        shared.may_be_abandoned.store(true, Ordering::Release);
    }
    served
}

async fn serve(shared: &Arc<Shared>, organization: &Organization) -> Result<usize> {
    Ok(free(shared, organization).await? + look(shared, organization).await? + look_again(shared).await?)
}

/// Gives back what people hold who are not there.
async fn free(shared: &Arc<Shared>, organization: &Organization) -> Result<usize> {
    let mut freed = 0;
    let holders = tasks::workload(&shared.database).await?.into_keys();
    for gone in holders.filter(|holder| !organization.people.contains_key(holder)) {
        loop {
            let page = tasks::held_by(&shared.database, &gone, PAGE_MAX).await?;
            let release = |(case, visit)| Submission::new(case, Actor::Clock, Ask::Release { visit });
            let done = submit_all(shared, page.into_iter().map(release)).await;
            freed += done;
            if done == 0 {
                break;
            }
        }
        tracing::info!(person = %gone, "tasks of a person who left are open to others again");
    }
    Ok(freed)
}

/// Wakes the cases with tasks for people none of whom is there.
async fn look(shared: &Arc<Shared>, organization: &Organization) -> Result<usize> {
    let mut looked = 0;
    for gone in tasks::candidates(&shared.database).await?.iter().filter(|found| !organization.is_staffed(found)) {
        let mut after = None;
        loop {
            let page = tasks::pooled(&shared.database, gone, after, PAGE_MAX).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            looked += submit_all(shared, page.into_iter().map(wake)).await;
        }
    }
    Ok(looked)
}

/// Wakes the cases with an incident that people end: when they are there, their tasks go on and the incident is over.
async fn look_again(shared: &Arc<Shared>) -> Result<usize> {
    let (mut looked, mut after) = (0, None);
    loop {
        let page = incidents::awaiting_people(&shared.database, after, PAGE_MAX).await?;
        let Some(last) = page.last() else { return Ok(looked) };
        after = Some(*last);
        looked += submit_all(shared, page.into_iter().map(wake)).await;
    }
}

fn wake(case: CaseId) -> Submission {
    Submission::new(case, Actor::Clock, Ask::Wake)
}

/// Has commands done together; answers how many were.
async fn submit_all(shared: &Arc<Shared>, submissions: impl Iterator<Item = Submission>) -> usize {
    let mut running = JoinSet::new();
    for submission in submissions {
        let shared = Arc::clone(shared);
        running.spawn(async move { shared.submit(submission).await });
    }
    let mut done = 0;
    for outcome in running.join_all().await {
        match outcome {
            Ok(_) => done += 1,
            Err(Refusal::Storage(error)) => {
                tracing::error!(%error, "a task that nobody may do or holds stays as it is; it is tried again");
                shared.may_be_abandoned.store(true, Ordering::Release);
            }
            Err(refusal) => tracing::debug!(%refusal, "a case is not looked at"),
        }
    }
    done
}
