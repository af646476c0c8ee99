//! Files that are plain data: read with serde once the tree is known to be well-formed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Connection;
use crate::catalog::MarkKind;
use crate::diagnostic::{Diagnostics, Span};
use crate::ids::Name;
use crate::yaml::{Node, to_json};

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

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ListEntry {
    Title(Name),
    Group { title: Name, entries: BTreeMap<Name, ListEntry> },
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
            ListEntry::Group { title, entries } => {
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

/// Reads a tree as data; what does not fit is reported at its place.
pub fn read<T: DeserializeOwned>(node: &Node, out: &mut Diagnostics) -> Option<T> {
    match serde_path_to_error::deserialize(to_json(node)) {
        Ok(data) => Some(data),
        Err(error) => {
            let path = error.path().to_string();
            let message = match path.as_str() {
                "." => error.inner().to_string(),
                path => format!("{path}: {}", error.inner()),
            };
            out.error(place(node, &path), "wrong-data", message);
            None
        }
    }
}

/// The place that a path like `years.2026.holidays[3].date` leads to, as far as it goes.
pub fn place(node: &Node, path: &str) -> Span {
    let mut at = node;
    let mut span = node.span;
    for part in parts(path) {
        let next = match part.parse::<usize>() {
            Ok(number) if at.as_sequence().is_some() => at.as_sequence().and_then(|items| items.get(number)),
            Ok(_) | Err(_) => at.get(part),
        };
        match next {
            Some(next) => at = next,
            None => break,
        }
        span = at.span;
    }
    span
}

/// Whether the first two parts of a path are there.
pub fn holds(node: &Node, path: &str) -> bool {
    let mut at = Some(node);
    for part in parts(path).take(2) {
        at = at.and_then(|node| node.get(part));
    }
    at.is_some()
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[', ']']).filter(|part| !part.is_empty())
}
