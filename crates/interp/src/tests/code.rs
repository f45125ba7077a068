//! The code that functions become: what is folded, shared and repeated.

use super::{module, plain, with_machine};
use crate::state::At;
use expect_test::{Expect, expect};
use sepal_mir::FuncId;

/// Compares the listing of function 0, which is called with these arguments.
fn check(text: &str, args: &[u64], expected: Expect) {
    let module = module(text);
    let results = module.functions[FuncId(0)].sig.results.len();
    with_machine(&module, plain(), |machine, program, _| {
        assert!(machine.call(FuncId(0), args, results).is_ok(), "{text}");
        let lines = program.listing(FuncId(0)).into_iter().map(|word| {
            let (a, b, c) = (word.a(), word.b(), word.imm_c());
            format!("{:?} {a} {b} {c}\n", At::opcode(word))
        });
        expected.assert_eq(&lines.collect::<String>());
    });
}

#[test]
fn a_loop_takes_one_branch_a_round_and_no_move() {
    let text = "fn0 \"sum\" (i64) -> (i64) {\nblock0(v0: i64):\nv1: i64 = const_int i64, 0\njump block1(v1, v1)\n\
        block1(v2: i64, v3: i64):\npoll turn\nv4: bool = bin_op slt, v2, v0\nbranch v4, block2, block3, likely\n\
        block2:\nv5: i64 = checked_op sadd, v3, v2\nv6: i64 = const_int i64, 1\nv7: i64 = bin_op add, v2, v6\n\
        jump block1(v7, v5)\nblock3:\nreturn_ [v3]\n}";
    check(
        text,
        &[10],
        expect![[r#"
        LoadImm 7 0 0
        LoadImm 8 0 0
        BrSLe 0 7 4
        SAdd64 8 8 7
        AddImm 7 7 1
        BrSLtBack 7 0 -2
        ReturnOne 8 0 0
    "#]],
    );
}

#[test]
fn a_recursive_call_is_made_in_place() {
    let text = "fn0 \"fib\" (i64) -> (i64) {\nblock0(v0: i64):\npoll enter\nv1: i64 = const_int i64, 2\nv2: bool = bin_op slt, v0, v1\n\
        branch v2, block1, block2, unknown\nblock1:\nreturn_ [v0]\nblock2:\nv3: i64 = const_int i64, 1\n\
        v4: i64 = checked_op ssub, v0, v3\nv5: i64 = call fn0, [v4]\nv6: i64 = checked_op ssub, v0, v1\n\
        v7: i64 = call fn0, [v6]\nv8: i64 = checked_op sadd, v5, v7\nreturn_ [v8]\n}";
    check(
        text,
        &[5],
        expect![[r#"
        BrSGeImm 0 2 2
        ReturnOne 0 0 0
        SAddImm 9 0 -1
        Call 7 9 0
        SAddImm 9 0 -2
        Call 0 9 0
        SAdd64 0 7 0
        ReturnOne 0 0 0
    "#]],
    );
}

#[test]
fn accesses_to_lists_are_one_instruction() {
    let text = "layout0 = \"[int]\" [i64]\nlayout1 = \"List\" {i64, ref}\n\
        fn0 \"f\" () -> (i64) {\nblock0:\nv0: i64 = const_int i64, 3\nv1: ref = array_new layout0, v0\n\
        v2: ref = struct_init layout1, 0, [v0, v1]\nv3: i64 = const_int i64, -1\n\
        v4: i64 = field_get i64, layout1.0.0, v2\nv5: i64 = bounds_check v3, v4\nv6: ref = field_get ref, layout1.0.1, v2\n\
        index_set layout0, 0, v6, v5, v0\n\
        v7: i64 = field_get i64, layout1.0.0, v2\nv8: i64 = bounds_check v3, v7\nv9: ref = field_get ref, layout1.0.1, v2\n\
        v10: i64 = index_get i64, layout0, 0, v9, v8\nreturn_ [v10]\n}";
    check(
        text,
        &[],
        expect![[r#"
        LoadImm 1 3 0
        NewArray 0 1 0
        New 7 1 0
        LoadImm 1 3 0
        StoreWord 7 1 8
        LoadWord 0 7 8
        LoadWord 8 7 16
        LoadImm 1 65535 -1
        LoadImm 2 3 0
        CheckSetWord 2 8 1
        LoadWord 0 7 8
        LoadWord 7 7 16
        LoadImm 1 65535 -1
        CheckGetWord 0 7 1
        ReturnOne 0 0 0
    "#]],
    );
}

#[test]
fn products_are_folded_into_sums() {
    let text = "fn0 \"f\" (f64, f64, f64) -> (f64, f64) {\nblock0(v0: f64, v1: f64, v2: f64):\nv3: f64 = bin_op fmul, v0, v1\n\
        v4: f64 = bin_op fadd, v2, v3\nv5: f64 = bin_op fmul, v1, v1\nv6: f64 = bin_op fsub, v4, v5\n\
        v7: f64 = const_float f64, 2.0\nv8: f64 = bin_op fmul, v6, v7\nreturn_ [v6, v8]\n}";
    check(
        text,
        &[0, 0, 0],
        expect![[r#"
        MulAdd 0 0 1
        MulSub 0 1 1
        MulLit 1 0 0
        Return 0 0 0
    "#]],
    );
}

#[test]
fn a_check_used_twice_is_part_of_the_load() {
    let text = "layout0 = \"[int]\" [i64]\n\
        fn0 \"f\" () -> (i64) {\nblock0:\nv0: i64 = const_int i64, 3\nv1: ref = array_new layout0, v0\n\
        v2: i64 = array_len v1\nv3: i64 = bin_op sub, v2, v0\nv4: i64 = bounds_check v3, v2\n\
        v5: i64 = index_get i64, layout0, 0, v1, v4\nv6: i64 = const_int i64, 5\nv7: i64 = checked_op sadd, v5, v6\n\
        index_set layout0, 0, v1, v4, v7\nv8: i64 = index_get i64, layout0, 0, v1, v4\nreturn_ [v8]\n}";
    check(
        text,
        &[],
        expect![[r#"
        LoadImm 1 3 0
        NewArray 0 1 0
        LoadWord 7 0 8
        AddImm 8 7 -3
        KeepGetWord 8 0 8
        SAddImm 8 8 5
        SetWord 8 0 7
        GetWord 0 0 7
        ReturnOne 0 0 0
    "#]],
    );
}
