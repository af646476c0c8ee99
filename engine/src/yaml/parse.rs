//! From text to tree: the parser's events put together on a stack of our own, so that no text is too deep for it.

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle, options};

use super::resume::{Break, read_parts};
use super::{Entry, Key, Kind, NESTING_MAX, NODES_MAX, Node, Scalar, encoding, keys, syntax};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceId, Span, quoted};
use crate::ids::Name;

/// Reads one YAML file. Places count in the text without byte order mark, as [`crate::diagnostic::Source`] does.
///
/// Where the text is broken, the tree is what could be understood before that place and from the next key at the left
/// margin on: good for suggestions while typing, but a definition is only to be trusted when no finding is an error. No
/// tree always comes with an error.
pub fn read(bytes: &[u8], source: SourceId) -> (Option<Node>, Vec<Diagnostic>) {
    let (root, found, _unread) = read_around_breaks(bytes, source);
    (root, found)
}

/// The same as [`read`], with the bytes from where the text is broken, if it is, to where it can be read again: what
/// stands there is not in the tree.
pub fn read_around_breaks(bytes: &[u8], source: SourceId) -> (Option<Node>, Vec<Diagnostic>, Vec<Range<u32>>) {
    let mut out = Diagnostics::new();
    let text = encoding::decode(bytes, source, &mut out);
    let parts = text.map(|text| read_parts(text, |part| read_part(part, source, &mut out))).unwrap_or_default();
    (parts.root, out.into_vec(), parts.unread)
}

fn read_part(text: &str, source: SourceId, out: &mut Diagnostics) -> (Option<Node>, Option<Break>) {
    let mut broken = None;
    let mut builder = Builder { text, source, out, open: Vec::new(), root: None, nodes: 0, documents: 0 };
    for event in Parser::new_from_str_with_options(text, parser_options()) {
        match event {
            Ok((event, place)) => {
                let span = builder.span(&place);
                builder.tag(&place);
                if builder.take(&event, span).is_stopped() {
                    broken = Some(Break { at: span.start, next: None });
                    break;
                }
            }
            Err(error) => {
                let bracket = builder.open_bracket();
                let mut finding = syntax::explain(&error, text, source, bracket);
                let found = Break::at(finding.span.start, bracket, text);
                if let Some(unread) = found.remark(text) {
                    finding.remark(unread);
                }
                builder.out.push(finding);
                broken = Some(found);
                break;
            }
        }
    }
    (builder.finish(), broken)
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

    /// Where the text broke inside a key, that key is no key.
    fn forget_broken_key(&mut self) {
        if let Content::Mapping { key: key @ None, .. } = &mut self.content {
            *key = Some(Awaiting::Nothing);
        }
    }

    /// Where the text broke before a value, the value is missing; gives the end of the last item.
    fn close_last(&mut self) -> Option<u32> {
        match &mut self.content {
            Content::Sequence(items) => Some(items.last()?.span.end),
            Content::Mapping { entries, key, .. } => {
                if let Some(Awaiting::Key(key)) = key.take() {
                    let span = key.span.after();
                    let kind = Kind::Scalar(Scalar::missing(span));
                    entries.push(Entry { key, value: Node { span, kind } });
                }
                Some(entries.last()?.value.span.end)
            }
        }
    }
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, seen: BTreeMap<Name, Span>, key: Option<Awaiting> },
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
                let is_missing = *style == ScalarStyle::Plain && span.start == span.end;
                let scalar = match is_missing {
                    true => Scalar::missing(self.after_colon(span)),
                    false => Scalar::written(value, *style, span, self.text),
                };
                let (span, kind) = (scalar.span, Kind::Scalar(scalar));
                self.node(Node { span, kind })
            }
            Event::SequenceStart(style, _anchor, _tag) => self.enter(span, *style, Content::Sequence(Vec::new())),
            Event::MappingStart(style, _anchor, _tag) => {
                let content = Content::Mapping { entries: Vec::new(), seen: BTreeMap::new(), key: None };
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
        let scalar = Scalar::written(written, ScalarStyle::Literal, span, self.text);
        let kind = Kind::Scalar(scalar);
        self.node(Node { span, kind })
    }

    /// The place of a missing value: the parser gives the one before the colon.
    fn after_colon(&self, span: Span) -> Span {
        let is_value =
            self.open.last().is_some_and(|open| matches!(&open.content, Content::Mapping { key: Some(_), .. }));
        match is_value && self.text[span.start as usize..].starts_with(':') {
            true => Span::new(span.source, span.start + 1, span.start + 1),
            false => span,
        }
    }

    /// The start of a document: there may be one.
    fn document(&mut self, span: Span) -> Progress {
        self.documents += 1;
        if self.documents == 1 {
            return Progress::On;
        }
        self.out
            .error(span, "second-document", "a second document starts here, a file holds one")
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
        self.open.push(Open { span, style, content });
        Progress::On
    }

    /// The end of the innermost list or mapping.
    fn leave(&mut self, end: u32) -> Progress {
        match self.close(end) {
            Some(node) => self.node(node),
            None => Progress::On,
        }
    }

    /// The innermost list or mapping as a node; `end` is after its closing bracket, if it has one.
    fn close(&mut self, end: u32) -> Option<Node> {
        let open = self.open.pop()?;
        let (kind, last) = match open.content {
            Content::Sequence(items) => {
                let last = items.last().map(|item| item.span.end);
                (Kind::Sequence(items), last)
            }
            Content::Mapping { entries, .. } => {
                let last = entries.last().map(|entry| entry.value.span.end.max(entry.key.span.end));
                (Kind::Mapping(entries), last)
            }
        };
        let end = match open.style {
            StructureStyle::Flow => end,
            StructureStyle::Block => last.unwrap_or(open.span.end),
        };
        let span = Span::new(self.source, open.span.start, end);
        Some(Node { span, kind })
    }

    /// One node more, if the file may have it.
    fn node(&mut self, node: Node) -> Progress {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message = format!("the file has more than {NODES_MAX} keys and values");
            self.out.error(node.span, "too-many-nodes", message).help("split it into several files");
            return Progress::Stopped;
        }
        self.attach(node);
        Progress::On
    }

    /// Where a finished node belongs: into the list, as key or value into the mapping, or at the top.
    fn attach(&mut self, node: Node) {
        let Some((open, around)) = self.open.split_last_mut() else {
            self.root = Some(node);
            return;
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
    }

    /// The bracket that is open where the text broke, if the innermost structure has one.
    fn open_bracket(&self) -> Option<Span> {
        let open = self.open.last()?;
        (open.style == StructureStyle::Flow).then_some(open.span)
    }

    /// Closes what is still open where the text broke, and gives the tree.
    fn finish(mut self) -> Option<Node> {
        for open in self.open.iter_mut().rev().skip(1) {
            open.forget_broken_key();
        }
        while let Some(open) = self.open.last_mut() {
            let start = open.span.end;
            let end = open.close_last();
            if let Some(node) = self.close(end.unwrap_or(start)) {
                self.attach(node);
            }
        }
        if self.root.is_none() && !self.out.has_errors() {
            let span = Span::new(self.source, 0, 0);
            self.out.error(span, "empty-file", "the file has no content");
        }
        self.root
    }
}

fn refuse_anchor(out: &mut Diagnostics, span: Span, written: &str) {
    let message = format!("anchors and aliases such as {} are not supported", quoted(written));
    let first = written.chars().next().unwrap_or('*');
    out.error(span, "anchor", message)
        .help(format!("write the value out; if it is text that begins with `{first}`, put the text in quotes"));
}

fn short(count: usize) -> u32 {
    u32::try_from(count).expect("a text is shorter than TEXT_BYTES_MAX")
}
