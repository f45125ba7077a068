//! Expectations of `format`, computed by CPython's own `format`.

use super::*;

fn parse(spec: &str) -> FormatSpec {
    FormatSpec::parse(spec).expect("a specification")
}

#[test]
fn integers_as_python_shows_them() {
    for line in include_str!("format_int.txt").lines() {
        let [value, spec, expected] = fields(line);
        let value: i128 = value.parse().expect("an integer");
        assert_eq!(int(value, &parse(spec)).as_deref(), Some(expected), "{line}");
    }
}

#[test]
fn floats_as_python_shows_them() {
    for line in include_str!("format_float.txt").lines() {
        let [value, spec, expected] = fields(line);
        let value: f64 = value.parse().expect("a float");
        assert_eq!(float(value, &parse(spec)).as_deref(), Some(expected), "{line}");
    }
}

#[test]
fn strings_as_python_shows_them() {
    for line in include_str!("format_str.txt").lines() {
        let [value, spec, expected] = fields(line);
        assert_eq!(str(value, &parse(spec)).as_deref(), Some(expected), "{line}");
    }
}

/// A line is `value|specification|expected`.
fn fields(line: &str) -> [&str; 3] {
    let mut fields = line.split('|');
    std::array::from_fn(|_| fields.next().expect("three fields"))
}

#[test]
fn own_form_without_letter_and_precision() {
    assert_eq!(float(1e16, &parse("8")).as_deref(), Some("    1e16"));
    assert_eq!(float(1e-5, &parse("<8")).as_deref(), Some("1e-5    "));
    assert_eq!(float(3.0, &parse("")).as_deref(), Some("3.0"));
}

#[test]
fn unsigned_and_characters() {
    assert_eq!(int(u64::MAX.into(), &parse("x")).as_deref(), Some("ffffffffffffffff"));
    assert_eq!(int(0x1F600, &parse(">3c")).as_deref(), Some("  😀"));
    assert_eq!(int(0xD800, &parse("c")), None);
    assert_eq!(int(-1, &parse("c")), None);
}

#[test]
fn what_does_not_fit_is_refused() {
    assert_eq!(int(1, &parse("s")), None);
    assert_eq!(int(1, &parse(".2")), None);
    assert_eq!(float(1.0, &parse("x")), None);
    assert_eq!(str("a", &parse("d")), None);
    assert_eq!(str("a", &parse("+5")), None);
    assert_eq!(str("a", &parse("=5")), None);
}

#[test]
fn enormous_precisions_are_zeros_and_not_a_failure() {
    let shown = float(0.5, &parse(".100000f")).expect("fits");
    assert_eq!(shown.len(), 100_002);
    assert!(shown.starts_with("0.5000") && shown.ends_with("000"));
    assert_eq!(float(0.5, &parse(".100000g")).as_deref(), Some("0.5"));
    assert_eq!(float(5e-324, &parse(".2000e")).map(|s| s.len()), Some(2002 + 5));
}
