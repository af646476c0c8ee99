//! One batch of commands: decided in order, written in one transaction, answered when the disk has it.

mod decided;
mod taking;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use duban_engine::case::Case;
use duban_engine::command::{Ask, Command};
use duban_engine::decide::{World, decide};
use duban_engine::event::{EVENT_VERSION, Event, Transition};
use duban_engine::ids::{CaseId, Name, VisitId};
use duban_engine::moment::Workload;
use duban_engine::rejection::Rejection;
use jiff::Timestamp;

use super::Shared;
use super::definitions::{Definition, world};
use super::history::{Known, load, store};
use super::numbers::Turn;
use super::projection;
use super::submission::{Answer, Refusal, Submission};
use crate::storage::commands::{self, Done};
use crate::storage::{cases, locks, outbox, serials, tasks};
use decided::{Changed, Decided};
use taking::Taking;

/// What became of a batch.
#[derive(Debug)]
pub struct Finished {
    /// Of each command, in order.
    pub outcomes: Vec<Result<Answer, Refusal>>,
    /// What is left to be done outside.
    pub entries: Vec<outbox::Entry>,
    /// The earliest instant at which there is something to do for the timekeeper.
    pub wake_at: Option<Timestamp>,
}

/// A case as a batch found it.
struct Found {
    known: Arc<Known>,
    /// Whether the database said so during this batch, so that a refusal can rest on it.
    is_fresh: bool,
}

/// A batch while it is decided.
struct Batch<'a> {
    shared: &'a Shared,
    submissions: &'a [Submission],
    now: Timestamp,
    found: BTreeMap<CaseId, Found>,
    definitions: BTreeMap<(Name, Name), Definition>,
    /// What was answered to those of the commands that were done before, as far as it was looked up.
    keys: BTreeMap<String, Done>,
    /// Who has the locks that the commands give, as far as it was looked up.
    holders: BTreeMap<String, (CaseId, VisitId)>,
    serials: BTreeMap<String, u64>,
    /// How much each person has to do, when a process asks for it.
    workload: Option<Workload>,
}

/// Decides and writes a batch. Keys are looked up first, and numbers held, when some may well have been used; else the database
/// finds that out while it writes.
///
/// # Errors
/// [`crate::storage::Error::Conflict`] when another writer was first, or a key was used that was not looked up.
pub async fn run(shared: &Shared, submissions: &[Submission], look_up: bool) -> crate::storage::Result<Finished> {
    let now = shared.clock.now();
    let mut batch = Batch {
        shared,
        submissions,
        now,
        found: BTreeMap::new(),
        definitions: BTreeMap::new(),
        keys: BTreeMap::new(),
        holders: BTreeMap::new(),
        serials: BTreeMap::new(),
        workload: None,
    };
    batch.find().await?;
    if look_up {
        batch.look_up().await?;
    }
    let mut taking = batch.take_numbers(look_up).await?;
    let mut decided = batch.decide();
    // Who is refused may have asked before.
    let is_refused =
        submissions.iter().zip(&decided.outcomes).any(|(one, outcome)| one.key.is_some() && outcome.is_err());
    if !decided.doubtful.is_empty() || is_refused && !look_up {
        // Whoever holds a transaction asks for no second connection: all could be taken by those who wait for the first.
        drop(taking);
        batch.confirm(&decided.doubtful).await?;
        batch.look_up().await?;
        taking = batch.take_numbers(true).await?;
        decided = batch.decide();
    }
    let settled = submissions.iter().zip(&decided.outcomes).filter(|(_, outcome)| outcome.is_ok());
    let settled: Vec<String> = settled.filter_map(|(submission, _)| submission.settles.clone()).collect();
    // A series that nobody took a number from stays as it is.
    decided.serials.retain(|series, next| batch.serials.get(series) != Some(next));
    let changes = decided.changes();
    let taken = decided.serials.clone();
    let mut writes = decided.writes(&changes);
    outbox::finish(&mut writes, settled, now);
    taking.write(shared, &batch.serials, &taken, writes).await?;
    let wakes = decided.changed.values().filter_map(|changed| changed.now.case.next_wake());
    let wake_at = wakes.chain(changes.concern_locks().then_some(now)).min();
    for (case, changed) in decided.changed {
        shared.cache.insert(case, changed.now);
    }
    Ok(Finished { outcomes: decided.outcomes, entries: decided.outgoing.entries, wake_at })
}

impl Batch<'_> {
    /// Reads what was answered to commands with the same keys, and who has the locks that are given. It comes after the cases
    /// are read: whoever sees what a command did must see its key as well.
    async fn look_up(&mut self) -> crate::storage::Result<()> {
        let keys = self.submissions.iter().filter_map(|submission| submission.key.clone()).collect();
        self.keys = commands::find(&self.shared.database, keys).await?;
        let given = self.submissions.iter().filter_map(|submission| {
            let Ask::GiveLock { visit } = submission.command.ask else { return None };
            projection::lock_name(&self.found.get(&submission.case)?.known.case, visit)
        });
        self.holders = locks::holders(&self.shared.database, given.collect()).await?;
        Ok(())
    }

    /// Reads what the commands need: the cases, and what they run by.
    async fn find(&mut self) -> crate::storage::Result<()> {
        let database = &self.shared.database;
        let mut missing = BTreeSet::new();
        for case in self.submissions.iter().map(|submission| submission.case) {
            match self.shared.cache.get(&case) {
                Some(known) => _ = self.found.insert(case, Found { known, is_fresh: false }),
                None => _ = missing.insert(case),
            }
        }
        self.load(missing).await?;
        for found in self.found.values() {
            let Case { process, version, .. } = &*found.known.case;
            let definition = self.shared.definitions.version(database, process, version).await?;
            self.definitions.insert((process.clone(), version.clone()), definition);
        }
        let opened = self.submissions.iter().filter_map(|submission| submission.process.as_ref());
        let opened = opened.filter_map(|process| self.shared.definitions.process(process));
        if self.definitions.values().cloned().chain(opened).any(|definition| definition.process.needs_workload) {
            self.workload = Some(tasks::workload(database).await?);
        }
        Ok(())
    }

    async fn load(&mut self, cases: BTreeSet<CaseId>) -> crate::storage::Result<()> {
        for (case, known) in load(&self.shared.database, cases).await? {
            self.found.insert(case, Found { known: Arc::new(known), is_fresh: true });
        }
        Ok(())
    }

    /// Asks the database whether it has these cases as this node knows them, and reads those that it has not.
    async fn confirm(&mut self, cases: &BTreeSet<CaseId>) -> crate::storage::Result<()> {
        let doubtful: Vec<CaseId> = cases.iter().copied().collect();
        let mut moved = cases.clone();
        for last in cases::last_transitions(&self.shared.database, &doubtful).await? {
            if let Some(found) = self.found.get_mut(&last.case).filter(|found| found.known.is_at(&last)) {
                found.is_fresh = true;
                moved.remove(&last.case);
            }
        }
        self.load(moved).await
    }

    /// Finds what the series that the commands may need give next. Where that is not known, or is not to be guessed, nobody else
    /// gets one of their numbers until the batch is written.
    async fn take_numbers(&mut self, is_sure: bool) -> crate::storage::Result<Taking> {
        let series = self.series();
        if series.is_empty() {
            return Ok(Taking::default());
        }
        let mut turn = self.shared.numbers.turn(&series).await;
        if !is_sure && let Some(guess) = turn.as_mut().and_then(Turn::guess) {
            self.serials = guess;
            return Ok(Taking { turn, held: None });
        }
        let mut begun = self.shared.database.begin_impatiently().await?;
        self.serials = serials::hold(&mut begun, series).await?;
        if let Some(turn) = &mut turn {
            turn.found(&self.serials);
        }
        Ok(Taking { turn, held: Some(begun) })
    }

    /// The number series that the commands may need.
    fn series(&self) -> Vec<String> {
        let opening = self.submissions.iter().filter(|submission| !self.is_done(submission));
        let series = opening.filter_map(|submission| {
            let definition = self.shared.definitions.process(submission.process.as_ref()?)?;
            definition.process.series(self.now, &definition.library.catalog.calendars)
        });
        let series: BTreeSet<String> = series.collect();
        series.into_iter().collect()
    }

    fn is_done(&self, submission: &Submission) -> bool {
        submission.key.as_ref().is_some_and(|key| self.keys.contains_key(key))
    }

    fn decide(&self) -> Decided {
        let mut decided =
            Decided { serials: self.serials.clone(), workload: self.workload.clone(), ..Decided::default() };
        for submission in self.submissions {
            let outcome = self.decide_one(&mut decided, submission);
            decided.outcomes.push(outcome);
        }
        decided
    }

    fn decide_one(&self, decided: &mut Decided, submission: &Submission) -> Result<Answer, Refusal> {
        let key = submission.key.as_ref();
        if let Some(done) = key.and_then(|key| self.keys.get(key).or_else(|| decided.done.get(key))) {
            let is_other = submission.fingerprint.is_some()
                && done.fingerprint.is_some()
                && submission.fingerprint != done.fingerprint;
            if is_other {
                return Err(Refusal::KeyReused);
            }
            return Ok(Answer { case: done.case, sequence: done.sequence, number: done.number.clone() });
        }
        let answer = match &submission.command.ask {
            Ask::Open { .. } => self.open(decided, submission),
            _ => self.act(decided, submission),
        };
        let answer = match answer {
            Err(Refusal::Rejected(why)) if submission.tells_of(&why) => self.tell(decided, submission, &why),
            other => other,
        }?;
        if let Some(key) = key {
            let (number, fingerprint) = (answer.number.clone(), submission.fingerprint.clone());
            let done = Done { case: answer.case, sequence: answer.sequence, number, at: self.now, fingerprint };
            decided.done.insert(key.clone(), done);
        }
        Ok(answer)
    }

    fn open(&self, decided: &mut Decided, submission: &Submission) -> Result<Answer, Refusal> {
        let case = submission.case;
        if decided.changed.contains_key(&case) || self.found.contains_key(&case) {
            return Err(Refusal::CaseExists(case));
        }
        let name = submission.process.clone().unwrap_or_else(|| Name::new(""));
        let definition = self.shared.definitions.process(&name).ok_or(Refusal::NoSuchProcess(name))?;
        let series = definition.process.series(self.now, &definition.library.catalog.calendars);
        let next = series.as_ref().and_then(|series| decided.serials.get(series)).copied().unwrap_or(0);
        let mut command = submission.command.clone();
        if let Ask::Open { case: id, serial, .. } = &mut command.ask {
            (*id, *serial) = (case, next);
        }
        let now = Arc::new(Known { case: Arc::new(Case::new(case)), hash: String::new(), updated_at: self.now });
        let answer = self.move_on(decided, Changed { definition, before: None, now }, &command)?;
        if let Some(series) = series {
            decided.serials.insert(series, next + 1);
        }
        Ok(answer)
    }

    fn act(&self, decided: &mut Decided, submission: &Submission) -> Result<Answer, Refusal> {
        let case = submission.case;
        let moved =
            |sequence: u32| submission.seen.filter(|seen| *seen != sequence).map(|_| Refusal::Moved { sequence });
        if let Some(changed) = decided.changed.get(&case).cloned() {
            if let Some(refusal) = moved(changed.now.case.sequence) {
                return Err(refusal);
            }
            return self.move_on(decided, changed, &submission.command);
        }
        let Some(Found { known, is_fresh }) = self.found.get(&case) else { return Err(Refusal::NoSuchCase(case)) };
        if let Ask::GiveLock { visit } = submission.command.ask
            && projection::lock_name(&known.case, visit).is_some_and(|name| self.holders.contains_key(&name))
        {
            // Another node gave it to another case first, so that this one waits on.
            return Err(Rejection::NotAwaited.into());
        }
        let sequence = &known.case.sequence;
        if let Some(refusal) = moved(*sequence) {
            if !is_fresh {
                decided.doubtful.insert(case);
            }
            return Err(refusal);
        }
        let changed = self.changed(case).ok_or(Refusal::NoSuchCase(case))?;
        let answer = self.move_on(decided, changed, &submission.command);
        let has_moved = answer.as_ref().is_ok_and(|answer| answer.sequence != *sequence);
        if !has_moved && !is_fresh {
            decided.doubtful.insert(case);
        }
        answer
    }

    /// Has a command decided, and takes in what it leads to.
    fn move_on(&self, decided: &mut Decided, changed: Changed, command: &Command) -> Result<Answer, Refusal> {
        let active = self.shared.definitions.active();
        let library = active.as_ref().unwrap_or(&changed.definition.library);
        let before = &changed.now.case;
        // A case's time does not go back, also when the clock was put back or another node's goes slow.
        let now = self.now.max(changed.now.updated_at);
        let world = World { workload: decided.workload.as_ref(), ..world(library) };
        let decision = decide(&changed.definition.process, &world, before, command, now)?;
        let case = before.id;
        if decision.events.is_empty() {
            return Ok(Answer { case, sequence: before.sequence, number: before.number.clone() });
        }
        let transition = decision.transition(now);
        Ok(self.record(decided, changed, decision.case, transition))
    }

    /// Lets a case have an incident because a command was refused.
    fn tell(&self, decided: &mut Decided, submission: &Submission, rejection: &Rejection) -> Result<Answer, Refusal> {
        let case = submission.case;
        let changed = decided.changed.get(&case).cloned().or_else(|| self.changed(case));
        let changed = changed.ok_or(Refusal::NoSuchCase(case))?;
        let text = format!("what is due cannot happen: {rejection}");
        let transition = Transition {
            sequence: changed.now.case.sequence + 1,
            at: self.now.max(changed.now.updated_at),
            by: submission.command.by.clone(),
            version: EVENT_VERSION,
            events: vec![Event::IncidentRaised { visit: VisitId::CASE, text }],
        };
        let mut after = Case::clone(&changed.now.case);
        after.apply_all(&transition);
        Ok(self.record(decided, changed, after, transition))
    }

    /// A case that was found, before anything is done to it.
    fn changed(&self, case: CaseId) -> Option<Changed> {
        let known = &self.found.get(&case)?.known;
        let definition = self.definitions.get(&(known.case.process.clone(), known.case.version.clone()));
        let definition = definition.expect("the version of every case that was found was read with it").clone();
        Some(Changed { definition, before: Some(Arc::clone(known)), now: Arc::clone(known) })
    }

    /// Takes in what a command leads to.
    fn record(&self, decided: &mut Decided, mut changed: Changed, after: Case, mut transition: Transition) -> Answer {
        let (before, case, process) = (&changed.now.case, after.id, &changed.definition.process);
        decided.outgoing.add(&changed.definition, before, &after, &transition);
        // A text that could not be made is told of where it was to be made.
        let troubles = decided.outgoing.troubles.drain(..);
        transition.events.extend(troubles.map(|(visit, text)| Event::IncidentRaised { visit, text }));
        let stored = store(case, process, &transition, &changed.now.hash, &*self.shared.salts);
        decided.incidents.add(before, &after, &transition);
        decided.transitions.push(stored.cells());
        decided.shift_work(before, &after);
        let answer = Answer { case, sequence: stored.sequence, number: after.number.clone() };
        changed.now = Arc::new(Known { case: Arc::new(after), hash: stored.hash, updated_at: transition.at });
        decided.changed.insert(case, changed);
        answer
    }
}
