//! Allocation, arrays, the collector. See `fns` for what callers promise.

use super::actor;
use sepal_abi::{ARRAY_DATA, Ctx, DescId, Header, ObjPtr, PanicCode, object_size};
use std::ptr::null_mut;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_object_alloc(ctx: *mut Ctx, header: i64, size: i64) -> ObjPtr {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let header = Header(header as u64);
    actor.alloc_slow(header, size as usize, false).unwrap_or(null_mut())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_array_alloc(ctx: *mut Ctx, header: i64, len: i64) -> ObjPtr {
    // SAFETY: see `fns`.
    unsafe { new_array(ctx, Header(header as u64), len, false) }
}

unsafe fn new_array(ctx: *mut Ctx, header: Header, len: i64, may_grow: bool) -> ObjPtr {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let Ok(count) = u64::try_from(len) else {
        actor.raise(PanicCode::NegativeLength, &[len as u64]);
        return null_mut();
    };
    let Some(size) = object_size(actor.heap.desc(header.desc()), count) else {
        actor.raise(PanicCode::HeapLimit, &[]);
        return null_mut();
    };
    let object =
        if may_grow { actor.alloc_slow(header, size, true) } else { actor.alloc(header, size) };
    let Some(object) = object else { return null_mut() };
    // SAFETY: the object was just made with room for its length.
    unsafe { (*object).len = count };
    object
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_array_grow(ctx: *mut Ctx, array: ObjPtr, len: i64) -> ObjPtr {
    // SAFETY: see `fns`; the new array is longer than the old one, so the copy fits.
    unsafe {
        let (header, old_len) = ((*array).header, (*array).len);
        let Ok(new_len) = u64::try_from(len) else {
            actor(ctx).raise(PanicCode::NegativeLength, &[len as u64]);
            return null_mut();
        };
        if new_len <= old_len {
            return array;
        }
        let heap = &mut actor(ctx).heap;
        let desc = *heap.desc(header.desc());
        let sizes = (object_size(&desc, old_len), object_size(&desc, new_len));
        if let (Some(old), Some(new)) = sizes
            && !header.is_static()
            && heap.grow_in_place(array, old, new)
        {
            (*array).len = new_len;
            return array;
        }
        let new = new_array(ctx, header_of_copy(header), len, true);
        if !new.is_null() {
            let bytes = old_len as usize * desc.stride as usize;
            elements(new, 0).copy_from_nonoverlapping(elements(array, 0), bytes);
        }
        new
    }
}

/// A copy of a static array is an ordinary object.
fn header_of_copy(header: Header) -> Header {
    Header(header.0 & !Header::STATIC)
}

/// The address of the byte at an offset in an array's elements.
unsafe fn elements(array: ObjPtr, offset: usize) -> *mut u8 {
    // SAFETY: the offset is within the array, or right behind.
    unsafe { array.cast::<u8>().add(ARRAY_DATA as usize + offset) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_array_copy(
    ctx: *mut Ctx,
    to: ObjPtr,
    to_index: i64,
    from: ObjPtr,
    from_index: i64,
    count: i64,
) {
    // SAFETY: see `fns`; the caller keeps both ranges within their arrays.
    unsafe {
        log_elements(ctx, to, to_index, count);
        let stride = actor(ctx).heap.desc((*to).header.desc()).stride as usize;
        let source = elements(from, from_index as usize * stride);
        elements(to, to_index as usize * stride).copy_from(source, count as usize * stride);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_array_zero(ctx: *mut Ctx, array: ObjPtr, index: i64, count: i64) {
    // SAFETY: see `fns`; the caller keeps the range within the array.
    unsafe {
        log_elements(ctx, array, index, count);
        let stride = actor(ctx).heap.desc((*array).header.desc()).stride as usize;
        elements(array, index as usize * stride).write_bytes(0, count as usize * stride);
    }
}

/// Tells the collector, if it is marking, of the references in elements that are about to be overwritten.
#[inline(always)]
unsafe fn log_elements(ctx: *mut Ctx, array: ObjPtr, index: i64, count: i64) {
    // SAFETY: see `fns`.
    if unsafe { (*ctx).marking } != 0 {
        // SAFETY: as above.
        unsafe { log_each_element(ctx, array, index as usize, count as usize) };
    }
}

#[cold]
unsafe fn log_each_element(ctx: *mut Ctx, array: ObjPtr, first: usize, count: usize) {
    // SAFETY: see `fns`; the caller keeps the range within the array.
    unsafe {
        let desc = *actor(ctx).heap.desc((*array).header.desc());
        for index in first..first + count {
            for &offset in desc.traced.as_slice() {
                let place = elements(array, index * desc.stride as usize + offset as usize);
                rt_gc_log(ctx, place);
            }
        }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_gc_log(ctx: *mut Ctx, place: *const u8) {
    // SAFETY: see `fns`; the caller names a traced word of an object.
    unsafe {
        let actor = actor(ctx);
        actor.heap.log(&mut actor.ctx, place.cast::<u64>().read());
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_gc_collect(ctx: *mut Ctx) {
    // SAFETY: see `fns`.
    unsafe { actor(ctx) }.collect();
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_gc_stats(ctx: *mut Ctx, what: i64) -> i64 {
    // SAFETY: see `fns`.
    let actor = unsafe { actor(ctx) };
    let stats = actor.heap.stats();
    match what {
        0 => stats.collections as i64,
        1 => stats.live_bytes as i64,
        2 => actor.heap.allocated(&actor.ctx) as i64,
        3 => actor.heap.footprint() as i64,
        4 => actor.heap.limit() as i64,
        5 => stats.time.as_nanos() as i64,
        6 => stats.pauses as i64,
        _ => 0,
    }
}

/// Objects move and are copied, so an object keeps the hash that it was given first, in its header: only objects of
/// classes are asked, and those have one variant, whose number is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_identity_hash(ctx: *mut Ctx, object: ObjPtr) -> i64 {
    let keys = crate::hash::Keys::get();
    // SAFETY: see `fns`.
    let runtime = unsafe { actor(ctx) }.runtime;
    let address = object as u64;
    // Addresses are others in each run.
    let simulated = || runtime.scheduler.simulation().map(|simulation| simulation.dice().next());
    // SAFETY: see `fns`.
    let header = unsafe { &mut (*object).header };
    if header.is_static() {
        return keys.mix(0, address) as i64;
    }
    if header.variant() == 0 {
        let hash =
            (keys.mix(0, simulated().unwrap_or(address)) as u32 & Header::MAX_VARIANT).max(1);
        *header = Header(header.0 | Header::with_variant(DescId(0), hash).0);
    }
    keys.mix(1, header.variant().into()) as i64
}
