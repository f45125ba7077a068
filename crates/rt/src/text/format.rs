//! Values by a format specification: Python's rules.
//!
//! `None` means that the specification does not fit the kind of value. A float without a type letter and
//! without precision has the language's own form of exponents.

use super::float::{push_float, push_special};
use sepal_abi::{Align, FormatSpec, Grouping, Presentation, Sign};

/// An integer; `value` holds every `int` and every `u64`.
pub fn int(value: i128, spec: &FormatSpec) -> Option<String> {
    if !spec.fits_int() {
        return None;
    }
    let magnitude = value.unsigned_abs();
    let number = |prefix, digits: String, group| Number {
        negative: value < 0,
        prefix,
        digits,
        fraction: String::new(),
        group,
    };
    let number = match spec.presentation {
        None | Some(Presentation::Decimal) => number("", magnitude.to_string(), 3),
        Some(Presentation::Binary) => number("0b", format!("{magnitude:b}"), 4),
        Some(Presentation::Octal) => number("0o", format!("{magnitude:o}"), 4),
        Some(Presentation::LowerHex) => number("0x", format!("{magnitude:x}"), 4),
        Some(Presentation::UpperHex) => number("0X", format!("{magnitude:X}"), 4),
        Some(Presentation::Char) => return char_of(value, spec),
        Some(
            Presentation::Exponent { .. }
            | Presentation::Fixed { .. }
            | Presentation::General { .. }
            | Presentation::Percent,
        ) => return float(value as f64, spec),
        Some(Presentation::Str) => return None,
    };
    Some(number.shown(spec))
}

fn char_of(value: i128, spec: &FormatSpec) -> Option<String> {
    let c = char::from_u32(u32::try_from(value).ok()?)?;
    Some(padded(c.encode_utf8(&mut [0; 4]), spec, Align::Left))
}

/// A float.
pub fn float(x: f64, spec: &FormatSpec) -> Option<String> {
    if !spec.fits_float() {
        return None;
    }
    let negative = x.is_sign_negative() && !x.is_nan();
    let mut shown = String::new();
    if !push_special(&mut shown, x.abs()) {
        push_magnitude(&mut shown, x.abs(), spec);
    }
    if spec.presentation == Some(Presentation::Percent) {
        shown.push('%');
    }
    if is_upper(spec) {
        shown.make_ascii_uppercase();
    }
    let is_zero =
        shown.bytes().take_while(|&b| b != b'e' && b != b'E').all(|b| !(b'1'..=b'9').contains(&b));
    let negative = negative && !(spec.no_negative_zero && is_zero && x.is_finite());
    let whole = if x.is_finite() {
        shown.bytes().take_while(u8::is_ascii_digit).count()
    } else {
        shown.len()
    };
    let fraction = shown.split_off(whole);
    let number = Number { negative, prefix: "", digits: shown, fraction, group: 3 };
    // Zeros before `inf` and `nan` are Python's way too.
    Some(number.shown(spec))
}

fn is_upper(spec: &FormatSpec) -> bool {
    matches!(
        spec.presentation,
        Some(
            Presentation::Exponent { upper: true }
                | Presentation::Fixed { upper: true }
                | Presentation::General { upper: true }
        )
    )
}

/// A string.
pub fn str(text: &str, spec: &FormatSpec) -> Option<String> {
    if !spec.fits_str() {
        return None;
    }
    let end = spec.precision.and_then(|most| text.char_indices().nth(most as usize));
    Some(padded(&text[..end.map_or(text.len(), |(at, _)| at)], spec, Align::Left))
}

/// No float has more digits that are not zero; formatting more is left to padding.
const MAX_DIGITS: usize = 1100;
/// What Python takes where no precision is given.
const DEFAULT_PRECISION: usize = 6;

/// Appends a finite float that is not negative, as the specification's type says.
fn push_magnitude(out: &mut String, x: f64, spec: &FormatSpec) {
    let given = spec.precision.map(|precision| precision as usize);
    let precision = given.unwrap_or(DEFAULT_PRECISION);
    match (spec.presentation, given) {
        (None, None) => push_float(out, x),
        (None, Some(precision)) => push_general(out, x, precision, spec.alternate, true),
        (Some(Presentation::General { .. }), _) => {
            push_general(out, x, precision, spec.alternate, false);
        }
        (Some(Presentation::Exponent { .. }), _) => {
            push_exponent(out, x, precision, spec.alternate)
        }
        (Some(Presentation::Percent), _) => push_fixed(out, x * 100.0, precision, spec.alternate),
        // The other letters do not fit floats and were refused.
        (Some(_), _) => push_fixed(out, x, precision, spec.alternate),
    }
}

fn push_fixed(out: &mut String, x: f64, precision: usize, alternate: bool) {
    // A percentage may have become infinite.
    if push_special(out, x) {
        return;
    }
    let exact = precision.min(MAX_DIGITS);
    out.push_str(&format!("{x:.exact$}"));
    out.extend(std::iter::repeat_n('0', precision - exact));
    if alternate && precision == 0 {
        out.push('.');
    }
}

/// The digits and the exponent of `d.ddd` with so many digits behind the point.
fn exponent_form(x: f64, precision: usize) -> (String, i32) {
    let exact = precision.min(MAX_DIGITS);
    let text = format!("{x:.exact$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let zeros = std::iter::repeat_n('0', precision - exact);
    (digits.chars().chain(zeros).collect(), exponent.parse().unwrap_or(0))
}

fn push_exponent(out: &mut String, x: f64, precision: usize, alternate: bool) {
    let (digits, exponent) = exponent_form(x, precision);
    out.push_str(&digits);
    if alternate && precision == 0 {
        out.push('.');
    }
    push_e(out, exponent);
}

/// At least two digits and a sign.
fn push_e(out: &mut String, exponent: i32) {
    let sign = if exponent < 0 { '-' } else { '+' };
    out.push_str(&format!("e{sign}{:02}", exponent.unsigned_abs()));
}

/// `g`: fixed or exponent form by size, without trailing zeros. With `keep_point` (no type letter) a whole
/// number keeps `.0`, and the exponent form begins one digit earlier.
fn push_general(out: &mut String, x: f64, precision: usize, alternate: bool, keep_point: bool) {
    let precision = precision.max(1);
    let (digits, exponent) = exponent_form(x, precision - 1);
    let fixed_to = precision as i32 - i32::from(keep_point);
    if exponent < -4 || exponent >= fixed_to {
        out.push_str(if alternate { &digits } else { trim_zeros(&digits) });
        if alternate && precision == 1 {
            out.push('.');
        }
        push_e(out, exponent);
        return;
    }
    let mut fixed = String::new();
    push_fixed(&mut fixed, x, (precision as i32 - 1 - exponent).max(0) as usize, alternate);
    let shown = if alternate { &fixed } else { trim_zeros(&fixed) };
    out.push_str(shown);
    if keep_point && !shown.contains('.') {
        out.push_str(".0");
    } else if keep_point && shown.ends_with('.') {
        out.push('0');
    }
}

/// Without zeros at the end of a fraction, and without a point there.
fn trim_zeros(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

/// The parts of a shown number.
struct Number {
    negative: bool,
    /// Shown with `#`.
    prefix: &'static str,
    digits: String,
    /// What follows the digits: point, fraction, exponent, `%`.
    fraction: String,
    /// So many digits stand between separators.
    group: usize,
}

impl Number {
    fn shown(&self, spec: &FormatSpec) -> String {
        let sign = match (self.negative, spec.sign) {
            (true, _) => "-",
            (false, Some(Sign::Plus)) => "+",
            (false, Some(Sign::Space)) => " ",
            (false, Some(Sign::Minus) | None) => "",
        };
        let head = [sign, if spec.alternate { self.prefix } else { "" }].concat();
        let align =
            spec.align.unwrap_or(if spec.zero_pad { Align::AfterSign } else { Align::Right });
        let room = (spec.width as usize).saturating_sub(head.len() + self.fraction.len());
        if align == Align::AfterSign && spec.fill == '0' {
            return [head, self.grouped(spec.grouping, room), self.fraction.clone()].concat();
        }
        let digits = self.grouped(spec.grouping, 0);
        if align == Align::AfterSign {
            let padding: String =
                std::iter::repeat_n(spec.fill, room.saturating_sub(digits.len())).collect();
            return [head, padding, digits, self.fraction.clone()].concat();
        }
        padded(&[head, digits, self.fraction.clone()].concat(), spec, align)
    }

    /// The digits with separators, and with zeros in front up to a width. A separator never comes first, so the
    /// result may be wider by one.
    fn grouped(&self, grouping: Option<Grouping>, width: usize) -> String {
        // `inf` and `nan` are not grouped.
        let are_digits = self.digits.bytes().all(|b| b.is_ascii_hexdigit());
        let separator = match grouping.filter(|_| are_digits) {
            None => {
                let zeros = std::iter::repeat_n('0', width.saturating_sub(self.digits.len()));
                return zeros.chain(self.digits.chars()).collect();
            }
            Some(Grouping::Comma) => ',',
            Some(Grouping::Underscore) => '_',
        };
        let mut reversed = String::new();
        let mut digits = self.digits.chars().rev();
        let mut count = 0;
        loop {
            let next = digits.next();
            if next.is_none() && reversed.len() >= width {
                return reversed.chars().rev().collect();
            }
            if count > 0 && count % self.group == 0 {
                reversed.push(separator);
            }
            reversed.push(next.unwrap_or('0'));
            count += 1;
        }
    }
}

/// Text in a field of the specification's width, which counts characters.
fn padded(text: &str, spec: &FormatSpec, default: Align) -> String {
    let missing = (spec.width as usize).saturating_sub(text.chars().count());
    let before = match spec.align.unwrap_or(default) {
        Align::Left => 0,
        Align::Right | Align::AfterSign => missing,
        Align::Center => missing / 2,
    };
    let fills = |count| std::iter::repeat_n(spec.fill, count);
    fills(before).chain(text.chars()).chain(fills(missing - before)).collect()
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
