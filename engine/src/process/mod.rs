//! A compiled process: the blueprint that cases run.

mod entrances;
mod number;
mod leave;
mod run;
mod settle;
mod travel;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

pub use number::NumberPattern;

use crate::calendar::{Calendar, Calendars};
use crate::clauses::action::{Action, Requirement};
use crate::clauses::deadline::DeadlineRule;
use crate::clauses::effects::Deed;
use crate::clauses::form::Form;
use crate::clauses::guarantee::Guarantee;
use crate::clauses::hook::Goto;
use crate::clauses::listen::Listener;
use crate::clauses::lock::LockRule;
use crate::field::Field;
use crate::formula::{Formula, Operand};
use crate::ids::Name;
use crate::moment::StepId;
use crate::schedule::Schedule;
use crate::steps::Kind;
use crate::who::Who;

/// A process, checked and ready to run.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub title: Name,
    /// The digest of its text.
    pub version: Name,
    /// The text it carries out.
    pub source: Option<Name>,
    /// Its calendar; the only one there is when missing.
    pub calendar: Option<Name>,
    /// How its cases are numbered.
    pub number: Option<NumberPattern>,
    /// What its cases know, in order.
    pub fields: Vec<Arc<Field>>,
    /// Who takes part, by name, with what people call them.
    pub roles: BTreeMap<Name, Role>,
    /// How cases begin.
    pub start: Start,
    /// All steps, each before those inside it.
    pub steps: Vec<Step>,
    /// Where each step is.
    pub index: BTreeMap<Name, StepId>,
    /// What cases listen for wherever they are.
    pub listeners: Vec<Listener>,
    /// Verbs that people may not use here.
    pub forbids: BTreeSet<Name>,
    /// What holds in every case.
    pub guarantees: Vec<Guarantee>,
    /// Whether anything leads `back`.
    pub goes_back: bool,
    /// How it can end.
    pub outcomes: BTreeSet<Name>,
    /// The names of all private fields, its own and those of its steps. Where a step declares a private field, a field of
    /// the same name elsewhere counts as private too.
    pub private_fields: BTreeSet<Name>,
    /// Whether its decisions look at `World::workload`: it gives a task to whoever is least busy.
    pub needs_workload: bool,
}

/// A role as a process sees it.
#[derive(Clone, Debug)]
pub struct Role {
    /// What people call it.
    pub title: Name,
    /// Who has it.
    pub who: Who,
}

/// How cases begin.
#[derive(Clone, Debug)]
pub struct Start {
    /// Who may begin one.
    pub by: Option<Who>,
    /// What must be known.
    pub form: Form,
    /// What must hold.
    pub requirements: Vec<Requirement>,
    /// Effects at the beginning.
    pub deeds: Vec<Deed>,
    /// Other ways in.
    pub also: Vec<Entrance>,
    /// The first step.
    pub goto: Goto,
    /// The line in the definition.
    pub line: u32,
}

/// Another way in.
#[derive(Clone, Debug)]
pub enum Entrance {
    /// A message.
    Message(Name),
    /// A form for the public.
    Public(Name),
    /// A schedule.
    Schedule(Box<Schedule>),
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name in events.
    pub name: Name,
    /// What people call it.
    pub title: Name,
    /// The line in the definition.
    pub line: u32,
    /// The step around it.
    pub parent: Option<StepId>,
    /// What it is.
    pub kind: Kind,
    /// When it applies.
    pub when: Option<Formula>,
    /// What it knows itself.
    pub fields: Vec<Arc<Field>>,
    /// Its limit.
    pub deadline: Option<DeadlineRule>,
    /// What people may do in it.
    pub actions: Vec<Action>,
    /// What it listens for.
    pub listeners: Vec<Listener>,
    /// Effects on entering.
    pub on_enter: Vec<Deed>,
    /// Effects on leaving.
    pub on_leave: Vec<Deed>,
    /// Where the case goes when it is done.
    pub goto: Option<Goto>,
    /// The next step in the list, when `goto` does not say.
    pub follower: Option<StepId>,
    /// Whether it comes again when it is done.
    pub repeat: Option<Repeat>,
    /// The lock that one visit at a time holds.
    pub lock: Option<LockRule>,
}

/// Whether a step comes again.
#[derive(Clone, Debug)]
pub enum Repeat {
    /// As long as this holds.
    While(Formula),
    /// Until this holds.
    Until(Formula),
}

impl Process {
    /// A step by its place.
    pub fn step(&self, id: StepId) -> &Step {
        self.steps.get(usize::from(id.0)).expect("step ids are made by the compiler, from this list")
    }

    /// A step by its name in events.
    pub fn find(&self, name: &str) -> Option<(StepId, &Step)> {
        let id = *self.index.get(name)?;
        Some((id, self.step(id)))
    }

    /// The steps around a step, innermost first.
    pub fn around(&self, id: StepId) -> impl Iterator<Item = StepId> {
        let mut next = self.step(id).parent;
        std::iter::from_fn(move || {
            let found = next?;
            next = self.step(found).parent;
            Some(found)
        })
    }

    /// The calendar that its cases live by.
    pub fn calendar_in<'a>(&self, calendars: &'a Calendars) -> &'a Calendar {
        let own = self.calendar.as_ref().and_then(|name| calendars.get(name));
        own.unwrap_or_else(|| calendars.default_calendar())
    }

    /// The key of the series that the next case's serial number comes from.
    pub fn series(&self, now: Timestamp, calendars: &Calendars) -> Option<String> {
        let year = self.calendar_in(calendars).date(now).year();
        self.number.as_ref().map(|pattern| pattern.series(&self.name, year))
    }

    /// The default of each field that has one.
    pub fn defaults(fields: &[Arc<Field>]) -> impl Iterator<Item = (&Arc<Field>, &Operand)> {
        fields.iter().filter_map(|field| field.default.as_ref().map(|default| (field, default)))
    }
}
