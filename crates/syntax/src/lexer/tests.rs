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

#[test]
fn blocks() {
    check(
        "if a:\n    b\n\n  // c\nelse:\n  d",
        expect![[r#"
            If "if"
            Ident "a"
            Colon ":"
            Newline "\n"
            Indent
            Ident "b"
            Newline "\n"
            Comment "// c"
            Dedent
            Else "else"
            Colon ":"
            Newline "\n"
            Indent
            Ident "d"
            Newline
            Dedent
            Eof
        "#]],
    );
}

#[test]
fn continued_lines() {
    check(
        "a\n    .b\n// c\n  |> d\n..e\n",
        expect![[r#"
        Ident "a"
        Dot "."
        Ident "b"
        Comment "// c"
        PipeGt "|>"
        Ident "d"
        Newline "\n"
        DotDot ".."
        Ident "e"
        Newline "\n"
        Eof
    "#]],
    );
}

#[test]
fn blocks_in_brackets() {
    check(
        "f(fn():\n    a\n  , [b,\nc])\n",
        expect![[r#"
        Ident "f"
        LParen "("
        Fn "fn"
        LParen "("
        RParen ")"
        Colon ":"
        Newline "\n"
        Indent
        Ident "a"
        Newline "\n"
        Dedent
        Comma ","
        LBracket "["
        Ident "b"
        Comma ","
        Ident "c"
        RBracket "]"
        RParen ")"
        Newline "\n"
        Eof
    "#]],
    );
}

#[test]
fn colons_and_symbols() {
    check(
        "{k:v, :a: :b}\nxs[:n]\nxs[a::n]\nif x:y\nelse:z\n",
        expect![[r#"
        LBrace "{"
        Ident "k"
        Colon ":"
        Ident "v"
        Comma ","
        Symbol ":a"
        Colon ":"
        Symbol ":b"
        RBrace "}"
        Newline "\n"
        Ident "xs"
        LBracket "["
        Colon ":"
        Ident "n"
        RBracket "]"
        Newline "\n"
        Ident "xs"
        LBracket "["
        Ident "a"
        Colon ":"
        Colon ":"
        Ident "n"
        RBracket "]"
        Newline "\n"
        If "if"
        Ident "x"
        Colon ":"
        Ident "y"
        Newline "\n"
        Else "else"
        Colon ":"
        Ident "z"
        Newline "\n"
        Eof
    "#]],
    );
}

#[test]
fn numbers() {
    check(
        "1..2 1.5 1.x t.0.1 2e9 2e 1_0 0xff 1.5.0",
        expect![[r#"
        Int "1"
        DotDot ".."
        Int "2"
        Float "1.5"
        Int "1"
        Dot "."
        Ident "x"
        Ident "t"
        Dot "."
        Int "0"
        Dot "."
        Int "1"
        Float "2e9"
        Error "2e"
        Int "1_0"
        Int "0xff"
        Float "1.5"
        Dot "."
        Int "0"
        Newline
        Eof
        E0004 23..25: `2e` is no number
    "#]],
    );
}

#[test]
fn strings_and_comments() {
    check(
        "\"a\\\"b\" r\"\\\" b\"x\" 'c' '\\'' \"\"\"a\n\"b\" \"\"\" f\"a{b:>3}{{}}\" /// d\n//! e\n//// f\n",
        expect![[r#"
            Str "\"a\\\"b\""
            RawStr "r\"\\\""
            Bytes "b\"x\""
            Char "'c'"
            Char "'\\''"
            Str "\"\"\"a\n\"b\" \"\"\""
            FStringStart "f\""
            FStringText "a"
            HoleStart "{"
            Ident "b"
            FormatSpec ":>3"
            HoleEnd "}"
            FStringText "{{}}"
            FStringEnd "\""
            DocComment "/// d"
            Newline "\n"
            ModuleDoc "//! e"
            Comment "//// f"
            Eof
        "#]],
    );
}

#[test]
fn brackets_balance_by_empty_tokens() {
    check(
        "(a]\nlet b\n",
        expect![[r#"
        LParen "("
        Ident "a"
        RParen
        Error "]"
        Newline "\n"
        Let "let"
        Ident "b"
        Newline "\n"
        Eof
        E0010 2..3: `]` does not close `(`
    "#]],
    );
    check(
        "(a\nlet b\n",
        expect![[r#"
        LParen "("
        Ident "a"
        RParen
        Newline "\n"
        Let "let"
        Ident "b"
        Newline "\n"
        Eof
        E0009 0..1: `(` is never closed
    "#]],
    );
    check(
        "f\"{a\nb",
        expect![[r#"
        FStringStart "f\""
        HoleStart "{"
        Ident "a"
        HoleEnd
        FStringEnd
        Newline "\n"
        Ident "b"
        Newline
        Eof
        E0011 2..3: `{` is never closed
    "#]],
    );
}

#[test]
fn odd_characters() {
    check(
        "\u{feff}a \u{a0}§ ä1 \r\n\0b",
        expect![[r#"
        Ident "a"
        Error "\u{a0}§"
        Ident "ä1"
        Newline "\n"
        Error "\0"
        Ident "b"
        Newline
        Eof
        E0006 5..9: unexpected blank character '\u{a0}'
        E0006 16..17: unexpected control character '\0'
    "#]],
    );
}
