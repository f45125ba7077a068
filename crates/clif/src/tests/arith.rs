//! Operators against an oracle in 128-bit integers, over the values at the edges.

use super::Operation;
use sepal_mir::{BinOp, CheckedOp, UnaryOp};

const WIDTHS: [u32; 4] = [8, 16, 32, 64];

/// Values around every edge of `bits`, sign-extended.
fn edges(bits: u32) -> Vec<i64> {
    let least = i64::MIN >> (64 - bits);
    let mut values = vec![0, 1, 2, 3, 7, 10, -1, -2, -3, -10, least, least + 1, !least, !least - 1];
    values.extend([least / 2, least / 2 - 1, !least / 2, !least / 2 + 1, 0x55, i64::from(bits)]);
    values.extend([least >> (bits / 2), !least >> (bits / 2), (bits - 1).into()]);
    values.iter().map(|&v| v << (64 - bits) >> (64 - bits)).collect()
}

fn mask(value: i128, bits: u32) -> u64 {
    value as u64 & (u64::MAX >> (64 - bits))
}

fn unsigned(value: i64, bits: u32) -> i128 {
    i128::from(mask(value.into(), bits))
}

/// What a checked operator gives, from its definition.
fn oracle(op: CheckedOp, a: i64, b: i64, bits: u32) -> Result<u64, String> {
    let (sa, sb) = (i128::from(a), i128::from(b));
    let (ua, ub) = (unsigned(a, bits), unsigned(b, bits));
    let half = 1i128 << (bits - 1);
    let fit = |value: i128, signed: bool| {
        let range = if signed { -half..half } else { 0..2 * half };
        let fits = range.contains(&value);
        if fits { Ok(mask(value, bits)) } else { Err("panic IntegerOverflow".to_owned()) }
    };
    let nonzero = |n: i128| if n == 0 { Err("panic DivisionByZero".to_owned()) } else { Ok(()) };
    let count = || {
        if ub < i128::from(bits) {
            Ok(ub as u32)
        } else {
            Err(format!("panic ShiftOutOfRange {ub}"))
        }
    };
    match op {
        CheckedOp::SAdd => fit(sa + sb, true),
        CheckedOp::SSub => fit(sa - sb, true),
        CheckedOp::SMul => fit(sa * sb, true),
        CheckedOp::UAdd => fit(ua + ub, false),
        CheckedOp::USub => fit(ua - ub, false),
        CheckedOp::UMul => fit(ua.checked_mul(ub).unwrap_or(i128::MAX), false),
        CheckedOp::SDiv => nonzero(sb).and_then(|()| fit(sa / sb, true)),
        CheckedOp::SRem => nonzero(sb).and_then(|()| fit(sa % sb, true)),
        CheckedOp::UDiv => nonzero(ub).and_then(|()| fit(ua / ub, false)),
        CheckedOp::URem => nonzero(ub).and_then(|()| fit(ua % ub, false)),
        CheckedOp::Shl => count().map(|n| mask(ua << n, bits)),
        CheckedOp::SShr => count().map(|n| mask(sa >> n, bits)),
        CheckedOp::UShr => count().map(|n| mask(ua >> n, bits)),
    }
}

/// The panic names a 64-bit count as a signed number.
fn as_reported(result: Result<u64, String>) -> Result<u64, String> {
    result.map_err(|message| match message.strip_prefix("panic ShiftOutOfRange ") {
        Some(count) => {
            let count: u64 = count.parse().expect("a count");
            format!("panic ShiftOutOfRange {}", count as i64)
        }
        None => message,
    })
}

#[test]
fn checked_operators_on_variables() {
    for bits in WIDTHS {
        let ty = format!("i{bits}");
        for &op in CheckedOp::ALL {
            let code = format!("checked_op {}, v0, v1", op.name());
            let operation = Operation::new(&[&ty, &ty], &code, &ty);
            for a in edges(bits) {
                for b in edges(bits) {
                    let words = [mask(a.into(), bits), mask(b.into(), bits)];
                    let expected = as_reported(oracle(op, a, b, bits));
                    assert_eq!(operation.run(&words), expected, "{ty} {a} {} {b}", op.name());
                }
            }
        }
    }
}

#[test]
fn checked_operators_on_constants() {
    for bits in [8, 64] {
        let ty = format!("i{bits}");
        for &op in CheckedOp::ALL {
            for n in edges(bits) {
                check_constant(op, &ty, bits, n);
            }
        }
    }
}

/// `v0 op n` and `n op v0`, over all edges as `v0`.
fn check_constant(op: CheckedOp, ty: &str, bits: u32, n: i64) {
    let constant = format!("const_int {ty}, {n}\nv2: {ty} = checked_op {}", op.name());
    let right = Operation::shifted(ty, &format!("{constant}, v0, v1"));
    let left = Operation::shifted(ty, &format!("{constant}, v1, v0"));
    for a in edges(bits) {
        let word = [mask(a.into(), bits)];
        let expected = as_reported(oracle(op, a, n, bits));
        assert_eq!(right.run(&word), expected, "{ty} {a} {} const {n}", op.name());
        let expected = as_reported(oracle(op, n, a, bits));
        assert_eq!(left.run(&word), expected, "{ty} const {n} {} {a}", op.name());
    }
}

#[test]
fn integer_operators_wrap() {
    for bits in WIDTHS {
        let ty = format!("i{bits}");
        for &op in BinOp::ALL.iter().filter(|op| !op.is_float()) {
            let result = if op.is_comparison() { "bool" } else { &ty };
            let code = format!("bin_op {}, v0, v1", op.name());
            let operation = Operation::new(&[&ty, &ty], &code, result);
            for a in edges(bits) {
                for b in edges(bits) {
                    let Some(expected) = wrapping(op, a, b, bits) else { continue };
                    let words = [mask(a.into(), bits), mask(b.into(), bits)];
                    assert_eq!(operation.run(&words), Ok(expected), "{ty} {a} {} {b}", op.name());
                }
            }
        }
    }
}

/// `None` where the operator is not defined.
fn wrapping(op: BinOp, a: i64, b: i64, bits: u32) -> Option<u64> {
    let (sa, sb) = (i128::from(a), i128::from(b));
    let (ua, ub) = (unsigned(a, bits), unsigned(b, bits));
    let count = (ub % i128::from(bits)) as u32;
    let least = i128::from(i64::MIN >> (64 - bits));
    let value = match op {
        BinOp::Add => sa + sb,
        BinOp::Sub => sa - sb,
        BinOp::Mul => sa * sb,
        BinOp::SDiv | BinOp::SRem if sb == 0 || sa == least && sb == -1 => return None,
        BinOp::SDiv => sa / sb,
        BinOp::SRem => sa % sb,
        BinOp::UDiv => ua.checked_div(ub)?,
        BinOp::URem => ua.checked_rem(ub)?,
        BinOp::And => sa & sb,
        BinOp::Or => sa | sb,
        BinOp::Xor => sa ^ sb,
        BinOp::Shl => ua << count,
        BinOp::SShr => sa >> count,
        BinOp::UShr => ua >> count,
        BinOp::Eq => (sa == sb).into(),
        BinOp::Ne => (sa != sb).into(),
        BinOp::SLt => (sa < sb).into(),
        BinOp::SLe => (sa <= sb).into(),
        BinOp::SGt => (sa > sb).into(),
        BinOp::SGe => (sa >= sb).into(),
        BinOp::ULt => (ua < ub).into(),
        BinOp::ULe => (ua <= ub).into(),
        BinOp::UGt => (ua > ub).into(),
        BinOp::UGe => (ua >= ub).into(),
        BinOp::FAdd | BinOp::FSub | BinOp::FMul | BinOp::FDiv => return None,
        BinOp::FEq | BinOp::FNe | BinOp::FLt | BinOp::FLe | BinOp::FGt | BinOp::FGe => return None,
    };
    Some(mask(value, bits))
}

const FLOATS: [f64; 12] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -2.5,
    1e300,
    -1e300,
    f64::MIN_POSITIVE,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

#[test]
fn float_operators_are_ieee() {
    for &op in BinOp::ALL.iter().filter(|op| op.is_float()) {
        let result = if op.is_comparison() { "bool" } else { "f64" };
        let code = format!("bin_op {}, v0, v1", op.name());
        let operation = Operation::new(&["f64", "f64"], &code, result);
        for a in FLOATS {
            for b in FLOATS {
                let found = operation.run(&[a.to_bits(), b.to_bits()]).expect("floats never panic");
                let same =
                    |x: f64| found == x.to_bits() || x.is_nan() && f64::from_bits(found).is_nan();
                let fine = match op {
                    BinOp::FAdd => same(a + b),
                    BinOp::FSub => same(a - b),
                    BinOp::FMul => same(a * b),
                    BinOp::FDiv => same(a / b),
                    BinOp::FEq => found == u64::from(a == b),
                    BinOp::FNe => found == u64::from(a != b),
                    BinOp::FLt => found == u64::from(a < b),
                    BinOp::FLe => found == u64::from(a <= b),
                    BinOp::FGt => found == u64::from(a > b),
                    BinOp::FGe => found == u64::from(a >= b),
                    _ => unreachable!("the operator is one on floats"),
                };
                assert!(fine, "{a} {} {b}: {found:#x}", op.name());
            }
        }
    }
}

#[test]
fn operators_of_one_operand() {
    for bits in WIDTHS {
        let ty = format!("i{bits}");
        for &op in UnaryOp::ALL.iter().filter(|op| op.number() < 20) {
            let operation = Operation::new(&[&ty], &format!("unary_op {}, v0", op.name()), &ty);
            for a in edges(bits) {
                let pattern = mask(a.into(), bits);
                let expected = match op {
                    UnaryOp::Not => mask(!i128::from(a), bits),
                    UnaryOp::Neg => mask(-i128::from(a), bits),
                    UnaryOp::CountOnes => pattern.count_ones().into(),
                    UnaryOp::LeadingZeros => u64::from(pattern.leading_zeros() - (64 - bits)),
                    UnaryOp::TrailingZeros => pattern.trailing_zeros().min(bits).into(),
                    _ => unreachable!("the operator is one on integers"),
                };
                assert_eq!(operation.run(&[pattern]), Ok(expected), "{ty} {} {a}", op.name());
            }
        }
    }
    let not = Operation::new(&["bool"], "unary_op not, v0", "bool");
    assert_eq!((not.run(&[0]), not.run(&[1])), (Ok(1), Ok(0)));
    for &op in UnaryOp::ALL.iter().filter(|op| op.number() >= 20) {
        let operation = Operation::new(&["f64"], &format!("unary_op {}, v0", op.name()), "f64");
        for a in FLOATS {
            let expected = match op {
                UnaryOp::FNeg => -a,
                UnaryOp::FAbs => a.abs(),
                UnaryOp::FSqrt => a.sqrt(),
                UnaryOp::FFloor => a.floor(),
                UnaryOp::FCeil => a.ceil(),
                UnaryOp::FTrunc => a.trunc(),
                _ => unreachable!("the operator is one on floats"),
            };
            let found = operation.run(&[a.to_bits()]).expect("floats never panic");
            let same =
                found == expected.to_bits() || expected.is_nan() && f64::from_bits(found).is_nan();
            assert!(same, "{} {a}: {found:#x}", op.name());
        }
    }
}

#[test]
fn booleans() {
    for (name, expected) in [("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1]), ("xor", [0, 1, 1, 0])] {
        let code = format!("bin_op {name}, v0, v1");
        let operation = Operation::new(&["bool", "bool"], &code, "bool");
        for (n, &value) in (0u64..).zip(&expected) {
            assert_eq!(operation.run(&[n >> 1, n & 1]), Ok(value), "{name} {n:02b}");
        }
    }
    let select = Operation::new(&["bool", "i64", "f32"], "select v0, v1, v1", "i64");
    assert_eq!(select.run(&[1, 5, 0]), Ok(5));
}
