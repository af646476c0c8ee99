//! What serde says of data that does not fit, in the words of who wrote the data.

use serde_json::Value as Json;

use super::place_of;
use crate::diagnostic::{Span, quoted};
use crate::nearest::nearest;
use crate::yaml::Node;

/// One thing that does not fit.
#[derive(Debug)]
pub(super) enum Misfit {
    /// A key is missing.
    Missing(String),
    /// A key that is none of the known ones.
    UnknownKey { key: String, known: Vec<String> },
    /// A word that is none of the known ones.
    UnknownWord { word: String, known: Vec<String> },
    /// A value of the wrong kind.
    Kind { found: String, wanted: String },
    /// Anything else, as the reader of the value puts it.
    Other(String),
}

impl Misfit {
    /// What a message of serde about a value means.
    pub(super) fn read(message: &str, value: Option<&mut Json>) -> Self {
        let words: Vec<String> = message.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let (first, others) = match words.split_first() {
            Some((first, others)) => (first.clone(), others.to_vec()),
            None => (String::new(), Vec::new()),
        };
        if message.starts_with("missing field") {
            return Self::Missing(first);
        }
        if message.starts_with("unknown field") {
            return Self::UnknownKey { key: first, known: others };
        }
        if message.starts_with("unknown variant") {
            return Self::UnknownWord { word: first, known: others };
        }
        // Serde does not say which number it is, and of one that is too large or negative not what is wanted.
        let number = value.filter(|value| value.is_number()).map(|number| format!("`{number}`"));
        if message.starts_with("invalid number") {
            return Self::Kind { found: number.unwrap_or_default(), wanted: wanted_of("u32") };
        }
        let kinds = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
        match kinds.and_then(|kinds| kinds.rsplit_once(", expected ")) {
            Some((found, wanted)) => {
                Self::Kind { found: number.unwrap_or_else(|| found_of(found)), wanted: wanted_of(wanted) }
            }
            None => Self::Other(message.to_owned()),
        }
    }

    /// What is wrong.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Missing(key) => format!("the key `{key}` is missing"),
            Self::UnknownKey { key, .. } => format!("there is no key {} here", quoted(key)),
            Self::UnknownWord { word, known } => format!("{} is none of {}", quoted(word), listed(known)),
            Self::Kind { found, wanted } => format!("expected {wanted}, found {found}"),
            Self::Other(message) => message.clone(),
        }
    }

    /// What would be right.
    pub(super) fn help(&self) -> Option<String> {
        let did_you_mean = || self.meant().map(|near| format!("did you mean `{near}`?"));
        match self {
            Self::UnknownKey { known, .. } => {
                did_you_mean().or_else(|| Some(format!("the keys here are {}", listed(known))))
            }
            Self::UnknownWord { .. } => did_you_mean(),
            Self::Kind { found, wanted } if wanted == "a text" && found.starts_with('`') => {
                Some(format!("write it in quotes: `'{}'`", found.trim_matches('`')))
            }
            Self::Missing(_) | Self::Kind { .. } | Self::Other(_) => None,
        }
    }

    /// The word that was probably meant.
    pub(super) fn meant(&self) -> Option<&str> {
        match self {
            Self::UnknownKey { key: word, known } | Self::UnknownWord { word, known } => {
                nearest(word, known.iter().map(String::as_str))
            }
            Self::Missing(_) | Self::Kind { .. } | Self::Other(_) => None,
        }
    }

    /// Where it is, when the reader stopped at a path.
    pub(super) fn place(&self, node: &Node, path: &[String]) -> Span {
        place_of(node, path.iter().map(String::as_str), matches!(self, Self::UnknownKey { .. }))
    }
}

fn listed(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// `string "three"` as people say it.
fn found_of(found: &str) -> String {
    match found {
        "null" => "nothing".to_owned(),
        "map" => "a mapping".to_owned(),
        "sequence" => "a list".to_owned(),
        found => match found.strip_prefix("string ") {
            Some(text) => format!("the text {}", quoted(text.trim_matches('"'))),
            None => format!("`{}`", found.trim_start_matches(|letter: char| letter != '`').trim_matches('`')),
        },
    }
}

/// `a sequence` as people say it.
fn wanted_of(wanted: &str) -> String {
    match wanted {
        "a string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a map" => "a mapping".to_owned(),
        wanted if wanted.starts_with("struct ") => "a mapping".to_owned(),
        wanted if wanted.starts_with(['u', 'i']) && wanted.len() <= 3 => "a whole number".to_owned(),
        wanted => wanted.to_owned(),
    }
}
