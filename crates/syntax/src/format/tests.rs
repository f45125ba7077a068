//! Formatted texts; formatting what is formatted changes nothing.

use expect_test::{Expect, expect};
use sepal_base::{FileId, SourceMap, Style, render};

fn check(input: &str, expected: Expect) {
    let once = super::format(FileId(0), input).expect("the input is right");
    expected.assert_eq(&once);
    let twice = super::format(FileId(0), &once).expect("the output is right");
    assert_eq!(once, twice);
}

#[test]
fn blanks() {
    check(
        "let  x=-1+ -a* ~b\nf ( a ,b : 2,.. p )\nxs [1 : n+1 : -1]\nd={ 'a' :1,:k: :v }\nfor i in 0 .. n-1:pass\n\
         let t=x ? .y()?? z\nfn*  g [T:Ord]( self,a:int=1 )->[ int ]?:yield* h(-1)\nlet g=fn (x):x**-2\n\
         match a:\n  case n@-5 ..= 5|A(_,..) if not(b) :c\n@ lang( \"x\" )\nimpl[T:Show] Show for [T]: pass\nimpl [int]: pass\n",
        expect![[r#"
            let x = -1 + -a * ~b
            f(a, b: 2, ..p)
            xs[1:n + 1:-1]
            d = {'a': 1, :k: :v}
            for i in 0..n - 1: pass
            let t = x?.y() ?? z
            fn* g[T: Ord](self, a: int = 1) -> [int]?: yield* h(-1)
            let g = fn(x): x ** -2
            match a:
                case n @ -5..=5 | A(_, ..) if not (b): c
            @lang("x")
            impl[T: Show] Show for [T]: pass
            impl [int]: pass
        "#]],
    );
}

#[test]
fn lines_and_comments() {
    check(
        "\n\n//! doc\n\n\n\n\nif a:\n\n  b // c\n  // of the block\n\n\n  // still\n // of the file\nelse:\n      // first\n      d   // aligned\n\n\n\n\ne",
        expect![[r#"
            //! doc


            if a:
                b // c
                // of the block

                // still
            // of the file
            else:
                // first
                d   // aligned


            e
        "#]],
    );
}

#[test]
fn brackets_and_blocks() {
    check(
        "let x = f(\n a,\n  // about b\n  b,\n g([\n1,\n2\n]), fn(y):\n  y\n , c)\nlet z = xs\n  .map(fn(x):\n     x\n     )\n // between\n  |> g\nfoo(if a:\n  b\nelse:\n  c\n)\nh(fn():\n  1)\nf(0, fn():\n    a,\n  b)\n",
        expect![[r#"
            let x = f(
                a,
                // about b
                b,
                g([
                    1,
                    2
                ]), fn(y):
                    y
                , c)
            let z = xs
                .map(fn(x):
                    x
                )
                // between
                |> g
            foo(if a:
                b
            else:
                c
            )
            h(fn():
                1)
            f(0, fn():
                a,
            b)
        "#]],
    );
}

#[test]
fn tabs_become_spaces() {
    check(
        "if a:\n\tif b:\n\t\tc\n\td\n",
        expect![[r#"
        if a:
            if b:
                c
            d
    "#]],
    );
}

#[test]
fn texts_stay() {
    check(
        "let a = f\"{ x +1 } {  y:>3}\"\nlet b = \"\"\"  two\n   lines \"\"\" + r\"a\"\n",
        expect![[r#"
        let a = f"{ x +1 } {  y:>3}"
        let b = """  two
           lines """ + r"a"
    "#]],
    );
}

#[test]
fn contracts() {
    check(
        "fn f(a):\n  requires (a)>0,\"m\"\n  requires -a < 0\n  requires down - 1 > 0\n  ensures result==old(a)\n  spawn f(1) with (name:\"x\")\n",
        expect![[r#"
            fn f(a):
                requires (a) > 0, "m"
                requires -a < 0
                requires down - 1 > 0
                ensures result == old(a)
                spawn f(1) with (name: "x")
        "#]],
    );
}

#[test]
fn wrong_programs_are_refused() {
    assert!(super::format(FileId(0), "let = 1\n").is_err());
}

#[test]
fn no_block_comes_about_in_brackets() {
    check(
        "fn f(a:\nint, b: // c\nint):\n    g({1:\n2})\n",
        expect![[r#"
        fn f(a: int, b: // c
        int):
            g({1: 2})
    "#]],
    );
}

#[test]
fn comments_behind_a_colon_in_brackets_open_no_block() {
    check(
        "fn main():\n    let d = {1: 2, 3:   // a\n    // b\n    // c\n{4: 5}}\n",
        expect![[r#"
            fn main():
                let d = {1: 2, 3:   // a
                    // b
                    // c
                {4: 5}}
        "#]],
    );
}

#[test]
fn tokens_that_would_become_others_stay_apart() {
    check(
        "let a = 1  .5\nlet b = f()?  ?\nlet c = 2 .max(3)\nlet d: int? ??= e\nlet 0.. = f\n",
        expect![[r#"
        let a = 1 .5
        let b = f()? ?
        let c = 2.max(3)
        let d: int? ?? = e
        let 0.. = f
    "#]],
    );
}

/// What would be said if the formatter changed `source` to `result`.
#[test]
fn changes_of_meaning_are_found() {
    let source = "if a:\n    b + 1 // c\n";
    let mut sources = SourceMap::new();
    let file = sources.add("t.spl", source);
    let tokens = crate::parse(file, source).tokens;
    let difference = |result| super::first_difference(file, source, &tokens, result);
    assert_eq!(difference("if a: // c\n  b  +  1"), None);
    assert!(difference("if a:\n    b + 1\n").is_some());
    assert!(difference("if a:\n    b // c\n").is_some());
    let span = difference("if a: b + 1 // c\n").expect("a block is gone");
    expect![[r#"
        error[E0026]: formatting would have changed the program here
         --> t.spl:1:6
          |
        1 |   if a:
          |  ______^
        2 | |     b + 1 // c
          | |_^
          |
          = note: this is a mistake of the formatter; the file was left as it is"#]]
    .assert_eq(&render(&super::refusal(span), &sources, Style::Plain));
}
