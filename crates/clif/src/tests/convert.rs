//! Conversions against Rust's, which are defined alike.

use super::Operation;

fn check(op: &str, from: &str, to: &str, cases: &[(u64, Result<u64, &str>)]) {
    let operation = Operation::new(&[from], &format!("{op}, {to}, v0"), to);
    for &(input, expected) in cases {
        assert_eq!(
            operation.run(&[input]),
            expected.map_err(|message| format!("panic {message}")),
            "{op} {from} -> {to} of {input:#x}"
        );
    }
}

fn f(x: f64) -> u64 {
    x.to_bits()
}

fn f32(x: f32) -> u64 {
    x.to_bits().into()
}

fn word(n: i64) -> u64 {
    n as u64
}

#[test]
fn casts_cannot_fail() {
    check("cast sign_extend", "i8", "i64", &[(0x80, Ok(word(-128))), (0x7f, Ok(127))]);
    check("cast sign_extend", "i16", "i32", &[(0xffff, Ok(0xffff_ffff))]);
    check("cast zero_extend", "i8", "i64", &[(0x80, Ok(128))]);
    check("cast zero_extend", "bool", "i8", &[(1, Ok(1))]);
    check("cast zero_extend", "bool", "i64", &[(1, Ok(1))]);
    check("cast truncate", "i64", "i8", &[(0x1234, Ok(0x34))]);
    check("cast signed_to_float", "i8", "f64", &[(0xff, Ok(f(-1.0)))]);
    check("cast signed_to_float", "i64", "f32", &[(word(i64::MIN), Ok(f32(i64::MIN as f32)))]);
    check("cast unsigned_to_float", "i8", "f32", &[(0xff, Ok(f32(255.0)))]);
    check("cast unsigned_to_float", "i32", "f64", &[(0xffff_ffff, Ok(f(4294967295.0)))]);
    let odd = 0x8000_0000_0000_0401;
    check(
        "cast unsigned_to_float",
        "i64",
        "f64",
        &[(odd, Ok(f(odd as f64))), (u64::MAX, Ok(f(u64::MAX as f64)))],
    );
    check("cast float_to_float", "f32", "f64", &[(f32(1.5), Ok(f(1.5)))]);
    check("cast float_to_float", "f64", "f32", &[(f(1e300), Ok(f32(f32::INFINITY)))]);
    check("cast bitcast", "f64", "i64", &[(f(-0.0), Ok(1 << 63))]);
    check("cast bitcast", "i64", "any", &[(9, Ok(9))]);
    check("cast bitcast", "i32", "f32", &[(f32(2.0), Ok(f32(2.0)))]);
}

#[test]
fn floats_saturate_as_in_rust() {
    let values = [
        0.0,
        -0.0,
        0.9,
        -0.9,
        1.5,
        -1.5,
        127.9,
        128.0,
        -128.9,
        -129.0,
        255.9,
        256.0,
        2147483647.5,
        -2147483648.5,
        4294967295.5,
        9.3e18,
        -9.3e18,
        1.9e19,
        1e300,
        -1e300,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    let all = |convert: &dyn Fn(f64) -> u64| -> Vec<(u64, Result<u64, &'static str>)> {
        values.iter().map(|&x| (f(x), Ok(convert(x)))).collect()
    };
    check("cast float_to_signed", "f64", "i8", &all(&|x| u64::from(x as i8 as u8)));
    check("cast float_to_signed", "f64", "i16", &all(&|x| u64::from(x as i16 as u16)));
    check("cast float_to_signed", "f64", "i32", &all(&|x| u64::from(x as i32 as u32)));
    check("cast float_to_signed", "f64", "i64", &all(&|x| x as i64 as u64));
    check("cast float_to_unsigned", "f64", "i8", &all(&|x| u64::from(x as u8)));
    check("cast float_to_unsigned", "f64", "i16", &all(&|x| u64::from(x as u16)));
    check("cast float_to_unsigned", "f64", "i32", &all(&|x| u64::from(x as u32)));
    check("cast float_to_unsigned", "f64", "i64", &all(&|x| x as u64));
    let narrow = |x: f32| (f32(x), Ok(u64::from(x as i32 as u32)));
    check("cast float_to_signed", "f32", "i32", &[narrow(3e9), narrow(-1.5), narrow(f32::NAN)]);
}

#[test]
fn integers_that_do_not_fit_panic() {
    let op = "checked_cast signed_to_signed";
    check(
        op,
        "i64",
        "i8",
        &[
            (127, Ok(127)),
            (word(-128), Ok(0x80)),
            (128, Err("ConversionInt 128 0")),
            (word(-129), Err("ConversionInt -129 0")),
        ],
    );
    check(op, "i8", "i64", &[(0x80, Ok(word(-128)))]);
    let op = "checked_cast signed_to_unsigned";
    check(
        op,
        "i64",
        "i8",
        &[(255, Ok(255)), (256, Err("ConversionInt 256 4")), (word(-1), Err("ConversionInt -1 4"))],
    );
    check(op, "i64", "i64", &[(5, Ok(5)), (word(-1), Err("ConversionInt -1 7"))]);
    check(op, "i8", "i32", &[(127, Ok(127)), (0xff, Err("ConversionInt -1 6"))]);
    let op = "checked_cast unsigned_to_signed";
    check(
        op,
        "i64",
        "i64",
        &[(5, Ok(5)), (u64::MAX, Err("ConversionUint 18446744073709551615 3"))],
    );
    check(op, "i8", "i8", &[(127, Ok(127)), (128, Err("ConversionUint 128 0"))]);
    check(op, "i8", "i16", &[(255, Ok(255))]);
    check(op, "i32", "i8", &[(127, Ok(127)), (128, Err("ConversionUint 128 0"))]);
    let op = "checked_cast unsigned_to_unsigned";
    check(op, "i16", "i8", &[(255, Ok(255)), (256, Err("ConversionUint 256 4"))]);
    check(op, "i16", "i64", &[(65535, Ok(65535))]);
}

#[test]
fn floats_that_do_not_fit_panic() {
    let op = "checked_cast float_to_signed";
    check(
        op,
        "f64",
        "i64",
        &[
            (f(-9223372036854775808.0), Ok(1 << 63)),
            (f(9223372036854774784.0), Ok(9223372036854774784)),
            (f(9223372036854775808.0), Err("ConversionFloat 9.223372036854776e18 3")),
            (f(-9223372036854777856.0), Err("ConversionFloat -9.223372036854778e18 3")),
            (f(f64::NAN), Err("ConversionFloat NaN 3")),
            (f(-1.9), Ok(word(-1))),
        ],
    );
    check(
        op,
        "f64",
        "i8",
        &[(f(127.9), Ok(127)), (f(-128.9), Ok(0x80)), (f(-129.0), Err("ConversionFloat -129.0 0"))],
    );
    check(
        op,
        "f64",
        "i32",
        &[
            (f(2147483647.9), Ok(0x7fff_ffff)),
            (f(2147483648.0), Err("ConversionFloat 2147483648.0 2")),
        ],
    );
    check(
        op,
        "f32",
        "i64",
        &[
            (f32(1e10), Ok(10_000_000_000)),
            (f32(1e19), Err("ConversionFloat 9.999999980506448e18 3")),
        ],
    );
    let op = "checked_cast float_to_unsigned";
    check(
        op,
        "f64",
        "i64",
        &[
            (f(-0.9), Ok(0)),
            (f(-1.0), Err("ConversionFloat -1.0 7")),
            (f(1.8e19), Ok(18_000_000_000_000_000_000)),
            (f(18446744073709551616.0), Err("ConversionFloat 1.8446744073709552e19 7")),
        ],
    );
    check(op, "f64", "i8", &[(f(255.9), Ok(255)), (f(256.0), Err("ConversionFloat 256.0 4"))]);
    check(op, "f64", "i32", &[(f(4294967295.9), Ok(0xffff_ffff))]);
}

#[test]
fn characters_are_scalar_values() {
    for (op, ty) in [("signed_to_char", "i64"), ("unsigned_to_char", "i32")] {
        let op = format!("checked_cast {op}");
        check(
            &op,
            ty,
            "i32",
            &[
                (0x41, Ok(0x41)),
                (0xd7ff, Ok(0xd7ff)),
                (0xe000, Ok(0xe000)),
                (0x10_ffff, Ok(0x10_ffff)),
            ],
        );
    }
    let op = "checked_cast signed_to_char";
    check(
        op,
        "i64",
        "i32",
        &[
            (0xd800, Err("ConversionInt 55296 8")),
            (0xdfff, Err("ConversionInt 57343 8")),
            (0x11_0000, Err("ConversionInt 1114112 8")),
            (word(-1), Err("ConversionInt -1 8")),
            (1 << 32 | 0x41, Err("ConversionInt 4294967361 8")),
        ],
    );
    check("checked_cast unsigned_to_char", "i8", "i32", &[(0xff, Ok(0xff))]);
}

#[test]
fn immediates_of_any() {
    let pack =
        |tag: &str, from: &str| Operation::new(&[from], &format!("any_pack {tag}, v0"), "any");
    let unpack =
        |tag: &str, to: &str| Operation::new(&["any"], &format!("any_unpack {tag}, v0"), to);
    let ints = (pack("int", "i64"), unpack("int", "i64"));
    for n in [0, 1, -1, (1 << 60) - 1, -(1 << 60)] {
        let packed = ints.0.run(&[word(n)]).expect("packing cannot fail");
        assert_eq!(Some(packed), sepal_abi::any_int(n));
        assert_eq!(ints.1.run(&[packed]), Ok(word(n)));
    }
    let floats = (pack("float", "f64"), unpack("float", "f64"));
    for x in [0.0, -0.0, 1.5, f64::INFINITY] {
        let packed = floats.0.run(&[f(x)]).expect("packing cannot fail");
        assert_eq!(Some(packed), sepal_abi::any_float(f(x)));
        assert_eq!(floats.1.run(&[packed]), Ok(f(x)));
    }
    let bools = (pack("bool", "bool"), unpack("bool", "bool"));
    for b in [false, true] {
        let packed = bools.0.run(&[b.into()]).expect("packing cannot fail");
        assert_eq!(packed, sepal_abi::any_bool(b));
        assert_eq!(bools.1.run(&[packed]), Ok(b.into()));
    }
    let tag = Operation::new(&["any"], "any_tag v0", "i64");
    assert_eq!((tag.run(&[12]), tag.run(&[16])), (Ok(4), Ok(0)));
}
