//! Every integer operator at the edges of every width, on registers and with constants, against Rust's own
//! arithmetic on wide numbers.

use super::{module, outcomes, plain};
use sepal_mir::{BinOp, CheckedOp, UnaryOp};

const WIDTHS: [u32; 4] = [8, 16, 32, 64];

/// Interesting numbers of a width, sign-extended.
fn edges(bits: u32) -> Vec<i64> {
    let least = i64::MIN >> (64 - bits);
    let mut edges =
        vec![0, 1, 2, 3, 7, -1, -2, -8, 10, 63, 64, 65, 100, least, least + 1, !least, !least - 1];
    edges.extend([0x55, -0x56, 8, 16, 31, 32, 33, 15]);
    edges.retain(|n| n << (64 - bits) >> (64 - bits) == *n);
    edges.sort_unstable();
    edges.dedup();
    edges
}

fn unsigned(n: i64, bits: u32) -> i128 {
    i128::from(n as u64 & (u64::MAX >> (64 - bits)))
}

fn wrap(n: i128, bits: u32) -> i64 {
    (n as i64) << (64 - bits) >> (64 - bits)
}

/// What an instruction must give for all pairs of edges: once with both in registers, once with the right
/// one a constant.
fn check_pairs(
    instruction: &str,
    bits: u32,
    result: &str,
    expected: impl Fn(i64, i64) -> Result<i64, &'static str>,
) {
    let (edges, ty) = (edges(bits), format!("i{bits}"));
    let compare = |text: &str, pairs: &[(i64, i64)], calls: Vec<Vec<u64>>| {
        for (outcome, &(a, b)) in outcomes(&module(text), plain(), &calls).iter().zip(pairs) {
            let expected = expected(a, b).map_err(|message| format!("panic: {message}\n"));
            let got = outcome.clone().map(|words| words[0] as i64);
            assert_eq!(got, expected, "{instruction} {a}, {b} of {ty}\n{text}");
        }
    };
    let pairs: Vec<(i64, i64)> =
        edges.iter().flat_map(|&a| edges.iter().map(move |&b| (a, b))).collect();
    let text = format!(
        "fn0 \"f\" ({ty}, {ty}) -> ({result}) {{\nblock0(v0: {ty}, v1: {ty}):\n\
         v2: {result} = {instruction}, v0, v1\nreturn_ [v2]\n}}"
    );
    let calls = pairs.iter().map(|&(a, b)| vec![a as u64, b as u64]).collect();
    compare(&text, &pairs, calls);
    for &b in &edges {
        let text = format!(
            "fn0 \"f\" ({ty}) -> ({result}) {{\nblock0(v0: {ty}):\nv1: {ty} = const_int {ty}, {b}\n\
             v2: {result} = {instruction}, v0, v1\nreturn_ [v2]\n}}"
        );
        let pairs: Vec<(i64, i64)> = edges.iter().map(|&a| (a, b)).collect();
        compare(&text, &pairs, edges.iter().map(|&a| vec![a as u64]).collect());
    }
}

/// A pure operator; `None` where its use is ruled out by a proof.
fn pure(op: BinOp, a: i64, b: i64, bits: u32) -> Option<i64> {
    let (wide_a, wide_b) = (i128::from(a), i128::from(b));
    let (ua, ub) = (unsigned(a, bits), unsigned(b, bits));
    let count = (b as u64 % u64::from(bits)) as u32;
    let holds = |condition: bool| i128::from(condition);
    let exact = match op {
        BinOp::Add => wide_a + wide_b,
        BinOp::Sub => wide_a - wide_b,
        BinOp::Mul => wide_a * wide_b,
        BinOp::SDiv if b != 0 => wide_a / wide_b,
        BinOp::SRem if b != 0 => wide_a % wide_b,
        BinOp::UDiv if b != 0 => ua / ub,
        BinOp::URem if b != 0 => ua % ub,
        BinOp::SDiv | BinOp::SRem | BinOp::UDiv | BinOp::URem => return None,
        BinOp::And => wide_a & wide_b,
        BinOp::Or => wide_a | wide_b,
        BinOp::Xor => wide_a ^ wide_b,
        BinOp::Shl => ua << count,
        BinOp::SShr => wide_a >> count,
        BinOp::UShr => ua >> count,
        BinOp::Eq => holds(a == b),
        BinOp::Ne => holds(a != b),
        BinOp::SLt => holds(a < b),
        BinOp::SLe => holds(a <= b),
        BinOp::SGt => holds(a > b),
        BinOp::SGe => holds(a >= b),
        BinOp::ULt => holds(ua < ub),
        BinOp::ULe => holds(ua <= ub),
        BinOp::UGt => holds(ua > ub),
        BinOp::UGe => holds(ua >= ub),
        _ => panic!("floats are tested elsewhere"),
    };
    let signed = matches!(op, BinOp::SDiv);
    let fits = !signed || i128::from(wrap(exact, bits)) == exact;
    fits.then(|| wrap(exact, bits))
}

#[test]
fn pure_operators() {
    for &op in BinOp::ALL.iter().filter(|op| !op.is_float()) {
        for bits in WIDTHS {
            let result = if op.is_comparison() { "bool".to_owned() } else { format!("i{bits}") };
            let instruction = format!("bin_op {}", op.name());
            let expected = |a, b| {
                // What a proof rules out is answered as the checked operator does.
                pure(op, a, b, bits).ok_or(if b == 0 {
                    "division by zero"
                } else {
                    "integer overflow"
                })
            };
            check_pairs(&instruction, bits, &result, expected);
        }
    }
}

fn checked(op: CheckedOp, a: i64, b: i64, bits: u32) -> Result<i64, &'static str> {
    let (wide_a, wide_b) = (i128::from(a), i128::from(b));
    let (ua, ub) = (unsigned(a, bits), unsigned(b, bits));
    let by_zero = b == 0;
    let signed = |exact: i128| Some(exact).filter(|&n| i128::from(wrap(n, bits)) == n);
    let in_unsigned = |exact: i128| Some(exact).filter(|n| (0..1 << bits).contains(n));
    let result = match op {
        CheckedOp::SAdd => signed(wide_a + wide_b),
        CheckedOp::SSub => signed(wide_a - wide_b),
        CheckedOp::SMul => signed(wide_a * wide_b),
        CheckedOp::UAdd => in_unsigned(ua + ub),
        CheckedOp::USub => in_unsigned(ua - ub),
        CheckedOp::UMul => in_unsigned(ua.checked_mul(ub).unwrap_or(-1)),
        CheckedOp::SDiv | CheckedOp::SRem | CheckedOp::UDiv | CheckedOp::URem if by_zero => {
            return Err("division by zero");
        }
        CheckedOp::SDiv => signed(wide_a / wide_b),
        CheckedOp::SRem => signed(wide_a % wide_b),
        CheckedOp::UDiv => Some(ua / ub),
        CheckedOp::URem => Some(ua % ub),
        CheckedOp::Shl | CheckedOp::SShr | CheckedOp::UShr => {
            if ub >= i128::from(bits) {
                return Err("shift count out of range: ");
            }
            Some(match op {
                CheckedOp::Shl => ua << ub,
                CheckedOp::SShr => wide_a >> ub,
                _ => ua >> ub,
            })
        }
    };
    result.map(|exact| wrap(exact, bits)).ok_or("integer overflow")
}

#[test]
fn checked_operators() {
    let shifts = |op: CheckedOp| op.is_shift();
    for &op in CheckedOp::ALL.iter().filter(|&&op| !shifts(op)) {
        for bits in WIDTHS {
            let instruction = format!("checked_op {}", op.name());
            check_pairs(&instruction, bits, &format!("i{bits}"), |a, b| checked(op, a, b, bits));
        }
    }
}

#[test]
fn checked_shifts_name_the_count() {
    for &op in CheckedOp::ALL.iter().filter(|op| op.is_shift()) {
        for bits in WIDTHS {
            let ty = format!("i{bits}");
            let text = format!(
                "fn0 \"f\" ({ty}, {ty}) -> ({ty}) {{\nblock0(v0: {ty}, v1: {ty}):\n\
                 v2: {ty} = checked_op {}, v0, v1\nreturn_ [v2]\n}}",
                op.name()
            );
            let edges = edges(bits);
            let pairs: Vec<(i64, i64)> =
                edges.iter().flat_map(|&a| edges.iter().map(move |&b| (a, b))).collect();
            let calls: Vec<Vec<u64>> =
                pairs.iter().map(|&(a, b)| vec![a as u64, b as u64]).collect();
            for (got, &(a, b)) in outcomes(&module(&text), plain(), &calls).iter().zip(&pairs) {
                let shown = unsigned(b, bits) as i64;
                let expected = checked(op, a, b, bits).map(|n| vec![n as u64]);
                let expected = expected.map_err(|message| format!("panic: {message}{shown}\n"));
                assert_eq!(*got, expected, "{} {a}, {b} of {ty}", op.name());
            }
        }
    }
}

#[test]
fn shift_counts_may_be_of_another_type() {
    for (count, expected) in [("3", "-128"), ("-1", "panic: shift count out of range: 255")] {
        let body = format!(
            "v0: i64 = const_int i64, -16\nv1: i8 = const_int i8, {count}\n\
             v2: i64 = checked_op shl, v0, v1\nreturn_ [v2]"
        );
        super::check_body("", "i64", &body, expected);
    }
    let body = "v0: i32 = const_int i32, -16\nv1: i64 = const_int i64, 33\n\
                v2: i32 = bin_op ushr, v0, v1\nreturn_ [v2]";
    super::check_body("", "i32", body, "2147483640");
}

#[test]
fn operators_of_one_operand() {
    let expected = |op: UnaryOp, n: i64, bits: u32| {
        let pattern = unsigned(n, bits) as u64;
        wrap(
            match op {
                UnaryOp::Not => i128::from(!n),
                UnaryOp::Neg => -i128::from(n),
                UnaryOp::CountOnes => i128::from(pattern.count_ones()),
                UnaryOp::LeadingZeros => {
                    i128::from(pattern.leading_zeros()) - i128::from(64 - bits)
                }
                UnaryOp::TrailingZeros => i128::from(pattern.trailing_zeros().min(bits)),
                _ => panic!("floats are tested elsewhere"),
            },
            bits,
        )
    };
    for &op in &UnaryOp::ALL[..5] {
        for bits in WIDTHS {
            let ty = format!("i{bits}");
            let text = format!(
                "fn0 \"f\" ({ty}) -> ({ty}) {{\nblock0(v0: {ty}):\nv1: {ty} = unary_op {}, v0\nreturn_ [v1]\n}}",
                op.name()
            );
            let edges = edges(bits);
            let calls: Vec<Vec<u64>> = edges.iter().map(|&n| vec![n as u64]).collect();
            for (got, &n) in outcomes(&module(&text), plain(), &calls).iter().zip(&edges) {
                assert_eq!(
                    *got,
                    Ok(vec![expected(op, n, bits) as u64]),
                    "{} {n} of {ty}",
                    op.name()
                );
            }
        }
    }
}

#[test]
fn branches_agree_with_comparisons() {
    for &op in BinOp::ALL.iter().filter(|op| op.is_comparison() && !op.is_float()) {
        let compared = |operands: &str, define: &str| {
            format!(
                "fn0 \"f\" (i64, i64) -> (i64) {{\nblock0(v0: i64, v1: i64):\n{define}\
                 v3: bool = bin_op {}, {operands}\nbranch v3, block1, block2, unknown\n\
                 block1:\nv4: i64 = const_int i64, 1\nreturn_ [v4]\n\
                 block2:\nv5: i64 = const_int i64, 0\nreturn_ [v5]\n}}",
                op.name()
            )
        };
        for a in [-5, 0, 3, 4, i64::MAX, i64::MIN] {
            for b in [-5, 0, 3, 4, i64::MAX, i64::MIN] {
                let expected =
                    pure(op, a, b, 64).expect("comparisons always give something") as u64;
                let define = |n: i64| format!("v2: i64 = const_int i64, {n}\n");
                let forms = [
                    compared("v0, v1", &define(0)),
                    compared("v0, v2", &define(b)),
                    compared("v2, v1", &define(a)),
                ];
                for text in forms {
                    let got = &outcomes(&module(&text), plain(), &[vec![a as u64, b as u64]])[0];
                    assert_eq!(*got, Ok(vec![expected]), "{a}, {b}\n{text}");
                }
            }
        }
    }
}

#[test]
fn bools() {
    let body = "v0: bool = const_bool true\nv1: bool = const_bool false\n\
        v2: bool = bin_op and, v0, v1\nv3: bool = bin_op or, v0, v1\nv4: bool = bin_op xor, v0, v0\n\
        v5: bool = bin_op eq, v1, v1\nv8: bool = copy v5\nv6: bool = unary_op not, v8\nv7: i64 = cast zero_extend, i64, v3\n\
        return_ [v2, v3, v4, v5, v6, v7]";
    super::check_body(
        "",
        "bool, bool, bool, bool, bool, i64",
        body,
        "false true false true false 1",
    );
}
