//! The fields that a line of a scenario fills in, and their values, held against what the process declares.

use std::sync::Arc;

use super::Values;
use super::cast::Known;
use super::read::Reader;
use crate::diagnostic::Span;
use crate::field::{Field, Shape};
use crate::ids::Name;
use crate::rejection::Rejection;
use crate::value::{Type, Value};
use crate::yaml::{Entry, Node, to_json};

/// A value that is not as its field wants it.
struct Misfit {
    span: Span,
    code: &'static str,
    message: String,
    /// What seems to be meant, and what could be.
    meant: Option<(Name, Vec<Name>)>,
}

impl Reader<'_, '_> {
    /// Fields with their values. What is wrong with a name or a value is a mistake, unless the line says that it is
    /// refused for it.
    pub(super) fn filled<'n>(
        &mut self,
        entries: impl Iterator<Item = &'n Entry>,
        known: &Known,
        nothing: &str,
        rejected: Option<&Name>,
    ) -> Values {
        let mut values = Values::new();
        for entry in entries {
            let fields: Vec<&Arc<Field>> =
                known.iter().filter(|(name, _)| *name == entry.key.text).map(|(_, field)| field).collect();
            if fields.is_empty() && rejected.is_none_or(|code| *code != "field_unknown") {
                let names = known.iter().map(|(name, _)| name.as_str());
                let message = format!("{nothing} `{}`", entry.key.text);
                self.checker.error(entry.key.span, "unknown-field", message).suggest_or_list(&entry.key.text, names);
            }
            self.check_value(&entry.value, &fields, rejected);
            values.extend(self.value(&entry.value).map(|value| (entry.key.text.clone(), value)));
        }
        values
    }

    /// A value that fits none of the fields that it may be for is a mistake.
    fn check_value(&mut self, node: &Node, fields: &[&Arc<Field>], rejected: Option<&Name>) {
        let mut misfits = Vec::new();
        for field in fields {
            match self.misfit(node, field) {
                None => return,
                Some(misfit) => misfits.push(misfit),
            }
        }
        let Some(misfit) = misfits.into_iter().next() else { return };
        let is_expected = rejected.is_some_and(|code| match code.as_str() {
            "unknown" => misfit.code == "unknown-in-organization",
            "field_wrong" => misfit.code == "wrong-value",
            _ => false,
        });
        if !is_expected {
            self.tell(&misfit);
        }
    }

    fn tell(&mut self, misfit: &Misfit) {
        let finding = self.checker.error(misfit.span, misfit.code, misfit.message.as_str());
        if let Some((word, known)) = &misfit.meant {
            finding.suggest(word, known.iter().map(Name::as_str));
        }
    }

    fn misfit(&self, node: &Node, field: &Field) -> Option<Misfit> {
        if node.is_null() {
            return None;
        }
        if let (Shape::List(shape), Type::List(kind), Some(items)) = (&field.shape, &field.kind, node.as_sequence()) {
            let item = Field { shape: (**shape).clone(), kind: (**kind).clone(), ..field.clone() };
            return items.iter().find_map(|node| self.misfit(node, &item));
        }
        let wrong = |message: String| Misfit { span: node.span, code: "wrong-value", message, meant: None };
        // What is no value at all is told where it is read.
        let value = Value::from_plain_json(&to_json(node), &Type::Any).ok()?;
        let zone = self.cast.own().calendar_in(&self.library.catalog.calendars).zone();
        match field.accept(&value, zone) {
            Ok(_) => self.stranger(node, &field.kind),
            Err(Rejection::FieldWrong { field, message }) => Some(wrong(format!("`{field}`: {message}"))),
            Err(other) => Some(wrong(other.to_string())),
        }
    }

    /// A unit or person that the organisation does not have.
    fn stranger(&self, node: &Node, kind: &Type) -> Option<Misfit> {
        let organization = &self.library.catalog.organization;
        let (what, known): (&str, Vec<Name>) = match kind {
            Type::Unit => ("unit", organization.units.keys().cloned().collect()),
            Type::Person => ("person", organization.people.keys().cloned().collect()),
            _ => return None,
        };
        let name = node.as_text()?;
        if known.contains(name) {
            return None;
        }
        let message = format!("the organisation has no {what} `{name}`");
        let meant = organization.called(kind, name).unwrap_or(name).clone();
        Some(Misfit { span: node.span, code: "unknown-in-organization", message, meant: Some((meant, known)) })
    }

    /// The item of an `each` step.
    pub(super) fn item(&mut self, node: &Node) -> Option<Value> {
        let kinds = self.cast.items();
        if kinds.is_empty() {
            let message = "there are no items: no step is an `each`";
            self.checker.error(node.span, "no-items", message);
        }
        let strangers: Option<Vec<Misfit>> = kinds.iter().map(|kind| self.stranger(node, kind)).collect();
        if let Some(misfit) = strangers.and_then(|strangers| strangers.into_iter().next()) {
            self.tell(&misfit);
        }
        self.value(node)
    }

    fn value(&mut self, node: &Node) -> Option<Value> {
        match Value::from_plain_json(&to_json(node), &Type::Any) {
            Ok(value) => Some(value),
            Err(message) => {
                self.checker.error(node.span, "wrong-value", format!("this value {message}"));
                None
            }
        }
    }
}
