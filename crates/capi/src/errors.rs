//! What cannot be called: a report, and the end of the caller.
//!
//! Must never go on with a made-up value.

use crate::current::{Raised, with};
use crate::values::bytes_at;
use sepal_abi::PanicCode;

fn fail(message: String) -> i64 {
    with(|actor| {
        actor.raise_text(PanicCode::Message, message);
        Err(Raised)
    })
}

/// A name for a report.
///
/// # Safety
/// There must be so many bytes at the address.
unsafe fn name(data: i64, len: i64) -> String {
    // SAFETY: the caller vouches for the bytes.
    String::from_utf8_lossy(unsafe { bytes_at(data as *const u8, len) }).into_owned()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_interp_call(data: i64, len: i64, _args: i64) -> i64 {
    // SAFETY: C vouches for the bytes.
    fail(format!("no interpreter in this program to call {}", unsafe { name(data, len) }))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_interp_eval(_source: i64) -> i64 {
    fail(String::from("no interpreter in this program to evaluate an expression"))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_function_not_found(data: i64, len: i64) -> i64 {
    // SAFETY: C vouches for the bytes.
    fail(format!("function not found: {}", unsafe { name(data, len) }))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_method_not_found(
    class: i64,
    class_len: i64,
    method: i64,
    method_len: i64,
) -> i64 {
    // SAFETY: C vouches for the bytes.
    let (class, method) = unsafe { (name(class, class_len), name(method, method_len)) };
    fail(format!("method not found: {method} of {class}"))
}
