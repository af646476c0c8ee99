//! The tree: mappings, lists and texts, each with its place in the file.

use std::ops::Range;

use super::layout::Layout;
use crate::diagnostic::Span;
use crate::ids::Name;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// From the first byte to the last, quotes and brackets included. Where a value is missing (`key:`): the empty
    /// place after the colon.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A word, number or text.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with values, in the order written; no key twice.
    Mapping(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// The key of an entry: always text, whatever it looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key without quotes.
    pub text: Name,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// A word, number or text as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text without quotes, escapes and indentation. Empty where the value is missing.
    pub text: Name,
    /// Neither quoted nor a block: it may be a boolean, an integer or null.
    pub plain: bool,
    /// The byte of the file where the content starts, after an opening quote.
    pub content_start: u32,
    pub(super) span: Span,
    pub(super) layout: Layout,
}

impl Scalar {
    /// Where a piece of the text (in bytes of `text`) stands in the file: exact unless the text has escapes (`\n`,
    /// `''`); then it is the whole scalar.
    pub fn place(&self, piece: Range<usize>) -> Span {
        let length = self.text.len();
        let start = piece.start.min(length);
        let end = piece.end.clamp(start, length);
        match self.layout.place(self.content_start, start..end) {
            Some((from, to)) => Span::new(self.span.source, from, to),
            None => self.span,
        }
    }

    /// Whether it is null: plain `null`, `~` or nothing.
    pub fn as_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null")
    }

    /// The boolean, if it is plain `true` or `false`.
    pub fn as_bool(&self) -> Option<bool> {
        match (self.plain, self.text.as_str()) {
            (true, "true") => Some(true),
            (true, "false") => Some(false),
            (true | false, _text) => None,
        }
    }

    /// The integer, if it is plain decimal digits without leading zeros, `-` before them or not, within 64 bits.
    pub fn as_integer(&self) -> Option<i64> {
        let digits = self.text.strip_prefix('-').unwrap_or(&self.text);
        let is_integer = self.plain
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        if is_integer { self.text.parse().ok() } else { None }
    }

    /// The text, if it is none of the above: quoted, or a plain word that means only itself.
    pub fn as_text(&self) -> Option<&Name> {
        let is_text = !self.as_null() && self.as_bool().is_none() && self.as_integer().is_none();
        is_text.then_some(&self.text)
    }
}

impl Node {
    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            Kind::Sequence(_) | Kind::Mapping(_) => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence(items) => Some(items),
            Kind::Scalar(_) | Kind::Mapping(_) => None,
        }
    }

    /// The entries, if it is a mapping.
    pub fn as_mapping(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Mapping(entries) => Some(entries),
            Kind::Scalar(_) | Kind::Sequence(_) => None,
        }
    }

    /// The value of a key, if it is a mapping that has the key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let entries = self.as_mapping()?;
        Some(&entries.iter().find(|entry| entry.key.text == *key)?.value)
    }

    /// Whether it is null: plain `null`, `~` or nothing.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::as_null)
    }

    /// Whether it is plain `true` or `false`, and which.
    pub fn as_bool(&self) -> Option<bool> {
        self.as_scalar()?.as_bool()
    }

    /// The integer, if it is one.
    pub fn as_integer(&self) -> Option<i64> {
        self.as_scalar()?.as_integer()
    }

    /// The text, if it is text and nothing else, see [`Scalar::as_text`].
    pub fn as_text(&self) -> Option<&Name> {
        self.as_scalar()?.as_text()
    }
}
