//! Calls of C functions: found in this process by name, called through `machine::ccall`.
//!
//! At most six integers and eight floats; the translator makes a panic of anything beyond. Must never
//! guess a type: the module's signature is what C is called with.

use crate::code::Word;
use crate::machine::Machine;
use crate::state::{At, Scalar};
use sepal_machine::ccall::{MAX_FLOATS, MAX_INTS, call_c};
use sepal_mir::{Signature, Type};
use std::ffi::CString;

/// How an argument goes into its register. Numbers in code; four bits each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
enum Class {
    /// All 64 bits, of narrower types the low ones count.
    Word = 0,
    /// Zero-extended from its width.
    Byte = 1,
    Short = 2,
    Float = 3,
}

impl Class {
    fn of(ty: Type) -> Class {
        match ty {
            Type::I8 | Type::Bool => Class::Byte,
            Type::I16 => Class::Short,
            Type::I32 | Type::I64 | Type::Ref | Type::Any | Type::Ptr => Class::Word,
            Type::F32 | Type::F64 => Class::Float,
        }
    }

    const ALL: [Class; 4] = [Class::Word, Class::Byte, Class::Short, Class::Float];
}

/// The address of a C function in this process.
pub fn resolve(name: &str) -> Option<*const u8> {
    let name = CString::new(name).ok()?;
    // SAFETY: the name is a C string.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address.cast_const().cast())
}

/// The classes of a signature's parameters as a word of code. `None` if they do not fit registers.
pub fn shape(sig: &Signature) -> Option<u64> {
    let classes = || sig.params.iter().map(|&ty| Class::of(ty));
    let floats = classes().filter(|&class| class == Class::Float).count();
    let fits = floats <= MAX_FLOATS && sig.params.len() - floats <= MAX_INTS;
    let shape = classes().enumerate();
    fits.then(|| shape.fold(0, |shape, (n, class)| shape | (class as u64) << (4 * n)))
}

/// Runs `CallExtern`: `a` the result's register, `b` its type's number or one more than all, `c` the number
/// of arguments.
pub fn call(at: At, w: Word, _: &Machine<'_>) -> At {
    let (mut ints, mut floats) = ([0; MAX_INTS], [0; MAX_FLOATS]);
    let (mut next_int, mut next_float) = (ints.iter_mut(), floats.iter_mut());
    for n in 0..usize::from(w.c()) {
        let word = at.get(at.half(12 + n));
        let class = Class::ALL[at.literal(2) as usize >> (4 * n) & 3];
        let (register, word) = match class {
            Class::Word => (next_int.next(), word),
            Class::Byte => (next_int.next(), word & 0xff),
            Class::Short => (next_int.next(), word & 0xffff),
            Class::Float => (next_float.next(), word),
        };
        *register.expect("the shape fits registers") = word;
    }
    // SAFETY: the program declares that the function has this signature; the language leaves that to it.
    let result = unsafe { call_c(at.literal(1) as *const u8, &ints, &floats) };
    if let Some(&ty) = Type::ALL.get(usize::from(w.b())) {
        at.set(w.a(), canonical(ty, result.int, result.float));
    }
    at.next(3 + usize::from(w.c()).div_ceil(4))
}

/// The canonical word of a C result.
fn canonical(ty: Type, int: u64, float: u64) -> u64 {
    match ty {
        Type::I8 => i8::from_word(int).to_word(),
        Type::I16 => i16::from_word(int).to_word(),
        Type::I32 => i32::from_word(int).to_word(),
        Type::Bool => u64::from(int as u8 != 0),
        Type::I64 | Type::Ref | Type::Any | Type::Ptr => int,
        Type::F32 => u64::from(float as u32),
        Type::F64 => float,
    }
}
