//! What is found missing and unreachable: by examples, and against trying every value.

mod by_values;
mod world;

use super::{Outcome, check_match, refuting};
use crate::ir::PatId;
use expect_test::{Expect, expect};
use sepal_base::IdVec;
use world::World;

/// Checks arms, one a line, on values of a type; gives what was found and the text of what is
/// unreachable. A guard is a bare `if`.
fn outcome(ty: &str, arms: &str) -> (Outcome, Vec<String>) {
    let world = World::new();
    let scrutinee = world.ty(ty);
    let mut pats = IdVec::new();
    let lines: Vec<&str> = arms.lines().collect();
    let read = |(n, line): (usize, &&str)| world.arm(&mut pats, scrutinee, line, n as u32);
    let arms: Vec<_> = lines.iter().enumerate().map(read).collect();
    let outcome = check_match(world.shapes(), &pats, scrutinee, &arms);
    let text = |pat: &PatId| {
        let span = pats[*pat].span;
        lines[span.file.0 as usize][span.lo as usize..span.hi as usize].trim_end().to_string()
    };
    let unreachable = outcome.unreachable.iter().map(text).collect();
    (outcome, unreachable)
}

/// Matches, one a line, `type: arm ; arm`; below each, behind arrows, what is found.
fn check(matches: Expect) {
    let mut found = String::new();
    for line in matches
        .data()
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("->"))
    {
        found += &format!("{line}\n");
        let Some((ty, arms)) = line.split_once(": ") else { continue };
        let (outcome, unreachable) = outcome(ty, &arms.replace(" ; ", "\n"));
        assert!(!outcome.too_complex);
        if !outcome.missing.is_empty() {
            found += &format!("  -> missing {}\n", outcome.list_missing());
        }
        for pattern in unreachable {
            found += &format!("  -> unreachable {pattern}\n");
        }
    }
    matches.assert_eq(&found);
}

#[test]
fn bools_and_tuples() {
    check(expect![[r#"
        bool: true
          -> missing `false`
        (bool, int?): (true, _) ; (false, None)
          -> missing `(false, Some(_))`
        (bool, bool): (true, x) ; (x, true)
          -> missing `(false, false)`
        (bool, bool): (true, _) ; (_, true) ; (false, false) ; (_, _)
          -> unreachable (_, _)
        (int,): (0,)
          -> missing `(..=-1,)` and `(1..,)`
        (): () ; _
          -> unreachable _
        nil: nil ; nil
          -> unreachable nil
    "#]]);
}

#[test]
fn variants() {
    check(expect![[r#"
        Shape: Circle(_) ; Empty
          -> missing `Rect(_, _)`
        Shape: Empty
          -> missing `Circle(_)` and `Rect(_, _)`
        Color: _ if
          -> missing `_`
        Wide: Few(_)
          -> missing `Many(..)`
        Wide: Few(x) ; Many(0, ..)
          -> missing `Many(..=-1, _, _, _)` and `Many(1.., _, _, _)`
        int?: Some(0) ; Some(_) ; Some(7) ; None ; _
          -> unreachable Some(7)
          -> unreachable _
        Result[int, str]: Ok(n)
          -> missing `Err(_)`
        Tree: Leaf ; Node(Leaf, _, Leaf) ; Node(Node(_, 0, _), _, _)
          -> missing `Node(Leaf, _, Node(_, _, _))`, `Node(Node(_, ..=-1, _), _, _)` and `Node(Node(_, 1.., _), _, _)`
        (Color, Color): (Red, _) ; (_, Red)
          -> missing `(Green, Green)`, `(Blue, Green)`, `(Green, Blue)` and others
    "#]]);
}

#[test]
fn structs_and_classes() {
    check(expect![[r#"
        Point: Point(0, y)
          -> missing `Point(..=-1, _)` and `Point(1.., _)`
        Point: Point(..) ; Point(x, y)
          -> unreachable Point(x, y)
        Unit?: Some(Unit)
          -> missing `None`
        (Unit, bool): (Unit, true)
          -> missing `(_, false)`
        Node: Node(_, None) ; Node(0, Some(Node(1, _)))
          -> missing `Node(..=-1, Some(_))`, `Node(1.., Some(_))`, `Node(0, Some(Node(..=0, _)))` and others
    "#]]);
}

#[test]
fn guards_never_count() {
    check(expect![[r#"
        bool: true if ; false
          -> missing `true`
        int?: Some(_) if ; Some(x) ; Some(y) if ; None
          -> unreachable Some(y)
        int: 0 if ; 0 if ; 0 ; 0 if ; _
          -> unreachable 0
        str: "a" if
          -> missing `_`
    "#]]);
}

#[test]
fn integers() {
    check(expect![[r#"
        int: 0 ; 1..=9
          -> missing `..=-1` and `10..`
        u8: 0..=127 ; 128..255
          -> missing `255`
        u8: 0..=127 ; 128..=255 ; 7
          -> unreachable 7
        u8: ..=127 ; 128..
        i8: ..0 ; 1..
          -> missing `0`
        i8: -128..=-1 ; 0 ; 1..=126
          -> missing `127`
        u64: 0..18446744073709551615
          -> missing `18446744073709551615`
        int: -9223372036854775808..0 ; 0..
        int: ..=9223372036854775806
          -> missing `9223372036854775807`
        u8: 0..=10 ; 5..=15 ; 11..=15 ; 16..
          -> unreachable 11..=15
        u8: 1 ; 3 ; 5 ; 7 ; 9
          -> missing `0`, `2`, `4` and others
    "#]]);
}

#[test]
fn empty_ranges_fit_nothing() {
    check(expect![[r#"
        u8: 5..5 ; 9..=3 ; _
          -> unreachable 5..5
          -> unreachable 9..=3
        u8: 5..5
          -> missing `_`
          -> unreachable 5..5
        u8: ..0 ; _
          -> unreachable ..0
    "#]]);
}

#[test]
fn characters() {
    check(expect![[r#"
        char: 'a'..='z'
          -> missing `..='`'` and `'{'..`
        char: ..='\u{d7ff}' ; '\u{e000}'..
        char: ..'\u{e000}' ; '\u{e001}'..
          -> missing `'\u{e000}'`
        char: '\u{d7ff}'..='\u{e000}'
          -> missing `..='\u{d7fe}'` and `'\u{e001}'..`
        char: '\u{d7ff}' ; _ if
          -> missing `..='\u{d7fe}'` and `'\u{e000}'..`
        char: ..='\u{d7ff}' if ; '\u{e000}'..
          -> missing `..='\u{d7ff}'`
    "#]]);
}

#[test]
fn types_without_end() {
    check(expect![[r#"
        str: "a" ; "b" ; "a"
          -> missing `_`
          -> unreachable "a"
        str: "a" | "b" | "a" ; _
          -> unreachable "a"
        bytes: b"a" ; b"a" ; _
          -> unreachable b"a"
        symbol: :a ; :b ; :a ; _
          -> unreachable :a
        float: 0.0 ; -0.0 ; 1.0 ; 1.0..2.0 ; 1.0..2.0 ; 1.0..=2.0 ; ..1.0 ; _
          -> unreachable -0.0
          -> unreachable 1.0..2.0
        (str, bool): ("a", true) ; (_, false)
          -> missing `(_, true)`
    "#]]);
}

#[test]
fn any_is_told_by_type() {
    check(expect![[r#"
        any: int(n) ; str(s)
          -> missing `_`
        any: int(0) ; int(_) ; int(1) ; str(_) ; int(n) ; _
          -> unreachable int(1)
          -> unreachable int(n)
        // `[any]` also fits a list that went in as `[int]`, which is not known here
        any: [int](_) ; [any](_) ; [int]([]) ; _
          -> unreachable [int]([])
        any: [any](_) ; [int](_) ; _
        any: any(x) ; int(_)
          -> unreachable int(_)
        (any, bool): (int(_), true) ; (_, false)
          -> missing `(_, true)`
    "#]]);
}

#[test]
fn lists() {
    check(expect![[r#"
        [int]: []
          -> missing `[_, ..]`
        [int]: [x] ; [x, y, ..]
          -> missing `[]`
        [int]: [] ; [x, ..]
        [int]: [..] ; []
          -> unreachable []
        [int]: [1, ..] ; [.., 1] ; []
          -> missing `[..=0]`, `[2..]`, `[..=0, .., ..=0]` and others
        [bool]: [] ; [true, ..] ; [.., true] ; [false] ; [false, .., false]
        [bool]: [] ; [true, ..] ; [.., false] ; [false, true]
          -> missing `[false, _, .., true]`
        [bool]: [_, _] ; [true, false] ; [..] if ; [_, .., _]
          -> missing `[]` and `[_]`
          -> unreachable [true, false]
        [[bool]]: [] ; [[], ..] ; [[true, ..], ..]
          -> missing `[[false, ..], ..]`
        [never]: []
    "#]]);
}

#[test]
fn alternatives() {
    check(expect![[r#"
        int?: Some(1 | 2 | 1) ; Some(2 | 3) ; _
          -> unreachable 1
          -> unreachable 2
        Color: Red | Green ; Green | Blue ; Red | Blue
          -> unreachable Green
          -> unreachable Red | Blue
        Color: Red | Green | Red if ; x @ (Green | Blue)
        (bool, bool): (true, true) | (false, _)
          -> missing `(true, false)`
        (bool, bool): (true | false, true | false)
        Color?: Some(_ | Red) ; None
          -> unreachable Red
    "#]]);
}

#[test]
fn types_without_values() {
    check(expect![[r#"
        Result[int, never]: Ok(n)
        Result[int, never]: Ok(n) ; Err(_)
          -> unreachable Err(_)
        Locked[int]?: None
        (int, never)?: None
        never: _
        Loop?: None
          -> missing `Some(_)`
        Grow[int]?: None
          -> missing `Some(_)`
        never?: None ; Some(_) if
          -> unreachable Some(_)
    "#]]);
}

#[test]
fn wrong_patterns_are_not_judged() {
    for (ty, arms) in [
        ("int", "wrong"),
        ("error", "(1, 2)\nSome(3)"),
        ("(int, error)", "(1, _)"),
        ("(int, int)", "(1, 2, 3)"),
        ("(int, int)", "(1,)"),
        ("int", "(1, 2)"),
        ("int", "Some(1)"),
        ("int", "[1]"),
        ("int", "\"a\""),
        ("bool", "0..5"),
        ("float", "1"),
        ("str", "'a'..'z'"),
        ("float", "0.0..5"),
        ("Color", "Purple"),
        ("int?", "Some(1, 2)"),
        ("(int?, bool)", "(Some([]), true)"),
        ("any", "int(\"a\")"),
    ] {
        let (outcome, _) = outcome(ty, arms);
        assert_eq!(outcome, Outcome::default(), "{ty}: {arms}");
    }
}

#[test]
fn a_refutable_pattern_names_what_it_does_not_fit() {
    let world = World::new();
    let check = |ty: &str, pattern: &str| {
        let (ty, mut pats) = (world.ty(ty), IdVec::new());
        let (pat, _) = world.arm(&mut pats, ty, pattern, 0);
        refuting(world.shapes(), &pats, ty, pat)
    };
    assert_eq!(check("int?", "Some(x)").as_deref(), Some("None"));
    assert_eq!(check("[int]", "[a, b]").as_deref(), Some("[]"));
    assert_eq!(check("(int, Point)", "(a, Point(x, y))"), None);
    assert_eq!(check("bool", "true | false"), None);
}

/// Matches as large as generated code has them are decided.
#[test]
fn many_arms() {
    let all = |count: u32, arm: &dyn Fn(u32) -> String| {
        (0..count).map(|n| arm(n) + "\n").collect::<String>()
    };
    let (found, _) = outcome("int", &all(3_000, &|n| (n * 2).to_string()));
    assert_eq!(found.list_missing(), "`..=-1`, `1`, `3` and others");
    let (found, _) = outcome("str", &(all(3_000, &|n| format!("\"{n}\"")) + "_"));
    assert_eq!(found, Outcome::default());
    let (found, _) = outcome("(int, str)", &(all(1_000, &|n| format!("({n}, \"{n}\")")) + "_"));
    assert_eq!(found, Outcome::default());
}

/// Wide patterns neither run out of stack nor take long.
#[test]
fn wide_patterns() {
    let wide = |count: usize, elem: &str| vec![elem; count].join(", ");
    let tuple = format!("({})", wide(3_000, "bool"));
    assert_eq!(outcome(&tuple, &format!("({})", wide(3_000, "_"))).0, Outcome::default());
    assert!(outcome(&tuple, &format!("({})", wide(3_000, "true"))).0.too_complex);
    let found = outcome("[int]", &format!("[{}]", wide(500, "1"))).0;
    assert_eq!(found.missing[0], "[]");
    assert!(outcome("[int]", &format!("[{}]", wide(20_000, "1"))).0.too_complex);
}

/// Where each arm looks at another column, an arm that fits everything keeps the work small.
#[test]
fn entangled_patterns() {
    let diagonal = |count: usize| {
        let row = |n: usize| {
            (0..count).map(|m| if m == n { "true" } else { "_" }).collect::<Vec<_>>().join(", ")
        };
        (0..count).map(|n| format!("({})\n", row(n))).collect::<String>()
    };
    let tuple = |count: usize| format!("({})", vec!["bool"; count].join(", "));
    let found = outcome(&tuple(60), &diagonal(60)).0;
    assert_eq!(found.missing.len(), 1);
    let either = |count: usize| format!("({})", vec!["true | false"; count].join(", "));
    assert_eq!(outcome(&tuple(8), &either(8)).0, Outcome::default());
    assert!(outcome(&tuple(60), &either(60)).0.too_complex);
    assert_eq!(outcome(&tuple(60), &(either(60) + "\n_")).0, Outcome::default());
}
