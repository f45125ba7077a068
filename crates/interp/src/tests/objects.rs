//! Objects, arrays, strings, globals, `any`.

use super::{check, check_body};

#[test]
fn constants_are_where_they_should_be() {
    let items = "str0 = \"hé\"\nstr1 = bytes \"\\xffabcdefgh\"\nsym0 = \"north\"\nsym1 = \"south\"\n\
        layout0 = \"E\" {} {i64, ref, i8, i16} immutable\nvtable0 = \"V\" [12, str0, fn0]\n\
        static0 = layout0.0 []\nstatic1 = layout0.1 [-3, str0, -1, 300]";
    let body = "v0: ref = const_string str0\nv1: i64 = array_len v0\nv2: ref = const_string str1\nv3: i64 = array_len v2\n\
        v4: ref = const_object static1\nv5: i64 = field_get i64, layout0.1.0, v4\nv6: ref = field_get ref, layout0.1.1, v4\n\
        v7: i8 = field_get i8, layout0.1.2, v4\nv8: i16 = field_get i16, layout0.1.3, v4\n\
        v9: i64 = enum_discriminant v4\nv10: ref = const_object static0\nv11: i64 = enum_discriminant v10\n\
        v12: i32 = const_symbol sym1\nv13: ref = const_null ref\nv14: any = const_int any, 4\n\
        v15: ptr = vtable_addr vtable0\nv16: ptr = func_addr fn0\nv17: bool = bin_op eq, v15, v16\n\
        return_ [v1, v3, v5, v6, v7, v8, v9, v11, v12, v13, v14, v17, v0]";
    let results = "i64, i64, i64, ref, i8, i16, i64, i64, i32, ref, any, bool, ref";
    check_body(items, results, body, "3 9 -3 \"hé\" -1 300 1 0 1 null 4 false \"hé\"");
}

#[test]
fn fields_of_every_type() {
    let items = "layout0 = \"S\" {i8, i16, i32, i64, f32, f64, bool, ref, any}";
    let body = "v0: i8 = const_int i8, -1\nv1: i16 = const_int i16, -2\nv2: i32 = const_int i32, -3\nv3: i64 = const_int i64, -4\n\
        v4: f32 = const_float f32, 1.5\nv5: f64 = const_float f64, 2.5\nv6: bool = const_bool true\nv7: ref = const_null ref\n\
        v8: any = const_int any, 9\n\
        v9: ref = struct_init layout0, 0, [v0, v1, v2, v3, v4, v5, v6, v7, v8]\n\
        v10: ref = gc_alloc layout0, 0\n\
        v11: i8 = field_get i8, layout0.0.0, v9\nfield_set layout0.0.0, v10, v11\n\
        v12: i16 = field_get i16, layout0.0.1, v9\nfield_set layout0.0.1, v10, v12\n\
        v13: i32 = field_get i32, layout0.0.2, v9\nfield_set layout0.0.2, v10, v13\n\
        v14: i64 = field_get i64, layout0.0.3, v9\nfield_set layout0.0.3, v10, v14\n\
        v15: f32 = field_get f32, layout0.0.4, v9\nfield_set layout0.0.4, v10, v15\n\
        v16: f64 = field_get f64, layout0.0.5, v9\nfield_set layout0.0.5, v10, v16\n\
        v17: bool = field_get bool, layout0.0.6, v9\nfield_set layout0.0.6, v10, v17\n\
        field_set layout0.0.7, v10, v9\n\
        v18: any = field_get any, layout0.0.8, v9\nfield_set layout0.0.8, v10, v18\n\
        v19: i8 = field_get i8, layout0.0.0, v10\nv20: i16 = field_get i16, layout0.0.1, v10\n\
        v21: i32 = field_get i32, layout0.0.2, v10\nv22: i64 = field_get i64, layout0.0.3, v10\n\
        v23: f32 = field_get f32, layout0.0.4, v10\nv24: f64 = field_get f64, layout0.0.5, v10\n\
        v25: bool = field_get bool, layout0.0.6, v10\nv26: ref = field_get ref, layout0.0.7, v10\n\
        v27: any = field_get any, layout0.0.8, v10\nv28: bool = bin_op eq, v26, v9\n\
        return_ [v19, v20, v21, v22, v23, v24, v25, v28, v27]";
    check_body(
        items,
        "i8, i16, i32, i64, f32, f64, bool, bool, any",
        body,
        "-1 -2 -3 -4 1.5 2.5 true true 9",
    );
}

#[test]
fn new_objects_take_registers_and_constants() {
    // Registers in any order, an odd number of them, a constant between them; the second variant.
    let text = "layout0 = \"E\" {} {i64, i64, i64, i64, bool}\n\
        fn0 \"main\" () -> (i64, i64, i64, i64, bool, i64) {\nblock0:\nv0: i64 = const_int i64, 1\nv1: i64 = const_int i64, 2\n\
        v2: ref = call fn1, [v0, v1]\nv3: i64 = field_get i64, layout0.1.0, v2\nv4: i64 = field_get i64, layout0.1.1, v2\n\
        v5: i64 = field_get i64, layout0.1.2, v2\nv6: i64 = field_get i64, layout0.1.3, v2\n\
        v7: bool = field_get bool, layout0.1.4, v2\nv8: i64 = enum_discriminant v2\n\
        return_ [v3, v4, v5, v6, v7, v8]\n}\n\
        fn1 \"make\" (i64, i64) -> (ref) {\nblock0(v0: i64, v1: i64):\nv2: i64 = const_int i64, 70000\n\
        v3: bool = bin_op slt, v0, v1\nv4: ref = struct_init layout0, 1, [v1, v2, v0, v1, v3]\nreturn_ [v4]\n}";
    check(text, "2 70000 1 2 true 1");
}

#[test]
fn arrays_of_one_slot() {
    for (ty, constant, expected) in [
        ("i8", "const_int i8, -7", "-7"),
        ("i16", "const_int i16, -700", "-700"),
        ("i32", "const_int i32, -70000", "-70000"),
        ("i64", "const_int i64, -7000000000", "-7000000000"),
        ("f32", "const_float f32, 0.5", "0.5"),
        ("f64", "const_float f64, 0.25", "0.25"),
        ("bool", "const_bool true", "true"),
        ("ref", "const_string str0", "\"s\""),
        ("any", "const_int any, 17", "17"),
    ] {
        let items = format!("str0 = \"s\"\nlayout0 = \"[{ty}]\" [{ty}]");
        let body = format!(
            "v0: i64 = const_int i64, 3\nv1: ref = array_new layout0, v0\nv2: i64 = array_len v1\n\
             v3: i64 = const_int i64, -2\nv4: i64 = bounds_check v3, v2\nv5: {ty} = {constant}\n\
             index_set layout0, 0, v1, v4, v5\nv6: {ty} = index_get {ty}, layout0, 0, v1, v4\n\
             v7: i64 = const_int i64, 2\nv8: {ty} = index_get {ty}, layout0, 0, v1, v7\n\
             v9: ref = array_lit layout0, [v8, v5, v6]\nv10: i64 = array_len v9\n\
             v11: {ty} = index_get {ty}, layout0, 0, v9, v7\nreturn_ [v4, v6, v10, v11]"
        );
        check_body(
            &items,
            &format!("i64, {ty}, i64, {ty}"),
            &body,
            &format!("1 {expected} 3 {expected}"),
        );
    }
}

#[test]
fn arrays_of_several_slots() {
    let items = "str0 = \"a\"\nlayout0 = \"[(int, bool, str)]\" [i64, bool, ref]";
    let body = "v0: i64 = const_int i64, 5\nv1: bool = const_bool true\nv2: ref = const_string str0\nv3: bool = const_bool false\n\
        v4: ref = array_lit layout0, [v0, v1, v2, v0, v3, v2]\nv5: i64 = const_int i64, 1\n\
        index_set layout0, 0, v4, v5, v5\nindex_set layout0, 1, v4, v5, v1\nv6: i64 = const_int i64, 0\n\
        v7: i64 = index_get i64, layout0, 0, v4, v5\nv8: bool = index_get bool, layout0, 1, v4, v5\n\
        v9: ref = index_get ref, layout0, 2, v4, v5\nv10: i64 = index_get i64, layout0, 0, v4, v6\n\
        v11: bool = index_get bool, layout0, 1, v4, v6\nreturn_ [v7, v8, v9, v10, v11]";
    check_body(items, "i64, bool, ref, i64, bool", body, "1 true \"a\" 5 true");
}

#[test]
fn long_arrays_and_literals() {
    // Beyond what is made inline, and beyond offsets of 16 bits.
    let mut body =
        "v0: ref = const_string str0\nv1: i64 = const_int i64, 9001\nv2: i64 = const_int i64, 7\n"
            .to_owned();
    let values = vec!["v2"; 9000].join(", ") + ", v1";
    body += &format!("v3: ref = array_lit layout0, [{values}]\nv4: i64 = array_len v3\n");
    body += "v5: i64 = const_int i64, 9000\nv6: i64 = index_get i64, layout0, 0, v3, v5\n\
        v7: i64 = const_int i64, 8999\nv8: i64 = index_get i64, layout0, 0, v3, v7\nreturn_ [v4, v6, v8]";
    check_body("str0 = \"a\"\nlayout0 = \"[int]\" [i64]", "i64, i64, i64", &body, "9001 9001 7");
    let body = "v0: i64 = const_int i64, -1\nv1: ref = array_new layout0, v0\nreturn_ [v0]";
    check_body("layout0 = \"[int]\" [i64]", "i64", body, "panic: negative length: -1");
}

#[test]
fn globals_keep_what_they_are_given() {
    let items = "global0 = \"count\" i64\nglobal1 = \"name\" ref\nlayout0 = \"cell\" {i64}";
    let body = "v0: i64 = global_get i64, global0\nv1: i64 = const_int i64, 12\nglobal_set global0, v1\n\
        v2: ref = struct_init layout0, 0, [v1]\nglobal_set global1, v2\nv3: ref = struct_init layout0, 0, [v0]\n\
        v4: ref = global_get ref, global1\nv5: i64 = field_get i64, layout0.0.0, v4\nv6: i64 = global_get i64, global0\n\
        return_ [v0, v5, v6]";
    check_body(items, "i64, i64, i64", body, "0 12 12");
}

#[test]
fn any_words() {
    let text = "fn0 \"main\" () -> (i64, i64, i64, f64, i64, bool, i64) {\nblock0:\nv0: i64 = const_int i64, -12\n\
        v1: f64 = const_float f64, -2.5\nv2: bool = const_bool true\n\
        v3: i64, v4: i64, v5: i64, v6: f64, v7: i64, v8: bool = call fn1, [v0, v1, v2]\n\
        v9: any = const_int any, 4\nv10: i64 = any_tag v9\nreturn_ [v3, v4, v5, v6, v7, v8, v10]\n}\n\
        fn1 \"f\" (i64, f64, bool) -> (i64, i64, i64, f64, i64, bool) {\nblock0(v0: i64, v1: f64, v2: bool):\n\
        v3: any = any_pack int, v0\nv4: any = any_pack float, v1\nv5: any = any_pack bool, v2\n\
        v6: i64 = any_tag v3\nv7: i64 = any_unpack int, v3\nv8: i64 = any_tag v4\nv9: f64 = any_unpack float, v4\n\
        v10: i64 = any_tag v5\nv11: bool = any_unpack bool, v5\nreturn_ [v6, v7, v8, v9, v10, v11]\n}";
    check(text, "1 -12 2 -2.5 3 true 4");
}

#[test]
fn survivors_of_collections() {
    // A list of a thousand cells, built and summed; under stress every allocation collects.
    let text = "layout0 = \"cell\" {i64, ref}\n\
        fn0 \"main\" () -> (i64) {\nblock0:\nv0: i64 = const_int i64, 0\nv1: ref = const_null ref\n\
        jump block1(v0, v1)\n\
        block1(v2: i64, v3: ref):\nv4: i64 = const_int i64, 1000\nv5: bool = bin_op slt, v2, v4\n\
        branch v5, block2, block3(v3, v0), likely\n\
        block2:\nv6: ref = struct_init layout0, 0, [v2, v3]\nv7: i64 = const_int i64, 1\n\
        v8: i64 = checked_op sadd, v2, v7\njump block1(v8, v6)\n\
        block3(v9: ref, v10: i64):\nv11: ref = const_null ref\nv12: bool = bin_op eq, v9, v11\n\
        branch v12, block5, block4, unlikely\n\
        block4:\nv13: i64 = field_get i64, layout0.0.0, v9\nv14: i64 = bin_op add, v10, v13\n\
        v15: ref = field_get ref, layout0.0.1, v9\njump block3(v15, v14)\n\
        block5:\nreturn_ [v10]\n}";
    check(text, "499500");
}
