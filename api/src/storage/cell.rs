//! The kinds of value that both databases keep alike: text, whole numbers and bytes.

use std::fmt;

use duban_engine::ids::{CaseId, Name};
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::{Error, Result};

/// One value of a row, or a parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A text.
    Text(String),
    /// A number, an instant in microseconds, or 0 and 1 for no and yes.
    Integer(i64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Several texts, only as a parameter: `IN (SELECT value FROM each($1))`.
    Texts(Vec<String>),
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("nothing"),
            Self::Text(text) => write!(formatter, "`{text}`"),
            Self::Integer(number) => number.fmt(formatter),
            Self::Bytes(bytes) => write!(formatter, "{} bytes", bytes.len()),
            Self::Texts(texts) => write!(formatter, "{texts:?}"),
        }
    }
}

impl From<&str> for Cell {
    /// PostgreSQL keeps no NUL in a text, so that it is replaced here, for both.
    fn from(text: &str) -> Self {
        Self::Text(text.replace('\0', "\u{fffd}"))
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.contains('\0') { Self::from(text.as_str()) } else { Self::Text(text) }
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&Name> for Cell {
    fn from(name: &Name) -> Self {
        Self::from(name.as_str())
    }
}

impl From<CaseId> for Cell {
    fn from(case: CaseId) -> Self {
        Self::Text(case.to_string())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<bool> for Cell {
    fn from(yes: bool) -> Self {
        Self::Integer(i64::from(yes))
    }
}

impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Self::Integer(micros(at))
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Bytes(bytes) => serializer.serialize_str(&hexadecimal(bytes)),
            Self::Texts(texts) => texts.serialize(serializer),
        }
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// An instant as it is stored: microseconds since 1970. Nothing finer is kept.
pub fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// The instant of a stored number; one that no calendar has is an error.
pub fn timestamp(micros: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|error| Error::Unreadable { what: "instant", why: error.to_string() })
}

/// A short digest of cells, for rows that must not change: the first 16 digits of its SHA-256.
pub fn digest<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> String {
    let mut hash = Sha256::new();
    for cell in cells {
        // The kind and the length keep cells with shifted borders apart.
        match cell {
            Cell::Null => hash.update(b"n"),
            Cell::Text(text) => {
                hash.update(b"t");
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
            Cell::Integer(number) => {
                hash.update(b"i");
                hash.update(number.to_be_bytes());
            }
            Cell::Bytes(bytes) => {
                hash.update(b"b");
                hash.update((bytes.len() as u64).to_be_bytes());
                hash.update(bytes);
            }
            Cell::Texts(_) => {}
        }
    }
    hexadecimal(&hash.finalize()[..8])
}

/// Bytes as lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A row as it was read, in the order of the statement's columns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(pub Vec<Cell>);

impl Row {
    fn cell(&self, column: usize) -> &Cell {
        self.0.get(column).unwrap_or(&Cell::Null)
    }

    /// A text that may be missing.
    pub fn maybe_text(&self, column: usize) -> Option<String> {
        match self.cell(column) {
            Cell::Text(text) => Some(text.clone()),
            Cell::Null | Cell::Integer(_) | Cell::Bytes(_) | Cell::Texts(_) => None,
        }
    }

    /// A text.
    pub fn text(&self, column: usize) -> Result<String> {
        self.maybe_text(column).ok_or_else(|| self.unreadable(column, "a text"))
    }

    /// Bytes.
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>> {
        match self.cell(column) {
            Cell::Bytes(bytes) => Ok(bytes.clone()),
            Cell::Null | Cell::Text(_) | Cell::Integer(_) | Cell::Texts(_) => Err(self.unreadable(column, "bytes")),
        }
    }

    /// Whether there is nothing.
    pub fn is_null(&self, column: usize) -> bool {
        *self.cell(column) == Cell::Null
    }

    /// A word.
    pub fn name(&self, column: usize) -> Result<Name> {
        self.text(column).map(Name::from)
    }

    /// A word that may be missing.
    pub fn maybe_name(&self, column: usize) -> Option<Name> {
        self.maybe_text(column).map(Name::from)
    }

    /// A number that may be missing.
    pub fn maybe_integer(&self, column: usize) -> Option<i64> {
        match self.cell(column) {
            Cell::Integer(number) => Some(*number),
            Cell::Null | Cell::Text(_) | Cell::Bytes(_) | Cell::Texts(_) => None,
        }
    }

    /// A number.
    pub fn integer(&self, column: usize) -> Result<i64> {
        self.maybe_integer(column).ok_or_else(|| self.unreadable(column, "a number"))
    }

    /// A count: of transitions, visits, attempts.
    pub fn count(&self, column: usize) -> Result<u32> {
        u32::try_from(self.integer(column)?).map_err(|_| self.unreadable(column, "a count"))
    }

    /// An instant.
    pub fn at(&self, column: usize) -> Result<Timestamp> {
        timestamp(self.integer(column)?)
    }

    /// An instant that may be missing.
    pub fn maybe_at(&self, column: usize) -> Result<Option<Timestamp>> {
        self.maybe_integer(column).map(timestamp).transpose()
    }

    /// The identity of a case.
    pub fn case(&self, column: usize) -> Result<CaseId> {
        self.text(column)?.parse().map_err(|_| self.unreadable(column, "a case id"))
    }

    fn unreadable(&self, column: usize, wanted: &str) -> Error {
        Error::Unreadable { what: "row", why: format!("column {column} is not {wanted}") }
    }
}

/// A value of our own as JSON.
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("our own values have text keys and so are always JSON")
}
