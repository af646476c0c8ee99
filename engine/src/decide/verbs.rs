//! The verbs every task has without being written: claim, release, hand on, delegate, answer, withdraw.

use crate::clauses::people::acting;
use crate::command::Ask;
use crate::event::{Actor, Assigned, Event};
use crate::ids::{Name, VisitId};
use crate::moment::Moment;
use crate::process::Process;
use crate::rejection::Rejection;
use crate::steps::Kind;
use crate::steps::task::Task as TaskStep;

/// Does a verb to a task.
///
/// # Errors
/// Why not.
pub fn task(process: &Process, moment: &mut Moment<'_>, ask: &Ask) -> Result<(), Rejection> {
    match ask {
        Ask::Claim { visit } => claim(process, moment, *visit),
        Ask::Release { visit } if *moment.by == Actor::Clock => give_up(process, moment, *visit),
        Ask::Release { visit } => {
            permit(process, "release")?;
            let task = held_by_actor(process, moment, *visit)?;
            if task.asked_by {
                return Err(Rejection::Forbidden { verb: Name::new("release") });
            }
            moment.emit(Event::TaskReleased { visit: *visit });
            Ok(())
        }
        Ask::HandOn { visit, to } => {
            permit(process, "hand_on")?;
            let task = held_by_actor(process, moment, *visit)?;
            known(moment, to)?;
            // Whoever was only asked gives the task back, and does not give it away.
            if task.asked_by {
                return Err(Rejection::Forbidden { verb: Name::new("hand_on") });
            }
            let candidates = task.step.by.candidates(&moment.place(*visit));
            let Some(absent) = moment.world.organization.acts_for(to, &candidates, moment.now) else {
                return Err(Rejection::NotAllowed { person: to.clone(), allowed: candidates });
            };
            task.step.people.allows(&moment.case, to, absent)?;
            moment.emit(Event::TaskAssigned { visit: *visit, to: to.clone(), how: Assigned::HandedOn });
            Ok(())
        }
        Ask::Delegate { visit, to } => {
            permit(process, "delegate")?;
            let task = held_by_actor(process, moment, *visit)?;
            known(moment, to)?;
            if task.asked_by || task.holder == *to {
                return Err(Rejection::Forbidden { verb: Name::new("delegate") });
            }
            moment.emit(Event::TaskAssigned { visit: *visit, to: to.clone(), how: Assigned::Delegated });
            Ok(())
        }
        Ask::Answer { visit } => {
            held_by_actor(process, moment, *visit)?;
            let asked_by = moment.visit(*visit).and_then(|visit| visit.task.as_ref()?.asked_by.clone());
            let to = asked_by.ok_or(Rejection::NotHeld)?;
            moment.emit(Event::TaskAssigned { visit: *visit, to, how: Assigned::Answered });
            Ok(())
        }
        Ask::Open { .. }
        | Ask::TakeAction { .. }
        | Ask::Withdraw
        | Ask::GiveLock { .. }
        | Ask::Wake
        | Ask::Deliver { .. }
        | Ask::CloseChild { .. }
        | Ask::Cancel
        | Ask::FinishJob { .. }
        | Ask::FailJob { .. }
        | Ask::Recalculate => Ok(()),
    }
}

/// A task that the actor holds.
struct Held<'p> {
    step: &'p TaskStep,
    holder: Name,
    asked_by: bool,
}

fn claim(process: &Process, moment: &mut Moment<'_>, visit: VisitId) -> Result<(), Rejection> {
    permit(process, "claim")?;
    let step = task_step(process, moment, visit)?;
    let Some(person) = moment.by.as_person().cloned() else {
        return Err(Rejection::Forbidden { verb: Name::new("claim") });
    };
    let holder = moment.visit(visit).and_then(|visit| visit.task.as_ref()?.holder.clone());
    if let Some(holder) = holder {
        return if holder == person { Ok(()) } else { Err(Rejection::HeldByOther { holder }) };
    }
    if moment.visit(visit).is_none_or(|visit| visit.task.is_none()) {
        return Err(Rejection::NoSuchVisit { visit });
    }
    let place = moment.place(visit);
    let absent = acting(moment.by, &step.by.candidates(&place), &place, moment.now)?;
    step.people.allows(&moment.case, &person, absent.as_ref())?;
    moment.emit(Event::TaskAssigned { visit, to: person, how: Assigned::Claimed });
    Ok(())
}

/// Frees a task whose holder the organisation does not know any more: it goes back to who asked them, or to all.
fn give_up(process: &Process, moment: &mut Moment<'_>, visit: VisitId) -> Result<(), Rejection> {
    task_step(process, moment, visit)?;
    let task = moment.visit(visit).and_then(|visit| visit.task.clone()).ok_or(Rejection::NoSuchVisit { visit })?;
    let holder = task.holder.ok_or(Rejection::NotHeld)?;
    if known(moment, &holder).is_ok() {
        return Err(Rejection::HeldByOther { holder });
    }
    moment.emit(match task.asked_by.filter(|person| known(moment, person).is_ok()) {
        Some(to) => Event::TaskAssigned { visit, to, how: Assigned::Answered },
        None => Event::TaskReleased { visit },
    });
    Ok(())
}

/// Takes the last action back.
///
/// # Errors
/// When something has happened since, or the action was another's.
pub fn withdraw(process: &Process, moment: &mut Moment<'_>) -> Result<(), Rejection> {
    permit(process, "withdraw")?;
    let before = moment.before().filter(|before| Some(&before.person) == moment.by.as_person());
    let sequence = before.map(|before| before.sequence).ok_or(Rejection::NothingToWithdraw)?;
    moment.emit(Event::ActionWithdrawn { sequence });
    Ok(())
}

fn permit(process: &Process, verb: &str) -> Result<(), Rejection> {
    if process.forbids.contains(verb) {
        return Err(Rejection::Forbidden { verb: Name::new(verb) });
    }
    Ok(())
}

fn known(moment: &Moment<'_>, person: &Name) -> Result<(), Rejection> {
    if moment.world.organization.people.contains_key(person) {
        return Ok(());
    }
    Err(Rejection::Unknown { name: person.clone() })
}

fn task_step<'p>(process: &'p Process, moment: &Moment<'_>, visit: VisitId) -> Result<&'p TaskStep, Rejection> {
    match process.step_of(moment, visit).map(|(_, step)| &step.kind) {
        Some(Kind::Task(task)) => Ok(task),
        Some(_) | None => Err(Rejection::NoSuchVisit { visit }),
    }
}

fn held_by_actor<'p>(process: &'p Process, moment: &Moment<'_>, visit: VisitId) -> Result<Held<'p>, Rejection> {
    let step = task_step(process, moment, visit)?;
    let task = moment.visit(visit).and_then(|visit| visit.task.as_ref());
    let holder = task.and_then(|task| task.holder.clone()).ok_or(Rejection::NotHeld)?;
    if Some(&holder) != moment.by.as_person() {
        return Err(Rejection::HeldByOther { holder });
    }
    Ok(Held { step, holder, asked_by: task.is_some_and(|task| task.asked_by.is_some()) })
}
