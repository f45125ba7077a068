//! Types, traits, places, arguments.

use super::*;
use expect_test::expect;

#[test]
fn arguments_are_matched_and_ordered() {
    check_code(
        "\
fn g(a: int, b: int = 2, c: int = 3) -> int: a + b + c
fn f(x: int) -> int: g(c: x, a: x + 1) + g(1)
",
        expect![[r#"
            fn f(x: int) -> int
              binary
                block
                  let _#1: int = x#0
                  let _#2: int = (x#0 + 1)
                  value g(_#2, g(), _#1)
                g(1, g(), g())
        "#]],
    );
}

#[test]
fn arguments_that_do_not_fit() {
    check_diagnostics(
        "\
fn g(a: int, b: int = 2) -> int: a + b
fn f():
    g()
    g(1, 2, 3)
    g(1, a: 2)
    g(b: 1, 2)
    g(1, d: 4)
",
        expect![[r#"
            error[E0202]: the function `g` needs the argument `a`
             --> main.spl:3:5
              |
            1 | fn g(a: int, b: int = 2) -> int: a + b
              |    - declared here
            2 | fn f():
            3 |     g()
              |     ^^^

            error[E0202]: the function `g` takes 2 arguments, not 3
             --> main.spl:4:5
              |
            1 | fn g(a: int, b: int = 2) -> int: a + b
              |    - declared here
            ...
            4 |     g(1, 2, 3)
              |     ^^^^^^^^^^

            error[E0203]: the argument `a` is given twice
             --> main.spl:5:10
              |
            5 |     g(1, a: 2)
              |          ^^^^

            error[E0203]: positional arguments come before named ones
             --> main.spl:6:13
              |
            6 |     g(b: 1, 2)
              |             ^

            error[E0203]: the function `g` has no parameter `d`
             --> main.spl:7:10
              |
            1 | fn g(a: int, b: int = 2) -> int: a + b
              |    - declared here
            ...
            7 |     g(1, d: 4)
              |          ^

        "#]],
    );
}

#[test]
fn places_are_fields_elements_and_vars() {
    check_code(
        "\
struct Spot:
    x: int
    fn move(var self, by: int): self.x += by
class Hero:
    var spot: Spot
fn f(h: Hero, xs: [Spot], d: {str: int}):
    h.spot.x = 1
    xs[0].x += 2
    xs[1].move(3)
    h.spot.move(4)
    d[\"k\"] = 5
    d[\"k\"] += 6
",
        expect![[r#"
            fn f(h: Hero, xs: [Spot], d: {str: int}) -> nil
              block
                h#0.spot.x = 1
                xs#1[0].x with _#3 = (_#3 + 2)
                Spot.move(inout xs#1[1]; 3)
                Spot.move(inout h#0.spot; 4)
                d#2["k"] = 5
                d#2["k"] with _#4 = (_#4 + 6)
        "#]],
    );
}

#[test]
fn what_is_no_place_is_not_assigned() {
    check_diagnostics(
        "\
struct Spot:
    x: int
    fn move(var self, by: int): self.x += by
class Hero:
    let name: str
let TOP = 1
fn f(h: Hero, s: Spot):
    let t = Spot(1)
    t.x = 2
    s.move(1)
    TOP = 2
    Spot(1).move(2)
",
        expect![[r#"
            error[E0111]: `t` cannot be assigned: it is not a `var`
             --> main.spl:9:5
              |
            8 |     let t = Spot(1)
              |         - bound here
            9 |     t.x = 2
              |     ^^^
              |
              = help: `var t` may be assigned

            error[E0111]: `s` cannot be changed by this method: it is not a `var`
              --> main.spl:10:5
               |
             7 | fn f(h: Hero, s: Spot):
               |               - bound here
            ...
            10 |     s.move(1)
               |     ^
               |
               = help: a copy may be assigned: `var s = s`

            error[E0111]: the constant `TOP` cannot be assigned
              --> main.spl:11:5
               |
             6 | let TOP = 1
               |     --- declared here
            ...
            11 |     TOP = 2
               |     ^^^

            error[E0111]: the method changes a struct that nothing holds
              --> main.spl:12:5
               |
            12 |     Spot(1).move(2)
               |     ^^^^^^^
               |
               = help: bind it with `var` first

        "#]],
    );
}

#[test]
fn operators_come_from_traits_or_methods() {
    check_code(
        "\
struct V:
    x: float
    fn add(self, o: V) -> V: V(self.x + o.x)
impl Mul[float] for V:
    fn mul(self, k: float) -> V: V(self.x * k)
fn f(a: V, b: V) -> bool: (a + b * 2.0) == a or a < b or -1 < 2
",
        expect![[r#"
            fn f(a: V, b: V) -> bool
              ((<V as Eq>.eq(<V as Add[V, V]>.add(a#0, <V as Mul[float, V]>.mul(b#1, 2.0)), a#0) or (<V as Ord>.cmp(a#0, b#1) < 0)) or (-1 < 2))
        "#]],
    );
}

#[test]
fn operators_need_fitting_operands() {
    check_diagnostics(
        "\
struct P:
    x: int
fn f(p: P):
    p + p
    -p
    1 + 2.0
    1 + \"one\"
    p < 3
    true and 1
",
        expect![[r#"
            error[E0209]: `+` does not take `P` and `P`: `P` does not implement `Add` for it
             --> main.spl:4:5
              |
            4 |     p + p
              |     ^^^^^

            error[E0209]: `-` does not take a `P`, which does not implement `Neg`
             --> main.spl:5:5
              |
            5 |     -p
              |     ^^

            error[E0209]: `+` does not take `int` and `float`
             --> main.spl:6:5
              |
            6 |     1 + 2.0
              |     ^^^^^^^
              |
              = help: a float literal has a point: `1.0`

            error[E0209]: `+` does not take `int` and `str`
             --> main.spl:7:5
              |
            7 |     1 + "one"
              |     ^^^^^^^^^
              |
              = help: `str(…)` gives the text of an `int`

            error[E0201]: `<` compares values of one type, not `P` and `int`
             --> main.spl:8:9
              |
            8 |     p < 3
              |         ^

            error[E0201]: expected `bool`, found `int`
             --> main.spl:9:14
              |
            9 |     true and 1
              |              ^
              |
              = help: `1 != 0` is a `bool`

        "#]],
    );
}

#[test]
fn impls_agree_with_their_traits() {
    check_diagnostics(
        "\
trait Shape:
    fn area(self) -> float
    fn name(self) -> str
struct A:
    x: int
impl Shape for A:
    fn area(self) -> int: 1
    fn edges(self): 4
impl Shape for A:
    fn area(self): 1.0
    fn name(self): \"a\"
",
        expect![[r#"
            error[E0213]: the impl of `Shape` lacks the method `name`
             --> main.spl:6:6
              |
            1 | trait Shape:
              |       ----- the trait is declared here
            ...
            6 | impl Shape for A:
              |      ^^^^^

            error[E0211]: the method `area` does not agree with the trait
             --> main.spl:7:5
              |
            2 |     fn area(self) -> float
              |        ---- declared here
            ...
            7 |     fn area(self) -> int: 1
              |     ^^^^^^^^^^^^^^^^^^^^
              |
              = note: the trait asks for `fn() -> float`

            error[E0107]: the trait `Shape` has no method `edges`
             --> main.spl:8:8
              |
            1 | trait Shape:
              |       ----- the trait is declared here
            ...
            8 |     fn edges(self): 4
              |        ^^^^^

            error[E0212]: `Shape` is implemented twice for `A`
             --> main.spl:9:6
              |
            6 | impl Shape for A:
              |      ----- implemented here already
            ...
            9 | impl Shape for A:
              |      ^^^^^

        "#]],
    );
}

#[test]
fn derived_traits_need_their_parts() {
    check_diagnostics(
        "\
struct Job:
    name: str
    run: fn() -> int
fn same[T](a: T, b: T) -> bool: a == b
fn f(j: Job):
    j == j
    let d = {j: 1}
    print(j)
    let e = {1.5: 1}
",
        expect![[r#"
            error[E0205]: values of type `T` cannot be compared for equality
             --> main.spl:4:33
              |
            4 | fn same[T](a: T, b: T) -> bool: a == b
              |                                 ^^^^^^
              |
              = help: the bound `[T: Eq]` asks for it

            error[E0205]: values of type `Job` cannot be compared for equality
             --> main.spl:6:5
              |
            6 |     j == j
              |     ^^^^^^
              |
              = note: it holds the field `run` of type `fn() -> int`

            error[E0205]: values of type `Job` have no `Hash`: they are no keys of dicts or members of sets
             --> main.spl:7:13
              |
            7 |     let d = {j: 1}
              |             ^^^^^^
              |
              = note: it holds the field `run` of type `fn() -> int`

            error[E0205]: values of type `float` have no `Hash`: they are no keys of dicts or members of sets
             --> main.spl:9:13
              |
            9 |     let e = {1.5: 1}
              |             ^^^^^^^^

        "#]],
    );
}

#[test]
fn constructors_set_every_field() {
    check_diagnostics(
        "\
class A:
    var x: int
    var y: int
    fn init(self, big: bool):
        if big: self.x = 1
        self.y = 2
class B:
    var x: int
    var y: int
    fn init(self):
        self.x = self.y
        self.y = 1
class C:
    var x: int
    fn init(self, n: int):
        if n > 0: self.x = n else: self.x = 0
        self.report()
    fn report(self): print(self.x)
",
        expect![[r#"
            error[E0215]: the field `x` has no value yet
             --> main.spl:4:8
              |
            2 |     var x: int
              |         - declared here without a default
            3 |     var y: int
            4 |     fn init(self, big: bool):
              |        ^^^^
              |
              = help: `init` must assign `self.x` first

            error[E0215]: the field `y` has no value yet
              --> main.spl:11:18
               |
             9 |     var y: int
               |         - declared here without a default
            10 |     fn init(self):
            11 |         self.x = self.y
               |                  ^^^^^^
               |
               = help: `init` must assign `self.y` first

        "#]],
    );
}

/// The code of methods derived for the types `E`, `K` and pairs.
fn derived_code(wanted: &[(&str, DerivedMethod)]) -> String {
    let text =
        "enum E:\n    A(int)\n    B\n    C(x: str)\nclass K:\n    var e: E\nfn main(): pass\n";
    let mut program = program(text);
    let mut out = String::new();
    for (name, method) in wanted {
        let adt =
            program.items.adts.ids().find(|id| program.items.adts[*id].name.as_str() == *name);
        let of = adt.map_or(DerivedFrom::Tuple(2), DerivedFrom::Adt);
        let id = program.derived_fn(Derived { method: *method, of });
        out.push_str(&program.dump_fn(id));
    }
    out
}

#[test]
fn derived_comparisons() {
    let code = derived_code(&[("E", DerivedMethod::Eq), ("E", DerivedMethod::Ord)]);
    expect![[r#"
        fn E.eq(self: E, other: E) -> bool
          match _#0
            case A(0: _#2)
              match _#1
                case A(0: _#3)
                  <int as Eq>.eq(_#2, _#3)
                case _
                  false
            case B
              match _#1
                case B
                  true
                case _
                  false
            case C(x: _#4)
              match _#1
                case C(x: _#5)
                  <str as Eq>.eq(_#4, _#5)
                case _
                  false
        fn E.cmp(self: E, other: E) -> int
          block
            let _#6: int = match _#0
              case A
                0
              case B
                1
              case C
                2
            let _#7: int = match _#1
              case A
                0
              case B
                1
              case C
                2
            value if (_#6 == _#7)
              match _#0
                case A(0: _#2)
                  match _#1
                    case A(0: _#3)
                      <int as Ord>.cmp(_#2, _#3)
                    case _
                      0
                case B
                  match _#1
                    case B
                      0
                    case _
                      0
                case C(x: _#4)
                  match _#1
                    case C(x: _#5)
                      <str as Ord>.cmp(_#4, _#5)
                    case _
                      0
            else
              (_#6 - _#7)
    "#]]
    .assert_eq(&code);
}

#[test]
fn derived_hashes_and_texts() {
    let code = derived_code(&[
        ("E", DerivedMethod::Hash),
        ("E", DerivedMethod::Show),
        ("K", DerivedMethod::Show),
        ("pair", DerivedMethod::Ord),
    ]);
    expect![[r#"
        fn E.hash(self: E) -> int
          match _#0
            case A(0: _#1)
              hash_combine(0, <int as Hash>.hash(_#1))
            case B
              1
            case C(x: _#2)
              hash_combine(2, <str as Hash>.hash(_#2))
        fn E.show(self: E) -> str
          match _#0
            case A(0: _#1)
              str_join_array(array["A(", <int as Show>.show_in(_#1), ")"])
            case B
              "B"
            case C(x: _#2)
              str_join_array(array["C(x: ", <str as Show>.show_in(_#2), ")"])
        fn K.show(self: K) -> str
          if show_enter[K](_#0)
            block
              let _#1: str = str_join_array(array["K(e: ", <E as Show>.show_in(_#0.e), ")"])
              show_leave()
              value _#1
          else
            "..."
        fn tuple.cmp[T0, T1](self: (T0, T1), other: (T0, T1)) -> int
          block
            let _#2: int = <T0 as Ord>.cmp(_#0.0, _#1.0)
            value if (_#2 != 0)
              _#2
            else
              <T1 as Ord>.cmp(_#0.1, _#1.1)
    "#]]
    .assert_eq(&code);
}
