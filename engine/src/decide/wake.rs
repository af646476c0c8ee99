//! What happens by itself when its time has come.

use jiff::Timestamp;

use super::alarms::{Alarm, Alarms, What};
use crate::clauses::listen::listener_of;
use crate::event::Ending;
use crate::event::Event;
use crate::ids::VisitId;
use crate::moment::{Moment, Work};
use crate::process::Process;
use crate::rejection::Rejection;
use crate::steps::Kind;
use crate::steps::job::JobStep;

/// How many alarms one wake may serve: several for each of the 1,000 items an `each` may have. A deadline in the past
/// whose rung leads to a step with such a deadline would ring for ever.
const ALARMS_MAX: usize = 10_000;

/// How many alarms that were due already one wake may ring in any case; the case is woken again at once for the rest, and
/// other cases and people have their turn between. A wake that has done half of what it may do leaves the rest earlier.
const SLICE_MIN: usize = 64;

/// The part of a case's visits for which one wake rings alarms: each wake begins with a look at all visits, so their
/// number is what a slice has to be worth.
const SLICE_PART: usize = 4;

/// Lets what is due by now happen, the earliest first: all of it, or of much a part and all that follows from it.
///
/// # Errors
/// `Endless`.
pub fn wake(process: &Process, moment: &mut Moment<'_>) -> Result<(), Rejection> {
    let slice = (moment.case.visits.len() / SLICE_PART).clamp(SLICE_MIN, ALARMS_MAX / 2);
    let mut alarms = Alarms::new(moment);
    for served in 0..ALARMS_MAX {
        let Some(alarm) = alarms.next(served < slice && moment.has_room()) else { return Ok(()) };
        alarms.take(alarm);
        ring(process, moment, alarm);
        process.run(moment)?;
        if !moment.case.is_open() {
            return Ok(());
        }
        alarms.follow(moment);
    }
    Err(Rejection::Endless { steps_max: ALARMS_MAX })
}

fn ring(process: &Process, moment: &mut Moment<'_>, alarm: Alarm) {
    let visit = alarm.visit;
    let step = process.step_of(moment, visit).map(|(_, step)| step);
    match (alarm.what, step) {
        (What::Rung(rung), Some(step)) => match &step.deadline {
            Some(rule) => rule.pass(moment, visit, &step.name, rung, true),
            None => moment.emit(Event::DeadlinePaused { visit }),
        },
        (What::Timer(timer), _) => ring_timer(process, moment, visit, timer, alarm.at),
        (What::Rung(_), None) => {}
    }
}

fn ring_timer(process: &Process, moment: &mut Moment<'_>, visit: VisitId, timer: u16, at: Timestamp) {
    let step = process.step_of(moment, visit).map(|(_, step)| step);
    let listeners = step.map_or(&process.listeners, |step| &step.listeners);
    let listener =
        listener_of(timer).and_then(|number| listeners.get(usize::from(number)).map(|found| (number, found)));
    if let Some((number, listener)) = listener {
        listener.ring(moment, visit, number, at);
        return;
    }
    moment.emit(Event::TimerPassed { visit, timer, next: None });
    match step.map(|step| &step.kind) {
        Some(Kind::Wait(_)) => moment.first([Work::Finish { visit, how: Ending::Done }]),
        Some(Kind::Job(_)) => JobStep::retry(moment, visit),
        Some(
            Kind::Task(_)
            | Kind::Stage(_)
            | Kind::Parallel(_)
            | Kind::Each(_)
            | Kind::Call(_)
            | Kind::Choose(_)
            | Kind::Decide(_)
            | Kind::Do(_)
            | Kind::Close(_),
        )
        | None => {}
    }
}

/// Computes open deadlines again, because a calendar changed.
pub fn recalculate(process: &Process, moment: &mut Moment<'_>) {
    let visits: Vec<VisitId> = moment.case.visits.keys().copied().collect();
    for visit in visits {
        if let Some(rule) = process.step_of(moment, visit).and_then(|(_, step)| step.deadline.as_ref()) {
            rule.recalculate(moment, visit);
        }
    }
}
