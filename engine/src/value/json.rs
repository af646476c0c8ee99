//! Values inside stored events: one unambiguous JSON form for each, read back exactly.
//!
//! `null`, booleans, texts and lists are themselves. A number is a JSON number if it is a whole one
//! that fits 64 bits. All others are an object of one key that names the kind: `{"date":"2026-01-01"}`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Comparison, DateTime, Range, Time, VALUE_DEPTH_MAX, Value, duration, parse_date};
use crate::ids::Name;

const KINDS: &[&str] = &["number", "date", "time", "datetime", "duration", "context", "range"];

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => match whole(*number) {
                Some(whole) => serializer.serialize_i64(whole),
                None => one_key(serializer, "number", &number.to_string()),
            },
            Self::Text(text) => serializer.serialize_str(text),
            Self::Date(_) => one_key(serializer, "date", &self.to_string()),
            Self::Time(time) => one_key(serializer, "time", &time.to_string()),
            Self::DateTime(moment) => one_key(serializer, "datetime", &moment.stored_text()),
            Self::Days(_) | Self::Months(_) => one_key(serializer, "duration", &self.to_string()),
            Self::List(items) => items.serialize(serializer),
            Self::Context(entries) => one_key(serializer, "context", &**entries),
            Self::Range(range) => one_key(serializer, "range", &StoredRange::from(&**range)),
        }
    }
}

/// The number as a JSON number can hold it without loss: its scale too.
fn whole(number: Decimal) -> Option<i64> {
    if number.scale() == 0 { number.to_i64() } else { None }
}

fn one_key<S: Serializer, T: Serialize + ?Sized>(serializer: S, key: &str, value: &T) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

/// The stored form of a range.
#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum StoredRange {
    Between { start: Value, start_included: bool, end: Value, end_included: bool },
    Compared { is: String, with: Value },
}

impl From<&Range> for StoredRange {
    fn from(range: &Range) -> Self {
        match range.clone() {
            Range::Between { start, start_included, end, end_included } => {
                Self::Between { start, start_included, end, end_included }
            }
            Range::Compared { comparison, with } => Self::Compared { is: comparison.symbol().to_owned(), with },
        }
    }
}

impl StoredRange {
    fn range(self) -> Option<Range> {
        Some(match self {
            Self::Between { start, start_included, end, end_included } => {
                Range::Between { start, start_included, end, end_included }
            }
            Self::Compared { is, with } => {
                let all = [
                    Comparison::Equal,
                    Comparison::NotEqual,
                    Comparison::Less,
                    Comparison::LessOrEqual,
                    Comparison::Greater,
                    Comparison::GreaterOrEqual,
                ];
                let comparison = all.into_iter().find(|comparison| comparison.symbol() == is)?;
                Range::Compared { comparison, with }
            }
        })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StoredValue)
    }
}

/// Reads the stored form of a value.
struct StoredValue;

impl<'de> Visitor<'de> for StoredValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stored value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Boolean(truth))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        let number =
            i64::try_from(number).map_err(|_| E::custom("a number beyond 64 bits is written {\"number\": …}"))?;
        Ok(Value::from(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element::<Value>()? {
            items.push(item);
        }
        shallow(Value::from(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let key: String = map.next_key()?.ok_or_else(|| de::Error::custom("an empty object is no stored value"))?;
        let value = match key.as_str() {
            "context" => Value::from(map.next_value::<BTreeMap<Name, Value>>()?),
            "range" => {
                let range = map.next_value::<StoredRange>()?.range();
                Value::from(range.ok_or_else(|| de::Error::custom("not a comparison"))?)
            }
            kind => {
                let text: String = map.next_value()?;
                read_written(kind, &text).ok_or_else(|| not_of_kind(kind, &text))?
            }
        };
        if map.next_key::<String>()?.is_some() {
            return Err(de::Error::custom("a stored value has one key"));
        }
        shallow(value)
    }
}

fn not_of_kind<E: de::Error>(kind: &str, text: &str) -> E {
    if KINDS.contains(&kind) {
        E::custom(format_args!("`{text}` is not a {kind} as stored values write it"))
    } else {
        E::unknown_field(kind, KINDS)
    }
}

/// Reads one of the kinds that are written as text, only in the form this module writes.
fn read_written(kind: &str, text: &str) -> Option<Value> {
    let value = match kind {
        "number" => Decimal::from_str(text).ok().filter(|number| whole(*number).is_none()).map(Value::Number),
        "date" => parse_date(text).map(Value::Date),
        "time" => Time::parse(text).map(Value::Time),
        "duration" => duration::parse(text),
        "datetime" => return DateTime::parse_stored(text).map(Value::DateTime),
        _ => None,
    }?;
    if value.to_string() == text { Some(value) } else { None }
}

fn shallow<E: de::Error>(value: Value) -> Result<Value, E> {
    if value.depth() > VALUE_DEPTH_MAX {
        return Err(E::custom(format_args!("a value may nest {VALUE_DEPTH_MAX} deep")));
    }
    Ok(value)
}
