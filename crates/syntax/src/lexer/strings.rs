//! Strings, characters and f-strings. Only their ends are found here; escapes are resolved when
//! the parser makes a literal of the token.

use super::Lexer;
use super::layout::Frame;
use crate::token::TokenKind;
use sepal_base::{Diagnostic, codes};

impl Lexer<'_, '_> {
    /// A string whose opening quote stands `prefix` bytes on.
    pub(super) fn string(&mut self, prefix: usize, kind: TokenKind) {
        let raw = kind == TokenKind::RawStr;
        let quotes = self.quotes(prefix);
        let body = self.pos + prefix + quotes;
        match self.string_end(body, quotes, raw) {
            Ok(end) => self.push(kind, end + quotes - self.pos),
            Err(_) if quotes == 1 && prefix == 0 && self.quote_ends_fstring() => {}
            Err(end) => {
                let message = if quotes == 3 {
                    "this string is never closed"
                } else {
                    "this string is not closed on its line"
                };
                self.error(codes::UNTERMINATED_STRING, self.pos, body, message);
                self.push(TokenKind::Error, end - self.pos);
                if quotes == 1 {
                    self.close_brackets_of_line();
                }
            }
        }
    }

    /// A quote in a hole that opens no string is the end of the f-string: the hole was not closed.
    fn quote_ends_fstring(&mut self) -> bool {
        let is_text = |frame: &Frame| matches!(frame, Frame::FString { .. });
        let Some(text) = self.frames.iter().rposition(is_text) else { return false };
        let one_line = matches!(self.frames[text], Frame::FString { triple: false, .. });
        if one_line {
            self.close_frames(text + 1);
            self.push(TokenKind::FStringEnd, 1);
            self.frames.pop();
        }
        one_line
    }

    /// 3 for `"""`, else 1.
    fn quotes(&self, prefix: usize) -> usize {
        let quote = |n: usize| self.byte(prefix + n) == b'"';
        if quote(1) && quote(2) { 3 } else { 1 }
    }

    /// Where the closing quotes begin, or where the search gave up.
    fn string_end(&self, mut at: usize, quotes: usize, raw: bool) -> Result<usize, usize> {
        loop {
            let rest = &self.bytes[at.min(self.bytes.len())..];
            let found = if quotes == 3 {
                memchr::memchr2(b'"', b'\\', rest)
            } else {
                memchr::memchr3(b'"', b'\\', b'\n', rest)
            };
            let Some(offset) = found else { return Err(self.bytes.len()) };
            at += offset;
            match self.bytes[at] {
                b'\\' if raw => at += 1,
                // A line end cannot be escaped away in a one-line string.
                b'\\' if quotes == 1 && self.bytes.get(at + 1) == Some(&b'\n') => at += 1,
                b'\\' => at += 2,
                b'"' if quotes == 1 || self.bytes[at..].starts_with(b"\"\"\"") => return Ok(at),
                b'"' => at += 1,
                _ => return Err(if self.bytes[..at].ends_with(b"\r") { at - 1 } else { at }),
            }
        }
    }

    pub(super) fn char_literal(&mut self) {
        let rest = &self.source[self.pos + 1..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let mut chars = line.char_indices();
        let end = match chars.next() {
            Some((_, '\\')) => {
                let escaped = chars.next().map_or(line.len(), |(at, c)| at + c.len_utf8());
                line[escaped..].find('\'').map(|at| at + escaped)
            }
            Some((_, '\'')) => Some(0),
            Some(_) => line.find('\''),
            None => None,
        };
        let Some(end) = end else {
            self.error(
                codes::UNTERMINATED_STRING,
                self.pos,
                self.pos + 1,
                "this character is not closed",
            );
            let word = self.word_len(1);
            return self.push(TokenKind::Error, 1 + word);
        };
        let body = &line[..end];
        if !body.starts_with('\\') && body.chars().count() != 1 {
            let span = self.span(self.pos, self.pos + end + 2);
            let diagnostic = if body.is_empty() {
                Diagnostic::new(codes::BAD_CHAR, span, "a character literal cannot be empty")
            } else {
                Diagnostic::new(codes::BAD_CHAR, span, "a character literal holds one character")
                    .suggest(span, format!("\"{body}\""), "for a string use double quotes")
            };
            self.diagnostics.push(diagnostic);
            return self.push(TokenKind::Error, end + 2);
        }
        self.push(TokenKind::Char, end + 2);
    }

    pub(super) fn fstring_start(&mut self) {
        let at = self.pos as u32;
        let quotes = self.quotes(1);
        self.push(TokenKind::FStringStart, 1 + quotes);
        self.frames.push(Frame::FString { at, triple: quotes == 3 });
    }

    /// The text of an f-string up to the next hole or its end, and the sign that follows.
    pub(super) fn fstring_text(&mut self) {
        let Some(&Frame::FString { triple, .. }) = self.frames.last() else { return };
        let mut at = self.pos;
        loop {
            let next = self.bytes.get(at + 1);
            match self.bytes.get(at) {
                None => return self.unclosed_fstring(at),
                Some(b'\n') if !triple => {
                    let before_return = usize::from(at > self.pos && self.bytes[at - 1] == b'\r');
                    return self.unclosed_fstring(at - before_return);
                }
                // The braces of `\u{…}` are no hole.
                Some(b'\\') if self.bytes[at..].starts_with(b"\\u{") => {
                    at += 3 + self.hex_and_brace(at + 3)
                }
                Some(b'\\') if next.is_some_and(|&b| b != b'\n') => at += 2,
                Some(b'{') if next == Some(&b'{') => at += 2,
                Some(b'}') if next == Some(&b'}') => at += 2,
                Some(b'{') => {
                    self.push_text(at);
                    let frame = Frame::Hole { at: self.pos as u32 };
                    return self.open(TokenKind::HoleStart, frame);
                }
                Some(b'}') => {
                    self.error(
                        codes::BAD_FSTRING,
                        at,
                        at + 1,
                        "a single `}` in an f-string is written `}}`",
                    );
                    at += 1;
                }
                Some(b'"') if !triple || self.bytes[at..].starts_with(b"\"\"\"") => {
                    self.push_text(at);
                    self.push(TokenKind::FStringEnd, if triple { 3 } else { 1 });
                    self.frames.pop();
                    return;
                }
                Some(_) => at += 1,
            }
        }
    }

    /// The length of hexadecimal digits and the brace behind them.
    fn hex_and_brace(&self, at: usize) -> usize {
        let digits = self.bytes[at..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
        digits + usize::from(self.bytes.get(at + digits) == Some(&b'}'))
    }

    fn push_text(&mut self, end: usize) {
        if end > self.pos {
            self.push(TokenKind::FStringText, end - self.pos);
        }
    }

    fn unclosed_fstring(&mut self, end: usize) {
        let end = self.source.floor_char_boundary(end);
        self.push_text(end);
        self.close_frames(self.frames.len() - 1);
        if end < self.source.len() {
            self.close_brackets_of_line();
        }
    }

    /// Whether the hole holds an `if` or a lambda whose colon is still to come, which is no format
    /// specification then.
    pub(super) fn hole_has_open_head(&self) -> bool {
        use TokenKind::*;
        let (mut depth, mut colons) = (0, 0);
        for token in self.tokens.iter().rev() {
            match token.kind {
                RParen | RBracket | RBrace | HoleEnd | FStringEnd => depth += 1,
                LParen | LBracket | LBrace | HoleStart | FStringStart if depth > 0 => depth -= 1,
                HoleStart => return false,
                Colon if depth == 0 => colons += 1,
                If | Elif | Else | Match | Fn if depth == 0 && colons == 0 => return true,
                If | Elif | Else | Match | Fn if depth == 0 => colons -= 1,
                _ => {}
            }
        }
        false
    }

    /// `:spec` behind the expression of a hole, up to its closing brace. Braces in it, which mean
    /// nothing, are part of it.
    pub(super) fn format_spec(&mut self) {
        let mut depth = 0usize;
        let ends = |byte: &u8| {
            match byte {
                b'{' => depth += 1,
                b'}' if depth > 0 => depth -= 1,
                b'}' | b'\n' | b'"' => return true,
                _ => {}
            }
            false
        };
        let rest = &self.bytes[self.pos..];
        let len = rest.iter().position(ends).unwrap_or(rest.len());
        self.push(TokenKind::FormatSpec, len);
    }
}
