//! Arithmetic on numbers, texts, moments and durations (DMN 1.5 table 51); what cannot be computed is null.

use jiff::{SignedDuration, Span, civil};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, MathematicalOps};

use super::compare::since_midnight_ns;
use super::limits::SERIES_STEPS;
use super::run::Run;
use super::syntax::Operator;
use crate::value::{DateTime, Time, Value};

/// `left operator right`.
pub(super) fn arithmetic(run: &Run<'_>, operator: Operator, left: &Value, right: &Value) -> Value {
    if let (Value::Number(one), Value::Number(two)) = (left, right) {
        return numbers(run, operator, *one, *two).into();
    }
    let result = match operator {
        Operator::Add => add(run, left, right),
        Operator::Subtract => subtract(left, right),
        Operator::Multiply => multiply(left, right).or_else(|| multiply(right, left)),
        Operator::Divide => divide(left, right),
        Operator::Power => None,
    };
    result.unwrap_or_default()
}

fn numbers(run: &Run<'_>, operator: Operator, left: Decimal, right: Decimal) -> Option<Decimal> {
    match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide => left.checked_div(right),
        Operator::Power => power(run, left, right),
    }
}

/// A negative number has no power that is not whole.
fn power(run: &Run<'_>, base: Decimal, exponent: Decimal) -> Option<Decimal> {
    if !run.charge(SERIES_STEPS) || base.is_zero() && exponent.is_sign_negative() && !exponent.is_zero() {
        return None;
    }
    if exponent.is_integer() || base.is_zero() {
        return base.checked_powd(exponent);
    }
    base.checked_ln()?.checked_mul(exponent)?.checked_exp()
}

/// `-value`.
pub(super) fn negate(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_zero() => Value::Number(*number),
        Value::Number(number) => Value::Number(-*number),
        Value::Days(span) => span.checked_neg().into(),
        Value::Months(months) => months.checked_neg().map_or(Value::Null, Value::Months),
        Value::Null
        | Value::Boolean(_)
        | Value::Text(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_)
        | Value::List(_)
        | Value::Context(_)
        | Value::Range(_) => Value::Null,
    }
}

fn add(run: &Run<'_>, left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::Text(one), Value::Text(two)) => {
            if !run.charge_bytes(one.len() + two.len()) {
                return None;
            }
            Some(run.text(format!("{one}{two}")))
        }
        (Value::Days(one), Value::Days(two)) => one.checked_add(*two).map(Value::Days),
        (Value::Months(one), Value::Months(two)) => one.checked_add(*two).map(Value::Months),
        (moment, Value::Days(span)) | (Value::Days(span), moment) => later(moment, *span),
        (moment, Value::Months(months)) | (Value::Months(months), moment) => months_later(moment, *months),
        (_, _) => None,
    }
}

fn subtract(left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::Days(one), Value::Days(two)) => one.checked_sub(*two).map(Value::Days),
        (Value::Months(one), Value::Months(two)) => one.checked_sub(*two).map(Value::Months),
        (moment, Value::Days(span)) => later(moment, span.checked_neg()?),
        (moment, Value::Months(months)) => months_later(moment, months.checked_neg()?),
        (Value::Date(one), Value::Date(two)) => Some(Value::Days(one.duration_since(*two))),
        (Value::DateTime(one), Value::DateTime(two)) => between(one, two),
        (Value::DateTime(one), Value::Date(two)) => between(one, &in_utc(*two)?),
        (Value::Date(one), Value::DateTime(two)) => between(&in_utc(*one)?, two),
        (Value::Time(one), Value::Time(two)) => {
            let nanoseconds = since_midnight_ns(one, two.zone())? - since_midnight_ns(two, one.zone())?;
            Some(Value::Days(SignedDuration::from_nanos(nanoseconds)))
        }
        (_, _) => None,
    }
}

/// A day stands for its midnight in UTC.
fn in_utc(date: civil::Date) -> Option<DateTime> {
    DateTime::new(date.to_datetime(civil::Time::midnight()), Some(jiff::tz::TimeZone::UTC))
}

fn between(left: &DateTime, right: &DateTime) -> Option<Value> {
    match (left, right) {
        (DateTime::Local(one), DateTime::Local(two)) => Some(Value::Days(one.duration_since(*two))),
        (DateTime::Zoned(one), DateTime::Zoned(two)) => Some(Value::Days(one.duration_since(two))),
        (DateTime::Local(_), DateTime::Zoned(_)) | (DateTime::Zoned(_), DateTime::Local(_)) => None,
    }
}

/// A moment and a span of time; a day counts as its midnight.
fn later(moment: &Value, span: SignedDuration) -> Option<Value> {
    match moment {
        Value::Date(date) => {
            let midnight = date.to_datetime(civil::Time::midnight());
            midnight.checked_add(span).ok().map(|moment| Value::Date(moment.date()))
        }
        Value::DateTime(DateTime::Local(local)) => local.checked_add(span).ok().map(Value::from),
        Value::DateTime(DateTime::Zoned(zoned)) => zoned.checked_add(span).ok().map(Value::from),
        Value::Time(time) => {
            let clock = time.clock().wrapping_add(span);
            Some(Value::Time(Time::new(clock, time.zone().cloned())))
        }
        _ => None,
    }
}

/// A moment and months; where the month has no such day, its last one.
fn months_later(moment: &Value, months: i64) -> Option<Value> {
    let span = Span::new().try_months(months).ok()?;
    match moment {
        Value::Date(date) => date.checked_add(span).ok().map(Value::Date),
        Value::DateTime(DateTime::Local(local)) => local.checked_add(span).ok().map(Value::from),
        Value::DateTime(DateTime::Zoned(zoned)) => zoned.checked_add(span).ok().map(Value::from),
        _ => None,
    }
}

fn multiply(duration: &Value, factor: &Value) -> Option<Value> {
    let factor = factor.as_number()?;
    match duration {
        Value::Days(span) => days(nanoseconds(*span)?.checked_mul(factor)?),
        Value::Months(months) => Decimal::from(*months).checked_mul(factor)?.trunc().to_i64().map(Value::Months),
        _ => None,
    }
}

fn divide(left: &Value, right: &Value) -> Option<Value> {
    match (left, right) {
        (Value::Days(span), Value::Number(by)) => days(nanoseconds(*span)?.checked_div(*by)?),
        (Value::Months(months), Value::Number(by)) => {
            Decimal::from(*months).checked_div(*by)?.trunc().to_i64().map(Value::Months)
        }
        (Value::Days(one), Value::Days(two)) => nanoseconds(*one)?.checked_div(nanoseconds(*two)?).map(Value::Number),
        (Value::Months(one), Value::Months(two)) => {
            Decimal::from(*one).checked_div(Decimal::from(*two)).map(Value::Number)
        }
        (_, _) => None,
    }
}

fn nanoseconds(span: SignedDuration) -> Option<Decimal> {
    Decimal::try_from_i128_with_scale(span.as_nanos(), 0).ok()
}

fn days(nanoseconds: Decimal) -> Option<Value> {
    let nanoseconds = nanoseconds.trunc().to_i128()?;
    let seconds = i64::try_from(nanoseconds / 1_000_000_000).ok()?;
    let rest = i32::try_from(nanoseconds % 1_000_000_000).ok()?;
    Some(Value::Days(SignedDuration::new(seconds, rest)))
}
