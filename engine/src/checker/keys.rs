//! The keys of one mapping: each is asked for by name, and what nobody asked for is a mistake.

use super::Checker;
use crate::diagnostic::Span;
use crate::yaml::{Entry, Node};

/// A mapping that is being read.
#[derive(Debug)]
pub struct Keys<'n> {
    /// The mapping's place.
    pub span: Span,
    /// What is being read, for messages: "a task", "the rung".
    pub what: String,
    entries: &'n [Entry],
    known: Vec<&'static str>,
}

impl<'n> Keys<'n> {
    /// The value of a key, if it is there.
    pub fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        self.find(key).map(|entry| &entry.value)
    }

    /// The value of a key that has to be there.
    pub fn require(&mut self, key: &'static str, checker: &mut Checker<'_>) -> Option<&'n Node> {
        let found = self.take(key);
        if found.is_none() {
            let message = format!("{} needs `{key}`", self.what);
            checker.error(self.span, "missing-key", message);
        }
        found
    }

    /// Where a key stands.
    pub fn span_of(&self, key: &str) -> Option<Span> {
        self.find(key).map(|entry| entry.key.span)
    }

    /// Whether a key is there, without asking for it.
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Keys that others will read.
    pub fn know(&mut self, keys: &[&'static str]) {
        self.known.extend_from_slice(keys);
    }

    /// Reports the keys that nobody asked for.
    pub fn finish(self, checker: &mut Checker<'_>) {
        for entry in self.entries {
            let key = &entry.key.text;
            if self.known.iter().any(|known| key == known) {
                continue;
            }
            let message = format!("{} has no key `{key}`", self.what);
            let known: Vec<&str> = self.known.clone();
            checker.error(entry.key.span, "unknown-key", message).suggest(key, known.into_iter());
        }
    }

    fn find(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key.text == *key)
    }
}

impl Checker<'_> {
    /// Reads a mapping; anything else is a mistake.
    pub fn keys<'n>(&mut self, node: &'n Node, what: &str) -> Option<Keys<'n>> {
        match node.as_mapping() {
            Some(entries) => Some(Keys { span: node.span, what: what.to_owned(), entries, known: Vec::new() }),
            None => {
                self.shape(node, what, "a mapping (`key: value`)");
                None
            }
        }
    }
}
