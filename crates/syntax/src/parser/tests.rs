//! Trees of small programs, and what is said about wrong ones.

use expect_test::{Expect, expect};
use sepal_base::{SourceMap, Style, render_all};

/// The tree of `input`, which is right.
fn check(input: &str, expected: Expect) {
    let (tree, complaints) = parse(input);
    assert!(complaints.is_empty(), "{complaints}");
    expected.assert_eq(&tree);
}

/// What is said about `input`, as it is printed.
fn check_errors(input: &str, expected: Expect) {
    let (_, complaints) = parse(input);
    expected.assert_eq(&complaints);
}

/// One expression in prefix form.
fn check_expr(input: &str, expected: &str) {
    let (tree, complaints) = parse(input);
    assert!(complaints.is_empty(), "{complaints}");
    assert_eq!(tree.trim_end(), expected, "{input}");
}

fn parse(input: &str) -> (String, String) {
    let mut sources = SourceMap::new();
    let file = sources.add("t.spl", input);
    let parsed = super::parse(file, input);
    let complaints = render_all(&parsed.diagnostics.into_sorted(), &sources, Style::Plain);
    (crate::dump(&parsed.ast), complaints)
}

#[test]
fn precedence() {
    check_expr("a + b * c", "(+ a (* b c))");
    check_expr("a - b - c", "(- (- a b) c)");
    check_expr("-a ** b", "(- (** a b))");
    check_expr("2 ** -n ** 2", "(** 2 (- (** n 2)))");
    check_expr("a ** b ** c", "(** a (** b c))");
    check_expr("-2 ** 2", "(- (** 2 2))");
    check_expr("-2", "-2");
    check_expr("- 9_223_372_036_854_775_808", "-9223372036854775808");
    check_expr("-(2)", "(- 2)");
    check_expr("-5.abs()", "(- (.abs 5))");
    check_expr("~a & b", "(& (~ a) b)");
    check_expr("a | b ^ c & d << 1", "(| a (^ b (& c (<< d 1))))");
    check_expr("a..b + 1", "(.. a (+ b 1))");
    check_expr("0..=n << 2", "(<< (..= 0 n) 2)");
    check_expr("x in 0..10", "(x in (.. 0 10))");
    check_expr("0 <= x < n", "(0 <= x < n)");
    check_expr("a == b and not c or d", "(or (and (a == b) (not c)) d)");
    check_expr("not a in b", "(not (a in b))");
    check_expr("a not in b", "(a not in b)");
    check_expr("a is not b", "(a is not b)");
    check_expr("a ?? b ?? c or d", "(?? a (?? b (or c d)))");
    check_expr("x |> f(1) |> g", "(|> (|> x (call f 1)) g)");
    check_expr("a ?? b |> f", "(|> (?? a b) f)");
    check_expr("(a + b) * c", "(* (+ a b) c)");
    check_expr("(a < b) < c", "((a < b) < c)");
    check_expr("a +% b *% c", "(+% a (*% b c))");
    check_expr("a % -b", "(% a (- b))");
    check_expr("await f + 1", "(+ (await f) 1)");
    check_expr("async a + b", "(+ (async a) b)");
    check_expr("async f(x).g", "(async (call f x).g)");
    check_expr("await p.ask(Get)?", "(await (? (.ask p Get)))");
    check_expr("spawn f(1) with (name: \"x\") ", "(spawn (call f 1) with name: \"x\")");
}

#[test]
fn operands() {
    check_expr("f(1, b: 2, ..p)", "(call f 1 b: 2 ..p)");
    check_expr("a.b.c(1).d", "(.c a.b 1).d");
    check_expr("xs[1]", "(index xs 1)");
    check_expr("xs[:n]", "(slice xs _ n _)");
    check_expr("xs[a:]", "(slice xs a _ _)");
    check_expr("xs[::-1]", "(slice xs _ _ -1)");
    check_expr("xs[a:b:c]", "(slice xs a b c)");
    check_expr("d[:k]", "(slice d _ k _)");
    check_expr("d[f(:k)]", "(index d (call f :k))");
    check_expr("d[a, b]", "(index d (tuple a b))");
    check_expr("{k:v}", "(dict (: k v))");
    check_expr("{:k: :v,}", "(dict (: :k :v))");
    check_expr("{}", "(dict)");
    check_expr("{1, 2}", "(set 1 2)");
    check_expr("[1, 2,]", "(list 1 2)");
    check_expr("()", "(tuple)");
    check_expr("(1,)", "(tuple 1)");
    check_expr("(1, 2)", "(tuple 1 2)");
    check_expr("[x * x for x in xs if x > 0]", "(list-of (* x x) for x in xs if (x > 0))");
    check_expr("{k: v for k, v in d}", "(dict-of k v for k, v in d)");
    check_expr("{a for (a, b) in d for c in e}", "(set-of a for (tuple a b) in d for c in e)");
    check_expr("self()", "(self)");
    check_expr("self.x", "self.x");
    check_expr("t.0.1", "t.0.1");
    check_expr("1..2", "(.. 1 2)");
    check_expr("1.5e3", "1500.0");
    check_expr("1.abs()", "(.abs 1)");
    check_expr("x.match", "x.match");
    check_expr("parse[int](s)", "(call (inst parse int or-index) s)");
    check_expr("f[fn(int) -> str, dyn Show](s)", "(call (inst f fn(int) -> str dyn Show) s)");
    check_expr("xs[i](s)", "(call (inst xs i or-index) s)");
    check_expr("xs[i + 1](s)", "(call (index xs (+ i 1)) s)");
    check_expr("d.get(k)?.name ?? \"none\"", "(?? (? (.get d k)).name \"none\")");
}

#[test]
fn literals() {
    check_expr("0xff_ff", "65535");
    check_expr("0b101", "5");
    check_expr("0o17", "15");
    check_expr("18_446_744_073_709_551_615", "18446744073709551615");
    check_expr(r#""a\n\t\r\0\\\"\'\u{1F600}""#, r#""a\n\t\r\0\\\"'😀""#);
    check_expr(r#"r"\d+\""#, r#""\\d+\\""#);
    check_expr("\"\"\"a\n \"b\" \\n\"\"\"", r#""a\n \"b\" \n""#);
    check_expr(r#"b"ab\xff\n""#, r#"b"ab\xff\n""#);
    check_expr(r"'\''", r"'\''");
    check_expr("'ä'", "'ä'");
    check_expr("'\"'", "'\"'");
    check_expr(":sym", ":sym");
    check_expr("[true, false, nil]", "(list true false nil)");
}

#[test]
fn f_strings() {
    check_expr(r#"f"{x}""#, "(fstring {x})");
    check_expr(r#"f"a {x} b{{}}""#, r#"(fstring "a " {x} " b{}")"#);
    check_expr(r#"f"{d["k"]}""#, r#"(fstring {(index d "k")})"#);
    check_expr(r#"f"{f"{x}"}""#, "(fstring {(fstring {x})})");
    check_expr(r#"f"{y:.2f}""#, "(fstring {y : .2 f})");
    check_expr(r#"f"{n:>8}""#, "(fstring {n : Right fill ' ' width 8})");
    check_expr(r#"f"{n:*^+#012,.3e}""#, "(fstring {n : Centre fill '*' plus # zero width 12 , .3 e})");
    check_expr(r#"f"{h:#x} {p:%} {s:=5}""#,
        "(fstring {h : # x} \" \" {p : %} \" \" {s : AfterSign fill ' ' width 5})");
    check_expr(r#"f"{:a}{d[1:2]}""#, "(fstring {:a} {(slice d 1 2 _)})");
    check_expr(r#"f"\u{e9}{x}""#, r#"(fstring "é" {x})"#);
    check_expr("f\"\"\"a\n{x\n}\"\"\"", r#"(fstring "a\n" {x})"#);
    check_expr(r#"f"{ {k: 1}["a"] }""#, r#"(fstring {(index (dict (: k 1)) "a")})"#);
}

#[test]
fn layout() {
    check(
        "if a:\n  b\n\n// c\n    // d\n  e\nelif f: g\nelse:\n    h\n",
        expect![[r#"
            (if a {
              b
              e
            } elif f {
              g
            } else {
              h
            })
        "#]],
    );
    check("let x = a\n    .b()\n    // between\n    .c(fn(y):\n        let z = y\n        z + 1\n    )\n    |> f\n", expect![[r#"
        let x = (|> (.c (.b a) (fn (y) {
          let z = y
          (+ z 1)
        })) f)
    "#]]);
    check("f(fn(x):\n    if x:\n        y\n    z)\nnext\n", expect![[r#"
        (call f (fn (x) {
          (if x {
            y
          })
          z
        }))
        next
    "#]]);
    check("f(\n  match x:\n      case 1: a\n      case _:\n          b\n  , c)\n", expect![[r#"
        (call f (match x
          case 1 {
            a
          }
          case _ {
            b
          }
        ) c)
    "#]]);
    check("let m = if a > b: a elif c: d else: b\n", expect![[r#"
        let m = (if (a > b) {
          a
        } elif c {
          d
        } else {
          b
        })
    "#]]);
    check("if a: if b: c else: d\nelse: e\n", expect![[r#"
        (if a {
          (if b {
            c
          } else {
            d
          })
        } else {
          e
        })
    "#]]);
    check("if a:\n    b\n(c, d)\n[e]\n-f\n", expect![[r#"
        (if a {
          b
        })
        (tuple c d)
        (list e)
        (- f)
    "#]]);
    check("let d = {\n    \"a\":\n        1,\n    \"b\": 2,\n}\n", expect![[r#"
        let d = (dict (: "a" 1) (: "b" 2))
    "#]]);
}

#[test]
fn declarations() {
    check(
        "//! The module.\n//! More.\n\nimport std.json\nimport std.http as h\nfrom a.b import c, d as e\n\
         pub let LIMIT: int = 10\ntype Id = int\ntype Pair[A] = (A, A)\n\
         extern \"C\" fn cos(x: float) -> float\n@interpret\n@lang(\"x\")\nfn f(): pass\nmain = fn(): f()\n",
        expect![[r#"
            doc "The module.\nMore."
            import std.json
            import std.http as h
            from a.b import c d as e
            pub let LIMIT: int = 10
            type Id = int
            type Pair[A] = (A A)
            extern "C" fn cos (x: float) -> float
            @interpret
            @lang "x"
            fn f () {
              pass
            }
            fn main () {
              (call f)
            }
        "#]],
    );
    check(
        "/// A point.\nstruct Point[T: Ord + Show]:\n    /// Across.\n    x: T\n    y: T = 0\n    invariant self.x > 0, \"m\"\n\n    /// Where.\n    fn origin() -> Self: Point(0, 0)\n    fn move(var self, by: int = 1):\n        self.x += by\n",
        expect![[r#"
            doc "A point."
            struct Point[T:Ord+Show]
              doc "Across."
              x: T
              y: T = 0
              invariant (self.x > 0), "m"
              doc "Where."
              fn origin () -> Self {
                (call Point 0 0)
              }
              fn move (var self by: int = 1) {
                self.x += by
              }
        "#]],
    );
    check(
        "class Node:\n    let key: str\n    var next: Node? = None\n    var n = 0\n    fn init(self, key): self.key = key\nclass Empty: pass\n",
        expect![[r#"
            class Node
              let key: str
              var next: Node? = None
              var n = 0
              fn init (self key) {
                self.key = key
              }
            class Empty
        "#]],
    );
    check(
        "enum Shape:\n    Circle(radius: float)\n    Pair(int, str)\n    /// Nothing.\n    Empty\n    fn area(self) -> float: 0.0\nenum Colour: Red, Green, Blue\n",
        expect![[r#"
            enum Shape
              Circle radius: float
              Pair int str
              doc "Nothing."
              Empty
              fn area (self) -> float {
                0.0
              }
            enum Colour
              Red
              Green
              Blue
        "#]],
    );
    check(
        "trait Show:\n    fn show(self) -> str\n    fn twice(self) -> str: self.show() * 2\nimpl[T: Show] Show for [T]:\n    fn show(self) -> str: \"\"\nimpl Iter[int] for C: pass\nimpl[T] [T]:\n    fn f(self): pass\nimpl [int]: pass\n",
        expect![[r#"
            trait Show
              fn show (self) -> str
              fn twice (self) -> str {
                (* (.show self) 2)
              }
            impl[T:Show] Show for [T]
              fn show (self) -> str {
                ""
              }
            impl Iter[int] for C
            impl[T] [T]
              fn f (self) {
                pass
              }
            impl [int]
        "#]],
    );
    check(
        "fn withdraw(acc: Account, n: int) -> Result[int, str] of Msg:\n    requires n > 0, \"positive\"\n    requires (a) > b\n    ensures result == old(acc.balance) - n\n    ensures_err acc.balance == old(acc.balance)\n    let result = old(1)\n    requires = 2\n",
        expect![[r#"
            fn withdraw (acc: Account n: int) -> Result[int str] of Msg
              requires (n > 0), "positive"
              requires (a > b)
              ensures (<result> == (- (old acc.balance) n))
              ensures_err (acc.balance == (old acc.balance))
            do {
              let result = (call old 1)
              requires = 2
            }
        "#]],
    );
    check(
        "fn* count(n):\n    yield n\n    yield* count(n + 1)\n    return\nasync fn g() -> int: await h()\nlet a = fn*(): yield 1\nlet b = async fn(x): x\n",
        expect![[r#"
            fn* count (n) {
              (yield n)
              (yield* (call count (+ n 1)))
              (return)
            }
            async fn g () -> int {
              (await (call h))
            }
            let a = (fn* () {
              (yield 1)
            })
            let b = (async fn (x) {
              x
            })
        "#]],
    );
    check(
        "actor Counter(start: int) of Msg:\n    var count = start\n    loop:\n        receive:\n            case Inc(by) if by > 0: count += by\n            case Stop: break\n            down pid, reason: print(reason)\n            exit pid, _: pass\n            after 100: break\n    terminate reason:\n        print(reason)\n",
        expect![[r#"
            actor Counter (start: int) of Msg {
              var count = start
              (loop {
                (receive
                  case (Inc by) if (by > 0) {
                    count += by
                  }
                  case Stop {
                    (break)
                  }
                  down pid reason {
                    (call print reason)
                  }
                  exit pid _ {
                    pass
                  }
                  after 100 {
                    (break)
                  }
                )
              })
            }
            terminate reason {
              (call print reason)
            }
        "#]],
    );
}

#[test]
fn statements() {
    check(
        "let (a, b) = t\nlet Some(x) = o else: return\nvar y: int = 1\ny += 1\np.x = 1\nxs[0] **= 2\nwhile let Some(v) = next(): print(v)\nfor i, x in xs.enumerate():\n    continue\nfor (k, v) in d: break 5\ndefer f(x)\nassert a == b, \"m\"\npass\nfn inner(): pass\nlet f = async:\n    g()\nspawn_link Counter(1)\nlet p = spawn: work()\nfrom = type + actor.down(of: with)\n",
        expect![[r#"
            let (tuple a b) = t
            let (Some x) = o else {
              (return)
            }
            var y: int = 1
            y += 1
            p.x = 1
            (index xs 0) **= 2
            while let (Some v) = (call next) {
              (call print v)
            }
            for i, x in (.enumerate xs) {
              (continue)
            }
            for (tuple k v) in d {
              (break 5)
            }
            defer (call f x)
            assert (a == b), "m"
            pass
            fn inner () {
              pass
            }
            let f = (async {
              (call g)
            })
            (spawn_link (call Counter 1))
            let p = (spawn {
              (call work)
            })
            from = (+ type (.down actor of: with))
        "#]],
    );
}

#[test]
fn patterns() {
    check(
        "match v:\n    case 0 | 1: a\n    case -5..=5: a\n    case 'a'..'z': a\n    case ..0: a\n    case 10..: a\n    case :s: a\n    case \"s\" | nil | true: a\n    case [a, b, ..rest]: a\n    case [.., z]: a\n    case []: a\n    case Point(x: 0, y): a\n    case Point(x: 0, ..): a\n    case Shape.Circle(r) | Shape.Empty: a\n    case n @ (1 | 2): a\n    case (a, _): a\n    case int(n) if n > 0: a\n    case [any](xs): a\n    case {str: int}(d): a\n    case Pair[int, int](p): a\n    case int?(o): a\n    case None: a\n    case _: a\n",
        expect![[r#"
            (match v
              case (| 0 1) {
                a
              }
              case -5..=5 {
                a
              }
              case 'a'..'z' {
                a
              }
              case ..0 {
                a
              }
              case 10.. {
                a
              }
              case :s {
                a
              }
              case (| "s" nil true) {
                a
              }
              case (list a b ..rest) {
                a
              }
              case (list .. z) {
                a
              }
              case (list) {
                a
              }
              case (Point x: 0 y) {
                a
              }
              case (Point x: 0 ..) {
                a
              }
              case (| (Shape.Circle r) Shape.Empty) {
                a
              }
              case n @ (| 1 2) {
                a
              }
              case (tuple a _) {
                a
              }
              case (int n) if (n > 0) {
                a
              }
              case (type [any] xs) {
                a
              }
              case (type {str: int} d) {
                a
              }
              case (type Pair[int int] p) {
                a
              }
              case (type int? o) {
                a
              }
              case None {
                a
              }
              case _ {
                a
              }
            )
        "#]],
    );
}

// ------------------------------------------------------------------------ mistakes

#[test]
fn missing_parts() {
    check_errors("let x =\nlet y = 1 + * 2\nprint(x y)\n", expect![[r#"
        error[E0013]: expected an expression, found the end of the line
         --> t.spl:1:8
          |
        1 | let x =
          |        ^

        error[E0013]: expected an expression, found `*`
         --> t.spl:2:13
          |
        2 | let y = 1 + * 2
          |             ^

        error[E0001]: expected `,` or `)`, found `y`
         --> t.spl:3:9
          |
        3 | print(x y)
          |         ^

    "#]]);
    check_errors("if x > 0\n    a\nwhile y { z }\nfor i in 0..3 => f(i)\nfn f()\n    pass\n", expect![[r#"
        error[E0017]: expected `:` behind the head of `if`, found the end of the line
         --> t.spl:1:9
          |
        1 | if x > 0
          |         ^
          |
          = help: add `:`

        error[E0017]: expected `:` behind the head of `while`
         --> t.spl:3:9
          |
        3 | while y { z }
          |         ^
          |
          = help: a block is opened by `:` and held together by its indentation, without braces

        error[E0017]: expected `:` behind the head of `for`
         --> t.spl:4:15
          |
        4 | for i in 0..3 => f(i)
          |               ^^
          |
          = help: write `:`

        error[E0017]: expected `:` behind the head of `fn`, found the end of the line
         --> t.spl:5:7
          |
        5 | fn f()
          |       ^
          |
          = help: add `:`

    "#]]);
    check_errors("fn f():\nfn g():\n\nx\n", expect![[r#"
        error[E0016]: expected an indented block behind the head of `fn`
         --> t.spl:1:8
          |
        1 | fn f():
          |        ^
          |
          = help: a block that does nothing is `pass`

        error[E0016]: expected an indented block behind the head of `fn`
         --> t.spl:2:8
          |
        2 | fn g():
          |        ^
          |
          = help: a block that does nothing is `pass`

    "#]]);
    check_errors("let total = a +\n    b\nlet z = 1\n", expect![[r#"
        error[E0013]: expected an expression, found the end of the line
         --> t.spl:1:16
          |
        1 | let total = a +
          |                ^
          |
          = help: a line goes on in the next one inside brackets, or if that begins with `.name` or `|>`

    "#]]);
    check_errors("match x:\n    1: a\n    case : b\n    case 2 b\n", expect![[r#"
        error[E0001]: expected `case`, found `1`
         --> t.spl:2:5
          |
        2 |     1: a
          |     ^

        error[E0014]: expected a pattern, found `:`
         --> t.spl:3:10
          |
        3 |     case : b
          |          ^

        error[E0017]: expected `:` behind the head of `case`, found `b`
         --> t.spl:4:12
          |
        4 |     case 2 b
          |            ^

    "#]]);
    check_errors("let x: = 1\nlet = 2\nfn (a): pass\nfn f(1, b c): pass\nimport\nfrom a import *\n", expect![[r#"
        error[E0015]: expected a type, found `=`
         --> t.spl:1:8
          |
        1 | let x: = 1
          |        ^

        error[E0014]: expected a pattern, found `=`
         --> t.spl:2:5
          |
        2 | let = 2
          |     ^

        error[E0022]: expected a parameter's name, found `1`
         --> t.spl:4:6
          |
        4 | fn f(1, b c): pass
          |      ^

        error[E0001]: a parameter is written `name: type`
         --> t.spl:4:11
          |
        4 | fn f(1, b c): pass
          |           ^

        error[E0022]: expected a name, found the end of the line
         --> t.spl:5:7
          |
        5 | import
          |       ^

        error[E0022]: the names to import are listed; there is no `*`
         --> t.spl:6:15
          |
        6 | from a import *
          |               ^

    "#]]);
}

#[test]
fn habits_from_other_languages() {
    check_errors(
        "def f(x):\n    return x\nif a && b || !c:\n    x++\nelse if d:\n    y = 1;\nswitch x:\n    case 1: a\n",
        expect![[r#"
            error[E0018]: there is no `def`: a function is defined by `fn`
             --> t.spl:1:1
              |
            1 | def f(x):
              | ^^^
              |
              = help: use `fn`

            error[E0018]: `&&` is written `and`
             --> t.spl:3:6
              |
            3 | if a && b || !c:
              |      ^^
              |
              = help: use `and`

            error[E0018]: `||` is written `or`
             --> t.spl:3:11
              |
            3 | if a && b || !c:
              |           ^^
              |
              = help: use `or`

            error[E0018]: `!` is written `not`
             --> t.spl:3:14
              |
            3 | if a && b || !c:
              |              ^
              |
              = help: use `not`

            error[E0018]: there is no `++`
             --> t.spl:4:6
              |
            4 |     x++
              |      ^^
              |
              = help: use `+= 1`

            error[E0018]: `else if` is written `elif`
             --> t.spl:5:1
              |
            5 | else if d:
              | ^^^^^^^
              |
              = help: use `elif`

            error[E0018]: `;` ends no statement; the end of the line does
             --> t.spl:6:10
              |
            6 |     y = 1;
              |          ^
              |
              = help: leave it out, or begin a new line

            error[E0018]: there is no `switch`: values are told apart by `match`
             --> t.spl:7:1
              |
            7 | switch x:
              | ^^^^^^
              |
              = help: use `match`

        "#]],
    );
    check_errors("if x = 1: y\nf(x = 1)\nx: int = 5\nconst z = 1\ntry:\n    a\nexcept E:\n    b\n", expect![[r#"
        error[E0020]: `=` assigns, and a condition has nothing to assign
         --> t.spl:1:6
          |
        1 | if x = 1: y
          |      ^
          |
          = help: for equality use `==`

        error[E0020]: `=` cannot stand in an argument
         --> t.spl:2:5
          |
        2 | f(x = 1)
          |     ^
          |
          = help: a named argument is written `name: value`

        error[E0001]: a variable is declared by `let` or `var`
         --> t.spl:3:2
          |
        3 | x: int = 5
          |  ^
          |
          = help: write `let` before the name

        error[E0018]: there is no `const`: a constant is declared by `let`
         --> t.spl:4:1
          |
        4 | const z = 1
          | ^^^^^
          |
          = help: use `let`

        error[E0018]: there is no `try`: there are no exceptions; functions return a `Result`, and `e?` passes an error on
         --> t.spl:5:1
          |
        5 | try:
          | ^^^

        error[E0018]: there is no `except`: there are no exceptions; take a `Result` apart by `match`
         --> t.spl:7:1
          |
        7 | except E:
          | ^^^^^^

    "#]]);
    check_errors("# comment\nlet s = 'text'\nlet a = b === c\nlet t: Vec<int> = u\nthrow Error(1)\n", expect![[r#"
        error[E0018]: comments begin with `//`, not with `#`
         --> t.spl:1:1
          |
        1 | # comment
          | ^
          |
          = help: write `//`

        error[E0005]: a character literal holds one character
         --> t.spl:2:9
          |
        2 | let s = 'text'
          |         ^^^^^^
          |
          = help: for a string use double quotes: `"text"`

        error[E0018]: equality is written `==`
         --> t.spl:3:11
          |
        3 | let a = b === c
          |           ^^^
          |
          = help: use `==`

        error[E0018]: type arguments stand in square brackets
         --> t.spl:4:11
          |
        4 | let t: Vec<int> = u
          |           ^
          |
          = help: write `List[int]`, and for a list `[int]`

        error[E0018]: there is no `throw`: there are no exceptions; return `Err(e)`, or call `panic("message")`
         --> t.spl:5:1
          |
        5 | throw Error(1)
          | ^^^^^

    "#]]);
    check_errors("class A(B):\n    x: int\nstruct S:\n    var y: int\nenum E:\n    case C\n    D = 1\n", expect![[r#"
        error[E0021]: classes do not inherit from each other; traits take that place
         --> t.spl:1:8
          |
        1 | class A(B):
          |        ^

        error[E0001]: a field of a class is declared by `let` or `var`
         --> t.spl:2:5
          |
        2 |     x: int
          |     ^
          |
          = help: write `var`, or `let` if it is never assigned

        error[E0001]: a field of a struct is written without `let` or `var`
         --> t.spl:4:5
          |
        4 |     var y: int
          |     ^^^
          |
          = help: whether it can be assigned depends on the variable that holds the struct

        error[E0018]: a variant is written without `case`
         --> t.spl:6:5
          |
        6 |     case C
          |     ^^^^
          |
          = help: leave it out

        error[E0001]: variants have no numbers; a method can give them
         --> t.spl:7:7
          |
        7 |     D = 1
          |       ^

    "#]]);
}

#[test]
fn misplaced_parts() {
    check_errors("fn f(n):\n    print(n)\n    requires n > 0\n    let a = 1\n      let b = 2\n    a + 1 = 2\n", expect![[r#"
        error[E0021]: `requires` stands at the head of a function, before its first statement
         --> t.spl:3:5
          |
        3 |     requires n > 0
          |     ^^^^^^^^

        error[E0008]: this line is indented deeper than the one before, which opens no block
         --> t.spl:5:7
          |
        5 |       let b = 2
          |       ^^^

        error[E0020]: this cannot be assigned
         --> t.spl:6:5
          |
        6 |     a + 1 = 2
          |     ^^^^^

    "#]]);
    check_errors("else:\n    x\ncase 1: y\n)\nlet a = fn named(): 1\ndefer x\n@a\nlet\n", expect![[r#"
        error[E0021]: `else` has no `if` before it
         --> t.spl:1:1
          |
        1 | else:
          | ^^^^

        error[E0021]: `case` stands in the block of a `match` or `receive`
         --> t.spl:3:1
          |
        3 | case 1: y
          | ^^^^

        error[E0010]: `)` closes nothing
         --> t.spl:4:1
          |
        4 | )
          | ^

        error[E0021]: a function inside an expression has no name
         --> t.spl:5:12
          |
        5 | let a = fn named(): 1
          |            ^^^^^
          |
          = help: leave the name out, or define the function on a line of its own

        error[E0023]: only a call can be deferred
         --> t.spl:6:7
          |
        6 | defer x
          |       ^
          |
          = help: for several statements defer the call of a lambda

        error[E0014]: expected a pattern, found the end of the line
         --> t.spl:8:4
          |
        8 | let
          |    ^

    "#]]);
    check_errors("actor A():\n    terminate:\n        pass\n    x\nextern \"C\" fn f(): 1\npub var x = 1\n0..1..2\n", expect![[r#"
        error[E0021]: `terminate` is the last part of an actor
         --> t.spl:4:5
          |
        4 |     x
          |     ^

        error[E0021]: a C function has no body here
         --> t.spl:5:18
          |
        5 | extern "C" fn f(): 1
          |                  ^

        error[E0021]: a module has no variables, so there is none to export; constants are `pub let`
         --> t.spl:6:5
          |
        6 | pub var x = 1
          |     ^^^

        error[E0024]: a range has only two ends
         --> t.spl:7:5
          |
        7 | 0..1..2
          |     ^^
          |
          = help: for steps write `(0..10).step(2)`

    "#]]);
}

#[test]
fn layout_mistakes() {
    check_errors("if a:\n\tb\n", expect![[r#"
        error[E0007]: a tab stands in the indentation
         --> t.spl:2:1
          |
        2 |     b
          | ^^^^
          |
          = help: indent with four spaces; `sepal fmt` does it for you

    "#]]);
    check_errors("if a:\n        b\n    c\n    d\ne\n", expect![[r#"
        error[E0008]: this line is indented like none of the blocks around it
         --> t.spl:3:5
          |
        3 |     c
          |     ^

    "#]]);
    check_errors("let x = f(1, (2 + 3\nlet y = 2\nfn g():\n    [1, 2)\n", expect![[r#"
        error[E0009]: `(` is never closed
         --> t.spl:1:14
          |
        1 | let x = f(1, (2 + 3
          |              ^

        error[E0010]: `)` does not close `[`
         --> t.spl:4:10
          |
        4 |     [1, 2)
          |     -    ^
          |     |
          |     opened here

    "#]]);
    check_errors("print(f\"{x\")\nlet y = \"abc\nlet z = f\"{}\" + f\"}\"\n", expect![[r#"
        error[E0011]: `{` is never closed
         --> t.spl:1:9
          |
        1 | print(f"{x")
          |         ^

        error[E0002]: this string is not closed on its line
         --> t.spl:2:9
          |
        2 | let y = "abc
          |         ^

        error[E0011]: an expression is missing between the braces
         --> t.spl:3:11
          |
        3 | let z = f"{}" + f"}"
          |           ^^
          |
          = help: to print braces, double them: `{{}}`

        error[E0011]: a single `}` in an f-string is written `}}`
         --> t.spl:3:19
          |
        3 | let z = f"{}" + f"}"
          |                   ^

    "#]]);
    check_errors("f(((", expect![[r#"
        error[E0009]: `(` is never closed
         --> t.spl:1:4
          |
        1 | f(((
          |    ^

    "#]]);
}

#[test]
fn literal_mistakes() {
    check_errors(
        "[0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', \"\\q\", b\"\\u{1}\", '\\u{110000}']\n",
        expect![[r#"
            error[E0004]: `g` is no hexadecimal digit
             --> t.spl:1:2
              |
            1 | [0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', "\q", b"\u{1}", '\u{110000}']
              |  ^^^^

            error[E0004]: `2` is no binary digit
             --> t.spl:1:8
              |
            1 | [0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', "\q", b"\u{1}", '\u{110000}']
              |        ^^^^

            error[E0004]: a number cannot be followed directly by `px`
             --> t.spl:1:14
              |
            1 | [0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', "\q", b"\u{1}", '\u{110000}']
              |              ^^^

            error[E0004]: `_` stands only between digits of a number
             --> t.spl:1:19
              |
            1 | [0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', "\q", b"\u{1}", '\u{110000}']
              |                   ^^^^

            error[E0004]: this integer does not fit 64 bits
             --> t.spl:1:25
              |
            1 | [0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', "\q", b"\u{1}", '\u{110000}']
              |                         ^^^^^^^^^^^^^^^^^^^^

            error[E0004]: this number is too large for a float
             --> t.spl:1:47
              |
            1 | [0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', "\q", b"\u{1}", '\u{110000}']
              |                                               ^^^^^

            error[E0004]: digits are missing behind `0x`
             --> t.spl:1:54
              |
            1 | [0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', "\q", b"\u{1}", '\u{110000}']
              |                                                      ^^

            error[E0005]: a character literal holds one character
             --> t.spl:1:58
              |
            1 | [0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', "\q", b"\u{1}", '\u{110000}']
              |                                                          ^^^^
              |
              = help: for a string use double quotes: `"ab"`

            error[E0005]: a character literal cannot be empty
             --> t.spl:1:64
              |
            1 | [0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', "\q", b"\u{1}", '\u{110000}']
              |                                                                ^^

            error[E0003]: unknown escape `\q`
             --> t.spl:1:69
              |
            1 | [0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', "\q", b"\u{1}", '\u{110000}']
              |                                                                     ^^

            error[E0003]: byte strings do not know `\u`
             --> t.spl:1:76
              |
            1 | [0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', "\q", b"\u{1}", '\u{110000}']
              |                                                                            ^^

            error[E0003]: `110000` is no Unicode character
             --> t.spl:1:85
              |
            1 | [0xfg, 0b12, 5px, 1__0, 18446744073709551616, 1e999, 0x, 'ab', '', "\q", b"\u{1}", '\u{110000}']
              |                                                                                     ^^^^^^^^^^

        "#]],
    );
    check_errors("f\"{x:5z} {y:{w}} {z:.} {a:99999999}\"\nlet a = 5 $ 3\nlet b = \"\"\"never\n", expect![[r#"
        error[E0012]: `z` is no format type; they are d x X o b e f g s %
         --> t.spl:1:7
          |
        1 | f"{x:5z} {y:{w}} {z:.} {a:99999999}"
          |       ^

        error[E0012]: `{` is no format type; they are d x X o b e f g s %
         --> t.spl:1:13
          |
        1 | f"{x:5z} {y:{w}} {z:.} {a:99999999}"
          |             ^
          |
          = help: a format specification cannot hold an expression

        error[E0011]: a single `}` in an f-string is written `}}`
         --> t.spl:1:16
          |
        1 | f"{x:5z} {y:{w}} {z:.} {a:99999999}"
          |                ^

        error[E0012]: digits are missing behind the `.`
         --> t.spl:1:21
          |
        1 | f"{x:5z} {y:{w}} {z:.} {a:99999999}"
          |                     ^

        error[E0012]: a width or precision is at most 1000000
         --> t.spl:1:27
          |
        1 | f"{x:5z} {y:{w}} {z:.} {a:99999999}"
          |                           ^^^^^^^^

        error[E0006]: unexpected character `$`
         --> t.spl:2:11
          |
        2 | let a = 5 $ 3
          |           ^

        error[E0002]: this string is never closed
         --> t.spl:3:9
          |
        3 | let b = """never
          |         ^^^

    "#]]);
}

#[test]
fn deep_nesting_gives_one_error() {
    let deep = |open: &str, close: &str| format!("let x = {}1{}\n", open.repeat(10_000), close.repeat(10_000));
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
        let mut sources = SourceMap::new();
        let file = sources.add("t.spl", input.as_str());
        let parsed = super::parse(file, &input);
        let errors = parsed.diagnostics.into_sorted();
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
