//! Finds the functions of a Rust file and their lengths, by reading its tokens.
//!
//! It knows just enough of the language not to be misled by braces in text, comments and
//! character literals. Must never judge a length: the ratchet does.

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// From the line of `fn` to that of the closing brace.
    pub lines: usize,
}

/// All functions of a file, nested ones too.
pub fn find(text: &str) -> Vec<Function> {
    let tokens = tokens(text);
    let mut functions = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        let [Token { kind: Kind::Word("fn"), line }, Token { kind: Kind::Word(name), .. }] = pair
        else {
            continue;
        };
        if let Some(end) = body_end(&tokens[at + 2..]) {
            functions.push(Function { name: name.to_string(), lines: end - line + 1 });
        }
    }
    functions
}

/// The line of the brace that closes the body; none for a function without one.
fn body_end(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0;
    let mut in_body = false;
    for token in tokens {
        match token.kind {
            Kind::Sign(b'{' | b'(' | b'[') => {
                in_body |= depth == 0 && token.kind == Kind::Sign(b'{');
                depth += 1;
            }
            Kind::Sign(b'}' | b')' | b']') => {
                depth -= 1;
                if depth < 0 {
                    return None; // the end of a macro's pattern, not of a function
                }
                if depth == 0 && in_body {
                    return Some(token.line);
                }
            }
            Kind::Sign(b';') if depth == 0 => return None,
            Kind::Sign(_) | Kind::Word(_) => {}
        }
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind<'a> {
    Word(&'a str),
    Sign(u8),
}

#[derive(Clone, Copy)]
struct Token<'a> {
    kind: Kind<'a>,
    line: usize,
}

/// The words and signs of a file; literals and comments are left out.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    while at < bytes.len() {
        let start = at;
        at = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => end_of_line(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => end_of_comment(bytes, at),
            b'"' => end_of_string(bytes, at),
            b'\'' => end_of_char_or_lifetime(text, at),
            b if is_word(b) => {
                let end = at + bytes[at..].iter().take_while(|b| is_word(**b)).count();
                match end_of_raw_string(bytes, at, end) {
                    Some(end) => end,
                    None => {
                        tokens.push(Token { kind: Kind::Word(&text[at..end]), line });
                        end
                    }
                }
            }
            b => {
                if b.is_ascii_punctuation() {
                    tokens.push(Token { kind: Kind::Sign(b), line });
                }
                at + 1
            }
        };
        line += bytes[start..at].iter().filter(|b| **b == b'\n').count();
    }
    tokens
}

/// Letters beyond ASCII count too, so that a word never ends within a character.
fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || !b.is_ascii()
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n)
}

/// Block comments nest.
fn end_of_comment(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn end_of_string(bytes: &[u8], quote: usize) -> usize {
    let mut at = quote + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `'a'` and `'\n'` are literals, `'a` is a lifetime.
fn end_of_char_or_lifetime(text: &str, quote: usize) -> usize {
    let mut rest = text[quote + 1..].char_indices();
    match (rest.next(), rest.next()) {
        (Some((_, '\\')), Some((escaped, c))) => {
            let from = quote + 1 + escaped + c.len_utf8();
            text[from..].find('\'').map_or(text.len(), |n| from + n + 1)
        }
        (Some(_), Some((close, '\''))) => quote + 1 + close + 1,
        _ => quote + 1,
    }
}

/// The end of a raw string whose prefix stands at `start..end`; none if there is no such string.
fn end_of_raw_string(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    if !matches!(&bytes[start..end], b"r" | b"br" | b"cr") {
        return None;
    }
    let hashes = bytes[end..].iter().take_while(|b| **b == b'#').count();
    let open = end + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let found = bytes[open + 1..].windows(close.len()).position(|window| window == close);
    Some(found.map_or(bytes.len(), |n| open + 1 + n + close.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, usize)]) {
        let found = find(text);
        let found: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.lines)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn lengths_run_from_fn_to_the_closing_brace() {
        check("fn a() {}\n\nfn b() {\n    {}\n}\n", &[("a", 1), ("b", 3)]);
        check("fn a<const N: usize>(\n    x: [u8; { N }],\n) -> bool\n{\n}\n", &[("a", 5)]);
    }

    #[test]
    fn nested_functions_are_found_and_bodiless_ones_are_not() {
        check("fn a() {\n    fn b() {\n    }\n}\n", &[("a", 4), ("b", 2)]);
        check("trait T {\n    fn a(&self);\n}\ntype F = fn(u8) -> u8;\n", &[]);
    }

    #[test]
    fn braces_in_text_do_not_count() {
        check(
            "fn a() {\n    \"}\\\"}\"; '}'; '\\''; // }\n    /* } /* } */ } */\n}\n",
            &[("a", 4)],
        );
        check("fn a<'x>(s: &'x str) {\n    r#\"}\"\"#; b'}'; br\"}\";\n}\n", &[("a", 3)]);
        check("fn a() {\n    'é'; '\\u{7d}'; \"ü}\"\n}\n", &[("a", 3)]);
    }
}
