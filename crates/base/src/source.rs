//! The files of one compilation and the way from byte offsets to lines and columns.
//!
//! Must never read a file: texts are given to it.

use crate::{FileId, IdVec, Span};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// One source file.
#[derive(Debug)]
pub struct SourceFile {
    pub id: FileId,
    /// The path as diagnostics show it.
    pub name: String,
    pub text: Arc<str>,
    lines: OnceLock<Lines>,
    /// The line that was asked for last: most questions are about the same one or the next.
    last_line: AtomicUsize,
}

/// Where a file's lines begin.
#[derive(Debug)]
struct Lines {
    starts: Vec<u32>,
    /// Every character is a byte.
    is_ascii: bool,
}

/// A place as people count it: both numbers begin at 1, columns count characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LineCol {
    pub line: u32,
    pub col: u32,
}

/// All files of a compilation.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: IdVec<FileId, SourceFile>,
}

impl SourceMap {
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Adds a file. Texts of 4 GiB and more do not fit a span; the driver refuses them before.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        assert!(u32::try_from(text.len()).is_ok(), "source texts are shorter than 4 GiB");
        let id = self.files.next_id();
        let (lines, last_line) = (OnceLock::new(), AtomicUsize::new(0));
        self.files.push(SourceFile { id, name: name.into(), text, lines, last_line })
    }

    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id]
    }

    pub fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter()
    }

    /// The text under `span`, clamped to the file and to character boundaries.
    pub fn text(&self, span: Span) -> &str {
        let file = self.file(span.file);
        let (lo, hi) = file.clamp(span);
        &file.text[lo..hi]
    }

    /// What to mark of something that may be long: all of it, or its first word if it takes several lines.
    pub fn mark(&self, span: Span) -> Span {
        let text = self.text(span);
        if !text.contains('\n') {
            return span;
        }
        let word = text.split_whitespace().next().unwrap_or_default();
        Span::new(span.file, span.lo, span.lo + word.len() as u32)
    }

    /// Line and column of the span's beginning.
    pub fn line_col(&self, span: Span) -> LineCol {
        self.file(span.file).line_col(span.lo)
    }
}

impl SourceFile {
    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| {
            let newlines = memchr::memchr_iter(b'\n', self.text.as_bytes());
            let starts = std::iter::once(0).chain(newlines.map(|at| at as u32 + 1)).collect();
            Lines { starts, is_ascii: self.text.is_ascii() }
        })
    }

    fn line_starts(&self) -> &[u32] {
        &self.lines().starts
    }

    /// The number of lines; an empty file has one.
    pub fn line_count(&self) -> u32 {
        self.line_starts().len() as u32
    }

    /// Line and column of a byte offset, which may lie anywhere.
    pub fn line_col(&self, offset: u32) -> LineCol {
        let offset = self.floor_boundary(offset as usize);
        let line = self.line_index(offset);
        let start = self.line_starts()[line] as usize;
        let before = if self.lines().is_ascii {
            offset - start
        } else {
            self.text[start..offset].chars().count()
        };
        LineCol { line: line as u32 + 1, col: before as u32 + 1 }
    }

    /// The byte range of a line, counted from 1, without its line ending.
    pub fn line_range(&self, line: u32) -> std::ops::Range<usize> {
        let starts = self.line_starts();
        let index = (line.max(1) as usize - 1).min(starts.len() - 1);
        let start = starts[index] as usize;
        let end = starts.get(index + 1).map_or(self.text.len(), |&next| next as usize - 1);
        let end = if self.text[start..end].ends_with('\r') { end - 1 } else { end };
        start..end
    }

    /// The span's ends as offsets that are in the text, in order and on character boundaries.
    pub fn clamp(&self, span: Span) -> (usize, usize) {
        let lo = self.floor_boundary(span.lo as usize);
        let hi = self.floor_boundary(span.hi as usize);
        (lo, hi.max(lo))
    }

    fn line_index(&self, offset: usize) -> usize {
        let starts = self.line_starts();
        let is_in = |line: usize| {
            let end = starts.get(line + 1).map_or(usize::MAX, |&next| next as usize);
            starts[line] as usize <= offset && offset < end
        };
        // Relaxed: any line will do.
        let last = self.last_line.load(Ordering::Relaxed);
        if is_in(last) {
            return last;
        }
        let line = starts.partition_point(|&start| start as usize <= offset) - 1;
        self.last_line.store(line, Ordering::Relaxed);
        line
    }

    fn floor_boundary(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset.min(self.text.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, offset: u32, line: u32, col: u32) {
        let mut map = SourceMap::new();
        let file = map.add("t.spl", text);
        assert_eq!(map.line_col(Span::point(file, offset)), LineCol { line, col });
    }

    #[test]
    fn columns_count_characters_from_one() {
        check("", 0, 1, 1);
        check("ab\ncd", 4, 2, 2);
        check("ab\n", 3, 2, 1);
        check("äöü x", 7, 1, 5);
        check("ä", 1, 1, 1); // inside a character: its beginning
        check("a\nb", 999, 2, 2);
    }

    #[test]
    fn line_ranges_leave_out_the_line_ending() {
        let mut map = SourceMap::new();
        let file = map.add("t.spl", "ab\r\ncd\n");
        assert_eq!(map.file(file).line_range(1), 0..2);
        assert_eq!(map.file(file).line_range(2), 4..6);
        assert_eq!(map.file(file).line_range(3), 7..7);
        assert_eq!(map.file(file).line_count(), 3);
    }
}
