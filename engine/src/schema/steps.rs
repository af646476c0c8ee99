//! The shapes of steps, by the one key each kind carries.

use serde_json::{Map, Value as Json, json};

use super::clauses::{exits, people_keys};
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
        "fields": described(reference("fields"), "Data of this stay in the step."),
        "deadline": described(reference("deadline"), "When it is due, and what happens on the way."),
        "actions": described(reference("actions"), "What people may do here and in every step inside."),
        "listen": {"type": "array", "items": reference("listener"), "description": "What is listened for as long as the case is here."},
        "on_enter": described(reference("effects"), "Effects on entering."),
        "on_leave": described(reference("effects"), "Effects on leaving."),
        "goto": described(reference("goto"), "Where the case goes when the step is done; otherwise the next step follows."),
        "repeat": described(
            object(&[], json!({"while": condition("Again while this holds."), "until": condition("Again until this holds.")})),
            "Whether the step comes again when it is done.",
        ),
        "lock": lock(),
        "steps": described(reference("steps"), "Steps inside a step; entering it enters the first."),
        "branches": described(reference("steps"), "Steps of any kind that all begin at once."),
        "after_each": described(reference("steps"), "Steps that follow each branch's end, before it counts as ended."),
        "each": {"type": "object", "minProperties": 1, "maxProperties": 1, "description": "The item variable and its list."},
        "in": {"const": "turn", "description": "One item after the other."},
        "pace": {"enum": ["together", "one-at-a-time"], "description": "Whether branches or items run at once."},
        "join": join(),
        "rest": {"enum": ["cancel", "continue"], "description": "What happens to those still running once the step is done."},
        "call": named("The process to call."),
        "with": described(reference("with"), "What is given, by the names of the other side."),
        "take": described(reference("take"), "What comes back: names, or `{ours: theirs}`."),
        "job": described(job(), "Work for a program, with tries and a lease."),
        "wait": described(wait(), "Waits for a message, a time or a condition."),
        "choose": described(exits("goto"), "The first exit whose condition holds is taken."),
        "decide": described(decide(), "A decision table sets fields."),
        "do": described(reference("effects"), "A list of effects, then on."),
        "close": named("How the case ends."),
    }) else {
        unreachable!("the literal above is an object")
    };
    keys.extend(clauses);
    object(&[], Json::Object(keys))
}

fn lock() -> Json {
    let across = described(json!({"const": "cases"}), "All cases of the process share it.");
    let whole = object(&["name"], json!({"name": text("Its name."), "across": across}));
    described(json!({"anyOf": [text("Its name, within the case."), whole]}), "One visit at a time holds it.")
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
            "http": described(object(&["url"], json!({
                "method": described(json!({"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]}), "The method; `POST` when it is not said."),
                "url": operand("The address."),
            })), "A request that the server makes."),
            "with": described(reference("with"), "What is given, by the names of the other side."),
            "take": described(reference("take"), "What comes back: names, or `{ours: theirs}`."),
            "tries": described(json!({"type": "integer", "minimum": 1, "maximum": 20}), "How often it is tried."),
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
            "take": described(reference("take"), "What comes back: names, or `{ours: theirs}`."),
            "for": span("For so long."),
            "until": operand("Until an instant."),
            "when": condition("Until this holds."),
        }),
    )
}

fn decide() -> Json {
    let rule = object(
        &["if", "then"],
        json!({"if": described(json!({}), "A test for each input."), "then": described(json!({}), "An answer for each field.")}),
    );
    object(
        &["inputs", "sets", "rules"],
        json!({
            "hit": described(json!({"enum": ["unique", "first", "any", "collect"]}), "How many rules may apply."),
            "inputs": described(json!({"type": "array", "items": {"type": "string"}}), "Expressions."),
            "sets": described(json!({"type": "array", "items": {"type": "string"}}), "The fields that get the answers."),
            "rules": described(json!({"type": "array", "items": rule}), "Tests with their answers."),
            "otherwise": described(json!({}), "The answers when no rule applies."),
        }),
    )
}
