//! Lines, blocks and brackets: where a line ends, where a block opens and closes.
//!
//! At the bottom lines count. Inside a bracket they do not, except that a line ending in `:` opens
//! a block there: a [`Frame::Block`] above the bracket's frame, in which lines count again until
//! the dedent or the closing bracket.

use super::Lexer;
use crate::token::{Token, TokenKind};
use sepal_base::{Diagnostic, codes};

/// Something open that decides what a newline and a closing sign mean.
#[derive(Clone, Copy, Debug)]
pub(super) enum Frame {
    Paren {
        at: u32,
    },
    /// `[` of a list, list type or list pattern.
    Bracket {
        at: u32,
    },
    /// `[` behind an operand: colons in it are those of slices.
    Index {
        at: u32,
    },
    Brace {
        at: u32,
    },
    /// A block within brackets; the indents below `base` belong to what is around it.
    Block {
        base: usize,
    },
    FString {
        at: u32,
        triple: bool,
    },
    /// `{` in an f-string.
    Hole {
        at: u32,
    },
}

/// An open block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Indent {
    pub col: u32,
    /// A level that fits no other: reported once, then tolerated without tokens.
    pub silent: bool,
}

/// The first token of a line to come. Remembered, so that many comment lines in a row are looked
/// through only once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Peek {
    from: usize,
    at: usize,
    col: u32,
}

impl Frame {
    /// The token that closes it; a block has none.
    fn closer(self) -> Option<TokenKind> {
        match self {
            Frame::Paren { .. } => Some(TokenKind::RParen),
            Frame::Bracket { .. } | Frame::Index { .. } => Some(TokenKind::RBracket),
            Frame::Brace { .. } => Some(TokenKind::RBrace),
            Frame::Hole { .. } => Some(TokenKind::HoleEnd),
            Frame::FString { .. } => Some(TokenKind::FStringEnd),
            Frame::Block { .. } => None,
        }
    }
}

impl Lexer<'_, '_> {
    /// Blanks and line ends up to the next token or comment.
    pub(super) fn blanks(&mut self) {
        let mut at = self.pos;
        loop {
            match self.bytes.get(at) {
                Some(b' ' | b'\t' | b'\r') => at += 1,
                Some(b'\n') => {
                    if self.newline_counts(at + 1) {
                        if at > self.pos {
                            self.trivia(TokenKind::Whitespace, at - self.pos);
                        }
                        self.end_line(1);
                        return;
                    }
                    at += 1;
                }
                _ => break,
            }
        }
        if at > self.pos {
            self.trivia(TokenKind::Whitespace, at - self.pos);
        }
    }

    fn end_line(&mut self, len: usize) {
        self.push(TokenKind::Newline, len);
        self.line_open = false;
        self.at_line_start = true;
    }

    /// Whether a line end is the end of a logical line; `next` is where the next line begins.
    fn newline_counts(&mut self, next: usize) -> bool {
        match self.frames.last() {
            None | Some(Frame::Block { .. }) => self.line_open && !self.continues(next),
            Some(Frame::Paren { .. } | Frame::Bracket { .. } | Frame::Brace { .. }) => {
                if self.prev == TokenKind::Colon && self.opens_block(next) {
                    self.frames.push(Frame::Block { base: self.indents.len() });
                    return true;
                }
                self.bracket_was_forgotten(next)
            }
            Some(Frame::Index { .. }) => self.bracket_was_forgotten(next),
            Some(Frame::Hole { .. }) => {
                let depth = self.frames.len() - 2;
                let is_triple = matches!(self.frames[depth], Frame::FString { triple: true, .. });
                if is_triple || self.goes_on_in_hole(next) {
                    return false;
                }
                self.close_frames(depth);
                self.newline_counts(next)
            }
            // Newlines in the text of an f-string are looked at there.
            Some(Frame::FString { .. }) => false,
        }
    }

    /// Whether the line at `next` is deeper than the statement around, or closes the hole: else its bracket was forgotten.
    fn goes_on_in_hole(&mut self, next: usize) -> bool {
        let peek = self.peek_line(next);
        peek.col > self.current_col() && peek.at < self.bytes.len()
            || self.bytes.get(peek.at) == Some(&b'}')
    }

    /// Whether a comma at the end of a line stands behind a block within brackets: the next line is
    /// back in the bracket, so the comma belongs there.
    pub(super) fn comma_ends_block(&mut self) -> bool {
        let Some(&Frame::Block { base }) = self.frames.last() else { return false };
        let peek = self.peek_line(self.pos + 1);
        let ends_line = self.bytes[self.pos..peek.at].contains(&b'\n');
        let back = match self.bytes.get(peek.at) {
            None | Some(b')' | b']' | b'}') => true,
            Some(_) => self.indents.get(base).is_some_and(|block| peek.col < block.col),
        };
        ends_line && back
    }

    /// The first token at or behind `from` that is neither blank nor comment, with its column.
    fn peek_line(&mut self, from: usize) -> Peek {
        if (self.peeked.from..=self.peeked.at).contains(&from) && self.peeked.at > 0 {
            return self.peeked;
        }
        let (mut at, mut line) = (from, from);
        loop {
            match self.bytes.get(at) {
                Some(b' ' | b'\t' | b'\r') => at += 1,
                Some(b'\n') => {
                    at += 1;
                    line = at;
                }
                Some(b'/') if self.bytes.get(at + 1) == Some(&b'/') => {
                    let rest = &self.bytes[at..];
                    at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                }
                Some(_) | None => break,
            }
        }
        self.peeked = Peek { from, at, col: (at - line) as u32 };
        self.peeked
    }

    /// `.name` and `|>` at the beginning of a line continue the one before.
    fn continues(&mut self, next: usize) -> bool {
        let at = self.peek_line(next).at;
        let byte = |n: usize| self.bytes.get(at + n).copied().unwrap_or(0);
        match byte(0) {
            b'.' => byte(1).is_ascii_alphabetic() || byte(1) == b'_' || byte(1) >= 0x80,
            b'|' => byte(1) == b'>',
            _ => false,
        }
    }

    /// Whether the line at `next`, within brackets and behind a colon, is deeper than the
    /// statement around.
    fn opens_block(&mut self, next: usize) -> bool {
        let peek = self.peek_line(next);
        let closes = matches!(self.bytes.get(peek.at), None | Some(b')' | b']' | b'}'));
        !closes && peek.col > self.current_col()
    }

    fn current_col(&self) -> u32 {
        self.indents.last().map_or(0, |indent| indent.col)
    }

    /// A statement's first word, no deeper than the statement around, shows that a bracket before
    /// it was left open. Closing it here keeps the mistake from swallowing the rest of the file.
    fn bracket_was_forgotten(&mut self, next: usize) -> bool {
        let peek = self.peek_line(next);
        if peek.col > self.current_col() || !self.begins_statement(peek.at) {
            return false;
        }
        let lines_count = |f: &Frame| matches!(f, Frame::Block { .. });
        let depth = self.frames.iter().rposition(lines_count).map_or(0, |at| at + 1);
        self.close_frames(depth);
        true
    }

    /// Whether a word at `at` can only begin a statement or declaration.
    fn begins_statement(&self, at: usize) -> bool {
        let word_at = |from: usize| {
            let rest = &self.bytes[from.min(self.bytes.len())..];
            let len = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
            &rest[..len]
        };
        let word = word_at(at);
        let named = !word_at(at + word.len() + 1).is_empty();
        let begins = matches!(
            TokenKind::of_word(word),
            TokenKind::Let
                | TokenKind::Var
                | TokenKind::Struct
                | TokenKind::Class
                | TokenKind::Enum
                | TokenKind::Trait
                | TokenKind::Impl
                | TokenKind::Import
                | TokenKind::Pub
                | TokenKind::Fn
                | TokenKind::While
                | TokenKind::Defer
                | TokenKind::Assert
        );
        begins && named
    }

    /// Compares the column of the line's first token with the open blocks.
    pub(super) fn begin_line(&mut self) {
        self.at_line_start = false;
        let col = self.column();
        if col > self.current_col() {
            self.indents.push(Indent { col, silent: false });
            return self.mark(TokenKind::Indent);
        }
        let block =
            if let Some(Frame::Block { base }) = self.frames.last() { Some(*base) } else { None };
        let base = block.unwrap_or(1);
        while col < self.current_col() && self.indents.len() > base {
            self.pop_indent();
        }
        if block == Some(self.indents.len()) {
            // Back in the bracket, where columns mean nothing.
            self.frames.pop();
            self.line_open = true;
            let line = memchr::memrchr(b'\n', &self.bytes[..self.pos]).map_or(0, |at| at + 1);
            if self.bracket_was_forgotten(line) {
                self.end_line(0);
                self.at_line_start = false;
            }
        } else if col != self.current_col() {
            self.error(
                codes::BAD_INDENT,
                self.pos,
                self.pos + 1,
                "this line is indented like none of the blocks around it",
            );
            self.indents.push(Indent { col, silent: true });
        }
    }

    fn pop_indent(&mut self) {
        if let Some(Indent { silent: false, .. }) = self.indents.pop() {
            self.mark(TokenKind::Dedent);
        }
    }

    /// Adds an empty token.
    fn mark(&mut self, kind: TokenKind) {
        self.tokens.push(Token { kind, lo: self.pos as u32 });
        self.prev = kind;
    }

    /// The column of `pos`; a tab leads to the next multiple of four, so that one mistake does not make others.
    fn column(&mut self) -> u32 {
        let line = memchr::memrchr(b'\n', &self.bytes[..self.pos]).map_or(0, |at| at + 1);
        let indentation = &self.bytes[line..self.pos];
        let tabs = memchr::memchr_iter(b'\t', indentation).count();
        if tabs > 0 && !self.tab_reported {
            self.tab_reported = true;
            let tab = line + memchr::memchr(b'\t', indentation).unwrap_or(0);
            let span = self.span(tab, tab + 1);
            self.diagnostics.push(
                Diagnostic::new(codes::TAB_INDENT, span, "a tab stands in the indentation")
                    .help("indent with four spaces"),
            );
        }
        // Characters before it that are no blanks: a byte order mark.
        let blanks = indentation.iter().filter(|b| matches!(b, b' ' | b'\t'));
        let after = |column: u32, blank: &u8| match blank {
            b'\t' => column.saturating_add(4) & !3,
            _ => column.saturating_add(1),
        };
        blanks.fold(0, after)
    }

    pub(super) fn open(&mut self, kind: TokenKind, frame: Frame) {
        self.push(kind, 1);
        self.frames.push(frame);
    }

    /// A closing bracket at `pos`: closes the innermost bracket of its kind, and what is still
    /// open in it.
    pub(super) fn close(&mut self, kind: TokenKind) {
        let closes = |frame: &Frame| {
            let closer = frame.closer();
            closer == Some(kind)
                || (kind == TokenKind::RBrace && closer == Some(TokenKind::HoleEnd))
        };
        let in_text = |frame: &Frame| matches!(frame, Frame::FString { .. });
        let barrier = self.frames.iter().rposition(in_text).map_or(0, |at| at + 1);
        let found = self.frames[barrier..].iter().rposition(closes);
        if let Some(found) = found {
            self.close_frames(barrier + found + 1);
            let frame = self.frames.pop();
            let kind = frame.and_then(Frame::closer).unwrap_or(kind);
            return self.push(kind, 1);
        }
        let sign = kind.describe();
        let mut diagnostic = Diagnostic::new(
            codes::UNMATCHED_BRACKET,
            self.span(self.pos, self.pos + 1),
            format!("{sign} closes nothing"),
        );
        if let Some(
            Frame::Paren { at } | Frame::Bracket { at } | Frame::Index { at } | Frame::Brace { at },
        ) = self.frames[barrier..].last().copied()
        {
            // Most likely it was to close the innermost one.
            let at = at as usize;
            diagnostic.message = format!("{sign} does not close `{}`", &self.source[at..at + 1]);
            diagnostic = diagnostic.secondary(self.span(at, at + 1), "opened here");
            let frame = self.frames.pop();
            if let Some(closer) = frame.and_then(Frame::closer) {
                self.mark(closer);
            }
        }
        self.diagnostics.push(diagnostic);
        self.push(TokenKind::Error, 1);
    }

    /// Closes all frames above `depth` with empty tokens; the innermost is reported.
    pub(super) fn close_frames(&mut self, depth: usize) {
        let mut reported = false;
        while self.frames.len() > depth
            && let Some(frame) = self.frames.pop()
        {
            if let Frame::Block { base } = frame {
                if self.line_open {
                    self.end_line(0);
                }
                while self.indents.len() > base {
                    self.pop_indent();
                }
                self.at_line_start = false;
            } else if !reported {
                reported = true;
                self.report_unclosed(frame);
            }
            if let Some(closer) = frame.closer() {
                self.mark(closer);
            }
            self.line_open = true;
        }
    }

    /// Closes what was opened on this line, without a word: what would have closed it is in the
    /// string that is not closed.
    pub(super) fn close_brackets_of_line(&mut self) {
        let line = memchr::memrchr(b'\n', &self.bytes[..self.pos]).map_or(0, |at| at + 1);
        while let Some(
            Frame::Paren { at } | Frame::Bracket { at } | Frame::Index { at } | Frame::Brace { at },
        ) = self.frames.last()
            && *at as usize >= line
            && let Some(closer) = self.frames.pop().and_then(Frame::closer)
        {
            self.mark(closer);
        }
    }

    fn report_unclosed(&mut self, frame: Frame) {
        let (at, code) = match frame {
            Frame::Paren { at }
            | Frame::Bracket { at }
            | Frame::Index { at }
            | Frame::Brace { at } => (at as usize, codes::UNCLOSED_BRACKET),
            Frame::Hole { at } => (at as usize, codes::BAD_FSTRING),
            Frame::FString { at, .. } => (at as usize, codes::UNTERMINATED_STRING),
            Frame::Block { .. } => return,
        };
        let message = match frame {
            Frame::FString { .. } => "this f-string is never closed".to_owned(),
            _ => format!("`{}` is never closed", &self.source[at..at + 1]),
        };
        self.error(code, at, at + 1, message);
    }

    pub(super) fn end_of_file(&mut self) {
        self.close_frames(0);
        if self.line_open {
            self.end_line(0);
        }
        while self.indents.len() > 1 {
            self.pop_indent();
        }
        self.mark(TokenKind::Eof);
    }
}
