//! Diagnostics E00xx: lexer and parser. Append at the end; a code is permanent.

super::diagnostics! {
    E0001 UNEXPECTED_TOKEN "something else was expected here" r#"
The parser found a word or sign that cannot stand at this place. The message says what was
expected instead.

    import std json      // a `.` was expected: import std.json
"#;
    E0002 UNTERMINATED_STRING "a string or character has no closing quote" r#"
A string in single quotes-pairs ends on its own line. For text over several lines use three quotes.

    let s = "no end
    let t = """two
    lines"""
"#;
    E0003 BAD_ESCAPE "an escape sequence is unknown" r#"
Strings know the escapes \n \t \r \0 \\ \" \' and \u{1F600}. Byte strings know \x7F besides, but not
\u{…}. Write r"…" for a string in which a backslash is only a backslash.

    let path = "C:\dir"      // "C:\\dir" or r"C:\dir"
"#;
    E0004 BAD_NUMBER "a number is malformed" r#"
Numbers are written 1_000, 0xff, 0b101, 0o17, 1.5 and 2e9. A letter cannot follow directly, and an
integer must fit 64 bits.

    let a = 0b12       // 2 is no binary digit
    let b = 5px
"#;
    E0005 BAD_CHAR "a character literal does not hold one character" r#"
Between single quotes stands exactly one character or escape. Strings have double quotes.

    let a = 'ab'       // "ab"
"#;
    E0006 UNKNOWN_CHARACTER "a character has no meaning here" r#"
The character is not part of the language outside of strings and comments. Comments begin with //.

    let price = 5 $
"#;
    E0007 TAB_INDENT "a tab stands in the indentation" r#"
Blocks are indented with spaces, since a tab has no width of its own. Four spaces are usual.
"#;
    E0008 BAD_INDENT "the indentation does not fit" r#"
All lines of a block begin in the same column, and only a line that ends in `:` opens a deeper block.

    fn f():
        let a = 1
          let b = 2      // deeper than the line above, which opens no block
"#;
    E0009 UNCLOSED_BRACKET "a bracket is never closed" r#"
Each ( [ { needs its closing counterpart.

    print("a", (1 + 2)
"#;
    E0010 UNMATCHED_BRACKET "a closing bracket closes nothing" r#"
There is no open bracket that this one could close, or it is of the other kind.

    let xs = [1, 2)
"#;
    E0011 BAD_FSTRING "a brace in an f-string is wrong" r#"
In an f-string { and } enclose an expression. To print a brace, double it.

    f"{name} has {{braces}}"
"#;
    E0012 BAD_FORMAT_SPEC "a format specification is malformed" r#"
After the colon in a hole of an f-string stands, each part optional and in this order:
[[fill]align][sign][#][0][width][,][.precision][type], where align is one of < > ^ =, sign one of
+ - and blank, type one of d x X o b e f g s %.

    f"{price:>10.2f}"
"#;
    E0013 EXPECTED_EXPRESSION "an expression was expected" r#"
At this place a value must stand: a literal, a name, a call, an expression in brackets and so on.

    let x =
    let y = 1 + * 2

A line goes on in the next one only inside brackets, or when the next begins with `.name` or `|>`.
"#;
    E0014 EXPECTED_PATTERN "a pattern was expected" r#"
Patterns are literals, ranges, names, `_`, (a, b), [a, ..rest], Point(x: 0, y), A(x) | B(x), n @ P,
and on `any` type patterns like int(n).

    match x:
        case 1 + 2: pass      // not a pattern; use a guard: case n if n == 1 + 2
"#;
    E0015 EXPECTED_TYPE "a type was expected" r#"
Types are written int, Point, [T], {K: V}, {T}, (A, B), T?, fn(A) -> B, Pair[A, B], dyn Show.

    let xs: = [1]
"#;
    E0016 EXPECTED_BLOCK "an indented block was expected" r#"
After a header ending in `:` comes an indented suite, or one statement on the same line. `pass` does
nothing.

    fn todo():
        pass
"#;
    E0017 MISSING_COLON "a `:` is missing before the block" r#"
The headers of if, while, for, fn, match, case and their like end in a colon.

    if x > 0:
        print(x)
"#;
    E0018 FOREIGN_SYNTAX "this is spelled differently here" r#"
The word or sign is that of another language. The message names the one that is used here:
and, or, not, elif, fn, += 1, nil, true, match.

    if a && !b: …        // if a and not b: …
"#;
    E0019 NESTING_TOO_DEEP "expressions or blocks are nested too deeply" r#"
The nesting of brackets, operators and blocks is limited, so that every later step can walk the
program without running out of stack. Name intermediate results, or move inner parts to functions.
"#;
    E0020 BAD_ASSIGNMENT "this cannot be assigned" r#"
Assigned are variables, fields and elements: x = 1, p.x = 1, xs[0] = 1. An assignment is a statement
and has no value; equality is written `==`.

    if x = 1: …          // if x == 1: …
"#;
    E0021 MISPLACED_SYNTAX "this cannot stand here" r#"
The construct is known, but belongs to another place: contracts at the head of a function, members
in the body of a type, `terminate` at the end of an actor, declarations at the top level.

    fn f(n: int):
        print(n)
        requires n > 0     // before the first statement
"#;
    E0022 EXPECTED_NAME "a name was expected" r#"
A declaration, parameter, field or import needs a name, which is not a reserved word.

    fn match(): pass      // `match` is reserved
"#;
    E0023 BAD_DEFER "only a call can be deferred" r#"
`defer` evaluates the arguments of a call now, and calls when the function ends.

    defer file.close()
"#;
    E0024 CHAINED_RANGE "ranges cannot be chained" r#"
A range has two ends. Use brackets if a range of something else is meant.

    0..5..10              // (0..10).step(5)
"#;
    E0025 STRAY_ATTRIBUTE "an attribute stands before nothing that could have it" r#"
Attributes are written on the lines before a declaration.

    @interpret
    fn f(): pass
"#;
    E0026 FORMAT_REFUSED "formatting was refused, since it would have changed the program" r#"
The formatter compares the tokens of its result with those of the source, and gives up if they
differ. That is a mistake of the formatter; the file is left as it is.
"#;
}
