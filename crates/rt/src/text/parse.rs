//! Reading numbers, as `int.parse` and `float.parse` accept them.
//!
//! Integers: an optional minus and decimal digits. Floats: an optional minus, digits with an optional
//! fraction and exponent, `inf`, `nan`. Nothing else: no blanks, no `+`, no `_`.

use sepal_abi::NumType;

/// Reads an integer of a type. `None` if it is not one, or does not fit.
pub fn int(text: &[u8], num_type: NumType) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value: u64 = 0;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    let value = if negative { -i128::from(value) } else { i128::from(value) };
    let (least, greatest) = num_type.range();
    (least <= value && value <= greatest).then_some(value as i64)
}

/// Reads a float. `None` if it is not one.
pub fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let special = unsigned == "inf" || unsigned == "nan";
    if special || is_decimal(unsigned.as_bytes()) { text.parse().ok() } else { None }
}

/// `digits [. digits] [e [sign] digits]`
fn is_decimal(text: &[u8]) -> bool {
    let Some(mut rest) = skip_digits(text) else { return false };
    if let Some(fraction) = rest.strip_prefix(b".") {
        match skip_digits(fraction) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let digits = match exponent {
            [b'+' | b'-', digits @ ..] => digits,
            digits => digits,
        };
        return skip_digits(digits).is_some_and(<[u8]>::is_empty);
    }
    rest.is_empty()
}

/// What follows one or more digits.
fn skip_digits(text: &[u8]) -> Option<&[u8]> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then(|| &text[count..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_int(text: &str, num_type: NumType, expected: Option<i64>) {
        assert_eq!(int(text.as_bytes(), num_type), expected, "{text}");
    }

    #[test]
    fn integers_are_a_minus_and_digits() {
        check_int("0", NumType::Int, Some(0));
        check_int("-12", NumType::Int, Some(-12));
        check_int("007", NumType::Int, Some(7));
        check_int("9223372036854775807", NumType::Int, Some(i64::MAX));
        check_int("-9223372036854775808", NumType::Int, Some(i64::MIN));
        check_int("9223372036854775808", NumType::Int, None);
        check_int("18446744073709551615", NumType::U64, Some(-1));
        check_int("18446744073709551616", NumType::U64, None);
        check_int("-1", NumType::U8, None);
        check_int("255", NumType::U8, Some(255));
        check_int("256", NumType::U8, None);
        for bad in ["", "-", "+1", " 1", "1 ", "1_000", "0x1", "1.0", "--1", "١"] {
            check_int(bad, NumType::Int, None);
        }
    }

    #[test]
    fn floats_are_decimal_or_special() {
        let check = |text, expected| assert_eq!(float(text), expected, "{text}");
        check("1", Some(1.0));
        check("-1.5e3", Some(-1500.0));
        check("1E-2", Some(0.01));
        check("1e+2", Some(100.0));
        check("1e400", Some(f64::INFINITY));
        check("inf", Some(f64::INFINITY));
        check("-inf", Some(f64::NEG_INFINITY));
        assert!(float("nan").is_some_and(f64::is_nan));
        assert_eq!(float("-0").map(f64::to_bits), Some((-0.0f64).to_bits()));
        for bad in
            ["", "-", ".5", "5.", "+1", "1e", "1e+", "infinity", "NaN", "1_0", " 1", "0x1", "1.e5"]
        {
            check(bad, None);
        }
    }
}
