//! What happens by itself when its time has come.

use std::collections::BTreeSet;

use jiff::Timestamp;

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

/// How many alarms that were due already one wake rings; the case is woken again at once for the rest, and other cases
/// and people have their turn between. Each costs a look at every visit.
const SLICE_MAX: usize = 64;

/// Something that is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Alarm {
    at: Timestamp,
    visit: VisitId,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Rung(u16),
    Timer(u16),
}

/// Lets what is due by now happen, the earliest first: all of it, or of much a part and all that follows from it.
///
/// # Errors
/// `Endless`.
pub fn wake(process: &Process, moment: &mut Moment<'_>) -> Result<(), Rejection> {
    let mut waiting: BTreeSet<Alarm> = due(moment).collect();
    for served in 0..ALARMS_MAX {
        let left = due(moment).filter(|alarm| served < SLICE_MAX || !waiting.contains(alarm)).min();
        let Some(alarm) = left else { return Ok(()) };
        waiting.remove(&alarm);
        ring(process, moment, alarm);
        process.run(moment)?;
        if !moment.case.is_open() {
            return Ok(());
        }
    }
    Err(Rejection::Endless { steps_max: ALARMS_MAX })
}

fn due<'a>(moment: &'a Moment<'_>) -> impl Iterator<Item = Alarm> + 'a {
    let rungs = moment.case.visits.values().filter_map(|visit| {
        let (at, rung) = visit.deadline.as_ref()?.next_rung()?;
        Some(Alarm { at, visit: visit.id, what: What::Rung(rung) })
    });
    let timers = moment.case.visits.values().flat_map(|visit| {
        visit.timers.iter().map(|(timer, at)| Alarm { at: *at, visit: visit.id, what: What::Timer(*timer) })
    });
    let own = moment.case.timers.iter();
    let own = own.map(|(timer, at)| Alarm { at: *at, visit: VisitId::CASE, what: What::Timer(*timer) });
    rungs.chain(timers).chain(own).filter(|alarm| alarm.at <= moment.now)
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
