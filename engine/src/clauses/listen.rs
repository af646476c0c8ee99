//! `listen`: answers to messages, instants and conditions while the case is in a step.

use jiff::Timestamp;

use crate::checker::Checker;
use crate::clauses::deadline::next_after;
use crate::clauses::effects::{Destination, Occasion, write};
use crate::clauses::hook::Hook;
use crate::event::{Edge, Event, Fields};
use crate::formula::Formula;
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, Work};
use crate::time::Span;
use crate::yaml::Node;

/// Something a step, or the process, listens for.
#[derive(Clone, Debug)]
pub struct Listener {
    /// For what.
    pub to: Listens,
    /// What happens then.
    pub hook: Hook,
}

/// What can be listened for.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each variant's sentence names its fields")]
pub enum Listens {
    /// A message; what it carries goes into fields.
    Message { message: Name, take: Vec<(Destination, Name)> },
    /// An instant, so long after entering.
    After(Span),
    /// Every so often after entering.
    Every(Span),
    /// A condition that turns true.
    When(Formula),
}

/// The timer of a listener: 0 belongs to the step's own kind.
fn timer_of(number: u16) -> u16 {
    number.saturating_add(1)
}

/// The listener of a timer.
pub fn listener_of(timer: u16) -> Option<u16> {
    timer.checked_sub(1)
}

/// Sets the alarms of a visit's listeners, and notes which conditions hold already.
pub fn start(listeners: &[Listener], moment: &mut Moment<'_>, visit: VisitId) {
    for (number, listener) in (0u16..).zip(listeners) {
        match &listener.to {
            Listens::Message { .. } => {}
            Listens::After(span) | Listens::Every(span) => {
                let at = moment.calendar.add(moment.now, *span).at;
                moment.emit(Event::TimerSet { visit, timer: timer_of(number), at });
            }
            Listens::When(formula) => {
                if formula.holds(&moment.place(visit)) {
                    moment.emit(Event::ConditionTurned { visit, listener: number, holds: true });
                }
            }
        }
    }
}

/// Puts listeners whose condition has turned true on the agenda. Answers whether there are any.
pub fn look(listeners: &[Listener], moment: &mut Moment<'_>, visit: VisitId) -> bool {
    let mut heard = Vec::new();
    for (listener, found) in (0u16..).zip(listeners) {
        let Listens::When(formula) = &found.to else { continue };
        let holding = match moment.visit(visit) {
            Some(visit) => visit.holding.get(&listener),
            None => moment.case.holding.get(&listener),
        };
        let held = holding.copied().unwrap_or(false);
        let holds = formula.holds(&moment.place(visit));
        if holds != held {
            moment.emit(Event::ConditionTurned { visit, listener, holds });
        }
        if holds && !held {
            heard.push(Work::Hear { visit, listener, instant: None });
        }
    }
    let any = !heard.is_empty();
    moment.first(heard);
    any
}

/// Puts listeners for a message on the agenda, with what it carries taken. Answers whether there are any.
pub fn hear(listeners: &[Listener], moment: &mut Moment<'_>, visit: VisitId, name: &Name, fields: &Fields) -> bool {
    let mut heard = Vec::new();
    for (listener, found) in (0u16..).zip(listeners) {
        let Listens::Message { message, take } = &found.to else { continue };
        if message != name {
            continue;
        }
        moment.emit(Event::MessageTaken { message: name.clone(), visit });
        let values = take.iter().filter_map(|(to, theirs)| Some((to.clone(), fields.get(theirs)?.clone())));
        write(moment, visit, values.collect());
        heard.push(Work::Hear { visit, listener, instant: None });
    }
    let any = !heard.is_empty();
    moment.first(heard);
    any
}

impl Listener {
    /// The condition it listens for.
    pub fn condition(&self) -> Option<&Formula> {
        match &self.to {
            Listens::When(formula) => Some(formula),
            Listens::Message { .. } | Listens::After(_) | Listens::Every(_) => None,
        }
    }

    /// Does what the listener says on an occasion.
    pub fn answer(&self, moment: &mut Moment<'_>, occasion: Occasion, step: &Name, number: u16) {
        let visit = occasion.visit;
        if self.hook.when.as_ref().is_some_and(|when| !when.holds(&moment.place(visit))) {
            return;
        }
        moment.emit(Event::ListenerHeard { visit, listener: number, line: self.hook.line });
        self.hook.run(moment, occasion, step, Edge::Listener(number), true);
    }

    /// The alarm set for `at` rang: sets it again when it repeats, and puts the listener on the agenda.
    pub fn ring(&self, moment: &mut Moment<'_>, visit: VisitId, number: u16, at: Timestamp) {
        let next = match &self.to {
            Listens::Every(span) => next_after(moment.calendar, at, *span, moment.now),
            Listens::After(_) | Listens::Message { .. } | Listens::When(_) => None,
        };
        moment.emit(Event::TimerPassed { visit, timer: timer_of(number), next });
        moment.first([Work::Hear { visit, listener: number, instant: Some(at) }]);
    }
}

impl Listener {
    /// Reads one entry of `listen`.
    pub fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "a listener")?;
        let kinds = ["message", "after", "every", "when"];
        let present: Vec<&str> = kinds.into_iter().filter(|key| keys.has(key)).collect();
        let to = match present.as_slice() {
            ["message", ..] => {
                let message = keys.take("message").and_then(|message| checker.text(message, "`message`"));
                let take = keys.take("take").map(|take| checker.check_take(take)).unwrap_or_default();
                message.map(|message| Listens::Message { message, take })
            }
            ["after", ..] => keys.take("after").and_then(|span| checker.span(span, "`after`")).map(Listens::After),
            ["every", ..] => keys.take("every").and_then(|span| checker.span(span, "`every`")).map(Listens::Every),
            ["when"] => keys.take("when").and_then(|when| checker.condition(when)).map(Listens::When),
            _ => {
                let message = "a listener needs one of `message`, `after`, `every`, `when`";
                checker.error(node.span, "listens-to-nothing", message);
                keys.know(&kinds);
                None
            }
        };
        let mut hook = Hook::check(checker, &mut keys);
        if matches!(to, Some(Listens::When(_))) {
            hook.when = None;
        }
        keys.finish(checker);
        to.map(|to| Self { to, hook })
    }

    /// Reads `listen`.
    pub fn check_all(checker: &mut Checker<'_>, node: &Node) -> Vec<Self> {
        let items = checker.list(node);
        items.iter().filter_map(|item| Self::check(checker, item)).collect()
    }
}
