//! `deadline`: a limit with a ladder, as an object of its own.

use jiff::{SignedDuration, Timestamp};

use crate::calendar::{Calendar, Instant};
use crate::case::Deadline;
use crate::checker::Checker;
use crate::clauses::effects::Occasion;
use crate::clauses::hook::Hook;
use crate::event::{Due, Edge, Event, Light, Moved};
use crate::formula::Formula;
use crate::ids::{Name, VisitId};
use crate::moment::{ClockChange, Length, Moment};
use crate::time::{RungAt, Span, SpanUnit};
use crate::who::Who;
use crate::yaml::Node;

/// How often a rung may be repeated in one wake; after a long stop the rest is passed over.
const REPEATS_MAX: usize = 1_000;

/// The rule of a step's deadline.
#[derive(Clone, Debug)]
pub struct DeadlineRule {
    /// What people call it.
    pub title: Option<Name>,
    /// The first that applies counts.
    pub limits: Vec<Limit>,
    /// Its own calendar.
    pub calendar: Option<Name>,
    /// Who works in its step: without a calendar of its own it goes by that of their unit.
    pub by: Option<Who>,
    /// Its rungs, as written.
    pub ladder: Vec<Rung>,
    /// The line in the definition.
    pub line: u32,
}

/// One limit and when it applies.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Its condition.
    pub when: Option<Formula>,
    /// How long, or until when.
    pub length: Length,
}

/// A point on the ladder.
#[derive(Clone, Debug)]
pub struct Rung {
    /// Where on the ladder.
    pub at: RungAt,
    /// The light it switches on.
    pub light: Option<Light>,
    /// How often it comes again.
    pub every: Option<Span>,
    /// What happens there.
    pub hook: Hook,
}

impl DeadlineRule {
    /// Starts the deadline of a visit, if one of its limits applies.
    pub fn start(&self, moment: &mut Moment<'_>, visit: VisitId) {
        if let Some(due) = self.due(moment, visit, moment.now) {
            moment.emit(Event::DeadlineSet { visit, due });
        }
    }

    /// The due time when the clock begins at `from`.
    fn due(&self, moment: &Moment<'_>, visit: VisitId, from: Timestamp) -> Option<Due> {
        let place = moment.place(visit);
        let limit = self.limits.iter().find(|limit| limit.when.as_ref().is_none_or(|when| when.holds(&place)))?;
        match &limit.length {
            Length::Span(span) => Some(self.due_after(self.calendar(moment, visit), from, *span)),
            Length::Until(operand) => {
                let at = operand.instant(&place)?;
                Some(self.due_at(self.calendar(moment, visit), from, at))
            }
        }
    }

    /// The calendar of a deadline that begins: its own, or that of the one unit that works in the step, or the process's.
    fn calendar<'a>(&self, moment: &Moment<'a>, visit: VisitId) -> &'a Calendar {
        let own = self.calendar.clone().or_else(|| {
            let units = self.by.as_ref()?.units(&moment.place(visit));
            let only = units.first().filter(|_| units.len() == 1)?;
            moment.world.organization.calendar_of(only).cloned()
        });
        named(moment, own.as_ref())
    }

    fn due_after(&self, calendar: &Calendar, from: Timestamp, span: Span) -> Due {
        let end = calendar.add(from, span);
        let mut due = self.due_at(calendar, from, end.at);
        due.provisional = end.provisional;
        due.rule = span.to_string();
        due
    }

    /// A due time that somebody named.
    fn due_at(&self, calendar: &Calendar, from: Timestamp, at: Timestamp) -> Due {
        let rungs = self.ladder.iter().map(|rung| Some(calendar.rung(at, rung.at).at)).collect();
        let name = (calendar.name().clone(), calendar.version().as_str().to_owned());
        Due { at, provisional: false, rule: "until".to_owned(), from, calendar: Some(name), rungs }
    }

    /// Another due time for a running deadline, which goes on being counted by the same rule.
    fn due_again(&self, moment: &Moment<'_>, deadline: &Deadline, at: Timestamp) -> Due {
        Due { rule: deadline.due.rule.clone(), ..self.due_at(counted_by(moment, &deadline.due), deadline.due.from, at) }
    }

    /// The light, and the rungs still to come, of a due time seen now.
    fn settle(&self, moment: &Moment<'_>, visit: VisitId, mut due: Due) -> (Due, Light) {
        let (place, calendar) = (moment.place(visit), counted_by(moment, &due));
        let mut light = Light::Green;
        let mut reached: Option<Timestamp> = None;
        for (rung, slot) in self.ladder.iter().zip(&mut due.rungs) {
            let Some(at) = *slot else { continue };
            if at > moment.now {
                continue;
            }
            let applies = rung.hook.when.as_ref().is_none_or(|when| when.holds(&place));
            if applies && reached.is_none_or(|last| last <= at) {
                light = rung.light.unwrap_or(light);
                reached = Some(at);
            }
            *slot = rung.every.and_then(|every| next_after(calendar, at, every, moment.now));
        }
        (due, light)
    }

    fn move_to(&self, moment: &mut Moment<'_>, visit: VisitId, due: Due, why: Moved) {
        let (due, light) = self.settle(moment, visit, due);
        moment.emit(Event::DeadlineMoved { visit, why, light, due });
    }

    /// Changes the clock of a running deadline.
    pub fn change(&self, moment: &mut Moment<'_>, visit: VisitId, change: &ClockChange) {
        match change {
            ClockChange::Extend { seen_from, more } => self.extend(moment, visit, *seen_from, more),
            ClockChange::Pause => {
                if running(moment, visit).is_some_and(|deadline| deadline.paused.is_none()) {
                    moment.emit(Event::DeadlinePaused { visit });
                }
            }
            ClockChange::Resume => self.resume(moment, visit),
            ClockChange::Restart => self.restart(moment, visit),
        }
    }

    fn extend(&self, moment: &mut Moment<'_>, visit: VisitId, seen_from: VisitId, more: &Length) {
        let Some(deadline) = running(moment, visit) else { return };
        let due = match more {
            Length::Until(operand) => match operand.instant(&moment.place(seen_from)) {
                Some(at) => self.due_again(moment, &deadline, at),
                None => return,
            },
            Length::Span(span) => {
                let end = counted_by(moment, &deadline.due).extend(deadline.due.at, *span);
                Due { provisional: end.provisional, ..self.due_again(moment, &deadline, end.at) }
            }
        };
        self.move_to(moment, visit, due, Moved::Extended);
    }

    fn restart(&self, moment: &mut Moment<'_>, visit: VisitId) {
        match self.due(moment, visit, moment.now) {
            Some(due) if running(moment, visit).is_some() => self.move_to(moment, visit, due, Moved::Restarted),
            Some(due) => moment.emit(Event::DeadlineSet { visit, due }),
            None => {}
        }
    }

    /// The due time moves by as long as the clock stood still, from where the calendar as it is now has it.
    fn resume(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let Some(deadline) = running(moment, visit) else { return };
        let Some(paused) = deadline.paused else { return };
        let calendar = counted_by(moment, &deadline.due);
        let counts_working_time = deadline.due.rule.parse::<Span>().is_ok_and(|span| span.unit().is_working_time());
        let base = self.counted_again(moment, &deadline);
        let end = if counts_working_time {
            let stood = calendar.working_days_between(calendar.date(paused), calendar.date(moment.now)).days;
            let days = u32::try_from(stood).ok().and_then(|days| Span::new(days, SpanUnit::WorkingDays).ok());
            days.map_or(base, |days| calendar.extend(base.at, days))
        } else {
            let stood = moment.now.duration_since(paused);
            Instant { at: base.at.checked_add(stood).unwrap_or(Timestamp::MAX), provisional: false }
        };
        let provisional = end.provisional || (base.provisional && !is_final(calendar, end.at));
        let due = Due { provisional, ..self.due_again(moment, &deadline, end.at) };
        self.move_to(moment, visit, due, Moved::Resumed);
    }

    /// Computes the due time again after a change of calendar; it moves only as the calendar allows. One that somebody
    /// extended stays as it was agreed, and is final once its last day is; a paused one follows when it goes on.
    pub fn recalculate(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let Some(deadline) = running(moment, visit).filter(|deadline| deadline.paused.is_none()) else { return };
        let new = self.counted_again(moment, &deadline);
        if new != (Instant { at: deadline.due.at, provisional: deadline.due.provisional }) {
            let due = Due { provisional: new.provisional, ..self.due_again(moment, &deadline, new.at) };
            self.move_to(moment, visit, due, Moved::Recalculated);
        }
    }

    /// When a deadline ends by the calendar as it is now, leaving aside for how long its clock has stood still.
    fn counted_again(&self, moment: &Moment<'_>, deadline: &Deadline) -> Instant {
        let calendar = counted_by(moment, &deadline.due);
        let old = Instant { at: deadline.due.at, provisional: deadline.due.provisional };
        match deadline.due.rule.parse::<Span>() {
            Ok(span) if !deadline.moved => calendar.recalc().apply(old, calendar.add(deadline.due.from, span)),
            Ok(_) | Err(_) => Instant { provisional: old.provisional && !is_final(calendar, old.at), ..old },
        }
    }

    /// Passes one rung; what it leads to is put on the agenda.
    pub fn pass(&self, moment: &mut Moment<'_>, visit: VisitId, step: &Name, number: u16, may_move: bool) {
        let Some(rung) = self.ladder.get(usize::from(number)) else { return };
        let Some(deadline) = running(moment, visit) else { return };
        let Some(at) = deadline.due.rungs.get(usize::from(number)).copied().flatten() else { return };
        let calendar = counted_by(moment, &deadline.due);
        let next = rung.every.and_then(|every| next_after(calendar, at, every, moment.now));
        let line = rung.hook.line;
        let applies = rung.hook.when.as_ref().is_none_or(|when| when.holds(&moment.place(visit)));
        let light = rung.light.filter(|_| applies);
        moment.emit(Event::RungPassed { visit, step: step.clone(), rung: number, at, line, light, next });
        rung.hook.run(moment, Occasion { visit, instant: Some(at) }, step, Edge::Rung(number), may_move);
    }
}

/// Whether no announcement to come can change the last day of a limit; one that ends at 24:00 ends on the day before.
fn is_final(calendar: &Calendar, due: Timestamp) -> bool {
    let last = due.checked_sub(SignedDuration::from_micros(1)).unwrap_or(due);
    calendar.is_working_day(calendar.date(last)).certain
}

/// When something that comes every so often comes again after now. `at` is when it was to be: counting from there keeps
/// it in step, and an instant at 24:00 belongs to the day it ends.
pub fn next_after(calendar: &Calendar, at: Timestamp, every: Span, now: Timestamp) -> Option<Timestamp> {
    let mut next = at;
    for _ in 0..REPEATS_MAX {
        next = calendar.extend(next, every).at;
        if next > now {
            return Some(next);
        }
    }
    None
}

/// The calendar that a due time is counted by, in its newest version.
fn counted_by<'a>(moment: &Moment<'a>, due: &Due) -> &'a Calendar {
    named(moment, due.calendar.as_ref().map(|(name, _)| name))
}

/// A calendar by its name, or the process's.
fn named<'a>(moment: &Moment<'a>, name: Option<&Name>) -> &'a Calendar {
    let found = name.and_then(|name| moment.world.calendars.get(name));
    found.map_or(moment.calendar, |found| found.as_ref())
}

fn running(moment: &Moment<'_>, visit: VisitId) -> Option<Deadline> {
    moment.visit(visit).and_then(|visit| visit.deadline.clone())
}

impl DeadlineRule {
    /// Reads `deadline` of a step in which `by` work.
    pub fn check(checker: &mut Checker<'_>, node: &Node, by: Option<&Who>) -> Option<Self> {
        let line = checker.line(node.span);
        let mut keys = checker.keys(node, "the deadline")?;
        let title = keys.take("title").and_then(|title| checker.text(title, "`title`"));
        let within = keys.take("within").map(|within| check_limits(checker, within));
        let until = keys.take("until").and_then(|until| checker.moment(until));
        if keys.has("within") == keys.has("until") {
            let message = "a deadline says either `within: 3 working days` or `until: =…`";
            checker.error(node.span, "deadline-limit", message);
        }
        let until = until.map(|until| vec![Limit { when: None, length: Length::Until(until) }]);
        let calendar = keys.take("calendar").and_then(|calendar| check_calendar(checker, calendar));
        let ladder = keys.take("ladder").map(|ladder| {
            let rungs = checker.list(ladder);
            rungs.iter().filter_map(|rung| Rung::check(checker, rung)).collect()
        });
        keys.finish(checker);
        let (limits, ladder) = (within.or(until)?, ladder.unwrap_or_default());
        Some(Self { title, limits, calendar, by: by.cloned(), ladder, line })
    }
}

/// Reads the name of a calendar.
pub fn check_calendar(checker: &mut Checker<'_>, node: &Node) -> Option<Name> {
    let name = checker.text(node, "a calendar")?;
    let calendars = &checker.catalog.calendars;
    if calendars.get(&name).is_none() {
        let known: Vec<Name> = calendars.names().cloned().collect();
        let known = known.iter().map(Name::as_str);
        checker.error(node.span, "unknown-calendar", format!("there is no calendar `{name}`")).suggest(&name, known);
        return None;
    }
    Some(name)
}

fn check_limits(checker: &mut Checker<'_>, node: &Node) -> Vec<Limit> {
    let Some(items) = node.as_sequence() else {
        let span = checker.span(node, "`within`");
        return span.map(|span| Limit { when: None, length: Length::Span(span) }).into_iter().collect();
    };
    let mut limits: Vec<Limit> = Vec::new();
    for item in items {
        if limits.last().is_some_and(|before| before.when.is_none()) {
            let message = "this limit never holds: the one before it has no `when`";
            checker.error(item.span, "unreachable-limit", message);
        }
        let Some(mut keys) = checker.keys(item, "a limit") else { continue };
        let when = keys.take("when").and_then(|when| checker.condition(when));
        let is = keys.take("is").and_then(|is| checker.span(is, "`is`")).map(Length::Span);
        let until = keys.take("until").and_then(|until| checker.moment(until)).map(Length::Until);
        if keys.has("is") == keys.has("until") {
            let message = "a limit says either `is: 3 working days` or `until: =…`";
            checker.error(item.span, "deadline-limit", message);
        }
        keys.finish(checker);
        limits.extend(is.or(until).map(|length| Limit { when, length }));
    }
    limits
}

impl Rung {
    fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "a rung")?;
        let at = keys.require("at", checker).and_then(|at| checker.rung_at(at));
        let lights = [("green", Light::Green), ("yellow", Light::Yellow), ("red", Light::Red)];
        let light = keys.take("light").and_then(|light| checker.word(light, &lights));
        let every = keys.take("every").and_then(|every| checker.span(every, "`every`"));
        let hook = Hook::check(checker, &mut keys);
        keys.finish(checker);
        Some(Self { at: at?, light, every, hook })
    }
}
