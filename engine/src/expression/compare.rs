//! Equality and order of values (DMN 1.5 tables 42 and 45), three-valued: `None` is null.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::ids::Name;
use crate::value::{Comparison, DateTime, Range, Time, Value};

/// Whether `=` holds: null equals only null, values of different kinds cannot be compared.
pub fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Text(one), Value::Text(two)) => Some(one == two),
        (Value::Number(one), Value::Number(two)) => Some(order_numbers(*one, *two).is_eq()),
        (Value::Null, other) | (other, Value::Null) => Some(other.is_null()),
        (Value::Boolean(one), Value::Boolean(two)) => Some(one == two),
        (Value::List(one), Value::List(two)) => equal_lists(one, two),
        (Value::Context(one), Value::Context(two)) => equal_contexts(one, two),
        (Value::Range(one), Value::Range(two)) => equal_ranges(one, two),
        (_, _) => order(left, right).map(Ordering::is_eq),
    }
}

fn equal_lists(left: &[Value], right: &[Value]) -> Option<bool> {
    if left.len() != right.len() {
        return Some(false);
    }
    all_equal(left.iter().zip(right))
}

fn equal_contexts(left: &BTreeMap<Name, Value>, right: &BTreeMap<Name, Value>) -> Option<bool> {
    if !left.keys().eq(right.keys()) {
        return Some(false);
    }
    all_equal(left.values().zip(right.values()))
}

fn all_equal<'v>(pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Option<bool> {
    let mut all = Some(true);
    for (one, two) in pairs {
        match equal(one, two) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => all = None,
        }
    }
    all
}

fn equal_ranges(left: &Range, right: &Range) -> Option<bool> {
    let is_same_form = match (left, right) {
        (
            Range::Between { start_included, end_included, .. },
            Range::Between { start_included: other_start, end_included: other_end, .. },
        ) => start_included == other_start && end_included == other_end,
        (Range::Compared { comparison, .. }, Range::Compared { comparison: other, .. }) => comparison == other,
        (Range::Between { .. }, Range::Compared { .. }) | (Range::Compared { .. }, Range::Between { .. }) => false,
    };
    if is_same_form { all_equal(left.ends().zip(right.ends())) } else { Some(false) }
}

/// How two values of one ordered kind stand to each other; `None` if they are not, or one is null.
/// Moments with a zone cannot be compared with moments without.
pub fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(one), Value::Number(two)) => Some(order_numbers(*one, *two)),
        (Value::Text(one), Value::Text(two)) => Some(one.as_str().cmp(two.as_str())),
        (Value::Date(one), Value::Date(two)) => Some(one.cmp(two)),
        (Value::Time(one), Value::Time(two)) => order_times(one, two),
        (Value::DateTime(one), Value::DateTime(two)) => order_moments(one, two),
        (Value::Days(one), Value::Days(two)) => Some(one.cmp(two)),
        (Value::Months(one), Value::Months(two)) => Some(one.cmp(two)),
        (_, _) => None,
    }
}

/// Numbers of one scale, as most are, stand to each other as their digits do.
fn order_numbers(left: Decimal, right: Decimal) -> Ordering {
    if left.scale() == right.scale() { left.mantissa().cmp(&right.mantissa()) } else { left.cmp(&right) }
}

fn order_moments(left: &DateTime, right: &DateTime) -> Option<Ordering> {
    match (left, right) {
        (DateTime::Local(one), DateTime::Local(two)) => Some(one.cmp(two)),
        (DateTime::Zoned(one), DateTime::Zoned(two)) => Some(one.timestamp().cmp(&two.timestamp())),
        (DateTime::Local(_), DateTime::Zoned(_)) | (DateTime::Zoned(_), DateTime::Local(_)) => None,
    }
}

fn order_times(left: &Time, right: &Time) -> Option<Ordering> {
    since_midnight_ns(left, right.zone()).zip(since_midnight_ns(right, left.zone())).map(|(one, two)| one.cmp(&two))
}

/// Nanoseconds since midnight, in UTC if both times have an offset, on the clock if both have the same
/// zone or none. A named zone has no offset without a day, so it compares only with itself.
pub(super) fn since_midnight_ns(time: &Time, other: Option<&TimeZone>) -> Option<i64> {
    let clock = time.clock();
    let seconds = i64::from(clock.hour()) * 3600 + i64::from(clock.minute()) * 60 + i64::from(clock.second());
    let on_clock = seconds * 1_000_000_000 + i64::from(clock.subsec_nanosecond());
    match (time.zone(), other) {
        (None, None) => Some(on_clock),
        (Some(one), Some(two)) if one == two => Some(on_clock),
        (Some(one), Some(two)) => {
            two.to_fixed_offset().ok()?;
            let offset = one.to_fixed_offset().ok()?;
            Some(on_clock - i64::from(offset.seconds()) * 1_000_000_000)
        }
        (None, Some(_)) | (Some(_), None) => None,
    }
}

/// Whether `left` stands so to `right`.
pub(super) fn compare(comparison: Comparison, left: &Value, right: &Value) -> Option<bool> {
    match comparison {
        Comparison::Equal => equal(left, right),
        Comparison::NotEqual => equal(left, right).map(|is_equal| !is_equal),
        Comparison::Less => order(left, right).map(Ordering::is_lt),
        Comparison::LessOrEqual => order(left, right).map(Ordering::is_le),
        Comparison::Greater => order(left, right).map(Ordering::is_gt),
        Comparison::GreaterOrEqual => order(left, right).map(Ordering::is_ge),
    }
}

/// Whether a value lies in a range.
pub(super) fn within(value: &Value, range: &Range) -> Option<bool> {
    match range {
        Range::Compared { comparison, with } => compare(*comparison, value, with),
        Range::Between { start, start_included, end, end_included } => {
            let from_start = order(value, start)?;
            let to_end = order(value, end)?;
            let is_after = from_start.is_gt() || (*start_included && from_start.is_eq());
            let is_before = to_end.is_lt() || (*end_included && to_end.is_eq());
            Some(is_after && is_before)
        }
    }
}

/// Whether a value passes a test: is equal to it, lies in it, or is or lies in one of its items.
pub(super) fn passes(value: &Value, test: &Value) -> Option<bool> {
    match (value, test) {
        (Value::Range(_), Value::Range(_)) => equal(value, test),
        (_, Value::Range(range)) => within(value, range),
        (_, Value::List(items)) => {
            if matches!(value, Value::List(_)) && equal(value, test) == Some(true) {
                return Some(true);
            }
            any(items.iter().map(|item| match item {
                Value::Range(range) => within(value, range),
                Value::List(_) if !matches!(value, Value::List(_)) => None,
                _ => equal(value, item).or(Some(false)),
            }))
        }
        (_, _) => equal(value, test),
    }
}

/// True if one is, null if one is unknown, otherwise false.
pub(super) fn any(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(false);
    for truth in truths {
        match truth {
            Some(true) => return Some(true),
            Some(false) => {}
            None => result = None,
        }
    }
    result
}
