//! Places in source text. A span is three integers and knows no text; only the source map does.

crate::define_id! {
    /// A file in the source map.
    pub struct FileId;
}

/// A half-open range of bytes `lo..hi` in one file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub file: FileId,
    pub lo: u32,
    pub hi: u32,
}

impl Span {
    /// The span `lo..hi` of `file`.
    pub const fn new(file: FileId, lo: u32, hi: u32) -> Span {
        Span { file, lo, hi }
    }

    /// An empty span at `at`.
    pub const fn point(file: FileId, at: u32) -> Span {
        Span { file, lo: at, hi: at }
    }

    /// The smallest span that covers both. The two lie in one file.
    pub fn to(self, end: Span) -> Span {
        debug_assert_eq!(self.file, end.file, "spans of one node lie in one file");
        Span { file: self.file, lo: self.lo.min(end.lo), hi: self.hi.max(end.hi) }
    }

    /// The empty span at the beginning of this one.
    pub const fn start(self) -> Span {
        Span { file: self.file, lo: self.lo, hi: self.lo }
    }

    /// The empty span at the end of this one.
    pub const fn end(self) -> Span {
        Span { file: self.file, lo: self.hi, hi: self.hi }
    }

    /// The number of bytes covered.
    pub const fn len(self) -> u32 {
        self.hi.saturating_sub(self.lo)
    }

    /// Whether no byte is covered.
    pub const fn is_empty(self) -> bool {
        self.hi <= self.lo
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.lo, self.hi)
    }
}
