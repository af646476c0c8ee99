//! How the compiler reads a tree: one way to say that a key is unknown or missing, or a value of the wrong shape.
//!
//! ```
//! # use duban_engine::{diagnostic::{Diagnostics, SourceId}, yaml::{read, reader::{Fields, boolean, name, one_or_many, text}}};
//! # let (root, _) = read(b"title: Triage\nby: operator\nlock: true", SourceId(0));
//! # let node = &root.expect("the text is YAML");
//! # let out = &mut Diagnostics::new();
//! let mut fields = Fields::of(node, "a step", out).expect("it is a mapping");
//! let title = fields.require("title", out).and_then(|node| text(node, out));
//! let lock = fields.take("lock").and_then(|node| boolean(node, out)).unwrap_or(false);
//! let by = fields.take("by").map_or(&[][..], one_or_many);
//! let roles: Vec<_> = by.iter().filter_map(|node| name(node, out)).collect();
//! fields.finish(&["actions", "goto"], out); // what was not taken and is not listed is unknown
//! # assert!(title.is_some() && lock && roles.len() == 1 && out.is_empty());
//! ```

use super::{Entry, Key, Kind, Node, Scalar};
use crate::diagnostic::{Diagnostics, Span, quoted};
use crate::ids::Name;
use crate::nearest::narrow;

/// Characters of a name.
pub const NAME_CHARS_MAX: usize = 64;

/// Known keys that a message lists when none is near.
const LISTED_MAX: usize = 24;

/// The keys whose values are expressions without `=`.
const CONDITIONS: [&str; 4] = ["when", "that", "while", "until"];

/// Whether a bracket is open at the end of a text.
fn is_unclosed(text: &str) -> bool {
    let count = |letter: char| text.matches(letter).count();
    count('(') > count(')') || count('[') > count(']')
}

/// The keys of one mapping while they are taken.
#[derive(Debug)]
pub struct Fields<'a> {
    /// The whole mapping, for findings about all of it.
    pub span: Span,
    what: String,
    entries: &'a [Entry],
    asked: Vec<&'static str>,
    explained: Vec<(Name, String)>,
}

impl<'a> Fields<'a> {
    /// The keys of a mapping. `what` names it in messages, with its article: `a step`, `a deadline`.
    /// Anything but a mapping is reported.
    pub fn of(node: &'a Node, what: impl Into<String>, out: &mut Diagnostics) -> Option<Self> {
        let what = what.into();
        let Some(entries) = node.as_mapping() else {
            wrong_shape(node, &format!("a mapping for {what}"), out);
            return None;
        };
        Some(Self { span: node.span, what, entries, asked: Vec::new(), explained: Vec::new() })
    }

    /// The value of a key, if it is there. Asking makes the key known.
    pub fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        Some(&self.take_entry(key)?.value)
    }

    /// The key with its value, for findings about the key itself. Asking makes the key known.
    pub fn take_entry(&mut self, key: &'static str) -> Option<&'a Entry> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.entries.iter().find(|entry| entry.key.text == *key)
    }

    /// The value of a key that must be there; reported if it is not.
    pub fn require(&mut self, key: &'static str, out: &mut Diagnostics) -> Option<&'a Node> {
        let value = self.take(key);
        if value.is_none() {
            let message = format!("{} needs the key {}", self.what, quoted(key));
            out.error(self.place(), "missing-key", message);
        }
        value
    }

    /// What is being read, for messages.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Makes keys known that somebody else will read.
    pub fn know(&mut self, keys: &[&'static str]) {
        self.asked.extend_from_slice(keys);
    }

    /// Says what would be right instead of a key that is not known.
    pub fn explain(&mut self, key: &Name, help: impl Into<String>) {
        self.explained.push((key.clone(), help.into()));
    }

    /// Where a key stands.
    pub fn span_of(&self, key: &str) -> Option<Span> {
        self.entries.iter().find(|entry| entry.key.text == *key).map(|entry| entry.key.span)
    }

    /// Whether a key is there, without making it known.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key.text == *key)
    }

    /// All entries in the order written, taken or not.
    pub fn entries(&self) -> &'a [Entry] {
        self.entries
    }

    /// The first key: where a finding about the mapping as a whole is shown best.
    pub fn place(&self) -> Span {
        self.entries.first().map_or(self.span, |entry| entry.key.span)
    }

    /// Whether a key is what stands behind a comma in an expression, `{when: count(units, true) > 3}`: the expression
    /// itself is reported, since its bracket stays open.
    fn is_rest_of_expression(&self, key: &Key) -> bool {
        let before = self.entries.iter().take_while(|entry| entry.key.span.start < key.span.start);
        let is_open = before.filter(|entry| entry.value.span.end <= key.span.start).any(|entry| {
            let is_condition = CONDITIONS.contains(&entry.key.text.as_str());
            let text = entry.value.as_scalar().filter(|scalar| scalar.plain).map_or("", |scalar| &scalar.text);
            (is_condition || text.starts_with('=')) && is_unclosed(text)
        });
        is_open && key.text.contains([')', ']'])
    }

    /// Reports every key that was neither asked for nor is listed, with the nearest of all of these.
    pub fn finish(self, also_known: &[&str], out: &mut Diagnostics) {
        let known = || self.asked.iter().chain(also_known).copied();
        for Entry { key, value: _ } in self.entries {
            if known().any(|word| key.text == *word) || self.is_rest_of_expression(key) {
                continue;
            }
            let message = format!("{} has no key {}", self.what, quoted(&key.text));
            let finding = out.error(key.span, "unknown-key", message);
            // The keys already there are not what was meant.
            let absent = known().filter(|word| !self.has(word));
            let mut words: Vec<&str> = known().collect();
            words.sort_unstable();
            words.dedup();
            if words.len() <= LISTED_MAX {
                finding.help(format!("{} can have: {}", self.what, words.join(", ")));
            }
            finding.suggest(&key.text, absent);
            // `{title:标题}` is one key for YAML.
            if let Some((word, value)) = key.text.split_once([':', '：'])
                && words.contains(&word)
            {
                let right = format!("{word}: {}", value.trim());
                finding.help(format!("write {}", quoted(&right)));
            }
            if let Some((_, help)) = self.explained.iter().find(|(explained, _)| *explained == key.text) {
                finding.help(help.as_str());
            }
        }
    }
}

/// The text of a scalar exactly as written: any word, number or quoted text, but not null.
pub fn text<'a>(node: &'a Node, out: &mut Diagnostics) -> Option<&'a Name> {
    Some(&words(node, "text", out)?.text)
}

/// The same as [`text`], as the scalar, to find places in it with [`Scalar::place`].
pub fn words<'a>(node: &'a Node, expected: &str, out: &mut Diagnostics) -> Option<&'a Scalar> {
    match node.as_scalar() {
        Some(scalar) if !scalar.as_null() => Some(scalar),
        Some(_) | None => {
            wrong_shape(node, expected, out);
            None
        }
    }
}

/// A name: letters (Chinese included), digits, `-` and `_`, beginning with a letter or `_`.
pub fn name<'a>(node: &'a Node, out: &mut Diagnostics) -> Option<&'a Name> {
    let scalar = words(node, "a name", out)?;
    is_name(&scalar.text, scalar.span, out).then_some(&scalar.text)
}

/// A key that is itself a name, such as that of a step or field.
pub fn key_name<'a>(key: &'a Key, out: &mut Diagnostics) -> Option<&'a Name> {
    is_name(&key.text, key.span, out).then_some(&key.text)
}

/// Whether a text follows the rules of names; reported if not.
pub fn is_name(text: &str, span: Span, out: &mut Diagnostics) -> bool {
    let Some(fault) = name_fault(text) else {
        return true;
    };
    let finding = out.error(span, "bad-name", fault);
    let is_list = text.contains(['，', '、', ',']);
    let mended: String =
        text.chars().map(narrow).map(|letter| if is_in_names(letter) { letter } else { '-' }).collect();
    let mended = mended.trim_matches('-');
    if let Some((word, _)) = text.split_once(['{', '[']).filter(|(word, _)| name_fault(word.trim()).is_none()) {
        finding.help(format!("a colon is missing after {}", quoted(word.trim())));
    } else if is_list {
        finding.help("if these are several names, write them as a list: [one, two]");
    } else if mended != text && name_fault(mended).is_none() {
        finding.help(format!("write for example {}", quoted(mended)));
    } else {
        finding.help("a name has letters, digits, `-` and `_`, and begins with a letter or `_`");
    }
    false
}

fn is_in_names(letter: char) -> bool {
    let is_letter = letter.is_alphabetic() && narrow(letter) == letter;
    is_letter || letter.is_ascii_digit() || matches!(letter, '-' | '_')
}

/// What is wrong with a name, if anything.
fn name_fault(text: &str) -> Option<String> {
    let shown = quoted(text);
    let first = text.chars().next();
    let stranger = text.chars().find(|letter| !is_in_names(*letter));
    if text.is_empty() {
        Some("a name cannot be empty".to_owned())
    } else if stranger == Some(' ') {
        Some(format!("the name {shown} has a space"))
    } else if let Some(letter) = stranger {
        Some(format!("the name {shown} cannot have {}", quoted(&letter.to_string())))
    } else if first.is_some_and(|first| first == '-' || first.is_ascii_digit()) {
        Some(format!("the name {shown} cannot begin with a digit or `-`"))
    } else if text.chars().count() > NAME_CHARS_MAX {
        Some(format!("the name {shown} has more than {NAME_CHARS_MAX} characters"))
    } else {
        None
    }
}

/// An integer.
pub fn integer(node: &Node, out: &mut Diagnostics) -> Option<i64> {
    let number = node.as_integer();
    if number.is_none() {
        wrong_shape(node, "an integer", out);
    }
    number
}

/// An integer within limits, both included.
pub fn integer_within(node: &Node, limits: std::ops::RangeInclusive<i64>, out: &mut Diagnostics) -> Option<i64> {
    let number = integer(node, out)?;
    if limits.contains(&number) {
        return Some(number);
    }
    let (least, most) = (limits.start(), limits.end());
    let message = format!("{number} is not between {least} and {most}");
    out.error(node.span, "out-of-range", message);
    None
}

/// `true` or `false`.
pub fn boolean(node: &Node, out: &mut Diagnostics) -> Option<bool> {
    let truth = node.as_bool();
    if truth.is_none() {
        wrong_shape(node, "`true` or `false`", out);
    }
    truth
}

/// One of a few words; another is reported with the nearest of them.
pub fn one_of<T: Copy>(node: &Node, choices: &[(&str, T)], out: &mut Diagnostics) -> Option<T> {
    let listed = || {
        let words: Vec<_> = choices.iter().map(|(word, _)| quoted(word)).collect();
        words.join(", ")
    };
    let expected = format!("one of {}", listed());
    let scalar = words(node, &expected, out)?;
    let chosen = choices.iter().find(|(word, _)| scalar.text == *word);
    if chosen.is_none() {
        let message = format!("{} is none of {}", quoted(&scalar.text), listed());
        let words = choices.iter().map(|(word, _)| *word);
        out.error(node.span, "unknown-word", message).suggest(&scalar.text, words);
    }
    chosen.map(|(_, value)| *value)
}

/// The items of a list, or the node itself as the only one.
pub fn one_or_many(node: &Node) -> &[Node] {
    match &node.kind {
        Kind::Sequence(items) => items,
        Kind::Scalar(_) | Kind::Mapping(_) => std::slice::from_ref(node),
    }
}

/// The items of a list.
pub fn sequence<'a>(node: &'a Node, out: &mut Diagnostics) -> Option<&'a [Node]> {
    let items = node.as_sequence();
    if items.is_none() {
        wrong_shape(node, "a list", out);
    }
    items
}

/// The entries of a mapping whose keys the author chooses: names of steps, fields, roles.
pub fn mapping<'a>(node: &'a Node, out: &mut Diagnostics) -> Option<&'a [Entry]> {
    let entries = node.as_mapping();
    if entries.is_none() {
        wrong_shape(node, "a mapping", out);
    }
    entries
}

/// `expected a list, found text`, with the usual cause if there is one.
pub fn wrong_shape(node: &Node, expected: &str, out: &mut Diagnostics) {
    let message = format!("expected {expected}, found {}", shape(node));
    let finding = out.error(first_line(node), "wrong-shape", message);
    if let Some(help) = usual_cause(node, expected) {
        finding.help(help);
    }
}

/// A mapping or list is shown at its first key or item: an underline through all of it says less.
fn first_line(node: &Node) -> Span {
    match &node.kind {
        Kind::Scalar(_) => node.span,
        Kind::Sequence(items) => items.first().map_or(node.span, first_line),
        Kind::Mapping(entries) => entries.first().map_or(node.span, |entry| entry.key.span),
    }
}

/// What a value is, as messages call it.
fn shape(node: &Node) -> String {
    match &node.kind {
        Kind::Sequence(_) => "a list".to_owned(),
        Kind::Mapping(_) => "a mapping".to_owned(),
        Kind::Scalar(scalar) if scalar.as_null() => "nothing".to_owned(),
        Kind::Scalar(scalar) if scalar.as_text().is_some() => {
            format!("the text {}", quoted(&scalar.text))
        }
        Kind::Scalar(scalar) => quoted(&scalar.text),
    }
}

/// The boolean that a word of other languages means.
pub fn truth(word: &str) -> Option<&'static str> {
    match word.to_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "是" => Some("true"),
        "false" | "no" | "off" | "n" | "否" => Some("false"),
        _other => None,
    }
}

fn usual_cause(node: &Node, expected: &str) -> Option<String> {
    match &node.kind {
        Kind::Scalar(scalar) if expected.starts_with("a mapping") => {
            let colon = scalar.text.find([':', '：']).filter(|_| scalar.plain)?;
            let full = scalar.text[colon..].starts_with('：');
            let kind = if full { "is a full-width colon" } else { "has no space after it" };
            Some(format!("the colon {kind}, so this is text: write `key: value`"))
        }
        Kind::Scalar(scalar) if expected == "a list" && scalar.text.starts_with('-') => {
            Some("an item begins with a dash and a space: `- item`".to_owned())
        }
        Kind::Scalar(scalar) if expected == "a list" && !scalar.as_null() => {
            let text: String = scalar.text.chars().map(narrow).collect();
            Some(match text.strip_prefix('[').filter(|_| text != *scalar.text) {
                Some(_) => format!("write `{text}`: these brackets are Chinese punctuation or full width"),
                None => format!("a list of one is written `[{}]`", scalar.text),
            })
        }
        Kind::Scalar(scalar) if expected.starts_with('`') => truth(&scalar.text).map(|word| format!("write `{word}`")),
        Kind::Scalar(scalar) if expected == "an integer" => {
            let digits = scalar.text.chars().map(narrow).collect::<String>();
            let number = digits.trim().parse::<i64>().ok()?;
            Some(format!("write `{number}`"))
        }
        // `{year}` is meant as text with a placeholder but read as a mapping with the key `year`.
        Kind::Mapping(entries) if entries.iter().all(|entry| entry.value.is_null()) => {
            Some("text that begins with `{` needs quotes".to_owned())
        }
        Kind::Mapping(_) if expected == "a list" => Some("a list of one is written `[{…}]`".to_owned()),
        Kind::Scalar(_) | Kind::Mapping(_) | Kind::Sequence(_) => None,
    }
}
