//! Tokens of small texts, and losslessness of any text.

use crate::token::TokenKind;
use expect_test::{Expect, expect};
use sepal_base::{Diagnostics, SourceMap};
use std::fmt::Write;

/// One line a token without blanks: kind and text; then the diagnostics.
fn check(input: &str, expected: Expect) {
    let mut sources = SourceMap::new();
    let file = sources.add("t.spl", input);
    let mut diagnostics = Diagnostics::new();
    let tokens = super::lex(file, input, &mut diagnostics);
    let mut out = String::new();
    for index in 0..tokens.count() {
        let kind = tokens.kind(index);
        if kind == TokenKind::Whitespace {
            continue;
        }
        let text = tokens.text(index, input);
        let text = if text.is_empty() { "" } else { &format!(" {text:?}") };
        let _ = writeln!(out, "{kind:?}{text}");
    }
    for d in diagnostics.into_sorted() {
        let _ = writeln!(out, "{:?} {:?}: {}", d.code, d.primary.span, d.message);
    }
    expected.assert_eq(&out);
}
