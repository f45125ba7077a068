//! Values: tagged words, the objects behind them, and their making.
//!
//! Must never be given a word that no function here made: C is trusted in that.

use crate::current::{Raised, Result, with};
use sepal_abi::{
    ARRAY_DATA, DescId, DescKind, Header, ObjPtr, Tag, TypeDesc, any_bool, any_float, any_heap,
    any_int, any_nil, any_tag, any_to_bool, any_to_float_bits, any_to_int,
};
use sepal_rt::Actor;
use std::ptr::null;

/// The kinds of objects beside strings and bytes, by descriptor.
macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident = $number:literal: $desc:expr;)*) => {
        $($(#[$meta])* pub(crate) const $name: DescId = DescId(DescId::FIRST_OWN.0 + $number);)*
        /// The descriptors of a program in C.
        pub(crate) static DESCS: &[TypeDesc] = &[$($desc),*];
        const IN_ORDER: &[u32] = &[$($number),*];
        $(const _: () = assert!(IN_ORDER[$number] == $number);)*
    };
}

const fn fixed(size: u32, traced: &'static [u32], name: &'static str) -> TypeDesc {
    TypeDesc::new(DescKind::Fixed, size, 0, traced, name)
}

const fn words(name: &'static str) -> TypeDesc {
    TypeDesc::new(DescKind::Array, 16, 8, &[0], name)
}

kinds! {
    /// See `bodies`.
    FRAME = 0: fixed(80, &[16, 24, 64, 72], "C frame");
    /// `{header, 8, value}`: what is sent. Before the value stands its size, as before the data of a byte string.
    MESSAGE = 1: fixed(24, &[16], "message");
    /// `{header, len, items}`
    ARRAY = 2: fixed(24, &[16], "array");
    TUPLE = 3: words("tuple");
    /// `{header, len, entries, index}`: entries are keys and values, the index an `INDEX` or null.
    DICT = 4: fixed(32, &[16, 24], "dict");
    /// The class, then the fields.
    OBJECT = 5: words("object");
    /// The captures, then the function's address as an int. The word before the captures belongs to the layout that bodies
    /// are given: capture i is at 8 · (1 + i) from there.
    CLOSURE = 6: words("closure");
    /// `{header, enum and variant, payload}`
    ENUM = 7: fixed(24, &[16], "enum");
    /// See `generators`.
    GENERATOR = 8: fixed(64, &[32, 40, 48], "generator");
    /// `{header, handle}`
    FUTURE = 9: fixed(16, &[8], "future");
    /// Boxed because they do not fit a word's payload.
    INT = 10: fixed(16, &[], "int");
    FLOAT = 11: fixed(16, &[], "float");
    POINTER = 12: fixed(16, &[], "pointer");
    /// Bytes that change, which a byte string's do not: those may be shared between actors.
    INDEX = 13: TypeDesc::new(DescKind::Bytes, 16, 0, &[], "index");
}

pub(crate) const NIL: u64 = any_nil();

/// The object of a word, if it is one.
pub(crate) fn object(word: u64) -> Option<ObjPtr> {
    (any_tag(word) == Some(Tag::HeapPtr) && word != 0).then_some(word as ObjPtr)
}

/// The object of a word, if it is of the kind.
pub(crate) fn object_of(word: u64, kind: DescId) -> Option<ObjPtr> {
    object(word).filter(|&object| desc(object) == kind)
}

/// An object's kind.
pub(crate) fn desc(object: ObjPtr) -> DescId {
    // SAFETY: C passes words that this crate made, of objects that it keeps alive.
    unsafe { (*object).header.desc() }
}

/// A word of an object, from its header on.
pub(crate) fn field(object: ObjPtr, index: usize) -> u64 {
    // SAFETY: callers name words that the object's kind has.
    unsafe { object.cast::<u64>().add(index).read() }
}

pub(crate) fn set_field(object: ObjPtr, index: usize, word: u64) {
    // SAFETY: as above; the object is its actor's alone.
    unsafe { object.cast::<u64>().add(index).write(word) };
}

/// The elements of an object that is an array of words.
pub(crate) fn elements<'a>(array: ObjPtr) -> &'a mut [u64] {
    let len = field(array, 1) as usize;
    // SAFETY: the object has that many words, and callers use one such slice at a time, before they allocate.
    unsafe {
        std::slice::from_raw_parts_mut(array.byte_add(ARRAY_DATA as usize).cast::<u64>(), len)
    }
}

/// The bytes of a string or byte string.
pub(crate) fn bytes<'a>(object: ObjPtr) -> &'a [u8] {
    // SAFETY: the object is one, and the caller keeps it alive.
    unsafe { sepal_rt::actor::data(object) }
}

/// An object, zero but for its header.
pub(crate) fn alloc(actor: &mut Actor, kind: DescId, size: usize) -> Result<ObjPtr> {
    actor.alloc(Header::new(kind), size).ok_or(Raised)
}

/// An object that is an array of so many words, each nil.
pub(crate) fn alloc_words(actor: &mut Actor, kind: DescId, len: usize) -> Result<ObjPtr> {
    let size = len.checked_mul(8).and_then(|bytes| bytes.checked_add(ARRAY_DATA as usize));
    let size = size.filter(|&size| size <= isize::MAX as usize).ok_or_else(|| too_large(actor))?;
    let array = alloc(actor, kind, size)?;
    set_field(array, 1, len as u64);
    elements(array).fill(NIL);
    Ok(array)
}

/// No machine has so much memory.
pub(crate) fn too_large(actor: &mut Actor) -> Raised {
    actor.raise(sepal_abi::PanicCode::HeapLimit, &[]);
    Raised
}

/// A length that C gave; negative ones count as none.
pub(crate) fn length(len: i64) -> usize {
    usize::try_from(len).unwrap_or(0)
}

fn boxed(actor: &mut Actor, kind: DescId, word: u64) -> Result<i64> {
    let object = alloc(actor, kind, 16)?;
    set_field(object, 1, word);
    Ok(any_heap(object as usize) as i64)
}

/// The int in a word, if it is one.
pub(crate) fn int_of(word: u64) -> Option<i64> {
    if any_tag(word) == Some(Tag::Int) {
        return Some(any_to_int(word));
    }
    object_of(word, INT).map(|object| field(object, 1) as i64)
}

/// The float in a word, if it is one.
pub(crate) fn float_of(word: u64) -> Option<f64> {
    if any_tag(word) == Some(Tag::Float) {
        return Some(f64::from_bits(any_to_float_bits(word)));
    }
    object_of(word, FLOAT).map(|object| f64::from_bits(field(object, 1)))
}

/// A string of bytes that C keeps alive for the call; `None` if they are not UTF-8.
///
/// # Safety
/// There must be so many bytes at the address.
pub(crate) unsafe fn text_at<'a>(data: i64, len: i64) -> Option<&'a str> {
    // SAFETY: the caller vouches for the bytes.
    std::str::from_utf8(unsafe { bytes_at(data as *const u8, len) }).ok()
}

/// # Safety
/// As [`text_at`].
pub(crate) unsafe fn bytes_at<'a>(data: *const u8, len: i64) -> &'a [u8] {
    let len = length(len);
    if len == 0 || data.is_null() {
        return &[];
    }
    // SAFETY: the caller vouches for the bytes.
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// An object as a value; null, which stands for a raise, as that.
pub(crate) fn made(object: ObjPtr) -> Result<i64> {
    if object.is_null() { Err(Raised) } else { Ok(object as i64) }
}

// ---- exported ----

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_value_int(value: i64) -> i64 {
    match any_int(value) {
        Some(word) => word as i64,
        None => with(|actor| boxed(actor, INT, value as u64)),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_value_float(value: f64) -> i64 {
    match any_float(value.to_bits()) {
        Some(word) => word as i64,
        None => with(|actor| boxed(actor, FLOAT, value.to_bits())),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_value_bool(value: i8) -> i64 {
    any_bool(value != 0) as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_value_nil() -> i64 {
    NIL as i64
}

/// Zeroed, or 0 if there is no memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_alloc(size: i64) -> i64 {
    // SAFETY: asks for memory.
    unsafe { libc::calloc(1, length(size).max(1)) as i64 }
}

/// What `rt_alloc` gave.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_free(address: i64, _size: i64) {
    // SAFETY: C vouches for the address.
    unsafe { libc::free(address as *mut libc::c_void) };
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_ptr_to_value(address: i64) -> i64 {
    with(|actor| boxed(actor, POINTER, address as u64))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_value_to_ptr(value: i64) -> i64 {
    object_of(value as u64, POINTER).map_or(0, |object| field(object, 1) as i64)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_string_new(data: i64, len: i64) -> i64 {
    // SAFETY: C vouches for the bytes.
    match unsafe { text_at(data, len) } {
        Some(text) => with(|actor| made(actor.new_str(text))),
        None => NIL as i64,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_string_concat(a: i64, b: i64) -> i64 {
    let string = |word: i64| object_of(word as u64, DescId::STR);
    let (Some(a), Some(b)) = (string(a), string(b)) else { return NIL as i64 };
    with(|actor| {
        let len = bytes(a).len() + bytes(b).len();
        made(actor.new_data(DescId::STR, len, |data| {
            let (first, second) = data.split_at_mut(bytes(a).len());
            first.copy_from_slice(bytes(a));
            second.copy_from_slice(bytes(b));
        }))
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn sepal_kind(value: i64) -> i64 {
    let word = value as u64;
    if int_of(word).is_some() {
        return Tag::Int as i64;
    }
    if float_of(word).is_some() {
        return Tag::Float as i64;
    }
    any_tag(word).map_or(-1, |tag| tag as i64)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn sepal_int(value: i64) -> i64 {
    int_of(value as u64).unwrap_or(0)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn sepal_float(value: i64) -> f64 {
    float_of(value as u64).unwrap_or(0.0)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn sepal_bool(value: i64) -> i8 {
    let word = value as u64;
    i8::from(any_tag(word) == Some(Tag::Bool) && any_to_bool(word))
}

/// Whether an object is a string or bytes.
fn is_data(object: ObjPtr) -> bool {
    desc(object) == DescId::STR || desc(object) == DescId::BYTES
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn sepal_data(value: i64) -> *const u8 {
    let data = object(value as u64).filter(|&object| is_data(object));
    data.map_or(null(), |object| bytes(object).as_ptr())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn sepal_len(value: i64) -> i64 {
    let Some(object) = object(value as u64) else { return 0 };
    let kind = desc(object);
    let has_len = is_data(object) || kind == ARRAY || kind == TUPLE || kind == DICT;
    if has_len { field(object, 1) as i64 } else { 0 }
}

/// Before every message stands its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sepal_message_len(message: *const u8) -> i64 {
    if message.is_null() {
        return 0;
    }
    // SAFETY: C passes what it was given: the data of a byte string, or the value of a message object.
    unsafe { message.cast::<i64>().sub(1).read() }
}
