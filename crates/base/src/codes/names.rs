//! Diagnostics E01xx: names and modules. Append at the end; a code is permanent.

super::diagnostics! {
}
