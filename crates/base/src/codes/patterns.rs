//! Diagnostics E03xx: patterns. Append at the end; a code is permanent.

super::diagnostics! {
    E0310 BAD_PATTERN "the pattern does not fit the value" r#"
The pattern can never fit a value of this type.

    match 5:
        case "five": …       // a `str` is never an `int`
"#;
    E0311 OR_BINDINGS "the alternatives bind different names" r#"
Each alternative of `A | B` must bind the same names with the same types.
"#;
}
