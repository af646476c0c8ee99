//! Effects that were given up: what stands still because of them, and how they are tried again.

use duban_engine::case::Case;
use duban_engine::effect::Effect;
use duban_engine::ids::{CaseId, Name};
use jiff::Timestamp;
use serde_json::Value as Json;

use super::Runner;
use crate::storage::jobs::{self, Queued};
use crate::storage::outbox::{self, Entry};
use crate::storage::{Result, incidents};

/// How many are shown with one case: more than anybody reads.
const OF_CASE_MAX: i64 = 100;

/// Why a job waits that is held back.
const HELD_BACK: &str = "held back: the database was restored, and a worker may have done it since";

/// An effect that was given up, or is held back.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenUp {
    /// The key to have it retried by.
    pub id: String,
    /// The case that asked for it.
    pub case: CaseId,
    /// The case that waits for it.
    pub waiting: Option<CaseId>,
    /// What it is, as `open_case`.
    pub effect: String,
    /// Why it was given up.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was asked for.
    pub asked_at: Timestamp,
}

impl From<Entry> for GivenUp {
    fn from(entry: Entry) -> Self {
        let waiting = match serde_json::from_str(&entry.effect) {
            Ok(Effect::OpenCase { waits: Some(_), .. } | Effect::QueueJob { .. }) => Some(entry.case),
            Ok(Effect::TellCaller { caller, .. }) => Some(caller.case),
            Ok(_) | Err(_) => None,
        };
        let kind = serde_json::from_str(&entry.effect)
            .ok()
            .and_then(|effect: Json| effect["effect"].as_str().map(str::to_owned));
        Self {
            id: entry.id,
            case: entry.case,
            waiting,
            effect: kind.unwrap_or_else(|| "unknown".to_owned()),
            reason: entry.error.unwrap_or_default(),
            attempts: entry.attempts,
            asked_at: entry.created_at,
        }
    }
}

impl From<Queued> for GivenUp {
    fn from(job: Queued) -> Self {
        Self {
            id: job.id,
            case: job.case,
            waiting: Some(job.case),
            effect: "queue_job".to_owned(),
            reason: HELD_BACK.to_owned(),
            attempts: 0,
            asked_at: job.queued_at,
        }
    }
}

impl Runner {
    /// Up to `most` effects that were given up, and jobs that are held back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn given_up(&self, most: u16) -> Result<Vec<GivenUp>> {
        let limit = i64::from(most);
        let dead = outbox::dead(&self.shared.pages, limit).await?;
        let held = jobs::held_back(&self.shared.pages, limit).await?;
        let all = dead.into_iter().map(GivenUp::from).chain(held.into_iter().map(GivenUp::from));
        Ok(all.take(usize::from(most)).collect())
    }

    /// The effects that were given up, and jobs that are held back, that a case asked for or waits for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn given_up_of(&self, case: &Case) -> Result<Vec<GivenUp>> {
        let called = case.visits.values().filter_map(|visit| visit.child);
        let cases: Vec<CaseId> = called.chain([case.id]).collect();
        let dead = outbox::dead_of(&self.shared.pages, &cases, OF_CASE_MAX).await?;
        let held = jobs::held_back_of(&self.shared.pages, &[case.id], OF_CASE_MAX).await?;
        let concerns = |found: &GivenUp| found.case == case.id || found.waiting == Some(case.id);
        let dead = dead.into_iter().map(GivenUp::from).filter(concerns);
        Ok(dead.chain(held.into_iter().map(GivenUp::from)).collect())
    }

    /// Has an effect that was given up tried again, or a job given out that is held back; answers whether there is one
    /// with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retry(&self, id: &str) -> Result<bool> {
        let mut transaction = self.shared.database.begin().await?;
        let now = self.shared.clock.now();
        let is_revived =
            outbox::revive(&mut transaction, id, now).await? || jobs::give_out(&mut transaction, id, now).await?;
        transaction.commit().await?;
        self.shared.nudge.notify_one();
        Ok(is_revived)
    }

    /// Has an effect that was given up count as done, for who knows that it was done otherwise, or that nobody wants it any
    /// more; answers what it was, or nothing when there is none with this id. What a case waits for stays as it is: the case
    /// would wait for ever.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn dismiss(&self, id: &str, by: &Name) -> Result<Option<GivenUp>> {
        let mut transaction = self.shared.database.begin().await?;
        if let Some(entry) = outbox::find_dead(&mut transaction, id).await? {
            let found = GivenUp::from(entry);
            if found.waiting.is_none() {
                let why = format!("dismissed by {by}: {}", found.reason);
                outbox::dismiss(&mut transaction, id, self.shared.clock.now(), &why).await?;
                transaction.commit().await?;
            }
            return Ok(Some(found));
        }
        drop(transaction);
        let held = jobs::find(&self.shared.database, id).await?.filter(jobs::is_held_back);
        Ok(held.map(GivenUp::from))
    }

    /// Up to `limit` incidents that the definitions of cases led to, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn raised(&self, limit: u16) -> Result<Vec<incidents::Incident>> {
        incidents::latest(&self.shared.pages, i64::from(limit)).await
    }
}
