//! What the tests of this crate share: images and actors made by hand.

use crate::actor::Actor;
use crate::run::{Options, Runtime, RuntimeRef};
use crate::sched::bounds::Limits;
use crate::sched::engine::NativeEngine;
use sepal_abi::{Image, LocEntry, Table, TextRange, TypeDesc};

/// Test data that stays.
pub fn leak<T>(items: Vec<T>) -> &'static [T] {
    items.leak()
}

/// An image with places `(function, line, parent)` in `f.spl`, column 1.
pub fn image_with_locs(places: &[(&str, u32, u32)]) -> Image {
    let mut texts = String::from("f.spl");
    let file = TextRange { offset: 0, len: 5 };
    let mut locs = Vec::new();
    for &(name, line, parent) in places {
        let function = TextRange { offset: texts.len() as u32, len: name.len() as u32 };
        texts.push_str(name);
        locs.push(LocEntry { file, function, line, col: 1, parent });
    }
    let texts = leak(texts.into_bytes());
    Image { locs: Table::new(leak(locs)), texts: Table::new(texts), ..Image::EMPTY }
}

/// Runs `body` with an actor of a program with these descriptors, as an engine on the thread's stack would.
pub fn with_actor(descs: &'static [TypeDesc], options: Options, body: impl FnOnce(&mut Actor)) {
    let image = Image { descs: Table::new(descs), ..Image::EMPTY };
    // SAFETY: the image lives to the end of this function, the runtime not longer.
    let runtime = unsafe { Runtime::new(&image, &NativeEngine, options) }.expect("memory");
    let shared = RuntimeRef::of(&runtime);
    let make = |pid| Actor::new(shared, pid, None);
    let made = runtime.table.insert(None, std::ptr::null(), &Limits::default(), 1, make);
    let (slot, _) = made.expect("memory for an actor");
    let base = &raw const image as usize;
    Actor::use_thread_stack(base + size_of::<Image>());
    // SAFETY: the actor is active and in no queue: it is this thread's.
    unsafe {
        run_below(&mut *slot.actor(), body);
        std::ptr::drop_in_place(slot.actor());
    }
}

/// The body's locals shall lie below the base.
#[inline(never)]
fn run_below(actor: &mut Actor, body: impl FnOnce(&mut Actor)) {
    body(actor);
}

/// An actor without own descriptors and with default options.
pub fn with_plain_actor(body: impl FnOnce(&mut Actor)) {
    with_actor(&[], Options { max_heap: Some(1 << 30), ..Options::default() }, body);
}
