//! One way in for every command, whoever sends it; and all that follows from one by itself.

mod abandoned;
mod batch;
mod committer;
mod cooling;
mod definitions;
mod dispatcher;
mod fate;
mod hearing;
mod history;
mod incidents;
mod inside;
mod jobs;
mod leaving;
mod locks;
mod messages;
mod numbers;
mod outgoing;
mod outside;
mod private;
mod projection;
mod pruning;
mod recalculation;
mod receivers;
mod rendering;
mod retention;
mod schedules;
mod settings;
mod submission;
mod templates;
mod timekeeper;
mod unable;
mod verify;
mod webhook;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use duban_engine::case::Case;
use duban_engine::event::Transition;
use duban_engine::ids::CaseId;
use duban_engine::library::{Library, Unsound};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;

pub use definitions::{Definition, Definitions, Ready};
pub use incidents::GivenUp;
pub use jobs::{Fetched, JobError};
pub use messages::Message;
pub use outside::{Outside, Reply, Replying, Request, Web};
pub use private::{RandomSalts, SALT_BYTES, Salts};
pub use projection::title;
pub use retention::{Retained, Retention};
pub use settings::Settings;
pub use submission::{Answer, Refusal, Submission};
pub use verify::Finding;
pub use webhook::{Environment, Secrets, sign};

use committer::{Lanes, Waiting};
use history::Known;
use numbers::Numbers;

use crate::clock::Clock;
use crate::storage::{Database, Presence, Result, micros, outbox, processes, transitions};

/// What other nodes are told when something was deployed.
const DEPLOYED: &str = "deployed";

/// SQLite has one writer: while one committer writes, a second one decides what is next, and a third would wait.
const SQLITE_COMMITTERS_MAX: usize = 2;

/// The least by which two instants differ.
const MICROSECOND: SignedDuration = SignedDuration::from_micros(1);

/// Where a runner's surroundings are.
#[derive(Clone)]
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Everything that is reached by HTTP.
    pub outside: Arc<dyn Outside>,
    /// The keys that webhooks are signed with.
    pub secrets: Arc<dyn Secrets>,
    /// Where salts of private values come from.
    pub salts: Arc<dyn Salts>,
}

/// What all parts of a runner share.
pub(crate) struct Shared {
    database: Database,
    /// The same for what people look at.
    pages: Database,
    settings: Settings,
    clock: Arc<dyn Clock>,
    outside: Arc<dyn Outside>,
    secrets: Arc<dyn Secrets>,
    salts: Arc<dyn Salts>,
    definitions: Definitions,
    cache: moka::sync::Cache<CaseId, Arc<Known>>,
    /// What each number series will give next.
    numbers: Numbers,
    /// How long cases that the database refused were left alone.
    rests: moka::sync::Cache<CaseId, unable::Rest>,
    committers: Vec<Lanes>,
    outbound: mpsc::Sender<outbox::Entry>,
    inbound: tokio::sync::Mutex<mpsc::Receiver<outbox::Entry>>,
    /// Whether commands are still taken.
    stopping: watch::Sender<bool>,
    /// Whether all that were taken are done, so that what follows from them ends, too.
    leaving: watch::Sender<bool>,
    /// The instant that the timekeeper sleeps until, in microseconds.
    alarm: AtomicI64,
    /// Wakes the timekeeper before that.
    nudge: Notify,
    /// Whether the organisation changed since tasks were last looked for whose holder left.
    may_be_abandoned: AtomicBool,
    /// That notices go nowhere is logged once.
    silence: Once,
}

/// Takes commands, and does what follows from them. Dropped, it stops at once; nothing that was answered is lost.
pub struct Runner {
    shared: Arc<Shared>,
    committing: JoinSet<()>,
    /// What follows from commands: the dispatcher, the timekeeper, the ear for other nodes.
    following: JoinSet<()>,
    /// That this node is alive.
    presence: Option<Presence>,
}

/// A deployment was refused.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The definitions are not sound.
    #[error("the process set has {} mistake(s)", .0.diagnostics.len())]
    Unsound(Box<Unsound>),
    /// Templates cannot be read: their names, with what is wrong.
    #[error("templates cannot be read: {0:?}")]
    Templates(BTreeMap<String, String>),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] crate::storage::Error),
}

impl Runner {
    /// Starts a runner over a database, with what is deployed there.
    pub async fn start(database: Database, surroundings: Surroundings, settings: Settings) -> Result<Self> {
        let definitions = Definitions::default();
        definitions.refresh(&database).await?;
        let most = if matches!(database, Database::Sqlite(_)) { SQLITE_COMMITTERS_MAX } else { usize::MAX };
        let count = settings.committers.clamp(1, most);
        let (committers, queues): (Vec<_>, Vec<_>) = (0..count).map(|_| committer::queues()).unzip();
        let (outbound, inbound) = mpsc::channel(dispatcher::QUEUE_MAX);
        let Surroundings { clock, outside, secrets, salts } = surroundings;
        let shared = Arc::new(Shared {
            cache: moka::sync::Cache::new(settings.cache_max),
            rests: moka::sync::Cache::new(settings.cache_max),
            numbers: Numbers::default(),
            alarm: AtomicI64::new(i64::MAX),
            nudge: Notify::new(),
            may_be_abandoned: AtomicBool::new(true),
            silence: Once::new(),
            stopping: watch::Sender::new(false),
            leaving: watch::Sender::new(false),
            pages: database.for_pages(),
            database,
            settings,
            clock,
            outside,
            secrets,
            salts,
            definitions,
            committers,
            outbound,
            inbound: tokio::sync::Mutex::new(inbound),
        });
        let presence = match shared.settings.automatic {
            true => Some(timekeeper::enter(&shared.database, &*shared.clock).await?),
            false => None,
        };
        let mut committing = JoinSet::new();
        for queue in queues {
            committing.spawn(committer::run(Arc::clone(&shared), queue));
        }
        let mut following = JoinSet::new();
        following.spawn(leaving::until_left(Arc::clone(&shared), hearing::listen(Arc::clone(&shared))));
        if shared.settings.automatic {
            following.spawn(dispatcher::run(Arc::clone(&shared)));
            following.spawn(timekeeper::run(Arc::clone(&shared)));
            following.spawn(leaving::until_left(Arc::clone(&shared), pruning::run(Arc::clone(&shared))));
            following.spawn(leaving::until_left(Arc::clone(&shared), cooling::run(Arc::clone(&shared))));
        }
        Ok(Self { shared, committing, following, presence })
    }

    /// Has a command done. The answer comes when the disk has it.
    ///
    /// # Errors
    /// Why it was not done; then nothing has changed, except perhaps after [`Refusal::Storage`] and
    /// [`Refusal::Stopped`]: the same key again finds out.
    pub async fn submit(&self, submission: Submission) -> std::result::Result<Answer, Refusal> {
        self.shared.submit(submission).await
    }

    /// A case as it is now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn case(&self, case: CaseId) -> Result<Option<Arc<Case>>> {
        let known = self.shared.find(&self.shared.pages, case).await?;
        Ok(known.map(|known| Arc::clone(&known.case)))
    }

    /// Everything that happened to a case, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history(&self, case: CaseId) -> Result<Vec<Transition>> {
        let mut histories = transitions::histories(&self.shared.pages, [case]).await?;
        histories.remove(&case).unwrap_or_default().iter().map(history::restore).collect()
    }

    /// Deploys a set of files, by path: new cases run by it from now on.
    ///
    /// # Errors
    /// What is wrong with the files, all of it.
    pub async fn deploy(&self, files: &BTreeMap<String, String>) -> std::result::Result<Arc<Library>, DeployError> {
        let ready = Ready::compile(files)?;
        let library = Arc::clone(&ready.library);
        let now = self.shared.clock.now();
        let latest = processes::active(&self.shared.database).await?.map(|latest| latest.deployed_at + MICROSECOND);
        // The latest counts, even when the clock was put back or stands still.
        let deployed_at = latest.map_or(now, |latest| latest.max(now));
        let (deployment, versions) = definitions::deployment(files, &library, deployed_at);
        // What cannot be read may have been counted by any calendar.
        let is_known = self.shared.definitions.refresh(&self.shared.database).await.is_ok();
        let before = self.shared.definitions.active();
        let is_needed = before.is_some_and(|before| !is_known || recalculation::is_needed(&before, &library));
        let mut transaction = self.shared.database.begin().await?;
        processes::deploy(&mut transaction, &deployment, &versions).await?;
        schedules::replace(&mut transaction, &library, now).await?;
        if is_needed {
            recalculation::begin(&mut transaction, &deployment.id, now).await?;
        }
        transaction.commit().await?;
        self.shared.definitions.install(deployment.id, ready);
        self.shared.may_be_abandoned.store(true, Ordering::Release);
        self.shared.database.tell(DEPLOYED).await?;
        self.shared.nudge.notify_one();
        Ok(library)
    }

    /// What is deployed.
    pub fn definitions(&self) -> &Definitions {
        &self.shared.definitions
    }

    /// Where everything is kept.
    pub fn database(&self) -> &Database {
        &self.shared.database
    }

    /// The same for what people look at.
    pub fn pages(&self) -> &Database {
        &self.shared.pages
    }

    /// How long the command that waits longest has been waiting for the database.
    pub fn waits(&self) -> Duration {
        self.shared.committers.iter().map(Lanes::waits).max().unwrap_or_default()
    }

    /// The time.
    pub fn clock(&self) -> &dyn Clock {
        &*self.shared.clock
    }

    /// Serves the outbox, timers and schedules until nothing more is due now. Answers how much there was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle(&self) -> Result<usize> {
        let mut all = 0;
        loop {
            let served = self.dispatch_due().await?
                + recalculation::sweep(&self.shared).await?
                + abandoned::sweep(&self.shared).await?
                + timekeeper::fire_due(&self.shared).await?
                + timekeeper::wake_due(&self.shared).await?
                + locks::pass_on(&self.shared).await?;
            if served == 0 {
                return Ok(all);
            }
            all += served;
        }
    }

    /// Moves the histories of cases that closed long enough ago into one row each; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cool(&self) -> Result<usize> {
        cooling::sweep(&self.shared).await
    }

    /// Builds every list anew from the transitions and compares; checks that no transition was changed or lost.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify(&self) -> Result<Vec<Finding>> {
        verify::run(&self.shared).await
    }
}

impl Shared {
    async fn submit(&self, submission: Submission) -> std::result::Result<Answer, Refusal> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue(&submission).ok_or(Refusal::Stopped)?;
        let since = tokio::time::Instant::now();
        queue.send(Waiting { submission, since, answer }).await.map_err(|_| Refusal::Stopped)?;
        answered.await.unwrap_or(Err(Refusal::Stopped))
    }

    /// Where a command waits for its committer.
    fn queue(&self, submission: &Submission) -> Option<&mpsc::Sender<Waiting>> {
        let count = u128::try_from(self.committers.len()).expect("there are few committers");
        let number = usize::try_from(submission.case.0 % count).expect("it is less than their number");
        Some(self.committers.get(number)?.of(submission))
    }

    /// A case as the database has it now: from memory when nothing has happened since.
    async fn known(&self, case: CaseId) -> Result<Option<Arc<Known>>> {
        self.find(&self.database, case).await
    }

    async fn find(&self, database: &Database, case: CaseId) -> Result<Option<Arc<Known>>> {
        if let Some(known) = self.cache.get(&case) {
            let now = crate::storage::cases::last_transitions(database, &[case]).await?;
            if now.first().is_some_and(|last| known.is_at(last)) {
                return Ok(Some(known));
            }
        }
        let loaded = history::load(database, [case]).await?.remove(&case).map(Arc::new);
        Ok(loaded.inspect(|known| self.remember(case, known)))
    }

    /// Keeps a case that was read, unless it has moved on here meanwhile: what is kept may be old, and is never put back.
    fn remember(&self, case: CaseId, read: &Arc<Known>) {
        self.cache.entry(case).and_upsert_with(|kept| match kept.map(moka::Entry::into_value) {
            Some(kept) if kept.case.sequence > read.case.sequence => kept,
            Some(_) | None => Arc::clone(read),
        });
    }

    /// Takes what is deployed now. When it cannot be read now, the next deployment or start reads it.
    async fn hear_of_deployment(&self) {
        let _ = self.definitions.refresh(&self.database).await;
        self.may_be_abandoned.store(true, Ordering::Release);
        self.nudge.notify_one();
    }

    /// Hands on what a commit left to be done.
    fn after_commit(&self, entries: Vec<outbox::Entry>, wake_at: Option<Timestamp>) {
        for entry in entries {
            if entry.done_at.is_some() {
                self.silence.call_once(|| {
                    let error = entry.error.as_deref().unwrap_or_default();
                    tracing::warn!("{error} is configured: such notices reach the inbox only; the outbox has each");
                });
                continue;
            }
            // When the dispatcher is behind, the entry is claimed from the database as its lease ends.
            let _ = self.outbound.try_send(entry);
        }
        if wake_at.is_some_and(|at| micros(at) < self.alarm.load(Ordering::Acquire)) {
            self.nudge.notify_one();
        }
    }
}
