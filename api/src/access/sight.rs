//! What a person sees of a case.

use std::collections::BTreeSet;

use duban_engine::case::{Case, Visit};
use duban_engine::event::{Actor, Candidate};
use duban_engine::ids::{Name, VisitId};
use duban_engine::moment::{Moment, World};
use duban_engine::process::Process;
use duban_engine::view::offers;
use jiff::Timestamp;

use super::standings;

/// How much of a case somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Everything but the values of private fields.
    Masked,
    /// Everything.
    Full,
}

impl Sight {
    /// Whether the values of private fields are shown.
    pub fn is_full(self) -> bool {
        self == Self::Full
    }
}

/// How much of a case a person sees now; `None` when for them it does not exist.
///
/// They see it when they, or somebody they stand in for, have a task on it, have acted in it, can act in it now, or
/// belong to a unit that has a role in it. Private fields are for those who have a task on it.
pub fn sight(process: &Process, world: &World<'_>, case: &Case, person: &Name, now: Timestamp) -> Option<Sight> {
    let standings = standings(world.organization, person, now);
    if case.visits.values().any(|visit| has_task(visit, &standings, world)) {
        return Some(Sight::Full);
    }
    let is_open_to = |visit: &Visit| {
        let offered = visit.task.iter().flat_map(|task| &task.offered);
        offered.into_iter().any(|candidate| is_one_of(candidate, &standings, world))
    };
    let has_acted = || case.performers.values().any(|round| !round.people.is_disjoint(&standings));
    let can_act = || offers(process, world, case, person, now).iter().any(|offer| offer.refusal.is_none());
    let sees = case.visits.values().any(is_open_to)
        || has_acted()
        || has_unit(process, world, case, &standings, now)
        || can_act();
    sees.then_some(Sight::Masked)
}

/// Whether one of them holds the task, asked its holder, or may take it from the pool.
fn has_task(visit: &Visit, standings: &BTreeSet<Name>, world: &World<'_>) -> bool {
    let Some(task) = &visit.task else { return false };
    match &task.holder {
        Some(holder) => standings.contains(holder) || task.asked_by.as_ref().is_some_and(|by| standings.contains(by)),
        None => task.offered.iter().any(|candidate| is_one_of(candidate, standings, world)),
    }
}

fn is_one_of(candidate: &Candidate, standings: &BTreeSet<Name>, world: &World<'_>) -> bool {
    standings.iter().any(|person| world.organization.is_candidate(person, candidate))
}

/// Whether one of them belongs to a unit that has a role in the case.
fn has_unit(process: &Process, world: &World<'_>, case: &Case, standings: &BTreeSet<Name>, now: Timestamp) -> bool {
    let people = standings.iter().filter_map(|person| world.organization.people.get(person));
    let units: BTreeSet<&Name> = people.flat_map(|person| person.duties.keys()).collect();
    let nobody = Actor::Clock;
    let moment = Moment::new(case, now, &nobody, world, process.calendar_in(world.calendars));
    let place = moment.place(VisitId::CASE);
    let candidates = process.roles.values().flat_map(|role| role.who.candidates(&place));
    candidates.into_iter().any(|candidate| match &candidate {
        Candidate::Duty { unit, duty: _ } => units.contains(unit),
        Candidate::Person { person } => standings.contains(person),
    })
}
