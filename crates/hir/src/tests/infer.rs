//! Inference: left-out types, generalisation, literals, lambdas.

use super::*;
use expect_test::expect;

#[test]
fn left_out_types_are_inferred_and_generalised() {
    check_signatures(
        "\
fn id(x): x
fn add(a, b): a + b
fn largest(xs):
    var best = xs[0]
    for x in xs:
        if x > best: best = x
    best
fn compose(f, g): fn(x): g(f(x))
fn group(xs, key):
    let out = {}
    for x in xs:
        let k = key(x)
        if not k in out: out[k] = []
        out[k].push(x)
    out
fn size(x): x.len()
fn nothing(): pass
fn branch(n): if n > 0: 1 else: \"one\"
",
        expect![[r#"
            fn id[T](x: T) -> T
            fn add[T](a: T, b: T) -> T where T: Add[T, T]
            fn largest[T, U, V](xs: T) -> U where T: Iterable[U, V], V: Iter[U], U: Ord, T: Index[int, U]
            fn compose[T, U, V](f: fn(T) -> U, g: fn(U) -> V) -> fn(T) -> V
            fn group[T, U, V, W](xs: T, key: fn(U) -> V) -> {V: [U]} where T: Iterable[U, W], W: Iter[U], V: Hash, V: Eq
            fn size[T](x: T) -> int where T: Len
            fn nothing() -> nil
            fn branch(n: int) -> nil
        "#]],
    );
}

#[test]
fn functions_that_need_each_other_are_inferred_together() {
    check_signatures(
        "\
fn even(n): if n == 0: true else: odd(n - 1)
fn odd(n): if n == 0: false else: even(n - 1)
fn twice(f, x, n): if n == 0: x else: thrice(f, f(x), n - 1)
fn thrice(f, x, n): twice(f, f(x), n)
fn endless(n): endless(n + 1)
",
        expect![[r#"
            fn even(n: int) -> bool
            fn odd(n: int) -> bool
            fn twice[T](f: fn(T) -> T, x: T, n: int) -> T
            fn thrice[T](f: fn(T) -> T, x: T, n: int) -> T
            fn endless(n: int) -> never
        "#]],
    );
}

#[test]
fn literals_take_the_type_that_is_asked_for() {
    check_code(
        "\
fn f(b: u8) -> u64:
    let c = b + 1
    let xs: [f32] = [1.0, 2.5]
    let y = if b > 2: 3 else: 4
    u64(c) + 1
",
        expect![[r#"
            fn f(b: u8) -> u64
              block
                let c#1: u8 = (b#0 + 1u8)
                let xs#2: [f32] = list_from_array[f32](array[1.0, 2.5])
                let y#3: int = if (b#0 > 2u8)
                  3
                else
                  4
                value (cast[u64](c#1) + 1u64)
        "#]],
    );
}

#[test]
fn lambdas_learn_from_what_is_expected() {
    check_code(
        "\
fn f(words: [str]) -> [int]:
    var longest = 0
    words.each(fn(w): longest = longest.max(w.len()))
    words.map(fn(w): w.len() + longest)
",
        expect![[r#"
            fn f(words: [str]) -> [int]
              block
                let &longest#1: int = 0
                call
                  words#0
                  fn (w#2) captures [&longest#1]
                    block
                      &longest#1 = <int as Number>.max(&longest#1, <str as Len>.len(w#2))
                value call
                  words#0
                  fn (w#3) captures [&longest#1]
                    (<str as Len>.len(w#3) + &longest#1)
        "#]],
    );
}

#[test]
fn values_turn_into_any_and_dyn_where_expected() {
    check_code(
        "\
trait Shape:
    fn area(self) -> float
struct Square:
    side: float
impl Shape for Square:
    fn area(self): self.side * self.side
fn f(s: Square) -> float:
    let xs: [any] = [1, \"two\", s]
    let shapes: [dyn Shape] = [s]
    shapes[0].area()
",
        expect![[r#"
            fn f(s: Square) -> float
              block
                let xs#1: [any] = list_from_array[any](array[ToAny[any](1), ToAny[any]("two"), ToAny[any](s#0)])
                let shapes#2: [dyn Shape] = list_from_array[dyn Shape](array[ToDyn[dyn Shape](s#0)])
                value <dyn Shape>.area(<[dyn Shape] as Index[int, dyn Shape]>.index(shapes#2, 0))
        "#]],
    );
}

#[test]
fn what_is_not_determined_must_be_written() {
    check_diagnostics(
        "\
fn f():
    let xs = []
    let ys = [1]
    ys.push(\"two\")
    let g = fn(x): x.name
fn g(f): f(f)
",
        expect![[r#"
            error[E0206]: the type of `xs` is not known: nothing says what `_` is in `[_]`
             --> main.spl:2:9
              |
            2 |     let xs = []
              |         ^^
              |
              = help: write it: `xs: …`

            error[E0201]: expected `int`, found `str`
             --> main.spl:4:13
              |
            4 |     ys.push("two")
              |             ^^^^^

            error[E0206]: the type of this must be known to find `name`
             --> main.spl:5:20
              |
            5 |     let g = fn(x): x.name
              |                -   ^
              |                |
              |                write the type here

            error[E0201]: infinite type: it would have to be a part of itself
             --> main.spl:6:12
              |
            6 | fn g(f): f(f)
              |            ^

        "#]],
    );
}
