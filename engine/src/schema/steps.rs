//! The shapes of steps, by the one key each kind carries.

use serde_json::{Map, Value as Json, json};

use super::clauses::{branches, people_keys};
use super::{condition, described, named, object, operand, reference, span, text};

/// All definitions of this file, by name.
pub fn definitions() -> Map<String, Json> {
    let mut all = Map::new();
    all.insert(
        "steps".to_owned(),
        json!({"type": "object", "minProperties": 1, "additionalProperties": reference("step")}),
    );
    all.insert("step".to_owned(), step());
    all
}

/// Every key that a step of any kind may have; which go together is for the checker to say.
fn step() -> Json {
    let mut keys = people_keys();
    let Json::Object(clauses) = json!({
        "title": text("What people call it."),
        "assign": operand("`pool`, `least-busy`, `in-turn`, or a person."),
        "when": condition("When the step applies; otherwise it is passed over."),
        "fields": reference("fields"),
        "deadline": reference("deadline"),
        "actions": reference("actions"),
        "listen": {"type": "array", "items": reference("listener")},
        "on_enter": reference("effects"),
        "on_leave": reference("effects"),
        "goto": reference("goto"),
        "repeat": object(&[], json!({"while": condition("Again while this holds."), "until": condition("Again until this holds.")})),
        "lock": text("One visit at a time holds it."),
        "steps": reference("steps"),
        "branches": reference("steps"),
        "after_each": reference("steps"),
        "each": {"type": "object", "minProperties": 1, "maxProperties": 1, "description": "The item variable and its list."},
        "in": {"const": "turn", "description": "One item after the other."},
        "pace": {"enum": ["together", "one-at-a-time"]},
        "join": join(),
        "rest": {"enum": ["cancel", "continue"]},
        "call": named("The process to call."),
        "with": reference("with"),
        "take": reference("take"),
        "job": job(),
        "wait": wait(),
        "choose": branches("goto"),
        "decide": decide(),
        "do": reference("effects"),
        "close": named("How the case ends."),
    }) else {
        unreachable!("the literal above is an object")
    };
    keys.extend(clauses);
    object(&[], Json::Object(keys))
}

fn join() -> Json {
    let shapes = json!([{"enum": ["all", "any", "none"]}, {"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^="}]);
    described(json!({"anyOf": shapes}), "When the step is done.")
}

fn job() -> Json {
    object(
        &[],
        json!({
            "worker": text("The topic that workers fetch by."),
            "http": object(&["url"], json!({
                "method": {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
                "url": operand("The address."),
            })),
            "with": reference("with"),
            "take": reference("take"),
            "tries": {"type": "integer", "minimum": 1, "maximum": 20},
            "lease": span("How long a worker may hold it."),
            "failed": {"type": "string", "description": "Where the case goes when all tries failed."},
        }),
    )
}

fn wait() -> Json {
    object(
        &[],
        json!({
            "message": named("For a message."),
            "take": reference("take"),
            "for": span("For so long."),
            "until": operand("Until an instant."),
            "when": condition("Until this holds."),
        }),
    )
}

fn decide() -> Json {
    let rule = object(&["if", "then"], json!({"if": {}, "then": {}}));
    object(
        &["inputs", "sets", "rules"],
        json!({
            "hit": {"enum": ["unique", "first", "any", "collect"]},
            "inputs": {"type": "array", "items": {"type": "string"}},
            "sets": {"type": "array", "items": {"type": "string"}},
            "rules": {"type": "array", "items": rule},
            "otherwise": {},
        }),
    )
}
