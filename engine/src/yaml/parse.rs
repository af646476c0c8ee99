//! From text to tree: the parser's events put together on a stack of our own, so that no text is too deep for it.

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle, options};

use super::layout::{Layout, layout};
use super::{Entry, Key, Kind, NESTING_MAX, NODES_MAX, Node, Scalar, encoding, keys, syntax};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceId, Span, quoted};
use crate::ids::Name;

/// Reads one YAML file. Places count in the text without byte order mark, as [`crate::diagnostic::Source`] does.
///
/// Where the text is broken, the tree is what could be understood before that place: good for suggestions while
/// typing, but a definition is only to be trusted when no finding is an error. No tree always comes with an error.
pub fn read(bytes: &[u8], source: SourceId) -> (Option<Node>, Vec<Diagnostic>) {
    let mut out = Diagnostics::new();
    let root = encoding::decode(bytes, source, &mut out)
        .and_then(|text| read_text(text, source, &mut out));
    (root, out.into_vec())
}

fn read_text(text: &str, source: SourceId, out: &mut Diagnostics) -> Option<Node> {
    let mut builder = Builder {
        text,
        source,
        out,
        open: Vec::new(),
        root: None,
        nodes: 0,
        documents: 0,
    };
    for event in Parser::new_from_str_with_options(text, parser_options()) {
        match event {
            Ok((event, place)) => {
                let span = builder.span(&place);
                builder.tag(&place);
                if builder.take(&event, span).is_stopped() {
                    break;
                }
            }
            Err(error) => {
                let bracket = builder.open_bracket();
                builder
                    .out
                    .push(syntax::explain(&error, text, source, bracket));
                break;
            }
        }
    }
    builder.finish()
}

fn parser_options() -> Options {
    options! {
        disallow_directives: true,
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        emit_comments: false,
        // One more than allowed, so that the builder is the one who says it.
        flow_nesting_limit: NESTING_MAX + 1,
        block_nesting_limit: NESTING_MAX + 1,
    }
}

/// Whether reading goes on after an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    On,
    Stopped,
}

impl Progress {
    fn is_stopped(self) -> bool {
        self == Self::Stopped
    }
}

/// A list or mapping whose end has not come yet.
struct Open {
    /// The opening bracket, or where the first item starts.
    span: Span,
    style: StructureStyle,
    content: Content,
}

impl Open {
    /// Whether what comes inside is a key of this mapping.
    fn is_at_key(&self) -> bool {
        matches!(&self.content, Content::Mapping { key: None, .. })
    }
}

enum Content {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<Entry>,
        seen: BTreeMap<Name, Span>,
        key: Option<Awaiting>,
    },
}

/// A key was read, its value is next.
enum Awaiting {
    Key(Key),
    /// The key was reported; its value is read and forgotten.
    Nothing,
}

struct Builder<'a> {
    text: &'a str,
    source: SourceId,
    out: &'a mut Diagnostics,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
}

impl Builder<'_> {
    /// One event. Anything that is no part of the dialect is reported and read as well as can be.
    fn take(&mut self, event: &Event<'_>, span: Span) -> Progress {
        match event {
            Event::Scalar(value, style, _anchor, _tag) => {
                let scalar = self.scalar(value, *style, span);
                let span = scalar.span;
                self.node(Node {
                    span,
                    kind: Kind::Scalar(scalar),
                })
            }
            Event::SequenceStart(style, _anchor, _tag) => {
                self.enter(span, *style, Content::Sequence(Vec::new()))
            }
            Event::MappingStart(style, _anchor, _tag) => {
                let content = Content::Mapping {
                    entries: Vec::new(),
                    seen: BTreeMap::new(),
                    key: None,
                };
                self.enter(span, *style, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(span.end),
            Event::Anchor(_id, name) => {
                refuse_anchor(self.out, span, &format!("&{name}"));
                Progress::On
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => self.alias(span),
            Event::DocumentStart(..) => self.document(span),
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Progress::On,
            // Comments are not asked for, and the parser's list may grow.
            _other => Progress::On,
        }
    }

    /// The bytes of an event, on character borders of the text.
    fn span(&self, place: &granit_parser::Span) -> Span {
        let Range { start, end } = place.byte_range().unwrap_or_default();
        let start = self.text.floor_char_boundary(start);
        let end = self.text.ceil_char_boundary(end).max(start);
        Span::new(self.source, short(start), short(end))
    }

    /// Refuses the tag that a node carries, if it does.
    fn tag(&mut self, place: &granit_parser::Span) {
        let Some(place) = place.tag_span() else {
            return;
        };
        let span = self.span(&place);
        let written = &self.text[span.start as usize..span.end as usize];
        let message = format!("tags such as {} are not supported", quoted(written));
        self.out
            .error(span, "tag", message)
            .help("remove it; if it is text that begins with `!`, put the text in quotes");
    }

    /// An alias is read as the text it is written with, so that its place is not empty.
    fn alias(&mut self, span: Span) -> Progress {
        let written = &self.text[span.start as usize..span.end as usize];
        refuse_anchor(self.out, span, written);
        let scalar = Scalar {
            text: Name::new(written),
            plain: false,
            content_start: span.start,
            span,
            layout: Layout::Straight,
        };
        self.node(Node {
            span,
            kind: Kind::Scalar(scalar),
        })
    }

    /// The start of a document: there may be one.
    fn document(&mut self, span: Span) -> Progress {
        self.documents += 1;
        if self.documents == 1 {
            return Progress::On;
        }
        self.out
            .error(
                span,
                "second-document",
                "a second document starts here, a file holds one",
            )
            .help("put it in a file of its own");
        Progress::Stopped
    }

    /// The start of a list or mapping.
    fn enter(&mut self, span: Span, style: StructureStyle, content: Content) -> Progress {
        if self.open.len() == NESTING_MAX {
            let message = format!("this is nested more than {NESTING_MAX} deep");
            self.out.error(span, "nested-too-deep", message);
            return Progress::Stopped;
        }
        self.open.push(Open {
            span,
            style,
            content,
        });
        Progress::On
    }

    /// The end of the innermost list or mapping; `end` is after its closing bracket, if it has one.
    fn leave(&mut self, end: u32) -> Progress {
        let Some(open) = self.open.pop() else {
            return Progress::On;
        };
        let (kind, last) = match open.content {
            Content::Sequence(items) => {
                let last = items.last().map(|item| item.span.end);
                (Kind::Sequence(items), last)
            }
            Content::Mapping { entries, .. } => {
                let last = entries
                    .last()
                    .map(|entry| entry.value.span.end.max(entry.key.span.end));
                (Kind::Mapping(entries), last)
            }
        };
        let end = match open.style {
            StructureStyle::Flow => end,
            StructureStyle::Block => last.unwrap_or(open.span.end),
        };
        let span = Span::new(self.source, open.span.start, end);
        self.node(Node { span, kind })
    }

    /// A finished node goes where it belongs: into the list, as key or value into the mapping, or to the top.
    fn node(&mut self, node: Node) -> Progress {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message = format!("the file has more than {NODES_MAX} keys and values");
            self.out
                .error(node.span, "too-many-nodes", message)
                .help("split it into several files");
            return Progress::Stopped;
        }
        let Some((open, around)) = self.open.split_last_mut() else {
            self.root = Some(node);
            return Progress::On;
        };
        match &mut open.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, seen, key } => match key.take() {
                Some(Awaiting::Key(key)) => entries.push(Entry { key, value: node }),
                Some(Awaiting::Nothing) => {}
                None => {
                    // Inside a key that is itself refused, `{{year}}:`, nothing more needs saying.
                    let is_silent = around.iter().any(Open::is_at_key);
                    let accepted = match is_silent {
                        true => None,
                        false => keys::accept(node, seen, self.out),
                    };
                    *key = Some(accepted.map_or(Awaiting::Nothing, Awaiting::Key));
                }
            },
        }
        Progress::On
    }

    /// A scalar with its layout. A missing value has an empty place and an empty text.
    fn scalar(&self, value: &str, style: ScalarStyle, span: Span) -> Scalar {
        let plain = style == ScalarStyle::Plain;
        let is_missing = plain && span.start == span.end;
        let value = if is_missing { "" } else { value };
        let (start, end) = (span.start as usize, span.end as usize);
        let raw = &self.text[start..end];
        let (content, raw, span) = match style {
            ScalarStyle::Plain => (start, raw, span),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let inner = raw.get(1..raw.len().saturating_sub(1)).unwrap_or("");
                (start + 1, inner, span)
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                // The parser's place reaches over the blank lines up to the next key.
                let shown = raw.trim_end();
                let end = short(start + shown.len());
                (start, raw, Span::new(self.source, span.start, end))
            }
        };
        Scalar {
            text: Name::new(value),
            plain,
            content_start: short(content),
            span,
            layout: layout(value, raw, content),
        }
    }

    /// The bracket that is open where the text broke, if the innermost structure has one.
    fn open_bracket(&self) -> Option<Span> {
        let open = self.open.last()?;
        (open.style == StructureStyle::Flow).then_some(open.span)
    }

    /// Closes what is still open where the text broke, and gives the tree.
    fn finish(mut self) -> Option<Node> {
        while let Some(open) = self.open.last_mut() {
            let start = open.span.end;
            if let Content::Mapping { entries, key, .. } = &mut open.content
                && let Some(Awaiting::Key(key)) = key.take()
            {
                entries.push(Entry {
                    value: missing(key.span.after()),
                    key,
                });
            }
            let end = match &open.content {
                Content::Sequence(items) => items.last().map(|item| item.span.end),
                Content::Mapping { entries, .. } => {
                    entries.last().map(|entry| entry.value.span.end)
                }
            };
            self.leave(end.unwrap_or(start));
        }
        if self.root.is_none() && !self.out.has_errors() {
            let span = Span::new(self.source, 0, 0);
            self.out
                .error(span, "empty-file", "the file has no content");
        }
        self.root
    }
}

/// A value that is not there.
fn missing(span: Span) -> Node {
    let scalar = Scalar {
        text: Name::new(""),
        plain: true,
        content_start: span.start,
        span,
        layout: Layout::Straight,
    };
    Node {
        span,
        kind: Kind::Scalar(scalar),
    }
}

fn refuse_anchor(out: &mut Diagnostics, span: Span, written: &str) {
    let message = format!(
        "anchors and aliases such as {} are not supported",
        quoted(written)
    );
    let first = written.chars().next().unwrap_or('*');
    out.error(span, "anchor", message).help(format!(
        "write the value out; if it is text that begins with `{first}`, put the text in quotes"
    ));
}

fn short(count: usize) -> u32 {
    u32::try_from(count).expect("a text is shorter than TEXT_BYTES_MAX")
}
