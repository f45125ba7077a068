//! Reading the text form token by token.
//!
//! Must never panic: every surprise is a `ParseError` with its line.

use std::fmt;

/// What is wrong with a text, and in which line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    pub line: usize,
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

/// A place in a text. Blanks, newlines and comments only separate tokens.
#[derive(Clone)]
pub struct Cursor<'a> {
    text: &'a str,
    pos: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning of `text`.
    pub fn new(text: &'a str) -> Cursor<'a> {
        let mut cursor = Cursor { text, pos: 0 };
        cursor.skip_blanks();
        cursor
    }

    fn rest(&self) -> &'a str {
        &self.text[self.pos..]
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.pos += rest.len() - trimmed.len();
            if !trimmed.starts_with(';') {
                return;
            }
            self.pos += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.pos += bytes;
        self.skip_blanks();
    }

    /// An error at this place.
    pub fn error(&self, message: impl Into<String>) -> ParseError {
        let line = 1 + self.text[..self.pos].matches('\n').count();
        ParseError { line, message: message.into() }
    }

    /// Whether everything has been read.
    pub fn at_end(&self) -> bool {
        self.rest().is_empty()
    }

    /// Whether the next character is `c`.
    pub fn at(&self, c: char) -> bool {
        self.rest().starts_with(c)
    }

    /// Whether the next character is a decimal digit.
    pub fn at_digit(&self) -> bool {
        self.rest().starts_with(|c: char| c.is_ascii_digit())
    }

    /// Whether `prefix` and a number come next.
    pub fn at_entity(&self, prefix: &str) -> bool {
        let rest = self.rest().strip_prefix(prefix);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// Whether the next token is the word or sign `token`.
    pub fn at_token(&self, token: &str) -> bool {
        let is_word = token.starts_with(is_word_char);
        self.rest()
            .strip_prefix(token)
            .is_some_and(|rest| !is_word || !rest.starts_with(is_word_char))
    }

    /// Reads `token` if it comes next.
    pub fn accept(&mut self, token: &str) -> bool {
        let found = self.at_token(token);
        if found {
            self.advance(token.len());
        }
        found
    }

    /// Reads `token`.
    pub fn expect(&mut self, token: &str) -> Result<(), ParseError> {
        if self.accept(token) { Ok(()) } else { Err(self.unexpected(&format!("`{token}`"))) }
    }

    /// The error that something else was expected here.
    pub fn unexpected(&self, wanted: &str) -> ParseError {
        let found: String = self.rest().chars().take_while(|c| *c != '\n').take(20).collect();
        self.error(format!("expected {wanted}, found `{found}`"))
    }

    /// Reads a word: letters, digits and underscores.
    pub fn word(&mut self) -> Result<&'a str, ParseError> {
        let rest = self.rest();
        let len = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
        if len == 0 {
            return Err(self.unexpected("a word"));
        }
        self.advance(len);
        Ok(&rest[..len])
    }

    /// Reads a word that stands for a member of a closed set.
    pub fn keyword<T>(
        &mut self,
        what: &str,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ParseError> {
        let before = self.pos;
        let word = self.word()?;
        find(word).ok_or_else(|| {
            self.pos = before;
            self.error(format!("`{word}` is no {what}"))
        })
    }

    /// Reads `prefix` followed at once by a number.
    pub fn entity(&mut self, prefix: &str) -> Result<u32, ParseError> {
        let before = self.pos;
        let word = self.word().map_err(|_| self.unexpected(&format!("`{prefix}N`")))?;
        let number = word.strip_prefix(prefix).and_then(|n| n.parse().ok());
        // The largest number stands for "none" in the tables.
        number.filter(|n| *n != u32::MAX).ok_or_else(|| {
            self.pos = before;
            self.unexpected(&format!("`{prefix}N`"))
        })
    }

    /// Reads an integer, decimal or `0x…`.
    pub fn int(&mut self) -> Result<i64, ParseError> {
        let before = self.pos;
        let negative = self.at('-');
        if negative {
            self.pos += 1;
        }
        let word = self.word()?;
        let value = match word.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok().map(|bits| bits as i64),
            None => format!("{}{word}", if negative { "-" } else { "" }).parse().ok(),
        };
        value.ok_or_else(|| {
            self.pos = before;
            self.error(format!("`{word}` is no integer"))
        })
    }

    /// Reads a float: decimal, or `bits(0x…)` for infinities and NaNs.
    pub fn float_bits(&mut self) -> Result<u64, ParseError> {
        if self.accept("bits") {
            self.expect("(")?;
            let bits = self.int()? as u64;
            self.expect(")")?;
            return Ok(bits);
        }
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
        let len = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let value: Option<f64> = rest[..len].parse().ok();
        let value = value.filter(|v| v.is_finite());
        let value = value.ok_or_else(|| self.unexpected("a float"))?;
        self.advance(len);
        Ok(value.to_bits())
    }

    /// Reads a quoted string with the escapes `\" \\ \n \xHH`; gives its bytes.
    pub fn string(&mut self) -> Result<Vec<u8>, ParseError> {
        if !self.at('"') {
            return Err(self.unexpected("a string"));
        }
        let mut bytes = Vec::new();
        let mut rest = self.rest()[1..].bytes().enumerate();
        while let Some((at, byte)) = rest.next() {
            let escaped = match byte {
                b'"' => {
                    self.advance(at + 2);
                    return Ok(bytes);
                }
                b'\\' => rest.next().map(|(_, b)| b),
                _ => {
                    bytes.push(byte);
                    continue;
                }
            };
            let hex = |b: Option<(usize, u8)>| b.and_then(|(_, b)| (b as char).to_digit(16));
            let byte = match escaped {
                Some(b @ (b'"' | b'\\')) => Some(b),
                Some(b'n') => Some(b'\n'),
                Some(b'x') => hex(rest.next())
                    .and_then(|high| hex(rest.next()).map(|low| (high * 16 + low) as u8)),
                Some(_) | None => None,
            };
            bytes.push(byte.ok_or_else(|| self.error("unknown escape in a string"))?);
        }
        Err(self.error("a string without its end"))
    }

    /// Reads a quoted string that is text.
    pub fn text(&mut self) -> Result<String, ParseError> {
        let bytes = self.string()?;
        String::from_utf8(bytes).map_err(|_| self.error("the string is not UTF-8"))
    }

    /// Reads items between brackets with commas.
    pub fn list<T>(
        &mut self,
        open: char,
        close: char,
        mut item: impl FnMut(&mut Self) -> Result<T, ParseError>,
    ) -> Result<Vec<T>, ParseError> {
        let (open, close) = (open.to_string(), close.to_string());
        self.expect(&open)?;
        let mut items = Vec::new();
        if self.accept(&close) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.accept(&close) {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }
}

fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
