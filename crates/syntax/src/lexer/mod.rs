//! Source text to tokens.
//!
//! One pass over the bytes. The lexer owns layout: it knows in which bracket, block or f-string it
//! is and emits `Newline`, `Indent` and `Dedent` accordingly. It also makes brackets balance:
//! where one is not closed it reports that and inserts an empty closing token, and a closing
//! bracket that closes nothing becomes an `Error` token. The parser relies on both.
//!
//! Must never fail: whatever cannot be a token becomes an `Error` token and a diagnostic. Must
//! never drop a byte.

mod layout;
mod strings;
#[cfg(test)]
mod tests;

use crate::token::{Token, TokenKind, TokenTable};
use layout::{Frame, Indent, Peek};
use sepal_base::{Code, Diagnostic, Diagnostics, FileId, Span, codes};

/// Splits `source` into tokens. Sources of 4 GiB and more are refused by the source map before.
pub fn lex(file: FileId, source: &str, diagnostics: &mut Diagnostics) -> TokenTable {
    let mut lexer = Lexer {
        file,
        source,
        bytes: source.as_bytes(),
        pos: 0,
        // Three bytes to a token are usual; a little more, since growing copies the table.
        tokens: Vec::with_capacity(source.len() / 5 * 2 + 4),
        prev: TokenKind::Newline,
        line_open: false,
        at_line_start: true,
        frames: Vec::new(),
        indents: vec![Indent { col: 0, silent: true }],
        tab_reported: false,
        peeked: Peek::default(),
        diagnostics,
    };
    lexer.run();
    TokenTable::new(file, lexer.tokens)
}

/// The ASCII bytes that words are made of.
static WORD_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
};

struct Lexer<'s, 'd> {
    file: FileId,
    source: &'s str,
    bytes: &'s [u8],
    pos: usize,
    tokens: Vec<Token>,
    /// The last token that is not trivia.
    prev: TokenKind,
    /// Whether the current logical line has a token yet.
    line_open: bool,
    /// Whether the next token is the first of its line, where that matters.
    at_line_start: bool,
    /// The open brackets, f-strings and blocks within brackets, innermost last.
    frames: Vec<Frame>,
    /// The open blocks; the first is the file.
    indents: Vec<Indent>,
    tab_reported: bool,
    peeked: Peek,
    diagnostics: &'d mut Diagnostics,
}

impl Lexer<'_, '_> {
    fn run(&mut self) {
        if self.source.starts_with('\u{feff}') {
            self.trivia(TokenKind::Whitespace, '\u{feff}'.len_utf8());
        }
        while self.pos < self.bytes.len() {
            if let Some(Frame::FString { .. }) = self.frames.last() {
                self.fstring_text();
            } else {
                self.token();
            }
        }
        self.end_of_file();
    }

    /// The byte `n` places on, 0 past the end.
    #[inline]
    fn byte(&self, n: usize) -> u8 {
        self.bytes.get(self.pos + n).copied().unwrap_or(0)
    }

    fn token(&mut self) {
        let byte = self.byte(0);
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => return self.blanks(),
            b'/' if self.byte(1) == b'/' => return self.comment(),
            _ => {}
        }
        // A closing bracket ends the blocks in its bracket, whatever its column.
        let closes_block = matches!(byte, b')' | b']' | b'}')
            && matches!(self.frames.last(), Some(Frame::Block { .. }));
        if self.at_line_start && !closes_block {
            self.begin_line();
        }
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.word(),
            b'0'..=b'9' => self.number(),
            b'"' => self.string(0, TokenKind::Str),
            b'\'' => self.char_literal(),
            b'(' => self.open(TokenKind::LParen, Frame::Paren { at: self.pos as u32 }),
            b'[' if self.prev.ends_operand() && self.line_open => {
                self.open(TokenKind::LBracket, Frame::Index { at: self.pos as u32 });
            }
            b'[' => self.open(TokenKind::LBracket, Frame::Bracket { at: self.pos as u32 }),
            b'{' => self.open(TokenKind::LBrace, Frame::Brace { at: self.pos as u32 }),
            b')' => self.close(TokenKind::RParen),
            b']' => self.close(TokenKind::RBracket),
            b'}' => self.close(TokenKind::RBrace),
            b':' => self.colon(),
            b',' if self.comma_ends_block() => {
                self.close_frames(self.frames.len() - 1);
                self.push(TokenKind::Comma, 1);
            }
            _ => self.sign(byte),
        }
    }

    /// Adds a token that is not trivia, `len` bytes long.
    #[inline]
    fn push(&mut self, kind: TokenKind, len: usize) {
        self.tokens.push(Token { kind, lo: self.pos as u32 });
        self.pos += len;
        self.prev = kind;
        self.line_open = true;
    }

    /// Adds a token that the parser steps over.
    fn trivia(&mut self, kind: TokenKind, len: usize) {
        self.tokens.push(Token { kind, lo: self.pos as u32 });
        self.pos += len;
    }

    fn error(&mut self, code: Code, lo: usize, hi: usize, message: impl Into<String>) {
        let diagnostic = Diagnostic::new(code, self.span(lo, hi), message);
        self.diagnostics.push(diagnostic);
    }

    fn span(&self, lo: usize, hi: usize) -> Span {
        Span::new(self.file, lo as u32, hi as u32)
    }

    fn comment(&mut self) {
        let rest = &self.bytes[self.pos..];
        let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let len = if rest[..len].ends_with(b"\r") { len - 1 } else { len };
        let kind = match rest.get(2) {
            Some(b'!') => TokenKind::ModuleDoc,
            Some(b'/') if rest.get(3) != Some(&b'/') => TokenKind::DocComment,
            _ => TokenKind::Comment,
        };
        self.trivia(kind, len);
    }

    fn word(&mut self) {
        let len = self.word_len(0);
        let word = &self.bytes[self.pos..self.pos + len];
        if len == 0 {
            return self.unknown_characters();
        }
        match (word, self.byte(len)) {
            (b"r", b'"') => self.string(1, TokenKind::RawStr),
            (b"b", b'"') => self.string(1, TokenKind::Bytes),
            (b"f", b'"') => self.fstring_start(),
            _ => {
                // After a dot every word is a name: `x.match`, `t.type`.
                let name = self.prev == TokenKind::Dot;
                let kind = if name { TokenKind::Ident } else { TokenKind::of_word(word) };
                self.push(kind, len);
            }
        }
    }

    /// The length of the word that begins `from` bytes on.
    #[inline]
    fn word_len(&self, from: usize) -> usize {
        let rest = &self.bytes[self.pos + from..];
        match rest.iter().position(|&b| !WORD_BYTES[b as usize]) {
            Some(len) if rest[len] >= 0x80 => self.unicode_word_len(from),
            Some(len) => len,
            None => rest.len(),
        }
    }

    #[cold]
    fn unicode_word_len(&self, from: usize) -> usize {
        let rest = &self.source[self.pos + from..];
        let part = |c: char| c == '_' || c.is_alphanumeric();
        if rest.starts_with(char::is_numeric) && !rest.starts_with(|c: char| c.is_ascii()) {
            return 0;
        }
        rest.find(|c| !part(c)).unwrap_or(rest.len())
    }

    fn number(&mut self) {
        let (len, float) = self.number_len();
        // Letters directly behind belong to the same mistake: `0xzz`, `5px`, `1__0`.
        let tail = self.word_len(len);
        let text = &self.source[self.pos..self.pos + len + tail];
        if tail == 0 && crate::literal::number_is_valid(text) {
            return self.push(if float { TokenKind::Float } else { TokenKind::Int }, len);
        }
        let message = crate::literal::explain_bad_number(text);
        self.error(codes::BAD_NUMBER, self.pos, self.pos + len + tail, message);
        self.push(TokenKind::Error, len + tail);
    }

    /// How far a number reaches and whether it is a float.
    fn number_len(&self) -> (usize, bool) {
        let digits = |from: usize| {
            let rest = &self.bytes[self.pos + from..];
            rest.iter().take_while(|b| b.is_ascii_digit() || **b == b'_').count()
        };
        if self.byte(0) == b'0' && matches!(self.byte(1), b'x' | b'b' | b'o') {
            return (self.word_len(0), false);
        }
        let mut len = digits(0);
        // `t.0.1` is two fields, no float.
        if self.prev == TokenKind::Dot {
            return (len, false);
        }
        let mut float = false;
        if self.byte(len) == b'.' && self.byte(len + 1).is_ascii_digit() {
            len += 1 + digits(len + 1);
            float = true;
        }
        if matches!(self.byte(len), b'e' | b'E') {
            let sign = usize::from(matches!(self.byte(len + 1), b'+' | b'-'));
            if self.byte(len + 1 + sign).is_ascii_digit() {
                len += 1 + sign + digits(len + 1 + sign);
                float = true;
            }
        }
        (len, float)
    }

    /// `:` is a symbol's sign only where no colon can stand: not behind an operand, not behind a
    /// word that wants a block, and in an index bracket only behind an operator.
    fn colon(&mut self) {
        let begins_word = matches!(self.byte(1), b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..);
        let wants_colon = matches!(
            self.prev,
            TokenKind::Else
                | TokenKind::Loop
                | TokenKind::Receive
                | TokenKind::Async
                | TokenKind::Spawn
                | TokenKind::SpawnLink
                | TokenKind::SpawnMonitor
        );
        let in_slice = matches!(self.frames.last(), Some(Frame::Index { .. }))
            && matches!(self.prev, TokenKind::LBracket | TokenKind::Colon);
        let behind_operand = self.prev.ends_operand() && self.line_open;
        if let Some(Frame::Hole { .. }) = self.frames.last()
            && behind_operand
            && !self.hole_has_open_head()
        {
            return self.format_spec();
        }
        if begins_word && !behind_operand && !wants_colon && !in_slice {
            let len = self.word_len(1);
            if len > 0 {
                return self.push(TokenKind::Symbol, 1 + len);
            }
        }
        self.push(TokenKind::Colon, 1);
    }

    fn sign(&mut self, first: u8) {
        use TokenKind::*;
        let (kind, len) = match (first, self.byte(1), self.byte(2)) {
            (b'.', b'.', b'=') => (DotDotEq, 3),
            (b'*', b'*', b'=') => (StarStarEq, 3),
            (b'<', b'<', b'=') => (LtLtEq, 3),
            (b'>', b'>', b'=') => (GtGtEq, 3),
            (b'.', b'.', _) => (DotDot, 2),
            (b'-', b'>', _) => (Arrow, 2),
            (b'?', b'?', _) => (QuestionQuestion, 2),
            (b'|', b'>', _) => (PipeGt, 2),
            (b'+', b'=', _) => (PlusEq, 2),
            (b'-', b'=', _) => (MinusEq, 2),
            (b'*', b'=', _) => (StarEq, 2),
            (b'/', b'=', _) => (SlashEq, 2),
            (b'%', b'=', _) => (PercentEq, 2),
            (b'&', b'=', _) => (AmpEq, 2),
            (b'|', b'=', _) => (PipeEq, 2),
            (b'^', b'=', _) => (CaretEq, 2),
            (b'=', b'=', _) => (EqEq, 2),
            (b'!', b'=', _) => (NotEq, 2),
            (b'<', b'=', _) => (LtEq, 2),
            (b'>', b'=', _) => (GtEq, 2),
            (b'<', b'<', _) => (LtLt, 2),
            (b'>', b'>', _) => (GtGt, 2),
            (b'*', b'*', _) => (StarStar, 2),
            (b'+', b'%', _) => (PlusPercent, 2),
            (b'-', b'%', _) => (MinusPercent, 2),
            (b'*', b'%', _) => (StarPercent, 2),
            (b'&', b'&', _) => (AmpAmp, 2),
            (b'|', b'|', _) => (PipePipe, 2),
            (b'+', b'+', _) => (PlusPlus, 2),
            (b'=', b'>', _) => (FatArrow, 2),
            (b',', ..) => (Comma, 1),
            (b'.', ..) => (Dot, 1),
            (b'@', ..) => (At, 1),
            (b'?', ..) => (Question, 1),
            (b'=', ..) => (Eq, 1),
            (b'<', ..) => (Lt, 1),
            (b'>', ..) => (Gt, 1),
            (b'+', ..) => (Plus, 1),
            (b'-', ..) => (Minus, 1),
            (b'*', ..) => (Star, 1),
            (b'/', ..) => (Slash, 1),
            (b'%', ..) => (Percent, 1),
            (b'&', ..) => (Amp, 1),
            (b'|', ..) => (Pipe, 1),
            (b'^', ..) => (Caret, 1),
            (b'~', ..) => (Tilde, 1),
            (b'!', ..) => (Bang, 1),
            (b';', ..) => (Semicolon, 1),
            _ => return self.unknown_characters(),
        };
        self.push(kind, len);
    }

    /// Characters that begin no token. `#` takes the line with it: it was meant as a comment.
    #[cold]
    fn unknown_characters(&mut self) {
        let rest = &self.source[self.pos..];
        let first = rest.chars().next().unwrap_or('\0');
        if first == '#' {
            let len = rest.find(['\n', '\r']).unwrap_or(rest.len());
            let span = self.span(self.pos, self.pos + 1);
            self.diagnostics.push(
                Diagnostic::new(
                    codes::FOREIGN_SYNTAX,
                    span,
                    "comments begin with `//`, not with `#`",
                )
                .suggest(span, "//", "write `//`"),
            );
            return self.trivia(TokenKind::Comment, len);
        }
        let known = |c: char| {
            c.is_alphanumeric()
                || c.is_ascii_whitespace()
                || "_\"'()[]{},:.@?=<>+-*/%&|^~!;#".contains(c)
        };
        let len =
            rest[first.len_utf8()..].find(known).map_or(rest.len(), |at| at + first.len_utf8());
        let message = match first {
            '“' | '”' | '„' => "a string is enclosed in plain quotes, `\"`".to_owned(),
            c if c.is_control() => format!("unexpected control character {:?}", c),
            c if c.is_whitespace() => format!("unexpected blank character {:?}", c),
            c => format!("unexpected character `{c}`"),
        };
        self.error(codes::UNKNOWN_CHARACTER, self.pos, self.pos + len, message);
        self.push(TokenKind::Error, len);
    }
}
