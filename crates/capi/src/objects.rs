//! Objects, closures, enums.
//!
//! Must never trust an index: what is out of range reads as nil.

use crate::current::with;
use crate::values::{
    CLOSURE, ENUM, NIL, OBJECT, alloc, alloc_words, elements, field, int_of, made, object_of,
    set_field,
};
use sepal_abi::{DescId, ObjPtr, any_int};

/// The words of an object of a kind that C may reach: those from `first` on, but for the last `kept`.
fn part<'a>(value: i64, kind: DescId, first: usize, kept: usize) -> &'a mut [u64] {
    let Some(object) = object_of(value as u64, kind) else { return &mut [] };
    let words = elements(object);
    let end = words.len() - kept;
    &mut words[first..end]
}

fn get(words: &[u64], index: i32) -> i64 {
    let index = usize::try_from(index).ok();
    index.and_then(|index| words.get(index)).map_or(NIL, |word| *word) as i64
}

fn set(words: &mut [u64], index: i32, value: i64) -> i8 {
    let place = usize::try_from(index).ok().and_then(|index| words.get_mut(index));
    i8::from(place.map(|place| *place = value as u64).is_some())
}

fn count(count: i32) -> usize {
    usize::try_from(count).unwrap_or(0)
}

/// Any 61 bits as an int; classes are 32 bits and addresses 47.
fn small(value: i64) -> u64 {
    any_int(value).unwrap_or(NIL)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_object_new(class_id: i32, fields: i32) -> i64 {
    with(|actor| {
        let object = alloc_words(actor, OBJECT, 1 + count(fields))?;
        elements(object)[0] = small(i64::from(class_id));
        made(object)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_object_field_get(object: i64, index: i32) -> i64 {
    get(part(object, OBJECT, 1, 0), index)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_object_field_set(object: i64, index: i32, value: i64) -> i8 {
    set(part(object, OBJECT, 1, 0), index, value)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_closure_new(function: i64, captures: i32) -> i64 {
    with(|actor| {
        let captures = count(captures);
        let closure = alloc_words(actor, CLOSURE, captures + 1)?;
        elements(closure)[captures] = small(function);
        made(closure)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_closure_set_capture(closure: i64, index: i32, value: i64) -> i8 {
    set(part(closure, CLOSURE, 0, 1), index, value)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_closure_get_capture(closure: i64, index: i32) -> i64 {
    get(part(closure, CLOSURE, 0, 1), index)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_closure_func_ptr(closure: i64) -> i64 {
    let closure = object_of(closure as u64, CLOSURE);
    let function = closure.and_then(|closure| elements(closure).last().copied());
    function.and_then(int_of).unwrap_or(0)
}

/// What a body is given as its captures: the address from which capture i is 8 · (1 + i) bytes away.
pub(crate) fn capture_buffer(closure: ObjPtr) -> *const u8 {
    closure.cast::<u8>().wrapping_add(8)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_enum_new(enum_id: i32, variant: i32, payload: i64) -> i64 {
    with(|actor| {
        let value = alloc(actor, ENUM, 24)?;
        let ids = u64::from(enum_id.cast_unsigned()) << 32 | u64::from(variant.cast_unsigned());
        set_field(value, 1, ids);
        set_field(value, 2, payload as u64);
        made(value)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_enum_discriminant(value: i64) -> i64 {
    object_of(value as u64, ENUM).map_or(-1, |value| i64::from(field(value, 1) as i32))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_enum_payload(value: i64) -> i64 {
    object_of(value as u64, ENUM).map_or(NIL, |value| field(value, 2)) as i64
}
