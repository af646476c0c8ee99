//! Jobs: fetched, kept and finished by workers, or done by the server itself with an HTTP request.

use std::sync::Arc;

use duban_engine::command::Ask;
use duban_engine::event::{Actor, Fields, Job};
use duban_engine::ids::{CaseId, Name, VisitId};
use duban_engine::value::Value;
use jiff::{SignedDuration, Timestamp};

use super::fate::Fate;
use super::outside::{Reply, Request, plain};
use super::submission::{Answer, Refusal, Submission};
use super::{Runner, Shared};
use crate::storage::jobs::{self, Queued};
use crate::storage::outbox::Entry;
use crate::storage::{Error, Result};

/// How many jobs a worker fetches at once.
const FETCH_MAX: i64 = 100;

/// A job that a worker holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Fetched {
    /// What the worker finishes it by.
    pub id: String,
    /// The case that waits.
    pub case: CaseId,
    /// What the worker is given.
    pub fields: Fields,
    /// Until when the worker has it to itself.
    pub until: Timestamp,
}

/// A worker's word about a job was not taken.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The worker does not hold the job: its lease ended, somebody else has it, or nobody needs it any more.
    #[error("{worker} does not hold the job {id}")]
    NotHeld {
        /// The job.
        id: String,
        /// Who said so.
        worker: Name,
    },
    /// The case refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl Runner {
    /// Gives a worker up to `limit` jobs of a topic. Each is the worker's alone until its lease ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetch_jobs(&self, worker: &Name, topic: &Name, limit: u32) -> Result<Vec<Fetched>> {
        let now = self.shared.clock.now();
        let mut transaction = self.shared.database.begin().await?;
        let mut fetched = Vec::new();
        for queued in jobs::free(&mut transaction, topic, now, i64::from(limit).min(FETCH_MAX)).await? {
            let job = read(&queued)?;
            let until = now + SignedDuration::from_secs(i64::from(job.lease_seconds));
            jobs::hold(&mut transaction, &queued.id, worker, until).await?;
            fetched.push(Fetched { id: queued.id, case: queued.case, fields: job.fields, until });
        }
        transaction.commit().await?;
        Ok(fetched)
    }

    /// Lets a worker keep a job for another lease; answers until when.
    ///
    /// # Errors
    /// [`JobError::NotHeld`] when it does not hold the job any more.
    pub async fn keep_job(&self, worker: &Name, id: &str) -> std::result::Result<Timestamp, JobError> {
        let queued = self.held(worker, id).await?;
        let now = self.shared.clock.now();
        let until = now + SignedDuration::from_secs(i64::from(read(&queued)?.lease_seconds));
        let mut transaction = self.shared.database.begin().await?;
        let is_kept = jobs::extend(&mut transaction, id, worker, until, now).await?;
        transaction.commit().await?;
        if is_kept { Ok(until) } else { Err(not_held(worker, id)) }
    }

    /// A worker did a job. Said twice, it counts once.
    ///
    /// # Errors
    /// [`JobError::NotHeld`] when it does not hold the job any more.
    pub async fn finish_job(&self, worker: &Name, id: &str, fields: Fields) -> std::result::Result<Answer, JobError> {
        self.end_job(worker, id, "finish", |visit| Ask::FinishJob { visit, fields }).await
    }

    /// A worker could not do a job. Said twice, it counts once.
    ///
    /// # Errors
    /// [`JobError::NotHeld`] when it does not hold the job any more.
    pub async fn fail_job(&self, worker: &Name, id: &str, reason: &str) -> std::result::Result<Answer, JobError> {
        let reason = reason.to_owned();
        self.end_job(worker, id, "fail", |visit| Ask::FailJob { visit, reason }).await
    }

    async fn end_job(
        &self,
        worker: &Name,
        id: &str,
        verb: &str,
        ask: impl FnOnce(VisitId) -> Ask,
    ) -> std::result::Result<Answer, JobError> {
        let key = format!("{verb}/{worker}/{id}");
        let mut done = crate::storage::commands::find(&self.shared.database, vec![key.clone()]).await?;
        if let Some(done) = done.remove(&key) {
            return Ok(Answer { case: done.case, sequence: done.sequence, number: done.number });
        }
        let queued = self.held(worker, id).await?;
        let submission = Submission::new(queued.case, Actor::Worker(worker.clone()), ask(queued.visit));
        Ok(self.shared.submit(submission.with_key(key)).await?)
    }

    async fn held(&self, worker: &Name, id: &str) -> std::result::Result<Queued, JobError> {
        let now = self.shared.clock.now();
        let found = jobs::find(&self.shared.database, id).await?;
        let held = found.filter(|queued| queued.worker.as_ref() == Some(worker) && queued.free_at > now);
        held.ok_or_else(|| not_held(worker, id))
    }
}

fn not_held(worker: &Name, id: &str) -> JobError {
    JobError::NotHeld { id: id.to_owned(), worker: worker.clone() }
}

fn read(queued: &Queued) -> Result<Job> {
    serde_json::from_str(&queued.job).map_err(|error| Error::Unreadable { what: "job", why: error.to_string() })
}

/// Does a job by an HTTP request and tells the case. The case decides about further tries.
pub async fn request(shared: &Arc<Shared>, entry: &Entry, visit: VisitId, job: &Job) -> Fate {
    let ask = match send(shared, entry, job).await {
        Ok(fields) => Ask::FinishJob { visit, fields },
        Err(reason) => Ask::FailJob { visit, reason },
    };
    let by = Actor::Worker(Name::new(super::outgoing::HTTP));
    Fate::of(shared.submit(Submission::new(entry.case, by, ask).settling(&entry.id)).await)
}

async fn send(shared: &Shared, entry: &Entry, job: &Job) -> std::result::Result<Fields, String> {
    let (method, url) = job.request.as_ref().ok_or("the job has no address")?;
    let library = shared.definitions.active().ok_or("nothing is deployed")?;
    let is_of = |connection: &str| {
        url.strip_prefix(connection)
            .is_some_and(|rest| rest.is_empty() || connection.ends_with('/') || rest.starts_with(['/', '?']))
    };
    let mut connections = library.connections.values();
    let connection = connections.find(|connection| is_of(&connection.url));
    let connection = connection.ok_or_else(|| format!("no connection leads to {url}"))?;
    let headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("idempotency-key".to_owned(), entry.delivery_key()),
    ];
    let body = plain(&job.fields).to_string();
    let private = connection.private;
    let request = Request { method: method.to_string(), url: url.clone(), headers, body, private };
    let Reply { status, body } = shared.outside.send(request).await?;
    if !(200..300).contains(&status) {
        return Err(format!("{url} answered {status}"));
    }
    if body.trim().is_empty() {
        return Ok(Fields::new());
    }
    let answer: serde_json::Value =
        serde_json::from_str(&body).map_err(|_| format!("{url} did not answer with JSON"))?;
    let entries = answer.as_object().ok_or_else(|| format!("{url} did not answer with a JSON object"))?;
    // A value is what JSON itself tells; the field it goes to reads dates and durations from text.
    let values = entries.iter().map(|(name, value)| {
        let value = Value::from_plain_json(value, &duban_engine::value::Type::Any);
        Ok((Name::new(name), value.map_err(|wrong| format!("in the answer of {url}, `{name}` {wrong}"))?))
    });
    values.collect()
}
