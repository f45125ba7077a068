//! Diagnostics W0xxx: warnings. Append at the end; a code is permanent.

super::diagnostics! {
}
