//! `fields`: how a process or a step declares its pieces of data.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::checker::{Checker, Keys};
use crate::field::{Field, Shape, type_meant};
use crate::formula::Operand;
use crate::ids::Name;
use crate::value::{Type, Value};
use crate::yaml::Node;

/// The kinds of values that are named by `type` or inside `list`.
const KINDS: [&str; 10] =
    ["phone", "mail", "unit", "person", "date", "datetime", "integer", "number", "boolean", "duration"];

/// The keys that say what a field may hold.
const SHAPES: [&str; 5] = ["text", "type", "choice", "catalog", "list"];

/// Reads `fields`, in order.
pub fn check_fields(checker: &mut Checker<'_>, node: &Node) -> Vec<Arc<Field>> {
    let mut fields = Vec::new();
    if checker.keys(node, "`fields`").is_none() {
        return fields;
    }
    for entry in node.as_mapping().unwrap_or_default() {
        let name = &entry.key.text;
        if !checker.check_name(name, entry.key.span) {
            continue;
        }
        if RESERVED.contains(&name.as_str()) {
            let message = format!("`{name}` already means something in every case");
            checker.error(entry.key.span, "reserved-name", message).help("give the field another name");
            fields.push(Arc::new(unreadable(name, checker.line(entry.key.span))));
            continue;
        }
        let field = checker
            .keys(&entry.value, &format!("the field `{name}`"))
            .and_then(|keys| check_field(checker, name, keys));
        let line = checker.line(entry.key.span);
        fields.push(Arc::new(field.unwrap_or_else(|| unreadable(name, line))));
    }
    fields
}

/// Stands for a field that is wrong, so that what names it is not wrong as well.
fn unreadable(name: &Name, line: u32) -> Field {
    let (title, name) = (name.clone(), name.clone());
    Field { name, title, hint: None, shape: Shape::Plain, kind: Type::Any, private: false, default: None, line }
}

/// Names that every expression already knows.
const RESERVED: [&str; 2] = ["opened", "outcome"];

fn check_field(checker: &mut Checker<'_>, name: &Name, mut keys: Keys<'_>) -> Option<Field> {
    let line = checker.line(keys.span());
    let title = keys.take("title").and_then(|title| checker.text(title, "`title`")).unwrap_or_else(|| name.clone());
    let hint = keys.take("hint").and_then(|hint| checker.text(hint, "`hint`"));
    let private = keys.take("private").and_then(|node| checker.boolean(node)).unwrap_or(false);
    let shape = check_shape(checker, &mut keys, name);
    let default_node = keys.take("default");
    let default = match (&shape, default_node) {
        (Some((shape, kind)), Some(node)) => check_default(checker, node, shape, kind),
        // A list that nobody has filled in is empty, not unknown: `count(units) = 0` holds.
        (Some((Shape::List(_), _)), None) => Some(Operand::Literal(Value::List(Arc::default()))),
        (None, _) | (_, None) => None,
    };
    keys.finish(checker);
    let (shape, kind) = shape?;
    Some(Field { name: name.clone(), title, hint, shape, kind, private, default, line })
}

fn check_default(checker: &mut Checker<'_>, node: &Node, shape: &Shape, kind: &Type) -> Option<Operand> {
    let default = checker.operand(node, kind)?;
    if let Operand::Literal(value) = &default
        && let Err(message) = shape.check(value)
    {
        checker.error(node.span, "wrong-value", format!("the default does not fit the field: {message}"));
        return None;
    }
    Some(default)
}

fn check_shape(checker: &mut Checker<'_>, keys: &mut Keys<'_>, name: &Name) -> Option<(Shape, Type)> {
    let present: Vec<&'static str> = SHAPES.into_iter().filter(|key| keys.has(key)).collect();
    keys.know(&SHAPES);
    let [key] = present.as_slice() else {
        let message = match present.len() {
            0 => format!("the field `{name}` does not say what it holds"),
            _ => format!("the field `{name}` says twice what it holds"),
        };
        let help = "write one of `text: line`, `text: long`, `type: …`, `choice: {…}`, `catalog: …`, `list: …`";
        checker.error(keys.span(), "field-kind", message).help(help);
        return None;
    };
    let node = keys.take(key)?;
    match *key {
        "text" => {
            let words = [("line", false), ("long", true)];
            let long = checker.word(node, &words)?;
            Some((if long { Shape::Long } else { Shape::Line }, Type::Text))
        }
        "type" => check_kind(checker, node),
        "choice" => check_choice(checker, node),
        "catalog" => check_catalog(checker, node),
        _ => {
            let (shape, kind) = match node.as_mapping() {
                Some(_) => {
                    let mut inner = checker.keys(node, "`list`")?;
                    let found = check_shape(checker, &mut inner, name);
                    inner.finish(checker);
                    found?
                }
                None => check_kind(checker, node)?,
            };
            Some((Shape::List(Box::new(shape)), Type::list(kind)))
        }
    }
}

fn check_kind(checker: &mut Checker<'_>, node: &Node) -> Option<(Shape, Type)> {
    let text = checker.text(node, "a type")?;
    let found = match text.as_str() {
        "phone" => (Shape::Phone, Type::Text),
        "mail" => (Shape::Mail, Type::Text),
        "unit" => (Shape::Plain, Type::Unit),
        "person" => (Shape::Plain, Type::Person),
        "date" => (Shape::Plain, Type::Date),
        "datetime" => (Shape::Plain, Type::DateTime),
        "integer" => (Shape::Integer, Type::Number),
        "number" => (Shape::Plain, Type::Number),
        "boolean" => (Shape::Plain, Type::Boolean),
        "duration" => (Shape::Plain, Type::Days),
        "text" | "line" => (Shape::Line, Type::Text),
        "long" => (Shape::Long, Type::Text),
        _ => {
            let message = format!("there is no type `{text}`");
            let known = KINDS.into_iter().chain(["text"]);
            let finding = checker.error(node.span, "unknown-type", message);
            finding.help(format!("a type is one of: text, long, {}", KINDS.join(", ")));
            finding.suggest(&text, known);
            if let Some(meant) = type_meant(&text) {
                finding.help(format!("did you mean `{meant}`?"));
            }
            return None;
        }
    };
    Some(found)
}

fn check_choice(checker: &mut Checker<'_>, node: &Node) -> Option<(Shape, Type)> {
    let mut choices: Vec<(Name, Name)> = Vec::new();
    match node.as_mapping() {
        Some(entries) => {
            for entry in entries {
                let title = checker.text(&entry.value, "the title of a choice")?;
                choices.push((entry.key.text.clone(), title));
            }
        }
        None => {
            for item in checker.list(node) {
                let key = checker.text(item, "a choice")?;
                if choices.iter().any(|(known, _)| *known == key) {
                    checker.error(item.span, "duplicate-choice", format!("`{key}` is listed twice"));
                }
                choices.push((key.clone(), key));
            }
        }
    }
    if choices.is_empty() {
        checker.error(node.span, "no-choice", "a choice needs at least one entry: `choice: {key: title}`");
        return None;
    }
    let keys = choices.iter().map(|(key, _)| key.clone()).collect();
    Some((Shape::Choice(choices), Type::Choice(keys)))
}

fn check_catalog(checker: &mut Checker<'_>, node: &Node) -> Option<(Shape, Type)> {
    let name = checker.text(node, "the name of a catalog")?;
    let catalog = checker.catalog;
    let Some(found) = catalog.lists.get(&name) else {
        let known = catalog.lists.keys().map(Name::as_str);
        checker.error(node.span, "unknown-catalog", format!("there is no catalog `{name}`")).suggest(&name, known);
        return None;
    };
    let entries: Arc<BTreeMap<Name, Name>> = Arc::clone(&found.entries);
    let keys = entries.keys().cloned().collect();
    Some((Shape::Catalog(name, entries), Type::Choice(keys)))
}
