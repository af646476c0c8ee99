//! Values as an HTTP client sees and sends them: plain JSON, read by the kind that is wanted.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{DateTime, Time, Type, VALUE_DEPTH_MAX, Value, duration, number, parse_date};
use crate::ids::Name;
use crate::nearest::nearest;

impl Value {
    /// As a client reads it: a number that a double cannot hold exactly is a string, dates and
    /// durations are ISO 8601 strings. The kind is not told: the reader knows it from the field.
    pub fn to_plain_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Boolean(truth) => Json::Bool(*truth),
            Self::Number(number) => number::plain(*number),
            Self::DateTime(DateTime::Zoned(zoned)) => {
                let offset = super::time::offset_text(zoned.offset());
                Json::String(format!("{}{offset}", DateTime::Local(zoned.datetime())))
            }
            Self::List(items) => Json::Array(items.iter().map(Self::to_plain_json).collect()),
            Self::Context(entries) => {
                let entries = entries.iter().map(|(key, value)| (key.to_string(), value.to_plain_json()));
                Json::Object(entries.collect())
            }
            Self::Text(_)
            | Self::Date(_)
            | Self::Time(_)
            | Self::DateTime(DateTime::Local(_))
            | Self::Days(_)
            | Self::Months(_)
            | Self::Range(_) => Json::String(self.to_string()),
        }
    }

    /// Reads what a client sent for a field of this kind. An error is a sentence about the field:
    /// "must be a number", "has no `phone `, did you mean `phone`?".
    pub fn from_plain_json(json: &Json, kind: &Type) -> Result<Self, String> {
        read(json, kind, 0)
    }
}

fn read(json: &Json, kind: &Type, depth: usize) -> Result<Value, String> {
    let is_nested = matches!(json, Json::Array(_) | Json::Object(_));
    if is_nested && depth >= VALUE_DEPTH_MAX {
        return Err(format!("may nest {VALUE_DEPTH_MAX} deep"));
    }
    let must_be = || format!("must be {kind}");
    let value = match (kind, json) {
        (_, Json::Null) => Some(Value::Null),
        (Type::Any, json) => return read_any(json, depth),
        (Type::Boolean, Json::Bool(truth)) => Some(Value::Boolean(*truth)),
        (Type::Number, Json::Number(number)) => return read_number(number.as_str()),
        (Type::Number, Json::String(text)) => return read_number(text),
        (Type::Text | Type::Unit | Type::Person, Json::String(text)) => Some(Value::text(text)),
        (Type::Choice(choices), Json::String(text)) => return read_choice(text, choices),
        (Type::Date, Json::String(text)) => parse_date(text).map(Value::Date),
        (Type::Time, Json::String(text)) => Time::parse(text).map(Value::Time),
        (Type::DateTime, Json::String(text)) => DateTime::parse(text).map(Value::DateTime),
        (Type::Days, Json::String(text)) => duration::parse(text).filter(|span| matches!(span, Value::Days(_))),
        (Type::Months, Json::String(text)) => duration::parse(text).filter(|span| matches!(span, Value::Months(_))),
        (Type::List(item), Json::Array(items)) => return read_list(items, item, depth),
        (Type::Context(kinds), Json::Object(entries)) => return read_context(entries, kinds, depth),
        (
            Type::Null
            | Type::Boolean
            | Type::Number
            | Type::Text
            | Type::Date
            | Type::Time
            | Type::DateTime
            | Type::Days
            | Type::Months
            | Type::List(_)
            | Type::Context(_)
            | Type::Range(_)
            | Type::Unit
            | Type::Person
            | Type::Choice(_),
            _,
        ) => None,
    };
    value.ok_or_else(must_be)
}

fn read_number(text: &str) -> Result<Value, String> {
    match number::parse(text) {
        Ok(number) => Ok(Value::from(number)),
        Err(number::Mistake::Digits) => Err(format!("has more than {} digits", number::DIGITS_MAX)),
        Err(number::Mistake::Form) if number::seems_meant(text) => {
            Err(format!("must be {}, written as -1234.5", Type::Number))
        }
        Err(number::Mistake::Form) => Err(format!("must be {}", Type::Number)),
    }
}

fn read_choice(text: &str, choices: &[Name]) -> Result<Value, String> {
    if choices.iter().any(|choice| choice == text) {
        return Ok(Value::text(text));
    }
    let suggestion = nearest(text, choices.iter().map(|choice| &**choice));
    Err(match suggestion {
        Some(near) => format!("has no choice `{text}`, did you mean `{near}`?"),
        None => format!("has no choice `{text}`; it is {}", Type::Choice(choices.to_vec())),
    })
}

/// Where the kind is known, every place of a list has a value.
fn read_list(items: &[Json], kind: &Type, depth: usize) -> Result<Value, String> {
    let mut values = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        if item.is_null() && *kind != Type::Any {
            return Err(format!("item {}: must be {kind}", index + 1));
        }
        let value = read(item, kind, depth + 1).map_err(|error| format!("item {}: {error}", index + 1))?;
        values.push(value);
    }
    Ok(Value::from(values))
}

/// Entries that are not sent are null; entries that are not known are refused.
fn read_context(
    entries: &serde_json::Map<String, Json>,
    kinds: &BTreeMap<Name, Type>,
    depth: usize,
) -> Result<Value, String> {
    if let Some(unknown) = entries.keys().find(|key| !kinds.contains_key(key.as_str())) {
        return Err(match nearest(unknown, kinds.keys().map(|key| &**key)) {
            Some(near) => format!("has no `{unknown}`, did you mean `{near}`?"),
            None => format!("has no `{unknown}`"),
        });
    }
    let mut values = BTreeMap::new();
    for (key, kind) in kinds {
        let json = entries.get(&**key).unwrap_or(&Json::Null);
        let value = read(json, kind, depth + 1).map_err(|error| format!("{key}: {error}"))?;
        values.insert(key.clone(), value);
    }
    Ok(Value::from(values))
}

/// By what JSON itself tells: dates stay text.
fn read_any(json: &Json, depth: usize) -> Result<Value, String> {
    match json {
        Json::Null => Ok(Value::Null),
        Json::Bool(truth) => Ok(Value::Boolean(*truth)),
        Json::Number(number) => read_number(number.as_str()),
        Json::String(text) => Ok(Value::text(text)),
        Json::Array(items) => read_list(items, &Type::Any, depth),
        Json::Object(entries) => {
            let mut values = BTreeMap::new();
            for (key, json) in entries {
                let value = read(json, &Type::Any, depth + 1).map_err(|error| format!("{key}: {error}"))?;
                values.insert(Name::new(key), value);
            }
            Ok(Value::from(values))
        }
    }
}
