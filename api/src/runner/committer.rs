//! The committers: each takes what waits in its queue, writes it as one batch, and answers when the disk has it.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::Shared;
use super::batch::{self, Finished};
use super::submission::{Answer, Refusal, Submission};
use crate::storage::Error;

/// How many commands may wait for one committer; more wait outside.
pub const QUEUE_MAX: usize = 4_096;

/// How often a batch is decided anew because another node was first, before its commands go one by one.
const CONFLICTS_MAX: usize = 8;

/// A command with whoever waits for its answer.
#[derive(Debug)]
pub struct Waiting {
    /// The command.
    pub submission: Submission,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Answer, Refusal>>,
}

/// Serves a queue until the runner stops and the queue is empty.
pub async fn run(shared: Arc<Shared>, mut queue: mpsc::Receiver<Waiting>) {
    let mut waiting = Vec::with_capacity(shared.settings.batch_max);
    let mut stopping = shared.stopping.subscribe();
    loop {
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping), if !queue.is_closed() => queue.close(),
            count = queue.recv_many(&mut waiting, shared.settings.batch_max) => {
                if count == 0 {
                    return;
                }
            }
        }
        let (submissions, answers): (Vec<_>, Vec<_>) =
            waiting.drain(..).map(|waiting| (waiting.submission, waiting.answer)).unzip();
        let outcomes = commit(&shared, &submissions).await;
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // Whoever asked may have gone; the command is done all the same.
            let _ = answer.send(outcome);
        }
    }
}

/// Writes a batch. When the database refuses it, its commands go one by one, so that only the culprit fails.
pub async fn commit(shared: &Shared, submissions: &[Submission]) -> Vec<Result<Answer, Refusal>> {
    let error = match attempt(shared, submissions).await {
        Ok(outcomes) => return outcomes,
        Err(error) => error,
    };
    if submissions.len() == 1 || matches!(error, Error::Unreachable(_)) {
        let error = Arc::new(error);
        return submissions.iter().map(|_| Err(Refusal::Storage(Arc::clone(&error)))).collect();
    }
    let mut outcomes = Vec::with_capacity(submissions.len());
    for submission in submissions {
        let alone = attempt(shared, std::slice::from_ref(submission)).await;
        outcomes.push(alone.map_err(Refusal::from).and_then(|mut only| only.pop().unwrap_or(Err(Refusal::Stopped))));
    }
    outcomes
}

/// Writes a batch, and anew as long as another node moved one of its cases first.
async fn attempt(shared: &Shared, submissions: &[Submission]) -> Result<Vec<Result<Answer, Refusal>>, Error> {
    let mut conflicts = 0;
    loop {
        match batch::run(shared, submissions).await {
            Ok(Finished { outcomes, entries, wake_at }) => {
                shared.after_commit(entries, wake_at);
                return Ok(outcomes);
            }
            Err(error) => {
                // What was written is not known, so that what this node knows of the cases is worth nothing.
                for submission in submissions {
                    shared.cache.invalidate(&submission.case);
                }
                conflicts += 1;
                if !matches!(error, Error::Conflict(_)) || conflicts > CONFLICTS_MAX {
                    return Err(error);
                }
            }
        }
    }
}
