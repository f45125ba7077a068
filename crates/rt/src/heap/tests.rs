//! The collector on small cases: what survives, what does not, and how much memory that takes.

use crate::actor::{Actor, Raised, RootSource, data};
use crate::fns::bodies::{rt_array_alloc, rt_array_copy, rt_array_grow, rt_array_zero, rt_gc_log};
use crate::heap::Pace;
use crate::heap::space::Space;
use crate::run::Options;
use crate::testing::with_actor;
use sepal_abi::{ARRAY_DATA, DescId, DescKind, Header, ObjPtr, PanicCode, TypeDesc};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

thread_local! {
    static ALLOCATED: Cell<isize> = const { Cell::new(0) };
}

/// The C allocator, counting for each thread what it has.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get() + layout.size() as isize);
        // SAFETY: the caller vouches for the layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        ALLOCATED.set(ALLOCATED.get() - layout.size() as isize);
        // SAFETY: the caller vouches for the memory.
        unsafe { System.dealloc(start, layout) }
    }
}

/// The bytes that this thread has allocated and not freed, nor kept for later.
pub fn allocated_bytes() -> isize {
    super::pieces::give_back_all();
    ALLOCATED.get()
}

/// `Node { next: Ref, value: I64 }`
pub const NODE: Header = Header::new(DescId(8));
/// `[Ref]`
pub const REFS: Header = Header::new(DescId(9));
/// `[int]`
pub const INTS: Header = Header::new(DescId(10));
/// An array of `(int, Ref)`.
pub const PAIRS: Header = Header::new(DescId(11));

/// Four integers.
pub const WORDS: Header = Header::new(DescId(12));

pub static DESCS: [TypeDesc; 5] = [
    TypeDesc::new(DescKind::Fixed, 24, 0, &[8], "Node"),
    TypeDesc::new(DescKind::Array, 16, 8, &[0], "[Ref]"),
    TypeDesc::new(DescKind::Array, 16, 8, &[], "[int]"),
    TypeDesc::new(DescKind::Array, 16, 16, &[8], "[(int, Ref)]"),
    TypeDesc::new(DescKind::Fixed, 40, 0, &[], "Words"),
];

pub fn options(max_heap: usize, pace: Pace) -> Options {
    Options { max_heap: Some(max_heap), pace, ..Options::default() }
}

/// Runs `body` with the descriptors above and a large heap.
fn check(body: impl FnOnce(&mut Actor)) {
    with_actor(&DESCS, options(4 << 30, Pace::Sliced), body);
}

/// The same, collecting at every allocation.
fn check_stress(body: impl FnOnce(&mut Actor)) {
    with_actor(&DESCS, options(4 << 30, Pace::Stress), body);
}

pub fn node(actor: &mut Actor, next: ObjPtr, value: u64) -> ObjPtr {
    let node = actor.alloc(NODE, 24).expect("memory");
    set(node, 8, next as u64);
    set(node, 16, value);
    node
}

pub fn new_array(actor: &mut Actor, header: Header, len: usize) -> ObjPtr {
    // SAFETY: the context is the actor's, the header names an array descriptor.
    let array = unsafe { rt_array_alloc(&raw mut actor.ctx, header.0 as i64, len as i64) };
    assert!(!array.is_null());
    array
}

pub fn get(object: ObjPtr, offset: usize) -> u64 {
    // SAFETY: the tests keep offsets within objects.
    unsafe { *object.byte_add(offset).cast::<u64>() }
}

pub fn set(object: ObjPtr, offset: usize, word: u64) {
    // SAFETY: the tests keep offsets within objects.
    unsafe { *object.byte_add(offset).cast::<u64>() = word };
}

fn element(index: usize) -> usize {
    ARRAY_DATA as usize + index * 8
}

/// The text of the raised panic.
fn take_panic(actor: &mut Actor) -> String {
    match actor.take_raised() {
        Raised::Panic(text) => text,
        other => panic!("{other:?} instead of a panic"),
    }
}

/// Runs `body` in a frame of its own and clears the stack it used, so that no stale word there pins an object.
#[inline(never)]
fn apart<T>(body: impl FnOnce() -> T) -> T {
    let result = body();
    black_box([0u64; 512]);
    result
}

#[test]
fn what_is_reachable_survives_and_the_rest_goes() {
    check(|actor| {
        let mut list = std::ptr::null_mut();
        for value in 0..100_000 {
            list = node(actor, list, value);
            node(actor, list, value);
        }
        actor.collect();
        let stats = actor.heap.stats();
        assert!((100_000..100_100).contains(&stats.live_objects), "{stats:?}");
        let mut at = black_box(list);
        for value in (0..100_000).rev() {
            assert_eq!(get(at, 16), value);
            at = get(at, 8) as ObjPtr;
        }
        assert!(at.is_null());
    });
}

#[test]
fn cycles_are_collected() {
    check(|actor| {
        apart(|| {
            for value in 0..10_000 {
                let a = node(actor, std::ptr::null_mut(), value);
                let b = node(actor, a, value);
                set(a, 8, b as u64);
            }
        });
        actor.collect();
        assert!(actor.heap.stats().live_objects < 50, "{:?}", actor.heap.stats());
    });
}

#[test]
fn interior_and_end_pointers_keep_objects() {
    check(|actor| {
        for offset in [0, 1, 8, 100, 815, 816] {
            // The only root is a pointer into the array, or behind its end.
            let hidden = apart(|| {
                let array = new_array(actor, INTS, 100);
                set(array, element(99), 4711);
                array as usize + offset
            });
            let pinned = black_box(hidden);
            actor.collect();
            for _ in 0..1000 {
                new_array(actor, INTS, 100);
            }
            let array = (black_box(pinned) - offset) as ObjPtr;
            assert_eq!(get(array, element(99)), 4711, "offset {offset}");
        }
    });
}

#[test]
fn large_objects_are_roots_by_interior_pointers_and_are_freed() {
    check(|actor| {
        let before = actor.heap.footprint();
        let pinned = apart(|| {
            new_array(actor, INTS, 1 << 15);
            let array = new_array(actor, REFS, 1 << 15);
            let inner = node(actor, std::ptr::null_mut(), 4711);
            set(array, element(12345), inner as u64);
            array as usize + 5000
        });
        let pinned = black_box(pinned);
        assert!(actor.heap.footprint() - before >= 2 << 18);
        actor.collect();
        assert!(actor.heap.footprint() - before < 5 << 16, "one of the arrays is gone");
        let array = (black_box(pinned) - 5000) as ObjPtr;
        assert_eq!(get(get(array, element(12345)) as ObjPtr, 16), 4711);
    });
}

#[test]
fn deep_lists_and_wide_arrays_need_no_stack() {
    check(|actor| {
        let mut list = std::ptr::null_mut();
        for value in 0..3_000_000 {
            list = node(actor, list, value);
        }
        let wide = new_array(actor, PAIRS, 300_000);
        for index in 0..300_000 {
            let inner = node(actor, list, index as u64);
            set(wide, ARRAY_DATA as usize + index * 16 + 8, inner as u64);
        }
        actor.collect();
        assert!(actor.heap.stats().live_objects >= 3_300_001);
        assert_eq!(get(get(black_box(wide), 24) as ObjPtr, 16), 0);
    });
}

#[test]
fn memory_stays_within_twice_what_lives() {
    check(|actor| {
        // A ring of a million nodes, replaced one by one at pseudo-random places.
        let count = 1 << 20;
        let table = new_array(actor, REFS, count);
        let live = count * 24 + count * 8;
        let mut state = 1u64;
        for round in 0..10 * count as u64 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let index = if round < count as u64 { round } else { state >> 44 };
            let new = node(actor, std::ptr::null_mut(), round);
            set(table, element(index as usize), new as u64);
        }
        let footprint = actor.heap.footprint();
        assert!(footprint < live * 2 + (4 << 20), "{footprint} for {live}");
        assert!(actor.heap.stats().collections > 5);
    });
}

/// Half a million nodes in an array.
fn many_nodes(actor: &mut Actor) -> ObjPtr {
    let table = new_array(actor, REFS, 500_000);
    for index in 0..500_000 {
        let new = node(actor, std::ptr::null_mut(), index as u64);
        set(table, element(index), new as u64);
    }
    actor.collect();
    table
}

#[test]
fn a_large_heap_is_collected_in_many_pauses() {
    check(|actor| {
        let table = many_nodes(actor);
        let (before, mut most) = (actor.heap.stats(), 0);
        while actor.heap.stats().collections < before.collections + 3 {
            node(actor, std::ptr::null_mut(), 0);
            most = most.max(actor.heap.footprint());
        }
        let pauses = actor.heap.stats().pauses - before.pauses;
        assert!(pauses > 3 * 10, "{pauses} pauses");
        assert!(most < 2 * 16_000_000 + (4 << 20), "{most}");
        assert_eq!(get(get(black_box(table), element(4711)) as ObjPtr, 16), 4711);
    });
}

#[test]
fn large_objects_do_not_outrun_the_collector() {
    check(|actor| {
        let table = many_nodes(actor);
        let mut most = 0;
        for _ in 0..200 {
            apart(|| new_array(actor, INTS, 512 * 1024));
            most = most.max(actor.heap.footprint());
        }
        assert!(most < 5 * 16_000_000, "{most}");
        assert_eq!(get(get(black_box(table), element(4711)) as ObjPtr, 16), 4711);
    });
}

#[test]
fn what_is_overwritten_while_the_collector_marks_is_kept() {
    check(|actor| {
        let table = many_nodes(actor);
        let last = 499_999;
        for round in 0..20 {
            while actor.ctx.marking == 0 {
                node(actor, std::ptr::null_mut(), 0);
            }
            // From the end to the beginning, so that either may have been traced.
            let (from, to) = if round % 2 == 0 { (last, 0) } else { (0, last) };
            let moved = !apart(|| get(table, element(from)));
            let place = element(from);
            // SAFETY: the place is a word of the array.
            unsafe { rt_gc_log(&raw mut actor.ctx, table.byte_add(place).cast()) };
            set(table, element(from), 0);
            while actor.heap.is_collecting() {
                node(actor, std::ptr::null_mut(), 0);
            }
            for _ in 0..1000 {
                node(actor, std::ptr::null_mut(), 1);
            }
            set(table, element(to), !moved);
            assert_eq!(get(!moved as ObjPtr, 16), last as u64);
        }
    });
}

#[test]
fn a_small_program_never_collects() {
    check(|actor| {
        for value in 0..1000 {
            node(actor, std::ptr::null_mut(), value);
        }
        assert_eq!(actor.heap.stats().collections, 0);
    });
}

#[test]
fn the_limit_is_a_panic_and_garbage_does_not_count() {
    with_actor(&DESCS, options(8 << 20, Pace::Sliced), |actor| {
        for _ in 0..100 {
            apart(|| new_array(actor, INTS, 100_000));
        }
        assert_eq!(actor.raised(), None);
        let mut list = std::ptr::null_mut();
        let mut count = 0;
        while let Some(node) = actor.alloc(NODE, 24) {
            set(node, 8, list as u64);
            list = node;
            count += 1;
        }
        assert_eq!(actor.raised(), Some(PanicCode::HeapLimit));
        assert!(count * 24 > 5 << 20, "most of the limit was usable: {count}");
        black_box(list);
        assert_eq!(take_panic(actor), "heap limit exceeded");
        assert!(actor.alloc(NODE, 24).is_some(), "defers may allocate");
    });
}

#[test]
fn absurd_lengths_are_panics() {
    check(|actor| {
        for (len, code) in [
            (-1, PanicCode::NegativeLength),
            (i64::MAX, PanicCode::HeapLimit),
            (1 << 50, PanicCode::HeapLimit),
        ] {
            // SAFETY: the context is the actor's.
            let array = unsafe { rt_array_alloc(&raw mut actor.ctx, INTS.0 as i64, len) };
            assert!(array.is_null());
            assert_eq!(actor.raised(), Some(code), "{len}");
            take_panic(actor);
        }
    });
}

#[test]
fn arrays_grow_with_their_elements() {
    check(|actor| {
        let ctx = &raw mut actor.ctx;
        let mut array = new_array(actor, INTS, 1);
        let mut len = 1;
        let mut copies = 0;
        for value in 0..10_000 {
            node(actor, std::ptr::null_mut(), value);
        }
        // It does not stay among the small ones.
        let in_block = new_array(actor, INTS, 1000);
        assert!(Space::get().is_some_and(|space| space.contains(in_block as usize)));
        // SAFETY: the context is the actor's, the array is alive.
        let grown = unsafe { rt_array_grow(ctx, in_block, 1300) };
        assert!(grown != in_block && get(grown, 8) == 1300);
        while len < 10_000_000 {
            set(array, element(len - 1), len as u64);
            // SAFETY: the context is the actor's, the array is alive.
            let grown = unsafe { rt_array_grow(ctx, array, len as i64 * 3 / 2 + 1) };
            copies += usize::from(grown != array);
            array = grown;
            assert_eq!(get(array, element(len - 1)), len as u64);
            assert_eq!(get(array, element(len)), 0, "new elements are zero");
            len = get(array, 8) as usize;
        }
        assert!(copies < 37, "very large arrays grow in place: {copies}");
        // SAFETY: as above; the ranges are within the array.
        unsafe {
            rt_array_copy(ctx, array, 1, array, 0, 100);
            assert_eq!(get(array, element(1)), 1);
            rt_array_zero(ctx, array, 0, 2);
            assert_eq!((get(array, element(0)), get(array, element(1))), (0, 0));
        }
    });
}

#[test]
fn stress_collects_each_time_and_poisons() {
    check_stress(|actor| {
        let mut list = std::ptr::null_mut();
        for value in 0..300 {
            list = node(actor, list, value);
            let text = actor.new_str("some text");
            // SAFETY: just made.
            assert_eq!(unsafe { data(text) }, b"some text");
        }
        assert!(actor.heap.stats().collections >= 600);
        let dead = apart(|| !(node(actor, std::ptr::null_mut(), 5) as usize));
        actor.collect();
        for _ in 0..40 {
            node(actor, std::ptr::null_mut(), 6);
        }
        assert_ne!(get(!black_box(dead) as ObjPtr, 16), 5);
        for value in (0..300).rev() {
            assert_eq!(get(list, 16), value);
            list = get(list, 8) as ObjPtr;
        }
    });
}

#[test]
fn registered_roots_keep_objects() {
    unsafe fn scan(words: *mut u8, visit: &mut dyn FnMut(*const u64, usize)) {
        visit(words.cast(), 2);
    }
    check(|actor| {
        let frames: &mut [u64; 2] = Box::leak(Box::new([0; 2]));
        actor.add_roots(RootSource { data: frames.as_mut_ptr().cast(), scan });
        apart(|| {
            frames[0] = node(actor, std::ptr::null_mut(), 1) as u64;
            frames[1] = node(actor, std::ptr::null_mut(), 2) as u64 + 24;
            let closure = node(actor, std::ptr::null_mut(), 3);
            actor.push_defer(closure);
        });
        actor.collect();
        assert!(actor.heap.stats().live_objects >= 3);
        assert_eq!(get(frames[0] as ObjPtr, 16), 1);
        assert_eq!(get((frames[1] - 24) as ObjPtr, 16), 2);
        assert_eq!(actor.pop_defer().map(|closure| get(closure, 16)), Some(3));
    });
}

#[test]
fn objects_of_every_size_are_zero_and_apart() {
    check(|actor| {
        for round in 0..3 {
            for size in (16..20_000).step_by(8 * 7) {
                let len = (size - 16) / 8;
                let array = new_array(actor, INTS, len);
                for index in 0..len {
                    assert_eq!(get(array, element(index)), 0, "size {size} in round {round}");
                    set(array, element(index), u64::MAX);
                }
            }
            actor.collect();
        }
    });
}
