//! Diagnostics as text: `error[E0123]: message`, ` --> path:line:col`, and the marked source.
//!
//! Must never panic, whatever the spans and the source: spans are clamped, and only a window of
//! each line is shown, so a line of a megabyte costs no more than a short one.

use crate::codes::Severity;
use crate::diagnostic::{Diagnostic, Label};
use crate::source::{SourceFile, SourceMap};
use crate::span::FileId;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Padding, Renderer, Snippet};
use std::ops::Range;

/// How diagnostics are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    Plain,
    /// With ANSI colours.
    Coloured,
}

/// Lines apart from each other by more are shown as separate pieces.
const MAX_GAP: u32 = 100;
/// What is shown of a line before and after its marks, in bytes.
const CONTEXT: usize = 100;
/// A mark's own text is shown up to this many bytes.
const MAX_MARK: usize = 160;
/// Of a mark over many lines, only the first are shown.
const MAX_LINES: u32 = 12;

/// All diagnostics, each followed by an empty line.
pub fn render_all(diagnostics: &[Diagnostic], sources: &SourceMap, style: Style) -> String {
    diagnostics.iter().map(|d| render(d, sources, style) + "\n\n").collect()
}

/// One diagnostic, without a newline at its end.
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, style: Style) -> String {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let windows = windows(diagnostic, sources);
    let mut group = Group::with_title(
        level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.id()),
    );
    for window in &windows {
        let marks = window.marks.iter().map(Mark::annotation);
        let snippet = Snippet::source(window.text.as_str())
            .path(sources.file(window.file).name.as_str())
            .line_start(window.first_line as usize);
        group = group.element(snippet.annotations(marks));
    }
    let suggestion = diagnostic.suggestion.as_ref().map(suggestion_text);
    let notes = diagnostic.notes.iter().map(|note| Level::NOTE.message(note.as_str()));
    let helps = diagnostic.helps.iter().map(String::as_str).chain(suggestion.as_deref());
    let texts: Vec<_> = notes.chain(helps.map(|help| Level::HELP.message(help))).collect();
    if !texts.is_empty() {
        group = group.element(Padding);
    }
    let report = [group.elements(texts)];
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let mut text = renderer.render(&report);
    // The renderer counts columns in what it is given, which is less than the line if that is long.
    for (counted, real) in windows.iter().filter_map(|w| w.place.as_ref()) {
        text = text.replacen(counted, real, 1);
    }
    text
}

fn suggestion_text(suggestion: &crate::Suggestion) -> String {
    let replacement = suggestion.replacement.trim();
    let one_line = !replacement.is_empty() && !replacement.contains('\n');
    if one_line && !suggestion.text.contains(replacement) {
        format!("{}: `{replacement}`", suggestion.text)
    } else {
        suggestion.text.clone()
    }
}

/// Some consecutive lines of one file, shortened, with the marks in them.
struct Window {
    file: FileId,
    /// If the first line is cut: the place as it is counted in `text`, and the real one.
    place: Option<(String, String)>,
    first_line: u32,
    text: String,
    marks: Vec<Mark>,
}

/// A mark within a window's text.
struct Mark {
    range: Range<usize>,
    primary: bool,
    text: String,
}

impl Mark {
    fn annotation(&self) -> Annotation<'_> {
        let kind = if self.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(self.range.clone());
        if self.text.is_empty() { annotation } else { annotation.label(self.text.as_str()) }
    }
}

/// A label with its clamped place in its file.
struct Place<'a> {
    label: &'a Label,
    primary: bool,
    lo: usize,
    hi: usize,
    first_line: u32,
    last_line: u32,
}

fn windows(diagnostic: &Diagnostic, sources: &SourceMap) -> Vec<Window> {
    let labels = std::iter::once((&diagnostic.primary, true))
        .chain(diagnostic.secondary.iter().map(|label| (label, false)));
    let mut by_file: Vec<(FileId, Vec<Place<'_>>)> = Vec::new();
    for (label, primary) in labels {
        let place = place(label, primary, sources.file(label.span.file));
        match by_file.iter_mut().find(|(file, _)| *file == label.span.file) {
            Some((_, places)) => places.push(place),
            None => by_file.push((label.span.file, vec![place])),
        }
    }
    let mut windows = Vec::new();
    for (file, mut places) in by_file {
        places.sort_by_key(|p| (p.first_line, p.last_line));
        let apart = |a: &Place<'_>, b: &Place<'_>| b.first_line <= a.last_line + MAX_GAP;
        windows.extend(places.chunk_by(apart).map(|cluster| window(sources.file(file), cluster)));
    }
    // The first window is the one whose place is printed as that of the diagnostic.
    windows.sort_by_key(|w| !w.marks.iter().any(|mark| mark.primary));
    windows
}

fn place<'a>(label: &'a Label, primary: bool, file: &SourceFile) -> Place<'a> {
    let (lo, mut hi) = file.clamp(label.span);
    let first_line = file.line_col(lo as u32).line;
    let mut last_line = file.line_col(hi as u32).line;
    if last_line - first_line >= MAX_LINES {
        last_line = first_line;
        hi = file.line_range(first_line).end.max(lo);
    }
    Place { label, primary, lo, hi, first_line, last_line }
}

/// Copies the lines of a cluster, each cut to the neighbourhood of its marks.
fn window(file: &SourceFile, places: &[Place<'_>]) -> Window {
    let first_line = places.iter().map(|p| p.first_line).min().unwrap_or(1);
    let last_line = places.iter().map(|p| p.last_line).max().unwrap_or(1);
    let mut text = String::new();
    let mut pieces: Vec<(Range<usize>, usize)> = Vec::new(); // source range, offset in `text`
    for line in first_line..=last_line {
        if line > first_line {
            text.push('\n');
        }
        let whole = file.line_range(line);
        let shown = shown_part(file, whole.clone(), places);
        text.push_str(if shown.start > whole.start { "…" } else { "" });
        pieces.push((shown.clone(), text.len()));
        text.push_str(&file.text[shown.clone()]);
        text.push_str(if shown.end < whole.end { "…" } else { "" });
    }
    let to_text = |offset: usize| {
        let later = pieces.partition_point(|(source, _)| source.start <= offset);
        let (source, at) = &pieces[later.max(1) - 1];
        at + offset.clamp(source.start, source.end) - source.start
    };
    let marks: Vec<Mark> = places
        .iter()
        .map(|p| Mark {
            range: to_text(p.lo)..to_text(p.hi),
            primary: p.primary,
            text: p.label.text.clone(),
        })
        .collect();
    let shown_place = places.iter().find(|p| p.primary).or(places.first()).map(|p| {
        let at = to_text(p.lo);
        let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let counted = text[line_start..at].chars().count() + 1;
        let real = file.line_col(p.lo as u32);
        let place = |col: usize| format!("{}:{}:{col}", file.name, real.line);
        (place(counted), place(real.col as usize))
    });
    let place = shown_place.filter(|(counted, real)| counted != real);
    Window { file: file.id, place, first_line, text, marks }
}

/// The part of a line that is shown: all of it unless it is long.
fn shown_part(file: &SourceFile, line: Range<usize>, places: &[Place<'_>]) -> Range<usize> {
    if line.len() <= 2 * CONTEXT + MAX_MARK {
        return line;
    }
    let inside = places.iter().filter(|p| p.lo <= line.end && p.hi >= line.start);
    let lo = inside.map(|p| p.lo.max(line.start)).min().unwrap_or(line.start);
    let start = lo.saturating_sub(CONTEXT).max(line.start);
    let end = (lo + MAX_MARK + CONTEXT).min(line.end);
    file.text.floor_char_boundary(start)..file.text.floor_char_boundary(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Span, codes};
    use expect_test::{Expect, expect};

    fn check(
        source: &str,
        make: impl FnOnce(&dyn Fn(u32, u32) -> Span) -> Diagnostic,
        expected: Expect,
    ) {
        let mut sources = SourceMap::new();
        let file = sources.add("dir/t.spl", source);
        let diagnostic = make(&|lo, hi| Span::new(file, lo, hi));
        let text = render(&diagnostic, &sources, Style::Plain);
        let coloured = render(&diagnostic, &sources, Style::Coloured);
        assert!(coloured.contains('\u{1b}') && !text.contains('\u{1b}'));
        expected.assert_eq(&(text + "\n"));
    }

    #[test]
    fn marks_notes_and_suggestion() {
        check(
            "let a = 1\nlet b = a +\n",
            |span| {
                Diagnostic::new(codes::EXPECTED_EXPRESSION, span(21, 21), "expected an expression")
                    .label("here")
                    .secondary(span(8, 9), "first")
                    .note("a note")
                    .help("a help")
                    .suggest(span(21, 21), "1", "add a value")
            },
            expect![[r#"
                error[E0013]: expected an expression
                 --> dir/t.spl:2:12
                  |
                1 | let a = 1
                  |         - first
                2 | let b = a +
                  |            ^ here
                  |
                  = note: a note
                  = help: a help
                  = help: add a value: `1`
            "#]],
        );
    }

    #[test]
    fn long_lines_are_cut_around_the_mark_and_columns_stay_true() {
        let mut source = "é".repeat(300);
        source.push_str("BAD");
        source.push_str(&"y".repeat(1_000_000));
        check(
            &source,
            |span| Diagnostic::new(codes::UNEXPECTED_TOKEN, span(600, 603), "no"),
            expect![[r#"
                error[E0001]: no
                 --> dir/t.spl:1:301
                  |
                1 | …ééééééééééééééééééééééééééééééééééééééééééééééééééBADyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy...
                  |                                                    ^^^
            "#]],
        );
    }

    #[test]
    fn any_span_in_any_text_is_rendered() {
        for source in ["", "\n", "\t\tx\r\ny", "ä\u{0}\u{7f}\u{200d}b", "a\nb\nc\n"] {
            for (lo, hi) in [(0, 0), (1, 3), (3, 1), (0, u32::MAX), (u32::MAX, u32::MAX), (2, 5)] {
                let mut sources = SourceMap::new();
                let file = sources.add("t.spl", source);
                let diagnostic =
                    Diagnostic::new(codes::UNEXPECTED_TOKEN, Span::new(file, lo, hi), "m")
                        .secondary(Span::new(file, hi, lo), "s");
                let text = render(&diagnostic, &sources, Style::Plain);
                assert!(text.starts_with("error[E0001]: m\n"), "{text}");
            }
        }
    }
}
