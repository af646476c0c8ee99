//! `do`: what a hook does, all in the one transition that causes it.

mod check;

pub use check::{EFFECTS, check_deeds, check_inline};

use jiff::Timestamp;

use crate::diagnostic::Span;
use crate::event::{Assigned, Candidate, Ending, Event, Fields, Item, Way};
use crate::formula::{Formula, Operand};
use crate::ids::{Name, VisitId, item_step};
use crate::moment::{ClockChange, Length, Moment, Work};
use crate::value::Value;
use crate::who::Who;

/// What effects are done on.
#[derive(Clone, Copy, Debug)]
pub struct Occasion {
    /// The visit that they are seen from.
    pub visit: VisitId,
    /// The instant that they are for, when it is a rung's: it may have been passed long ago. What the rung leads to has
    /// occasions of its own, which are now.
    pub instant: Option<Timestamp>,
}

impl Occasion {
    /// Here and now.
    pub fn at(visit: VisitId) -> Self {
        Self { visit, instant: None }
    }
}

/// One effect and when it takes place.
#[derive(Clone, Debug)]
pub struct Deed {
    /// Its condition.
    pub when: Option<Formula>,
    /// What is done.
    pub act: Act,
}

/// Where a value is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The step that declares the field; none for the process's own.
    pub step: Option<Name>,
    /// The field.
    pub field: Name,
}

/// What an effect does.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each variant's sentence names its fields")]
pub enum Act {
    /// Fields := values.
    Set(Vec<(Destination, Operand)>),
    /// A template to people.
    Notify { to: Vec<Who>, template: Name, ways: Vec<Way> },
    /// A signed event to a connection.
    Webhook { to: Name, kind: Name, with: Vec<(Name, Operand)> },
    /// A document filed with the case.
    Document { template: Name, to: Option<Operand> },
    /// An entry in the assessment ledger.
    Mark { kind: Name, unit: Option<Operand>, person: Option<Operand> },
    /// Another process.
    Start { process: Name, with: Vec<(Name, Operand)>, span: Span },
    /// A message to other cases.
    Send { message: Name, to: Option<Operand>, with: Vec<(Name, Operand)>, span: Span },
    /// More time.
    Extend { deadline: Option<Name>, more: Length },
    /// The clock stands still.
    Pause { deadline: Option<Name> },
    /// The clock goes on.
    Resume { deadline: Option<Name> },
    /// The clock begins anew.
    Restart { deadline: Option<Name> },
    /// Gives a task to a person.
    Assign { step: Option<Name>, to: Operand },
    /// Puts a task back.
    Release { step: Option<Name> },
    /// Adds items to a running `each`.
    Add { each: Name, variable: Name, item: Operand },
    /// Takes items off a running `each`.
    Drop { each: Name, item: Operand },
    /// Ends a step elsewhere as done.
    Finish { step: Name },
    /// Ends a step elsewhere as cancelled.
    Leave { step: Name },
    /// Notifies again whoever the case waits for.
    Urge,
    /// Makes the case more urgent.
    RaiseUrgency(Operand),
    /// Calls an administrator.
    RaiseIncident(Operand),
}

impl Deed {
    /// Does it on an occasion, if its condition holds. What moves the case is added to the works.
    pub fn perform(&self, moment: &mut Moment<'_>, occasion: Occasion, works: &mut Vec<Work>) {
        if self.when.as_ref().is_some_and(|when| !when.holds(&moment.place(occasion.visit))) {
            return;
        }
        self.tell(moment, occasion);
        self.steer(moment, occasion.visit, works);
    }

    /// What changes the case's data or reaches the outside.
    fn tell(&self, moment: &mut Moment<'_>, occasion: Occasion) {
        let visit = occasion.visit;
        match &self.act {
            Act::Set(assignments) => set(moment, visit, assignments),
            Act::Notify { to, template, ways } => {
                let place = moment.place(visit);
                let to: Vec<Candidate> = to.iter().flat_map(|who| who.candidates(&place)).collect();
                moment.emit(Event::Notified { to, template: template.clone(), ways: ways.clone(), visit });
            }
            Act::Webhook { to, kind, with } => {
                let fields = fields_of(moment, visit, with);
                moment.emit(Event::WebhookRaised { connection: to.clone(), kind: kind.clone(), fields });
            }
            Act::Document { template, to } => {
                let to = name_of(moment, visit, to.as_ref());
                moment.emit(Event::DocumentFiled { template: template.clone(), to, visit });
            }
            Act::Mark { kind, unit, person } => {
                let unit = name_of(moment, visit, unit.as_ref());
                let person = name_of(moment, visit, person.as_ref());
                let at = occasion.instant.filter(|at| *at != moment.now);
                moment.emit(Event::Marked { kind: kind.clone(), unit, person, at });
            }
            Act::Start { process, with, span: _ } => {
                let fields = fields_of(moment, visit, with);
                let other = moment.next_case();
                moment.emit(Event::CaseStarted { other, process: process.clone(), fields });
            }
            Act::Send { message, to, with, span: _ } => {
                let fields = fields_of(moment, visit, with);
                let to = name_of(moment, visit, to.as_ref());
                moment.emit(Event::MessageSent { message: message.clone(), to, fields });
            }
            Act::Urge => {
                let to = waited_for(moment);
                moment.emit(Event::Urged { to });
            }
            Act::RaiseUrgency(to) => {
                if let Some(to) = to.name(&moment.place(visit)) {
                    moment.emit(Event::UrgencyRaised { to });
                }
            }
            Act::RaiseIncident(text) => {
                let text = text.name(&moment.place(visit)).map_or_else(String::new, |text| text.to_string());
                moment.emit(Event::IncidentRaised { visit, text });
            }
            Act::Extend { .. }
            | Act::Pause { .. }
            | Act::Resume { .. }
            | Act::Restart { .. }
            | Act::Assign { .. }
            | Act::Release { .. }
            | Act::Add { .. }
            | Act::Drop { .. }
            | Act::Finish { .. }
            | Act::Leave { .. } => {}
        }
    }

    /// What changes clocks, tasks, items and steps.
    fn steer(&self, moment: &mut Moment<'_>, visit: VisitId, works: &mut Vec<Work>) {
        match &self.act {
            Act::Extend { deadline, more } => {
                let change = ClockChange::Extend { seen_from: visit, more: more.clone() };
                clock(moment, visit, deadline.as_ref(), change, works);
            }
            Act::Pause { deadline } => clock(moment, visit, deadline.as_ref(), ClockChange::Pause, works),
            Act::Resume { deadline } => clock(moment, visit, deadline.as_ref(), ClockChange::Resume, works),
            Act::Restart { deadline } => clock(moment, visit, deadline.as_ref(), ClockChange::Restart, works),
            Act::Assign { step, to } => {
                let Some(to) = to.name(&moment.place(visit)) else { return };
                for visit in tasks(moment, visit, step.as_ref()) {
                    moment.emit(Event::TaskAssigned { visit, to: to.clone(), how: Assigned::Assigned });
                }
            }
            Act::Release { step } => {
                for visit in tasks(moment, visit, step.as_ref()) {
                    moment.emit(Event::TaskReleased { visit });
                }
            }
            Act::Add { each, variable, item } => add(moment, visit, each, variable, item),
            Act::Drop { each, item } => drop_items(moment, visit, each, item, works),
            Act::Finish { step } => end(moment, step, Ending::Done, works),
            Act::Leave { step } => end(moment, step, Ending::Left, works),
            Act::Set(_)
            | Act::Notify { .. }
            | Act::Webhook { .. }
            | Act::Document { .. }
            | Act::Mark { .. }
            | Act::Start { .. }
            | Act::Send { .. }
            | Act::Urge
            | Act::RaiseUrgency(_)
            | Act::RaiseIncident(_) => {}
        }
    }
}

/// Writes values where they belong, as seen from a visit.
pub fn write(moment: &mut Moment<'_>, visit: VisitId, values: Vec<(Destination, Value)>) {
    let mut by_visit: std::collections::BTreeMap<VisitId, Fields> = std::collections::BTreeMap::new();
    for (destination, value) in values {
        let owner = match &destination.step {
            None => VisitId::CASE,
            Some(step) => match moment.case.path(visit).find(|around| around.step == *step) {
                Some(around) => around.id,
                None => continue,
            },
        };
        by_visit.entry(owner).or_default().insert(destination.field, value);
    }
    for (visit, values) in by_visit {
        moment.emit(Event::FieldsSet { visit, values });
    }
}

fn set(moment: &mut Moment<'_>, visit: VisitId, assignments: &[(Destination, Operand)]) {
    let place = moment.place(visit);
    let values = assignments.iter().map(|(to, operand)| (to.clone(), operand.evaluate(&place))).collect();
    write(moment, visit, values);
}

fn name_of(moment: &Moment<'_>, visit: VisitId, operand: Option<&Operand>) -> Option<Name> {
    operand.and_then(|operand| operand.name(&moment.place(visit)))
}

/// The values of `with`.
pub fn fields_of(moment: &Moment<'_>, visit: VisitId, with: &[(Name, Operand)]) -> Fields {
    let place = moment.place(visit);
    with.iter().map(|(name, operand)| (name.clone(), operand.evaluate(&place))).collect()
}

fn clock(moment: &Moment<'_>, visit: VisitId, deadline: Option<&Name>, change: ClockChange, works: &mut Vec<Work>) {
    let found = match deadline {
        None => moment.case.path(visit).find(|around| around.deadline.is_some()).map(|around| around.id),
        Some(step) => {
            let body = item_step(step);
            let is_named = |step: &Name, named: &Name| step == named || *step == *body.as_str();
            let around = moment.case.path(visit).find(|around| is_named(&around.step, step));
            around
                .or_else(|| moment.case.visits.values().find(|found| is_named(&found.step, step)))
                .map(|found| found.id)
        }
    };
    works.extend(found.map(|visit| Work::Clock { visit, change }));
}

fn tasks(moment: &Moment<'_>, visit: VisitId, step: Option<&Name>) -> Vec<VisitId> {
    let tasks = moment.case.visits.values().filter(|found| found.task.is_some());
    let meant = tasks.filter(|found| match step {
        Some(step) => crate::ids::written_step(&found.step) == step.as_str(),
        None => moment.case.is_inside(found.id, visit),
    });
    meant.map(|found| found.id).collect()
}

fn values_of(value: Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::List(values) => values.to_vec(),
        single => vec![single],
    }
}

fn running_each(moment: &Moment<'_>, each: &Name) -> Option<VisitId> {
    moment.case.visits.values().find(|found| found.step == *each).map(|found| found.id)
}

fn add(moment: &mut Moment<'_>, visit: VisitId, each: &Name, variable: &Name, item: &Operand) {
    let Some(target) = running_each(moment, each) else { return };
    for value in values_of(item.evaluate(&moment.place(visit))) {
        if moment.case.find_item(target, &value).is_none() {
            let index = moment.case.next_item(target);
            moment.emit(Event::ItemAdded { visit: target, item: Item { index, name: variable.clone(), value } });
        }
    }
    moment.last(Work::Gather { visit: target });
}

fn drop_items(moment: &Moment<'_>, visit: VisitId, each: &Name, item: &Operand, works: &mut Vec<Work>) {
    let Some(target) = running_each(moment, each) else { return };
    for value in values_of(item.evaluate(&moment.place(visit))) {
        if let Some(item) = moment.case.find_item(target, &value) {
            works.push(Work::Drop { each: target, index: item.index });
        }
    }
}

fn end(moment: &Moment<'_>, step: &Name, how: Ending, works: &mut Vec<Work>) {
    let visits = moment.case.visits.values().filter(|found| found.step == *step);
    works.extend(visits.map(|found| Work::Finish { visit: found.id, how }));
}

fn waited_for(moment: &Moment<'_>) -> Vec<Candidate> {
    let mut to: Vec<Candidate> = Vec::new();
    for task in moment.case.visits.values().filter_map(|visit| visit.task.as_ref()) {
        match &task.holder {
            Some(person) => to.push(Candidate::Person { person: person.clone() }),
            None => to.extend(task.offered.iter().cloned()),
        }
    }
    to.sort();
    to.dedup();
    to
}
