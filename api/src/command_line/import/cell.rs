//! One cell of a spreadsheet as the value of a field: people write titles where the process has keys.

use duban_engine::field::{Field, Shape};
use duban_engine::ids::Name;
use duban_engine::nearest::nearest;
use duban_engine::organization::Organization;
use duban_engine::rejection::Rejection;
use duban_engine::value::{Type, Value};
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// What separates the values of a list in one cell.
const SEPARATORS: [char; 5] = ['、', '，', ',', '；', ';'];

/// Reads a cell.
///
/// # Errors
/// Why it does not fit, as a sentence.
pub(super) fn read(text: &str, field: &Field, organization: &Organization, zone: &TimeZone) -> Result<Value, String> {
    let json = match (&field.shape, &field.kind) {
        (Shape::List(shape), Type::List(kind)) => {
            let items = text.split(SEPARATORS).map(str::trim).filter(|item| !item.is_empty());
            Json::Array(items.map(|item| one(item, shape, kind, organization)).collect::<Result<_, _>>()?)
        }
        (shape, kind) => one(text, shape, kind, organization)?,
    };
    let value = Value::from_plain_json(&json, &Type::Any)?;
    field.accept(&value, zone).map_err(|rejection| match rejection {
        // The column says which field it is.
        Rejection::FieldWrong { field: _, message } => message,
        other => other.to_string(),
    })?;
    Ok(value)
}

fn one(text: &str, shape: &Shape, kind: &Type, organization: &Organization) -> Result<Json, String> {
    match (shape, kind) {
        (Shape::Choice(choices), _) => key(text, choices.iter().map(|(key, title)| (key, title))),
        (Shape::Catalog(_, entries), _) => key(text, entries.iter()),
        (_, Type::Unit) => key(text, organization.units.iter().map(|(id, unit)| (id, &unit.title))),
        (_, Type::Person) => key(text, organization.people.iter().map(|(id, person)| (id, &person.name))),
        (_, Type::Boolean) => match text.to_lowercase().as_str() {
            "是" | "true" | "yes" | "1" => Ok(Json::Bool(true)),
            "否" | "false" | "no" | "0" => Ok(Json::Bool(false)),
            _ => Err(format!("`{text}` is neither 是 nor 否")),
        },
        _ => Ok(Json::from(text)),
    }
}

/// The key that a text names, by itself or by its title.
fn key<'a>(text: &str, known: impl Iterator<Item = (&'a Name, &'a Name)> + Clone) -> Result<Json, String> {
    let mut titled = known.clone().filter(|(_, title)| **title == *text);
    if let Some((key, _)) = known.clone().find(|(key, _)| **key == *text) {
        return Ok(Json::from(key.as_str()));
    }
    match (titled.next(), titled.next()) {
        (Some((key, _)), None) => Ok(Json::from(key.as_str())),
        (Some((one, _)), Some((other, _))) => {
            Err(format!("`{text}` is both `{one}` and `{other}`; write one of these"))
        }
        (None, _) => {
            let words = known.flat_map(|(key, title)| [key.as_str(), title.as_str()]);
            let hint = nearest(text, words).map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
            Err(format!("there is no `{text}`{hint}"))
        }
    }
}
