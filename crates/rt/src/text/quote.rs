//! Strings, characters and bytes as literals.
//!
//! Quotes, backslashes and control characters are escaped; other Unicode stays as it is.

use std::fmt::Write;

/// Appends a string in double quotes.
pub fn push_str(out: &mut String, text: &str) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut plain_from = 0;
    for (at, c) in text.char_indices() {
        if needs_escape(c, '"') {
            out.push_str(&text[plain_from..at]);
            push_escape(out, c);
            plain_from = at + c.len_utf8();
        }
    }
    out.push_str(&text[plain_from..]);
    out.push('"');
}

/// Appends a character in single quotes.
pub fn push_char(out: &mut String, c: char) {
    out.push('\'');
    if needs_escape(c, '\'') {
        push_escape(out, c);
    } else {
        out.push(c);
    }
    out.push('\'');
}

/// Appends bytes as `b"…"`; bytes that are no printable ASCII as `\xff`.
pub fn push_bytes(out: &mut String, bytes: &[u8]) {
    out.push_str("b\"");
    for &byte in bytes {
        match byte {
            b'\n' | b'\t' | b'\r' | 0 | b'\\' | b'"' => push_escape(out, char::from(byte)),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => {
                // Writing into a string does not fail.
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
}

fn needs_escape(c: char, quote: char) -> bool {
    c == quote || c == '\\' || c.is_control()
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        '\0' => out.push_str("\\0"),
        '\\' | '"' | '\'' => {
            out.push('\\');
            out.push(c);
        }
        _ => {
            // Writing into a string does not fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(push: impl FnOnce(&mut String), expected: &str) {
        let mut out = String::new();
        push(&mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn strings_escape_what_a_literal_must() {
        check(|out| push_str(out, ""), r#""""#);
        check(|out| push_str(out, "it's"), r#""it's""#);
        check(|out| push_str(out, "a\"b\\c\n\t\r\0"), r#""a\"b\\c\n\t\r\0""#);
        check(|out| push_str(out, "é😀\u{1b}\u{85}"), r#""é😀\u{1b}\u{85}""#);
    }

    #[test]
    fn characters_escape_their_own_quote() {
        check(|out| push_char(out, 'c'), "'c'");
        check(|out| push_char(out, '"'), "'\"'");
        check(|out| push_char(out, '\''), r"'\''");
        check(|out| push_char(out, '\u{7f}'), r"'\u{7f}'");
    }

    #[test]
    fn bytes_show_ascii_and_hexadecimal() {
        check(|out| push_bytes(out, b"abc"), r#"b"abc""#);
        check(|out| push_bytes(out, b"\"\\\n\0\x7f\xff'"), r#"b"\"\\\n\0\x7f\xff'""#);
    }
}
