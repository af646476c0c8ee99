//! Reading on behind a break: what comes after it is read from the next key at the left margin.

use std::ops::Range;

use super::{Kind, Node};
use crate::diagnostic::Span;

/// How often a file is read on: more breaks than anybody mends at once.
const BREAKS_MAX: usize = 20;

/// Where a text can no longer be read, and where it can again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Break {
    /// The byte at which it is broken.
    pub(super) at: u32,
    /// The byte of the next key at the left margin, if there is one.
    pub(super) next: Option<u32>,
}

impl Break {
    /// The break at a byte; `bracket` is the bracket that is open there.
    pub(super) fn at(at: u32, bracket: Option<Span>, text: &str) -> Self {
        let place = at as usize;
        let line = text[..place].rfind('\n').map_or(0, |index| index + 1);
        // A bracket that is open from a line above is what is wrong there, and not this line; only what it took for more
        // of the line before is not as it was meant.
        if bracket.is_some_and(|bracket| (bracket.start as usize) < line) {
            let before = u32::try_from(line.saturating_sub(1)).unwrap_or(at);
            return Self { at: before.min(at), next: next_key(text, line) };
        }
        let from = text[place..].find('\n').map_or(text.len(), |index| place + index + 1);
        Self { at, next: next_key(text, from) }
    }

    /// What is not read, in words; nothing when that is the broken line alone.
    pub(super) fn remark(self, text: &str) -> Option<String> {
        let end = self.next.map_or(text.len(), |next| next as usize);
        let skipped = text.get(self.at as usize..end)?.lines().skip(1);
        let is_seen = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        if !skipped.into_iter().any(is_seen) {
            return None;
        }
        let line_of = |byte: usize| text[..byte].matches('\n').count() + 1;
        Some(match self.next {
            Some(next) => format!("nothing is read from here to line {}", line_of(next as usize)),
            None => "the rest of the file is not read".to_owned(),
        })
    }
}

/// A tree, and what of the text is not in it.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) root: Option<Node>,
    pub(super) unread: Vec<Range<u32>>,
}

/// Reads a text by a reader of one part, which answers where it broke off, until it is through.
pub(super) fn read_parts(text: &str, mut read: impl FnMut(&str) -> (Option<Node>, Option<Break>)) -> Parts {
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut parts = Parts::default();
    let mut rest = text.to_owned();
    loop {
        let (root, broken) = read(&rest);
        parts.add(root);
        let Some(Break { at, next }) = broken else { return parts };
        let next = next.filter(|_| parts.unread.len() < BREAKS_MAX);
        parts.unread.push(at..next.unwrap_or(end));
        let Some(next) = next else { return parts };
        // Blank, so that all places stay what they are.
        let blank = |letter: char| if letter == '\n' { "\n".to_owned() } else { " ".repeat(letter.len_utf8()) };
        let (before, after) = text.split_at(next as usize);
        rest = before.chars().map(blank).collect::<String>() + after;
    }
}

impl Parts {
    /// Adds the keys of a part; what is there already stays.
    fn add(&mut self, part: Option<Node>) {
        let Some(part) = part else { return };
        match (self.root.as_mut().map(|root| (&mut root.span, &mut root.kind)), part) {
            (Some((span, Kind::Mapping(known))), Node { kind: Kind::Mapping(entries), span: of }) => {
                for entry in entries {
                    if known.iter().all(|other| other.key.text != entry.key.text) {
                        known.push(entry);
                    }
                }
                span.end = span.end.max(of.end);
            }
            (None, part) | (Some(_), part @ Node { kind: Kind::Mapping(_), .. }) => self.root = Some(part),
            (Some(_), _) => {}
        }
    }
}

/// The next line, from the beginning of one, that begins with a key at the left margin.
fn next_key(text: &str, from: usize) -> Option<u32> {
    let mut at = from;
    for line in text.get(from..)?.split_inclusive('\n') {
        if is_key(line) {
            return u32::try_from(at).ok();
        }
        at += line.len();
    }
    None
}

fn is_key(line: &str) -> bool {
    let is_in_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    let Some((word, rest)) = line.split_once(':') else { return false };
    let begins = word.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    begins && word.chars().all(is_in_word) && rest.chars().next().is_none_or(char::is_whitespace)
}
