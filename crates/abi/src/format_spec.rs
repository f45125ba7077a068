//! Format specifications, `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`: Python's.
//!
//! Parsing only, so that the compiler can refuse a bad one with the very rules the runtime uses.
//! Must never know how anything is printed.

/// Where the text goes in a wider field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    /// `<`
    Left,
    /// `>`
    Right,
    /// `^`
    Center,
    /// `=`: the padding stands between sign and digits.
    AfterSign,
}

/// What stands before a number that is not negative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// `-`: nothing.
    Minus,
    /// `+`
    Plus,
    /// A blank.
    Space,
}

/// What separates the digits' groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grouping {
    Comma,
    Underscore,
}

/// The letter at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presentation {
    /// `b`
    Binary,
    /// `o`
    Octal,
    /// `d`
    Decimal,
    /// `x`
    LowerHex,
    /// `X`
    UpperHex,
    /// `c`
    Char,
    /// `e`, `E`
    Exponent { upper: bool },
    /// `f`, `F`
    Fixed { upper: bool },
    /// `g`, `G`
    General { upper: bool },
    /// `%`
    Percent,
    /// `s`
    Str,
}

impl Presentation {
    /// Whether integers can be shown so.
    pub const fn fits_int(self) -> bool {
        !matches!(self, Presentation::Str)
    }

    /// Whether floats can be shown so.
    pub const fn fits_float(self) -> bool {
        matches!(
            self,
            Presentation::Exponent { .. }
                | Presentation::Fixed { .. }
                | Presentation::General { .. }
                | Presentation::Percent
        )
    }
}

/// A parsed specification.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FormatSpec {
    pub fill: char,
    pub align: Option<Align>,
    pub sign: Option<Sign>,
    /// `z`: a negative zero loses its sign.
    pub no_negative_zero: bool,
    /// `#`
    pub alternate: bool,
    /// `0` before the width: fill with zeros unless a fill is given, after the sign unless an alignment is.
    pub zero_pad: bool,
    pub width: u32,
    pub grouping: Option<Grouping>,
    pub precision: Option<u32>,
    pub presentation: Option<Presentation>,
}

impl FormatSpec {
    /// The empty specification.
    pub const DEFAULT: FormatSpec = FormatSpec {
        fill: ' ',
        align: None,
        sign: None,
        no_negative_zero: false,
        alternate: false,
        zero_pad: false,
        width: 0,
        grouping: None,
        precision: None,
        presentation: None,
    };

    /// Widths and precisions beyond are refused, so that a typing error does not fill the memory.
    pub const MAX_NUMBER: u32 = 1_000_000;

    /// Parses a specification; `None` if it is not one.
    pub fn parse(text: &str) -> Option<FormatSpec> {
        let mut spec = FormatSpec::DEFAULT;
        let (mut rest, says_fill) = parse_alignment(text, &mut spec);
        if let Some(sign) = rest.chars().next().and_then(sign) {
            spec.sign = Some(sign);
            rest = &rest[1..];
        }
        (spec.no_negative_zero, rest) = flag(rest, 'z');
        (spec.alternate, rest) = flag(rest, '#');
        (spec.zero_pad, rest) = flag(rest, '0');
        if spec.zero_pad && !says_fill {
            spec.fill = '0';
        }
        let (width, mut rest) = number(rest)?;
        spec.width = width.unwrap_or(0);
        if let Some(grouping) = rest.chars().next().and_then(grouping) {
            spec.grouping = Some(grouping);
            rest = &rest[1..];
        }
        if let Some(digits) = rest.strip_prefix('.') {
            let (precision, after) = number(digits)?;
            spec.precision = Some(precision?);
            rest = after;
        }
        let mut chars = rest.chars();
        if let Some(letter) = chars.next() {
            spec.presentation = Some(presentation(letter)?);
        }
        if chars.next().is_some() { None } else { Some(spec) }
    }

    /// Whether a string can be shown so.
    pub fn fits_str(&self) -> bool {
        let no_number_parts = self.sign.is_none()
            && !self.alternate
            && !self.no_negative_zero
            && self.grouping.is_none()
            && self.align != Some(Align::AfterSign);
        no_number_parts && matches!(self.presentation, None | Some(Presentation::Str))
    }

    /// Whether an integer can be shown so.
    pub fn fits_int(&self) -> bool {
        let Some(presentation) = self.presentation else { return self.precision.is_none() };
        let as_float = presentation.fits_float();
        let char_parts = presentation == Presentation::Char
            && (self.sign.is_some() || self.alternate || self.grouping.is_some());
        let comma_digits = matches!(
            presentation,
            Presentation::Binary
                | Presentation::Octal
                | Presentation::LowerHex
                | Presentation::UpperHex
        ) && self.grouping == Some(Grouping::Comma);
        presentation.fits_int()
            && (as_float || (self.precision.is_none() && !self.no_negative_zero))
            && !char_parts
            && !comma_digits
    }

    /// Whether a float can be shown so.
    pub fn fits_float(&self) -> bool {
        self.presentation.is_none_or(Presentation::fits_float)
    }
}

/// Takes `[[fill]align]`. Gives the rest, and whether there was a fill.
fn parse_alignment<'a>(text: &'a str, spec: &mut FormatSpec) -> (&'a str, bool) {
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return (text, false) };
    let after_first = chars.as_str();
    if let Some(align) = chars.next().and_then(alignment) {
        spec.fill = first;
        spec.align = Some(align);
        return (chars.as_str(), true);
    }
    match alignment(first) {
        Some(align) => {
            spec.align = Some(align);
            (after_first, false)
        }
        None => (text, false),
    }
}

fn alignment(c: char) -> Option<Align> {
    match c {
        '<' => Some(Align::Left),
        '>' => Some(Align::Right),
        '^' => Some(Align::Center),
        '=' => Some(Align::AfterSign),
        _ => None,
    }
}

fn sign(c: char) -> Option<Sign> {
    match c {
        '-' => Some(Sign::Minus),
        '+' => Some(Sign::Plus),
        ' ' => Some(Sign::Space),
        _ => None,
    }
}

fn grouping(c: char) -> Option<Grouping> {
    match c {
        ',' => Some(Grouping::Comma),
        '_' => Some(Grouping::Underscore),
        _ => None,
    }
}

fn presentation(c: char) -> Option<Presentation> {
    match c {
        'b' => Some(Presentation::Binary),
        'o' => Some(Presentation::Octal),
        'd' => Some(Presentation::Decimal),
        'x' => Some(Presentation::LowerHex),
        'X' => Some(Presentation::UpperHex),
        'c' => Some(Presentation::Char),
        'e' | 'E' => Some(Presentation::Exponent { upper: c == 'E' }),
        'f' | 'F' => Some(Presentation::Fixed { upper: c == 'F' }),
        'g' | 'G' => Some(Presentation::General { upper: c == 'G' }),
        '%' => Some(Presentation::Percent),
        's' => Some(Presentation::Str),
        _ => None,
    }
}

fn flag(text: &str, c: char) -> (bool, &str) {
    match text.strip_prefix(c) {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

/// Takes a decimal number if there is one; `None` if it is too large.
fn number(text: &str) -> Option<(Option<u32>, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Some((None, text));
    }
    let value: u32 = text[..digits].parse().ok()?;
    if value > FormatSpec::MAX_NUMBER { None } else { Some((Some(value), &text[digits..])) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_every_part_in_order() {
        let spec = FormatSpec::parse("*^+z#012,.3f").expect("a full specification");
        let expected = FormatSpec {
            fill: '*',
            align: Some(Align::Center),
            sign: Some(Sign::Plus),
            no_negative_zero: true,
            alternate: true,
            zero_pad: true,
            width: 12,
            grouping: Some(Grouping::Comma),
            precision: Some(3),
            presentation: Some(Presentation::Fixed { upper: false }),
        };
        assert_eq!(spec, expected);
        assert_eq!(FormatSpec::parse(""), Some(FormatSpec::DEFAULT));
        assert_eq!(FormatSpec::parse("é<5").map(|s| (s.fill, s.width)), Some(('é', 5)));
        assert_eq!(FormatSpec::parse("<<5").map(|s| s.fill), Some('<'));
    }

    #[test]
    fn refuses_what_is_not_one() {
        for bad in ["q", "5x5", ".", ".f", "99999999999", "1000001", "<<<", "é", "5,,", "-+"] {
            assert_eq!(FormatSpec::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn says_what_it_fits() {
        let fits = |text| {
            let spec = FormatSpec::parse(text).expect("well-formed");
            (spec.fits_int(), spec.fits_float(), spec.fits_str())
        };
        assert_eq!(fits(">8"), (true, true, true));
        assert_eq!(fits(".2f"), (true, true, false));
        assert_eq!(fits(".2"), (false, true, true));
        assert_eq!(fits("#x"), (true, false, false));
        assert_eq!(fits(",x"), (false, false, false));
        assert_eq!(fits("s"), (false, false, true));
        assert_eq!(fits("+c"), (false, false, false));
    }
}
