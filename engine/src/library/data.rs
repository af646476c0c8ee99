//! Files that are plain data: read with serde once the tree is known to be well-formed.

mod mender;
mod misfit;

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_path_to_error::Segment;

use self::mender::Mender;
use self::misfit::Misfit;
use super::Connection;
use crate::catalog::MarkKind;
use crate::diagnostic::{Diagnostics, Span};
use crate::ids::Name;
use crate::yaml::{Kind, Node, to_json};

/// Entries inside entries, at most so deep: a code of more parts is not read aloud any more.
const LIST_DEPTH_MAX: usize = 8;

/// A catalog's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    pub catalog: Name,
    pub title: Option<Name>,
    entries: BTreeMap<Name, ListEntry>,
}

#[derive(Debug)]
enum ListEntry {
    Title(Name),
    Group(Group),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    title: Name,
    entries: BTreeMap<Name, ListEntry>,
}

impl<'de> Deserialize<'de> for ListEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = ListEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a title, or `{title: …, entries: {…}}`")
    }

    fn visit_str<E>(self, title: &str) -> Result<ListEntry, E> {
        Ok(ListEntry::Title(Name::new(title)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ListEntry, A::Error> {
        Group::deserialize(MapAccessDeserializer::new(map)).map(ListEntry::Group)
    }
}

impl List {
    /// All entries with their titles; inner ones as `outer/inner`.
    pub fn flatten(&self, into: &mut BTreeMap<Name, Name>) {
        flatten("", &self.entries, into, LIST_DEPTH_MAX);
    }
}

fn flatten(prefix: &str, entries: &BTreeMap<Name, ListEntry>, into: &mut BTreeMap<Name, Name>, depth_left: usize) {
    let Some(depth_left) = depth_left.checked_sub(1) else { return };
    for (key, entry) in entries {
        let key = format!("{prefix}{key}");
        match entry {
            ListEntry::Title(title) => {
                into.insert(Name::from(key), title.clone());
            }
            ListEntry::Group(Group { title, entries }) => {
                flatten(&format!("{key}/"), entries, into, depth_left);
                into.insert(Name::from(key), title.clone());
            }
        }
    }
}

/// The ledger's file: the kinds of marks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marks {
    pub marks: BTreeMap<Name, Mark>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    title: Name,
    article: Option<Name>,
    #[serde(default)]
    bad: bool,
}

impl From<Mark> for MarkKind {
    fn from(mark: Mark) -> Self {
        Self { title: mark.title, article: mark.article, bad: mark.bad }
    }
}

/// The connections' file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    pub webhooks: BTreeMap<Name, Connection>,
}

/// Reads a tree as data. What does not fit is reported at its place and mended or left out, so that all of it is told
/// and the rest can be used; nothing comes of it when even the outermost shape is wrong.
pub fn read<T: DeserializeOwned>(node: &Node, out: &mut Diagnostics) -> Option<T> {
    let mut json = to_json(node);
    let mut mender = Mender::default();
    for _ in 0..MISFITS_MAX {
        let error = match serde_path_to_error::deserialize(&json) {
            Ok(data) => return Some(data),
            Err(error) => error,
        };
        let path: Vec<String> = error.path().iter().filter_map(word_of).collect();
        let misfit = Misfit::read(&error.inner().to_string(), mender::at(&mut json, &path));
        let (told, as_written) = mender.look(&misfit, &path);
        if !told {
            let span = misfit.place(node, &as_written);
            let finding = out.error(span, "wrong-data", misfit.message());
            if let Some(help) = misfit.help() {
                finding.help(help);
            }
        }
        if !mender.mend(&mut json, &misfit, &path, told) {
            return None;
        }
    }
    None
}

/// More misfits of one file are not looked for.
const MISFITS_MAX: usize = 100;

fn word_of(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    }
}

/// The place that a path like `years.2026.holidays[3].date` leads to, as far as it goes. A message that names the last
/// word of the path is about that word, not about what stands behind it.
pub fn place(node: &Node, path: &str, message: &str) -> Span {
    let words: Vec<&str> = parts(path).collect();
    let is_about_key = words.last().is_some_and(|last| message.contains(&format!("`{last}`")));
    place_of(node, words, is_about_key)
}

/// The place that the words of a path lead to, as far as they go: a key, or a value of one line.
fn place_of<'w>(node: &Node, words: impl IntoIterator<Item = &'w str>, is_about_key: bool) -> Span {
    let mut at = node;
    let mut span = first_key(node);
    for word in words {
        let entry = at.as_mapping().and_then(|entries| entries.iter().find(|entry| entry.key.text == *word));
        let (next, key) = match (entry, at.as_sequence()) {
            (Some(entry), _) => (&entry.value, Some(entry.key.span)),
            (None, Some(items)) => match item_of(items, word) {
                Some(item) => (item, None),
                None => break,
            },
            (None, None) => break,
        };
        at = next;
        span = match (&next.kind, key) {
            (Kind::Scalar(_), Some(key)) if is_about_key => key,
            (Kind::Scalar(_), _) => next.span,
            (Kind::Mapping(_) | Kind::Sequence(_), key) => key.unwrap_or(first_key(next)),
        };
    }
    span
}

/// An item by its number from 0, or by its text.
fn item_of<'n>(items: &'n [Node], word: &str) -> Option<&'n Node> {
    let by_number = word.parse::<usize>().ok().and_then(|number| items.get(number));
    by_number.or_else(|| items.iter().find(|item| item.as_scalar().is_some_and(|scalar| scalar.text == *word)))
}

fn first_key(node: &Node) -> Span {
    node.as_mapping().and_then(|entries| entries.first()).map_or(node.span, |entry| entry.key.span)
}

/// Whether the first two parts of a path are there.
pub fn holds(node: &Node, path: &str) -> bool {
    let mut at = Some(node);
    for part in parts(path).take(2) {
        at = at.and_then(|node| match node.as_sequence() {
            Some(items) => item_of(items, part),
            None => node.get(part),
        });
    }
    at.is_some()
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[', ']']).filter(|part| !part.is_empty())
}
