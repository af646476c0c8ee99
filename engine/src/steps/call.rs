//! `call`: another process as a child case; its outcome and chosen fields come back.

use crate::checker::{Checker, Keys};
use crate::clauses::effects::{Destination, fields_of, write};
use crate::diagnostic::Span;
use crate::event::{Ending, Event, Fields};
use crate::formula::Operand;
use crate::ids::{CaseId, Name, VisitId};
use crate::moment::{Moment, Work};
use crate::value::Value;
use crate::yaml::Node;

/// A step that waits for another case.
#[derive(Clone, Debug)]
pub struct Call {
    /// The process.
    pub process: Name,
    /// What it is given, by its own names.
    pub with: Vec<(Name, Operand)>,
    /// What comes back: our field, and its name there.
    pub take: Vec<(Destination, Name)>,
    /// Where the definition names the process.
    pub span: Span,
}

impl Call {
    /// Opens the other case.
    pub fn go(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let fields = fields_of(moment, visit, &self.with);
        let child = moment.next_case();
        moment.emit(Event::ChildOpened { visit, child, process: self.process.clone(), fields });
    }

    /// The other case closed: takes what comes back and goes on.
    pub fn close(&self, moment: &mut Moment<'_>, visit: VisitId, outcome: &Name, fields: &Fields) {
        moment.emit(Event::ChildClosed { visit, outcome: outcome.clone() });
        let values = self.take.iter().map(|(to, theirs)| (to.clone(), fields.get(theirs).cloned().unwrap_or_default()));
        write(moment, visit, values.collect());
        moment.given.insert(Name::new("outcome"), Value::Text(outcome.clone()));
        moment.first([Work::Finish { visit, how: Ending::Done }]);
    }

    /// Tells the other case that it is no longer wanted.
    pub fn cancel(moment: &mut Moment<'_>, visit: VisitId, child: CaseId) {
        moment.emit(Event::ChildCancelled { visit, child });
    }
}

impl Call {
    /// Reads `call`, `with` and `take`.
    pub fn check(checker: &mut Checker<'_>, keys: &mut Keys<'_>) -> Option<Self> {
        let named = keys.take("call")?;
        let other = checker.check_other(keys, named);
        let taken_from = keys.take("take");
        let take = taken_from.map(|take| checker.check_take(take)).unwrap_or_default();
        let (process, with) = other?;
        if let (Some(outline), Some(node)) = (checker.catalog.processes.get(&process), taken_from) {
            for (_, theirs) in take.iter().filter(|(_, theirs)| !outline.fields.contains_key(theirs)) {
                let message = format!("`{process}` has no field `{theirs}` to take");
                let known = outline.fields.keys().map(Name::as_str);
                checker.error(place_of(node, theirs), "unknown-field", message).suggest(theirs, known);
            }
        }
        Some(Self { process, with, take, span: named.span })
    }
}

/// Where `take` names one of their fields.
fn place_of(take: &Node, theirs: &Name) -> Span {
    let values = take.as_mapping().unwrap_or_default().iter().map(|entry| &entry.value);
    let mut named = values.chain(take.as_sequence().unwrap_or_default());
    named.find(|node| node.as_text() == Some(theirs)).map_or(take.span, |node| node.span)
}
