//! The moment of a decision: the case as it becomes, the events so far, and the work still to do.

mod tally;
mod watch;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::calendar::{Calendar, Calendars};
use crate::case::{Before, Case, Visit};
use crate::event::{Actor, Candidate, Cause, EVENT_VERSION, Edge, Ending, Event, Fields, Item, Transition};
use crate::formula::{Formula, Operand, Place};
use crate::ids::{CaseId, Name, VisitId};
use crate::organization::Organization;
use crate::rejection::Rejection;
use crate::time::Span;
use tally::{Hands, Tally, holder};
use watch::Watch;

/// How many works one command may cause; a definition that needs more moves without end. The 1,000 items that an
/// `each` may have need about ten works each, with room for steps inside their bodies.
pub const WORKS_MAX: usize = 65_536;

/// A step's place in its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepId(pub u16);

/// What a decision may look at beside the case and the process.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The organisation as it is now.
    pub organization: &'a Organization,
    /// All calendars.
    pub calendars: &'a Calendars,
    /// How much each person has to do, when the process asks for it (`Process::needs_workload`).
    pub workload: Option<&'a Workload>,
}

/// The tasks that each person holds in all open cases as last stored, the one being decided included; who holds none
/// may be left out.
pub type Workload = BTreeMap<Name, u32>;

/// The workload of people who work in these cases and no other.
pub fn workload<'a>(cases: impl Iterator<Item = &'a Case>) -> Workload {
    let mut workload = Workload::new();
    for task in cases.flat_map(|case| case.visits.values()).filter_map(|visit| visit.task.as_ref()) {
        if let Some(person) = &task.holder {
            *workload.entry(person.clone()).or_default() += 1;
        }
    }
    workload
}

/// Where a move leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A step by its place.
    Step(StepId),
    /// The scope that the mover stands in is done.
    End,
    /// Where the case was before.
    Back,
}

/// What can happen to the clock of a deadline.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each variant's sentence names its fields")]
pub enum ClockChange {
    /// More time, as seen from the visit that grants it.
    Extend { seen_from: VisitId, more: Length },
    /// Stand still.
    Pause,
    /// Go on.
    Resume,
    /// Begin anew.
    Restart,
}

/// How long a limit is.
#[derive(Clone, Debug)]
pub enum Length {
    /// This long from the beginning.
    Span(Span),
    /// Until an instant.
    Until(Operand),
}

/// One thing still to be done in this moment.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each variant's sentence names its fields")]
pub enum Work {
    /// Enter a step: it may not apply, or wait for a lock.
    Enter(Entry),
    /// The visit's clock, listeners and hooks begin, then its own business or the rest of the way in.
    Begin { visit: VisitId, through: Vec<StepId>, cause: Cause },
    /// The visit's own business begins.
    Go { visit: VisitId },
    /// The visit did what it was for.
    Finish { visit: VisitId, how: Ending },
    /// The join held: go on, while the rest goes on inside the visit.
    PassOn { visit: VisitId },
    /// A branch, an item or the last step of a stage inside this visit ended.
    Ended { parent: VisitId, step: StepId, index: u32 },
    /// Items joined or left this visit: start those that may, and see whether the join holds.
    Gather { visit: VisitId },
    /// Change the clock of the visit's deadline.
    Clock { visit: VisitId, change: ClockChange },
    /// Go from here to there.
    Move { from: VisitId, target: Target, how: Ending, cause: Cause },
    /// Leave a visit and all inside it, and do nothing else.
    Cancel { visit: VisitId },
    /// Take an item off the `each` of a visit.
    Drop { each: VisitId, index: u32 },
    /// Do what a listener says, at the instant that its timer rang for; the case when `visit` is 0.
    Hear { visit: VisitId, listener: u16, instant: Option<Timestamp> },
}

/// How a step is entered.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The step.
    pub step: StepId,
    /// The visit around it.
    pub parent: VisitId,
    /// Which edge leads in.
    pub cause: Cause,
    /// The item, directly inside an `each`.
    pub item: Option<Item>,
    /// Where `back` leads from there.
    pub after: Option<VisitId>,
    /// The rest of the way in, when the target lies deeper.
    pub through: Vec<StepId>,
}

impl Entry {
    /// The plain entry of a step inside a visit.
    pub fn new(step: StepId, parent: VisitId, cause: Cause) -> Self {
        Self { step, parent, cause, item: None, after: None, through: Vec::new() }
    }
}

/// The case as it becomes. Whatever is emitted is applied at once, so what follows sees it.
pub struct Moment<'a> {
    /// The case so far.
    pub case: Case,
    /// The case before the command.
    began: &'a Case,
    /// The command's instant: the only clock there is.
    pub now: Timestamp,
    /// Who caused it.
    pub by: &'a Actor,
    /// The rest of the world.
    pub world: &'a World<'a>,
    /// The process's calendar.
    pub calendar: &'a Calendar,
    /// Values known only here: the outcome of a called case, what a message carried.
    pub given: Fields,
    events: Vec<Event>,
    agenda: VecDeque<Work>,
    works_left: usize,
    /// Which candidates have somebody in the organisation, as far as was asked.
    staffed: BTreeMap<Candidate, bool>,
    /// Who holds how many tasks of the case, once that was asked.
    tally: Option<Tally>,
    watch: Watch,
    /// How many events the watch has been told of.
    watched: usize,
    looks: usize,
}

/// What a command leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Who did it: the command's actor, with whom they stood in for.
    pub by: Actor,
    /// What happened, in order; nothing when there was nothing to do.
    pub events: Vec<Event>,
    /// The case afterwards.
    pub case: Case,
    /// How often a visit was looked at, for a condition, for who may do its task, for who holds it or for an alarm: what
    /// deciding costs beside what happened.
    pub looks: usize,
}

impl Decision {
    /// The transition to store.
    pub fn transition(&self, now: Timestamp) -> Transition {
        let (by, events) = (self.by.clone(), self.events.clone());
        Transition { sequence: self.case.sequence, at: now, by, version: EVENT_VERSION, events }
    }
}

impl<'a> Moment<'a> {
    /// The moment in which a command reaches a case.
    pub fn new(began: &'a Case, now: Timestamp, by: &'a Actor, world: &'a World<'a>, calendar: &'a Calendar) -> Self {
        let mut case = began.clone();
        case.begin(case.sequence + 1);
        Self {
            case,
            began,
            now,
            by,
            world,
            calendar,
            given: Fields::new(),
            events: Vec::new(),
            agenda: VecDeque::new(),
            works_left: WORKS_MAX,
            staffed: BTreeMap::new(),
            tally: None,
            watch: Watch::new(),
            watched: 0,
            looks: 0,
        }
    }

    /// Something happened.
    pub fn emit(&mut self, event: Event) {
        let hands = Hands::of(&event);
        let before = match hands {
            Hands::Of(visit) if self.tally.is_some() => holder(&self.case, visit).cloned(),
            Hands::Of(_) | Hands::Same | Hands::All => None,
        };
        self.case.apply(self.now, self.by, &event);
        match (hands, &mut self.tally) {
            (Hands::Of(visit), Some(tally)) => tally.shift(before.as_ref(), holder(&self.case, visit)),
            (Hands::All, _) => self.tally = None,
            (Hands::Of(_) | Hands::Same, _) => {}
        }
        self.events.push(event);
    }

    /// What the moment leads to.
    pub fn into_decision(self) -> Decision {
        Decision { by: self.by.clone(), events: self.events, case: self.case, looks: self.looks }
    }

    /// What happened so far.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Counts looks at visits.
    pub fn count_looks(&mut self, looks: usize) {
        self.looks += looks;
    }

    /// The visits that what happened since the last time may concern, in order, 0 for the case itself.
    pub fn visits_to_look_at(&mut self) -> Vec<VisitId> {
        let news = self.events.get(self.watched..).unwrap_or_default();
        news.iter().for_each(|event| self.watch.note(event.change()));
        self.watched = self.events.len();
        let visits = self.watch.take(&self.case);
        self.looks += visits.len();
        let runs = |visit: &VisitId| *visit == VisitId::CASE || self.case.visits.contains_key(visit);
        let (running, over): (Vec<VisitId>, Vec<VisitId>) = visits.into_iter().partition(runs);
        over.into_iter().for_each(|visit| self.watch.forget(visit));
        running
    }

    /// Whether a visit is looked at for the first time.
    pub fn is_first_look(&mut self, visit: VisitId) -> bool {
        self.watch.is_new(visit)
    }

    /// From now on a visit is looked at when something concerns a formula of it.
    pub fn watch(&mut self, visit: VisitId, formula: &Formula) {
        self.watch.add(&self.case, visit, formula.reads());
    }

    /// Looks at a visit the next time as well.
    pub fn look_again(&mut self, visit: VisitId) {
        self.watch.again(visit);
    }

    /// How many tasks the person holds now, in this case and all others; nothing when the world does not tell.
    pub fn workload_of(&mut self, person: &Name) -> Option<u32> {
        let stored = self.world.workload?.get(person).copied().unwrap_or(0);
        let (began, case, looks) = (self.began, &self.case, &mut self.looks);
        let tally = self.tally.get_or_insert_with(|| {
            *looks += began.visits.len() + case.visits.len();
            Tally::of(began, case)
        });
        Some(tally.count(person, stored))
    }

    /// Whether one of the candidates has somebody in the organisation.
    pub fn is_staffed(&mut self, candidates: &[Candidate]) -> bool {
        let organization = self.world.organization;
        let mut ask = |candidate: &Candidate| match self.staffed.get(candidate) {
            Some(known) => *known,
            None => *self.staffed.entry(candidate.clone()).or_insert(organization.is_staffed(candidate)),
        };
        candidates.iter().any(&mut ask)
    }

    /// What taking the last action back would restore.
    pub fn before(&self) -> Option<&Before> {
        self.case.before.as_deref()
    }

    /// Puts a work after all others.
    pub fn last(&mut self, work: Work) {
        self.agenda.push_back(work);
    }

    /// Puts works before all others, in this order.
    pub fn first(&mut self, works: impl IntoIterator<Item = Work, IntoIter: DoubleEndedIterator>) {
        for work in works.into_iter().rev() {
            self.agenda.push_front(work);
        }
    }

    /// The next work to do.
    ///
    /// # Errors
    /// `Rejection::Endless` when the definition keeps the case moving for ever.
    pub fn next_work(&mut self) -> Result<Option<Work>, Rejection> {
        let Some(work) = self.agenda.pop_front() else { return Ok(None) };
        self.works_left = self.works_left.checked_sub(1).ok_or(Rejection::Endless { steps_max: WORKS_MAX })?;
        Ok(Some(work))
    }

    /// Whether less than half of what one command may do was done: then there is room for more that can also wait.
    pub fn has_room(&self) -> bool {
        self.works_left > WORKS_MAX / 2
    }

    /// Drops every work that is still to do: the case is closed.
    pub fn drop_works(&mut self) {
        self.agenda.clear();
    }

    /// Where expressions are evaluated for a visit.
    pub fn place(&self, visit: VisitId) -> Place<'_> {
        Place {
            case: &self.case,
            visit,
            now: self.now,
            calendar: self.calendar,
            organization: self.world.organization,
            given: &self.given,
        }
    }

    /// The visit, while it runs.
    pub fn visit(&self, visit: VisitId) -> Option<&Visit> {
        self.case.visits.get(&visit)
    }

    /// The id for the next visit.
    pub fn next_visit(&self) -> VisitId {
        VisitId(self.case.next_visit)
    }

    /// The id for the next case that this one opens: made from its own id, so that the same history names the same cases.
    pub fn next_case(&self) -> CaseId {
        use sha2::{Digest, Sha256};

        let mut digest = Sha256::new();
        digest.update(self.case.id.0.to_be_bytes());
        digest.update(self.case.others.to_be_bytes());
        let bytes: [u8; 32] = digest.finalize().into();
        let (left, _) = bytes.split_at(16);
        let mut id = [0; 16];
        id.copy_from_slice(left);
        CaseId(u128::from_be_bytes(id))
    }
}

impl Cause {
    /// The edge of a step at a line.
    pub fn new(edge: Edge, step: &Name, line: u32) -> Self {
        Self { edge, step: step.clone(), line }
    }
}
