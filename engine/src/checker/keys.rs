//! The keys of one mapping: each is asked for by name, and what nobody asked for is a mistake.

use super::Checker;
use crate::diagnostic::Span;
use crate::ids::Name;
use crate::yaml::Node;
use crate::yaml::reader::Fields;

/// A mapping that is being read.
#[derive(Debug)]
pub struct Keys<'n>(Fields<'n>);

impl<'n> Keys<'n> {
    /// The mapping's place.
    pub fn span(&self) -> Span {
        self.0.span
    }

    /// What is being read, for messages: "a task", "the rung".
    pub fn what(&self) -> &str {
        self.0.what()
    }

    /// The value of a key, if it is there.
    pub fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.0.take(key)
    }

    /// The value of a key that has to be there.
    pub fn require(&mut self, key: &'static str, checker: &mut Checker<'_>) -> Option<&'n Node> {
        self.0.require(key, &mut checker.out)
    }

    /// Where a key stands.
    pub fn span_of(&self, key: &str) -> Option<Span> {
        self.0.span_of(key)
    }

    /// Whether a key is there, without asking for it.
    pub fn has(&self, key: &str) -> bool {
        self.0.has(key)
    }

    /// Keys that others will read.
    pub fn know(&mut self, keys: &[&'static str]) {
        self.0.know(keys);
    }

    /// Says what would be right instead of a key that nobody will ask for.
    pub fn explain(&mut self, key: &Name, help: impl Into<String>) {
        self.0.explain(key, help);
    }

    /// Reports the keys that nobody asked for.
    pub fn finish(self, checker: &mut Checker<'_>) {
        self.0.finish(&[], &mut checker.out);
    }
}

impl Checker<'_> {
    /// Reads a mapping; anything else is a mistake.
    pub fn keys<'n>(&mut self, node: &'n Node, what: &str) -> Option<Keys<'n>> {
        Fields::of(node, what, &mut self.out).map(Keys)
    }
}
