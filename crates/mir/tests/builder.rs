//! The builder's construction of SSA: parameters only where values meet.

use expect_test::{Expect, expect};
use sepal_base::Symbol;
use sepal_mir::text::print_function;
use sepal_mir::*;

/// Writes a function of an `i64` and a `bool` that gives an `i64`.
fn check(write: impl FnOnce(&mut FunctionBuilder, Value, Value), expected: Expect) {
    let sig = Signature::new(vec![Type::I64, Type::Bool], vec![Type::I64]);
    let mut builder = FunctionBuilder::new(Symbol::intern("f"), sig);
    let (number, cond) = (builder.params()[0], builder.params()[1]);
    write(&mut builder, number, cond);
    let func = builder.finish();
    let mut module = Module::new();
    let id = module.functions.push(func);
    verify::verify_module(&module).expect("the builder makes right functions");
    expected.assert_eq(&print_function(id, &module.functions[id]));
}

#[test]
fn a_variable_assigned_on_one_side_meets_in_a_parameter() {
    check(
        |b, number, cond| {
            let var = b.declare_var(Type::I64);
            b.def_var(var, number);
            let (yes, join) = (b.create_block(), b.create_block());
            b.branch(cond, (yes, &[]), (join, &[]), Hint::Unknown);
            b.seal_block(yes);
            b.switch_to(yes);
            let one = b.iconst(1);
            b.def_var(var, one);
            b.jump((join, &[]));
            b.seal_block(join);
            b.switch_to(join);
            let value = b.use_var(var);
            b.return_(&[value]);
        },
        expect![[r#"
            fn0 "f" (i64, bool) -> (i64) {
            block0(v0: i64, v1: bool):
                branch v1, block1, block2(v0), unknown
            block1:
                v2: i64 = const_int i64, 1
                jump block2(v2)
            block2(v3: i64):
                return_ [v3]
            }
        "#]],
    );
}

#[test]
fn a_variable_that_a_loop_only_reads_needs_none() {
    check(
        |b, number, cond| {
            let (read, written) = (b.declare_var(Type::I64), b.declare_var(Type::I64));
            b.def_var(read, number);
            b.def_var(written, number);
            let (head, after) = (b.create_block(), b.create_block());
            b.jump((head, &[]));
            b.switch_to(head);
            let (x, y) = (b.use_var(read), b.use_var(written));
            let sum = b.bin_op(BinOp::Add, x, y);
            b.def_var(written, sum);
            b.branch(cond, (head, &[]), (after, &[]), Hint::Unknown);
            b.seal_block(head);
            b.seal_block(after);
            b.switch_to(after);
            let value = b.use_var(written);
            b.return_(&[value]);
        },
        expect![[r#"
            fn0 "f" (i64, bool) -> (i64) {
            block0(v0: i64, v1: bool):
                jump block1(v0)
            block1(v3: i64):
                v4: i64 = bin_op add, v0, v3
                branch v1, block1(v4), block2, unknown
            block2:
                return_ [v4]
            }
        "#]],
    );
}

#[test]
fn code_after_a_terminator_goes_where_nothing_leads() {
    check(
        |b, number, _| {
            b.return_(&[number]);
            assert!(b.is_unreachable());
            let one = b.iconst(1);
            b.return_(&[one]);
        },
        expect![[r#"
            fn0 "f" (i64, bool) -> (i64) {
            block0(v0: i64, v1: bool):
                return_ [v0]
            block1:
                v2: i64 = const_int i64, 1
                return_ [v2]
            }
        "#]],
    );
}

#[test]
fn deep_nesting_needs_no_deep_stack() {
    let depth = 20_000;
    let sig = Signature::new(vec![Type::I64, Type::Bool], vec![Type::I64]);
    let mut b = FunctionBuilder::new(Symbol::intern("f"), sig);
    let (number, cond) = (b.params()[0], b.params()[1]);
    let var = b.declare_var(Type::I64);
    b.def_var(var, number);
    for _ in 0..depth {
        let (yes, join) = (b.create_block(), b.create_block());
        b.branch(cond, (yes, &[]), (join, &[]), Hint::Unknown);
        b.seal_block(yes);
        b.switch_to(yes);
        b.jump((join, &[]));
        b.seal_block(join);
        b.switch_to(join);
    }
    let value = b.use_var(var);
    b.return_(&[value]);
    let func = b.finish();
    let params: usize = func.blocks.iter().skip(1).map(|block| block.params.len()).sum();
    assert_eq!(params, 0, "the variable is assigned once");
}
