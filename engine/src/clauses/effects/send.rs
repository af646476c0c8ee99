//! What leaves the case: `webhook`, `document`, `send` to other cases, and `start` of another process.

use super::{fields_of, name_of};
use crate::checker::Checker;
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
    to: Option<Operand>,
    with: Vec<(Name, Operand)>,
    /// Where the message is named.
    pub span: Span,
}

impl Send {
    pub(super) fn perform(&self, moment: &mut Moment<'_>, visit: VisitId) {
        let fields = fields_of(moment, visit, &self.with);
        let to = name_of(moment, visit, self.to.as_ref());
        moment.emit(Event::MessageSent { message: self.message.clone(), to, fields });
    }

    pub(super) fn check(checker: &mut Checker<'_>, node: &Node) -> Option<Self> {
        let mut keys = checker.keys(node, "`send`")?;
        let named = keys.require("message", checker);
        let message = named.and_then(|message| checker.text(message, "`message`"));
        let to = keys.take("to").and_then(|to| checker.operand(to, &Type::Text));
        let with = keys.take("with").map(|with| checker.check_with(with, None)).unwrap_or_default();
        keys.finish(checker);
        Some(Self { message: message?, to, with, span: named?.span })
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
