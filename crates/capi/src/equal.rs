//! When two values are equal, and their hash: by contents, but for objects, closures, futures and the like, which are
//! equal to themselves only.
//!
//! Must never recurse: values may be as deep as memory, and may hold themselves.

use crate::values::{
    ARRAY, DICT, ENUM, POINTER, TUPLE, bytes, desc, elements, field, float_of, int_of, object,
};
use sepal_abi::{DescId, ObjPtr};
use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

/// Whether two values are equal. What holds itself is equal to what unfolds alike.
pub(crate) fn equal(a: u64, b: u64) -> bool {
    let mut open = vec![(a, b)];
    let mut assumed: HashSet<(u64, u64)> = HashSet::new();
    while let Some((a, b)) = open.pop() {
        if a == b && float_of(a).is_none_or(|x| !x.is_nan()) {
            continue;
        }
        match (object(a), object(b)) {
            (Some(x), Some(y)) => {
                if assumed.insert((a, b)) && !equal_at(x, y, &mut open) {
                    return false;
                }
            }
            // Numbers of one kind have one form each: a word, or a box.
            (Some(_), None) | (None, Some(_)) | (None, None) => {
                if !matches!((float_of(a), float_of(b)), (Some(x), Some(y)) if x == y) {
                    return false;
                }
            }
        }
    }
    true
}

/// Whether two objects are equal if all pairs are that it adds to `open`.
fn equal_at(a: ObjPtr, b: ObjPtr, open: &mut Vec<(u64, u64)>) -> bool {
    let (a_word, b_word) = (a as u64, b as u64);
    if let (Some(x), Some(y)) = (int_of(a_word), int_of(b_word)) {
        return x == y;
    }
    if let (Some(x), Some(y)) = (float_of(a_word), float_of(b_word)) {
        return x == y;
    }
    let kind = desc(a);
    if kind != desc(b) {
        return false;
    }
    if kind == DescId::STR || kind == DescId::BYTES {
        return bytes(a) == bytes(b);
    }
    if kind == POINTER {
        return field(a, 1) == field(b, 1);
    }
    if kind == ENUM {
        open.push((field(a, 2), field(b, 2)));
        return field(a, 1) == field(b, 1);
    }
    if kind == ARRAY || kind == TUPLE {
        let (x, y) = (items(a), items(b));
        open.extend(x.iter().copied().zip(y.iter().copied()));
        return x.len() == y.len();
    }
    if kind == DICT {
        return equal_dicts(a, b, open);
    }
    std::ptr::eq(a, b)
}

fn equal_dicts(a: ObjPtr, b: ObjPtr, open: &mut Vec<(u64, u64)>) -> bool {
    if field(a, 1) != field(b, 1) {
        return false;
    }
    let values = crate::collections::entries(a).chunks_exact(2);
    let mut pairs =
        values.map(|entry| Some((entry[1], crate::collections::find_value(b, entry[0])?)));
    pairs.all(|pair| pair.map(|pair| open.push(pair)).is_some())
}

/// The elements of an array or tuple.
pub(crate) fn items<'a>(list: ObjPtr) -> &'a mut [u64] {
    if desc(list) == TUPLE {
        return elements(list);
    }
    match object(field(list, 2)) {
        Some(items) => &mut elements(items)[..field(list, 1) as usize],
        None => &mut [],
    }
}

/// A hash that equal values share. Keyed by the process; of what has parts only the number of parts counts, so that it
/// ends and changes with nothing but that.
pub(crate) fn hash(word: u64) -> u64 {
    static STATE: OnceLock<RandomState> = OnceLock::new();
    let mut hasher = STATE.get_or_init(RandomState::new).build_hasher();
    if let Some(int) = int_of(word) {
        hasher.write_i64(int);
    } else if let Some(float) = float_of(word) {
        // Zero and its negative are equal.
        hasher.write_u64((float + 0.0).to_bits());
    } else if let Some(object) = object(word) {
        let kind = desc(object);
        hasher.write_u32(kind.0);
        if kind == DescId::STR || kind == DescId::BYTES {
            hasher.write(bytes(object));
        } else if kind == ENUM || kind == TUPLE || kind == POINTER {
            hasher.write_u64(field(object, 1));
        }
    } else {
        hasher.write_u64(word);
    }
    hasher.finish()
}
