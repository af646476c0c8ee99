//! Functions on lists. Positions count from 1, or from the end if negative.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{
    Arguments, BOOLEAN, Form, Function, Gives, Kind, LIST, NUMBER, Wants, all_items, form, given, items, list, number,
};
use crate::expression::compare::{any, equal};
use crate::expression::run::Run;
use crate::value::Value;

const TRUTH: Gives = Gives::One(Kind::Boolean);
const LISTS: Wants = Wants::Items(&[]);
const BOOLEANS: Wants = Wants::Items(&[Kind::Boolean]);

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "list contains",
        forms: &[form(&[("list", LIST), ("element", Wants::Item)], TRUTH, list_contains)],
    },
    Function { name: "count", forms: &[form(&[("list", LIST)], Gives::One(Kind::Number), count)] },
    Function { name: "all", forms: &[Form { repeats: true, ..form(&[("list", BOOLEANS)], TRUTH, every) }] },
    Function { name: "any", forms: &[Form { repeats: true, ..form(&[("list", BOOLEANS)], TRUTH, some) }] },
    Function {
        name: "sublist",
        forms: &[Form {
            required: 2,
            ..form(&[("list", LIST), ("start position", NUMBER), ("length", NUMBER)], Gives::First, sublist)
        }],
    },
    Function {
        name: "append",
        forms: &[Form {
            repeats: true,
            ..form(&[("list", LISTS), ("item", Wants::Anything)], Gives::SameList, append)
        }],
    },
    Function {
        name: "concatenate",
        forms: &[Form { repeats: true, ..form(&[("list", LISTS)], Gives::SameList, concatenate) }],
    },
    Function {
        name: "insert before",
        forms: &[form(
            &[("list", LIST), ("position", NUMBER), ("newItem", Wants::Anything)],
            Gives::Positioned,
            insert_before,
        )],
    },
    Function { name: "remove", forms: &[form(&[("list", LIST), ("position", NUMBER)], Gives::First, remove)] },
    Function {
        name: "list replace",
        forms: &[form(
            &[("list", LIST), ("position", NUMBER), ("newItem", Wants::Anything)],
            Gives::Positioned,
            list_replace,
        )],
    },
    Function { name: "reverse", forms: &[form(&[("list", LIST)], Gives::First, reverse)] },
    Function {
        name: "index of",
        forms: &[form(&[("list", LIST), ("match", Wants::Item)], Gives::ListOf(Kind::Number), index_of)],
    },
    Function { name: "union", forms: &[Form { repeats: true, ..form(&[("list", LISTS)], Gives::SameList, union) }] },
    Function { name: "distinct values", forms: &[form(&[("list", LIST)], Gives::First, distinct_values)] },
    Function { name: "duplicate values", forms: &[form(&[("list", LIST)], Gives::First, duplicate_values)] },
    Function { name: "flatten", forms: &[form(&[("list", LISTS)], Gives::One(Kind::List), flatten)] },
    Function { name: "not", forms: &[form(&[("negand", BOOLEAN)], TRUTH, not)] },
];

fn not(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    given(arguments, 0)?.as_boolean().map(|truth| Value::Boolean(!truth))
}

fn is_same(one: &Value, two: &Value) -> bool {
    equal(one, two) == Some(true)
}

fn list_contains(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let list = list(arguments, 0)?;
    if !run.charge_value(&arguments[0]) {
        return None;
    }
    let element = arguments.get(1)?;
    Some(Value::Boolean(list.iter().any(|item| is_same(item, element))))
}

fn count(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Some(Decimal::from(list(arguments, 0)?.len()).into())
}

/// The booleans given; `None` if something else is among them.
fn truths(arguments: Arguments<'_>) -> Option<Vec<Option<bool>>> {
    let items = all_items(arguments)?;
    let truths = items.iter().map(|item| if item.is_null() { Some(None) } else { item.as_boolean().map(Some) });
    truths.collect()
}

fn every(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let truths = truths(arguments)?;
    if !run.charge_items(truths.len()) {
        return None;
    }
    let is_one_false = any(truths.into_iter().map(|truth| truth.map(|truth| !truth)))?;
    Some(Value::Boolean(!is_one_false))
}

fn some(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let truths = truths(arguments)?;
    if run.charge_items(truths.len()) { any(truths.into_iter()).map(Value::Boolean) } else { None }
}

fn sublist(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let list = list(arguments, 0)?;
    let first = index_at(list.len(), number(arguments, 1)?)?;
    let rest = &list[first..];
    let length = match arguments.get(2) {
        None => rest.len(),
        Some(_) => number(arguments, 2)?.trunc().to_usize().filter(|length| *length <= rest.len())?,
    };
    Some(run.list(rest[..length].to_vec()))
}

fn append(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let mut list = items(arguments, 0)?.to_vec();
    list.extend(arguments[1..].iter().map(|item| (**item).clone()));
    Some(run.list(list))
}

/// All items of all lists, in order.
fn joined(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Vec<Value>> {
    let mut all = Vec::new();
    for place in 0..arguments.len() {
        let items = items(arguments, place)?;
        if !run.charge_items(items.len()) {
            return None;
        }
        all.extend_from_slice(items);
    }
    Some(all)
}

fn concatenate(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Some(run.list(joined(run, arguments)?))
}

fn insert_before(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let mut list = list(arguments, 0)?.to_vec();
    let index = index_at(list.len(), number(arguments, 1)?)?;
    list.insert(index, (**arguments.get(2)?).clone());
    Some(run.list(list))
}

fn remove(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let mut list = list(arguments, 0)?.to_vec();
    let index = index_at(list.len(), number(arguments, 1)?)?;
    list.remove(index);
    Some(run.list(list))
}

fn list_replace(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let mut list = list(arguments, 0)?.to_vec();
    let index = index_at(list.len(), number(arguments, 1)?)?;
    list[index] = (**arguments.get(2)?).clone();
    Some(run.list(list))
}

fn reverse(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Some(run.list(list(arguments, 0)?.iter().rev().cloned().collect()))
}

fn index_of(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let list = list(arguments, 0)?;
    if !run.charge_value(&arguments[0]) {
        return None;
    }
    let sought = arguments.get(1)?;
    let positions = list.iter().enumerate().filter(|(_, item)| is_same(item, sought));
    Some(run.list(positions.map(|(index, _)| Decimal::from(index + 1).into()).collect()))
}

fn union(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let all = joined(run, arguments)?;
    distinct(run, &all)
}

fn distinct_values(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    distinct(run, list(arguments, 0)?)
}

/// The first of each: every item is compared with all those kept.
fn distinct(run: &Run<'_>, items: &[Value]) -> Option<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if !run.charge_items(kept.len() + 1) || !run.charge_value(item) {
            return None;
        }
        if !kept.iter().any(|other| is_same(other, item)) {
            kept.push(item.clone());
        }
    }
    Some(run.list(kept))
}

/// One of each that is there more than once.
fn duplicate_values(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let items = list(arguments, 0)?;
    let mut repeated: Vec<Value> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        if !run.charge_items(items.len()) || !run.charge_value(item) {
            return None;
        }
        let is_again = items[..index].iter().any(|other| is_same(other, item));
        if is_again && !repeated.iter().any(|other| is_same(other, item)) {
            repeated.push(item.clone());
        }
    }
    Some(run.list(repeated))
}

fn flatten(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let mut flat = Vec::new();
    flatten_into(run, items(arguments, 0)?, &mut flat)?;
    Some(run.list(flat))
}

/// As deep as values may nest, no deeper.
fn flatten_into(run: &Run<'_>, items: &[Value], flat: &mut Vec<Value>) -> Option<()> {
    for item in items {
        if !run.charge(1) {
            return None;
        }
        match item {
            Value::List(inner) => flatten_into(run, inner, flat)?,
            other => flat.push(other.clone()),
        }
    }
    Some(())
}

/// The index that a position stands for.
pub(in crate::expression) fn index_at(length: usize, position: Decimal) -> Option<usize> {
    let position = if position.is_integer() { position.to_i64()? } else { return None };
    let distance = usize::try_from(position.unsigned_abs()).ok()?;
    let index = if position > 0 { distance.checked_sub(1) } else { length.checked_sub(distance) };
    index.filter(|index| *index < length)
}
