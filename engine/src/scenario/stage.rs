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
        let unknown = || Rejection::Unknown { name: process.clone() };
        let process = Arc::clone(self.library.processes.get(process).ok_or_else(unknown)?);
        let series = process.series(self.now, &self.library.catalog.calendars);
        let serial = series.as_ref().and_then(|series| self.serials.get(series).copied()).unwrap_or(1);
        let player = Player { process, case: Case::new(id), events: Vec::new() };
        self.players.push(player);
        let ask = Ask::Open { case: id, start, fields, serial };
        let opened = self.submit(self.players.len() - 1, Command { by, ask });
        match (&opened, series) {
            (Err(_), _) => {
                self.players.pop();
            }
            (Ok(()), Some(series)) => {
                self.serials.insert(series, serial + 1);
            }
            (Ok(()), None) => {}
        }
        opened
    }

    /// Gives a command to a case, and lets what follows from it happen.
    ///
    /// # Errors
    /// Why it was refused; then nothing has changed.
    pub fn submit(&mut self, player: usize, command: Command) -> Result<(), Rejection> {
        let mut following = VecDeque::from(self.decide(player, &command)?);
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
                self.open(case, &process, start, fields, by).ok();
                Vec::new()
            }
            Effect::CancelCase { case } => self.tell(case, Command { by, ask: Ask::Cancel }),
            Effect::TellCaller { caller, outcome } => {
                let child = self.players.iter().find(|player| player.case.id == from);
                let fields = child.map(|child| child.case.fields.clone()).unwrap_or_default();
                let ask = Ask::CloseChild { visit: caller.visit, child: from, outcome, fields };
                self.tell(caller.case, Command { by, ask })
            }
            Effect::SendMessage { message, to, fields } => {
                // A message goes to other cases, and not back to the one that sends it.
                let is_meant = |case: &Case| case.id != from && case.is_open() && (to.is_none() || case.number == to);
                let meant = |player: &Player| is_meant(&player.case);
                let cases: Vec<CaseId> =
                    self.players.iter().filter(|player| meant(player)).map(|player| player.case.id).collect();
                let tell = |case: &CaseId| {
                    let ask = Ask::Deliver { message: message.clone(), fields: fields.clone() };
                    self.tell(*case, Command { by: by.clone(), ask })
                };
                cases.iter().flat_map(tell).collect()
            }
            Effect::Notify { .. }
            | Effect::SendWebhook { .. }
            | Effect::MakeDocument { .. }
            | Effect::QueueJob { .. } => Vec::new(),
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
