//! What the author of a definition is told: where in the YAML, what is wrong, and what was probably meant.

mod render;
mod sink;
mod source;

use serde_json::{Map, Value, json};

use crate::nearest::nearest;
pub(crate) use render::is_unseen;
pub use render::{quoted, render};
pub use sink::{DIAGNOSTICS_MAX, Diagnostics};
pub(crate) use source::without_mark;
pub use source::{Position, Source, SourceId, Sources, Span};

/// Known words that a message lists when none is near.
const LISTED_MAX: usize = 8;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The definition works, but probably not as meant.
    Warning,
    /// The definition does not go live.
    Error,
}

impl Severity {
    /// `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One finding, built in a sentence: `out.error(span, "unknown-step", …).label("here").help("…")`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of finding, for programs and for translations: a stable word in kebab-case.
    pub code: &'static str,
    /// One English sentence without a full stop.
    pub message: String,
    /// The place it is about.
    pub span: Span,
    /// A few words written under the place.
    pub label: Option<String>,
    /// Other places that explain it, or remarks without a place.
    pub notes: Vec<(Option<Span>, String)>,
    /// What would be right.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding with nothing but its sentence and place.
    pub fn new(severity: Severity, span: Span, code: &'static str, message: impl Into<String>) -> Self {
        Self { severity, code, message: message.into(), span, label: None, notes: Vec::new(), help: None }
    }

    /// A few words under the place.
    pub fn label(&mut self, text: impl Into<String>) -> &mut Self {
        self.label = Some(text.into());
        self
    }

    /// Another place that explains it, and why.
    pub fn note(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.notes.push((Some(span), text.into()));
        self
    }

    /// A remark that has no place.
    pub fn remark(&mut self, text: impl Into<String>) -> &mut Self {
        self.notes.push((None, text.into()));
        self
    }

    /// What would be right; the last help given stands.
    pub fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help = Some(text.into());
        self
    }

    /// `did you mean …?`, if a word is near enough to the one that was written.
    pub fn suggest<'a>(&mut self, word: &str, among: impl Iterator<Item = &'a str>) -> &mut Self {
        match nearest(word, among) {
            Some(meant) => self.help(format!("did you mean {}?", quoted(meant))),
            None if word.contains(['，', '、']) => {
                let several: Vec<&str> = word.split(['，', '、']).map(str::trim).collect();
                self.help(format!("a list is separated by `,`, which is not the comma here: `{}`", several.join(", ")))
            }
            None => self,
        }
    }

    /// `did you mean …?`, or, when no word is near, which there are.
    pub fn suggest_or_list<'a>(&mut self, word: &str, among: impl Iterator<Item = &'a str> + Clone) -> &mut Self {
        let known: Vec<String> = among.clone().map(quoted).collect();
        match known.get(..LISTED_MAX.min(known.len())) {
            None | Some([]) => {}
            Some(shown) if shown.len() == known.len() => _ = self.help(format!("there is {}", shown.join(", "))),
            Some(shown) => {
                _ = self.help(format!("there is {} and {} more", shown.join(", "), known.len() - LISTED_MAX))
            }
        }
        self.suggest(word, among)
    }

    /// For editors and browsers:
    /// `{severity, code, message, file, start, end, label?, help?, notes: [{message, file?, start?, end?}]}`
    /// where `start` and `end` are `{byte, line, column, utf16}` as in [`Position`].
    pub fn to_json(&self, sources: &Sources) -> Value {
        let mut object = Map::new();
        object.insert("severity".into(), self.severity.as_str().into());
        object.insert("code".into(), self.code.into());
        object.insert("message".into(), self.message.as_str().into());
        insert_place(&mut object, self.span, sources);
        for (key, text) in [("label", &self.label), ("help", &self.help)] {
            if let Some(text) = text {
                object.insert(key.into(), text.as_str().into());
            }
        }
        let notes = self.notes.iter().map(|(span, text)| {
            let mut note = Map::new();
            note.insert("message".into(), text.as_str().into());
            if let Some(span) = span {
                insert_place(&mut note, *span, sources);
            }
            Value::Object(note)
        });
        object.insert("notes".into(), notes.collect());
        Value::Object(object)
    }
}

/// The file and both ends of a place, if the file is known.
fn insert_place(object: &mut Map<String, Value>, span: Span, sources: &Sources) {
    let Some(source) = sources.get(span.source) else {
        return;
    };
    object.insert("file".into(), source.name.as_str().into());
    for (key, byte) in [("start", span.start), ("end", span.end)] {
        let position = source.position(byte);
        let place = json!({
            "byte": position.byte,
            "line": position.line,
            "column": position.column,
            "utf16": position.utf16,
        });
        object.insert(key.into(), place);
    }
}
