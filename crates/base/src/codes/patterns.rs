//! Diagnostics E03xx: patterns. Append at the end; a code is permanent.

super::diagnostics! {
}
