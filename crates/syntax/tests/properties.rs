//! What holds of every text: nothing panics, nothing is lost, brackets and blocks balance.

use proptest::prelude::*;
use sepal_base::{Diagnostics, SourceMap, Style, render};
use sepal_syntax::{TokenKind, dump, format, lex, parse};

/// Pieces that make texts which are almost programs.
const PIECES: &[&str] = &[
    "fn f(a: int, b = 1) -> int:",
    "let x = ",
    "var y: T? = ",
    "if a",
    "elif",
    "else:",
    "match x:",
    "case A(x) | [b, ..c]",
    "receive:",
    "loop:",
    "while ",
    "for k, v in d:",
    "return ",
    "yield* ",
    "struct S[T: Ord]:",
    "class C:",
    "enum E:",
    "trait T:",
    "impl T for S:",
    "actor A(x) of M:",
    "import a.b as c",
    "from a import b",
    "type A = ",
    "extern \"C\" fn g()",
    "@a(1)\n",
    "pub ",
    "requires ",
    "ensures result == old(x)",
    "invariant ",
    "terminate r:",
    "spawn f() with (a: 1)",
    "async: ",
    "await ",
    "fn(x): ",
    "defer f()",
    "assert a, \"b\"",
    "pass",
    "break",
    "continue",
    "a",
    "b.c",
    "1",
    "2.5",
    "0xff",
    "\"s\"",
    "\"\"\"t\n\"\"\"",
    "f\"a{b:>3}{{\"",
    "f\"{",
    "'c'",
    ":s",
    "r\"x\"",
    "b\"y\\xff\"",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ".",
    "..",
    "..=",
    "->",
    "?",
    "??",
    "|>",
    "=",
    "+=",
    "==",
    "<",
    "+",
    "-",
    "*",
    "**",
    "%",
    "&",
    "|",
    "~",
    "!",
    "&&",
    "||",
    "++",
    ";",
    "not ",
    "and ",
    "or ",
    "in ",
    "is ",
    "_",
    "self",
    "\n",
    "\n",
    "\n    ",
    "\n    ",
    "\n        ",
    "\n  ",
    "\n\t",
    " ",
    "// c\n",
    "/// d\n",
    "\\",
    "\"",
    "'",
    "#",
    "$",
    "é",
    "\0",
    "\r\n",
];

fn almost_program() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.join(" "))
}

/// The text of a program of the repository with a few bytes changed.
fn mutated_program() -> impl Strategy<Value = String> {
    let programs: Vec<String> = ["std/list.spl", "std/prelude.spl", "std/dict.spl", "std/str.spl"]
        .iter()
        .map(|path| format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR")))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .chain(["fn main():\n    print(f\"{1 + 2:>5}\")\n".to_owned()])
        .collect();
    let change = (any::<prop::sample::Index>(), 0..12usize, prop::sample::select(PIECES));
    (prop::sample::select(programs), prop::collection::vec(change, 1..6)).prop_map(
        |(mut text, changes)| {
            for (at, removed, inserted) in changes {
                let lo = text.floor_char_boundary(at.index(text.len() + 1));
                let hi = text.floor_char_boundary((lo + removed).min(text.len())).max(lo);
                text.replace_range(lo..hi, inserted);
            }
            text
        },
    )
}

fn check(text: &str) {
    let mut sources = SourceMap::new();
    let file = sources.add("t.spl", text);
    let tokens = lex(file, text, &mut Diagnostics::new());
    let mut together = String::new();
    let mut depth = 0i32;
    for index in 0..tokens.count() {
        together.push_str(tokens.text(index, text));
        depth += match tokens.kind(index) {
            TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace | TokenKind::Indent => 1,
            TokenKind::FStringStart | TokenKind::HoleStart => 1,
            TokenKind::RParen | TokenKind::RBracket | TokenKind::RBrace | TokenKind::Dedent => -1,
            TokenKind::FStringEnd | TokenKind::HoleEnd => -1,
            _ => 0,
        };
        assert!(depth >= 0, "a bracket or block closes that was not open");
    }
    assert_eq!(together, text, "the tokens are the text");
    assert_eq!(depth, 0, "a bracket or block stays open");

    let parsed = parse(file, text);
    let has_error_node = dump(&parsed.ast).contains("<error");
    assert!(!has_error_node || parsed.diagnostics.has_errors(), "an error node nobody spoke of");
    for diagnostic in parsed.diagnostics.iter() {
        let span = diagnostic.primary.span;
        assert!(span.lo <= span.hi && span.hi as usize <= text.len());
        render(diagnostic, &sources, Style::Plain);
    }
    if !parsed.diagnostics.has_errors() {
        let once = format(file, text).unwrap_or_else(|refused| {
            let around = refused.iter().map(|d| render(d, &sources, Style::Plain));
            panic!("what parses can be formatted:\n{}", around.collect::<String>());
        });
        let twice = format(file, &once).expect("what was formatted parses");
        assert!(once == twice, "formatting again changes something");
        let tree = |text: &str| dump(&parse(file, text).ast);
        assert!(tree(text) == tree(&once), "formatting changes the meaning");
    }
}

/// `PROPTEST_CASES` asks for more than the usual number.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(400)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn any_text(text in "\\PC*") {
        check(&text);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn texts_that_are_almost_programs(text in almost_program()) {
        check(&text);
    }

    #[test]
    fn programs_with_changes(text in mutated_program()) {
        check(&text);
    }
}
