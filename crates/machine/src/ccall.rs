//! Calling a C function whose signature is known only at run time.
//!
//! The System V convention gives integers and floats registers of their own, each in their order, so one
//! sequence that fills all of them serves every signature that needs no stack. Must never know a type
//! beyond its register class.

use std::arch::naked_asm;

/// The most integer arguments of a call.
pub const MAX_INTS: usize = 6;
/// The most float arguments of a call.
pub const MAX_FLOATS: usize = 8;

/// Both registers in which a C function may leave its result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct CResult {
    pub int: u64,
    /// The bits; those of an `f32` are the low half.
    pub float: u64,
}

/// Calls `code` with these registers; it reads as many as its signature names.
///
/// # Safety
/// `code` must be a C function that takes at most these arguments and whatever else it asks of its
/// callers must hold.
#[unsafe(naked)]
pub unsafe extern "C" fn call_c(
    code: *const u8,
    ints: *const [u64; MAX_INTS],
    floats: *const [u64; MAX_FLOATS],
) -> CResult {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "mov r10, rdi",
        "mov r11, rsi",
        "movsd xmm0, [rdx]",
        "movsd xmm1, [rdx + 8]",
        "movsd xmm2, [rdx + 16]",
        "movsd xmm3, [rdx + 24]",
        "movsd xmm4, [rdx + 32]",
        "movsd xmm5, [rdx + 40]",
        "movsd xmm6, [rdx + 48]",
        "movsd xmm7, [rdx + 56]",
        "mov rdi, [r11]",
        "mov rsi, [r11 + 8]",
        "mov rdx, [r11 + 16]",
        "mov rcx, [r11 + 24]",
        "mov r8, [r11 + 32]",
        "mov r9, [r11 + 40]",
        "mov eax, 8", // a variadic callee wants the number of vector registers
        "call r10",
        "movq rdx, xmm0",
        "pop rbp",
        "ret",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn mixed(a: i64, x: f64, b: i32, y: f32, c: u8) -> f64 {
        a as f64 + x + f64::from(b) + f64::from(y) + f64::from(c)
    }

    unsafe extern "C" fn six(a: i64, b: i64, c: i64, d: i64, e: i64, f: i64) -> i64 {
        a + 10 * (b + 10 * (c + 10 * (d + 10 * (e + 10 * f))))
    }

    #[test]
    fn each_class_has_its_own_registers() {
        let ints = [1, (-2i64) as u64, 255, 4, 5, 6];
        let mut floats = [0; MAX_FLOATS];
        floats[0] = 0.5f64.to_bits();
        floats[1] = u64::from(0.25f32.to_bits());
        // SAFETY: the functions take these arguments and ask nothing of their callers.
        let (mixed, six) = unsafe {
            (
                call_c(mixed as *const u8, &ints, &floats),
                call_c(six as *const u8, &[1, 2, 3, 4, 5, 6], &floats),
            )
        };
        assert_eq!(f64::from_bits(mixed.float), 1.0 + 0.5 - 2.0 + 0.25 + 255.0);
        assert_eq!(six.int, 654_321);
    }
}
