//! The JSON Schema of a definition, for editors: the keys that the checker knows, with their shapes.

mod clauses;
mod steps;

use serde_json::{Value as Json, json};

/// What a name looks like, without classes of Unicode that not every reader of patterns knows: no blank, no ASCII mark
/// but `-` and `_`, and at the beginning no digit and no `-`. The checker is stricter beyond ASCII.
const NAME: &str = r"^[^\u0000-\u0040\u005B-\u005E\u0060\u007B-\u00A0][^\u0000-\u002C\u002E\u002F\u003A-\u0040\u005B-\u005E\u0060\u007B-\u00A0]*$";

/// The schema of a process's file (JSON Schema 2020-12).
pub fn process() -> Json {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Duban process",
        "type": "object",
        "required": ["process", "start", "steps"],
        "additionalProperties": false,
        "properties": {
            "process": named("The name of the process."),
            "title": text("What people call it."),
            "source": text("The text it carries out."),
            "calendar": named("The calendar its cases live by."),
            "number": text("How cases are numbered, as 石诉〔{year}〕{seq:6}号."),
            "forbid": described(
                clauses::one_or_many(json!({"enum": ["claim", "release", "hand_on", "delegate", "withdraw"]})),
                "Verbs that people may not use.",
            ),
            "fields": described(reference("fields"), "What its cases know."),
            "roles": {"type": "object", "additionalProperties": reference("role"), "description": "Who takes part."},
            "start": described(reference("start"), "How cases begin."),
            "steps": described(reference("steps"), "The steps, in order."),
            "listen": {"type": "array", "items": reference("listener"), "description": "What cases listen for wherever they are."},
            "guarantees": {"type": "array", "items": reference("guarantee"), "description": "What holds in every case."},
        },
        "$defs": definitions(),
    })
}

fn definitions() -> Json {
    let mut all = serde_json::Map::new();
    all.extend(clauses::definitions());
    all.extend(steps::definitions());
    Json::Object(all)
}

/// A reference to a definition of the schema.
fn reference(name: &str) -> Json {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn described(shape: Json, description: &str) -> Json {
    let mut shape = shape;
    if let Json::Object(fields) = &mut shape {
        fields.insert("description".to_owned(), json!(description));
    }
    shape
}

fn text(description: &str) -> Json {
    json!({"type": ["string", "number", "boolean"], "description": description})
}

fn named(description: &str) -> Json {
    json!({"type": "string", "pattern": NAME, "description": description})
}

fn condition(description: &str) -> Json {
    json!({"type": ["string", "boolean"], "description": format!("{description} An expression.")})
}

/// A literal, or an expression after `=`.
fn operand(description: &str) -> Json {
    json!({"description": format!("{description} A value, or an expression after `=`.")})
}

fn boolean(description: &str) -> Json {
    json!({"type": "boolean", "description": description})
}

fn span(description: &str) -> Json {
    json!({"type": "string", "examples": ["3 working days", "2 hours", "1 month"], "description": description})
}

/// An object with exactly these keys.
fn object(required: &[&str], properties: Json) -> Json {
    json!({"type": "object", "required": required, "additionalProperties": false, "properties": properties})
}
