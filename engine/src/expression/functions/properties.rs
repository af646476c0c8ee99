//! What stands behind a dot: entries of contexts, parts of dates, times, durations and ranges.

use std::borrow::Cow;

use jiff::civil;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::expression::run::Run;
use crate::value::{Range, Value, zone_name};

const SECONDS_PER_DAY: i64 = 86_400;

/// `value.name`; of a list, the list of its items' properties.
pub(in crate::expression) fn property<'v>(run: &Run<'_>, value: &'v Value, name: &str) -> Cow<'v, Value> {
    match value {
        Value::Context(entries) => entries.get(name).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
        Value::List(items) => {
            let properties = items.iter().map(|item| property(run, item, name).into_owned());
            Cow::Owned(if run.charge_items(items.len()) { run.list(properties.collect()) } else { Value::Null })
        }
        value => Cow::Owned(part(value, name).unwrap_or_default()),
    }
}

fn part(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Date(date) => of_date(*date, name),
        Value::Time(time) => of_clock(time.clock(), name).or_else(|| of_zone(time.zone()?, None, name)),
        Value::DateTime(moment) => {
            let civil = moment.civil();
            let of_civil = of_date(civil.date(), name).or_else(|| of_clock(civil.time(), name));
            of_civil.or_else(|| of_zone(moment.zone()?, moment.instant(&TimeZone::UTC), name))
        }
        Value::Days(span) => {
            let seconds = span.as_secs();
            let part = match name {
                "days" => seconds / SECONDS_PER_DAY,
                "hours" => seconds % SECONDS_PER_DAY / 3600,
                "minutes" => seconds % 3600 / 60,
                "seconds" => seconds % 60,
                _ => return None,
            };
            Some(part.into())
        }
        Value::Months(months) => match name {
            "years" => Some((months / 12).into()),
            "months" => Some((months % 12).into()),
            _ => None,
        },
        Value::Range(range) => of_range(range, name),
        Value::Null | Value::Boolean(_) | Value::Number(_) | Value::Text(_) | Value::List(_) | Value::Context(_) => {
            None
        }
    }
}

fn of_date(date: civil::Date, name: &str) -> Option<Value> {
    let part = match name {
        "year" => i64::from(date.year()),
        "month" => i64::from(date.month()),
        "day" => i64::from(date.day()),
        "weekday" => i64::from(date.weekday().to_monday_one_offset()),
        _ => return None,
    };
    Some(part.into())
}

fn of_clock(clock: civil::Time, name: &str) -> Option<Value> {
    match name {
        "hour" => Some(i64::from(clock.hour()).into()),
        "minute" => Some(i64::from(clock.minute()).into()),
        "second" => {
            let fraction = Decimal::new(i64::from(clock.subsec_nanosecond()), 9).normalize();
            Decimal::from(clock.second()).checked_add(fraction).map(Value::from)
        }
        _ => None,
    }
}

/// A zone with rules of its own has an offset only at a moment.
fn of_zone(zone: &TimeZone, at: Option<jiff::Timestamp>, name: &str) -> Option<Value> {
    match name {
        "time offset" => {
            let offset = zone.to_fixed_offset().ok().or_else(|| at.map(|at| zone.to_offset(at)))?;
            Some(Value::Days(jiff::SignedDuration::from_secs(i64::from(offset.seconds()))))
        }
        "timezone" => zone_name(zone).map(Value::text),
        _ => None,
    }
}

fn of_range(range: &Range, name: &str) -> Option<Value> {
    let Range::Between { start, start_included, end, end_included } = range else {
        return None;
    };
    match name {
        "start" => Some(start.clone()),
        "end" => Some(end.clone()),
        "start included" => Some(Value::Boolean(*start_included)),
        "end included" => Some(Value::Boolean(*end_included)),
        _ => None,
    }
}
