//! A town of cases in virtual time: commands go in, transitions are kept, and what one case sends reaches the others.

use std::collections::VecDeque;
use std::sync::Arc;

use duban_engine::case::Case;
use duban_engine::clauses::lock::next_free;
use duban_engine::command::{Ask, Command, StartedBy};
use duban_engine::decide::{World, decide};
use duban_engine::effect::{Effect, effects};
use duban_engine::event::{Actor, Caller, Fields, Transition};
use duban_engine::ids::{CaseId, Name};
use duban_engine::library::Library;
use duban_engine::message::{Delivery, recipients};
use duban_engine::moment::workload;
use duban_engine::organization::Organization;
use duban_engine::process::Process;
use duban_engine::rejection::Rejection;
use jiff::Timestamp;

use crate::rules::{self, Account};

/// How many alarms one stretch of time may ring: a case that needs more never rests.
const ALARMS_MAX: usize = 2_000;

/// How many commands may follow from one through other cases.
const FOLLOWING_MAX: usize = 200;

/// A case with its whole history.
#[derive(Clone, Debug)]
pub struct Resident {
    /// What it runs.
    pub process: Arc<Process>,
    /// How it stands.
    pub case: Case,
    /// The same, made from the stored form of its transitions alone.
    pub folded: Case,
    /// What happened to it.
    pub history: Vec<Transition>,
    /// What its events say, counted apart.
    pub account: Account,
}

/// All cases, the clock and the organisation.
#[derive(Debug)]
pub struct Town {
    /// The process set.
    pub library: Arc<Library>,
    /// The organisation as it is now.
    pub organization: Organization,
    /// The clock.
    pub now: Timestamp,
    /// The cases in the order they were opened.
    pub residents: Vec<Resident>,
    serial: u64,
}

/// One stored transition: of which resident, and which in its history.
pub type Stored = (usize, usize);

impl Town {
    /// A town without cases.
    pub fn new(library: Arc<Library>, now: Timestamp) -> Self {
        let organization = library.catalog.organization.clone();
        Self { library, organization, now, residents: Vec::new(), serial: 0 }
    }

    /// What decisions may look at.
    pub fn world(&self) -> World<'_> {
        let calendars = &self.library.catalog.calendars;
        World { organization: &self.organization, calendars, workload: None }
    }

    /// Opens a case, and lets what follows happen. Answers with what was stored.
    ///
    /// # Errors
    /// Why it was refused.
    pub fn open(
        &mut self,
        process: &str,
        start: StartedBy,
        fields: Fields,
        by: Actor,
    ) -> Result<Vec<Stored>, Rejection> {
        let case = CaseId(u128::try_from(self.residents.len()).expect("a town has few cases") + 1);
        let mut stored = Vec::new();
        let ask = Ask::Open { case, start, fields, serial: 0 };
        let following = self.begin(&Name::new(process), ask, by, &mut stored)?;
        self.go_on(following, stored)
    }

    /// Adds a case by the asking that opens it, which gets its serial here.
    fn begin(
        &mut self,
        process: &Name,
        mut ask: Ask,
        by: Actor,
        stored: &mut Vec<Stored>,
    ) -> Result<VecDeque<(CaseId, Effect)>, Rejection> {
        let unknown = || Rejection::Unknown { name: process.clone() };
        let process = Arc::clone(self.library.processes.get(process).ok_or_else(unknown)?);
        let Ask::Open { case: id, serial, .. } = &mut ask else { panic!("a case begins by being opened") };
        self.serial += 1;
        *serial = self.serial;
        let (case, folded, account) = (Case::new(*id), Case::new(*id), Account::default());
        self.residents.push(Resident { process, case, folded, history: Vec::new(), account });
        let opened = self.decide(self.residents.len() - 1, &Command { by, ask }, stored);
        if opened.is_err() {
            self.residents.pop();
        }
        opened
    }

    /// Gives a command to a case, and lets what follows happen. Answers with what was stored.
    ///
    /// # Errors
    /// Why it was refused.
    pub fn submit(&mut self, number: usize, command: &Command) -> Result<Vec<Stored>, Rejection> {
        let mut stored = Vec::new();
        let following = self.decide(number, command, &mut stored)?;
        self.go_on(following, stored)
    }

    /// Lets happen what follows, and gives the locks that are free by then.
    fn go_on(
        &mut self,
        mut following: VecDeque<(CaseId, Effect)>,
        mut stored: Vec<Stored>,
    ) -> Result<Vec<Stored>, Rejection> {
        for _ in 0..FOLLOWING_MAX {
            let more = match following.pop_front() {
                Some((from, effect)) => self.follow(from, effect, &mut stored),
                None => {
                    let Some((number, visit)) = next_free(self.residents.iter().map(|found| &found.case)) else {
                        rules::locks_across_have_one_holder(self.residents.iter().map(|found| &found.case));
                        return Ok(stored);
                    };
                    let give = Command { by: Actor::Clock, ask: Ask::GiveLock { visit } };
                    self.decide(number, &give, &mut stored)?
                }
            };
            following.extend(more);
        }
        // Cases that send each other messages for ever are a definition's mistake; the rest of them is dropped.
        Ok(stored)
    }

    /// Decides, stores, and checks what every decision must keep.
    fn decide(
        &mut self,
        number: usize,
        command: &Command,
        stored: &mut Vec<Stored>,
    ) -> Result<VecDeque<(CaseId, Effect)>, Rejection> {
        let workload = workload(self.residents.iter().map(|resident| &resident.case));
        let calendars = &self.library.catalog.calendars;
        let world = World { organization: &self.organization, calendars, workload: Some(&workload) };
        let resident = self.residents.get_mut(number).expect("commands go to cases of the town");
        let before = resident.case.clone();
        let decided = decide(&resident.process, &world, &resident.case, command, self.now);
        let again = decide(&resident.process, &world, &before, command, self.now);
        assert_eq!(decided, again, "the same command is decided the same way twice");
        assert_eq!(resident.case, before, "deciding changes nothing");
        let decision = decided?;
        let mut found = VecDeque::new();
        if decision.events.is_empty() {
            return Ok(found);
        }
        let transition = decision.transition(self.now);
        for event in &transition.events {
            found.extend(effects(event, decision.case.caller.as_ref()).map(|effect| (decision.case.id, effect)));
        }
        resident.case = decision.case;
        resident.folded.apply_all(&rules::restored(&transition));
        assert_eq!(resident.folded, resident.case, "the case is the fold of its stored transitions");
        let is_at_rest = resident.case.is_open() && resident.case.next_wake().is_none_or(|at| at > self.now);
        if is_at_rest {
            let look = Command { by: Actor::Clock, ask: Ask::Wake };
            let again =
                decide(&resident.process, &world, &resident.case, &look, self.now).expect("a case at rest stays so");
            assert_eq!(again.events, [], "nothing that a look at the whole case would find was passed over");
        }
        resident.account.keep(&resident.process, &resident.case, &transition);
        resident.history.push(transition);
        stored.push((number, resident.history.len() - 1));
        Ok(found)
    }

    fn follow(&mut self, from: CaseId, effect: Effect, stored: &mut Vec<Stored>) -> VecDeque<(CaseId, Effect)> {
        let by = Actor::Case { case: from, hops: 0 };
        match effect {
            Effect::OpenCase { case, process, fields, waits } => {
                let start = match waits {
                    Some(visit) => StartedBy::Call(Caller { case: from, visit }),
                    None => StartedBy::Case,
                };
                let ask = Ask::Open { case, start, fields, serial: 0 };
                self.begin(&process, ask, by, stored).unwrap_or_default()
            }
            Effect::CancelCase { case } => self.tell(case, Ask::Cancel, by, stored),
            Effect::TellCaller { caller, outcome } => {
                let child = self.residents.iter().find(|resident| resident.case.id == from);
                let fields = child.map(|child| child.case.fields.clone()).unwrap_or_default();
                let ask = Ask::CloseChild { visit: caller.visit, child: from, outcome, fields };
                self.tell(caller.case, ask, by, stored)
            }
            Effect::SendMessage { message, to, fields } => {
                let cases = self.residents.iter().map(|found| (&*found.process, &found.case));
                let recipients = recipients(&self.library, &message, to.as_ref(), cases);
                let key = format!("{from}-{}", self.residents.len());
                let mut more = VecDeque::new();
                for recipient in recipients {
                    let Delivery { case, process, ask, key: _ } = recipient.delivery(&message, &fields, &key);
                    more.extend(match process {
                        Some(process) => self.begin(&process, ask, by.clone(), stored).unwrap_or_default(),
                        None => self.tell(case, ask, by.clone(), stored),
                    });
                }
                more
            }
            Effect::Notify { .. }
            | Effect::SendWebhook { .. }
            | Effect::MakeDocument { .. }
            | Effect::QueueJob { .. } => VecDeque::new(),
        }
    }

    /// A command between cases; a refusal is nobody's failure.
    fn tell(&mut self, case: CaseId, ask: Ask, by: Actor, stored: &mut Vec<Stored>) -> VecDeque<(CaseId, Effect)> {
        let number = self.residents.iter().position(|resident| resident.case.id == case);
        let told = number.map(|number| self.decide(number, &Command { by, ask }, stored));
        told.and_then(Result::ok).unwrap_or_default()
    }

    /// Lets time pass; each alarm rings at its instant. Answers with what was stored.
    ///
    /// # Errors
    /// When a wake is refused.
    pub fn pass_until(&mut self, until: Timestamp) -> Result<Vec<Stored>, Rejection> {
        let mut stored = Vec::new();
        for _ in 0..ALARMS_MAX {
            let alarms = self.residents.iter().enumerate();
            let alarms = alarms.filter_map(|(number, found)| Some((found.case.next_wake()?, number)));
            let Some((at, number)) = alarms.min().filter(|(at, _)| *at <= until) else { break };
            self.now = self.now.max(at);
            stored.extend(self.submit(number, &Command { by: Actor::Clock, ask: Ask::Wake })?);
        }
        self.now = self.now.max(until);
        Ok(stored)
    }
}
