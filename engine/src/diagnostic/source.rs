//! The texts that diagnostics point into: files, places in them, and what an editor or a terminal calls those places.

use std::borrow::Cow;
use std::sync::Arc;

/// Which file of a process folder: an index into [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// A piece of one file, in bytes: from `start` up to and without `end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last one; equal to `start` where nothing stands at a place that matters.
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of a file. An `end` before `start` is read as `start`.
    pub fn new(source: SourceId, start: u32, end: u32) -> Self {
        Self { source, start, end: end.max(start) }
    }

    /// The place just after this one, where something is missing.
    pub fn after(self) -> Self {
        Self::new(self.source, self.end, self.end)
    }

    /// The smallest piece that covers both; this one alone if the other is in another file.
    pub fn to(self, other: Self) -> Self {
        if self.source != other.source {
            return self;
        }
        Self::new(self.source, self.start.min(other.start), self.end.max(other.end))
    }
}

/// One place as the different readers count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Bytes from the start of the text, from 0.
    pub byte: u32,
    /// Lines, from 1.
    pub line: u32,
    /// Characters (Unicode scalar values) from the start of the line, from 1: what compilers print.
    pub column: u32,
    /// UTF-16 code units from the start of the line, from 0: what browsers and language servers count.
    pub utf16: u32,
}

/// One file: the path that is shown and the text, with an index of its lines.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path shown to the author.
    pub name: String,
    /// The text without a byte order mark.
    pub text: Arc<str>,
    line_starts: Arc<[u32]>,
}

impl Source {
    /// A file from its bytes. A byte order mark is dropped; bytes that are not UTF-8 are shown as `�`, and places
    /// up to the first such byte stay right. Texts over 4 GiB are cut there.
    pub fn new(name: impl Into<String>, bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(u32::MAX as usize / 4)];
        let text: Arc<str> = match String::from_utf8_lossy(without_mark(bytes)) {
            Cow::Borrowed(text) => Arc::from(text),
            Cow::Owned(text) => Arc::from(text),
        };
        let line_starts = std::iter::once(0).chain(line_breaks(&text)).collect::<Vec<_>>().into();
        Self { name: name.into(), text, line_starts }
    }

    /// Where a byte is. A byte inside a character means that character; one past the end means the end.
    pub fn position(&self, byte: u32) -> Position {
        let byte = self.text.floor_char_boundary(byte as usize);
        let byte_short = u32::try_from(byte).expect("a text is shorter than 4 GiB");
        let line = self.line_starts.partition_point(|start| *start <= byte_short);
        let line_start = self.line_starts[line - 1] as usize;
        let (mut characters, mut units) = (0, 0);
        for letter in self.text[line_start..byte].chars() {
            characters += 1;
            units += letter.len_utf16();
        }
        Position { byte: byte_short, line: short(line), column: short(characters + 1), utf16: short(units) }
    }

    /// The bytes of a line (from 1) without its line break, or nothing if there is no such line.
    pub fn line(&self, line: u32) -> Option<&str> {
        let range = self.line_range(line)?;
        Some(self.text[range].trim_end_matches(['\n', '\r']))
    }

    /// Where a line (from 1) starts and ends, its line break included.
    pub(super) fn line_range(&self, line: u32) -> Option<std::ops::Range<usize>> {
        let index = (line as usize).checked_sub(1)?;
        let start = *self.line_starts.get(index)? as usize;
        let end = self.line_starts.get(index + 1).map_or(self.text.len(), |next| *next as usize);
        Some(start..end)
    }

    /// The text at a span of this file, as far as it exists.
    pub fn slice(&self, span: Span) -> &str {
        let start = self.text.floor_char_boundary(span.start as usize);
        let end = self.text.ceil_char_boundary(span.end as usize);
        &self.text[start..end]
    }
}

/// The bytes without the UTF-8 byte order mark that some editors write first.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// The byte after each line break: a line feed, a carriage return, or both together, as editors count.
fn line_breaks(text: &str) -> impl Iterator<Item = u32> {
    let bytes = text.as_bytes();
    (0..bytes.len()).filter_map(move |index| {
        let is_break = match bytes[index] {
            b'\n' => true,
            b'\r' => bytes.get(index + 1) != Some(&b'\n'),
            _other => false,
        };
        is_break.then(|| short(index + 1))
    })
}

fn short(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The files of one process folder.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more file, and the name it goes by in spans. The 65,536th and later files share the last id.
    pub fn add(&mut self, source: Source) -> SourceId {
        let id = SourceId(u16::try_from(self.0.len()).unwrap_or(u16::MAX));
        self.0.push(source);
        id
    }

    /// The file of that id.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.0.get(usize::from(id.0))
    }

    /// All files in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }
}
