//! Diagnostics as data: what is said about which place. Text is made of them in `render`.

use crate::codes::{Code, Severity};
use crate::span::Span;

/// A place with a short text beside its mark; the text may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

/// A change of the source that would mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub span: Span,
    pub replacement: String,
    /// The sentence before the change, such as ``use `elif` ``.
    pub text: String,
}

/// One error or warning.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a diagnostic is said only when it is pushed into a sink"]
pub struct Diagnostic {
    pub code: Code,
    pub message: String,
    pub primary: Label,
    pub secondary: Vec<Label>,
    pub notes: Vec<String>,
    pub helps: Vec<String>,
    pub suggestion: Option<Suggestion>,
}

impl Diagnostic {
    /// A diagnostic at `span`; more is added by the methods below.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            message: message.into(),
            primary: Label { span, text: String::new() },
            secondary: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
            suggestion: None,
        }
    }

    /// The text beside the primary mark.
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.primary.text = text.into();
        self
    }

    /// A further marked place.
    pub fn secondary(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    pub fn note(mut self, text: impl Into<String>) -> Diagnostic {
        self.notes.push(text.into());
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.helps.push(text.into());
        self
    }

    /// A change that would mend the source.
    pub fn suggest(
        mut self,
        span: Span,
        replacement: impl Into<String>,
        text: impl Into<String>,
    ) -> Diagnostic {
        let (replacement, text) = (replacement.into(), text.into());
        self.suggestion = Some(Suggestion { span, replacement, text });
        self
    }

    /// The near name for what stands there.
    pub fn did_you_mean(self, span: Span, near: &str) -> Diagnostic {
        self.suggest(span, near, format!("did you mean `{near}`?"))
    }

    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// The sink of a compilation: collects everything, gives it back in order of place.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
    errors: usize,
}

impl Diagnostics {
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.severity() == Severity::Error);
        self.items.push(diagnostic);
    }

    /// Takes over everything of another sink.
    pub fn append(&mut self, mut other: Diagnostics) {
        self.items.append(&mut other.items);
        self.errors += other.errors;
    }

    /// Keeps those that `keep` is true of, which sees them in the order they were pushed.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.items.retain(keep);
        let errors = self.items.iter().filter(|d| d.severity() == Severity::Error);
        self.errors = errors.count();
    }

    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many were pushed, repetitions included.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// In the order they were pushed.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.items.iter()
    }

    /// All diagnostics by place, each once. The order of equal places is that of pushing, so
    /// the result is the same in every run.
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut items = self.items;
        items.sort_by_key(|d| d.primary.span);
        let mut kept: Vec<Diagnostic> = Vec::with_capacity(items.len());
        for item in items {
            let repeated = kept
                .iter()
                .rev()
                .take_while(|k| k.primary.span == item.primary.span)
                .any(|k| k.code == item.code && k.message == item.message);
            if !repeated {
                kept.push(item);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FileId, codes};

    #[test]
    fn sorted_by_place_and_each_once() {
        let at = |lo| Span::new(FileId(0), lo, lo + 1);
        let mut sink = Diagnostics::new();
        for (lo, message) in [(9, "c"), (2, "b"), (9, "c"), (2, "a"), (1, "z")] {
            sink.push(Diagnostic::new(codes::UNEXPECTED_TOKEN, at(lo), message));
        }
        assert!(sink.has_errors());
        let messages: Vec<String> = sink.into_sorted().into_iter().map(|d| d.message).collect();
        assert_eq!(messages, ["z", "b", "a", "c"]);
    }
}
