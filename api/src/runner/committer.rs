//! The committers: each takes what waits in its queue, writes it as one batch, and answers when the disk has it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use duban_engine::event::Actor;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::Shared;
use super::batch::{self, Finished};
use super::submission::{Answer, Refusal, Submission};
use crate::storage::Error;

/// How many commands may wait for one committer; more wait outside.
pub const QUEUE_MAX: usize = 4_096;

/// How often a batch is decided anew because another node was first, before its commands go one by one.
const CONFLICTS_MAX: usize = 8;

/// How long a batch of the clock may keep people waiting before the next one is made smaller.
const CLOCK_TIME: Duration = Duration::from_millis(50);

/// How long the clock rests at most after a command that took long by itself.
const REST_MAX: Duration = Duration::from_secs(1);

/// How long a command that needs what somebody else keeps locked, such as a number, is tried again. The server takes it from a
/// frozen node after half of that.
const LOCKED_MAX: Duration = Duration::from_secs(10);

/// How many batches of people may follow each other while the clock waits.
const IN_ROW_MAX: usize = 4;

/// A command with whoever waits for its answer.
#[derive(Debug)]
pub struct Waiting {
    /// The command.
    pub submission: Submission,
    /// Since when.
    pub since: Instant,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Answer, Refusal>>,
}

impl Waiting {
    /// Takes note of the outcome: it is the answer, unless what was needed may soon be free. Then the command waits again behind
    /// the others, and they are not kept waiting.
    fn settle(mut self, shared: &Shared, outcome: Result<Answer, Refusal>) {
        let is_locked = matches!(&outcome, Err(Refusal::Storage(error)) if error.is_locked());
        if is_locked
            && self.since.elapsed() < LOCKED_MAX
            && let Some(queue) = shared.queue(&self.submission)
        {
            self = match queue.try_send(self) {
                Ok(()) => return,
                // It is full, or the runner stops.
                Err(TrySendError::Full(waiting) | TrySendError::Closed(waiting)) => waiting,
            };
        }
        // Whoever asked may have gone; the command is done all the same.
        let _ = self.answer.send(outcome);
    }
}

/// The ways to a committer: what the clock asks for waits apart, so that people go first.
#[derive(Debug)]
pub struct Lanes {
    people: mpsc::Sender<Waiting>,
    clock: mpsc::Sender<Waiting>,
    begun: Arc<Mutex<Option<Instant>>>,
}

impl Lanes {
    /// How long the committer has been at what it writes now; everything behind it waits as long.
    pub fn waits(&self) -> Duration {
        let begun = *self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.map_or(Duration::ZERO, |begun| begun.elapsed())
    }

    /// The way of a command.
    pub fn of(&self, submission: &Submission) -> &mpsc::Sender<Waiting> {
        if submission.command.by == Actor::Clock { &self.clock } else { &self.people }
    }
}

/// What waits for a committer.
#[derive(Debug)]
pub struct Queues {
    people: mpsc::Receiver<Waiting>,
    clock: mpsc::Receiver<Waiting>,
    /// When the committer began with what it writes now.
    begun: Arc<Mutex<Option<Instant>>>,
}

/// Queues, and the ways to them.
pub fn queues() -> (Lanes, Queues) {
    let ((people, of_people), (clock, of_clock)) = (mpsc::channel(QUEUE_MAX), mpsc::channel(QUEUE_MAX));
    let begun = Arc::<Mutex<_>>::default();
    (Lanes { people, clock, begun: Arc::clone(&begun) }, Queues { people: of_people, clock: of_clock, begun })
}

impl Queues {
    fn note(&self, begun: Option<Instant>) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = begun;
    }

    /// Takes what is next; `false` when the runner stops and all was taken. People go first, but the clock has its turn
    /// among them, and alone it rests after a command that took long.
    async fn take(
        &mut self,
        waiting: &mut Vec<Waiting>,
        pace: &mut Pace,
        stopping: &mut watch::Receiver<bool>,
        batch_max: usize,
    ) -> bool {
        if pace.people_in_row >= IN_ROW_MAX {
            fill(waiting, &mut self.clock, pace.batch_max);
        }
        while waiting.is_empty() {
            let (is_open, rest) = (!self.people.is_closed(), pace.free_at);
            let is_resting = is_open && rest > Instant::now();
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping), if is_open => {
                    self.people.close();
                    self.clock.close();
                }
                Some(first) = self.people.recv() => {
                    waiting.push(first);
                    fill(waiting, &mut self.people, batch_max);
                    pace.people_in_row += 1;
                }
                Some(first) = self.clock.recv(), if !is_resting => {
                    waiting.push(first);
                    fill(waiting, &mut self.clock, pace.batch_max);
                }
                () = sleep_until(rest), if is_resting => {}
                else => return false,
            }
        }
        true
    }
}

/// Takes what is there, up to a whole batch.
fn fill(waiting: &mut Vec<Waiting>, queue: &mut mpsc::Receiver<Waiting>, batch_max: usize) {
    while waiting.len() < batch_max
        && let Ok(next) = queue.try_recv()
    {
        waiting.push(next);
    }
}

/// How much the clock takes at once.
struct Pace {
    batch_max: usize,
    /// Until when only people are served.
    free_at: Instant,
    /// How many batches of people there were since the last of the clock.
    people_in_row: usize,
}

impl Pace {
    /// Takes note of how long a batch of the clock took: when long, the next is smaller, or comes after a rest when it
    /// cannot be smaller.
    fn took(&mut self, time: Duration, batch_max: usize) {
        self.people_in_row = 0;
        if time > CLOCK_TIME {
            if self.batch_max == 1 {
                self.free_at = Instant::now() + time.min(REST_MAX);
            }
            self.batch_max = (self.batch_max / 2).max(1);
        } else {
            self.batch_max = (self.batch_max * 2).min(batch_max);
        }
    }
}

/// Serves the queues until the runner stops and they are empty.
pub async fn run(shared: Arc<Shared>, mut queues: Queues) {
    let batch_max = shared.settings.batch_max;
    let mut waiting = Vec::with_capacity(batch_max);
    let mut stopping = shared.stopping.subscribe();
    let mut pace = Pace { batch_max, free_at: Instant::now(), people_in_row: 0 };
    while queues.take(&mut waiting, &mut pace, &mut stopping, batch_max).await {
        let begun = Instant::now();
        let is_clock = waiting.first().is_some_and(|first| first.submission.command.by == Actor::Clock);
        let (submissions, asked): (Vec<_>, Vec<_>) =
            waiting.drain(..).map(|waiting| (waiting.submission, (waiting.since, waiting.answer))).unzip();
        queues.note(Some(begun));
        let outcomes = commit(&shared, &submissions).await;
        queues.note(None);
        for (submission, ((since, answer), outcome)) in submissions.into_iter().zip(asked.into_iter().zip(outcomes)) {
            Waiting { submission, since, answer }.settle(&shared, outcome);
        }
        if is_clock {
            pace.took(begun.elapsed(), batch_max);
        }
    }
}

/// Writes a batch. When somebody keeps the numbers locked, the commands that open no case go without the others. When the database
/// refuses it, its commands go one by one, so that only the culprit fails.
pub async fn commit(shared: &Shared, submissions: &[Submission]) -> Vec<Result<Answer, Refusal>> {
    let error = match attempt(shared, submissions).await {
        Ok(outcomes) => return outcomes,
        Err(error) => error,
    };
    if error.is_locked() && submissions.iter().any(opens_nothing) && !submissions.iter().all(opens_nothing) {
        let others: Vec<Submission> = submissions.iter().filter(|one| opens_nothing(one)).cloned().collect();
        let (error, mut done) = (Arc::new(error), Box::pin(commit(shared, &others)).await.into_iter());
        let outcome = |one: &Submission| match opens_nothing(one) {
            true => done.next().unwrap_or(Err(Refusal::Stopped)),
            false => Err(Refusal::Storage(Arc::clone(&error))),
        };
        return submissions.iter().map(outcome).collect();
    }
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

fn opens_nothing(submission: &Submission) -> bool {
    submission.process.is_none()
}

/// Writes a batch, and anew as long as another node moved one of its cases first.
async fn attempt(shared: &Shared, submissions: &[Submission]) -> Result<Vec<Result<Answer, Refusal>>, Error> {
    let mut conflicts = 0;
    loop {
        match batch::run(shared, submissions, conflicts > 0).await {
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

#[cfg(test)]
mod tests {
    use duban_engine::command::Ask;
    use duban_engine::ids::CaseId;

    use super::*;

    fn send(lanes: &Lanes, by: Actor) {
        let submission = Submission::new(CaseId(1), by, Ask::Wake);
        let lane = lanes.of(&submission).clone();
        lane.try_send(Waiting { submission, since: Instant::now(), answer: oneshot::channel().0 })
            .expect("the queue has room");
    }

    /// Of whom a batch is, and how large.
    async fn take(queues: &mut Queues, pace: &mut Pace) -> (bool, usize) {
        let (_running, mut stopping) = watch::channel(false);
        let mut waiting = Vec::new();
        assert!(queues.take(&mut waiting, pace, &mut stopping, 2).await);
        (waiting[0].submission.command.by == Actor::Clock, waiting.len())
    }

    #[tokio::test]
    async fn people_go_first_and_the_clock_has_its_turn_among_them() {
        let (lanes, mut queues) = queues();
        let mut pace = Pace { batch_max: 2, free_at: Instant::now(), people_in_row: 0 };
        for _ in 0..12 {
            send(&lanes, Actor::Clock);
            send(&lanes, Actor::person("wang"));
        }

        let mut taken = Vec::new();
        for _ in 0..8 {
            let batch = take(&mut queues, &mut pace).await;
            if batch.0 {
                pace.took(Duration::ZERO, 2);
            }
            taken.push(batch);
        }

        let (people, clock) = ((false, 2), (true, 2));
        assert_eq!(taken, [people, people, people, people, clock, people, people, clock]);
    }

    #[tokio::test]
    async fn what_is_written_now_is_what_the_others_wait_for() {
        let (lanes, queues) = queues();
        let before = lanes.waits();
        queues.note(Instant::now().checked_sub(CLOCK_TIME));
        let meanwhile = lanes.waits();
        queues.note(None);

        assert!(before.is_zero() && meanwhile >= CLOCK_TIME && lanes.waits().is_zero());
    }

    #[tokio::test]
    async fn after_a_long_batch_the_clock_takes_less_and_after_a_long_command_it_rests() {
        let (lanes, mut queues) = queues();
        let mut pace = Pace { batch_max: 2, free_at: Instant::now(), people_in_row: 0 };
        send(&lanes, Actor::Clock);
        send(&lanes, Actor::Clock);
        pace.took(CLOCK_TIME * 2, 2);
        let rests_after_batch = pace.free_at > Instant::now();
        let less = take(&mut queues, &mut pace).await;
        pace.took(CLOCK_TIME * 2, 2);
        let begun = Instant::now();
        let late = take(&mut queues, &mut pace).await;

        assert_eq!((rests_after_batch, less, late), (false, (true, 1), (true, 1)));
        assert!(begun.elapsed() >= CLOCK_TIME * 2);
    }
}
