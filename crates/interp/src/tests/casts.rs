//! Floats and conversions.

use super::{check_body, module, outcomes, plain};
use sepal_mir::{BinOp, CheckedCastKind};

const FLOATS: [f64; 17] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    1.5,
    -1.5,
    2.5,
    1e-310,
    1e300,
    127.0,
    128.9,
    -128.9,
    255.5,
    4294967295.5,
    9223372036854775808.0,
    f64::INFINITY,
    f64::NAN,
];

fn call_f64(text: &str, calls: &[Vec<u64>]) -> Vec<super::Outcome> {
    outcomes(&module(text), plain(), calls)
}

#[test]
fn float_operators_are_ieee() {
    for &op in BinOp::ALL.iter().filter(|op| op.is_float()) {
        let result = if op.is_comparison() { "bool" } else { "f64" };
        let text = format!(
            "fn0 \"f\" (f64, f64) -> ({result}) {{\nblock0(v0: f64, v1: f64):\n\
             v2: {result} = bin_op {}, v0, v1\nreturn_ [v2]\n}}",
            op.name()
        );
        let pairs: Vec<(f64, f64)> =
            FLOATS.iter().flat_map(|&a| FLOATS.iter().map(move |&b| (a, b))).collect();
        let calls: Vec<Vec<u64>> =
            pairs.iter().map(|&(a, b)| vec![a.to_bits(), b.to_bits()]).collect();
        for (got, &(a, b)) in call_f64(&text, &calls).iter().zip(&pairs) {
            let got = got.clone().expect("floats do not panic")[0];
            let number = |expected: f64| {
                let got = f64::from_bits(got);
                got.to_bits() == expected.to_bits() || got.is_nan() && expected.is_nan()
            };
            let holds = |expected: bool| got == u64::from(expected);
            let fine = match op {
                BinOp::FAdd => number(a + b),
                BinOp::FSub => number(a - b),
                BinOp::FMul => number(a * b),
                BinOp::FDiv => number(a / b),
                BinOp::FEq => holds(a == b),
                BinOp::FNe => holds(a != b),
                BinOp::FLt => holds(a < b),
                BinOp::FLe => holds(a <= b),
                BinOp::FGt => holds(a > b),
                BinOp::FGe => holds(a >= b),
                _ => false,
            };
            assert!(fine, "{} {a} {b} gave {got:#x}", op.name());
        }
    }
}

#[test]
fn branches_on_floats_know_nan() {
    for (op, expected) in [
        ("feq", "0 0 1"),
        ("fne", "1 1 0"),
        ("flt", "1 0 0"),
        ("fle", "1 0 1"),
        ("fgt", "0 0 0"),
        ("fge", "0 0 1"),
    ] {
        // 1 < 2, a NaN, 2 and 2; both edges of the branch move something in the second function.
        let function = |n: u32, then: &str, other: &str| {
            format!(
                "fn{n} \"f\" (f64, f64) -> (i64) {{\nblock0(v0: f64, v1: f64):\n\
                 v3: i64 = const_int i64, 1\nv4: i64 = const_int i64, 0\n\
                 v2: bool = bin_op {op}, v0, v1\nbranch v2, block1{then}, block2{other}, unknown\n"
            )
        };
        let mut text =
            "fn0 \"main\" () -> (i64, i64, i64) {\nblock0:\nv0: f64 = const_float f64, 1.0\n\
            v1: f64 = const_float f64, 2.0\nv2: f64 = const_float f64, bits(0x7ff8000000000000)\n"
                .to_owned();
        text += "v3: i64 = call fn1, [v0, v1]\nv4: i64 = call fn1, [v0, v2]\nv5: i64 = call fn1, [v1, v1]\n\
            v6: i64 = call fn2, [v0, v1]\nv7: i64 = call fn2, [v0, v2]\nv8: i64 = call fn2, [v1, v1]\n\
            v9: i64 = checked_op ssub, v3, v6\nv10: i64 = checked_op ssub, v4, v7\n\
            v11: i64 = checked_op ssub, v5, v8\nv12: i64 = bin_op or, v9, v10\nv13: i64 = bin_op or, v12, v11\n\
            switch v13, [0 => block1], block2\nblock1:\nreturn_ [v3, v4, v5]\nblock2:\nreturn_ [v13, v13, v13]\n}\n";
        text += &function(1, "", "");
        text += "block1:\nreturn_ [v3]\nblock2:\nreturn_ [v4]\n}\n";
        text += &function(2, "(v3)", "(v4)");
        text += "block1(v5: i64):\nreturn_ [v5]\nblock2(v6: i64):\nreturn_ [v6]\n}\n";
        super::check(&text, expected);
    }
}

#[test]
fn float_functions_and_literals() {
    let body = "v0: f64 = const_float f64, -2.25\nv1: f64 = unary_op fneg, v0\nv2: f64 = unary_op fsqrt, v1\n\
        v3: f64 = unary_op ffloor, v0\nv4: f64 = unary_op fceil, v0\nv5: f64 = unary_op ftrunc, v0\n\
        v6: f64 = unary_op fabs, v0\nreturn_ [v1, v2, v3, v4, v5, v6]";
    check_body("", "f64, f64, f64, f64, f64, f64", body, "2.25 1.5 -3.0 -2.0 -2.0 2.25");
    let body = "v0: f32 = const_float f32, -2.25\nv1: f32 = unary_op fneg, v0\nv2: f32 = unary_op fsqrt, v1\n\
        v3: f32 = bin_op fadd, v0, v2\nv4: f32 = bin_op fdiv, v2, v1\nv5: bool = bin_op fgt, v0, v1\n\
        v6: f32 = unary_op ffloor, v0\nv7: f32 = bin_op fmul, v0, v0\nv8: f32 = bin_op fsub, v0, v1\n\
        return_ [v2, v3, v4, v5, v6, v7, v8]";
    check_body(
        "",
        "f32, f32, f32, bool, f32, f32, f32",
        body,
        "1.5 -0.75 0.6666667 false -3.0 5.0625 -4.5",
    );
    let text = "fn0 \"main\" () -> (f64, f64, f64, f64, f64, f64, f64, f64) {\nblock0:\n\
        v0: f64 = const_float f64, 8.0\nv1: f64 = const_float f64, 2.0\n\
        v2: f64, v3: f64, v4: f64, v5: f64, v6: f64, v7: f64, v8: f64, v9: f64 = call fn1, [v0, v1]\n\
        return_ [v2, v3, v4, v5, v6, v7, v8, v9]\n}\n\
        fn1 \"f\" (f64, f64) -> (f64, f64, f64, f64, f64, f64, f64, f64) {\nblock0(v0: f64, v1: f64):\n\
        v2: f64 = const_float f64, 0.5\nv3: f64 = bin_op fadd, v0, v2\nv4: f64 = bin_op fsub, v0, v2\n\
        v5: f64 = bin_op fsub, v2, v0\nv6: f64 = bin_op fdiv, v2, v0\nv7: f64 = bin_op fdiv, v0, v2\n\
        v8: f64 = bin_op fmul, v0, v1\nv9: f64 = bin_op fadd, v1, v8\n\
        v10: f64 = bin_op fmul, v0, v0\nv11: f64 = bin_op fsub, v1, v10\nv12: f64 = bin_op fmul, v2, v1\n\
        return_ [v3, v4, v5, v6, v7, v9, v11, v12]\n}";
    super::check(text, "8.5 7.5 -7.5 0.0625 16.0 18.0 -62.0 1.0");
}

#[test]
fn widening_and_narrowing() {
    let body = "v0: i8 = const_int i8, -2\nv1: i64 = cast sign_extend, i64, v0\nv2: i64 = cast zero_extend, i64, v0\n\
        v3: i16 = cast zero_extend, i16, v0\nv4: i64 = const_int i64, 511\nv5: i8 = cast truncate, i8, v4\n\
        v6: i32 = cast truncate, i32, v1\nv7: i32 = const_int i32, -1\nv8: i64 = cast zero_extend, i64, v7\n\
        return_ [v1, v2, v3, v5, v6, v8]";
    check_body("", "i64, i64, i16, i8, i32, i64", body, "-2 254 254 -1 -2 4294967295");
    let body = "v0: f64 = const_float f64, 1.5\nv1: i64 = cast bitcast, i64, v0\nv2: f32 = const_float f32, -1.5\n\
        v3: i32 = cast bitcast, i32, v2\nv4: f32 = cast bitcast, f32, v3\nv5: f64 = cast bitcast, f64, v1\n\
        return_ [v1, v3, v4, v5]";
    check_body("", "i64, i32, f32, f64", body, "4609434218613702656 -1077936128 -1.5 1.5");
    let body = "v0: f64 = const_float f64, 0.1\nv1: f32 = cast float_to_float, f32, v0\n\
        v2: f64 = cast float_to_float, f64, v1\nreturn_ [v1, v2]";
    check_body("", "f32, f64", body, "0.1 0.10000000149011612");
}

#[test]
fn integers_to_floats_round_once() {
    for n in [
        0,
        1,
        -1,
        i64::MAX,
        i64::MIN,
        (1 << 53) + 1,
        16_777_217,
        -16_777_219,
        0x7fff_ffbf_ffff_ffff,
    ] {
        let text = "fn0 \"f\" (i64) -> (f64, f64, f32, f32) {\nblock0(v0: i64):\nv1: f64 = cast signed_to_float, f64, v0\n\
            v2: f64 = cast unsigned_to_float, f64, v0\nv3: f32 = cast signed_to_float, f32, v0\n\
            v4: f32 = cast unsigned_to_float, f32, v0\nreturn_ [v1, v2, v3, v4]\n}";
        let expected = [
            (n as f64).to_bits(),
            (n as u64 as f64).to_bits(),
            u64::from((n as f32).to_bits()),
            u64::from((n as u64 as f32).to_bits()),
        ];
        assert_eq!(call_f64(text, &[vec![n as u64]])[0], Ok(expected.to_vec()), "{n}");
    }
    let body = "v0: i8 = const_int i8, -1\nv1: f64 = cast unsigned_to_float, f64, v0\n\
        v2: f64 = cast signed_to_float, f64, v0\nreturn_ [v1, v2]";
    check_body("", "f64, f64", body, "255.0 -1.0");
}

#[test]
fn floats_to_integers_saturate() {
    let text = "fn0 \"f\" (f64) -> (i8, i64, i8, i64) {\nblock0(v0: f64):\nv1: i8 = cast float_to_signed, i8, v0\n\
        v2: i64 = cast float_to_signed, i64, v0\nv3: i8 = cast float_to_unsigned, i8, v0\n\
        v4: i64 = cast float_to_unsigned, i64, v0\nreturn_ [v1, v2, v3, v4]\n}";
    for x in FLOATS {
        let canonical = |n: i64| n as u64;
        let expected = [
            canonical(i64::from(x as i8)),
            canonical(x as i64),
            canonical(i64::from(x as u8 as i8)),
            x as u64,
        ];
        assert_eq!(call_f64(text, &[vec![x.to_bits()]])[0], Ok(expected.to_vec()), "{x}");
    }
}

/// The range of a conversion's target and its name in messages.
fn target(kind: CheckedCastKind, bits: u32) -> (i128, i128, &'static str) {
    let at = bits.trailing_zeros() as usize - 3;
    match kind {
        CheckedCastKind::SignedToSigned
        | CheckedCastKind::UnsignedToSigned
        | CheckedCastKind::FloatToSigned => {
            (-(1 << (bits - 1)), (1 << (bits - 1)) - 1, ["i8", "i16", "i32", "int"][at])
        }
        CheckedCastKind::SignedToUnsigned
        | CheckedCastKind::UnsignedToUnsigned
        | CheckedCastKind::FloatToUnsigned => (0, (1 << bits) - 1, ["u8", "u16", "u32", "u64"][at]),
        CheckedCastKind::SignedToChar | CheckedCastKind::UnsignedToChar => (0, 0x10_ffff, "char"),
    }
}

#[test]
fn checked_conversions_of_integers() {
    let numbers = [
        0,
        1,
        -1,
        127,
        128,
        -128,
        -129,
        255,
        256,
        32767,
        32768,
        -32769,
        65535,
        65536,
        0xd7ff,
        0xd800,
        0xdfff,
        0xe000,
        0x10_ffff,
        0x11_0000,
        i64::from(i32::MAX),
        1 << 31,
        (1 << 32) - 1,
        1 << 32,
        i64::MAX,
        i64::MIN,
    ];
    for &kind in CheckedCastKind::ALL {
        let (from_float, from_unsigned) = match kind {
            CheckedCastKind::FloatToSigned | CheckedCastKind::FloatToUnsigned => (true, false),
            CheckedCastKind::UnsignedToSigned
            | CheckedCastKind::UnsignedToUnsigned
            | CheckedCastKind::UnsignedToChar => (false, true),
            CheckedCastKind::SignedToSigned
            | CheckedCastKind::SignedToUnsigned
            | CheckedCastKind::SignedToChar => (false, false),
        };
        let is_char =
            matches!(kind, CheckedCastKind::SignedToChar | CheckedCastKind::UnsignedToChar);
        let widths: &[u32] = if is_char { &[32] } else { &[8, 16, 32, 64] };
        for &bits in widths.iter().filter(|_| !from_float) {
            let (least, most, name) = target(kind, bits);
            let text = format!(
                "fn0 \"f\" (i64) -> (i{bits}) {{\nblock0(v0: i64):\n\
                 v1: i{bits} = checked_cast {}, i{bits}, v0\nreturn_ [v1]\n}}",
                kind.name()
            );
            for n in numbers {
                let value = if from_unsigned { i128::from(n as u64) } else { i128::from(n) };
                let is_surrogate = is_char && (0xd800..0xe000).contains(&value);
                let fits = (least..=most).contains(&value) && !is_surrogate;
                let result = (value as i64) << (64 - bits) >> (64 - bits);
                let expected = if fits {
                    Ok(vec![result as u64])
                } else {
                    Err(format!("panic: conversion out of range: {value} does not fit {name}\n"))
                };
                assert_eq!(call_f64(&text, &[vec![n as u64]])[0], expected, "{} {n}", kind.name());
            }
        }
    }
}

#[test]
fn checked_conversions_of_floats() {
    for (kind, bits) in [
        ("float_to_signed", 8),
        ("float_to_signed", 64),
        ("float_to_unsigned", 8),
        ("float_to_unsigned", 64),
    ] {
        let text = format!(
            "fn0 \"f\" (f64) -> (i{bits}) {{\nblock0(v0: f64):\n\
             v1: i{bits} = checked_cast {kind}, i{bits}, v0\nreturn_ [v1]\n}}"
        );
        let kind = CheckedCastKind::from_name(kind).expect("the name is one of the table's");
        let (least, most, name) = target(kind, bits);
        for x in FLOATS.into_iter().chain([
            -9223372036854775808.0,
            -9223372036854777856.0,
            -0.9,
            18446744073709549568.0,
        ]) {
            let whole = x.trunc();
            let fits = !x.is_nan() && x.is_finite() && (least..=most).contains(&(whole as i128));
            let got = call_f64(&text, &[vec![x.to_bits()]])[0].clone();
            if fits {
                let result = ((whole as i128 as i64) << (64 - bits)) >> (64 - bits);
                assert_eq!(got, Ok(vec![result as u64]), "{x}");
            } else {
                let report = got.expect_err("the value does not fit");
                assert!(report.ends_with(&format!(" does not fit {name}\n")), "{x}: {report}");
            }
        }
    }
    let body = "v0: f32 = const_float f32, 300.5\nv1: i8 = checked_cast float_to_unsigned, i8, v0\nreturn_ [v1]";
    check_body("", "i8", body, "panic: conversion out of range: 300.5 does not fit u8");
}
