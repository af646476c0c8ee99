//! Regular expressions of `matches`, `replace`, `split`: XPath's, as far as linear time allows.

use regex::{Regex, RegexBuilder};

use crate::expression::limits::{PATTERN_BYTES_MAX, PATTERN_TEXT_BYTES_MAX};

/// The pattern, ready to use; `None` if it cannot be read.
pub(super) fn pattern(text: &str, flags: &str) -> Option<Regex> {
    build(text, flags).ok()
}

/// Why a pattern cannot be used, in a line.
pub(in crate::expression) fn pattern_fault(text: &str, flags: &str) -> Option<String> {
    build(text, flags).err()
}

fn build(text: &str, flags: &str) -> Result<Regex, String> {
    if text.len() > PATTERN_TEXT_BYTES_MAX {
        return Err(format!("it is longer than {PATTERN_TEXT_BYTES_MAX} bytes"));
    }
    let mut builder = RegexBuilder::new(text);
    builder.size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX);
    for flag in flags.chars() {
        match flag {
            's' => builder.dot_matches_new_line(true),
            'm' => builder.multi_line(true),
            'i' => builder.case_insensitive(true),
            'x' => builder.ignore_whitespace(true),
            unknown => return Err(format!("there is no flag `{unknown}`")),
        };
    }
    builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        other => other.to_string().lines().last().unwrap_or("it cannot be read").trim_start_matches("error: ").to_owned(),
    })
}

/// XPath's `$1` and `\$` in the notation of the regex crate.
pub(super) fn replacement(text: &str) -> Option<String> {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next()? {
                '$' => result.push_str("$$"),
                '\\' => result.push('\\'),
                _ => return None,
            },
            '$' => {
                let digit = characters.next_if(char::is_ascii_digit)?;
                result.push_str(&format!("${{{digit}}}"));
            }
            plain => result.push(plain),
        }
    }
    Some(result)
}
