//! Forms and fields as clients see them: JSON Schema for what is asked, plain values for what is known.

use std::sync::Arc;

use axum::http::StatusCode;
use duban_engine::clauses::form::Form;
use duban_engine::event::Fields;
use duban_engine::field::{Field, LINE_MAX, LIST_MAX, Shape, TEXT_MAX};
use duban_engine::ids::Name;
use duban_engine::value::{Type, Value};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::problem::Problem;

/// The form as JSON Schema (2020-12). `x-kind` says what a text stands for: `unit`, `person`, `phone`, `long` …
pub fn schema(form: &Form) -> Json {
    let properties = form.entries.iter().map(|entry| (entry.field.name.to_string(), of_field(&entry.field)));
    let required: Vec<&Name> = form.entries.iter().filter(|entry| entry.required).map(|entry| &entry.field.name).collect();
    let order: Vec<&Name> = form.entries.iter().map(|entry| &entry.field.name).collect();
    json!({
        "type": "object",
        "properties": properties.collect::<Map<_, _>>(),
        "required": required,
        "additionalProperties": false,
        "x-order": order,
    })
}

fn of_field(field: &Field) -> Json {
    let mut schema = of_shape(&field.shape, &field.kind);
    schema.insert("title".to_owned(), field.title.as_str().into());
    if let Some(hint) = &field.hint {
        schema.insert("description".to_owned(), hint.as_str().into());
    }
    if field.private {
        schema.insert("x-private".to_owned(), true.into());
    }
    schema
        .into_iter()
        .collect::<Map<_, _>>()
        .into()
}

fn of_shape(shape: &Shape, kind: &Type) -> Map<String, Json> {
    let schema = match shape {
        Shape::Line => json!({"type": "string", "maxLength": LINE_MAX, "x-kind": "line"}),
        Shape::Long => json!({"type": "string", "maxLength": TEXT_MAX, "x-kind": "long"}),
        Shape::Phone => json!({"type": "string", "maxLength": LINE_MAX, "x-kind": "phone"}),
        Shape::Mail => json!({"type": "string", "format": "email", "x-kind": "mail"}),
        Shape::Choice(choices) => json!({"type": "string", "oneOf": one_of(choices.iter().map(|(key, title)| (key, title)))}),
        Shape::Catalog(name, entries) => {
            json!({"type": "string", "x-catalog": name, "oneOf": one_of(entries.iter())})
        }
        Shape::Integer => json!({"type": "integer"}),
        Shape::List(item) => {
            let kind = if let Type::List(kind) = kind { kind } else { &Type::Any };
            json!({"type": "array", "maxItems": LIST_MAX, "items": of_shape(item, kind)})
        }
        Shape::Plain => of_kind(kind),
    };
    if let Json::Object(schema) = schema { schema } else { Map::new() }
}

fn of_kind(kind: &Type) -> Json {
    match kind {
        Type::Boolean => json!({"type": "boolean"}),
        Type::Number => json!({"type": ["number", "string"]}),
        Type::Text => json!({"type": "string"}),
        Type::Unit => json!({"type": "string", "x-kind": "unit"}),
        Type::Person => json!({"type": "string", "x-kind": "person"}),
        Type::Date => json!({"type": "string", "format": "date"}),
        Type::Time => json!({"type": "string", "format": "time"}),
        Type::DateTime => json!({"type": "string", "x-kind": "datetime"}),
        Type::Days | Type::Months => json!({"type": "string", "format": "duration"}),
        Type::Choice(choices) => json!({"type": "string", "enum": choices}),
        Type::List(item) => json!({"type": "array", "maxItems": LIST_MAX, "items": of_kind(item)}),
        Type::Any | Type::Null | Type::Context(_) | Type::Range(_) => json!({}),
    }
}

fn one_of<'a>(choices: impl Iterator<Item = (&'a Name, &'a Name)>) -> Vec<Json> {
    choices.map(|(key, title)| json!({"const": key, "title": title})).collect()
}

/// A field with its value, as a case shows it.
#[derive(Debug, Serialize)]
pub struct Shown {
    name: Name,
    title: Name,
    value: Json,
    /// What the value is called, when it is a key of something.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Name>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    private: bool,
    /// There may be a value that the asker does not see.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    masked: bool,
}

/// The fields with their values, in the order of the definition; those without a value are left out.
pub fn shown(fields: &[Arc<Field>], values: &Fields, sees_private: bool) -> Vec<Shown> {
    let filled = fields.iter().filter_map(|field| {
        let value = values.get(&field.name).filter(|value| !matches!(value, Value::Null))?;
        Some(show(field, value, sees_private))
    });
    filled.collect()
}

/// One field with its value.
pub fn show(field: &Field, value: &Value, sees_private: bool) -> Shown {
    let masked = field.private && !sees_private;
    let text = if masked { None } else { title_of(&field.shape, value) };
    let value = if masked { Json::Null } else { value.to_plain_json() };
    Shown { name: field.name.clone(), title: field.title.clone(), value, text, private: field.private, masked }
}

fn title_of(shape: &Shape, value: &Value) -> Option<Name> {
    let Value::Text(key) = value else { return None };
    match shape {
        Shape::Choice(choices) => choices.iter().find(|(found, _)| found == key).map(|(_, title)| title.clone()),
        Shape::Catalog(_, entries) => entries.get(key).cloned(),
        Shape::Line | Shape::Long | Shape::Phone | Shape::Mail | Shape::Integer | Shape::Plain | Shape::List(_) => None,
    }
}

/// The values that a client filled in.
pub fn filled(fields: Map<String, Json>) -> Result<Fields, Problem> {
    let values = fields.into_iter().map(|(name, value)| {
        let value = Value::from_plain_json(&value, &Type::Any).map_err(|message| {
            let pointer = format!("/fields/{}", name.replace('~', "~0").replace('/', "~1"));
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "field_wrong", format!("`{name}`: {message}"))
                .with("field", name.as_str())
                .with("pointer", pointer)
        })?;
        Ok((Name::from(name), value))
    });
    values.collect()
}
