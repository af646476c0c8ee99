//! What leaves the case: `webhook`, `document`, `send` to other cases, and `start` of another process.

use super::{fields_of, name_of};
use crate::checker::{Checker, Keys};
use crate::diagnostic::Span;
use crate::event::Event;
use crate::formula::Operand;
use crate::ids::{Name, VisitId};
use crate::moment::Moment;
use crate::value::Type;
use crate::yaml::Node;

/// A signed event to a connection.
#[derive(Clone, Debug)]
pub struct Webhook {
    to: Name,
    kind: Name,
    with: Vec<(Name, Operand)>,
}

impl Webhook {
    pub(super) fn perform(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let fields = fields_of(moment, visit, &self.with);
        moment.emit(Event::WebhookRaised { connection: self.to.clone(), kind: self.kind.clone(), fields });
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "`webhook`")?;
        let catalog = checker.catalog;
        let known: Vec<&Name> = catalog.connections.iter().collect();
        let to = keys.require("to", checker);
        let to = to.and_then(|to| checker.declared(to, "connection", "unknown-connection", &known));
        let kind = keys.require("type", checker).and_then(|kind| checker.text(kind, "`type`"));
        let with = keys.take("with").map(|with| checker.check_with(with, None)).unwrap_or_default();
        keys.finish(checker);
        Some(Self { to: to?, kind: kind?, with })
    }
}

/// A document filed with the case.
#[derive(Clone, Debug)]
pub struct Document {
    template: Name,
    to: Option<Operand>,
}

impl Document {
    pub(super) fn perform(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let to = name_of(moment, visit, self.to.as_ref());
        moment.emit(Event::DocumentFiled { template: self.template.clone(), to, visit });
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "`document`")?;
        let template = keys.require("template", checker).and_then(|template| checker.template(template));
        let to = keys.take("to").and_then(|to| checker.operand(to, &Type::Unit));
        keys.finish(checker);
        Some(Self { template: template?, to })
    }
}

/// A message to other cases.
#[derive(Clone, Debug)]
pub struct Send {
    /// Its name.
    pub message: Name,
    address: Address,
    with: Vec<(Name, Operand)>,
    /// Where the message is named.
    pub span: Span,
}

/// Whom a message is for.
#[derive(Clone, Debug)]
enum Address {
    /// The case with this number.
    Case(Operand),
    /// Every case that waits or listens for it, and processes that begin with it.
    All,
}

impl Send {
    /// Whether processes that begin with the message begin.
    pub fn is_to_all(&self) -> bool {
        matches!(self.address, Address::All)
    }

    pub(super) fn perform(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let to = match &self.address {
            Address::All => None,
            Address::Case(number) => match number.name(&moment.place(visit)) {
                Some(number) => Some(number),
                // Without a number an event is for all, and nobody said that.
                None => {
                    let text = format!("the message `{}` is for no case: `{}` is null", self.message, number.text());
                    moment.emit(Event::IncidentRaised { visit, text });
                    return;
                }
            },
        };
        let fields = fields_of(moment, visit, &self.with);
        moment.emit(Event::MessageSent { message: self.message.clone(), to, fields });
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "`send`")?;
        let named = keys.require("message", checker);
        let message = named.and_then(|message| checker.text(message, "`message`"));
        let address = Address::check(checker, &mut keys, node.span);
        let with = keys.take("with").map(|with| checker.check_with(with, None)).unwrap_or_default();
        keys.finish(checker);
        Some(Self { message: message?, address: address?, with, span: named?.span })
    }
}

impl Address {
    fn check(checker: &mut Checker<'_>, keys: &mut Keys<'_>, span: Span) -> Option<Self> {
        let (to, to_all) = (keys.take("to"), keys.take("to_all"));
        let case = to.and_then(|to| checker.operand(to, &Type::Text)).map(Self::Case);
        let is_to_all = to_all.map_or(Some(false), |to_all| checker.boolean(to_all))?;
        match (to, to_all) {
            (Some(_), Some(to_all)) if is_to_all => {
                let message = "a message is for one case or for all: `send` says `to` or `to_all`";
                checker.error(to_all.span, "wrong-value", message);
                None
            }
            (None, _) if is_to_all => Some(Self::All),
            (None, _) => {
                checker.error(span, "missing-key", "`send` does not say whom the message is for").help(
                    "write `to: …` with the number of the case, or `to_all: true` when it is for every open case that \
                     waits or listens for it and for processes that begin with it",
                );
                None
            }
            (Some(_), _) => case,
        }
    }
}

/// Another process.
#[derive(Clone, Debug)]
pub struct Start {
    /// Its name.
    pub process: Name,
    with: Vec<(Name, Operand)>,
    /// Where the process is named.
    pub span: Span,
}

impl Start {
    pub(super) fn perform(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let fields = fields_of(moment, visit, &self.with);
        let other = moment.next_case();
        moment.emit(Event::CaseStarted { other, process: self.process.clone(), fields });
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "`start`")?;
        let process = keys.require("process", checker);
        let other = process.and_then(|process| checker.check_other(&mut keys, process));
        keys.finish(checker);
        let (span, (process, with)) = (process?.span, other?);
        Some(Self { process, with, span })
    }
}
