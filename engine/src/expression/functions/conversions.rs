//! Functions between texts and numbers, and `is`.

use super::{Arguments, Function, Gives, Kind, TEXT, Wants, form, given, text};
use crate::expression::run::Run;
use crate::value::{Value, number as digits};

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "string", forms: &[form(&[("from", Wants::Anything)], Gives::One(Kind::Text), string)] },
    Function {
        name: "number",
        forms: &[
            form(&[("from", TEXT)], Gives::One(Kind::Number), number),
            form(
                &[("from", TEXT), ("grouping separator", TEXT), ("decimal separator", TEXT)],
                Gives::One(Kind::Number),
                number,
            ),
        ],
    },
    Function {
        name: "is",
        forms: &[form(&[("value1", Wants::Anything), ("value2", Wants::Anything)], Gives::One(Kind::Boolean), is)],
    },
];

fn string(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let value = given(arguments, 0)?;
    if !run.charge_value(value) {
        return None;
    }
    Some(match value {
        Value::Text(_) => value.clone(),
        other => run.text(other.to_string()),
    })
}

/// Grouping is by blank, comma or point, the decimal separator a comma or point, never both the same.
fn number(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let written = text(arguments, 0)?;
    let separator = |place: usize, allowed: &[&str]| match given(arguments, place) {
        None => Some(None),
        Some(value) => value.as_text().filter(|text| allowed.contains(&text.as_str())).map(|text| Some(text.as_str())),
    };
    let grouping = separator(1, &[" ", ",", "."])?;
    let decimal = separator(2, &[",", "."])?;
    if grouping.is_some() && grouping == decimal {
        return None;
    }
    let mut plain = written.to_string();
    if let Some(grouping) = grouping {
        plain = plain.replace(grouping, "");
    }
    if let Some(decimal) = decimal {
        plain = plain.replace(decimal, ".");
    }
    // As in an expression, the digits before the point may be missing.
    let (sign, magnitude) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let begins = magnitude.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    if begins { digits::parse(&format!("{sign}0{magnitude}")).ok().map(Value::from) } else { None }
}

/// Whether two values are the same, kind and zone included.
fn is(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let (one, two) = (arguments.first()?, arguments.get(1)?);
    if run.charge_value(one) { Some(Value::Boolean(one == two)) } else { None }
}
