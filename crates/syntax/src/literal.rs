//! The values of literals: numbers, escapes, format specifications.
//!
//! Works on the text of one token. Mistakes are given to the caller with their byte range within
//! that text; a value comes out in any case.

use crate::ast::{Align, FormatSpec, FormatType, Sign};
use sepal_base::Span;
use std::ops::Range;

/// Whether the text, digits and what sticks to them, is a number that fits.
pub(crate) fn number_is_valid(text: &str) -> bool {
    // The usual short decimal needs no further look.
    if text.len() < 19 && text.bytes().all(|b| b.is_ascii_digit()) {
        return !has_leading_zero(text);
    }
    let underscores_fit = !text.ends_with('_') && !text.contains("__") && !text.contains("_.");
    let radix = radix(text);
    if radix != 10 || text.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return underscores_fit && !has_leading_zero(text) && parse_int(text).is_some();
    }
    underscores_fit && parse_float(text).is_finite()
}

/// Whether a decimal integer begins with a zero that says nothing, and elsewhere means octal: `08`.
fn has_leading_zero(text: &str) -> bool {
    radix(text) == 10 && text.starts_with('0') && text.bytes().any(|b| b != b'0')
}

/// The message for a text that [`number_is_valid`] refused.
pub(crate) fn explain_bad_number(text: &str) -> String {
    let radix = radix(text);
    let digits = if radix == 10 { text } else { &text[2..] };
    let is_digit = |c: char| c.is_digit(radix) || c == '_';
    if digits.chars().all(is_digit) {
        if digits.chars().all(|c| c == '_') {
            return format!("digits are missing behind `{text}`");
        }
        if has_leading_zero(text) {
            return "an integer does not begin with `0`; octal ones begin with `0o`".to_owned();
        }
        if parse_int(text).is_some() {
            return "`_` stands only between digits of a number".to_owned();
        }
        return "this integer does not fit 64 bits".to_owned();
    }
    if radix != 10 {
        let wrong = digits.chars().find(|&c| !is_digit(c)).unwrap_or('_');
        let name =
            ["binary", "octal", "hexadecimal"][usize::from(radix > 2) + usize::from(radix > 8)];
        return format!("`{wrong}` is no {name} digit");
    }
    if text.replace('_', "").parse::<f64>().is_ok_and(f64::is_infinite) {
        return "this number is too large for a float".to_owned();
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b"._eE+-".contains(&b)) {
        return format!("`{text}` is no number");
    }
    let end = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    format!("a number cannot be followed directly by `{}`", &text[end..])
}

fn radix(text: &str) -> u32 {
    match text.as_bytes() {
        [b'0', b'x', ..] => 16,
        [b'0', b'o', ..] => 8,
        [b'0', b'b', ..] => 2,
        _ => 10,
    }
}

/// The value of an integer token, if it fits.
pub(crate) fn parse_int(text: &str) -> Option<u64> {
    let radix = radix(text);
    let digits = if radix == 10 { text } else { &text[2..] };
    let mut value: u64 = 0;
    let mut any = false;
    for c in digits.chars().filter(|&c| c != '_') {
        any = true;
        let digit = c.to_digit(radix)?;
        value = value.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))?;
    }
    any.then_some(value)
}

/// The value of a float token; infinite if it is too large or no number.
pub(crate) fn parse_float(text: &str) -> f64 {
    let parsed = if text.contains('_') { text.replace('_', "").parse() } else { text.parse() };
    parsed.unwrap_or(f64::INFINITY)
}

/// What kind of text escapes are resolved in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextKind {
    Str,
    /// `{{` and `}}` stand for one brace.
    FString,
    Bytes,
}

/// A mistake in a literal: its range in the text, and the message.
pub(crate) type Mistake = (Range<usize>, String);

/// Resolves the escapes of `text`, which is what stands between the quotes.
pub(crate) fn unescape(text: &str, kind: TextKind, mistakes: &mut Vec<Mistake>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '{', '}']) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let start = text.len() - rest.len() + at;
        rest = &rest[at..];
        let taken = if rest.starts_with('\\') {
            escape(rest, start, kind, &mut out, mistakes)
        } else {
            out.push(rest.as_bytes()[0]);
            let doubled = rest.as_bytes().get(1) == rest.as_bytes().first();
            if kind == TextKind::FString && doubled { 2 } else { 1 }
        };
        rest = &rest[taken..];
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// Resolves the escape at the beginning of `rest` and gives its length.
fn escape(
    rest: &str,
    start: usize,
    kind: TextKind,
    out: &mut Vec<u8>,
    mistakes: &mut Vec<Mistake>,
) -> usize {
    let Some(letter) = rest[1..].chars().next() else {
        mistakes.push((start..start + 1, "a backslash needs a letter behind it".to_owned()));
        return 1;
    };
    let len = 1 + letter.len_utf8();
    let simple = match letter {
        'n' => b'\n',
        't' => b'\t',
        'r' => b'\r',
        '0' => b'\0',
        '\\' => b'\\',
        '"' => b'"',
        '\'' => b'\'',
        'u' if kind != TextKind::Bytes => return unicode_escape(rest, start, out, mistakes),
        'x' if kind == TextKind::Bytes => return byte_escape(rest, start, out, mistakes),
        _ => {
            let escape = &rest[..len];
            let message = match letter {
                'u' => format!("byte strings do not know `{escape}`"),
                'x' => "`\\x` is known in byte strings only; write `\\u{…}`".to_owned(),
                '\n' | '\r' => "a line end cannot be escaped".to_owned(),
                _ => format!("unknown escape `{escape}`"),
            };
            mistakes.push((start..start + len, message));
            out.extend_from_slice(&rest.as_bytes()[1..len]);
            return len;
        }
    };
    out.push(simple);
    len
}

fn unicode_escape(
    rest: &str,
    start: usize,
    out: &mut Vec<u8>,
    mistakes: &mut Vec<Mistake>,
) -> usize {
    let digits =
        rest[2..].strip_prefix('{').and_then(|r| r.split_once('}')).map(|(digits, _)| digits);
    let Some(digits) = digits.filter(|d| d.len() <= 8) else {
        mistakes.push((start..start + 2, "a Unicode escape is written `\\u{1F600}`".to_owned()));
        return 2;
    };
    let len = digits.len() + 4;
    let value = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'));
    match value.and_then(char::from_u32) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => mistakes.push((start..start + len, format!("`{digits}` is no Unicode character"))),
    }
    len
}

fn byte_escape(rest: &str, start: usize, out: &mut Vec<u8>, mistakes: &mut Vec<Mistake>) -> usize {
    let digits = rest.as_bytes().get(2..4).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
    match digits {
        Some(&[high, low]) => {
            let digit = |b: u8| (b as char).to_digit(16).unwrap_or(0) as u8;
            out.push(digit(high) * 16 + digit(low));
            4
        }
        Some(_) | None => {
            mistakes.push((start..start + 2, "a byte escape is written `\\xff`".to_owned()));
            2
        }
    }
}

/// Reads `[[fill]align][sign][#][0][width][,][.precision][type]`, which begins at `span.lo`.
pub(crate) fn parse_format_spec(text: &str, span: Span) -> Result<FormatSpec, Mistake> {
    let mut spec = FormatSpec {
        span,
        fill: ' ',
        align: None,
        sign: Sign::Minus,
        alternate: false,
        zero: false,
        width: None,
        thousands: false,
        precision: None,
        ty: None,
    };
    let mut rest = text;
    let mut chars = text.chars();
    if let (Some(fill), Some(align)) = (chars.next(), chars.next().and_then(align_of)) {
        (spec.fill, spec.align) = (fill, Some(align));
        rest = chars.as_str();
    } else if let Some(align) = text.chars().next().and_then(align_of) {
        spec.align = Some(align);
        rest = &text[1..];
    }
    let mut take = |sign: char| rest.strip_prefix(sign).map(|after| rest = after).is_some();
    spec.sign = if take('+') {
        Sign::Plus
    } else if take(' ') {
        Sign::Blank
    } else {
        take('-');
        Sign::Minus
    };
    spec.alternate = take('#');
    spec.zero = take('0');
    spec.width = take_number(text, &mut rest)?;
    let mut take = |sign: char| rest.strip_prefix(sign).map(|after| rest = after).is_some();
    spec.thousands = take(',');
    if take('.') {
        let at = text.len() - rest.len();
        spec.precision = take_number(text, &mut rest)?;
        if spec.precision.is_none() {
            return Err((at - 1..at, "digits are missing behind the `.`".to_owned()));
        }
    }
    if let Some(letter) = rest.chars().next() {
        let at = text.len() - rest.len();
        let Some(ty) = format_type_of(letter) else {
            let message = format!("`{letter}` is no format type; they are d x X o b e f g s %");
            return Err((at..at + letter.len_utf8(), message));
        };
        spec.ty = Some(ty);
        rest = &rest[letter.len_utf8()..];
    }
    if !rest.is_empty() {
        let at = text.len() - rest.len();
        return Err((
            at..text.len(),
            format!("nothing may follow the format type, but here is `{rest}`"),
        ));
    }
    Ok(spec)
}

fn take_number(text: &str, rest: &mut &str) -> Result<Option<u32>, Mistake> {
    let len = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, after) = rest.split_at(len);
    let at = text.len() - rest.len();
    *rest = after;
    if digits.is_empty() {
        return Ok(None);
    }
    // More than any line holds; keeps a slip from asking for gigabytes of blanks.
    const LIMIT: u32 = 1_000_000;
    match digits.parse().ok().filter(|&n: &u32| n <= LIMIT) {
        Some(number) => Ok(Some(number)),
        None => Err((at..at + len, format!("a width or precision is at most {LIMIT}"))),
    }
}

fn align_of(c: char) -> Option<Align> {
    match c {
        '<' => Some(Align::Left),
        '>' => Some(Align::Right),
        '^' => Some(Align::Centre),
        '=' => Some(Align::AfterSign),
        _ => None,
    }
}

fn format_type_of(c: char) -> Option<FormatType> {
    match c {
        'd' => Some(FormatType::Decimal),
        'x' => Some(FormatType::LowerHex),
        'X' => Some(FormatType::UpperHex),
        'o' => Some(FormatType::Octal),
        'b' => Some(FormatType::Binary),
        'e' => Some(FormatType::Exponent),
        'f' => Some(FormatType::Fixed),
        'g' => Some(FormatType::General),
        's' => Some(FormatType::Str),
        '%' => Some(FormatType::Percent),
        _ => None,
    }
}
