//! `matches`, `replace`, `split`: XPath's regular expressions, as far as linear time allows.

use regex::{Regex, RegexBuilder};

use super::{Arguments, Form, Function, Gives, Kind, TEXT, form, given, text};
use crate::expression::limits::{PATTERN_BYTES_MAX, PATTERN_TEXT_BYTES_MAX, RESULT_BYTES_MAX};
use crate::expression::run::Run;
use crate::value::Value;

/// Steps for reading a pattern: a hundred times what a usual one takes, for the worst takes so much.
const READING_STEPS: u64 = 10_000;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "matches",
        forms: &[Form {
            required: 2,
            ..form(&[("input", TEXT), ("pattern", TEXT), ("flags", TEXT)], Gives::One(Kind::Boolean), matches)
        }],
    },
    Function {
        name: "replace",
        forms: &[Form {
            required: 3,
            ..form(
                &[("input", TEXT), ("pattern", TEXT), ("replacement", TEXT), ("flags", TEXT)],
                Gives::One(Kind::Text),
                replace,
            )
        }],
    },
    Function {
        name: "split",
        forms: &[form(&[("string", TEXT), ("delimiter", TEXT)], Gives::ListOf(Kind::Text), split)],
    },
];

/// What is asked of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::expression) enum Asks {
    Matches,
    Replace,
    Split,
}

impl Asks {
    /// The question of a function, if it is one of these.
    pub(in crate::expression) fn of(function: &str) -> Option<Self> {
        match function {
            "matches" => Some(Self::Matches),
            "replace" => Some(Self::Replace),
            "split" => Some(Self::Split),
            _ => None,
        }
    }

    /// Where its flags stand.
    pub(in crate::expression) fn flags_place(self) -> usize {
        match self {
            Self::Matches | Self::Split => 2,
            Self::Replace => 3,
        }
    }

    /// The answer for a pattern that has been read.
    pub(in crate::expression) fn answer(
        self,
        run: &Run<'_>,
        pattern: &Regex,
        arguments: Arguments<'_>,
    ) -> Option<Value> {
        let string = text(arguments, 0)?;
        if !run.charge_items(string.len() + 10) {
            return None;
        }
        match self {
            Self::Matches => Some(Value::Boolean(pattern.is_match(string))),
            Self::Replace => replaced(run, pattern, string, text(arguments, 2)?),
            Self::Split => Some(run.list(pattern.split(string).map(Value::text).collect())),
        }
    }

    /// The answer for a pattern that is known only now.
    fn read_and_answer(self, run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
        let flags = match given(arguments, self.flags_place()) {
            None => "",
            Some(flags) => flags.as_text()?,
        };
        if !run.charge(READING_STEPS) {
            return None;
        }
        let pattern = read(text(arguments, 1)?, flags).ok()?;
        self.answer(run, &pattern, arguments)
    }
}

fn matches(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Asks::Matches.read_and_answer(run, arguments)
}

fn replace(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Asks::Replace.read_and_answer(run, arguments)
}

fn split(run: &Run<'_>, arguments: Arguments<'_>) -> Option<Value> {
    Asks::Split.read_and_answer(run, arguments)
}

fn replaced(run: &Run<'_>, pattern: &Regex, string: &str, replacement: &str) -> Option<Value> {
    let replacement = notation(replacement)?;
    let mut result = String::new();
    let mut last = 0;
    for found in pattern.captures_iter(string) {
        let whole = found.get(0)?;
        result.push_str(&string[last..whole.start()]);
        found.expand(&replacement, &mut result);
        last = whole.end();
        if result.len() > RESULT_BYTES_MAX {
            return None;
        }
    }
    result.push_str(&string[last..]);
    Some(run.text(result))
}

/// The pattern, ready to use, or why it cannot be used.
pub(in crate::expression) fn read(text: &str, flags: &str) -> Result<Regex, String> {
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
        other => {
            other.to_string().lines().last().unwrap_or("it cannot be read").trim_start_matches("error: ").to_owned()
        }
    })
}

/// XPath's `$1` and `\$` in the notation of the regex crate.
fn notation(text: &str) -> Option<String> {
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
