//! The names an expression may use where it stands, and where their values will come from.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::Checker;
use crate::expression::{Accepts, Names, Parameter, Signature, Slot};
use crate::formula::{Binding, Host};
use crate::ids::{Name, written_step};
use crate::value::Type;

/// The names visible at one place; those that are used are noted.
pub(super) struct Visible<'c, 'a> {
    checker: &'c Checker<'a>,
    bindings: RefCell<Vec<Binding>>,
    hosts: RefCell<BTreeSet<Host>>,
}

impl<'c, 'a> Visible<'c, 'a> {
    pub(super) fn new(checker: &'c Checker<'a>) -> Self {
        Self { checker, bindings: RefCell::new(Vec::new()), hosts: RefCell::new(BTreeSet::new()) }
    }

    /// What the names that were used stand for, and the functions of the engine that were.
    pub(super) fn into_used(self) -> (Vec<Binding>, BTreeSet<Host>) {
        (self.bindings.into_inner(), self.hosts.into_inner())
    }

    fn find(&self, name: &str) -> Option<(Binding, Type)> {
        let checker = self.checker;
        if let Some((given, kind)) = checker.given.iter().find(|(given, _)| given == name) {
            return Some((Binding::Given(given.clone()), kind.clone()));
        }
        for frame in checker.frames.iter().rev() {
            if let Some(field) = frame.fields.get(name) {
                let (step, field_name) = (frame.step.clone(), field.name.clone());
                return Some((Binding::Local { step, field: field_name }, field.kind.clone()));
            }
            if let Some((item, kind)) = frame.item.as_ref().filter(|(item, _)| item == name) {
                return Some((Binding::Item(item.clone()), kind.clone()));
            }
        }
        if let Some(field) = checker.fields.get(name) {
            return Some((Binding::Field(field.name.clone()), field.kind.clone()));
        }
        if let Some((step, (_, context))) = checker.collections.get_key_value(name) {
            let fields = match context {
                Type::Context(fields) => fields.keys().cloned().collect(),
                _ => Vec::new(),
            };
            let binding = Binding::Collection { step: step.clone(), fields };
            return Some((binding, Type::list(context.clone())));
        }
        (name == "opened").then_some((Binding::Opened, Type::DateTime))
    }
}

impl Names for Visible<'_, '_> {
    fn lookup(&self, name: &str) -> Option<(Slot, Type)> {
        let (binding, kind) = self.find(name)?;
        let mut bindings = self.bindings.borrow_mut();
        let place = bindings.iter().position(|known| *known == binding).unwrap_or_else(|| {
            bindings.push(binding);
            bindings.len() - 1
        });
        Some((Slot(u32::try_from(place).expect("an expression's length bounds its names")), kind))
    }

    fn function(&self, name: &str) -> Option<Signature> {
        let (host, _) = Host::ALL.into_iter().find(|(_, written)| *written == name)?;
        self.hosts.borrow_mut().insert(host);
        let word = |of: &str, words: Vec<Name>| Parameter {
            name: of.into(),
            accepts: Accepts::Word { of: of.into(), words },
            optional: false,
        };
        let value =
            |name: &str, kind: Type| Parameter { name: name.into(), accepts: Accepts::Value(kind), optional: false };
        let steps = || self.checker.places.keys().map(|step| Name::new(written_step(step))).collect::<Vec<Name>>();
        let limited = || {
            self.checker.places.iter().filter(|(_, place)| place.has_deadline).map(|(step, _)| step.clone()).collect()
        };
        let last = [(Name::new("at"), Type::DateTime), (Name::new("by"), Type::Person)];
        let (parameters, result) = match host {
            Host::Now => (vec![], Type::DateTime),
            Host::Visits => (vec![word("step", steps())], Type::Number),
            Host::In => (vec![word("step", steps())], Type::Boolean),
            Host::Times => (vec![word("action", self.checker.actions.clone())], Type::Number),
            Host::Last => (vec![word("action", self.checker.actions.clone())], Type::Context(last.into())),
            Host::Due => (vec![word("step", limited())], Type::DateTime),
            Host::Late => (vec![word("step", limited())], Type::Boolean),
            Host::WorkingDaysBetween => (vec![value("from", Type::Any), value("to", Type::Any)], Type::Number),
            Host::AddWorkingDays => (vec![value("from", Type::Any), value("days", Type::Number)], Type::Date),
        };
        Some(Signature { function: host.function(), parameters, result })
    }

    fn functions(&self) -> Vec<Name> {
        Host::ALL.iter().map(|(_, written)| Name::new(written)).collect()
    }

    fn all(&self) -> Vec<Name> {
        let checker = self.checker;
        let framed = checker
            .frames
            .iter()
            .flat_map(|frame| frame.fields.keys().cloned().chain(frame.item.iter().map(|(item, _)| item.clone())));
        let given = checker.given.iter().map(|(name, _)| name.clone());
        let rest = checker.fields.keys().chain(checker.collections.keys()).cloned();
        given.chain(framed).chain(rest).chain([Name::new("opened")]).collect()
    }
}
