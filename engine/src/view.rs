//! What somebody can do about a case now, and why not.

use jiff::Timestamp;

use crate::case::Case;
use crate::clauses::action::Action;
use crate::event::Actor;
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, World};
use crate::process::{Process, Step};
use crate::rejection::Rejection;

/// An action that a step of the case declares, as one person sees it.
#[derive(Clone, Debug)]
pub struct Offer<'p> {
    /// The visit of the step that declares it.
    pub visit: VisitId,
    /// The step.
    pub step: &'p Step,
    /// Its name.
    pub action: Name,
    /// The action itself.
    pub rule: &'p Action,
    /// Whom the person stands in for, taking it.
    pub deputy_for: Option<Name>,
    /// Why the person cannot take it now; `None` when they can.
    pub refusal: Option<Rejection>,
}

/// Every action that is on offer where the case is, with whether this person can take it.
pub fn offers<'p>(
    process: &'p Process,
    world: &World<'_>,
    case: &Case,
    person: &Name,
    now: Timestamp,
) -> Vec<Offer<'p>> {
    if !case.is_open() {
        return Vec::new();
    }
    let by = Actor::Person { person: person.clone(), deputy_for: None };
    let moment = Moment::new(case, now, &by, world, process.calendar_in(world.calendars));
    let mut found = Vec::new();
    for visit in case.visits.keys().copied() {
        let Some((_, step)) = process.step_of(&moment, visit) else { continue };
        for rule in step.actions.iter().filter(|action| action.is_on_offer(&moment, visit)) {
            let admitted = rule.admits(&moment, visit);
            let (deputy_for, refusal) = match admitted {
                Ok(deputy_for) => (deputy_for, None),
                Err(rejection) => (None, Some(rejection)),
            };
            found.push(Offer { visit, step, action: rule.name.clone(), rule, deputy_for, refusal });
        }
    }
    found
}
