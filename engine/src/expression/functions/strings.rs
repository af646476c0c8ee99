//! Functions on texts. Positions count characters from 1, or from the end if negative.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Arguments, Form, Function, Gives, Kind, NUMBER, TEXT, Wants, form, given, items, number, text};
use crate::expression::limits::RESULT_BYTES_MAX;
use crate::expression::run::Run;
use crate::value::Value;

const GIVES: Gives = Gives::One(Kind::Text);
const TRUTH: Gives = Gives::One(Kind::Boolean);
const TWO: &[(&str, Wants)] = &[("string", TEXT), ("match", TEXT)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "substring",
        forms: &[Form {
            required: 2,
            ..form(&[("string", TEXT), ("start position", NUMBER), ("length", NUMBER)], GIVES, substring)
        }],
    },
    Function { name: "string length", forms: &[form(&[("string", TEXT)], Gives::One(Kind::Number), length)] },
    Function { name: "upper case", forms: &[form(&[("string", TEXT)], GIVES, upper_case)] },
    Function { name: "lower case", forms: &[form(&[("string", TEXT)], GIVES, lower_case)] },
    Function { name: "substring before", forms: &[form(TWO, GIVES, substring_before)] },
    Function { name: "substring after", forms: &[form(TWO, GIVES, substring_after)] },
    Function { name: "contains", forms: &[form(TWO, TRUTH, contains)] },
    Function { name: "starts with", forms: &[form(TWO, TRUTH, starts_with)] },
    Function { name: "ends with", forms: &[form(TWO, TRUTH, ends_with)] },
    Function {
        name: "string join",
        forms: &[Form {
            required: 1,
            ..form(&[("list", Wants::Items(&[Kind::Text])), ("delimiter", TEXT)], GIVES, join)
        }],
    },
];

fn substring(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let string = text(arguments, 0)?;
    if !run.charge_bytes(string.len()) {
        return None;
    }
    let count = string.chars().count();
    let start = position(number(arguments, 1)?)?;
    let distance = usize::try_from(start.unsigned_abs()).ok()?;
    let first = if start > 0 { distance - 1 } else { count.checked_sub(distance)? };
    let length = match arguments.get(2) {
        None => count,
        Some(_) => usize::try_from(position(number(arguments, 2)?)?).ok()?,
    };
    Some(run.text(string.chars().skip(first).take(length).collect()))
}

/// A whole number that is not 0.
fn position(number: Decimal) -> Option<i64> {
    number.trunc().to_i64().filter(|position| *position != 0)
}

fn length(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let string = text(arguments, 0)?;
    if run.charge_bytes(string.len()) { Some(Decimal::from(string.chars().count()).into()) } else { None }
}

fn upper_case(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Some(run.text(text(arguments, 0)?.to_uppercase()))
}

fn lower_case(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Some(run.text(text(arguments, 0)?.to_lowercase()))
}

/// What stands on both sides of the first match; nothing is matched before the first character.
fn around<'a>(run: &Run<'_>, arguments: Arguments<'a>) -> Option<Option<(&'a str, &'a str)>> {
    let (string, part) = (text(arguments, 0)?, text(arguments, 1)?);
    if run.charge_bytes(string.len()) { Some(string.split_once(part.as_str())) } else { None }
}

fn substring_before(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let (before, _) = around(run, arguments)?.unwrap_or_default();
    Some(run.text(before.to_owned()))
}

fn substring_after(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let (_, after) = around(run, arguments)?.unwrap_or_default();
    Some(run.text(after.to_owned()))
}

fn contains(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Some(Value::Boolean(around(run, arguments)?.is_some()))
}

fn starts_with(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Some(Value::Boolean(text(arguments, 0)?.starts_with(text(arguments, 1)?.as_str())))
}

fn ends_with(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Some(Value::Boolean(text(arguments, 0)?.ends_with(text(arguments, 1)?.as_str())))
}

/// Items that are null are passed over.
fn join(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let items = items(arguments, 0)?;
    let delimiter = match given(arguments, 1) {
        None => "",
        Some(delimiter) => delimiter.as_text()?,
    };
    let mut result = String::new();
    let mut is_first = true;
    for item in items.iter().filter(|item| !item.is_null()) {
        if !is_first {
            result.push_str(delimiter);
        }
        is_first = false;
        result.push_str(item.as_text()?);
        if result.len() > RESULT_BYTES_MAX {
            return None;
        }
    }
    Some(run.text(result))
}
