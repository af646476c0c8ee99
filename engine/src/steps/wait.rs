//! `wait`: for a message, a time, or a condition on the case's data.

use crate::checker::Checker;
use crate::clauses::effects::{Destination, write};
use crate::event::{Ending, Event, Fields};
use crate::formula::{Formula, Operand};
use crate::ids::{Name, VisitId};
use crate::moment::{Moment, Work};
use crate::time::Span;
use crate::yaml::Node;

/// The timer of a step that waits for a time.
pub const WAIT_TIMER: u16 = 0;

/// A step that waits without people.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each variant's sentence names its fields")]
pub enum Wait {
    /// For a message.
    Message { message: Name, take: Vec<(Destination, Name)> },
    /// For so long.
    For(Span),
    /// Until an instant; at once when it is not known.
    Until(Operand),
    /// Until a condition holds.
    When(Formula),
}

impl Wait {
    /// Sets the alarm, or goes on when there is nothing to wait for.
    pub fn go(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let at = match self {
            Self::Message { .. } => return,
            Self::When(_) => {
                self.look(moment, visit);
                return;
            }
            Self::For(span) => Some(moment.calendar.add(moment.now, *span).at),
            Self::Until(operand) => operand.instant(&moment.place(visit)),
        };
        match at {
            Some(at) if at > moment.now => moment.emit(Event::TimerSet { visit, timer: WAIT_TIMER, at }),
            Some(_) | None => moment.first([Work::Finish { visit, how: Ending::Done }]),
        }
    }

    /// Goes on when the condition holds. Answers whether it does.
    pub fn look(&self, moment: &mut Moment<'_>, visit: VisitId) -> bool {
        let Self::When(formula) = self else { return false };
        let holds = formula.holds(&moment.place(visit));
        if holds {
            moment.first([Work::Finish { visit, how: Ending::Done }]);
        }
        holds
    }

    /// A message came: takes what it carries and goes on, if it is the one. Answers whether it is.
    pub fn hear(&self, moment: &mut Moment<'_>, visit: VisitId, name: &Name, fields: &Fields) -> bool {
        let Self::Message { message, take } = self else { return false };
        if message != name {
            return false;
        }
        moment.emit(Event::MessageTaken { message: name.clone(), visit });
        let values = take.iter().filter_map(|(to, theirs)| Some((to.clone(), fields.get(theirs)?.clone())));
        write(moment, visit, values.collect());
        moment.first([Work::Finish { visit, how: Ending::Done }]);
        true
    }
}

impl Wait {
    /// Reads `wait`.
    pub fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "`wait`")?;
        let kinds = ["message", "for", "until", "when"];
        let present: Vec<&str> = kinds.into_iter().filter(|key| keys.has(key)).collect();
        let wait = match present.as_slice() {
            ["message"] => {
                let message = keys.take("message").and_then(|message| checker.text(message, "`message`"));
                let take = keys.take("take").map(|take| checker.check_take(take)).unwrap_or_default();
                message.map(|message| Self::Message { message, take })
            }
            ["for"] => keys.take("for").and_then(|span| checker.span(span, "`for`")).map(Self::For),
            ["until"] => keys.take("until").and_then(|until| checker.moment(until)).map(Self::Until),
            ["when"] => keys.take("when").and_then(|when| checker.condition(when)).map(Self::When),
            _ => {
                let message = "a wait says exactly one of `message`, `for`, `until`, `when`";
                checker.error(node.span, "waits-for-nothing", message);
                None
            }
        };
        keys.know(&kinds);
        keys.finish(checker);
        wait
    }
}
