//! The C `main` of a native executable.
//!
//! Only in the static library that executables link: the object file provides the image.

use crate::{Options, run_main};
use sepal_abi::Image;
use std::ffi::{CStr, c_char, c_int};

unsafe extern "C" {
    /// The program, from the object file.
    static sepal_image: Image;
}

/// # Safety
/// Called by the C start-up code, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    let count = usize::try_from(argc).unwrap_or(0);
    let args = (1..count).map(|index| {
        // SAFETY: `argv` has `argc` strings.
        let arg = unsafe { CStr::from_ptr(*argv.add(index)) };
        arg.to_string_lossy().into_owned()
    });
    let options = Options::from_env(args.collect());
    // SAFETY: the linker put the compiler's image in.
    unsafe { run_main(&sepal_image, options) }
}
