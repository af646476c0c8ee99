//! The beginning of a case.

use crate::clauses::action::require;
use crate::clauses::effects::write;
use crate::clauses::hook::perform;
use crate::clauses::listen;
use crate::clauses::people::acting;
use crate::command::StartedBy;
use crate::event::{Actor, Cause, Edge, Event, Fields};
use crate::ids::{CaseId, VisitId};
use crate::moment::{Entry, Moment, Target, Work};
use crate::process::{Entrance, Process};
use crate::rejection::Rejection;

/// Opens a case.
///
/// # Errors
/// When the process does not begin this way, the person may not begin it, or the form is not filled in.
pub fn open(
    process: &Process,
    moment: &mut Moment<'_>,
    case: CaseId,
    start: &StartedBy,
    fields: &Fields,
    serial: u64,
) -> Result<(), Rejection> {
    admit(process, moment, start)?;
    let year = moment.calendar.date(moment.now).year();
    let number = process.number.as_ref().map(|pattern| pattern.number(year, serial));
    let caller = match start {
        StartedBy::Call(caller) => Some(caller.clone()),
        StartedBy::Person | StartedBy::Public(_) | StartedBy::Message(_) | StartedBy::Schedule(_) | StartedBy::Case => {
            None
        }
    };
    let (name, version) = (process.name.clone(), process.version.clone());
    moment.emit(Event::CaseOpened { case, process: name, version, number, caller });
    set_defaults(process, moment);
    let values = process.start.form.fill(fields, moment)?;
    write(moment, VisitId::CASE, values);
    require(&process.start.requirements, moment, VisitId::CASE)?;
    listen::start(&process.listeners, moment, VisitId::CASE);
    if let Some((_, exit)) = process.start.goto.choose(moment, VisitId::CASE) {
        let cause = Cause::new(Edge::Start, &process.name, exit.line);
        if let Target::Step(step) = exit.target {
            moment.first([Work::Enter(Entry::new(step, VisitId::CASE, cause))]);
        }
    }
    perform(&process.start.deeds, moment, VisitId::CASE);
    Ok(())
}

fn set_defaults(process: &Process, moment: &mut Moment<'_>) {
    let place = moment.place(VisitId::CASE);
    let defaults = Process::defaults(&process.fields);
    let values: Fields = defaults.map(|(field, default)| (field.name.clone(), default.evaluate(&place))).collect();
    if !values.is_empty() {
        moment.emit(Event::FieldsSet { visit: VisitId::CASE, values });
    }
}

fn admit(process: &Process, moment: &Moment<'_>, start: &StartedBy) -> Result<(), Rejection> {
    let has = |fits: &dyn Fn(&Entrance) -> bool| process.start.also.iter().any(fits);
    let is_entrance = match start {
        StartedBy::Person => {
            let Some(by) = &process.start.by else { return Err(Rejection::NoSuchStart) };
            if !matches!(moment.by, Actor::Person { .. }) {
                return Err(Rejection::NoSuchStart);
            }
            let place = moment.place(VisitId::CASE);
            acting(moment.by, &by.candidates(&place), &place, moment.now)?;
            true
        }
        StartedBy::Message(name) => has(&|entrance| matches!(entrance, Entrance::Message(found) if found == name)),
        StartedBy::Public(name) => has(&|entrance| matches!(entrance, Entrance::Public(found) if found == name)),
        StartedBy::Schedule(number) => {
            let schedules = process.start.also.iter().filter(|entrance| matches!(entrance, Entrance::Schedule(_)));
            usize::from(*number) < schedules.count()
        }
        StartedBy::Call(_) | StartedBy::Case => true,
    };
    if is_entrance { Ok(()) } else { Err(Rejection::NoSuchStart) }
}
