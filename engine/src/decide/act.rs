//! Actions that people take.

use jiff::Timestamp;

use crate::case::Case;
use crate::clauses::action::{Action, as_deputy};
use crate::clauses::effects::Occasion;
use crate::command::{Ask, Command};
use crate::event::{Actor, Cause, Edge, Ending, Fields};
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, Work, World};
use crate::nearest::nearest;
use crate::process::Process;
use crate::rejection::Rejection;

/// An action on offer: the visit of the step that declares it, and the action.
struct Offered<'p> {
    /// Where the person stands.
    visit: VisitId,
    /// The visit of the step that declares it.
    scope: VisitId,
    step: Name,
    action: &'p Action,
}

/// The actor of a command, with whom they stand in for when they take an action as a deputy.
///
/// # Errors
/// When the action is not for this person.
pub fn actor(
    process: &Process,
    world: &World<'_>,
    case: &Case,
    command: &Command,
    now: Timestamp,
) -> Result<Actor, Rejection> {
    let Ask::TakeAction { visit, action, .. } = &command.ask else { return Ok(command.by.clone()) };
    let calendar = process.calendar_in(world.calendars);
    let moment = Moment::new(case, now, &command.by, world, calendar);
    let offered = find(process, &moment, *visit, action)?;
    let deputy_for = offered.action.admits(&moment, offered.scope)?;
    Ok(as_deputy(&command.by, deputy_for))
}

/// Takes an action.
///
/// # Errors
/// Why not.
pub fn take(
    process: &Process,
    moment: &mut Moment<'_>,
    visit: Option<VisitId>,
    action: &Name,
    fields: &Fields,
    seal: Option<&String>,
) -> Result<(), Rejection> {
    let Offered { visit, scope, step, action } = find(process, moment, visit, action)?;
    action.take(moment, visit, scope, &step, fields, seal)?;
    let goto = action.hook.goto.as_ref();
    let mut hook = action.hook.clone();
    hook.when = None;
    hook.goto = None;
    hook.run(moment, Occasion::at(scope), &step, Edge::Action(action.name.clone()), false);
    // The exit is chosen after the effects, and its move comes after what they lead to.
    if let Some((_, exit)) = goto.and_then(|goto| goto.choose(moment, scope)) {
        let cause = Cause::new(Edge::Action(action.name.clone()), &step, action.hook.line);
        moment.last(Work::Move { from: scope, target: exit.target, how: Ending::Done, cause });
    }
    Ok(())
}

/// The one place where the action is on offer to the actor.
fn find<'p>(
    process: &'p Process,
    moment: &Moment<'_>,
    visit: Option<VisitId>,
    action: &Name,
) -> Result<Offered<'p>, Rejection> {
    let mut found = match visit {
        Some(visit) => {
            if moment.visit(visit).is_none() {
                return Err(Rejection::NoSuchVisit { visit });
            }
            let path = moment.case.path(visit).map(|around| around.id);
            path.filter_map(|scope| declared(process, moment, visit, scope, action)).take(1).collect::<Vec<_>>()
        }
        None => {
            let visits = moment.case.visits.keys().copied();
            visits.filter_map(|scope| declared(process, moment, scope, scope, action)).collect()
        }
    };
    if found.len() > 1 {
        let admitted = |offered: &Offered<'_>| offered.action.admits(moment, offered.scope).is_ok();
        let for_actor: Vec<VisitId> =
            found.iter().filter(|offered| admitted(offered)).map(|offered| offered.scope).collect();
        match for_actor.as_slice() {
            [] => found.truncate(1),
            [only] => found.retain(|offered| offered.scope == *only),
            [_, _, ..] => return Err(Rejection::Ambiguous { action: action.clone(), visits: for_actor }),
        }
    }
    found.into_iter().next().ok_or_else(|| {
        let here = moment.case.visits.values().filter_map(|visit| process.find(&visit.step));
        let names: Vec<&Name> = here.flat_map(|(_, step)| &step.actions).map(|action| &action.name).collect();
        let nearest = nearest(action, names.iter().map(|name| name.as_str())).map(Name::from);
        Rejection::NoSuchAction { action: action.clone(), nearest }
    })
}

fn declared<'p>(
    process: &'p Process,
    moment: &Moment<'_>,
    visit: VisitId,
    scope: VisitId,
    action: &Name,
) -> Option<Offered<'p>> {
    let (_, step) = process.step_of(moment, scope)?;
    let action = step.actions.iter().find(|found| found.name == *action)?;
    Some(Offered { visit, scope, step: step.name.clone(), action })
}
