//! What is said about wrong programs, and that depth is limited.

use super::tests::parse;
use expect_test::{Expect, expect};
use sepal_base::{Diagnostics, SourceMap};
use std::fmt::Write;

/// What is said about `input`, a line each: code, place, message; then the help.
fn check_errors(input: &str, expected: Expect) {
    let (sources, diagnostics) = errors(input);
    let mut out = String::new();
    for d in diagnostics.into_sorted() {
        let at = sources.line_col(d.primary.span);
        let _ = writeln!(out, "{} {}:{}: {}", d.code.id(), at.line, at.col, d.message);
        let suggestion = d.suggestion.iter().map(|s| format!("{} `{}`", s.text, s.replacement));
        for help in d.notes.iter().chain(&d.helps).cloned().chain(suggestion) {
            let _ = writeln!(out, "      {help}");
        }
    }
    expected.assert_eq(&out);
}

fn errors(input: &str) -> (SourceMap, Diagnostics) {
    let mut sources = SourceMap::new();
    let file = sources.add("t.spl", input);
    let parsed = super::parse(file, input);
    (sources, parsed.diagnostics)
}

/// What is said about `input`, as it is printed.
fn check_printed(input: &str, expected: Expect) {
    let (_, complaints) = parse(input);
    expected.assert_eq(&complaints);
}

#[test]
fn places_are_marked() {
    check_printed(
        "let x = f(1, (2 + 3\nlet y = [1, 2)\nif x\n    y\nelse if z: y\n",
        expect![[r#"
        error[E0009]: `(` is never closed
         --> t.spl:1:14
          |
        1 | let x = f(1, (2 + 3
          |              ^

        error[E0010]: `)` does not close `[`
         --> t.spl:2:14
          |
        2 | let y = [1, 2)
          |         -    ^
          |         |
          |         opened here

        error[E0017]: expected `:` behind the head of `if`, found the end of the line
         --> t.spl:3:5
          |
        3 | if x
          |     ^
          |
          = help: add `:`

        error[E0018]: `else if` is written `elif`
         --> t.spl:5:1
          |
        5 | else if z: y
          | ^^^^^^^
          |
          = help: use `elif`

    "#]],
    );
}

#[test]
fn missing_parts() {
    check_errors(
        "let x =\nlet y = 1 + * 2\nprint(x y)\n",
        expect![[r#"
            E0013 1:8: expected an expression, found the end of the line
            E0013 2:13: expected an expression, found `*`
            E0001 3:9: expected `,` or `)`, found `y`
        "#]],
    );
    check_errors(
        "if x > 0\n    a\nwhile y { z }\nfor i in 0..3 => f(i)\nfn f()\n    pass\n",
        expect![[r#"
            E0017 1:9: expected `:` behind the head of `if`, found the end of the line
                  add `:` `:`
            E0017 3:9: expected `:` behind the head of `while`
                  a block is opened by `:` and held together by its indentation, without braces
            E0017 4:15: expected `:` behind the head of `for`
                  write `:` `:`
            E0017 5:7: expected `:` behind the head of `fn`, found the end of the line
                  add `:` `:`
        "#]],
    );
    check_errors(
        "fn f():\nfn g():\n\nx\n",
        expect![[r#"
            E0016 2:1: expected an indented block behind the head of `fn`
                  a block that does nothing is `pass`
            E0016 4:1: expected an indented block behind the head of `fn`
                  a block that does nothing is `pass`
        "#]],
    );
    check_errors(
        "let total = a +\n    b\nlet z = 1\n",
        expect![[r#"
            E0013 1:16: expected an expression, found the end of the line
                  a line goes on in the next one inside brackets, or if that begins with `.name` or `|>`
        "#]],
    );
    check_errors(
        "match x:\n    1: a\n    case : b\n    case 2 b\n",
        expect![[r#"
            E0001 2:5: expected `case`, found `1`
            E0014 3:10: expected a pattern, found `:`
            E0017 4:12: expected `:` behind the head of `case`, found `b`
        "#]],
    );
    check_errors(
        "let x: = 1\nlet = 2\nfn (a): pass\nfn f(1, b c): pass\nimport\nfrom a import *\n",
        expect![[r#"
            E0015 1:8: expected a type, found `=`
            E0014 2:5: expected a pattern, found `=`
            E0022 4:6: expected a parameter's name, found `1`
            E0001 4:11: a parameter is written `name: type`
            E0022 5:7: expected a name, found the end of the line
            E0022 6:15: the names to import are listed; there is no `*`
        "#]],
    );
}

#[test]
fn habits_from_other_languages() {
    check_errors(
        "def f(x):\n    return x\nif a && b || !c:\n    x++\nelse if d:\n    y = 1;\nswitch x:\n    case 1: a\n",
        expect![[r#"
            E0018 1:1: no statement begins with `def`; a function is defined by `fn`
                  use `fn` `fn`
            E0018 3:6: `&&` is written `and`
                  use `and` `and`
            E0018 3:11: `||` is written `or`
                  use `or` `or`
            E0018 3:14: `!` is written `not`
                  use `not` `not `
            E0018 4:6: there is no `++`
                  use `+= 1` ` += 1`
            E0018 5:1: `else if` is written `elif`
                  use `elif` `elif`
            E0018 6:10: `;` ends no statement; the end of the line does
                  leave it out, or begin a new line ``
            E0018 7:1: no statement begins with `switch`; values are told apart by `match`
                  use `match` `match`
        "#]],
    );
    check_errors(
        "if x = 1: y\nf(x = 1)\nx: int = 5\nconst z = 1\ntry:\n    a\nexcept E:\n    b\n",
        expect![[r#"
            E0020 1:6: `=` assigns, and a condition has nothing to assign
                  for equality use `==` `==`
            E0020 2:5: `=` cannot stand in an argument
                  a named argument is written `name: value` `:`
            E0001 3:2: a variable is declared by `let` or `var`
                  write `let` before the name `let `
            E0018 4:1: no statement begins with `const`; a constant is declared by `let`
                  use `let` `let`
            E0018 5:1: no statement begins with `try`; there are no exceptions; functions return a `Result`, and `e?` passes an error on
            E0018 7:1: no statement begins with `except`; there are no exceptions; take a `Result` apart by `match`
        "#]],
    );
    check_errors(
        "# comment\nlet s = 'text'\nlet a = b === c\nlet t: Vec<int> = u\nthrow Error(1)\n",
        expect![[r#"
            E0018 1:1: comments begin with `//`, not with `#`
                  write `//` `//`
            E0005 2:9: a character literal holds one character
                  for a string use double quotes `"text"`
            E0018 3:11: equality is written `==`
                  use `==` `==`
            E0018 4:11: type arguments stand in square brackets
                  write `List[int]`, and for a list `[int]`
            E0018 5:1: no statement begins with `throw`; there are no exceptions; return `Err(e)`, or call `panic("message")`
        "#]],
    );
    check_errors(
        "class A(B):\n    x: int\nstruct S:\n    var y: int\nenum E:\n    case C\n    D = 1\n",
        expect![[r#"
            E0021 1:8: classes do not inherit from each other; traits take that place
            E0001 2:5: a field of a class is declared by `let` or `var`
                  write `var`, or `let` if it is never assigned `var `
            E0001 4:5: a field of a struct is written without `let` or `var`
                  whether it can be assigned depends on the variable that holds the struct
            E0018 6:5: a variant is written without `case`
                  leave it out ``
            E0001 7:7: variants have no numbers; a method can give them
        "#]],
    );
}

#[test]
fn misplaced_parts() {
    check_errors(
        "fn f(n):\n    print(n)\n    requires n > 0\n    let a = 1\n      let b = 2\n    a + 1 = 2\n",
        expect![[r#"
            E0021 3:5: `requires` stands at the head of a function or method, before its first statement; actors have none
            E0008 5:7: this line is indented deeper than the one before, which opens no block
            E0020 6:5: this cannot be assigned
        "#]],
    );
    check_errors(
        "else:\n    x\ncase 1: y\n)\nlet a = fn named(): 1\ndefer x\n@a\nlet\n",
        expect![[r#"
            E0021 1:1: `else` has no `if` before it
            E0021 3:1: `case` stands in the block of a `match` or `receive`
            E0010 4:1: `)` closes nothing
            E0021 5:12: a function inside an expression has no name
                  leave the name out, or define the function on a line of its own
            E0023 6:7: only a call can be deferred
                  for several statements defer the call of a lambda
            E0014 8:4: expected a pattern, found the end of the line
        "#]],
    );
    check_errors(
        "actor A():\n    terminate:\n        pass\n    x\nextern \"C\" fn f(): 1\npub var x = 1\n0..1..2\n",
        expect![[r#"
            E0021 4:5: `terminate` is the last part of an actor
            E0021 5:18: a C function has no body here
            E0021 6:5: a module has no variables, so there is none to export; constants are `pub let`
            E0024 7:5: a range has only two ends
                  for steps write `(0..10).step(2)`
        "#]],
    );
}

#[test]
fn stray_attributes() {
    check_errors(
        "@inline\nprint(1)\nclass C:\n    @a\n    var x: int\nfn f(): pass\n",
        expect![[r#"
            E0025 1:1: the attribute stands before nothing that could have it
            E0001 5:5: expected a function, found `var`
        "#]],
    );
}

#[test]
fn layout_mistakes() {
    check_errors(
        "if a:\n\tb\n",
        expect![[r#"
            E0007 2:1: a tab stands in the indentation
                  indent with four spaces
        "#]],
    );
    check_errors(
        "if a:\n        b\n    c\n    d\ne\n",
        expect![[r#"
            E0008 3:5: this line is indented like none of the blocks around it
        "#]],
    );
    check_errors(
        "let x = f(1, (2 + 3\nlet y = 2\nfn g():\n    [1, 2)\n",
        expect![[r#"
            E0009 1:14: `(` is never closed
            E0010 4:10: `)` does not close `[`
        "#]],
    );
    check_errors(
        "print(f\"{x\")\nlet y = \"abc\nlet z = f\"{}\" + f\"}\"\n",
        expect![[r#"
            E0011 1:9: `{` is never closed
            E0002 2:9: this string is not closed on its line
            E0011 3:11: an expression is missing between the braces
                  to print braces, double them: `{{}}`
            E0011 3:19: a single `}` in an f-string is written `}}`
        "#]],
    );
    check_errors(
        "f(((",
        expect![[r#"
            E0009 1:4: `(` is never closed
        "#]],
    );
}

#[test]
fn literal_mistakes() {
    check_errors(
        "[0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', \"\\q\", b\"\\u{1}\", '\\u{110000}']\n",
        expect![[r#"
            E0004 1:2: `g` is no hexadecimal digit
            E0004 1:8: `2` is no binary digit
            E0004 1:14: a number cannot be followed directly by `px`
            E0004 1:19: `_` stands only between digits of a number
            E0004 1:25: this integer does not fit 64 bits
            E0004 1:47: this number is too large for a float
            E0004 1:54: digits are missing behind `0x`
            E0005 1:58: a character literal holds one character
                  for a string use double quotes `"ab"`
            E0005 1:64: a character literal cannot be empty
            E0003 1:69: unknown escape `\q`
            E0003 1:76: byte strings do not know `\u`
            E0003 1:85: `110000` is no Unicode character
        "#]],
    );
    check_errors(
        "f\"{x:5z} {y:{w}} {z:.} {a:99999999}\"\nlet a = 5 $ 3\nlet b = \"\"\"never\n",
        expect![[r#"
            E0012 1:7: `z` is no format type; they are d x X o b e f g s %
            E0012 1:13: `{` is no format type; they are d x X o b e f g s %
                  a format specification cannot hold an expression
            E0012 1:21: digits are missing behind the `.`
            E0012 1:27: a width or precision is at most 1000000
            E0006 2:11: unexpected character `$`
            E0002 3:9: this string is never closed
        "#]],
    );
}

#[test]
fn nesting_has_a_limit() {
    let input = format!("let x = {}1{}\n", "(".repeat(300), ")".repeat(300));
    check_errors(
        &input,
        expect![[r#"
            E0019 1:265: nested too deeply
                  the limits are 256 levels and 1000 operators in a chain
        "#]],
    );
}

#[test]
fn deep_nesting_gives_one_error() {
    let deep = |open: &str, close: &str| {
        format!("let x = {}1{}\n", open.repeat(10_000), close.repeat(10_000))
    };
    let chain = |link: &str| format!("let x = a{}\n", link.repeat(10_000));
    let blocks: String = (0..10_000).map(|n| format!("{}if a:\n", " ".repeat(n))).collect();
    let inputs = [
        deep("(", ")"),
        deep("[", "]"),
        deep("f(", ")"),
        deep("-", ""),
        deep("not ", ""),
        deep("await ", ""),
        deep("async ", ""),
        deep("{1: ", "}"),
        deep("fn(): ", ""),
        deep("if a: ", ""),
        deep("f\"{", "}\""),
        deep("a[b", "]"),
        deep("2 ** ", ""),
        deep("a ?? ", ""),
        deep("match a: case b: ", ""),
        chain(" + b"),
        chain(".b()"),
        chain("[0]"),
        chain("?"),
        chain(" |> f"),
        format!("let x: {}int{}\n", "[".repeat(10_000), "]".repeat(10_000)),
        format!("let x: int{} = 1\n", "?".repeat(10_000)),
        format!("let {}a{} = 1\n", "(".repeat(10_000), ")".repeat(10_000)),
        format!("match a:\n    case {}b: c\n", "x @ ".repeat(10_000)),
        blocks,
    ];
    for input in inputs {
        let errors = errors(&input).1.into_sorted();
        assert_eq!(errors.len(), 1, "{:?}: {:?}", &input[..30], &errors[..errors.len().min(3)]);
    }
}

#[test]
fn long_inputs_need_no_depth() {
    for input in [
        "if a: b\n".to_owned() + &"elif a: b\n".repeat(20_000),
        format!("let x = [{}]\n", "1, ".repeat(50_000)),
        format!("let x = a{}\n", " < b".repeat(20_000)),
        "f(1)\n".repeat(50_000),
    ] {
        let (_, complaints) = parse(&input);
        assert_eq!(complaints, "");
    }
}
