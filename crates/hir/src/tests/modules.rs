//! Names and modules.

use super::*;
use expect_test::expect;

#[test]
fn imports_bind_names_types_and_variants() {
    check_signatures(
        "\
import shapes
from shapes import Shape, area as size
fn f(s: Shape) -> float: size(s) + shapes.area(Circle(1.0)) + shapes.Shape.Empty.edge()
// file: shapes.spl
pub enum Shape:
    Circle(radius: float)
    Empty
    fn edge(self) -> float: 0.0
pub fn area(s: Shape) -> float:
    match s:
        case Circle(r): r * r
        case Empty: 0.0
",
        expect![[r#"
            fn f(s: Shape) -> float
        "#]],
    );
}

#[test]
fn std_needs_no_import() {
    check_signatures(
        "fn f(): std.math.sqrt(2.0)\n",
        expect![[r#"
        fn f() -> float
    "#]],
    );
}

#[test]
fn cycles_and_missing_modules() {
    check_diagnostics(
        "\
import a
import missing
from a import secret, nothing
fn f(): missing.thing + nothing
// file: a.spl
import b
fn secret(): 1
// file: b.spl
import a
",
        expect![[r#"
            error[E0103]: there is no module `missing`
             --> main.spl:2:8
              |
            2 | import missing
              |        ^^^^^^^

            error[E0106]: `secret` is private to the module `a`
             --> main.spl:3:15
              |
            3 | from a import secret, nothing
              |               ^^^^^^
              |
             ::: a.spl:2:4
              |
            2 | fn secret(): 1
              |    ------ declared here without `pub`

            error[E0107]: the module `a` has no `nothing`
             --> main.spl:3:23
              |
            3 | from a import secret, nothing
              |                       ^^^^^^^

            error[E0105]: import cycle: `a` imports `b` imports `a`
             --> b.spl:1:8
              |
            1 | import a
              |        ^ this import closes the circle
              |
              = help: move what both need into a third module

        "#]],
    );
}

#[test]
fn near_misses_are_suggested() {
    check_diagnostics(
        "\
struct Point:
    horizontal: int
fn compute(value: int) -> int: vlaue + pritn(1)
fn f(p: Pont):
    let q = Point(horizontal: 1)
    q.horizotal
    \"text\".lenght()
    compute(valu: 1)
",
        expect![[r#"
            error[E0101]: there is no `vlaue` here
             --> main.spl:3:32
              |
            3 | fn compute(value: int) -> int: vlaue + pritn(1)
              |                                ^^^^^
              |
              = help: did you mean `value`?

            error[E0101]: there is no `pritn` here
             --> main.spl:3:40
              |
            3 | fn compute(value: int) -> int: vlaue + pritn(1)
              |                                        ^^^^^
              |
              = help: did you mean `print`?

            error[E0102]: there is no type `Pont` here
             --> main.spl:4:9
              |
            4 | fn f(p: Pont):
              |         ^^^^
              |
              = help: did you mean `Point`?

            error[E0107]: `Point` has no field `horizotal`
             --> main.spl:6:7
              |
            6 |     q.horizotal
              |       ^^^^^^^^^
              |
              = help: did you mean `horizontal`?

            error[E0107]: `str` has no method `lenght`
             --> main.spl:7:12
              |
            7 |     "text".lenght()
              |            ^^^^^^

            error[E0203]: the function `compute` has no parameter `valu`
             --> main.spl:8:13
              |
            3 | fn compute(value: int) -> int: vlaue + pritn(1)
              |    ------- declared here
            ...
            8 |     compute(valu: 1)
              |             ^^^^
              |
              = help: did you mean `value`?

        "#]],
    );
}

#[test]
fn variants_are_chosen_by_the_expected_type() {
    check_diagnostics(
        "\
enum Light:
    Red
    Off
enum Wine:
    Red
    White
fn drink(w: Wine) -> Wine: w
fn f():
    drink(Red)
    let lamp: Light = Red
    let which = Red
    lamp == Red
",
        expect![[r#"
            error[E0108]: `Red` could be `Light.Red` or `Wine.Red`
              --> main.spl:11:17
               |
             2 |     Red
               |     --- one of them
            ...
             5 |     Red
               |     --- one of them
            ...
            11 |     let which = Red
               |                 ^^^

        "#]],
    );
}

#[test]
fn scripts_run_their_lets_and_share_constants() {
    check_signatures(
        "\
let limit = 3
let name = \"script\"
fn double(x: int): x * limit
print(name, double(2))
",
        expect![[r#"
            fn double(x: int) -> int
        "#]],
    );
    check_diagnostics(
        "fn main(): pass\nprint(1)\n",
        expect![[r#"
            error[E0219]: a file with a `main` holds no statements at the top level
             --> main.spl:2:1
              |
            1 | fn main(): pass
              |    ---- `main` is declared here
            2 | print(1)
              | ^^^^^^^^
              |
              = help: constants are declared by `let`; what runs or changes belongs into a function

        "#]],
    );
}
