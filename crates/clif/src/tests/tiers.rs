//! Programs that go from quick to better code while they run.

use super::host::{self, Host};
use super::{main_of, parse};
use crate::{Options, Tiering, compile_tiers};

/// Runs the program in each way that gives the same every time; what it logs, then its result or nothing after a
/// panic.
#[track_caller]
fn check(text: &str, expected: &str) {
    let never = Tiering { threshold: u32::MAX, ..Tiering::EAGER };
    for tiering in [Tiering::EAGER, Tiering::EAGER_LOOPS, never] {
        let options = Options { optimize: false, ..Options::default() };
        let program = compile_tiers(parse(text), tiering, options, host::address);
        let program = program.expect("the program compiles");
        let mut host = Host::new(program.image(), 4);
        let result = host.run();
        let mut found = std::mem::take(&mut host.log);
        if let Some(result) = result {
            found.push_str(&format!("= {result}\n"));
        }
        assert_eq!(found.trim(), expected.trim(), "{tiering:?}\n{text}");
        let has_more = program.image().more().next().is_some();
        assert_eq!(has_more, tiering != never, "{tiering:?}");
    }
}

/// Two loops, one in the other: the sum of `i * 3 + j` for `i` and `j` below ten, which divides by `100 - at` in each
/// round.
fn nested(at: u32) -> String {
    main_of(
        "",
        &format!(
            "    v0: i64 = const_int i64, 0
    v1: i64 = const_int i64, 10
    v2: i64 = const_int i64, 1
    v3: i64 = const_int i64, 3
    v4: i64 = const_int i64, {at}
    jump block1(v0, v0)
block1(v5: i64, v6: i64):
    v7: bool = bin_op slt, v5, v1
    branch v7, block2, block5, unknown
block2:
    v8: i64 = bin_op mul, v5, v3
    jump block3(v0, v6)
block3(v9: i64, v10: i64):
    v11: bool = bin_op slt, v9, v1
    branch v11, block4, block6, unknown
block4:
    v12: i64 = checked_op sadd, v8, v9 !1
    v13: i64 = checked_op ssub, v12, v4 !2
    v14: i64 = checked_op sdiv, v12, v13 !3
    v15: i64 = checked_op sadd, v10, v12 !4
    v16: i64 = bin_op add, v9, v2
    jump block3(v16, v15)
block5:
    return_ [v6]
block6:
    v17: i64 = bin_op add, v5, v2
    jump block1(v17, v10)"
        ),
    )
}

#[test]
fn loops_go_on_in_better_code() {
    // 100 rounds: 3 * 450 + 450.
    check(&nested(100), "= 1800");
}

#[test]
fn panics_of_better_code_name_their_places() {
    check(&nested(30), "panic DivisionByZero at !3");
}
