//! Functions on contexts.

use std::collections::BTreeMap;

use super::{Arguments, CONTEXT, Form, Function, Gives, Kind, TEXT, Wants, form, given, items};
use crate::expression::run::Run;
use crate::ids::Name;
use crate::value::Value;

const CONTEXTS: Wants = Wants::Items(&[Kind::Context]);
const GIVES: Gives = Gives::One(Kind::Context);

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "get value", forms: &[form(&[("m", CONTEXT), ("key", TEXT)], Gives::Anything, get_value)] },
    Function { name: "get entries", forms: &[form(&[("m", CONTEXT)], Gives::ListOf(Kind::Context), get_entries)] },
    Function {
        name: "context put",
        forms: &[
            form(&[("context", CONTEXT), ("key", TEXT), ("value", Wants::Anything)], GIVES, context_put),
            form(
                &[("context", CONTEXT), ("keys", Wants::Items(&[Kind::Text])), ("value", Wants::Anything)],
                GIVES,
                context_put,
            ),
        ],
    },
    Function {
        name: "context merge",
        forms: &[Form { repeats: true, ..form(&[("contexts", CONTEXTS)], GIVES, merge) }],
    },
    Function { name: "context", forms: &[form(&[("entries", CONTEXTS)], GIVES, context)] },
];

fn get_value(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let key = super::text(arguments, 1)?;
    given(arguments, 0)?.as_context()?.get(&**key).cloned()
}

fn get_entries(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let entries = given(arguments, 0)?.as_context()?;
    let pairs = entries.iter().map(|(key, value)| {
        let pair = [(Name::new("key"), Value::from(key.clone())), (Name::new("value"), value.clone())];
        Value::from(BTreeMap::from(pair))
    });
    Some(run.list(pairs.collect()))
}

/// With one key, or with a path of keys into contexts inside.
fn context_put(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let entries = given(arguments, 0)?.as_context()?;
    let keys: Option<Vec<Name>> = items(arguments, 1)?.iter().map(|key| key.as_text().cloned()).collect();
    put(run, entries, &keys?, arguments.get(2)?)
}

fn put(run: &Run<'_>, entries: &BTreeMap<Name, Value>, keys: &[Name], value: &Value) -> Option<Value> {
    let (key, rest) = keys.split_first()?;
    if !run.charge_items(entries.len() + 1) {
        return None;
    }
    let value = match rest {
        [] => value.clone(),
        rest => put(run, entries.get(key)?.as_context()?, rest, value)?,
    };
    let mut entries = entries.clone();
    entries.insert(key.clone(), value);
    Some(run.context(entries))
}

fn merge(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let mut merged = BTreeMap::new();
    for entries in super::all_items(arguments)? {
        let entries = entries.as_context()?;
        if !run.charge_items(entries.len() + 1) {
            return None;
        }
        merged.extend(entries.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    Some(run.context(merged))
}

/// Of entries with a `key` and a `value` each; a key given twice makes it null.
fn context(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let mut made = BTreeMap::new();
    for entry in items(arguments, 0)? {
        let entry = entry.as_context()?;
        let key = entry.get("key")?.as_text()?.clone();
        let is_new = made.insert(key, entry.get("value")?.clone()).is_none();
        if !is_new || !run.charge(1) {
            return None;
        }
    }
    Some(run.context(made))
}
