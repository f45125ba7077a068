//! Diagnostics W0xxx: warnings. Append at the end; a code is permanent.

super::diagnostics! {
    W0001 UNREACHABLE_PATTERN "a case is never reached" r#"
The cases before it take every value that it fits. Remove it, or move it up.
"#;
    W0002 MISSPELLED_VARIANT "a name in a pattern binds every value, and looks like a variant" r#"
A bare name in a pattern is a variant if the enum has one of that name; otherwise it binds whatever
value comes, so that a misspelled variant, or one of another enum, fits everything:
```
match m:
    case Inc(n): n
    case Stpo: 0        // fits all that is left, `Stop` and the others
```
Write the variant's name, or give the binding one that cannot be taken for a variant.
"#;
}
