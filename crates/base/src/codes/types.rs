//! Diagnostics E02xx: types. Append at the end; a code is permanent.

super::diagnostics! {
}
