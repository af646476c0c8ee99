//! What reaches a case from programs and other cases.

use crate::case::Lock;
use crate::clauses::listen;
use crate::event::{Event, Fields};
use crate::ids::{CaseId, Name, VisitId};
use crate::moment::Moment;
use crate::process::Process;
use crate::rejection::Rejection;
use crate::steps::Kind;

/// The outcome of a case that ended because nobody needs it any more.
pub const CANCELLED: &str = "cancelled";

/// A message reached the case.
///
/// # Errors
/// `NotAwaited` when nothing here waits or listens for it.
pub fn deliver(process: &Process, moment: &mut Moment<'_>, message: &Name, fields: &Fields) -> Result<(), Rejection> {
    moment.given.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
    let visits: Vec<VisitId> = moment.case.visits.keys().copied().collect();
    let mut any = listen::hear(&process.listeners, moment, VisitId::CASE, message, fields);
    for visit in visits {
        let Some((_, step)) = process.step_of(moment, visit) else { continue };
        // A step that waits for its lock has not begun.
        if moment.visit(visit).is_some_and(crate::case::Visit::awaits_lock) {
            continue;
        }
        any |= listen::hear(&step.listeners, moment, visit, message, fields);
        if let Kind::Wait(wait) = &step.kind {
            any |= wait.hear(moment, visit, message, fields);
        }
    }
    if any { Ok(()) } else { Err(Rejection::NotAwaited) }
}

/// A lock across cases is free for a visit.
///
/// # Errors
/// `NotAwaited` when the visit does not wait for it any more.
pub fn give_lock(process: &Process, moment: &mut Moment<'_>, visit: VisitId) -> Result<(), Rejection> {
    let waits = |lock: &Lock| lock.across && !lock.held;
    if !moment.visit(visit).is_some_and(|visit| visit.lock.as_ref().is_some_and(waits)) {
        return Err(Rejection::NotAwaited);
    }
    process.give_lock(moment, visit);
    Ok(())
}

/// A called case closed.
///
/// # Errors
/// `NotAwaited` when the visit does not wait for it any more.
pub fn close_child(
    process: &Process,
    moment: &mut Moment<'_>,
    visit: VisitId,
    child: CaseId,
    outcome: &Name,
    fields: &Fields,
) -> Result<(), Rejection> {
    let waits = moment.visit(visit).is_some_and(|visit| visit.child == Some(child));
    match process.step_of(moment, visit).map(|(_, step)| &step.kind) {
        Some(Kind::Call(call)) if waits => {
            call.close(moment, visit, outcome, fields);
            Ok(())
        }
        Some(_) | None => Err(Rejection::NotAwaited),
    }
}

/// Ends the case because the one that called it went elsewhere.
pub fn cancel(process: &Process, moment: &mut Moment<'_>) {
    process.leave_everything(moment);
    moment.emit(Event::CaseClosed { outcome: Name::new(CANCELLED) });
    moment.drop_works();
}

/// A program finished a job.
///
/// # Errors
/// `NotAwaited` when the visit does not wait for it any more.
pub fn finish_job(
    process: &Process,
    moment: &mut Moment<'_>,
    visit: VisitId,
    fields: &Fields,
) -> Result<(), Rejection> {
    let waits = moment.visit(visit).is_some_and(|visit| visit.job.is_some());
    match process.step_of(moment, visit).map(|(_, step)| &step.kind) {
        Some(Kind::Job(job)) if waits => {
            job.finish(moment, visit, fields);
            Ok(())
        }
        Some(_) | None => Err(Rejection::NotAwaited),
    }
}

/// A program could not do a job.
///
/// # Errors
/// `NotAwaited` when the visit does not wait for it any more.
pub fn fail_job(process: &Process, moment: &mut Moment<'_>, visit: VisitId, reason: &str) -> Result<(), Rejection> {
    let waits = moment.visit(visit).is_some_and(|visit| visit.job.is_some());
    match process.step_of(moment, visit) {
        Some((_, step)) if waits => match &step.kind {
            Kind::Job(job) => {
                job.fail(moment, visit, &step.name, reason);
                Ok(())
            }
            Kind::Task(_)
            | Kind::Stage(_)
            | Kind::Parallel(_)
            | Kind::Each(_)
            | Kind::Call(_)
            | Kind::Wait(_)
            | Kind::Choose(_)
            | Kind::Decide(_)
            | Kind::Do(_)
            | Kind::Close(_) => Err(Rejection::NotAwaited),
        },
        Some(_) | None => Err(Rejection::NotAwaited),
    }
}
