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
    E0301 NON_EXHAUSTIVE_MATCH "the match does not cover every value" r#"
Some value fits no `case`. Add the cases that the message names, or `case _:` for the rest. A
case with a guard, `case P if cond:`, does not count: its condition may not hold.
"#;
    E0302 REFUTABLE_PATTERN "the pattern does not fit every value" r#"
The pattern of a `let`, `var` or `for` must fit whatever comes. Where it may not, say what happens
then:

    let Some(x) = maybe else: return
"#;
}
