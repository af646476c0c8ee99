//! Findings as text for a terminal: the line of the YAML, an underline, what is wrong and what would be right.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Severity, Source, Sources, Span};

/// Longer lines are named by their place only: drawing them costs more than it shows.
const SHOWN_LINE_BYTES_MAX: usize = 16 * 1024;

/// Two places further apart than this are shown as two pieces, so that the text between is not gone through.
const SHOWN_LINES_MAX: u32 = 40;

/// Characters of the author's own words that a message repeats.
const QUOTED_CHARS_MAX: usize = 60;

/// All findings in order, a blank line between two; with terminal colours if asked. Underlines are placed by display
/// width, so they stand right under Chinese text, which is two columns wide.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = match color {
        true => Renderer::styled(),
        false => Renderer::plain(),
    };
    let mut text = String::new();
    for diagnostic in diagnostics {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&render_one(diagnostic, sources, &renderer));
        text.push('\n');
    }
    text
}

/// The author's own words inside a message: between backticks, invisible characters made visible, long text cut.
pub fn quoted(text: &str) -> String {
    let mut shown = String::from("`");
    for (count, letter) in text.chars().enumerate() {
        if count == QUOTED_CHARS_MAX {
            shown.push('…');
            break;
        }
        let is_visible = letter == ' ' || !(letter.is_whitespace() || is_unseen(letter));
        if is_visible {
            shown.push(letter);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(shown, "{}", letter.escape_default());
        }
    }
    shown.push('`');
    shown
}

/// Control characters and those that change how others are shown without showing themselves.
pub(crate) fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

fn render_one(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str());
    let mut group = title.id(diagnostic.code).elements(NO_ELEMENTS);
    for piece in pieces(diagnostic, sources) {
        group = match shown_lines(&piece) {
            Some(lines) => group.element(snippet(&piece, lines)),
            None => group.element(origin(&piece[0])),
        };
    }
    for (span, text) in &diagnostic.notes {
        if span.is_none() {
            group = group.element(Level::NOTE.message(text.as_str()));
        }
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// A title turns into a group by taking elements, none here.
const NO_ELEMENTS: [annotate_snippets::Message<'static>; 0] = [];

/// One place to underline.
struct Mark<'a> {
    source: &'a Source,
    /// The bytes to underline: of a place with many lines, what is on the first.
    bytes: Range<usize>,
    line: u32,
    kind: AnnotationKind,
    label: Option<&'a str>,
}

impl<'a> Mark<'a> {
    fn new(sources: &'a Sources, span: Span, kind: AnnotationKind, label: Option<&'a str>) -> Option<Self> {
        let source = sources.get(span.source)?;
        let start = source.position(span.start);
        let line_end = source.line_range(start.line)?.start + source.line(start.line)?.len();
        let end = source.position(span.end).byte as usize;
        let start_byte = start.byte as usize;
        Some(Self { source, bytes: start_byte..end.min(line_end).max(start_byte), line: start.line, kind, label })
    }

    /// Whether both are shown best in one piece of text.
    fn is_near(&self, other: &Self) -> bool {
        std::ptr::eq(self.source, other.source) && self.line.abs_diff(other.line) <= SHOWN_LINES_MAX
    }
}

/// The finding's place and those of its notes, grouped into those that are shown in one piece of text.
fn pieces<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Vec<Vec<Mark<'a>>> {
    let primary = (diagnostic.span, AnnotationKind::Primary, diagnostic.label.as_deref());
    let notes = diagnostic
        .notes
        .iter()
        .filter_map(|(span, text)| Some(((*span)?, AnnotationKind::Context, Some(text.as_str()))));
    let mut pieces: Vec<Vec<Mark<'a>>> = Vec::new();
    for (span, kind, label) in std::iter::once(primary).chain(notes) {
        let Some(mark) = Mark::new(sources, span, kind, label) else {
            continue;
        };
        match pieces.iter_mut().find(|piece| piece[0].is_near(&mark)) {
            Some(piece) => piece.push(mark),
            None => pieces.push(vec![mark]),
        }
    }
    pieces
}

/// The lines that hold all the marks, or nothing if one of them is too long to draw.
fn shown_lines(piece: &[Mark<'_>]) -> Option<std::ops::RangeInclusive<u32>> {
    let first = piece.iter().map(|mark| mark.line).min()?;
    let last = piece.iter().map(|mark| mark.line).max()?;
    let source = piece[0].source;
    let is_short = |line| source.line(line).is_some_and(|text| text.len() <= SHOWN_LINE_BYTES_MAX);
    (first..=last).all(is_short).then_some(first..=last)
}

fn snippet<'a>(piece: &[Mark<'a>], lines: std::ops::RangeInclusive<u32>) -> Snippet<'a, Annotation<'a>> {
    let source = piece[0].source;
    let start = source.line_range(*lines.start()).map_or(0, |range| range.start);
    let end = source.line_range(*lines.end()).map_or(start, |range| range.end);
    let annotations = piece.iter().map(|mark| {
        let span = mark.bytes.start - start..mark.bytes.end - start;
        mark.kind.span(span).label(mark.label)
    });
    Snippet::source(&source.text[start..end])
        .path(source.name.as_str())
        .line_start(*lines.start() as usize)
        .annotations(annotations)
}

fn origin<'a>(mark: &Mark<'a>) -> Origin<'a> {
    let place = mark.source.position(u32::try_from(mark.bytes.start).unwrap_or(u32::MAX));
    Origin::path(mark.source.name.as_str()).line(place.line as usize).char_column(place.column as usize)
}
