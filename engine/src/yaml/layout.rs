//! How the text of a scalar lies in the file, so that a place in an expression is a place in the YAML.

use std::ops::Range;
use std::sync::Arc;

use granit_parser::ScalarStyle;

use super::Scalar;
use crate::diagnostic::Span;
use crate::ids::Name;

/// How the text lies in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Byte for byte from `content_start`.
    Straight,
    /// In pieces, never none: (byte of the text, byte of the file) where each begins.
    Lines(Arc<[(u32, u32)]>),
    /// With escapes, so that only the whole has a place.
    Whole,
}

impl Layout {
    /// Where a piece of the text starts and ends in the file, unless only the whole has a place.
    pub(super) fn place(&self, content_start: u32, piece: Range<usize>) -> Option<(u32, u32)> {
        let straight = [(0, content_start)];
        let lines: &[(u32, u32)] = match self {
            Self::Straight => &straight,
            Self::Lines(lines) => lines,
            Self::Whole => return None,
        };
        let place_of = |offset: usize| {
            let line = lines.partition_point(|(text, _)| *text as usize <= offset);
            let (text, file) = lines[line.saturating_sub(1)];
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            file + offset.saturating_sub(text)
        };
        let from = place_of(piece.start);
        // The end is the place after the last byte, which may be on an earlier line than the byte at `end`.
        let to = match piece.is_empty() {
            true => from,
            false => place_of(piece.end - 1) + 1,
        };
        Some((from, to))
    }
}

impl Scalar {
    /// A value that is not there.
    pub(super) fn missing(span: Span) -> Self {
        Self { text: Name::new(""), plain: true, content_start: span.start, span, layout: Layout::Straight }
    }

    /// A scalar as the parser understood it, from the place it has in the file.
    pub(super) fn written(value: &str, style: ScalarStyle, span: Span, file: &str) -> Self {
        let start = span.start as usize;
        let raw = &file[start..span.end as usize];
        let (content_start, content, end) = match style {
            ScalarStyle::Plain => (start, raw, span.end),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let content = raw.get(1..raw.len().saturating_sub(1)).unwrap_or("");
                (start + 1, content, span.end)
            }
            // The parser's place reaches over the blank lines up to the next key.
            ScalarStyle::Literal | ScalarStyle::Folded => (start, raw, short(start + raw.trim_end().len())),
        };
        Self {
            text: Name::new(value),
            plain: style == ScalarStyle::Plain,
            content_start: short(content_start),
            span: Span::new(span.source, span.start, end),
            layout: layout(value, content, content_start),
        }
    }
}

/// How the text of a scalar lies in the file, given the bytes between its quotes and where they start.
fn layout(value: &str, raw: &str, start: usize) -> Layout {
    if value == raw {
        return Layout::Straight;
    }
    // Line folding and indentation change white space only: every other character must come again in order.
    let visible = |text: &str| {
        let letters = text.char_indices();
        letters.filter(|(_, letter)| !matches!(letter, ' ' | '\t' | '\n' | '\r')).collect::<Vec<_>>()
    };
    let (letters, places) = (visible(value), visible(raw));
    let mut lines: Vec<(u32, u32)> = Vec::new();
    let mut shift = None;
    for ((text_at, letter), (file_at, written)) in letters.iter().zip(&places) {
        if letter != written {
            return Layout::Whole;
        }
        let (text_at, file_at) = (short(*text_at), short(start + file_at));
        let now = i64::from(file_at) - i64::from(text_at);
        if shift != Some(now) {
            lines.push((text_at, file_at));
            shift = Some(now);
        }
    }
    if letters.len() != places.len() || lines.is_empty() {
        return Layout::Whole;
    }
    Layout::Lines(lines.into())
}

fn short(count: usize) -> u32 {
    u32::try_from(count).expect("a text is shorter than TEXT_BYTES_MAX")
}
