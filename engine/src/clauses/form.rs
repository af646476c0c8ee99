//! `form`: what an action or a start asks for.

use std::sync::Arc;

use crate::checker::Checker;
use crate::clauses::effects::Destination;
use crate::diagnostic::is_unseen;
use crate::event::Fields;
use crate::field::Field;
use crate::ids::Name;
use crate::moment::Moment;
use crate::rejection::Rejection;
use crate::value::{Type, Value};
use crate::yaml::Node;

/// What an action or a start asks for.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// The entries, in order.
    pub entries: Vec<FormEntry>,
}

/// One line of a form.
#[derive(Clone, Debug)]
pub struct FormEntry {
    /// Where the value goes.
    pub destination: Destination,
    /// The field.
    pub field: Arc<Field>,
    /// Whether it has to be filled in.
    pub required: bool,
}

impl Form {
    /// The values for the fields, when all is filled in as it should be.
    ///
    /// # Errors
    /// `FieldMissing`, `FieldUnknown`, `FieldWrong` or `Unknown`, for the first that is wrong in the order of the form.
    pub fn fill(&self, given: &Fields, moment: &Moment<'_>) -> Result<Vec<(Destination, Value)>, Rejection> {
        if let Some(unknown) = given.keys().find(|name| self.entries.iter().all(|entry| entry.field.name != **name)) {
            let names = self.entries.iter().map(|entry| entry.field.name.as_str());
            let nearest = crate::nearest::nearest(unknown, names).map(Name::from);
            return Err(Rejection::FieldUnknown { field: unknown.clone(), nearest });
        }
        let mut values = Vec::new();
        for entry in &self.entries {
            let name = &entry.field.name;
            let value = match given.get(name) {
                None | Some(Value::Null) => Value::Null,
                Some(value) => entry.field.accept(value, moment.calendar.zone())?,
            };
            check_known(&value, &entry.field.kind, moment)?;
            let is_blank = |text: &str| text.chars().all(|letter| letter.is_whitespace() || is_unseen(letter));
            let is_empty = matches!(&value, Value::Null) || matches!(&value, Value::Text(text) if is_blank(text));
            if is_empty && entry.required {
                return Err(Rejection::FieldMissing { field: name.clone(), title: entry.field.title.clone() });
            }
            if given.contains_key(name) {
                values.push((entry.destination.clone(), value));
            }
        }
        Ok(values)
    }
}

/// Units and people have to be in the organisation.
fn check_known(value: &Value, kind: &Type, moment: &Moment<'_>) -> Result<(), Rejection> {
    let organization = moment.world.organization;
    match (kind, value) {
        (Type::List(kind), Value::List(values)) => values.iter().try_for_each(|value| check_known(value, kind, moment)),
        (Type::Unit, Value::Text(name)) if !organization.units.contains_key(name) => {
            Err(Rejection::Unknown { name: name.clone() })
        }
        (Type::Person, Value::Text(name)) if !organization.people.contains_key(name) => {
            Err(Rejection::Unknown { name: name.clone() })
        }
        _ => Ok(()),
    }
}

impl Form {
    /// Reads `form`: names of fields in scope; a `?` after a name makes it optional.
    pub fn check(checker: &mut Checker<'_>, node: &Node) -> Self {
        let mut entries: Vec<FormEntry> = Vec::new();
        for item in checker.list(node) {
            let Some(text) = checker.text(item, "a field") else { continue };
            let (name, required) = match text.strip_suffix('?') {
                Some(name) => (Name::new(name), false),
                None => (text, true),
            };
            if entries.iter().any(|entry| entry.field.name == name) {
                checker.error(item.span, "duplicate-field", format!("the form asks for `{name}` twice"));
                continue;
            }
            let Some((destination, _)) = checker.destination(&name, item.span) else { continue };
            let field = match &destination.step {
                None => checker.fields.get(&name),
                Some(step) => {
                    let frame = checker.frames.iter().rev().find(|frame| frame.step == *step);
                    frame.and_then(|frame| frame.fields.get(&name))
                }
            };
            entries.extend(field.cloned().map(|field| FormEntry { destination, field, required }));
        }
        Self { entries }
    }
}
