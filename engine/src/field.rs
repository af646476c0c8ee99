//! Fields: pieces of data that a process or a step declares.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::formula::Operand;
use crate::ids::Name;
use crate::rejection::Rejection;
use crate::time::{Mistake, parse_local};
use crate::value::{DateTime, Type, Value};

/// How long a line of text may be, in characters.
pub const LINE_MAX: usize = 200;

/// How long a long text may be, in characters: a case stays a case, not an archive.
pub const TEXT_MAX: usize = 20_000;

/// How many values a list may have.
pub const LIST_MAX: usize = 1_000;

/// A piece of data that a process or step declares.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub title: Name,
    /// A hint for who fills it in.
    pub hint: Option<Name>,
    /// What it may hold.
    pub shape: Shape,
    /// The type in expressions.
    pub kind: Type,
    /// Hidden from all who do not need it.
    pub private: bool,
    /// The value at the beginning.
    pub default: Option<Operand>,
    /// The line in the definition.
    pub line: u32,
}

/// What a field may hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// One line of text.
    Line,
    /// Several lines.
    Long,
    /// A telephone number.
    Phone,
    /// A mail address.
    Mail,
    /// One of the choices, with their titles, in order.
    Choice(Vec<(Name, Name)>),
    /// An entry of a catalog, with the titles of its entries.
    Catalog(Name, Arc<BTreeMap<Name, Name>>),
    /// A whole number.
    Integer,
    /// A value of the field's type.
    Plain,
    /// Several of these.
    List(Box<Shape>),
}

impl Field {
    /// The value as the field keeps it.
    ///
    /// A moment written without a zone is one on the clock of `zone`.
    ///
    /// # Errors
    /// `FieldWrong` when it does not fit.
    pub fn accept(&self, value: &Value, zone: &TimeZone) -> Result<Value, Rejection> {
        let wrong = |message: String| Rejection::FieldWrong { field: self.name.clone(), message };
        let value = match (&self.kind, value) {
            (Type::DateTime, Value::Text(text)) => local_moment(text).unwrap_or_else(|_| value.clone()),
            _ => value.clone(),
        };
        let value = Value::from_plain_json(&value.to_plain_json(), &self.kind).map_err(wrong)?;
        self.shape.check(&value).map_err(wrong)?;
        Ok(in_zone(value, zone))
    }
}

/// The same moment with a zone.
fn in_zone(value: Value, zone: &TimeZone) -> Value {
    match &value {
        Value::DateTime(moment) if moment.zone().is_none() => {
            DateTime::new(moment.civil(), Some(zone.clone())).map_or(Value::Null, Value::DateTime)
        }
        _ => value,
    }
}

/// A moment as people write it, `2026-10-13 18:00`, on the clock of the case's calendar.
///
/// # Errors
/// What is wrong with it, and at which bytes.
pub fn local_moment(text: &str) -> Result<Value, Mistake> {
    let at = parse_local(text, &TimeZone::UTC)?;
    Ok(Value::DateTime(DateTime::Local(at.to_zoned(TimeZone::UTC).datetime())))
}

/// Whether a character does something to the line that it is shown in: commands a terminal, breaks the line, or turns the
/// direction of what follows. What stays inside its own word is left: joiners, marks of direction, variants.
fn disturbs(letter: char) -> bool {
    let is_control = letter.is_control() && letter != '\t';
    is_control || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Shape {
    /// Whether a value of the right type also fits the shape.
    ///
    /// # Errors
    /// Why it does not, in a few words.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        match (self, value) {
            (Self::List(shape), Value::List(values)) => {
                if values.len() > LIST_MAX {
                    return Err(format!("more than {LIST_MAX} values"));
                }
                values.iter().try_for_each(|value| shape.check(value))
            }
            (Self::Line, Value::Text(text)) if text.contains(['\n', '\r']) => Err("more than one line".to_owned()),
            (Self::Line, Value::Text(text)) => {
                if let Some(letter) = text.chars().find(|letter| disturbs(*letter)) {
                    return Err(format!("the character U+{:04X} cannot be in a line", u32::from(letter)));
                }
                at_most(text, LINE_MAX)
            }
            (Self::Long, Value::Text(text)) => at_most(text, TEXT_MAX),
            (Self::Phone, Value::Text(text)) => {
                let digits = text.chars().filter(char::is_ascii_digit).count();
                let plain = text.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c));
                let fits = plain && (3..=20).contains(&digits);
                if fits { Ok(()) } else { Err(format!("`{text}` is not a telephone number")) }
            }
            (Self::Mail, Value::Text(text)) => {
                let fits = text.len() <= 254
                    && !text.contains(char::is_whitespace)
                    && text.split_once('@').is_some_and(|(left, right)| {
                        !left.is_empty() && !right.contains('@') && right.contains('.') && !right.starts_with('.')
                    });
                if fits { Ok(()) } else { Err(format!("`{text}` is not a mail address")) }
            }
            (Self::Integer, Value::Number(number)) if !number.fract().is_zero() => {
                Err(format!("`{number}` is not a whole number"))
            }
            (Self::Integer, Value::Number(_)) => Ok(()),
            (Self::Choice(choices), Value::Text(text)) => one_of(text, choices.iter().map(|(key, _)| key.as_str())),
            (Self::Catalog(_, entries), Value::Text(text)) => one_of(text, entries.keys().map(Name::as_str)),
            (Self::Plain, _) | (_, Value::Null) => Ok(()),
            (
                Self::Line
                | Self::Integer
                | Self::Long
                | Self::Phone
                | Self::Mail
                | Self::Choice(_)
                | Self::Catalog(_, _)
                | Self::List(_),
                _,
            ) => Err("not of the right kind".to_owned()),
        }
    }
}

fn at_most(text: &str, characters_max: usize) -> Result<(), String> {
    if text.chars().count() > characters_max {
        return Err(format!("longer than {characters_max} characters"));
    }
    if text.contains('\0') {
        return Err("contains a NUL character".to_owned());
    }
    Ok(())
}

fn one_of<'a>(text: &str, keys: impl Iterator<Item = &'a str> + Clone) -> Result<(), String> {
    if keys.clone().any(|key| key == text) {
        return Ok(());
    }
    let hint = crate::nearest::nearest(text, keys).map_or_else(String::new, |near| format!(", did you mean `{near}`?"));
    Err(format!("there is no `{text}`{hint}"))
}

/// What types are called elsewhere, with the names they have here.
const ELSEWHERE: [(&str, &str); 15] = [
    ("string", "text"),
    ("str", "text"),
    ("varchar", "text"),
    ("textarea", "long"),
    ("int", "integer"),
    ("float", "number"),
    ("double", "number"),
    ("decimal", "number"),
    ("money", "number"),
    ("bool", "boolean"),
    ("timestamp", "datetime"),
    ("time", "datetime"),
    ("email", "mail"),
    ("user", "person"),
    ("department", "unit"),
];

/// The type that is meant by a word which other languages have for it.
pub fn type_meant(word: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(known, _)| *known == word).map(|(_, meant)| *meant)
}
