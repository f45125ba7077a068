//! Diagnostics E04xx: effects and contracts. Append at the end; a code is permanent.

super::diagnostics! {
}
