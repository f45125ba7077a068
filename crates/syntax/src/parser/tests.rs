//! Trees of small programs.

use expect_test::{Expect, expect};
use sepal_base::{SourceMap, Style, render_all};

/// The tree of `input`, which is right.
fn check(input: &str, expected: Expect) {
    let (tree, complaints) = parse(input);
    assert!(complaints.is_empty(), "{complaints}");
    expected.assert_eq(&tree);
}

/// One expression in prefix form.
fn check_expr(input: &str, expected: &str) {
    let (tree, complaints) = parse(input);
    assert!(complaints.is_empty(), "{complaints}");
    assert_eq!(tree.trim_end(), expected, "{input}");
}

pub(super) fn parse(input: &str) -> (String, String) {
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
    check_expr(
        r#"f"{n:*^+#012,.3e}""#,
        "(fstring {n : Centre fill '*' plus # zero width 12 , .3 e})",
    );
    check_expr(
        r#"f"{h:#x} {p:%} {s:=5}""#,
        "(fstring {h : # x} \" \" {p : %} \" \" {s : AfterSign fill ' ' width 5})",
    );
    check_expr(r#"f"{:a}{d[1:2]}""#, "(fstring {:a} {(slice d 1 2 _)})");
    check_expr(r#"f"\u{e9}{x}""#, r#"(fstring "é" {x})"#);
    check_expr("f\"\"\"a\n{x\n}\"\"\"", r#"(fstring "a\n" {x})"#);
    check_expr(r#"f"{ {k: 1}["a"] }""#, r#"(fstring {(index (dict (: k 1)) "a")})"#);
}

#[test]
fn blocks_and_comments() {
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
}

#[test]
fn continued_lines() {
    check(
        "let x = a\n    .b()\n    // between\n    .c(fn(y):\n        let z = y\n        z + 1\n    )\n    |> f\n",
        expect![[r#"
        let x = (|> (.c (.b a) (fn (y) {
          let z = y
          (+ z 1)
        })) f)
    "#]],
    );
}

#[test]
fn blocks_in_arguments() {
    check(
        "f(fn(x):\n    if x:\n        y\n    z)\nnext\n",
        expect![[r#"
        (call f (fn (x) {
          (if x {
            y
          })
          z
        }))
        next
    "#]],
    );
}

#[test]
fn arms_in_arguments() {
    check(
        "f(\n  match x:\n      case 1: a\n      case _:\n          b\n  , c)\n",
        expect![[r#"
        (call f (match x
          case 1 {
            a
          }
          case _ {
            b
          }
        ) c)
    "#]],
    );
}

#[test]
fn if_on_one_line() {
    check(
        "let m = if a > b: a elif c: d else: b\n",
        expect![[r#"
        let m = (if (a > b) {
          a
        } elif c {
          d
        } else {
          b
        })
    "#]],
    );
}

#[test]
fn else_belongs_by_layout() {
    check(
        "if a: if b: c else: d\nelse: e\n",
        expect![[r#"
        (if a {
          (if b {
            c
          } else {
            d
          })
        } else {
          e
        })
    "#]],
    );
}

#[test]
fn a_block_ends_its_expression() {
    check(
        "if a:\n    b\n(c, d)\n[e]\n-f\n",
        expect![[r#"
        (if a {
          b
        })
        (tuple c d)
        (list e)
        (- f)
    "#]],
    );
}

#[test]
fn indented_values() {
    check(
        "let d = {\n    \"a\":\n        1,\n    \"b\": 2,\n}\n",
        expect![[r#"
        let d = (dict (: "a" 1) (: "b" 2))
    "#]],
    );
}

#[test]
fn modules() {
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
}

#[test]
fn structs() {
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
}

#[test]
fn classes() {
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
}

#[test]
fn enums() {
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
}

#[test]
fn traits() {
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
}

#[test]
fn contracts() {
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
}

#[test]
fn generators_and_async() {
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
}

#[test]
fn actors() {
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
fn literal_patterns() {
    check(
        "match v:\n    case 0 | 1: a\n    case -5..=5: a\n    case 'a'..'z': a\n    case ..0: a\n    case 10..: a\n    case :s: a\n    case \"s\" | nil | true: a\n    case _: a\n",
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
              case _ {
                a
              }
            )
        "#]],
    );
}

#[test]
fn patterns_with_parts() {
    check(
        "match v:\n    case [a, b, ..rest]: a\n    case [.., z]: a\n    case []: a\n    case Point(x: 0, y): a\n    case Point(x: 0, ..): a\n    case Shape.Circle(r) | Shape.Empty: a\n    case n @ (1 | 2): a\n    case (a, _): a\n    case None: a\n",
        expect![[r#"
            (match v
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
              case None {
                a
              }
            )
        "#]],
    );
}

#[test]
fn type_patterns() {
    check(
        "match v:\n    case int(n) if n > 0: a\n    case [any](xs): a\n    case {str: int}(d): a\n    case Pair[int, int](p): a\n    case int?(o): a\n",
        expect![[r#"
            (match v
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
            )
        "#]],
    );
}
