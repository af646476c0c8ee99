//! What usually breaks a line of YAML: tabs, spaces that are none, colons without a space or of full width.

use crate::diagnostic::quoted;
use crate::nearest::narrow;

/// Something in a line that explains why it cannot be read.
pub(super) struct Cause {
    /// The byte of the text where it is.
    pub(super) at: usize,
    /// Its bytes.
    pub(super) length: usize,
    /// What it is.
    pub(super) label: &'static str,
    /// What would be right.
    pub(super) help: String,
}

/// Looks at the line of an error and the one before it that has text. A colon there may well be right, unless
/// colons are what the parser stumbled over.
pub(super) fn cause(text: &str, at: usize, is_colon: bool) -> Option<Cause> {
    let start = text[..at].rfind('\n').map_or(0, |index| index + 1);
    let before = text[..start].trim_end();
    let before_start = before.rfind('\n').map_or(0, |index| index + 1);
    let own = line_cause(&text[start..], true).map(|cause| cause.moved(start));
    own.or_else(|| {
        let cause = line_cause(&before[before_start..], is_colon)?;
        Some(cause.moved(before_start))
    })
}

impl Cause {
    /// The same, in a text that has `by` bytes before this one.
    fn moved(self, by: usize) -> Self {
        let at = self.at + by;
        Self { at, ..self }
    }
}

/// Looks at the first line of a text.
fn line_cause(text: &str, is_colon: bool) -> Option<Cause> {
    let line = text.lines().next().unwrap_or("");
    if line.trim_start().starts_with('#') {
        return None;
    }
    let colon = || if is_colon { colon_cause(line) } else { None };
    indent_cause(line).or_else(colon)
}

/// A tab or an ideographic space before the first word.
fn indent_cause(line: &str) -> Option<Cause> {
    let indent = &line[..line.len() - line.trim_start().len()];
    let (at, letter) = indent.char_indices().find(|(_, letter)| *letter != ' ')?;
    let (label, help) = match letter {
        '\t' => ("a tab", "indent with spaces: YAML does not count tabs"),
        _other => ("not a plain space", "indent with plain spaces"),
    };
    Some(Cause { at, length: letter.len_utf8(), label, help: help.to_owned() })
}

/// `title：x` or `title:x`, but not `12:30` or `http://x`.
fn colon_cause(line: &str) -> Option<Cause> {
    let content = line.trim_start().trim_start_matches("- ");
    let is_in_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    let (word, rest) = content.split_at(content.find(|letter| !is_in_word(letter))?);
    let colon = rest.chars().next().filter(|next| narrow(*next) == ':')?;
    let after = &rest[colon.len_utf8()..];
    let is_time = word.bytes().all(|byte| byte.is_ascii_digit());
    let is_right = after.is_empty() || after.starts_with(' ') || after.starts_with("//");
    if is_time || (colon == ':' && is_right) {
        return None;
    }
    let right = format!("{word}: {}", after.trim());
    Some(Cause {
        at: line.len() - rest.len(),
        length: colon.len_utf8(),
        label: match colon {
            ':' => "no space after the colon",
            _full => "a full-width colon",
        },
        help: format!("write {}", quoted(right.trim_end())),
    })
}
