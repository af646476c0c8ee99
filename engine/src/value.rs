//! What a field holds and an expression yields: the values of FEEL (DMN 1.5 §10.3.2.3).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned, civil};
use rust_decimal::Decimal;

use crate::ids::Name;

pub mod duration;
mod json;
mod kind;
pub(crate) mod number;
mod plain;
mod range;
mod scan;
mod time;

pub use kind::Type;
pub use range::{Comparison, Range};
pub(crate) use time::zone_name;
pub use time::{DateTime, Time, parse_date};

/// Lists in lists in contexts … deeper than this are refused: every walk over a value is recursive,
/// and so must fit any stack, and JSON readers stop at 128 levels.
pub const VALUE_DEPTH_MAX: usize = 32;

/// A value. Cheap to clone.
///
/// `==` asks whether two values are the same one, zone of a moment included; what `=` means in an
/// expression is [`crate::expression::equal`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// Not yet known.
    #[default]
    Null,
    /// True or false.
    Boolean(bool),
    /// An exact decimal of up to 28 digits.
    Number(Decimal),
    /// Text, and at run time also a choice and the id of a unit or a person.
    Text(Name),
    /// A day.
    Date(civil::Date),
    /// A time of day.
    Time(Time),
    /// A day and a time of day, with a zone or without.
    DateTime(DateTime),
    /// A span of days, hours, minutes and seconds.
    Days(SignedDuration),
    /// A span of years and months, in months.
    Months(i64),
    /// Values in order.
    List(Arc<Vec<Value>>),
    /// Named values.
    Context(Arc<BTreeMap<Name, Value>>),
    /// Everything between two values, or on one side of one.
    Range(Arc<Range>),
}

impl Value {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(Name::new(text))
    }

    /// Whether nothing is known.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is the boolean true: what a condition asks for.
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Boolean(true))
    }

    /// The boolean, if it is one.
    pub fn as_boolean(&self) -> Option<bool> {
        if let Self::Boolean(truth) = self { Some(*truth) } else { None }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<Decimal> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&Name> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The entries, if it is a context.
    pub fn as_context(&self) -> Option<&BTreeMap<Name, Self>> {
        if let Self::Context(entries) = self { Some(entries) } else { None }
    }

    /// The moment meant: a day and time without a zone are read in `zone`, a day is its first moment there.
    pub fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::DateTime(moment) => moment.instant(zone),
            Self::Date(date) => date.to_zoned(zone.clone()).ok().map(|moment| moment.timestamp()),
            Self::Null
            | Self::Boolean(_)
            | Self::Number(_)
            | Self::Text(_)
            | Self::Time(_)
            | Self::Days(_)
            | Self::Months(_)
            | Self::List(_)
            | Self::Context(_)
            | Self::Range(_) => None,
        }
    }

    /// How deep lists and contexts are nested in it: 0 for a number.
    pub fn depth(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Context(entries) => 1 + entries.values().map(Self::depth).max().unwrap_or(0),
            Self::Range(range) => 1 + range.ends().map(Self::depth).max().unwrap_or(0),
            Self::Null
            | Self::Boolean(_)
            | Self::Number(_)
            | Self::Text(_)
            | Self::Date(_)
            | Self::Time(_)
            | Self::DateTime(_)
            | Self::Days(_)
            | Self::Months(_) => 0,
        }
    }
}

/// As FEEL's `string()` writes it: text bare, inside lists and contexts quoted.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(truth) => write!(f, "{truth}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::Date(date) => time::write_date(f, *date),
            Self::Time(time) => write!(f, "{time}"),
            Self::DateTime(moment) => write!(f, "{moment}"),
            Self::Days(span) => f.write_str(&duration::days_text(*span)),
            Self::Months(months) => f.write_str(&duration::months_text(*months)),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    write_nested(f, item)?;
                }
                f.write_str("]")
            }
            Self::Context(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: ", if index == 0 { "" } else { ", " })?;
                    write_nested(f, value)?;
                }
                f.write_str("}")
            }
            Self::Range(range) => write!(f, "{range}"),
        }
    }
}

/// A value inside another: text in quotes.
fn write_nested(f: &mut fmt::Formatter<'_>, value: &Value) -> fmt::Result {
    let Value::Text(text) = value else {
        return write!(f, "{value}");
    };
    write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Decimal::from(number))
    }
}

impl From<Decimal> for Value {
    fn from(mut number: Decimal) -> Self {
        if number.is_zero() {
            number.set_sign_positive(true);
        }
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Name::from(text))
    }
}

impl From<Name> for Value {
    fn from(text: Name) -> Self {
        Self::Text(text)
    }
}

/// A moment, written in UTC.
impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::from(at.to_zoned(TimeZone::UTC))
    }
}

impl From<Zoned> for Value {
    fn from(moment: Zoned) -> Self {
        Self::DateTime(DateTime::Zoned(Arc::new(moment)))
    }
}

impl From<civil::DateTime> for Value {
    fn from(moment: civil::DateTime) -> Self {
        Self::DateTime(DateTime::Local(moment))
    }
}

impl From<civil::Date> for Value {
    fn from(date: civil::Date) -> Self {
        Self::Date(date)
    }
}

impl From<SignedDuration> for Value {
    fn from(span: SignedDuration) -> Self {
        Self::Days(span)
    }
}

impl From<Vec<Self>> for Value {
    fn from(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }
}

impl From<BTreeMap<Name, Self>> for Value {
    fn from(entries: BTreeMap<Name, Self>) -> Self {
        Self::Context(Arc::new(entries))
    }
}

impl From<Range> for Value {
    fn from(range: Range) -> Self {
        Self::Range(Arc::new(range))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
