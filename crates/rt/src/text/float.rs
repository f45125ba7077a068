//! Floats as text: the shortest digits that read back as the same number, in Python's forms.
//!
//! Below 1e-4 and from 1e16 with an exponent, written `1e16`, `1e-5`; otherwise always with a point.

use std::fmt::{self, LowerExp, Write};
use std::str::FromStr;

/// Exponents below are written with `e`.
const MIN_PLAIN: i32 = -4;
/// Exponents from here on are written with `e`.
const MAX_PLAIN: i32 = 16;

/// So many digits the shortest text of a number has at least if it lies halfway between two of
/// them: fewer are further apart than the texts that read back as one number. `{:e}` takes the
/// upper one then, Python the one whose last digit is even.
const MIN_HALVES: usize = 16;
/// The same for 32-bit floats.
const MIN_HALVES_NARROW: usize = 7;

/// A float's shortest decimal digits: `0.d1d2d3… × 10^(exponent + 1)`.
struct Digits {
    text: Scratch,
    negative: bool,
    exponent: i32,
}

/// A text on the stack; the longest is `-1.7976931348623157e-308`.
struct Scratch {
    bytes: [u8; 32],
    len: usize,
}

impl Write for Scratch {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let place = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

impl Scratch {
    fn of(shown: fmt::Arguments<'_>) -> Scratch {
        let mut text = Scratch { bytes: [0; 32], len: 0 };
        // The longest number fits.
        let _ = text.write_fmt(shown);
        text
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    /// What `{:e}` writes of a finite number, taken apart.
    fn digits(self) -> Digits {
        let mut text = self;
        let negative = text.bytes[0] == b'-';
        let (mut exponent, mut exponent_negative, mut in_exponent, mut len) = (0, false, false, 0);
        for index in usize::from(negative)..text.len {
            match text.bytes[index] {
                b'e' => in_exponent = true,
                b'-' => exponent_negative = true,
                digit @ b'0'..=b'9' if in_exponent => {
                    exponent = exponent * 10 + i32::from(digit - b'0')
                }
                digit @ b'0'..=b'9' => {
                    text.bytes[len] = digit;
                    len += 1;
                }
                _ => {}
            }
        }
        text.len = len;
        let exponent = if exponent_negative { -exponent } else { exponent };
        Digits { text, negative, exponent }
    }
}

/// The shortest digits of a finite number that read back as it, of several the nearest.
fn shortest<F: Copy + PartialEq + LowerExp + FromStr>(x: F, min_halves: usize) -> Digits {
    let number = Scratch::of(format_args!("{x:e}")).digits();
    let last_is_odd = number.text.len > 0 && number.text.bytes[number.text.len - 1] % 2 == 1;
    if number.text.len < min_halves || !last_is_odd {
        return number;
    }
    let precision = number.text.len - 1;
    let even = Scratch::of(format_args!("{x:.precision$e}"));
    if even.as_str().parse().is_ok_and(|back: F| back == x) { even.digits() } else { number }
}

/// Appends a float.
pub fn push_float(out: &mut String, x: f64) {
    if !push_special(out, x) {
        push_digits(out, &shortest(x, MIN_HALVES));
    }
}

/// Appends a 32-bit float with its own shortest digits.
pub fn push_f32(out: &mut String, x: f32) {
    if !push_special(out, f64::from(x)) {
        push_digits(out, &shortest(x, MIN_HALVES_NARROW));
    }
}

/// Appends `nan`, `inf` or `-inf`.
pub fn push_special(out: &mut String, x: f64) -> bool {
    if x.is_nan() {
        out.push_str("nan");
    } else if x.is_infinite() {
        out.push_str(if x < 0.0 { "-inf" } else { "inf" });
    }
    !x.is_finite()
}

fn push_digits(out: &mut String, number: &Digits) {
    let digits = std::str::from_utf8(&number.text.bytes[..number.text.len]).unwrap_or("0");
    if number.negative {
        out.push('-');
    }
    let zeros = |out: &mut String, count: i32| (0..count).for_each(|_| out.push('0'));
    let exponent = number.exponent;
    if !(MIN_PLAIN..MAX_PLAIN).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        // Writing into a string does not fail.
        let _ = write!(out, "e{exponent}");
    } else if exponent < 0 {
        out.push_str("0.");
        zeros(out, -exponent - 1);
        out.push_str(digits);
    } else {
        let point = exponent as usize + 1;
        let (whole, fraction) = digits.split_at(point.min(digits.len()));
        out.push_str(whole);
        zeros(out, point as i32 - whole.len() as i32);
        out.push('.');
        out.push_str(if fraction.is_empty() { "0" } else { fraction });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn show(x: f64) -> String {
        let mut out = String::new();
        push_float(&mut out, x);
        out
    }

    fn check(x: f64, expected: &str) {
        assert_eq!(show(x), expected);
    }

    #[test]
    fn forms_are_pythons_with_plain_exponents() {
        check(0.0, "0.0");
        check(-0.0, "-0.0");
        check(3.0, "3.0");
        check(-1.5, "-1.5");
        check(0.1 + 0.2, "0.30000000000000004");
        check(0.0001, "0.0001");
        check(0.00012345, "0.00012345");
        check(0.00001, "1e-5");
        check(1e15, "1000000000000000.0");
        check(9007199254740993.0, "9007199254740992.0");
        check(1e16, "1e16");
        check(1.25e16, "1.25e16");
        check(123456.789, "123456.789");
        check(1e100, "1e100");
        check(f64::MAX, "1.7976931348623157e308");
        check(f64::MIN_POSITIVE, "2.2250738585072014e-308");
        check(-5e-324, "-5e-324");
        check(957750079339352.25, "957750079339352.2");
        check(957750079339352.75, "957750079339352.8");
        check(2f64.powi(-1074), "5e-324");
        check(f64::NAN, "nan");
        check(f64::INFINITY, "inf");
        check(f64::NEG_INFINITY, "-inf");
    }

    #[test]
    fn narrow_floats_have_their_own_digits() {
        let mut out = String::new();
        push_f32(&mut out, 0.1);
        out.push(' ');
        push_f32(&mut out, f32::MAX);
        out.push(' ');
        push_f32(&mut out, f32::NAN);
        assert_eq!(out, "0.1 3.4028235e38 nan");
    }

    proptest! {
        #[test]
        fn texts_read_back_bit_for_bit(bits: u64) {
            let x = f64::from_bits(bits);
            let text = show(x);
            if !x.is_nan() {
                let back: f64 = text.parse().expect("a number");
                prop_assert_eq!(back.to_bits(), bits);
            }
            prop_assert!(!x.is_finite() || text.contains(['.', 'e']));
        }

        #[test]
        fn short_decimals_stay_short(digits in -1_000_000i64..1_000_000, scale in 0u32..5) {
            let x = digits as f64 / f64::from(10u32.pow(scale));
            prop_assert!(show(x).len() <= digits.to_string().len().max(scale as usize + 2) + 2);
        }
    }
}
