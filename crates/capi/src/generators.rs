//! Generators: a function that is called for each value, with a state and slots that stay.
//!
//! ```text
//! generator  header | state: i64 | done: i64 | body: Ptr | ctx: any | slots: Ref | yielded: any | flags
//! ```
//! Must never call a body: `waiting` does.

use crate::actors::running_body;
use crate::current::{self, with};
use crate::values::{
    GENERATOR, NIL, alloc, alloc_words, elements, field, length, made, object_of, set_field,
};
use sepal_abi::{DescId, ObjPtr};

const STATE: usize = 1;
const DONE: usize = 2;
const BODY: usize = 3;
const CTX: usize = 4;
const SLOTS: usize = 5;
const YIELDED: usize = 6;
/// Whether the running step has yielded.
const HAS_YIELDED: usize = 7;

fn generator(value: i64) -> Option<ObjPtr> {
    object_of(value as u64, GENERATOR)
}

fn slot<'a>(value: i64, index: i64) -> Option<&'a mut u64> {
    let generator = generator(value)?;
    elements(field(generator, SLOTS) as ObjPtr).get_mut(usize::try_from(index).ok()?)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_generator_new(body: i64, slots: i64, ctx: i64) -> i64 {
    with(|actor| {
        let slots = alloc_words(actor, DescId::REFS, length(slots))?;
        let generator = alloc(actor, GENERATOR, 64)?;
        set_field(generator, BODY, body as u64);
        set_field(generator, CTX, ctx as u64);
        set_field(generator, SLOTS, slots as u64);
        set_field(generator, YIELDED, NIL);
        made(generator)
    })
}

/// The body to call; null if there is nothing to call.
pub(crate) unsafe extern "C" fn begin_step(value: i64) -> *const u8 {
    let ready = generator(value).filter(|&generator| field(generator, DONE) == 0);
    let Some(generator) = ready else { return std::ptr::null() };
    set_field(generator, HAS_YIELDED, 0);
    let body = running_body();
    // SAFETY: the body is this actor's.
    unsafe { (*body).generators.push(value as u64) };
    field(generator, BODY) as *const u8
}

/// What the step gives: what was yielded, else what the body returned; nothing if it was not called.
pub(crate) unsafe extern "C" fn end_step(value: i64, returned: i64) -> i64 {
    let body = running_body();
    // SAFETY: the body is this actor's.
    let was_called = unsafe { (*body).generators.pop_if(|last| *last == value as u64) }.is_some();
    let Some(generator) = generator(value).filter(|_| was_called) else { return NIL as i64 };
    if field(generator, HAS_YIELDED) == 0 {
        return returned;
    }
    let yielded = field(generator, YIELDED);
    set_field(generator, YIELDED, NIL);
    yielded as i64
}

/// Outside a step there is nobody to give it to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_generator_yield(value: i64) {
    // SAFETY: the body is this actor's.
    let running = unsafe { (*running_body()).generators.last().copied() };
    match running.and_then(|running| generator(running as i64)) {
        Some(generator) => {
            set_field(generator, YIELDED, value as u64);
            set_field(generator, HAS_YIELDED, 1);
        }
        None => with(|actor| {
            actor.raise_text(
                sepal_abi::PanicCode::Message,
                "rt_generator_yield outside a generator's step".into(),
            );
            current::check(actor)
        }),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_generator_get_state(value: i64) -> i64 {
    generator(value).map_or(0, |generator| field(generator, STATE) as i64)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_generator_set_state(value: i64, state: i64) {
    if let Some(generator) = generator(value) {
        set_field(generator, STATE, state as u64);
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_generator_store_slot(generator: i64, index: i64, value: i64) {
    if let Some(slot) = slot(generator, index) {
        *slot = value as u64;
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_generator_load_slot(generator: i64, index: i64) -> i64 {
    slot(generator, index).map_or(NIL, |slot| *slot) as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_generator_get_ctx(value: i64) -> i64 {
    generator(value).map_or(NIL, |generator| field(generator, CTX)) as i64
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn rt_generator_mark_done(value: i64) {
    if let Some(generator) = generator(value) {
        set_field(generator, DONE, 1);
    }
}
