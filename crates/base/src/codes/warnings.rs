//! Diagnostics W0xxx: warnings. Append at the end; a code is permanent.

super::diagnostics! {
    W0001 UNREACHABLE_PATTERN "a case is never reached" r#"
The cases before it take every value that it fits. Remove it, or move it up.
"#;
}
