//! Functions that make dates, times and durations, and ask about days.

use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Arguments, Form, Function, Gives, Kind, NUMBER, TEXT, Wants, form, given, number, text};
use crate::expression::run::Run;
use crate::value::{DateTime, Time, Value, duration, parse_date};

const DAY: Wants = Wants::One(&[Kind::Date, Kind::DateTime]);
const ZONE: Wants = Wants::One(&[Kind::Days, Kind::Text]);

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "date",
        forms: &[
            form(&[("from", Wants::One(&[Kind::Text, Kind::Date, Kind::DateTime]))], Gives::One(Kind::Date), date),
            form(&[("year", NUMBER), ("month", NUMBER), ("day", NUMBER)], Gives::One(Kind::Date), date_of),
        ],
    },
    Function {
        name: "time",
        forms: &[
            form(
                &[("from", Wants::One(&[Kind::Text, Kind::Time, Kind::DateTime, Kind::Date]))],
                Gives::One(Kind::Time),
                time,
            ),
            Form {
                required: 3,
                ..form(
                    &[("hour", NUMBER), ("minute", NUMBER), ("second", NUMBER), ("offset", Wants::One(&[Kind::Days]))],
                    Gives::One(Kind::Time),
                    time_of,
                )
            },
        ],
    },
    Function {
        name: "date and time",
        forms: &[
            form(
                &[("from", Wants::One(&[Kind::Text, Kind::DateTime, Kind::Date]))],
                Gives::One(Kind::DateTime),
                date_and_time,
            ),
            form(&[("date", DAY), ("time", Wants::One(&[Kind::Time]))], Gives::One(Kind::DateTime), date_with_time),
            Form {
                required: 6,
                ..form(
                    &[
                        ("year", NUMBER),
                        ("month", NUMBER),
                        ("day", NUMBER),
                        ("hour", NUMBER),
                        ("minute", NUMBER),
                        ("second", NUMBER),
                        ("offset", ZONE),
                    ],
                    Gives::One(Kind::DateTime),
                    date_and_time_of,
                )
            },
        ],
    },
    Function { name: "duration", forms: &[form(&[("from", TEXT)], Gives::Anything, duration)] },
    Function {
        name: "years and months duration",
        forms: &[form(&[("from", DAY), ("to", DAY)], Gives::One(Kind::Months), months_between)],
    },
    Function { name: "day of year", forms: &[form(&[("date", DAY)], Gives::One(Kind::Number), day_of_year)] },
    Function { name: "day of week", forms: &[form(&[("date", DAY)], Gives::One(Kind::Text), day_of_week)] },
    Function { name: "month of year", forms: &[form(&[("date", DAY)], Gives::One(Kind::Text), month_of_year)] },
    Function { name: "week of year", forms: &[form(&[("date", DAY)], Gives::One(Kind::Number), week_of_year)] },
];

/// The day of a day or moment.
fn day(arguments: Arguments<'_>, place: usize) -> Option<civil::Date> {
    match given(arguments, place)? {
        Value::Date(date) => Some(*date),
        Value::DateTime(moment) => Some(moment.civil().date()),
        _ => None,
    }
}

fn date(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    match given(arguments, 0)? {
        Value::Text(text) => parse_date(text).map(Value::Date),
        _ => day(arguments, 0).map(Value::Date),
    }
}

/// A whole number of the size that calendars and clocks use.
fn whole<T: TryFrom<i64>>(arguments: Arguments<'_>, place: usize) -> Option<T> {
    let number = number(arguments, place)?;
    let whole = if number.is_integer() { number.to_i64()? } else { return None };
    T::try_from(whole).ok()
}

fn civil_date(arguments: Arguments<'_>) -> Option<civil::Date> {
    civil::Date::new(whole(arguments, 0)?, whole(arguments, 1)?, whole(arguments, 2)?).ok()
}

fn date_of(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    civil_date(arguments).map(Value::Date)
}

/// Hour, minute and second, which may have a fraction, from `first` on.
fn clock(arguments: Arguments<'_>, first: usize) -> Option<civil::Time> {
    let second = number(arguments, first + 2)?;
    let fraction = second.fract().checked_mul(Decimal::from(1_000_000_000))?.trunc().to_i32()?;
    let second = second.trunc().to_i8()?;
    civil::Time::new(whole(arguments, first)?, whole(arguments, first + 1)?, second, fraction).ok()
}

/// Outer `None`: it is no zone. Inner `None`: it is left out or null.
fn zone(arguments: Arguments<'_>, place: usize) -> Option<Option<TimeZone>> {
    match given(arguments, place) {
        None => Some(None),
        Some(Value::Days(span)) => {
            let offset = Offset::from_seconds(i32::try_from(span.as_secs()).ok()?).ok()?;
            Some(Some(TimeZone::fixed(offset)))
        }
        Some(Value::Text(name)) => TimeZone::get(name).ok().map(Some),
        Some(_) => None,
    }
}

fn time(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let time = match given(arguments, 0)? {
        Value::Text(text) => Time::parse(text)?,
        Value::Time(time) => time.clone(),
        Value::DateTime(moment) => Time::new(moment.civil().time(), moment.zone().cloned()),
        Value::Date(_) => Time::new(civil::Time::midnight(), Some(TimeZone::UTC)),
        _ => return None,
    };
    Some(Value::Time(time))
}

fn time_of(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Some(Value::Time(Time::new(clock(arguments, 0)?, zone(arguments, 3)?)))
}

/// A text that is only a day stands for its midnight.
fn date_and_time(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let at_midnight = |date: civil::Date| DateTime::Local(date.to_datetime(civil::Time::midnight()));
    let moment = match given(arguments, 0)? {
        Value::Text(text) => DateTime::parse(text).or_else(|| parse_date(text).map(at_midnight))?,
        Value::DateTime(moment) => moment.clone(),
        Value::Date(date) => at_midnight(*date),
        _ => return None,
    };
    Some(Value::DateTime(moment))
}

fn date_with_time(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let date = day(arguments, 0)?;
    let Value::Time(time) = given(arguments, 1)? else { return None };
    DateTime::new(date.to_datetime(time.clock()), time.zone().cloned()).map(Value::DateTime)
}

fn date_and_time_of(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let civil = civil_date(arguments)?.to_datetime(clock(arguments, 3)?);
    DateTime::new(civil, zone(arguments, 6)?).map(Value::DateTime)
}

fn duration(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    duration::parse(text(arguments, 0)?)
}

/// Whole months from one day to another.
fn months_between(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let (from, to) = (day(arguments, 0)?, day(arguments, 1)?);
    let months = |date: civil::Date| i64::from(date.year()) * 12 + i64::from(date.month());
    let difference = months(to) - months(from);
    let is_short = if difference > 0 { to.day() < from.day() } else { difference < 0 && to.day() > from.day() };
    Some(Value::Months(if is_short { difference - difference.signum() } else { difference }))
}

fn day_of_year(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Some(i64::from(day(arguments, 0)?.day_of_year()).into())
}

fn day_of_week(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    let offset = day(arguments, 0)?.weekday().to_monday_zero_offset();
    names.get(usize::try_from(offset).ok()?).map(|name| Value::text(name))
}

fn month_of_year(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    let names = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = usize::try_from(day(arguments, 0)?.month()).ok()?;
    names.get(month - 1).map(|name| Value::text(name))
}

/// By ISO 8601.
fn week_of_year(_: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Some(i64::from(day(arguments, 0)?.iso_week_date().week()).into())
}
