//! Where findings are collected, so that an author sees all of them and not only the first.

use super::{Diagnostic, Severity, Span};

/// Findings kept of one check. An author mends a few and checks again; a hostile text must not fill the memory.
pub const DIAGNOSTICS_MAX: usize = 500;

/// Collects findings in the order they are made.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    /// The one being built after the list is full: it takes the builder's calls and is then forgotten.
    overflow: Option<Diagnostic>,
    dropped: usize,
    has_errors: bool,
}

impl Diagnostics {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The definition cannot go live because of this place. Go on with `.label()`, `.note()`, `.help()`.
    pub fn error(&mut self, span: Span, code: &'static str, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Diagnostic::new(Severity::Error, span, code, message))
    }

    /// This place works, but probably not as meant.
    pub fn warning(&mut self, span: Span, code: &'static str, message: impl Into<String>) -> &mut Diagnostic {
        self.push(Diagnostic::new(Severity::Warning, span, code, message))
    }

    /// A finding that was made elsewhere.
    pub fn push(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        self.has_errors |= diagnostic.severity == Severity::Error;
        if self.kept.len() < DIAGNOSTICS_MAX {
            self.kept.push(diagnostic);
            return self.kept.last_mut().expect("one was pushed just now");
        }
        self.dropped += 1;
        self.overflow.insert(diagnostic)
    }

    /// Whether any error was found, those beyond the limit included.
    pub fn has_errors(&self) -> bool {
        self.has_errors
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How many findings are kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// The findings kept, in the order they were made.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.kept.iter()
    }

    /// The findings; when there were more than [`DIAGNOSTICS_MAX`], a last one says how many are not shown.
    pub fn into_vec(mut self) -> Vec<Diagnostic> {
        if let Some(last) = self.overflow.take() {
            let severity = match self.has_errors {
                true => Severity::Error,
                false => Severity::Warning,
            };
            let message = format!("findings not shown: {}", self.dropped);
            let mut more = Diagnostic::new(severity, last.span, "too-many-diagnostics", message);
            more.help("mend the first ones and check again");
            self.kept.push(more);
        }
        self.kept
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: T) {
        for diagnostic in diagnostics {
            self.push(diagnostic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_beyond_the_limit_are_counted_and_still_count_as_errors() {
        let mut found = Diagnostics::new();
        for _ in 0..DIAGNOSTICS_MAX {
            found.warning(Span::default(), "odd", "odd");
        }
        found.error(Span::default(), "bad", "bad").help("mend it");

        assert!(found.has_errors());
        assert_eq!(found.len(), DIAGNOSTICS_MAX);
        let all = found.into_vec();
        let last = all.last().expect("there are many");
        assert_eq!(last.code, "too-many-diagnostics");
        assert_eq!(last.message, "findings not shown: 1");
        assert_eq!(last.severity, Severity::Error);
    }
}
