//! Objects, calls, control flow, panics and their traces.

use super::host::Host;
use super::{check, compile, locs, main_of};

#[test]
fn constants_are_static_objects() {
    let tables = r#"
sym0 = "ok"
sym1 = "no"
str0 = "héllo\n"
str1 = bytes "abc"
layout0 = "Pair" {i64, ref} {f32, i8} immutable
static0 = layout0.0[7, str0]
static1 = layout0.0[8, static0]
static2 = layout0.1[1069547520, 5]
"#;
    check(
        &main_of(
            tables,
            "v0: ref = const_string str0
             v1: i64 = array_len v0
             v2: ref = const_string str1
             v3: i64 = array_len v2
             v4: i64 = bin_op add, v1, v3
             v5: i32 = const_symbol sym1
             v6: i64 = cast zero_extend, i64, v5
             v7: i64 = bin_op add, v4, v6
             v8: ref = const_object static1
             v9: ref = field_get ref, layout0.0.1, v8
             v10: i64 = field_get i64, layout0.0.0, v9
             v11: i64 = bin_op add, v7, v10
             v12: ref = field_get ref, layout0.0.1, v9
             call_rt rt_print, [v12]
             v13: ref = const_object static2
             v14: i64 = enum_discriminant v13
             v15: f32 = field_get f32, layout0.1.0, v13
             v16: i64 = cast float_to_signed, i64, v15
             v17: i8 = field_get i8, layout0.1.1, v13
             v18: i64 = cast sign_extend, i64, v17
             v19: i64 = bin_op add, v14, v16
             v20: i64 = bin_op add, v19, v18
             v21: i64 = bin_op add, v20, v11
             v22: ref = const_null ref
             v23: bool = bin_op eq, v22, v13
             v24: i64 = cast zero_extend, i64, v23
             v25: i64 = copy v24
             v26: i64 = bin_op add, v25, v21
             return_ [v26]",
        ),
        // 7 + 3 + 1 + 7, then 1 + 1 + 5.
        "print héllo\n\n= 25",
    );
}

#[test]
fn objects_are_bumped_and_then_asked_for() {
    let tables = "layout0 = \"Point\" {i64, f64, bool, i16} {}\nlayout1 = \"Big\" {i64}\n";
    // Chunks have four words: the first two objects come from the runtime, and so on.
    check(
        &main_of(
            tables,
            "v0: i64 = const_int i64, 40
             v1: f64 = const_float f64, 1.5
             v2: bool = const_bool true
             v3: i16 = const_int i16, -3
             v4: ref = struct_init layout0, 0, [v0, v1, v2, v3] !1
             v5: ref = struct_init layout0, 1, [] !2
             v6: ref = struct_init layout0, 1, [] !2
             v7: ref = gc_alloc layout1, 0 !3
             v8: i64 = field_get i64, layout1.0.0, v7
             v9: i64 = field_get i64, layout0.0.0, v4
             v10: f64 = field_get f64, layout0.0.1, v4
             v11: bool = field_get bool, layout0.0.2, v4
             v12: i16 = field_get i16, layout0.0.3, v4
             v13: i64 = cast float_to_signed, i64, v10
             v14: i64 = cast zero_extend, i64, v11
             v15: i64 = cast sign_extend, i64, v12
             v16: i64 = enum_discriminant v5
             v17: i64 = bin_op add, v8, v9
             v18: i64 = bin_op add, v13, v14
             v19: i64 = bin_op add, v15, v16
             v20: i64 = bin_op add, v17, v18
             v21: i64 = bin_op add, v19, v20
             field_set layout1.0.0, v7, v21
             v22: i64 = field_get i64, layout1.0.0, v7
             return_ [v22]",
        ),
        "alloc 32\nalloc 16\nalloc 16\n= 40",
    );
}

#[test]
fn arrays_of_every_slot_type() {
    for (ty, a, b) in
        [("i8", "-1", "5"), ("i16", "-1", "5"), ("i32", "-1", "5"), ("i64", "-1", "5")]
    {
        let tables =
            format!("layout0 = \"[{ty}]\" [{ty}]\nlayout1 = \"[(int, {ty})]\" [i64, {ty}]\n");
        let body = format!(
            "v0: {ty} = const_int {ty}, {a}
             v1: {ty} = const_int {ty}, {b}
             v2: ref = array_lit layout0, [v0, v1, v1]
             v3: i64 = array_len v2
             v4: i64 = const_int i64, 0
             v5: {ty} = index_get {ty}, layout0, 0, v2, v4
             v6: i64 = bin_op sub, v3, v4
             v7: i64 = const_int i64, 100
             v8: ref = array_new layout1, v7 !1
             index_set layout1, 0, v8, v6, v7
             index_set layout1, 1, v8, v6, v5
             v9: i64 = index_get i64, layout1, 0, v8, v3
             v10: {ty} = index_get {ty}, layout1, 1, v8, v6
             v11: bool = bin_op eq, v10, v0
             v12: i64 = cast zero_extend, i64, v11
             v13: i64 = bin_op add, v9, v12
             return_ [v13]"
        );
        let bytes: usize = match ty {
            "i8" => 24,
            "i16" => 24,
            "i32" => 32,
            _ => 40,
        };
        check(&main_of(&tables, &body), &format!("alloc {bytes}\nalloc 816\n= 101"));
    }
}

#[test]
fn large_literals_go_to_the_runtime() {
    let values: Vec<String> = (0..80).map(|_| "v0".to_owned()).collect();
    let body = format!(
        "v0: i64 = const_int i64, 3
         v1: ref = array_lit layout0, [{}] !1
         v2: i64 = const_int i64, 79
         v3: i64 = index_get i64, layout0, 0, v1, v2
         return_ [v3]",
        values.join(", ")
    );
    check(&main_of("layout0 = \"[int]\" [i64]\n", &body), "alloc 656\n= 3");
}

#[test]
fn indices_count_from_the_end_or_panic() {
    for (index, expected) in [
        ("0", "= 0"),
        ("4", "= 4"),
        ("-1", "= 4"),
        ("-5", "= 0"),
        ("5", "panic IndexOutOfRange 5 5 at !4"),
        ("-6", "panic IndexOutOfRange -6 5 at !4"),
        ("-9223372036854775808", "panic IndexOutOfRange -9223372036854775808 5 at !4"),
        ("9223372036854775807", "panic IndexOutOfRange 9223372036854775807 5 at !4"),
    ] {
        // As a constant, and as a value that nothing is known of.
        let body = format!(
            "v0: i64 = const_int i64, {index}
             v1: i64 = const_int i64, 5
             v2: i64 = bounds_check v0, v1 !4
             return_ [v2]"
        );
        check(&main_of("", &body), expected);
        let program = compile(&main_of(
            "global0 = \"g\" i64\n",
            "v0: i64 = global_get i64, global0
             v1: i64 = const_int i64, 5
             v2: i64 = bounds_check v0, v1 !4
             return_ [v2]",
        ));
        let mut host = Host::new(program.image(), 4);
        host.globals[0] = index.parse::<i64>().expect("a number") as u64;
        let found = match host.run() {
            Some(result) => format!("= {result}"),
            None => host.log.trim().to_owned(),
        };
        assert_eq!(found, expected);
    }
}

#[test]
fn an_array_too_long_is_the_runtimes_panic() {
    let body = "v0: i64 = const_int i64, 99999999
                v1: ref = array_new layout0, v0 !6
                v2: i64 = array_len v1
                return_ [v2]";
    check(&main_of("layout0 = \"[int]\" [i64]\n", body), "panic HeapLimit at !6");
}

#[test]
fn many_results_travel_in_registers_and_memory() {
    let types =
        ["i64", "bool", "f64", "i8", "f32", "i16", "ref", "i32", "i64", "i64", "i64", "i64"];
    let list = types.join(", ");
    let params: Vec<String> =
        types.iter().enumerate().map(|(n, ty)| format!("v{n}: {ty}")).collect();
    let names: Vec<String> = (0..types.len()).map(|n| format!("v{n}")).collect();
    let results: Vec<String> =
        types.iter().enumerate().map(|(n, ty)| format!("v{}: {ty}", n + 20)).collect();
    let text = format!(
        "{locs}layout0 = \"E\" {{}}
entry fn0
fn0 \"main\" () -> (i64) {{
block0:
    v0: i64 = const_int i64, 1
    v1: bool = const_bool true
    v2: f64 = const_float f64, 2.0
    v3: i8 = const_int i8, -3
    v4: f32 = const_float f32, 4.0
    v5: i16 = const_int i16, -5
    v6: ref = struct_init layout0, 0, []
    v7: i32 = const_int i32, 7
    v8: i64 = const_int i64, 8
    v9: i64 = const_int i64, 9
    v10: i64 = const_int i64, 10
    v11: i64 = const_int i64, 11
    {results} = call fn1, [{args}] !1
    v40: i64 = cast sign_extend, i64, v23
    v41: i64 = cast sign_extend, i64, v25
    v42: i64 = cast float_to_signed, i64, v22
    v43: i64 = cast float_to_signed, i64, v24
    v44: i64 = bin_op add, v40, v41
    v45: i64 = bin_op add, v42, v43
    v46: i64 = bin_op add, v44, v45
    v47: i64 = bin_op add, v46, v31
    v48: i64 = enum_discriminant v26
    v49: i64 = bin_op add, v47, v48
    return_ [v49]
}}
fn1 \"pass\" ({list}) -> ({list}) {{
block0({params}):
    tail_call fn2, [{args}]
}}
fn2 \"give\" ({list}) -> ({list}) {{
block0({params}):
    return_ [{args}]
}}
",
        locs = locs(),
        results = results.join(", "),
        args = names.join(", "),
        params = params.join(", "),
    );
    // -3 - 5 + 2 + 4 + 11
    check(&text, "alloc 16\n= 9");
}

#[test]
fn tail_calls_take_no_stack() {
    let text = format!(
        "{}sig0 = (ref, i64, i64) -> (i64)
layout0 = \"closure\" {{ptr, i64}}
layout1 = \"dyn\" {{ptr, i64}}
vtable0 = \"T\" [0, fn3]
entry fn0
fn0 \"main\" () -> (i64) {{
block0:
    v0: i64 = const_int i64, 3000000
    v1: i64 = const_int i64, 0
    v2: ref = closure_create layout0, fn2, [v0]
    v3: i64 = call fn1, [v2, v0, v1]
    v4: ptr = func_addr fn3
    v5: ptr = const_null ptr
    v6: bool = bin_op ne, v4, v5
    v7: i64 = cast zero_extend, i64, v6
    v8: i64 = bin_op add, v3, v7
    return_ [v8]
}}
fn1 \"direct\" (ref, i64, i64) -> (i64) {{
block0(v0: ref, v1: i64, v2: i64):
    v3: i64 = const_int i64, 1
    v4: i64 = bin_op sub, v1, v3
    v5: i64 = bin_op add, v2, v3
    tail_call_indirect sig0, v0, [v4, v5]
}}
fn2 \"closure\" (ref, i64, i64) -> (i64) {{
block0(v0: ref, v1: i64, v2: i64):
    v3: ptr = vtable_addr vtable0
    v4: i64 = field_get i64, layout0.0.1, v0
    v5: i64 = const_int i64, 0
    v6: bool = bin_op sgt, v1, v5
    branch v6, block1, block2, likely
block1:
    v7: ref = struct_init layout1, 0, [v3, v4]
    tail_call_virtual sig0, 1, v7, [v1, v2]
block2:
    return_ [v2]
}}
fn3 \"method\" (ref, i64, i64) -> (i64) {{
block0(v0: ref, v1: i64, v2: i64):
    v3: i64 = const_int i64, 1
    v4: i64 = field_get i64, layout1.0.1, v0
    v5: i64 = bin_op sub, v1, v3
    v6: i64 = bin_op add, v2, v3
    v7: ref = closure_create layout0, fn2, [v4]
    tail_call fn1, [v7, v5, v6]
}}
",
        locs()
    );
    let program = compile(&text);
    let mut host = Host::new(program.image(), 1 << 26);
    assert_eq!(host.run(), Some(3_000_002));
}

#[test]
fn calls_through_closures_and_vtables() {
    let text = format!(
        "{}sig0 = (ref, i64) -> (i64)
layout0 = \"closure\" {{ptr, i64}}
layout1 = \"dyn\" {{ptr, i64}}
vtable0 = \"T\" [0, fn1]
static0 = layout0.0[fn1, 5]
entry fn0
fn0 \"main\" () -> (i64) {{
block0:
    v0: i64 = const_int i64, 30
    v1: ref = closure_create layout0, fn1, [v0]
    v2: i64 = indirect_call sig0, v1, [v0] !1
    v3: ptr = vtable_addr vtable0
    v4: ref = struct_init layout1, 0, [v3, v0]
    v5: i64 = method_call_virtual sig0, 1, v4, [v2] !2
    v6: ref = const_object static0
    v7: i64 = indirect_call sig0, v6, [v5] !3
    return_ [v7]
}}
fn1 \"add\" (ref, i64) -> (i64) {{
block0(v0: ref, v1: i64):
    v2: i64 = field_get i64, layout0.0.1, v0
    v3: i64 = bin_op add, v1, v2
    return_ [v3]
}}
",
        locs()
    );
    check(&text, "alloc 24\nalloc 24\n= 95");
}

#[test]
fn runtime_and_c_functions() {
    let tables = "str0 = \"-12\"\nstr1 = \"2.5\"\nextern0 = \"toupper\" (i32) -> (i32)\nextern1 = \"cos\" (f64) -> (f64)\n";
    check(
        &main_of(
            tables,
            "v0: ref = const_string str0
             v1: ref = const_string str1
             v2: i64 = const_int i64, 0
             v3: i32, v4: i64 = call_rt rt_str_char_at, [v0, v2] !1
             v5: i64, v6: bool = call_rt rt_int_parse, [v0, v4]
             v7: i64, v8: bool = call_rt rt_int_parse, [v1, v4]
             v9: f64, v10: bool = call_rt rt_float_parse, [v1]
             v11: f64 = call_rt rt_float_pow, [v9, v9]
             v12: i64 = cast float_to_signed, i64, v11
             v13: i32 = const_int i32, 97
             v14: i32 = call_extern extern0, [v13]
             v15: bool = call_rt rt_char_is_upper, [v14]
             v16: f64 = const_float f64, 0.0
             v17: f64 = call_extern extern1, [v16]
             v18: i64 = cast float_to_signed, i64, v17
             v19: bool = bin_op xor, v8, v15
             v20: i64 = cast zero_extend, i64, v19
             v21: i64 = cast zero_extend, i64, v3
             v22: i64 = bin_op add, v21, v4
             v23: i64 = bin_op add, v22, v5
             v24: i64 = bin_op add, v23, v12
             v25: i64 = bin_op add, v24, v18
             v26: i64 = bin_op add, v25, v20
             return_ [v26]",
        ),
        // '-' is 45; 45 + 1 - 12 + 9 + 1 + 1
        "= 45",
    );
}

#[test]
fn switches_of_every_shape() {
    for cases in [
        vec![5],
        vec![0, 1, 2, 3, 4, 7],
        vec![-3, -2, -1, 0, 1, 2],
        vec![-128, -100, -50, 0, 3, 50, 100, 127],
        vec![0, 1, 2, 3, 100, 101, 102, 103, 104, 127],
    ] {
        for ty in ["i8", "i64"] {
            switch_over(&cases, ty);
        }
    }
    switch_over(&[i64::MIN, -1, 0, 1 << 32, i64::MAX], "i64");
}

fn switch_over(cases: &[i64], ty: &str) {
    let list: Vec<String> = cases
        .iter()
        .enumerate()
        .map(|(n, case)| format!("{case} => block1(v{})", n + 10))
        .collect();
    let constants: Vec<String> =
        (0..cases.len()).map(|n| format!("v{}: i64 = const_int i64, {n}\n", n + 10)).collect();
    let text = format!(
        "{}global0 = \"g\" {ty}\nentry fn0\nfn0 \"main\" () -> (i64) {{\nblock0:\n
         v0: {ty} = global_get {ty}, global0\nv1: i64 = const_int i64, -1\n{}
         switch v0, [{}], block1(v1)
         block1(v2: i64):\nreturn_ [v2]\n}}\n",
        locs(),
        constants.concat(),
        list.join(", ")
    );
    let program = compile(&text);
    let mut host = Host::new(program.image(), 4);
    for near in cases.iter().flat_map(|&n| [n.wrapping_sub(1), n, n.wrapping_add(1)]) {
        let value = if ty == "i8" { i64::from(near as i8) } else { near };
        host.globals[0] = value as u64;
        let expected = cases.iter().position(|&n| n == value).map_or(-1, |n| n as i64);
        assert_eq!(host.run(), Some(expected), "{value} among {cases:?} of {ty}");
    }
}

#[test]
fn panics_name_their_place_and_their_callers() {
    let text = format!(
        "{}str0 = \"boom\"
entry fn0
fn0 \"main\" () -> (i64) {{
block0:
    v0: i64 = const_int i64, 3
    v1: i64 = call fn1, [v0] !1
    v2: i64 = bin_op add, v1, v1
    return_ [v2]
}}
fn1 \"down\" (i64) -> (i64) {{
block0(v0: i64):
    v1: i64 = const_int i64, 0
    v2: bool = bin_op eq, v0, v1
    branch v2, block1, block2, unlikely
block1:
    v3: ref = const_string str0
    panic Message, [v3] !2
block2:
    v4: i64 = const_int i64, 1
    v5: i64 = bin_op sub, v0, v4
    v6: i64 = call fn1, [v5] !3
    v7: i64 = bin_op add, v6, v0
    return_ [v7]
}}
",
        locs()
    );
    check(&text, "panic Message \"boom\" at !2 !3 !3 !3 !1");
}

#[test]
fn contracts_and_panics_without_operands() {
    let body = "v0: bool = const_bool BOOL
                contract_check requires, v0, str0 !3
                v1: i64 = const_int i64, 1
                return_ [v1]";
    let tables = "str0 = \"requires n > 0\"\n";
    check(&main_of(tables, &body.replace("BOOL", "true")), "= 1");
    let expected = "panic ContractFailed \"requires n > 0\" at !3";
    check(&main_of(tables, &body.replace("BOOL", "false")), expected);
    check(&main_of("", "panic SliceStepZero, [] !5"), "panic SliceStepZero at !5");
    let body = "v0: f64 = const_float f64, 2.5\nv1: i64 = const_int i64, 3\npanic ConversionFloat, [v0, v1] !0";
    check(&main_of("", body), "panic ConversionFloat 2.5 3 at !0");
}

const POLLING: &str = "v0: i64 = const_int i64, 10
    v1: f64 = const_float f64, 0.5
    jump block1(v0, v1)
block1(v2: i64, v3: f64):
    poll turn !7
    v4: i64 = const_int i64, 1
    v5: i64 = bin_op sub, v2, v4
    v6: f64 = bin_op fadd, v3, v3
    v7: i64 = const_int i64, 0
    v8: bool = bin_op sgt, v5, v7
    branch v8, block1(v5, v6), block2, unknown
block2:
    v9: i64 = cast float_to_signed, i64, v6
    return_ [v9]";

#[test]
fn polls_keep_every_register_and_see_a_changed_limit() {
    let program = compile(&main_of("", POLLING));
    let mut host = Host::new(program.image(), 4);
    assert_eq!((host.run(), host.polls), (Some(512), 0));
    host.poison();
    assert_eq!((host.run(), host.polls), (Some(512), 10));
    host.poll_raises = true;
    assert_eq!((host.run(), host.polls), (None, 11));
    assert_eq!(host.log, "panic StackOverflow at !7\n");
}

#[test]
fn the_stack_pointer_is_what_polls_compare() {
    let text = format!(
        "{}entry fn0
fn0 \"main\" () -> (i64) {{
block0:
    poll enter !1
    v0: i64 = call fn0, [] !2
    v1: i64 = bin_op add, v0, v0
    return_ [v1]
}}
",
        locs()
    );
    let program = compile(&text);
    let mut host = Host::new(program.image(), 4);
    host.poll_raises = true;
    assert_eq!((host.run(), host.polls), (None, 1));
    assert!(host.log.starts_with("panic StackOverflow at !1 !2 !2 "), "{}", &host.log[..80]);
}

#[test]
fn processor_instructions_stand_in_the_code() {
    let body = "v0: i64 = cpu_rdtsc
        cpu_pause
        cpu_fence
        v1: i64 = cpu_rdtsc
        v2: bool = bin_op ult, v0, v1
        v3: i32 = const_int i32, 0
        v4: i32, v5: i32, v6: i32, v7: i32 = cpu_cpuid v3, v3
        v8: bool = bin_op ugt, v4, v3
        v9: bool = bin_op and, v2, v8
        v10: i32 = const_int i32, MAKER
        v11: bool = bin_op eq, v5, v10
        v12: bool = bin_op and, v9, v11
        v13: i64 = cast zero_extend, i64, v12
        return_ [v13]";
    let maker = sepal_machine::cpu::cpuid(0, 0)[1].cast_signed().to_string();
    check(&main_of("", &body.replace("MAKER", &maker)), "= 1");
    let program = compile(&main_of("", body.replace("MAKER", "0").as_str()));
    let main = program.image().functions.as_slice()[0];
    // SAFETY: the program is alive, and so is its code.
    let code = unsafe { std::slice::from_raw_parts(main.start, main.size as usize) };
    let has = |bytes: &[u8]| code.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(&[0x0f, 0x31]) && has(&[0xf3, 0x90]) && has(&[0x0f, 0xae, 0xf0]));
    assert!(has(&[0x48, 0xc1]), "rdx is shifted by 32");
}

#[test]
fn what_is_missing_is_an_error() {
    let compile = |text: &str| {
        let module = super::parse(text);
        let options = crate::Options::default();
        crate::compile_jit(&module, options, super::host::address).err().map(|e| e.to_string())
    };
    let text = main_of(
        "extern0 = \"no_such_function_\" () -> ()\n",
        "call_extern extern0, []\nv0: i64 = const_int i64, 0\nreturn_ [v0]",
    );
    assert_eq!(compile(&text).as_deref(), Some("there is no C function `no_such_function_`"));
    let text = main_of("", "v0: i64 = call fn1, []\nreturn_ [v0]") + "fn1 \"gone\" () -> (i64)\n";
    assert_eq!(compile(&text).as_deref(), Some("`gone` has no body"));
    // What nothing reaches may be missing.
    let tables = "extern0 = \"no_such_function_\" () -> ()\nvtable0 = \"V\" [fn1]\n";
    let text = main_of(tables, "v0: i64 = const_int i64, 1\nreturn_ [v0]");
    check(&(text + "fn1 \"gone\" () -> (i64)\n"), "= 1");
}

#[test]
fn the_collector_is_told_of_references_that_are_overwritten() {
    // Not told: fields of new objects, those of an object made since anything could collect, numbers.
    let body = "v0: i64 = const_int i64, 1
        v1: ref = struct_init layout0, 0, [v0]
        v2: ref = gc_alloc layout1, 0
        field_set layout1.0.0, v2, v1
        v3: ref = array_new layout2, v0
        v4: i64 = const_int i64, 0
        field_set layout1.0.0, v2, v3
        field_set layout1.0.1, v2, v0
        index_set layout2, 0, v3, v4, v1
        poll turn !1
        index_set layout2, 0, v3, v4, v2
        v5: ref = const_null ref
        field_set layout1.0.0, v2, v5
        field_set layout1.0.0, v2, v1
        v6: i64 = field_get i64, layout0.0.0, v1
        return_ [v6]";
    let layouts =
        "layout0 = \"Box\" {i64}\nlayout1 = \"Pair\" {ref, i64}\nlayout2 = \"[Ref]\" [ref]\n";
    let program = compile(&main_of(layouts, body));
    let mut host = Host::new(program.image(), 64);
    assert_eq!(host.run(), Some(1));
    assert_eq!(host.log, "alloc 16\n");
    host.begin_marking();
    host.log.clear();
    assert_eq!(host.run(), Some(1));
    assert_eq!(
        host.log,
        "overwrites object\noverwrites object\noverwrites object\noverwrites null\n"
    );
}
