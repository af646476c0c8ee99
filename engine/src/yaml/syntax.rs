//! What the parser could not read, said in sentences with the usual cause: a tab, a full-width colon, a missing quote.

use granit_parser::{ErrorKind, ScanError};

use super::NESTING_MAX;
use super::cause::{Cause, cause};
use crate::diagnostic::{Diagnostic, Severity, SourceId, Span, quoted};

/// A code, a sentence, and what would be right where that is always the same.
type Words = (&'static str, String, Option<&'static str>);

/// The parser's error as a finding; `bracket` is the bracket that is open there.
pub(super) fn explain(error: &ScanError, text: &str, source: SourceId, bracket: Option<Span>) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or(text.len());
    let at = text.floor_char_boundary(at);
    let (code, message, help) = words(error.kind());
    // The parser names the text before a tab, which may be a line above it.
    let is_above = code == "tab" && !text[..at].rsplit('\n').next().unwrap_or("").contains('\t');
    let at = if is_above { text[at..].find('\t').map_or(at, |index| at + index) } else { at };
    let mut finding = Diagnostic::new(Severity::Error, place(error.kind(), text, at, source), code, message);
    if let Some(help) = help {
        finding.help(help);
    }
    if let Some(bracket) = bracket {
        blame_bracket(&mut finding, bracket, text);
    }
    let is_colon = matches!(finding.code, "colon" | "no-colon");
    if let Some(cause) = cause(text, at, is_colon) {
        blame(&mut finding, cause, text);
    } else if bracket.is_none()
        && !matches!(error.kind(), ErrorKind::FlowMappingValueAdjacentCollection)
        && matches!(finding.code, "colon" | "indentation")
        && let Some(help) = uneven(text, at)
    {
        finding.help(help);
    }
    finding
}

/// What the indentation of an entry's line is, where it fits neither the line before nor what that opens.
fn uneven(text: &str, at: usize) -> Option<String> {
    let start = text[..at].rfind('\n').map_or(0, |index| index + 1);
    let line = text[start..].lines().next()?;
    let is_seen = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let (number, before) = (1..).zip(text[..start].lines()).filter(|(_, line)| is_seen(line)).last()?;
    let own_number = text[..start].lines().count() + 1;
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let (own, other) = (indent(line), indent(before));
    let is_entry = |line: &str| line.contains(": ") || line.trim_end().ends_with(':');
    let opens = before.trim_end().ends_with(':') && own > other;
    let is_uneven =
        own != other && !opens && is_entry(line) && is_entry(before) && !before.trim_start().starts_with("- ");
    is_uneven.then(|| {
        format!("line {own_number} is indented by {own}, line {number} by {other}: entries of one mapping begin in the same column")
    })
}

/// Moves the finding to what caused it; where it was noticed stays visible if that is another line.
fn blame(finding: &mut Diagnostic, cause: Cause, text: &str) {
    let noticed = finding.span;
    let start = short(cause.at);
    finding.span = Span::new(noticed.source, start, start + short(cause.length));
    finding.label(cause.label).help(cause.help);
    if is_line_between(text, finding.span, noticed) {
        finding.note(noticed, "here it can no longer be read");
    }
}

/// Says which bracket is open, and that it is the culprit if it stands in a line before.
fn blame_bracket(finding: &mut Diagnostic, bracket: Span, text: &str) {
    if finding.span.start == bracket.start {
        return;
    }
    finding.note(bracket, "this bracket is still open");
    if is_line_between(text, bracket, finding.span) {
        let (open, close) = match text[bracket.start as usize..].starts_with('{') {
            true => ('{', '}'),
            false => ('[', ']'),
        };
        finding.code = "unclosed-bracket";
        finding.message = format!("the bracket `{open}` is not closed before this");
        finding.help(format!("close it with `{close}`, or put a `,` between what it holds"));
    }
}

fn is_line_between(text: &str, one: Span, other: Span) -> bool {
    let (from, to) = (one.start.min(other.start), one.start.max(other.start));
    text[from as usize..to as usize].contains('\n')
}

/// The bracket or quote that is meant, or from the place to the end of its word.
fn place(kind: &ErrorKind, text: &str, at: usize, source: SourceId) -> Span {
    let is_mark = matches!(
        kind,
        ErrorKind::UnclosedFlowCollection { .. }
            | ErrorKind::MismatchedFlowCollectionEnd { .. }
            | ErrorKind::MisplacedFlowCollectionEnd
            | ErrorKind::UnclosedQuotedScalar
    );
    let rest = &text[at..];
    let end = match is_mark {
        true => rest.chars().next().map(char::len_utf8),
        false => rest.find(|letter: char| letter.is_whitespace()),
    };
    Span::new(source, short(at), short(at + end.unwrap_or(rest.len())))
}

/// The words for one kind of error. Kinds that authors seldom meet keep the parser's own sentence.
fn words(kind: &ErrorKind) -> Words {
    match kind {
        ErrorKind::RecursionLimitExceeded => {
            ("nested-too-deep", format!("this is nested more than {NESTING_MAX} deep"), None)
        }
        ErrorKind::DirectiveDisallowed => (
            "directive",
            "lines that begin with `%` are not supported".to_owned(),
            Some("remove the line; if it is text, put it in quotes"),
        ),
        ErrorKind::UnexpectedCharacter { character } => (
            "reserved-character",
            format!("text cannot begin with {}", quoted(&character.to_string())),
            Some("put the text in quotes"),
        ),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => (
            "tab",
            "a tab stands where YAML wants spaces".to_owned(),
            Some("indent with spaces: YAML does not count tabs"),
        ),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "colon",
            "a `:` cannot stand here".to_owned(),
            Some("if it is part of the text, put the text in quotes; if it begins a new entry, mend the line before"),
        ),
        ErrorKind::FlowMappingValueAdjacentCollection => (
            "colon",
            "the colon has no space after it".to_owned(),
            Some("write a space between the colon and the bracket"),
        ),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockSequenceEntry => (
            "indentation",
            "this line belongs to nothing above it".to_owned(),
            Some("entries of one mapping, and items of one list, begin in the same column"),
        ),
        kind => bracket_words(kind)
            .or_else(|| quote_words(kind))
            .unwrap_or_else(|| ("yaml-syntax", format!("this is not YAML: {kind}"), None)),
    }
}

/// Kinds about brackets and what stands between them.
fn bracket_words(kind: &ErrorKind) -> Option<Words> {
    let words = match kind {
        ErrorKind::UnclosedFlowCollection { open } => {
            let message = format!("the bracket {} is never closed", quoted(&open.to_string()));
            ("unclosed-bracket", message, None)
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            let message = format!("the bracket `{open}` is closed by `{close}`");
            ("unclosed-bracket", message, None)
        }
        ErrorKind::MisplacedFlowCollectionEnd => (
            "unopened-bracket",
            "this bracket was never opened".to_owned(),
            Some("remove it; if it is text, put the text in quotes"),
        ),
        ErrorKind::ExpectedFlowMappingSeparator => (
            "bracket-content",
            "a `,` or `}` is missing before this".to_owned(),
            Some("entries between `{` and `}` are separated by `,`"),
        ),
        ErrorKind::ExpectedFlowSequenceSeparator => (
            "bracket-content",
            "a `,` or `]` is missing before this".to_owned(),
            Some("items between `[` and `]` are separated by `,`"),
        ),
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            ("unclosed-bracket", "the file ends inside brackets".to_owned(), None)
        }
        // Not about brackets; the caller tries the next list.
        _other => return None,
    };
    Some(words)
}

/// Kinds about quotes, keys and other marks before text.
fn quote_words(kind: &ErrorKind) -> Option<Words> {
    let words = match kind {
        ErrorKind::UnclosedQuotedScalar => (
            "unclosed-quote",
            "this quote is never closed".to_owned(),
            Some("close it; inside single quotes, a quote that is text is written twice: 'it''s'"),
        ),
        ErrorKind::UnknownQuotedScalarEscape => (
            "escape",
            "between double quotes, `\\` begins an escape, and this one does not exist".to_owned(),
            Some("use single quotes, or write `\\\\` for a backslash"),
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            ("after-quote", "nothing can follow the closing quote".to_owned(), Some("put the whole text in quotes"))
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            "no-colon",
            "this line is neither `key: value` nor a list item".to_owned(),
            Some("an entry is a key, a colon, a space and a value"),
        ),
        ErrorKind::InvalidTagTerminator | ErrorKind::ExpectedTagBang | ErrorKind::UndeclaredTagHandle => {
            ("tag", "text cannot begin with `!`".to_owned(), Some("put the text in quotes"))
        }
        ErrorKind::MissingAnchorOrAliasName => {
            ("anchor", "text cannot begin with `*` or `&`".to_owned(), Some("put the text in quotes"))
        }
        ErrorKind::CommentInterceptedScalar => (
            "comment",
            "a text that goes on in the next line cannot have a comment in between".to_owned(),
            Some("if the `#` is part of the text, put the text in quotes"),
        ),
        ErrorKind::CommentNotSeparated => ("comment", "a comment needs a space before its `#`".to_owned(), None),
        // Kinds nobody has met yet keep the parser's own sentence.
        _other => return None,
    };
    Some(words)
}

fn short(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
