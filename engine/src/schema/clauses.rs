//! The shapes of clauses: fields, roles, actions, deadlines, listeners, effects.

use serde_json::{Map, Value as Json, json};

use super::{boolean, condition, described, named, object, operand, reference, span, text};

/// One of a shape, or a list of them.
pub fn one_or_many(shape: Json) -> Json {
    json!({"oneOf": [shape.clone(), {"type": "array", "items": shape}]})
}

/// All definitions of this file, by name.
pub fn definitions() -> Map<String, Json> {
    let mut all = Map::new();
    let mut define = |name: &str, shape: Json| all.insert(name.to_owned(), shape);
    define("fields", json!({"type": "object", "additionalProperties": reference("field")}));
    define("field", field());
    define("role", role());
    define("who", who());
    define("start", start());
    define("actions", json!({"type": "object", "additionalProperties": reference("action")}));
    define("action", action());
    define(
        "form",
        described(
            json!({"type": "array", "items": {"type": "string"}}),
            "Names of fields; `?` after a name makes it optional.",
        ),
    );
    define(
        "requirements",
        json!({"type": "array", "items": object(&["that", "else"], json!({
            "that": condition("What must hold."),
            "else": text("What is said when it does not."),
        }))}),
    );
    define("goto", goto("to"));
    define("deadline", deadline());
    define("rung", rung());
    define("listener", listener());
    define("guarantee", guarantee());
    define("effects", one_or_many(reference("effect")));
    let mut effect = effect_keys();
    effect.insert("when".to_owned(), condition("When it takes place."));
    define("effect", object(&[], Json::Object(effect)));
    define("with", json!({"type": "object"}));
    define(
        "take",
        json!({"oneOf": [{"type": "array", "items": {"type": "string"}}, {"type": "object", "additionalProperties": {"type": "string"}}]}),
    );
    all
}

fn guarantee() -> Json {
    object(
        &[],
        json!({
            "no": named("What does not come before `before` was there."),
            "before": named("What was there before."),
            "unless": described(one_or_many(named("What makes it all right without.")), "What makes it all right without."),
            "after": named("After this, one of `always_eventually` always comes."),
            "always_eventually": described(one_or_many(named("What always comes in the end.")), "What always comes in the end."),
        }),
    )
}

fn field() -> Json {
    let kinds = ["phone", "mail", "unit", "person", "date", "datetime", "integer", "number", "boolean", "duration"];
    let listed = json!({"oneOf": [{"type": "string"}, {"type": "object"}]});
    object(
        &[],
        json!({
            "title": text("What people call it."),
            "hint": text("A hint for who fills it in."),
            "private": boolean("Hidden from all who do not need it."),
            "default": operand("The value at the beginning."),
            "text": {"enum": ["line", "long"], "description": "One line of text, or several."},
            "type": described(json!({"enum": kinds.iter().copied().chain(["text", "line", "long"]).collect::<Vec<&str>>()}), "What it holds."),
            "choice": {"oneOf": [{"type": "object"}, {"type": "array"}], "description": "Keys with titles."},
            "catalog": named("An entry of this catalog."),
            "list": described(listed, "Several of a type."),
        }),
    )
}

fn who_keys() -> Json {
    json!({
        "title": text("What people call it."),
        "unit": operand("The unit."),
        "duty": named("The duty in the unit."),
        "person": operand("One person, or several."),
        "any": described(reference("who"), "Any of a list of these."),
    })
}

fn role() -> Json {
    object(&[], who_keys())
}

fn who() -> Json {
    let mut keys = who_keys();
    if let Json::Object(keys) = &mut keys {
        keys.remove("title");
    }
    json!({"oneOf": [{"type": "string"}, object(&[], keys), {"type": "array", "items": reference("who")}]})
}

fn start() -> Json {
    let ways = json!({
        "message": named("A message starts a case."),
        "public": named("A form for the public starts a case."),
        "cron": text("A schedule starts a case."),
        "on": described(json!({"enum": ["same day", "working day before", "working day after", "working day only"]}), "What happens when the day is not worked."),
    });
    object(
        &["goto"],
        json!({
            "by": described(reference("who"), "Who may: a role, a list of roles, an expression for a person, or a unit with a duty."),
            "form": described(reference("form"), "The fields that are asked for: `name` required, `name?` optional."),
            "require": described(reference("requirements"), "What must hold once the form is filled in."),
            "do": described(reference("effects"), "Effects at the beginning, before the first step is entered."),
            "also": {"type": "array", "items": object(&[], ways), "description": "Other ways in."},
            "goto": described(reference("goto"), "Where the case goes: a step, `back`, `end`, or a list of exits."),
        }),
    )
}

fn action() -> Json {
    let mut keys = hook_keys();
    keys.extend(people_keys());
    keys.insert("title".to_owned(), text("What people call it."));
    keys.insert(
        "form".to_owned(),
        described(reference("form"), "The fields that are asked for: `name` required, `name?` optional."),
    );
    keys.insert(
        "require".to_owned(),
        described(reference("requirements"), "What must hold once the form is filled in."),
    );
    keys.insert(
        "at_most".to_owned(),
        described(
            json!({"type": "integer", "minimum": 1, "maximum": 1000}),
            "How often it may be taken in one stay in the step that declares it.",
        ),
    );
    keys.insert("seal".to_owned(), boolean("It needs the person's own confirmation."));
    object(&[], Json::Object(keys))
}

/// `by`, `not_by`, `same_as`.
pub fn people_keys() -> Map<String, Json> {
    let mut keys = Map::new();
    keys.insert(
        "by".to_owned(),
        described(
            reference("who"),
            "Who may: a role, a list of roles, an expression for a person, or a unit with a duty.",
        ),
    );
    keys.insert("not_by".to_owned(), described(one_or_many(json!({"type": "string"})), "Steps whose people may not."));
    keys.insert("same_as".to_owned(), named("The step whose person must."));
    keys
}

/// `when`, the effects, `do`, `goto`.
fn hook_keys() -> Map<String, Json> {
    let mut keys = effect_keys();
    keys.insert("when".to_owned(), condition("When it holds."));
    keys.insert("do".to_owned(), described(reference("effects"), "Effects, in order."));
    keys.insert(
        "goto".to_owned(),
        described(
            reference("goto"),
            "Where the case goes: a step, `back`, `end`, or a list of exits. Otherwise it stays.",
        ),
    );
    keys
}

/// Where to go: a step, or exits whose target stands under `key`.
pub fn goto(key: &str) -> Json {
    json!({"oneOf": [{"type": "string"}, exits(key)]})
}

/// Branches, the last without a condition.
pub fn exits(key: &str) -> Json {
    let mut properties = Map::new();
    properties.insert("when".to_owned(), condition("When this exit is taken."));
    properties.insert(key.to_owned(), json!({"type": "string", "description": "A step, `back` or `end`."}));
    json!({"type": "array", "minItems": 1, "items": object(&[key], Json::Object(properties))})
}

fn deadline() -> Json {
    let limit = object(
        &[],
        json!({
            "when": condition("When this limit applies."),
            "is": span("How long."),
            "until": operand("Until when."),
        }),
    );
    let within = json!({"oneOf": [{"type": "string"}, {"type": "array", "items": limit}]});
    object(
        &[],
        json!({
            "title": text("What people call it."),
            "within": described(within, "How long, or the first limit that applies."),
            "until": operand("Until when."),
            "calendar": named("Its own calendar."),
            "ladder": {"type": "array", "items": reference("rung"), "description": "What happens before, at and after due."},
        }),
    )
}

fn rung() -> Json {
    let mut keys = hook_keys();
    keys.insert(
        "at".to_owned(),
        json!({"type": "string", "examples": ["due", "1 working day before", "5 working days after"], "description": "When it acts: `due`, or a span before or after it."}),
    );
    keys.insert("light".to_owned(), described(json!({"enum": ["green", "yellow", "red"]}), "The light from here on."));
    keys.insert("every".to_owned(), span("How often it comes again."));
    object(&["at"], Json::Object(keys))
}

fn listener() -> Json {
    let mut keys = hook_keys();
    keys.insert("message".to_owned(), named("A message."));
    keys.insert(
        "take".to_owned(),
        described(reference("take"), "What it carries, put into fields: names, or `{ours: theirs}`."),
    );
    keys.insert("after".to_owned(), span("So long after entering."));
    keys.insert("every".to_owned(), span("Every so often."));
    object(&[], Json::Object(keys))
}

/// The effects, each under its key.
/// The keys of `send`, of which one says whom the message is for.
fn send_keys() -> Json {
    let mut keys = object(
        &["message"],
        json!({
            "message": text("The message."),
            "to": operand("The number of the case it is for."),
            "to_all": boolean("That it is for every open case that waits or listens for it, and for processes that begin with it."),
            "with": described(reference("with"), "What is given, by the names of the other side."),
        }),
    );
    keys["anyOf"] = json!([{"required": ["to"]}, {"required": ["to_all"]}]);
    keys
}

fn effect_keys() -> Map<String, Json> {
    let clock = object(&[], json!({"deadline": named("The step whose deadline is meant.")}));
    let step = object(&["step"], json!({"step": named("The step that ends.")}));
    let item = object(&["each", "item"], json!({"each": named("The `each` step."), "item": operand("The item.")}));
    let Json::Object(keys) = json!({
        "set": {"type": "object", "description": "Fields with their new values."},
        "notify": described(object(&["to", "template"], json!({
            "to": described(reference("who"), "A role, a list, or an expression for a person."),
            "template": named("The template."),
            "by": described(one_or_many(json!({"enum": ["inbox", "mail", "sms"]})), "By which ways."),
        })), "Tells people."),
        "webhook": described(object(&["to", "type"], json!({
            "to": named("The connection."),
            "type": text("The type of the event."),
            "with": described(reference("with"), "What is given, by the names of the other side."),
        })), "Sends a signed event."),
        "document": described(object(&["template"], json!({"template": named("The template."), "to": operand("The unit.")})), "Makes a document and files it with the case."),
        "mark": described(object(&["kind"], json!({
            "kind": named("The kind of mark."),
            "unit": operand("The unit it counts for."),
            "person": operand("The person it counts for."),
        })), "An entry in the ledger."),
        "start": described(object(&["process"], json!({"process": named("The process."), "with": described(reference("with"), "What is given, by the names of the other side.")})), "Starts another case and does not wait for it."),
        "send": described(send_keys(), "Sends a message to another case, or to all."),
        "extend": described(object(&[], json!({
            "deadline": named("The step whose deadline is meant."),
            "to": operand("Until when."),
            "by": span("By how much."),
        })), "More time."),
        "pause": described(clock.clone(), "The clock stands still."),
        "resume": described(clock.clone(), "The clock goes on."),
        "restart": described(clock, "The limit is counted anew from now."),
        "assign": described(object(&["to"], json!({"step": named("The task's step."), "to": operand("The person.")})), "Gives the tasks in a step to a person."),
        "release": described(object(&[], json!({"step": named("The task's step.")})), "Puts the tasks in a step back."),
        "add": described(item.clone(), "Adds an item to a running each step."),
        "drop": described(item, "Takes items off."),
        "finish": described(step.clone(), "Ends a step elsewhere in the case as done."),
        "leave": described(step, "Ends a step elsewhere as cancelled."),
        "urge": described(json!({"type": "object", "additionalProperties": false}), "Tells whoever the case waits for."),
        "raise": described(object(&[], json!({"urgency": operand("How urgent."), "incident": operand("What stands still.")})), "Makes the case more urgent, or calls an administrator."),
    }) else {
        unreachable!("the literal above is an object")
    };
    keys
}
