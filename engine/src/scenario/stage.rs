//! The world a scenario plays in: its cases, its clock, and what would have left it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::Covered;
use crate::case::Case;
use crate::clauses::lock::next_free;
use crate::command::{Ask, Command, StartedBy};
use crate::decide::{World, decide};
use crate::effect::{Effect, effects};
use crate::event::{Actor, Caller, Event, Fields};
use crate::ids::{CaseId, Name};
use crate::library::Library;
use crate::message::{Delivery, Recipient, recipients};
use crate::moment::workload;
use crate::organization::Organization;
use crate::process::Process;
use crate::rejection::Rejection;

/// How many alarms one stretch of time may ring, over all cases of a scenario.
const ALARMS_MAX: usize = 10_000;

/// How many commands may follow from one, through called and started cases.
const FOLLOWING_MAX: usize = 1_000;

/// A case on stage.
#[derive(Clone, Debug)]
pub struct Player {
    /// What it runs.
    pub process: Arc<Process>,
    /// How it stands.
    pub case: Case,
    /// What happened to it.
    pub events: Vec<Event>,
}

/// The stage: everything a scenario can see.
#[derive(Debug)]
pub struct Stage<'a> {
    /// What is played.
    pub library: &'a Library,
    /// The organisation, with the absences of the scenario.
    pub organization: Organization,
    /// The clock.
    pub now: Timestamp,
    /// The cases, in the order they were opened.
    pub players: Vec<Player>,
    /// What was seen.
    pub covered: Covered,
    serials: BTreeMap<String, u64>,
}

impl<'a> Stage<'a> {
    /// An empty stage.
    pub fn new(library: &'a Library, organization: Organization, now: Timestamp) -> Self {
        let (players, serials) = (Vec::new(), BTreeMap::new());
        Self { library, organization, now, players, covered: Covered::default(), serials }
    }

    /// The world as decisions see it.
    pub fn world(&self) -> World<'_> {
        let calendars = &self.library.catalog.calendars;
        World { organization: &self.organization, calendars, workload: None }
    }

    /// Opens a case.
    ///
    /// # Errors
    /// Why it was refused.
    pub fn open(
        &mut self,
        id: CaseId,
        process: &Name,
        start: StartedBy,
        fields: Fields,
        by: Actor,
    ) -> Result<(), Rejection> {
        let ask = Ask::Open { case: id, start, fields, serial: 0 };
        let following = self.begin(id, process, Command { by, ask })?;
        self.go_on(following)
    }

    /// Adds a case by the command that opens it, which gets its serial here. Answers what is to follow.
    fn begin(&mut self, id: CaseId, process: &Name, mut command: Command) -> Result<Vec<(CaseId, Effect)>, Rejection> {
        let unknown = || Rejection::Unknown { name: process.clone() };
        let process = Arc::clone(self.library.processes.get(process).ok_or_else(unknown)?);
        let series = process.series(self.now, &self.library.catalog.calendars);
        let next = series.as_ref().and_then(|series| self.serials.get(series).copied()).unwrap_or(1);
        if let Ask::Open { serial, .. } = &mut command.ask {
            *serial = next;
        }
        self.players.push(Player { process, case: Case::new(id), events: Vec::new() });
        let opened = self.decide(self.players.len() - 1, &command);
        match (&opened, series) {
            (Err(_), _) => {
                self.players.pop();
            }
            (Ok(_), Some(series)) => {
                self.serials.insert(series, next + 1);
            }
            (Ok(_), None) => {}
        }
        opened
    }

    /// Gives a command to a case, and lets what follows from it happen.
    ///
    /// # Errors
    /// Why it was refused; then nothing has changed.
    pub fn submit(&mut self, player: usize, command: Command) -> Result<(), Rejection> {
        let following = self.decide(player, &command)?;
        self.go_on(following)
    }

    /// Lets happen what follows, and gives the locks that are free by then.
    fn go_on(&mut self, following: Vec<(CaseId, Effect)>) -> Result<(), Rejection> {
        let mut following = VecDeque::from(following);
        for _ in 0..FOLLOWING_MAX {
            match following.pop_front() {
                Some((from, effect)) => following.extend(self.follow(from, effect)),
                None => {
                    let Some((player, visit)) = next_free(self.players.iter().map(|player| &player.case)) else {
                        return Ok(());
                    };
                    following.extend(self.decide(player, &Command { by: Actor::Clock, ask: Ask::GiveLock { visit } })?);
                }
            }
        }
        Ok(())
    }

    fn decide(&mut self, number: usize, command: &Command) -> Result<Vec<(CaseId, Effect)>, Rejection> {
        let workload = workload(self.players.iter().map(|player| &player.case));
        let calendars = &self.library.catalog.calendars;
        let world = World { organization: &self.organization, calendars, workload: Some(&workload) };
        let Some(player) = self.players.get_mut(number) else { return Err(Rejection::CaseClosed) };
        let decision = decide(&player.process, &world, &player.case, command, self.now)?;
        let mut found = Vec::new();
        for event in &decision.events {
            self.covered.see(&player.process.name, event);
            found.extend(effects(event, decision.case.caller.as_ref()).map(|effect| (decision.case.id, effect)));
        }
        if !decision.events.is_empty() {
            player.case = decision.case;
            player.events.extend(decision.events);
        }
        Ok(found)
    }

    /// What a stored effect leads to inside the system; a refusal there is nobody's failure.
    fn follow(&mut self, from: CaseId, effect: Effect) -> Vec<(CaseId, Effect)> {
        let by = Actor::Case { case: from, hops: 0 };
        match effect {
            Effect::OpenCase { case, process, fields, waits } => {
                let start = match waits {
                    Some(visit) => StartedBy::Call(Caller { case: from, visit }),
                    None => StartedBy::Case,
                };
                let ask = Ask::Open { case, start, fields, serial: 0 };
                self.begin(case, &process, Command { by, ask }).unwrap_or_default()
            }
            Effect::CancelCase { case } => self.tell(case, Command { by, ask: Ask::Cancel }),
            Effect::TellCaller { caller, outcome } => {
                let child = self.players.iter().find(|player| player.case.id == from);
                let fields = child.map(|child| child.case.fields.clone()).unwrap_or_default();
                let ask = Ask::CloseChild { visit: caller.visit, child: from, outcome, fields };
                self.tell(caller.case, Command { by, ask })
            }
            Effect::SendMessage { message, to, fields } => {
                let cases = self.players.iter().map(|player| (&*player.process, &player.case));
                let recipients = recipients(self.library, &message, to.as_ref(), cases);
                // No two messages have opened cases when there were as many.
                let key = format!("{from}-{}", self.players.len());
                let deliver = |recipient: &Recipient| self.deliver(recipient.delivery(&message, &fields, &key), &by);
                recipients.iter().flat_map(deliver).collect()
            }
            Effect::Notify { .. }
            | Effect::SendWebhook { .. }
            | Effect::MakeDocument { .. }
            | Effect::QueueJob { .. } => Vec::new(),
        }
    }

    fn deliver(&mut self, delivery: Delivery, by: &Actor) -> Vec<(CaseId, Effect)> {
        let command = Command { by: by.clone(), ask: delivery.ask };
        match &delivery.process {
            Some(process) => self.begin(delivery.case, process, command).unwrap_or_default(),
            None => self.tell(delivery.case, command),
        }
    }

    fn tell(&mut self, case: CaseId, command: Command) -> Vec<(CaseId, Effect)> {
        let number = self.players.iter().position(|player| player.case.id == case);
        number.and_then(|number| self.decide(number, &command).ok()).unwrap_or_default()
    }

    /// Lets time pass; whatever is due on the way happens at its instant.
    ///
    /// # Errors
    /// When a case would move without end.
    pub fn pass_until(&mut self, until: Timestamp) -> Result<(), Rejection> {
        for _ in 0..ALARMS_MAX {
            let alarms = self.players.iter().enumerate();
            let alarms = alarms.filter_map(|(number, player)| Some((player.case.next_wake()?, number)));
            let Some((at, number)) = alarms.min().filter(|(at, _)| *at <= until) else { break };
            self.now = self.now.max(at);
            self.submit(number, Command { by: Actor::Clock, ask: Ask::Wake })?;
        }
        self.now = self.now.max(until);
        Ok(())
    }
}
