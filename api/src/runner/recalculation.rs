//! What a changed calendar asks of the cases that are open: their deadlines are computed again, page by page.

use std::collections::BTreeMap;
use std::sync::Arc;

use duban_engine::calendar::Version;
use duban_engine::command::Ask;
use duban_engine::event::Actor;
use duban_engine::ids::Name;
use duban_engine::library::Library;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::Shared;
use super::outgoing::LEASE;
use super::submission::{Refusal, Submission};
use crate::storage::recalculations::{self, Recalculation};
use crate::storage::{Error, Result, Transaction, deadlines, micros};

/// How many cases follow together; the clock is served between two pages.
const PAGE_MAX: i64 = 256;

/// How long after the change the first page comes: by then every node decides by the new calendar.
const GRACE: SignedDuration = SignedDuration::from_secs(5);

/// Whether open deadlines may have to move when one library takes the place of another.
pub fn is_needed(before: &Library, after: &Library) -> bool {
    versions(before) != versions(after)
}

/// The default calendar's name, and each calendar's version.
fn versions(library: &Library) -> (&Name, BTreeMap<&Name, Option<&Version>>) {
    let calendars = &library.catalog.calendars;
    let versions = calendars.names().map(|name| (name, calendars.get(name).map(|calendar| calendar.version())));
    (calendars.default_name(), versions.collect())
}

/// Has every open case follow a deployment.
pub async fn begin(transaction: &mut Transaction, deployment: &str, now: Timestamp) -> Result<()> {
    let id = format!("{deployment}-{}", micros(now));
    recalculations::begin(transaction, &Recalculation { id, created_at: now, due_at: now + GRACE, reached: None }).await
}

/// Lets one page of cases follow, if a change is due; answers how many cases that were.
pub async fn sweep(shared: &Arc<Shared>) -> Result<usize> {
    let now = shared.clock.now();
    if recalculations::next_due(&shared.database).await?.is_none_or(|due| due > now) {
        return Ok(0);
    }
    let mut transaction = shared.database.begin().await?;
    let claimed = recalculations::claim(&mut transaction, now, now + LEASE).await?;
    transaction.commit().await?;
    let Some(change) = claimed else { return Ok(0) };
    // This node may not have heard of the deployment yet.
    shared.definitions.refresh(&shared.database).await?;
    let page = deadlines::cases_after(&shared.database, change.reached, PAGE_MAX).await?;
    let count = page.len();
    let mut running = JoinSet::new();
    for case in page.iter().copied() {
        let key = format!("recalculate/{}/{case}", change.id);
        let (shared, command) = (Arc::clone(shared), Submission::new(case, Actor::Clock, Ask::Recalculate));
        running.spawn(async move { shared.submit(command.with_key(key)).await });
    }
    for outcome in running.join_all().await {
        match outcome {
            // The page is taken again when its lease ends; the keys keep a case from following twice.
            Err(Refusal::Storage(error)) if matches!(*error, Error::Unreachable(_)) => return Ok(0),
            Err(Refusal::Stopped) => {
                recalculations::release(&shared.database, &change, shared.clock.now()).await?;
                return Ok(0);
            }
            Err(Refusal::Storage(error)) => tracing::error!(%error, "a case cannot follow the calendar"),
            // It closed meanwhile.
            Err(refusal) => tracing::debug!(%refusal, "a case does not follow the calendar"),
            Ok(_) => {}
        }
    }
    let mut transaction = shared.database.begin().await?;
    match page.last() {
        Some(last) => recalculations::reach(&mut transaction, &change.id, *last, shared.clock.now()).await?,
        None => {
            recalculations::end(&mut transaction, &change.id).await?;
            tracing::info!("every open deadline follows the calendars");
        }
    }
    transaction.commit().await?;
    Ok(count)
}
