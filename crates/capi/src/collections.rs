//! Arrays, tuples and dicts, and what is common to collections.
//!
//! An array refers to its elements, a dict to its entries and to an index of these: a table of open addressing whose
//! places hold the number of an entry plus one. Small dicts have no index.
//!
//! Must never keep a slice of an object across an allocation.

use crate::current::{Result, with};
use crate::equal::{equal, hash, items};
use crate::values::{
    ARRAY, DICT, INDEX, NIL, TUPLE, alloc, alloc_words, bytes, desc, elements, field, int_of,
    length, made, object, object_of, set_field, too_large,
};
use sepal_abi::{DescId, ObjPtr};
use sepal_rt::Actor;
use std::ptr::null_mut;

/// Dicts up to this length are searched entry by entry.
const SMALL: usize = 8;

/// Makes a function of the table of a body that may raise, for one that has an object of a kind; without that it gives
/// `otherwise`.
fn on<T: Copy>(
    value: i64,
    kind: DescId,
    otherwise: T,
    body: impl FnOnce(&mut Actor, ObjPtr) -> Result<T>,
) -> T {
    match object_of(value as u64, kind) {
        Some(object) => with(|actor| body(actor, object)),
        None => otherwise,
    }
}

/// An index, from the end if negative.
fn place(index: i64, len: usize) -> Option<usize> {
    let index = if index < 0 { index.checked_add_unsigned(len as u64)? } else { index };
    usize::try_from(index).ok().filter(|&index| index < len)
}

// ---- arrays ----

fn new_array(actor: &mut Actor, capacity: usize) -> Result<ObjPtr> {
    let items = alloc_words(actor, DescId::REFS, capacity)?;
    let array = alloc(actor, ARRAY, 24)?;
    set_field(array, 2, items as u64);
    Ok(array)
}

fn push(actor: &mut Actor, array: ObjPtr, value: u64) -> Result<()> {
    let len = field(array, 1) as usize;
    let old = field(array, 2) as ObjPtr;
    if len == field(old, 1) as usize {
        let capacity = len.checked_mul(2).ok_or_else(|| too_large(actor))?.max(4);
        let new = alloc_words(actor, DescId::REFS, capacity)?;
        elements(new)[..len].copy_from_slice(elements(old));
        set_field(array, 2, new as u64);
    }
    set_field(array, 1, len as u64 + 1);
    items(array)[len] = value;
    Ok(())
}

fn get_at(list: ObjPtr, index: i64) -> u64 {
    let items = items(list);
    place(index, items.len()).map_or(NIL, |index| items[index])
}

fn set_at(list: ObjPtr, index: i64, value: u64) -> i8 {
    let items = items(list);
    let place = place(index, items.len());
    i8::from(place.map(|index| items[index] = value).is_some())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_array_new(capacity: i64) -> i64 {
    with(|actor| made(new_array(actor, length(capacity))?))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_array_push(array: i64, value: i64) -> i8 {
    on(array, ARRAY, 0, |actor, array| push(actor, array, value as u64).map(|()| 1))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_array_get(array: i64, index: i64) -> i64 {
    object_of(array as u64, ARRAY).map_or(NIL, |array| get_at(array, index)) as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_array_set(array: i64, index: i64, value: i64) -> i8 {
    object_of(array as u64, ARRAY).map_or(0, |array| set_at(array, index, value as u64))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_array_pop(array: i64) -> i64 {
    let Some(array) = object_of(array as u64, ARRAY) else { return NIL as i64 };
    let Some((last, rest)) = items(array).split_last_mut() else { return NIL as i64 };
    // What was taken out is not kept alive.
    let value = std::mem::replace(last, NIL);
    set_field(array, 1, rest.len() as u64);
    value as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_array_clear(array: i64) -> i8 {
    let Some(array) = object_of(array as u64, ARRAY) else { return 0 };
    items(array).fill(NIL);
    set_field(array, 1, 0);
    1
}

// ---- tuples ----

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_tuple_new(len: i64) -> i64 {
    with(|actor| made(alloc_words(actor, TUPLE, length(len))?))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_tuple_set(tuple: i64, index: i64, value: i64) -> i8 {
    object_of(tuple as u64, TUPLE).map_or(0, |tuple| set_at(tuple, index, value as u64))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_tuple_get(tuple: i64, index: i64) -> i64 {
    object_of(tuple as u64, TUPLE).map_or(NIL, |tuple| get_at(tuple, index)) as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_tuple_len(tuple: i64) -> i64 {
    object_of(tuple as u64, TUPLE).map_or(0, |tuple| field(tuple, 1) as i64)
}

// ---- dicts ----

/// Keys and values, one after another.
pub(crate) fn entries<'a>(dict: ObjPtr) -> &'a mut [u64] {
    &mut elements(field(dict, 2) as ObjPtr)[..2 * field(dict, 1) as usize]
}

/// The places of the index; none of a small dict.
fn index<'a>(dict: ObjPtr) -> &'a mut [u32] {
    let Some(index) = object(field(dict, 3)) else { return &mut [] };
    let bytes = bytes(index);
    // SAFETY: the bytes begin at a multiple of 8 and are the dict's alone; any of them are numbers.
    unsafe { std::slice::from_raw_parts_mut(bytes.as_ptr().cast_mut().cast(), bytes.len() / 4) }
}

/// Where a key stands in the index, or the free place where it would.
fn find_place(dict: ObjPtr, key: u64) -> usize {
    let (index, entries) = (index(dict), entries(dict));
    let mask = index.len() - 1;
    let mut place = hash(key) as usize & mask;
    while index[place] != 0 && !equal(entries[2 * (index[place] as usize - 1)], key) {
        place = (place + 1) & mask;
    }
    place
}

/// The number of a key's entry.
fn find(dict: ObjPtr, key: u64) -> Option<usize> {
    if index(dict).is_empty() {
        return entries(dict).chunks_exact(2).position(|entry| equal(entry[0], key));
    }
    (index(dict)[find_place(dict, key)] as usize).checked_sub(1)
}

pub(crate) fn find_value(dict: ObjPtr, key: u64) -> Option<u64> {
    find(dict, key).map(|number| entries(dict)[2 * number + 1])
}

/// Makes room for as many entries again, with an index for those that are there.
fn grow(actor: &mut Actor, dict: ObjPtr) -> Result<()> {
    let len = field(dict, 1) as usize;
    let capacity = (2 * len).max(SMALL);
    if capacity > u32::MAX as usize / 8 {
        return Err(too_large(actor));
    }
    let new = alloc_words(actor, DescId::REFS, 2 * capacity)?;
    elements(new)[..2 * len].copy_from_slice(entries(dict));
    set_field(dict, 2, new as u64);
    if capacity > SMALL {
        // At most half full.
        let places = (2 * capacity).next_power_of_two();
        let index_bytes = actor.new_data(INDEX, 4 * places, |bytes| bytes.fill(0));
        set_field(dict, 3, made(index_bytes)? as u64);
        for number in 0..len {
            let place = find_place(dict, entries(dict)[2 * number]);
            index(dict)[place] = number as u32 + 1;
        }
    }
    Ok(())
}

fn set(actor: &mut Actor, dict: ObjPtr, key: u64, value: u64) -> Result<()> {
    if let Some(number) = find(dict, key) {
        entries(dict)[2 * number + 1] = value;
        return Ok(());
    }
    let len = field(dict, 1) as usize;
    if 2 * len == field(field(dict, 2) as ObjPtr, 1) as usize {
        grow(actor, dict)?;
    }
    if !index(dict).is_empty() {
        let place = find_place(dict, key);
        index(dict)[place] = len as u32 + 1;
    }
    set_field(dict, 1, len as u64 + 1);
    entries(dict)[2 * len..].copy_from_slice(&[key, value]);
    Ok(())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_dict_new(_capacity: i64) -> i64 {
    with(|actor| {
        let entries = alloc_words(actor, DescId::REFS, 2 * SMALL)?;
        let dict = alloc(actor, DICT, 32)?;
        set_field(dict, 2, entries as u64);
        made(dict)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_dict_set(dict: i64, key: i64, value: i64) -> i8 {
    on(dict, DICT, 0, |actor, dict| set(actor, dict, key as u64, value as u64).map(|()| 1))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_dict_get(dict: i64, key: i64) -> i64 {
    let dict = object_of(dict as u64, DICT);
    dict.and_then(|dict| find_value(dict, key as u64)).unwrap_or(NIL) as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_dict_len(dict: i64) -> i64 {
    object_of(dict as u64, DICT).map_or(0, |dict| field(dict, 1) as i64)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_dict_clear(dict: i64) -> i8 {
    let Some(dict) = object_of(dict as u64, DICT) else { return 0 };
    entries(dict).fill(NIL);
    index(dict).fill(0);
    set_field(dict, 1, 0);
    1
}

/// Every second word of the entries, from the first or second on.
fn every_second(dict: i64, from: usize) -> i64 {
    on(dict, DICT, NIL as i64, |actor, dict| {
        let array = new_array(actor, field(dict, 1) as usize)?;
        for number in 0..field(dict, 1) as usize {
            push(actor, array, entries(dict)[2 * number + from])?;
        }
        made(array)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_dict_keys(dict: i64) -> i64 {
    every_second(dict, 0)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_dict_values(dict: i64) -> i64 {
    every_second(dict, 1)
}

// ---- whatever the collection is ----

/// An array or tuple.
fn list_of(value: i64) -> Option<ObjPtr> {
    object(value as u64).filter(|&object| desc(object) == ARRAY || desc(object) == TUPLE)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_index_get(collection: i64, index: i64) -> i64 {
    match (list_of(collection), int_of(index as u64)) {
        (Some(list), Some(index)) => get_at(list, index) as i64,
        // SAFETY: any words may be asked.
        (Some(_), None) | (None, _) => unsafe { rt_dict_get(collection, index) },
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_index_set(collection: i64, index: i64, value: i64) -> i8 {
    match (list_of(collection), int_of(index as u64)) {
        (Some(list), Some(index)) => set_at(list, index, value as u64),
        // SAFETY: any words may be asked.
        (Some(_), None) | (None, _) => unsafe { rt_dict_set(collection, index, value) },
    }
}

/// Python's rule for the ends of a slice.
fn clamp(offset: i64, len: i64, lowest: i64, highest: i64) -> i64 {
    let offset = if offset < 0 { offset.saturating_add(len) } else { offset };
    offset.clamp(lowest, highest)
}

/// The indices of a slice; `None` for a step of zero.
fn slice_indices(len: usize, start: i64, end: i64, step: i64) -> Option<Vec<usize>> {
    let len = len as i64;
    let (lowest, highest) = if step < 0 { (-1, len - 1) } else { (0, len) };
    let mut at = clamp(start, len, lowest, highest);
    let end = clamp(end, len, lowest, highest);
    let mut indices = Vec::new();
    if step == 0 {
        return None;
    }
    while if step < 0 { at > end } else { at < end } {
        indices.push(at as usize);
        at = at.saturating_add(step);
    }
    Some(indices)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_slice(value: i64, start: i64, end: i64, step: i64) -> i64 {
    if let Some(string) = object_of(value as u64, DescId::STR) {
        let len = bytes(string).len();
        let (from, to) =
            (clamp(start, len as i64, 0, len as i64), clamp(end, len as i64, 0, len as i64));
        // SAFETY: it is a string.
        let text = unsafe { sepal_rt::actor::text(string) };
        let part = text.get(from as usize..to.max(from) as usize).filter(|_| step == 1);
        return part.map_or(NIL as i64, |part| with(|actor| made(actor.new_str(part))));
    }
    let Some(list) = list_of(value) else { return NIL as i64 };
    with(|actor| {
        let Some(indices) = slice_indices(items(list).len(), start, end, step) else {
            return Ok(NIL as i64);
        };
        let len = indices.len();
        let part = if desc(list) == TUPLE {
            alloc_words(actor, TUPLE, len)?
        } else {
            let array = new_array(actor, len)?;
            set_field(array, 1, len as u64);
            array
        };
        for (place, index) in items(part).iter_mut().zip(indices) {
            *place = items(list)[index];
        }
        made(part)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_contains(collection: i64, value: i64) -> i8 {
    let Some(object) = object(collection as u64) else { return 0 };
    let value = value as u64;
    let kind = desc(object);
    let is_in = if kind == ARRAY || kind == TUPLE {
        items(object).iter().any(|&item| equal(item, value))
    } else if kind == DICT {
        find(object, value).is_some()
    } else if kind == DescId::STR {
        let part = object_of(value, DescId::STR).unwrap_or(null_mut());
        // SAFETY: both are strings.
        !part.is_null()
            && unsafe { sepal_rt::actor::text(object).contains(sepal_rt::actor::text(part)) }
    } else {
        false
    };
    i8::from(is_in)
}
