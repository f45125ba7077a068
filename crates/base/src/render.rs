//! Diagnostics as text: `error[E0123]: message`, ` --> path:line:col`, and the marked source.
//!
//! Must never panic, whatever the spans and the source: spans are clamped, and only a window of
//! each line is shown, so a line of a megabyte costs no more than a short one.

use crate::codes::Severity;
use crate::diagnostic::{Diagnostic, Label};
use crate::source::{SourceFile, SourceMap};
use crate::span::FileId;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Padding, Renderer, Snippet};
use std::ops::Range;

/// How diagnostics are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    Plain,
    /// With ANSI colours.
    Coloured,
}

/// Lines apart from each other by more are shown as separate pieces.
const MAX_GAP: u32 = 8;
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
        if let Some((line, col)) = window.origin {
            let path = sources.file(window.file).name.as_str();
            group = group.element(Origin::path(path).line(line).char_column(col));
        }
        let marks = window.marks.iter().map(Mark::annotation);
        let snippet = Snippet::source(window.text.as_str()).line_start(window.first_line as usize);
        group = group.element(snippet.fold(false).annotations(marks));
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
    renderer.render(&report)
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
    /// Line and column to print in front; absent on a further piece of the same file.
    origin: Option<(usize, usize)>,
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
        let file = sources.file(file);
        let shown = file.line_col(places[0].lo as u32);
        places.sort_by_key(|p| (p.first_line, p.last_line));
        let mut origin = Some((shown.line as usize, shown.col as usize));
        let apart = |a: &Place<'_>, b: &Place<'_>| b.first_line <= a.last_line + MAX_GAP;
        for cluster in places.chunk_by(apart) {
            windows.push(window(file, cluster, origin.take()));
        }
    }
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
fn window(file: &SourceFile, places: &[Place<'_>], origin: Option<(usize, usize)>) -> Window {
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
    let marks = places
        .iter()
        .map(|p| Mark {
            range: to_text(p.lo)..to_text(p.hi),
            primary: p.primary,
            text: p.label.text.clone(),
        })
        .collect();
    Window { file: file.id, origin, first_line, text, marks }
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
