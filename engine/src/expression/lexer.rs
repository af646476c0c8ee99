//! Cuts an expression's text into tokens, each with its place.

use std::ops::Range;

use rust_decimal::Decimal;

use super::limits::TEXT_BYTES_MAX;
use super::mistake::{Mistake, Wrong};
use crate::value::number::parse;

/// A token. A word's text is where its span says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word,
    Number(Decimal),
    Text(String),
    /// A bracket, an operator or a mark of punctuation.
    Symbol(&'static str),
    End,
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) span: Range<usize>,
}

/// Longer ones first, so that `**` is not two `*`.
const SYMBOLS: &[&str] = &[
    "..", "**", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "+", "-", "*", "/", "=", "<", ">", "@",
];

/// Operators of other languages, with what they are here.
const FOREIGN: [(&str, &str); 4] = [("==", "="), ("=>", ">="), ("=<", "<="), ("<>", "!=")];

/// An operator of another language at the beginning of `rest`; `function<>` is a type.
fn foreign(rest: &str, before: &str) -> Option<(&'static str, &'static str)> {
    let is_type = before == "function";
    FOREIGN.into_iter().find(|(written, _)| rest.starts_with(written)).filter(|_| !is_type)
}

/// Whether a name may begin with it (DMN 1.5 grammar rule 28).
pub(super) fn is_name_start(character: char) -> bool {
    character.is_alphabetic() || character == '_' || character == '?' || character as u32 > 0xFFFF
}

/// Whether a name may go on with it.
pub(super) fn is_name_part(character: char) -> bool {
    is_name_start(character) || character.is_numeric() || matches!(character, '\u{B7}' | '\u{300}'..='\u{36F}')
}

/// The tokens of `text`, an `End` last.
pub(super) fn tokens(text: &str) -> Result<Vec<Lexeme>, Mistake> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Mistake::new(0..text.len(), &Wrong::TooLong));
    }
    let mut lexemes = Vec::with_capacity(text.len() / 4 + 1);
    let mut at = 0;
    loop {
        at = skip_blank(text, at);
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else {
            lexemes.push(Lexeme { token: Token::End, span: at..at });
            return Ok(lexemes);
        };
        let (token, length) = if is_name_start(first) {
            (Token::Word, word_length(rest))
        } else if is_number(rest) {
            number(rest).map_err(|(length, wrong)| Mistake::new(at..at + length, &wrong))?
        } else if first == '"' {
            quoted(rest).map_err(|(place, wrong)| Mistake::new(at + place.start..at + place.end, &wrong))?
        } else if let Some((written, meant)) =
            foreign(rest, lexemes.last().map_or("", |last: &Lexeme| &text[last.span.clone()]))
        {
            return Err(Mistake::new(at..at + written.len(), &Wrong::ForeignOperator { written, meant }));
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            (Token::Symbol(symbol), symbol.len())
        } else {
            return Err(Mistake::new(at..at + first.len_utf8(), &Wrong::UnknownCharacter(first)));
        };
        lexemes.push(Lexeme { token, span: at..at + length });
        at += length;
    }
}

/// Behind white space and comments.
fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if let Some(comment) = trimmed.strip_prefix("//") {
            at += 2 + comment.find('\n').unwrap_or(comment.len());
        } else if let Some(comment) = trimmed.strip_prefix("/*") {
            at += 2 + comment.find("*/").map_or(comment.len(), |end| end + 2);
        } else {
            return at;
        }
    }
}

fn word_length(rest: &str) -> usize {
    rest.find(|character| !is_name_part(character)).unwrap_or(rest.len())
}

fn digits_length(rest: &str) -> usize {
    rest.bytes().take_while(u8::is_ascii_digit).count()
}

fn is_number(rest: &str) -> bool {
    digits_length(rest.strip_prefix('.').unwrap_or(rest)) > 0
}

/// `12`, `.5`, `12.5`, `1.2e-3`; in `1..5` the number ends before the dots.
fn number(rest: &str) -> Result<(Token, usize), (usize, Wrong)> {
    let mut length = digits_length(rest);
    if rest[length..].starts_with('.') {
        let fraction = digits_length(&rest[length + 1..]);
        length += if fraction > 0 { fraction + 1 } else { 0 };
    }
    let after = &rest[length..];
    if after.starts_with(['e', 'E']) {
        let sign = usize::from(after[1..].starts_with(['+', '-']));
        let exponent = digits_length(&after[1 + sign..]);
        length += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    let written = &rest[..length];
    let number = parse(&format!("0{written}"));
    let number = number.map_err(|_| (length, Wrong::TooManyDigits(written.to_owned())))?;
    Ok((Token::Number(number), length))
}

/// A text in double quotes, its escapes resolved.
fn quoted(rest: &str) -> Result<(Token, usize), (Range<usize>, Wrong)> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Ok((Token::Text(text), index + 1)),
            '\\' => {
                let (resolved, length) = escape(&rest[index..]).map_err(|wrong| (index..index + 1, wrong))?;
                text.push(resolved);
                let passed = rest[index..index + length].chars().count() - 1;
                characters.nth(passed - 1);
            }
            plain => text.push(plain),
        }
    }
    Err((0..rest.len(), Wrong::UnendedText))
}

/// The character an escape stands for, and how many bytes the escape takes.
fn escape(rest: &str) -> Result<(char, usize), Wrong> {
    let unknown = || Wrong::UnknownEscape(rest.chars().take(2).collect());
    let hexadecimal = |from: usize, length: usize| {
        let digits = rest.get(from..from + length)?;
        if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) { u32::from_str_radix(digits, 16).ok() } else { None }
    };
    let simple = |character| Ok((character, 2));
    match rest.chars().nth(1).ok_or(Wrong::UnendedText)? {
        '"' => simple('"'),
        '\'' => simple('\''),
        '\\' => simple('\\'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'U' => {
            let code = hexadecimal(2, 6).ok_or_else(unknown)?;
            char::from_u32(code).map(|character| (character, 8)).ok_or_else(unknown)
        }
        'u' => {
            let code = hexadecimal(2, 4).ok_or_else(unknown)?;
            if let Some(character) = char::from_u32(code) {
                return Ok((character, 6));
            }
            let low = if rest.get(6..8) == Some("\\u") { hexadecimal(8, 4) } else { None };
            let low = low.ok_or_else(unknown)?;
            let pair = char::decode_utf16([code as u16, low as u16]).next();
            pair.and_then(Result::ok).map(|character| (character, 12)).ok_or_else(unknown)
        }
        _ => Err(unknown()),
    }
}
