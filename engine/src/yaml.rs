//! Definitions as written: YAML read into a tree in which every word knows its place.
//!
//! The dialect is YAML 1.2 without what hides meaning: no anchors, aliases, merge keys, tags, directives or second
//! documents. Plain `true` and `false` are booleans, `null`, `~` and nothing are null, `0`, `-7` and `42` are
//! integers; every other word is text as it stands: `no`, `on`, `012`, `1:30`, `True`, `1.50`.

mod cause;
mod encoding;
mod json;
mod keys;
mod layout;
mod resume;
mod parse;
pub mod reader;
mod syntax;
mod tree;

pub use json::to_json;
pub use parse::{read, read_around_breaks};
pub use tree::{Entry, Key, Kind, Node, Scalar};

/// Bytes of one file. The longest process shipped has under 30 KB; this is for organisations with thousands of people.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// Mappings and lists inside each other. A process nests some twenty deep.
pub const NESTING_MAX: usize = 64;

/// Keys and values of one file, so that a megabyte of `,` does not become a hundred of memory.
pub const NODES_MAX: usize = 200_000;
