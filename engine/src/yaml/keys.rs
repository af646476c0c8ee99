//! Which nodes may be keys: text that is visible and comes once in its mapping.

use std::collections::BTreeMap;

use super::{Key, Kind, Node};
use crate::diagnostic::{Diagnostics, Span, is_unseen, quoted};
use crate::ids::Name;

/// A node as the key of a mapping, or nothing after saying why it cannot be one.
pub(super) fn accept(node: Node, seen: &mut BTreeMap<Name, Span>, out: &mut Diagnostics) -> Option<Key> {
    let span = node.span;
    let scalar = match node.kind {
        Kind::Scalar(scalar) => scalar,
        Kind::Sequence(_) | Kind::Mapping(_) => {
            out.error(span, "key-not-text", "a key is text, here it is a list or a mapping")
                .help("if this is text that begins with a bracket, put it in quotes");
            return None;
        }
    };
    if scalar.plain && scalar.text.is_empty() {
        out.error(span, "key-missing", "there is no key before this `:`");
        return None;
    }
    if scalar.plain && scalar.text == "<<" {
        out.error(span, "merge-key", "merging with `<<` is not supported").help("write the entries out");
        return None;
    }
    let stranger = scalar.text.chars().find(|letter| *letter != ' ' && (letter.is_whitespace() || is_unseen(*letter)));
    if let Some(letter) = stranger {
        let message =
            format!("the key {} has the invisible character U+{:04X}", quoted(&scalar.text), u32::from(letter));
        out.error(span, "invisible-character", message).help("remove it; indent with plain spaces");
        return None;
    }
    if let Some(first) = seen.get(&scalar.text) {
        let message = format!("the key {} is given twice", quoted(&scalar.text));
        out.error(span, "duplicate-key", message).label("again here").note(*first, "first here");
        return None;
    }
    seen.insert(scalar.text.clone(), span);
    Some(Key { text: scalar.text, span })
}
