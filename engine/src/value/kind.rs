//! What kind of value a field or an expression has, as far as it is known before any case runs.

use std::collections::BTreeMap;
use std::fmt;

use super::Value;
use crate::ids::Name;

/// How many choices a message lists before it says "…".
const CHOICES_SHOWN_MAX: usize = 6;

/// A kind of value. Every kind includes null: not yet known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Anything: known only at run time.
    Any,
    /// Nothing but null.
    Null,
    /// True or false.
    Boolean,
    /// A decimal number.
    Number,
    /// Text.
    Text,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A day and a time.
    DateTime,
    /// A span of days, hours, minutes and seconds.
    Days,
    /// A span of years and months.
    Months,
    /// Values of one kind in order.
    List(Box<Type>),
    /// Named values.
    Context(BTreeMap<Name, Type>),
    /// A range of values of one kind.
    Range(Box<Type>),
    /// A unit of the organisation: its id, a text at run time.
    Unit,
    /// A person: their id, a text at run time.
    Person,
    /// One of these words, a text at run time.
    Choice(Vec<Name>),
}

impl Type {
    /// A list of `item`.
    pub fn list(item: Self) -> Self {
        Self::List(Box::new(item))
    }

    /// How many kinds it is made of, itself included.
    pub fn parts(&self) -> usize {
        1 + match self {
            Self::List(item) | Self::Range(item) => item.parts(),
            Self::Context(entries) => entries.values().map(Self::parts).sum(),
            Self::Any
            | Self::Null
            | Self::Boolean
            | Self::Number
            | Self::Text
            | Self::Date
            | Self::Time
            | Self::DateTime
            | Self::Days
            | Self::Months
            | Self::Unit
            | Self::Person
            | Self::Choice(_) => 0,
        }
    }

    /// Whether a value of this kind is a text at run time.
    pub fn is_textual(&self) -> bool {
        match self {
            Self::Text | Self::Unit | Self::Person | Self::Choice(_) => true,
            Self::Any
            | Self::Null
            | Self::Boolean
            | Self::Number
            | Self::Date
            | Self::Time
            | Self::DateTime
            | Self::Days
            | Self::Months
            | Self::List(_)
            | Self::Context(_)
            | Self::Range(_) => false,
        }
    }

    /// Whether nothing is known of it: anything or null.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Any | Self::Null)
    }

    /// Whether a value of kind `other` may stand where this kind is wanted.
    pub fn accepts(&self, other: &Self) -> bool {
        if self.is_open() || other.is_open() {
            return true;
        }
        match (self, other) {
            (Self::Choice(wanted), Self::Choice(given)) => given.iter().any(|choice| wanted.contains(choice)),
            (Self::Text, given) => given.is_textual(),
            (wanted, Self::Text) => wanted.is_textual(),
            (Self::List(wanted), Self::List(given)) | (Self::Range(wanted), Self::Range(given)) => {
                wanted.accepts(given)
            }
            (Self::Context(wanted), Self::Context(given)) => {
                wanted.iter().all(|(key, wanted)| given.get(key).is_some_and(|given| wanted.accepts(given)))
            }
            (wanted, given) => wanted == given,
        }
    }

    /// The narrowest kind that includes both: of the branches of an `if`, the items of a list.
    pub fn common(&self, other: &Self) -> Self {
        match (self, other) {
            (one, two) if one == two => one.clone(),
            (Self::Null, kind) | (kind, Self::Null) => kind.clone(),
            (one, two) if one.is_textual() && two.is_textual() => Self::Text,
            (Self::List(one), Self::List(two)) => Self::list(one.common(two)),
            (Self::Range(one), Self::Range(two)) => Self::Range(Box::new(one.common(two))),
            (Self::Context(one), Self::Context(two)) if one.keys().eq(two.keys()) => {
                let pairs = one.iter().zip(two.values());
                Self::Context(pairs.map(|((key, one), two)| (key.clone(), one.common(two))).collect())
            }
            (_, _) => Self::Any,
        }
    }

    /// The kind of a value that is known already.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::Text(_) => Self::Text,
            Value::Date(_) => Self::Date,
            Value::Time(_) => Self::Time,
            Value::DateTime(_) => Self::DateTime,
            Value::Days(_) => Self::Days,
            Value::Months(_) => Self::Months,
            Value::List(items) => Self::list(Self::common_of(items.iter().map(Self::of))),
            Value::Context(entries) => {
                Self::Context(entries.iter().map(|(key, value)| (key.clone(), Self::of(value))).collect())
            }
            Value::Range(range) => Self::Range(Box::new(Self::common_of(range.ends().map(Self::of)))),
        }
    }

    /// The narrowest kind that includes all; null if there are none.
    pub fn common_of(kinds: impl Iterator<Item = Self>) -> Self {
        kinds.fold(Self::Null, |all, kind| all.common(&kind))
    }

    /// Whether a value is of this kind (DMN 1.5 table 49); null is of none, but may stand inside others.
    pub fn has(&self, value: &Value) -> bool {
        let has_or_null = |kind: &Self, value: &Value| value.is_null() || kind.has(value);
        match (self, value) {
            (_, Value::Null) => matches!(self, Self::Null),
            (Self::Any, _) => true,
            (Self::List(kind), Value::List(items)) => items.iter().all(|item| has_or_null(kind, item)),
            (Self::Context(kinds), Value::Context(entries)) => {
                kinds.iter().all(|(key, kind)| entries.get(&**key).is_some_and(|value| has_or_null(kind, value)))
            }
            (Self::Range(kind), Value::Range(range)) => range.ends().all(|end| has_or_null(kind, end)),
            (Self::Choice(choices), Value::Text(text)) => choices.contains(text),
            (Self::Unit | Self::Person, Value::Text(_)) => true,
            (Self::List(_) | Self::Context(_) | Self::Range(_) | Self::Choice(_), _) => false,
            (kind, value) => *kind == Self::of_plain(value),
        }
    }

    /// As [`Self::of`], without looking inside.
    fn of_plain(value: &Value) -> Self {
        match value {
            Value::List(_) => Self::list(Self::Any),
            Value::Context(_) => Self::Context(BTreeMap::new()),
            Value::Range(_) => Self::Range(Box::new(Self::Any)),
            plain => Self::of(plain),
        }
    }
}

/// With its article, to stand in a sentence: "a number", "a list of units".
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Any => "anything",
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Date => "a date",
            Self::Time => "a time",
            Self::DateTime => "a date and time",
            Self::Days => "a duration of days and time",
            Self::Months => "a duration of years and months",
            Self::Unit => "a unit",
            Self::Person => "a person",
            Self::Context(_) => "a context",
            Self::List(item) => return write!(f, "a list{}", Plural(item)),
            Self::Range(item) => return write!(f, "a range{}", Plural(item)),
            Self::Choice(choices) => {
                f.write_str("one of ")?;
                for (index, choice) in choices.iter().take(CHOICES_SHOWN_MAX).enumerate() {
                    write!(f, "{}`{choice}`", if index == 0 { "" } else { ", " })?;
                }
                return f.write_str(if choices.len() > CHOICES_SHOWN_MAX { ", …" } else { "" });
            }
        };
        f.write_str(words)
    }
}

/// " of numbers", or nothing if anything may be inside.
struct Plural<'a>(&'a Type);

impl fmt::Display for Plural<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Type::Any | Type::Null => "",
            Type::Boolean => " of booleans",
            Type::Number => " of numbers",
            Type::Text => " of texts",
            Type::Date => " of dates",
            Type::Time => " of times",
            Type::DateTime => " of dates and times",
            Type::Days | Type::Months => " of durations",
            Type::List(_) => " of lists",
            Type::Context(_) => " of contexts",
            Type::Range(_) => " of ranges",
            Type::Unit => " of units",
            Type::Person => " of persons",
            Type::Choice(_) => " of choices",
        })
    }
}
