//! Graphs sent from heap to heap: always the same graph, with no trace left behind.

use super::{Message, give_back_all};
use crate::actor::Actor;
use crate::heap::Heap;
use crate::heap::Pace;
use crate::heap::descs::Descs;
use crate::heap::forward::unshared;
use crate::heap::handle::{Handle, HandleOps};
use crate::heap::large;
use crate::heap::tests::{
    DESCS, INTS, NODE, PAIRS, REFS, WORDS, allocated_bytes, get, new_array, node, options, set,
};
use crate::testing::with_actor;
use sepal_abi::{ARRAY_DATA, Ctx, DescId, Header, ObjPtr, any_int, any_nil, any_to_int};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

fn check(body: impl FnOnce(&mut Actor)) {
    with_actor(&DESCS, options(4 << 30, Pace::Sliced), body);
}

/// A second heap of the same program.
pub struct Receiver {
    pub heap: Heap,
    ctx: Ctx,
}

impl Receiver {
    pub fn new(actor: &Actor, limit: usize, pace: Pace) -> Receiver {
        // SAFETY: the descriptors live as long as the actor's runtime, which outlives the test's body.
        let heap = unsafe { Heap::new(&*actor.heap.descs(), limit, pace) };
        Receiver { heap, ctx: Ctx::new(std::ptr::null_mut()) }
    }

    pub fn adopt(&mut self, message: Message) -> ObjPtr {
        message.adopt(&mut self.heap, &mut self.ctx).expect("memory")
    }

    pub fn settle(&mut self, root: &mut ObjPtr) {
        let mut word = *root as u64;
        // SAFETY: the tests keep no other references.
        unsafe { self.heap.settle(&mut self.ctx, &mut |visit| visit(&mut word)) };
        *root = word as ObjPtr;
    }
}

pub fn descs(actor: &Actor) -> &Descs {
    // SAFETY: the descriptors live as long as the actor's runtime.
    unsafe { &*actor.heap.descs() }
}

pub fn copy(actor: &Actor, root: ObjPtr) -> Message {
    // SAFETY: the tests give objects of the actor's heap.
    unsafe { Message::copy_graph(descs(actor), root) }.expect("memory")
}

/// Compares two graphs, sharing and cycles included, and gives the number of their objects.
pub fn compare(descs: &Descs, a: ObjPtr, b: ObjPtr) -> usize {
    let mut twins = HashMap::from([(a as u64, b as u64)]);
    let mut todo = vec![(a, b)];
    while let Some((a, b)) = todo.pop() {
        let mut pointers = (Vec::new(), Vec::new());
        // SAFETY: both are objects.
        let sizes = unsafe {
            let first = descs.visit_pointers(a, |word| pointers.0.push(*word));
            (first, descs.visit_pointers(b, |word| pointers.1.push(*word)))
        };
        assert_eq!(sizes.0, sizes.1);
        let header = |object| unshared(Header(get(object, 0)));
        assert_eq!(header(a), header(b));
        for offset in (8..sizes.0).step_by(8) {
            let (x, y) = (get(a, offset), get(b, offset));
            assert!(x == y || pointers.0.contains(&x) && pointers.1.contains(&y));
        }
        assert_eq!(pointers.0.len(), pointers.1.len());
        for (x, y) in pointers.0.into_iter().zip(pointers.1) {
            match twins.insert(x, y) {
                None => todo.push((x as ObjPtr, y as ObjPtr)),
                Some(twin) => {
                    assert_eq!(twin, y, "what was shared is no longer, or the other way round")
                }
            }
        }
    }
    let mut distinct: Vec<u64> = twins.values().copied().collect();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), twins.len());
    twins.len()
}

#[test]
fn words_are_a_small_message() {
    check(|actor| {
        let words = [0, 7, 0, 0];
        // SAFETY: the words are no pointers.
        let message = unsafe { Message::copy(descs(actor), NODE, words) }.expect("memory");
        assert!(message.bytes() <= 112, "{}", message.bytes());
        let mut to = Receiver::new(actor, 1 << 20, Pace::Sliced);
        let root = to.adopt(message);
        assert_eq!((get(root, 0), get(root, 8), get(root, 16)), (NODE.0, 0, 7));
    });
}

#[test]
fn sharing_and_cycles_are_kept() {
    check(|actor| {
        let text = actor.new_str("shared");
        let pairs = new_array(actor, PAIRS, 3);
        let ring = node(actor, std::ptr::null_mut(), 1);
        let second = node(actor, ring, 2);
        set(ring, 8, second as u64);
        for (index, to) in [text, ring, text].into_iter().enumerate() {
            set(pairs, ARRAY_DATA as usize + 16 * index, index as u64 * 8);
            set(pairs, ARRAY_DATA as usize + 16 * index + 8, to as u64);
        }
        let before = get(pairs, 0);
        let message = copy(actor, pairs);
        assert_eq!(get(pairs, 0), before, "the sender's objects are as they were");
        assert_eq!(compare(descs(actor), pairs, message.root()), 4);
        let mut to = Receiver::new(actor, 1 << 20, Pace::Sliced);
        let copied = message.copy_into(&mut to.heap, &mut to.ctx).expect("memory");
        let mut adopted = to.adopt(message);
        assert_ne!(copied, adopted);
        assert_eq!(compare(descs(actor), pairs, copied), 4);
        assert_eq!(compare(descs(actor), pairs, adopted), 4);
        to.settle(&mut adopted);
        assert_eq!(compare(descs(actor), pairs, adopted), 4);
    });
}

/// A text of the actor's, which must be large.
fn large_text(actor: &mut Actor, len: usize) -> ObjPtr {
    actor.new_str(&"x".repeat(len))
}

#[test]
fn large_strings_are_shared_and_freed_by_the_last_who_holds_them() {
    check(|actor| {
        for len in [5_000, 20_000, 50_000, 300_000, 3_000_000] {
            let text = large_text(actor, len);
            let holder = new_array(actor, REFS, 2);
            set(holder, ARRAY_DATA as usize, text as u64);
            set(holder, ARRAY_DATA as usize + 8, text as u64);
            let before = allocated_bytes();
            let message = copy(actor, holder);
            let sent = get(message.root(), ARRAY_DATA as usize);
            assert_eq!(sent, get(message.root(), ARRAY_DATA as usize + 8), "one object is one");
            assert_eq!(
                len > 32 * 1024,
                sent == text as u64,
                "the largest are not even copied once"
            );
            assert_eq!(compare(descs(actor), holder, message.root()), 2);
            let limit = 2 * len + 100_000;
            let mut receivers: Vec<Receiver> =
                (0..10).map(|_| Receiver::new(actor, limit, Pace::Sliced)).collect();
            for receiver in &mut receivers {
                // As often as it likes: what it holds already counts once against its limit.
                for _ in 0..5 {
                    let second = message.try_clone(descs(actor)).expect("memory");
                    let mut root = receiver.adopt(second);
                    assert_eq!(get(root, ARRAY_DATA as usize), sent);
                    receiver.settle(&mut root);
                    assert_eq!(get(root, ARRAY_DATA as usize), sent);
                }
                assert!(receiver.heap.footprint() >= len);
            }
            let Receiver { heap, ctx } = &mut receivers[0];
            let mut held = message.copy_into(heap, ctx).expect("memory");
            drop(message);
            receivers.truncate(1);
            receivers[0].settle(&mut held);
            // SAFETY: the receiver holds the string.
            let data = unsafe { crate::actor::data(sent as ObjPtr) };
            assert!(data.len() == len && data.iter().all(|&byte| byte == b'x'));
            let mut nothing = std::ptr::null_mut();
            receivers[0].settle(&mut nothing);
            assert!(receivers[0].heap.footprint() < 5_000, "it is let go at once");
            drop(receivers);
            give_back_all();
            // Threads keep some memory for later.
            assert!(allocated_bytes() - before < 150_000);
            // SAFETY: the actor has it.
            assert_eq!(unsafe { crate::actor::data(text) }.len(), len, "its maker has it");
        }
    });
}

#[test]
fn who_gets_back_its_own_string_has_it_once_more_or_not_and_loses_nothing() {
    check(|actor| {
        let text = large_text(actor, 100_000);
        for _ in 0..3 {
            let message = copy(actor, text);
            let again = actor.adopt(message).expect("memory");
            assert_eq!(again, text);
            actor.collect();
        }
        // SAFETY: the actor has it.
        assert_eq!(unsafe { crate::actor::data(text) }.len(), 100_000);
        // What a builder writes to is not shared, however large.
        let bytes = actor.new_bytes(&[7; 60_000]);
        let builder = actor.alloc(Header::new(DescId::BUF), 24).expect("memory");
        set(builder, 8, 60_000);
        set(builder, 16, bytes as u64);
        let message = copy(actor, builder);
        assert_ne!(get(message.root(), 16), bytes as u64);
        let bytes = copy(actor, bytes);
        assert_eq!(compare(descs(actor), builder, message.root()), 2);
        drop(bytes);
    });
}

#[test]
fn threads_that_share_a_string_let_it_go_once() {
    check(|actor| {
        let text = large_text(actor, 200_000);
        let message = copy(actor, text);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let mut own = message.try_clone(descs(actor)).expect("memory");
                let descs = descs(actor);
                scope.spawn(move || {
                    for _ in 0..1_000 {
                        own = own.try_clone(descs).expect("memory");
                        // SAFETY: the message holds the string.
                        assert_eq!(unsafe { crate::actor::data(own.root()) }.len(), 200_000);
                    }
                    drop(own);
                    give_back_all();
                });
            }
        });
        assert_eq!(message.root(), text);
        // SAFETY: the actor has it.
        let holders = || unsafe { large::holders(text as usize) };
        assert_eq!(holders(), 2, "the message and its maker");
        drop(message);
        assert_eq!(holders(), 1);
    });
}

#[test]
#[cfg_attr(miri, ignore = "takes minutes")]
fn lists_of_a_million_nodes_need_no_stack() {
    check(|actor| {
        let mut list = std::ptr::null_mut();
        for value in 0..1_000_000 {
            list = node(actor, list, value);
        }
        let message = copy(actor, list);
        let twin = message.try_clone(descs(actor)).expect("memory");
        let mut to = Receiver::new(actor, 1 << 30, Pace::Sliced);
        for message in [message, twin] {
            let mut at = to.adopt(message);
            to.settle(&mut at);
            for value in (0..1_000_000).rev() {
                assert_eq!(get(at, 16), value);
                at = get(at, 8) as ObjPtr;
            }
            assert!(at.is_null());
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "takes minutes")]
fn large_objects_are_handed_over() {
    check(|actor| {
        let refs = new_array(actor, REFS, 100_000);
        let ints = new_array(actor, INTS, 2000);
        for index in [0, 77, 99_999] {
            let inner = node(actor, ints, index);
            set(refs, ARRAY_DATA as usize + 8 * index as usize, inner as u64);
        }
        let message = copy(actor, refs);
        let large = message.root();
        let twin = message.try_clone(descs(actor)).expect("memory");
        assert!(twin.bytes() <= message.bytes(), "a copy has no room to spare");
        let mut to = Receiver::new(actor, 1 << 22, Pace::Sliced);
        let mut adopted = to.adopt(message);
        assert_eq!(adopted, large, "not copied again");
        assert_eq!(compare(descs(actor), refs, adopted), 5);
        assert_eq!(compare(descs(actor), refs, twin.root()), 5);
        to.settle(&mut adopted);
        assert_eq!(compare(descs(actor), refs, adopted), 5);
        let held = to.heap.footprint();
        to.settle(&mut std::ptr::null_mut());
        assert!(held > 800_000 && to.heap.footprint() == 0, "{}", to.heap.footprint());
    });
}

static RETAINED: AtomicUsize = AtomicUsize::new(0);
static OPS: HandleOps = HandleOps { retain, release };

unsafe fn retain(address: usize) {
    assert_eq!(address, 4711);
    RETAINED.fetch_add(1, Ordering::Relaxed);
}

unsafe fn release(address: usize) {
    assert_eq!(address, 4711);
    assert_ne!(RETAINED.fetch_sub(1, Ordering::Relaxed), 0);
}

#[test]
fn references_of_handles_are_counted() {
    let count = || RETAINED.load(Ordering::Relaxed);
    check(|actor| {
        let object = actor.alloc(Header::new(DescId::HANDLE), 32).expect("memory");
        let handle = object.cast::<Handle>();
        // SAFETY: the object was just made.
        unsafe {
            ((*handle).ops, (*handle).address) = (&OPS, 4711);
            retain(4711);
            actor.heap.list_handle(handle);
        }
        let list = node(actor, object, 1);
        let pair = new_array(actor, REFS, 2);
        set(pair, 16, list as u64);
        set(pair, 24, object as u64);
        let message = copy(actor, pair);
        assert_eq!((count(), message.handles().count()), (2, 1));
        let twin = message.try_clone(descs(actor)).expect("memory");
        assert_eq!(count(), 3);
        let mut to = Receiver::new(actor, 1 << 20, Pace::Sliced);
        let mut adopted = to.adopt(message);
        assert_eq!((count(), to.heap.handles().count()), (3, 1));
        let other = twin.copy_into(&mut to.heap, &mut to.ctx).expect("memory");
        assert_eq!((count(), to.heap.handles().count()), (4, 2));
        drop(twin);
        assert_eq!(count(), 3);
        to.settle(&mut adopted);
        assert_eq!((count(), to.heap.handles().count()), (2, 1), "{other:?} is gone");
        assert_eq!(get(adopted, 24), to.heap.handles().next().map_or(0, |h| &raw const *h as u64));
        to.settle(&mut std::ptr::null_mut());
        assert_eq!(count(), 1);
        let mut again = Receiver::new(actor, 1 << 20, Pace::Sliced);
        again.adopt(copy(actor, pair));
        assert_eq!(count(), 2);
        drop(again);
        assert_eq!(count(), 1);
    });
    assert_eq!(count(), 0, "the actor's heap is gone");
}

#[test]
fn signals_carry_a_text_or_a_word() {
    check(|actor| {
        for text in [None, Some(""), Some("seven b"), Some("eight by"), Some(&*"x".repeat(100_000))]
        {
            let word = any_int(-5).unwrap_or(any_nil());
            let mut signal = Message::signal(7, 4, text, word).expect("memory");
            signal.set_word(0, 8);
            let mut to = Receiver::new(actor, 1 << 20, Pace::Sliced);
            let root = to.adopt(signal.try_clone(descs(actor)).expect("memory"));
            assert_eq!((signal.word(0), get(root, 8), get(root, 16)), (8, 8, 4));
            assert_eq!(any_to_int(get(root, 32)), -5);
            let copied = get(root, 24) as ObjPtr;
            // SAFETY: the word is null or names a string.
            let copied = (!copied.is_null()).then(|| unsafe { crate::actor::text(copied) });
            assert_eq!(copied, text);
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "takes minutes")]
fn a_heap_at_its_limit_gives_the_message_back() {
    check(|actor| {
        let mut list = std::ptr::null_mut();
        for value in 0..10_000 {
            list = node(actor, list, value);
        }
        let mut to = Receiver::new(actor, 100_000, Pace::Sliced);
        let few = list_of(actor, 3);
        let mut kept = to.adopt(copy(actor, few));
        let message = copy(actor, list).adopt(&mut to.heap, &mut to.ctx).expect_err("a limit");
        assert_eq!(compare_lists(list, message.root()), 10_000);
        to.settle(&mut kept);
        assert_eq!(compare_lists(kept, kept), 3);
        to.heap.set_limit(1 << 20);
        assert_eq!(compare_lists(list, to.adopt(message)), 10_000);
    });
}

fn list_of(actor: &mut Actor, len: u64) -> ObjPtr {
    (0..len).fold(std::ptr::null_mut(), |next, value| node(actor, next, value))
}

/// The length of two lists with the same values.
fn compare_lists(mut a: ObjPtr, mut b: ObjPtr) -> usize {
    let mut len = 0;
    while !a.is_null() {
        assert_eq!(get(a, 16), get(b, 16));
        (a, b) = (get(a, 8) as ObjPtr, get(b, 8) as ObjPtr);
        len += 1;
    }
    assert!(b.is_null());
    len
}

#[test]
fn all_memory_comes_back() {
    check(|actor| {
        let list = list_of(actor, 3000);
        let large = new_array(actor, REFS, 5000);
        set(large, 16, list as u64);
        for root in [list, large] {
            // Whatever a thread keeps is there after the first time.
            for _ in 0..2 {
                let before = allocated_bytes();
                let mut to = Receiver::new(actor, 1 << 22, Pace::Sliced);
                let message = copy(actor, root);
                drop(message.try_clone(descs(actor)));
                let mut adopted = to.adopt(message);
                to.settle(&mut adopted);
                drop(to);
                let kept = allocated_bytes() - before;
                assert!(kept <= 200_000, "{kept}");
            }
            let before = allocated_bytes();
            let mut to = Receiver::new(actor, 1 << 22, Pace::Sliced);
            let mut adopted = to.adopt(copy(actor, root));
            to.settle(&mut adopted);
            drop(to);
            assert_eq!(allocated_bytes(), before);
        }
    });
}

#[test]
fn messages_may_be_dropped_by_another_thread() {
    check(|actor| {
        let message = {
            let list = list_of(actor, 1000);
            copy(actor, list)
        };
        let raw = message.into_raw();
        // SAFETY: the pointer was just made of a message.
        let message = unsafe { Message::from_raw(raw) }.expect("not null");
        let bytes = std::thread::spawn(move || message.bytes()).join().expect("no panic");
        assert!(bytes > 24_000);
    });
}

/// Nanoseconds for one run of `body`, at the best of many times.
fn time(mut body: impl FnMut()) -> f64 {
    const RUNS: u32 = 200;
    let mut best = f64::INFINITY;
    for _ in 0..100 {
        let begin = std::time::Instant::now();
        (0..RUNS).for_each(|_| body());
        best = best.min(begin.elapsed().as_nanos() as f64 / f64::from(RUNS));
    }
    best
}

/// The figures in docs/gc.md, in release mode with `SEPAL_FIGURES=1` and `--nocapture`; and what an idle heap takes.
#[test]
fn figures() {
    check(|actor| {
        if std::env::var_os("SEPAL_FIGURES").is_some() {
            print_times(actor);
        }
        let text = actor.new_str("a string of some length");
        let with_text = node(actor, text, 1);
        let mut to = Receiver::new(actor, 1 << 30, Pace::Sliced);
        let mut frame = to.adopt(copy(actor, with_text));
        let begun = to.heap.footprint();
        for _ in 0..10 {
            to.heap.alloc(&mut to.ctx, NODE, 24);
        }
        let running = to.heap.footprint();
        to.settle(&mut frame);
        let settled = to.heap.footprint();
        assert_eq!((begun, settled), (88, 80), "a node and a string, and the head of a chunk");
        assert!(running < 400, "{running}");
    });
}

#[test]
fn the_block_of_a_first_message_becomes_a_chunk_of_a_heap_without_room() {
    check(|actor| {
        let mut to = Receiver::new(actor, 4 << 20, Pace::Sliced);
        // SAFETY: the words are no references.
        let message = || unsafe { Message::copy(descs(actor), WORDS, [1, 2, 3, 4]) };
        let message = || message().expect("memory");
        let is_whole = |object| (0..5).all(|at| get(object, 8 * at) == [WORDS.0, 1, 2, 3, 4][at]);
        // Not before there is a chunk.
        let early = message().become_chunk(&mut to.heap, &mut to.ctx).expect_err("no chunk");
        let begun = to.adopt(early);
        while to.ctx.alloc_end - to.ctx.alloc_ptr >= 40 {
            to.heap.alloc(&mut to.ctx, NODE, 24);
        }
        let before = to.heap.footprint();
        let first = message().adopt_flat(&mut to.ctx).expect_err("no room");
        let block = first.root() as usize;
        let first = first.become_chunk(&mut to.heap, &mut to.ctx).expect("a chunk");
        assert!(is_whole(first) && (block - 64..block).contains(&(first as usize)));
        assert_eq!(to.heap.footprint(), before + 72);
        // What is left of it is zero, and used.
        let next = to.heap.alloc(&mut to.ctx, NODE, 16).expect("room");
        assert_eq!((next as usize - first as usize, get(next, 8)), (40, 0));
        // The second one is copied.
        let second = message().adopt_flat(&mut to.ctx).expect_err("no room");
        let second = second.become_chunk(&mut to.heap, &mut to.ctx).expect_err("a second one");
        assert!(is_whole(to.adopt(second)) && is_whole(begun));
        let mut root = first;
        to.settle(&mut root);
        assert!(is_whole(root));
    });
}

fn print_times(actor: &mut Actor) {
    let empty = std::ptr::null_mut();
    let words = [1, 2, 3, 4];
    let (ints, text) = (new_array(actor, INTS, 1000), actor.new_str("a string of some length"));
    let list = node(actor, ints, 1000);
    let tree = list_of(actor, 1000);
    let with_text = node(actor, text, 1);
    let alone = node(actor, empty, 1);
    for (name, root) in [
        ("a node", alone),
        ("node and text", with_text),
        ("1,000 ints", list),
        ("1,000 nodes", tree),
    ] {
        println!("{name}: {:.0} ns to copy and drop", time(|| drop(copy(actor, root))));
        let adopt = || {
            Receiver::new(actor, 1 << 30, Pace::Sliced).adopt(copy(actor, root));
        };
        println!("{name}: {:.0} ns to copy and adopt into a new heap", time(adopt));
        let mut to = Receiver::new(actor, 1 << 30, Pace::Sliced);
        let both = time(|| {
            let mut adopted = to.adopt(copy(actor, root));
            if to.heap.wants_settling(&to.ctx) {
                to.settle(&mut adopted);
            }
        });
        println!("{name}: {both:.0} ns to copy, adopt and settle now and then");
        let mut root = to.adopt(copy(actor, root));
        println!("{name}: {:.0} ns to settle", time(|| to.settle(&mut root)));
    }
    // SAFETY: the words are no references.
    let send = || drop(unsafe { Message::copy(descs(actor), WORDS, words) });
    println!("four words: {:.0} ns to copy and drop", time(send));
}
