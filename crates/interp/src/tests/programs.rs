//! Calls of every kind, control flow, what leaves the interpreter.

use super::{check, check_body, module, plain, with_machine};
use sepal_mir::*;

#[test]
fn recursion_and_loops() {
    let text = "fn0 \"main\" () -> (i64, i64) {\nblock0:\nv0: i64 = const_int i64, 20\nv1: i64 = call fn1, [v0]\n\
        v2: i64 = call fn2, [v0]\nreturn_ [v1, v2]\n}\n\
        fn1 \"fib\" (i64) -> (i64) {\nblock0(v0: i64):\npoll enter\nv1: i64 = const_int i64, 2\nv2: bool = bin_op slt, v0, v1\n\
        branch v2, block1, block2, unknown\nblock1:\nreturn_ [v0]\nblock2:\nv3: i64 = const_int i64, 1\n\
        v4: i64 = checked_op ssub, v0, v3\nv5: i64 = call fn1, [v4]\nv6: i64 = checked_op ssub, v0, v1\n\
        v7: i64 = call fn1, [v6]\nv8: i64 = checked_op sadd, v5, v7\nreturn_ [v8]\n}\n\
        fn2 \"fib by iteration\" (i64) -> (i64) {\nblock0(v0: i64):\nv1: i64 = const_int i64, 0\nv2: i64 = const_int i64, 1\n\
        jump block1(v1, v1, v2)\nblock1(v3: i64, v4: i64, v5: i64):\npoll turn\nv6: bool = bin_op slt, v3, v0\n\
        branch v6, block2, block3, likely\nblock2:\nv7: i64 = bin_op add, v4, v5\nv8: i64 = bin_op add, v3, v2\n\
        jump block1(v8, v5, v7)\nblock3:\nreturn_ [v4]\n}";
    check(text, "6765 6765");
}

#[test]
fn several_results_cross_over() {
    let text = "fn0 \"main\" () -> (i64, i64, i64) {\nblock0:\nv0: i64 = const_int i64, 1\nv1: i64 = const_int i64, 2\n\
        v2: i64 = const_int i64, 3\nv3: i64, v4: i64, v5: i64 = call fn1, [v0, v1, v2]\n\
        v6: i64, v7: i64, v8: i64 = call fn1, [v5, v4, v3]\nreturn_ [v6, v7, v8]\n}\n\
        fn1 \"rotate\" (i64, i64, i64) -> (i64, i64, i64) {\nblock0(v0: i64, v1: i64, v2: i64):\nreturn_ [v1, v2, v0]\n}";
    check(text, "3 2 1 ".trim());
}

#[test]
fn moves_on_both_edges_of_a_branch() {
    let text = "fn0 \"main\" () -> (i64, i64) {\nblock0:\nv0: i64 = const_int i64, 1\nv1: i64 = const_int i64, 2\n\
        v2: bool = const_bool true\nv3: i64 = call fn1, [v0, v1, v2]\nv4: bool = const_bool false\n\
        v5: i64 = call fn1, [v0, v1, v4]\nreturn_ [v3, v5]\n}\n\
        fn1 \"f\" (i64, i64, bool) -> (i64) {\nblock0(v0: i64, v1: i64, v2: bool):\n\
        branch v2, block1(v0, v1), block1(v1, v0), unknown\nblock1(v3: i64, v4: i64):\n\
        v5: i64 = const_int i64, 10\nv6: i64 = bin_op mul, v3, v5\nv7: i64 = bin_op add, v6, v4\n\
        v8: i64 = bin_op add, v7, v0\nv9: i64 = bin_op add, v8, v1\nreturn_ [v9]\n}";
    check(text, "15 24");
}

#[test]
fn swaps_in_a_loop() {
    let text = "fn0 \"main\" () -> (i64, i64, i64) {\nblock0:\nv0: i64 = const_int i64, 0\nv1: i64 = const_int i64, 10\n\
        v2: i64 = const_int i64, 20\njump block1(v0, v1, v2)\nblock1(v3: i64, v4: i64, v5: i64):\n\
        v6: i64 = const_int i64, 1\nv7: i64 = bin_op add, v3, v6\nv8: i64 = const_int i64, 7\n\
        v9: bool = bin_op slt, v7, v8\nbranch v9, block1(v7, v5, v4), block2, unknown\n\
        block2:\nreturn_ [v3, v4, v5]\n}";
    check(text, "6 10 20");
}

#[test]
fn closures_and_virtual_calls() {
    let text = "layout0 = \"closure\" {ptr, i64, i8} immutable\nlayout1 = \"box\" {ptr, i64} immutable\n\
        sig0 = (ref, i64) -> (i64)\nsig1 = (ref) -> (i64, i64)\nvtable0 = \"V\" [0, fn2]\nstatic0 = layout0.0 [fn1, 5, -1]\n\
        fn0 \"main\" () -> (i64, i64, i64, i64) {\nblock0:\nv0: i64 = const_int i64, 100\nv1: i8 = const_int i8, -3\n\
        v2: ref = closure_create layout0, fn1, [v0, v1]\nv3: i64 = const_int i64, 7\nv4: i64 = indirect_call sig0, v2, [v3]\n\
        v5: ref = const_object static0\nv6: i64 = indirect_call sig0, v5, [v4]\n\
        v7: ptr = vtable_addr vtable0\nv8: ref = struct_init layout1, 0, [v7, v6]\n\
        v9: i64, v10: i64 = method_call_virtual sig1, 1, v8, []\nreturn_ [v4, v6, v9, v10]\n}\n\
        fn1 \"lambda\" (ref, i64) -> (i64) {\nblock0(v0: ref, v1: i64):\nv2: i64 = field_get i64, layout0.0.1, v0\n\
        v3: i8 = field_get i8, layout0.0.2, v0\nv4: i64 = cast sign_extend, i64, v3\nv5: i64 = bin_op mul, v1, v4\n\
        v6: i64 = bin_op add, v5, v2\nreturn_ [v6]\n}\n\
        fn2 \"method\" (ref) -> (i64, i64) {\nblock0(v0: ref):\nv1: i64 = field_get i64, layout1.0.1, v0\n\
        v2: i64 = unary_op neg, v1\nreturn_ [v2, v1]\n}";
    check(text, "79 -74 74 -74");
}

#[test]
fn tail_calls_use_one_frame() {
    // Ten million calls, each to another kind, with more arguments than parameters on the way.
    let text = "layout0 = \"closure\" {ptr} immutable\nsig0 = (ref, i64, i64) -> (i64)\nvtable0 = \"V\" [fn3]\n\
        static0 = layout0.0 [fn2]\nlayout1 = \"box\" {ptr} immutable\nstatic1 = layout1.0 [vtable0]\n\
        fn0 \"main\" () -> (i64) {\nblock0:\nv0: i64 = const_int i64, 300000\nv1: i64 = const_int i64, 0\n\
        tail_call fn1, [v0, v1]\n}\n\
        fn1 \"direct\" (i64, i64) -> (i64) {\nblock0(v0: i64, v1: i64):\nv2: ref = const_object static0\n\
        v3: i64 = const_int i64, 1\nv4: i64 = bin_op add, v1, v3\ntail_call_indirect sig0, v2, [v4, v0]\n}\n\
        fn2 \"closure\" (ref, i64, i64) -> (i64) {\nblock0(v0: ref, v1: i64, v2: i64):\nv3: ref = const_object static1\n\
        v4: i64 = const_int i64, 1\nv5: i64 = bin_op add, v1, v4\ntail_call_virtual sig0, 0, v3, [v2, v5]\n}\n\
        fn3 \"method\" (ref, i64, i64) -> (i64) {\nblock0(v0: ref, v1: i64, v2: i64):\nv3: i64 = const_int i64, 1\n\
        v4: i64 = bin_op sub, v1, v3\nv5: i64 = const_int i64, 0\nv6: bool = bin_op eq, v4, v5\n\
        branch v6, block1, block2, unlikely\nblock1:\nreturn_ [v2]\nblock2:\ntail_call fn1, [v4, v2]\n}";
    check(text, "600000");
}

#[test]
fn switches_of_all_forms() {
    let function = |n: u32, ty: &str, cases: &[i64]| {
        let mut text = format!(
            "fn{n} \"f\" ({ty}) -> (i64) {{\nblock0(v0: {ty}):\nv1: i64 = const_int i64, -1\nswitch v0, ["
        );
        let list: Vec<String> =
            cases.iter().enumerate().map(|(i, n)| format!("{n} => block{}", i + 2)).collect();
        text += &format!("{}], block1(v1)\nblock1(v2: i64):\nreturn_ [v2]\n", list.join(", "));
        for (i, case) in cases.iter().enumerate() {
            let value = 3 + i;
            text += &format!(
                "block{}:\nv{value}: i64 = const_int i64, {case}\njump block1(v{value})\n",
                i + 2
            );
        }
        text + "}\n"
    };
    let sets: [(&str, &[i64]); 5] = [
        ("i64", &[5, -4]),
        ("i64", &[1, 2, 3, 5, 8, 4]),
        ("i64", &[i64::MIN, -1, 0, 7, i64::MAX]),
        ("i8", &[-128, -1, 0, 127]),
        ("i32", &[1 << 30, 5, -(1 << 30), 6]),
    ];
    for (ty, cases) in sets {
        let module = module(&function(0, ty, cases));
        for probe in
            [i64::MIN, -129, -128, -5, -4, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 127, 1 << 30, i64::MAX]
        {
            let fits = match ty {
                "i8" => i8::try_from(probe).is_ok(),
                "i32" => i32::try_from(probe).is_ok(),
                _ => true,
            };
            if fits {
                let expected = if cases.contains(&probe) { probe } else { -1 };
                let got = &super::outcomes(&module, plain(), &[vec![probe as u64]])[0];
                assert_eq!(*got, Ok(vec![expected as u64]), "{probe} in {cases:?}");
            }
        }
    }
}

#[test]
fn switch_in_a_loop() {
    let text = "fn0 \"main\" () -> (i64) {\nblock0:\nv0: i64 = const_int i64, 0\njump block1(v0, v0)\n\
        block1(v1: i64, v2: i64):\nv3: i64 = const_int i64, 1\nv4: i64 = bin_op add, v1, v3\n\
        switch v1, [0 => block1(v4, v4), 1 => block2, 2 => block1(v4, v2), 5 => block3], block1(v4, v3)\n\
        block2:\nv5: i64 = const_int i64, 10\nv6: i64 = bin_op add, v2, v5\njump block1(v4, v6)\n\
        block3:\nv7: i64 = bin_op add, v2, v1\nreturn_ [v7]\n}";
    check(text, "6");
}

#[test]
fn select_takes_one_of_two() {
    let text = "fn0 \"main\" () -> (i64, i64) {\nblock0:\nv0: i64 = const_int i64, 3\nv1: i64 = const_int i64, 9\n\
        v2: i64 = call fn1, [v0, v1]\nv3: i64 = call fn1, [v1, v0]\nreturn_ [v2, v3]\n}\n\
        fn1 \"f\" (i64, i64) -> (i64) {\nblock0(v0: i64, v1: i64):\nv2: bool = bin_op sgt, v0, v1\n\
        v3: i64 = const_int i64, 70000\nv4: i64 = select v2, v3, v1\nreturn_ [v4]\n}";
    check(text, "9 70000");
}

#[test]
fn runtime_functions() {
    let items = "str0 = \"ab\"\nstr1 = \"cd\"\nstr2 = \"-17\"\nstr3 = \"1e3\"";
    let body = "v0: ref = const_string str0\nv1: ref = const_string str1\nv2: ref = call_rt rt_str_concat, [v0, v1]\n\
        v3: bool = call_rt rt_data_eq, [v2, v0]\nv4: i64 = call_rt rt_data_cmp, [v0, v1]\n\
        v5: ref = const_string str2\nv6: i64 = const_int i64, 3\nv7: i64, v8: bool = call_rt rt_int_parse, [v5, v6]\n\
        v9: ref = const_string str3\nv10: f64, v11: bool = call_rt rt_float_parse, [v9]\n\
        v12: f64 = call_rt rt_float_pow, [v10, v10]\nv13: i32 = const_int i32, 228\nv14: i32 = call_rt rt_char_to_upper, [v13]\n\
        v15: i64 = const_int i64, 0\nv16: i64 = call_rt rt_data_find, [v2, v1, v15]\nv17: bool = bin_op slt, v4, v15\n\
        return_ [v2, v3, v17, v7, v8, v10, v11, v12, v14, v16]";
    let results = "ref, bool, bool, i64, bool, f64, bool, f64, i32, i64";
    check_body(items, results, body, "\"abcd\" false true -17 true 1000.0 true inf 196 2");
}

#[test]
fn arrays_by_the_runtime() {
    // Five arguments, an array that grows, both under stress.
    let items = "layout0 = \"[int]\" [i64]";
    let body = "v0: i64 = const_int i64, 4\nv1: i64 = const_int i64, 5\nv2: ref = array_lit layout0, [v0, v1, v0]\n\
        v3: i64 = const_int i64, 8\nv4: ref = call_rt rt_array_grow, [v2, v3]\nv5: i64 = const_int i64, 1\n\
        v6: i64 = const_int i64, 2\ncall_rt rt_array_copy, [v4, v0, v4, v5, v6]\nv7: i64 = index_get i64, layout0, 0, v4, v0\n\
        v8: i64 = index_get i64, layout0, 0, v4, v1\nv9: i64 = array_len v4\nreturn_ [v7, v8, v9]";
    check_body(items, "i64, i64, i64", body, "5 4 8");
}

#[test]
fn c_functions() {
    let items = "extern0 = \"cos\" (f64) -> (f64)\nextern1 = \"labs\" (i64) -> (i64)\nextern2 = \"ldexp\" (f64, i32) -> (f64)\n\
        extern3 = \"toupper\" (i32) -> (i32)\nextern4 = \"fabsf\" (f32) -> (f32)\nextern5 = \"srand\" (i32) -> ()";
    let body = "v0: f64 = const_float f64, 0.0\nv1: f64 = call_extern extern0, [v0]\nv2: i64 = const_int i64, -9\n\
        v3: i64 = call_extern extern1, [v2]\nv4: f64 = const_float f64, 0.75\nv5: i32 = const_int i32, -1\n\
        v6: f64 = call_extern extern2, [v4, v5]\nv7: i32 = const_int i32, 97\nv8: i32 = call_extern extern3, [v7]\n\
        v9: f32 = const_float f32, -2.5\nv10: f32 = call_extern extern4, [v9]\ncall_extern extern5, [v7]\n\
        return_ [v1, v3, v6, v8, v10]";
    check_body(items, "f64, i64, f64, i32, f32", body, "1.0 9 0.375 65 2.5");
    let body = "call_extern extern0, [] !0\nv0: i64 = const_int i64, 0\nreturn_ [v0]";
    let items = "file0 = \"a/main.spl\"\n!0 = file0:3:5 \"main\"\nextern0 = \"sepal_has_no_such_function\" () -> ()";
    let expected =
        "panic: there is no C function `sepal_has_no_such_function`\n  at main.spl:3:5 in main";
    check_body(items, "i64", body, expected);
    let seven = "i64, i64, i64, i64, i64, i64, i64";
    let body = "v0: i64 = const_int i64, 0\ncall_extern extern0, [v0, v0, v0, v0, v0, v0, v0]\nreturn_ [v0]";
    let expected =
        "panic: `labs`: the interpreter passes at most 6 integers and 8 floats to a C function";
    check_body(&format!("extern0 = \"labs\" ({seven}) -> ()"), "i64", body, expected);
}

#[test]
fn the_processor_itself() {
    let body = "v0: i64 = cpu_rdtsc\ncpu_pause\ncpu_fence\nv1: i64 = cpu_rdtsc\nv2: bool = bin_op ult, v0, v1\n\
        v3: i32 = const_int i32, 0\nv4: i32, v5: i32, v6: i32, v7: i32 = cpu_cpuid v3, v3\n\
        v8: bool = bin_op ne, v4, v3\nv9: bool = bin_op ne, v5, v7\nreturn_ [v2, v8, v9]";
    check_body("", "bool, bool, bool", body, "true true true");
}

#[test]
fn functions_are_translated_at_their_first_call() {
    let text = "fn0 \"main\" () -> (i64) {\nblock0:\nv0: i64 = const_int i64, 1\nreturn_ [v0]\n}\n\
        fn1 \"unused\" () -> () {\nblock0:\nreturn_ []\n}";
    let module = module(text);
    with_machine(&module, plain(), |machine, program, _| {
        let stub = |id| {
            let entry = program.entry(FuncId(id));
            entry.code.get() == &raw const entry.stub
        };
        assert!(stub(0) && stub(1));
        for _ in 0..2 {
            let result = machine.call(FuncId(0), &[], 1);
            assert_eq!(result.ok(), Some(vec![1]));
        }
        assert!(!stub(0) && stub(1));
    });
}

/// A module whose function 0 is made by `write`; 1 gives 1, 2 swaps.
fn written(results: &[Type], write: impl FnOnce(&mut FunctionBuilder)) -> Module {
    let mut module = module(
        "layout0 = \"cell\" {i64}\nfn0 \"main\" () -> () {\nblock0:\nreturn_ []\n}\n\
         fn1 \"one\" () -> (i64) {\nblock0:\nv0: i64 = const_int i64, 1\nreturn_ [v0]\n}\n\
         fn2 \"swap\" (i64, i64) -> (i64, i64) {\nblock0(v0: i64, v1: i64):\nreturn_ [v1, v0]\n}",
    );
    let sig = Signature::new(vec![], results.to_vec());
    let mut builder = FunctionBuilder::new(module.functions[FuncId(0)].name, sig);
    write(&mut builder);
    module.functions[FuncId(0)] = builder.finish();
    module
}

#[test]
fn more_variables_than_operands_can_name() {
    // 70,000 values that are all alive at once, then summed; calls and an object in between.
    let count = 70_000;
    let module = written(&[Type::I64; 2], |b| {
        let one = b.call(FuncId(1), &[], &[Type::I64]).get(0).expect("a result");
        let mut values = vec![one];
        for n in 1..count {
            values.push(b.bin_op(BinOp::Add, values[n - 1], one));
        }
        let mut sum = b.call(FuncId(1), &[], &[Type::I64]).get(0).expect("a result");
        for &value in values.iter().rev() {
            sum = b.bin_op(BinOp::Add, sum, value);
        }
        let swapped: Vec<Value> = b.call(FuncId(2), &[sum, one], &[Type::I64; 2]).iter().collect();
        let cell = b.struct_init(LayoutId(0), 0, &[swapped[1]]);
        let read = b.field_get(Type::I64, FieldRef::new(LayoutId(0), 0, 0), cell);
        b.return_(&[swapped[0], read]);
    });
    let count = count as u64;
    let got = super::outcomes(&module, plain(), &[vec![]]);
    assert_eq!(got, [Ok(vec![1, count * (count + 1) / 2 + 1])]);
}

#[test]
fn branches_over_long_code() {
    // Between a branch and its target lie more words than its offset can count.
    let module = written(&[Type::I64], |b| {
        let one = b.call(FuncId(1), &[], &[Type::I64]).get(0).expect("a result");
        let (body, end) = (b.create_block_with(&[Type::I64]), b.create_block());
        b.jump((body, &[one]));
        b.switch_to(body);
        let n = b.block_params(body)[0];
        let mut last = n;
        for _ in 0..40_000 {
            last = b.bin_op(BinOp::Xor, last, one);
        }
        let next = b.bin_op(BinOp::Add, last, one);
        let limit = b.iconst(3);
        let again = b.bin_op(BinOp::SLt, next, limit);
        b.branch(again, (body, &[next]), (end, &[]), Hint::Unknown);
        b.seal_block(body);
        b.switch_to(end);
        b.seal_block(end);
        b.return_(&[n]);
    });
    assert_eq!(super::outcomes(&module, plain(), &[vec![]]), [Ok(vec![2])]);
}
