//! What the modelled files use of the rest of the runtime, as far as a model needs it. Threads share nothing here but what the
//! modelled files share through it.

use crate::sched::slot::Pid;
use loom::sync::Mutex;

/// Memory that is not used twice, so that a model finds out who gives it up, and after what.
pub(crate) mod blocks {
    use crate::Cell;
    use std::alloc::{Layout, alloc_zeroed, dealloc};
    use std::cell::RefCell;

    pub(crate) const ALIGN: usize = 16;
    pub(crate) const LARGEST: usize = 488;

    /// Before each block: the last access to it is its end.
    struct Guard {
        is_free: Cell,
    }

    thread_local! {
        /// What was taken in this execution of the model, whose threads are all one thread of the system's.
        static TAKEN: RefCell<Vec<(*mut u8, Layout)>> = const { RefCell::new(Vec::new()) };
    }

    /// An execution begins: the last one's memory is not needed any more.
    pub(crate) fn begin() {
        for (memory, layout) in TAKEN.take() {
            // SAFETY: allocated in `take` with this layout; that execution has ended.
            unsafe { dealloc(memory, layout) };
        }
    }

    const HEAD: usize = 64;
    const _: () = assert!(size_of::<Guard>() <= HEAD);

    unsafe fn guard<'b>(memory: *const u8) -> &'b Guard {
        // SAFETY: the caller has it from `take`.
        unsafe { &*memory.sub(HEAD).cast() }
    }

    pub(crate) fn take(size: usize) -> *mut u8 {
        // Room for the checker's larger cells.
        let layout = Layout::from_size_align(HEAD + 4 * size, HEAD).expect("a small size");
        // SAFETY: the layout is not empty; the beginning is for the guard.
        unsafe {
            let memory = alloc_zeroed(layout);
            TAKEN.with_borrow_mut(|taken| taken.push((memory, layout)));
            memory.cast::<Guard>().write(Guard { is_free: Cell::new(0) });
            memory.add(HEAD)
        }
    }

    pub(crate) unsafe fn give(memory: *mut u8, _size: usize) {
        // SAFETY: the caller has it from `take`. It is not given back: what still uses it shall be found, not crash.
        let guard = unsafe { guard(memory) };
        assert_eq!(guard.is_free.get(), 0, "given up twice");
        guard.is_free.set(1);
    }

    /// All that was taken has been given up.
    pub(crate) fn assert_all_free() {
        let taken = TAKEN.with_borrow(|taken| taken.clone());
        for (memory, _) in taken {
            // SAFETY: the memory is there to the end of the execution.
            let guard = unsafe { guard(memory.add(HEAD)) };
            assert_eq!(guard.is_free.get(), 1, "given up by nobody");
        }
    }

    /// The caller uses the memory.
    pub(crate) fn touch(memory: *const u8) {
        // SAFETY: the memory is from `take`, and never given back.
        assert_eq!(unsafe { guard(memory) }.is_free.get(), 0, "used after its end");
    }
}

/// Flat messages: an envelope and an object of words.
pub(crate) mod message {
    use super::blocks;
    use crate::message::Pack;
    use crate::sync::AtomicPtr;
    use sepal_abi::{Header, ObjPtr};
    use std::mem::ManuallyDrop;
    use std::ptr::NonNull;

    pub(crate) const ALIGN: usize = blocks::ALIGN;
    pub(crate) const MESSAGE_WORDS: usize = 4;
    pub(crate) const ROOM_FOR_WORDS: usize = 8 + 8 * MESSAGE_WORDS;
    pub(crate) const PACK: u32 = 1 << 31;
    const FLAT: usize = size_of::<Envelope>() + ROOM_FOR_WORDS;

    #[derive(Debug)]
    #[repr(C)]
    pub(crate) struct Envelope {
        pub(crate) next: AtomicPtr<Envelope>,
        pub(crate) note: u64,
        pub(crate) kind: u32,
        pub(crate) flat_size: u32,
    }

    #[derive(Debug)]
    pub(crate) struct Message(pub(crate) NonNull<Envelope>);

    // SAFETY: as of the runtime's.
    unsafe impl Send for Message {}
    // SAFETY: as above.
    unsafe impl Sync for Message {}

    impl Message {
        /// A message of one word.
        pub(crate) fn of(word: u64) -> Message {
            let header = Header::new(sepal_abi::DescId::SIGNAL);
            Message::new_flat(16, header, [word, 0, 0, 0]).expect("memory")
        }

        pub(crate) fn new_flat(
            size: usize,
            header: Header,
            words: [u64; MESSAGE_WORDS],
        ) -> Option<Message> {
            let envelope = NonNull::new(blocks::take(FLAT).cast::<Envelope>())?;
            let next = AtomicPtr::new(std::ptr::null_mut());
            // SAFETY: the memory is ours, with room for a header and all words.
            unsafe {
                envelope.write(Envelope { next, note: 0, kind: 0, flat_size: size as u32 });
                let object = envelope.as_ptr().add(1);
                object.cast::<Header>().write(header);
                object.cast::<u64>().add(1).cast::<[u64; MESSAGE_WORDS]>().write(words);
            }
            Some(Message(envelope))
        }

        pub(crate) fn envelope(&self) -> &Envelope {
            // SAFETY: the message owns its memory.
            unsafe { self.0.as_ref() }
        }

        pub(crate) fn root(&self) -> ObjPtr {
            // SAFETY: the object follows the envelope.
            unsafe { self.0.as_ptr().add(1).cast() }
        }

        pub(crate) fn address(&self) -> *const u8 {
            self.0.as_ptr().cast()
        }

        pub(crate) fn touch(&self) {
            blocks::touch(self.address());
        }

        pub(crate) fn word(&self) -> u64 {
            self.touch();
            // SAFETY: the object has a word behind its header.
            unsafe { self.root().cast::<u64>().add(1).read() }
        }

        pub(crate) fn pack(&self) -> Option<&Pack> {
            // SAFETY: with the bit it is one, which the message owns.
            (self.envelope().flat_size & PACK != 0).then(|| unsafe { self.0.cast().as_ref() })
        }

        pub(crate) fn pack_mut(&mut self) -> Option<&mut Pack> {
            // SAFETY: as above.
            (self.envelope().flat_size & PACK != 0).then(|| unsafe { self.0.cast().as_mut() })
        }

        pub(crate) fn into_raw(self) -> *mut Envelope {
            ManuallyDrop::new(self).0.as_ptr()
        }

        pub(crate) unsafe fn from_raw(raw: *mut Envelope) -> Option<Message> {
            NonNull::new(raw).map(Message)
        }

        pub(crate) fn free_memory(self) {
            // SAFETY: the message owned its memory.
            unsafe { blocks::give(self.into_raw().cast(), FLAT) };
        }
    }

    impl Drop for Message {
        fn drop(&mut self) {
            // SAFETY: the memory is the message's.
            unsafe {
                if self.pack().is_some() {
                    Pack::give_up(self.0.as_ptr().cast());
                } else {
                    blocks::give(self.0.as_ptr().cast(), FLAT);
                }
            }
        }
    }
}

pub(crate) mod slot {
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
    pub(crate) struct Pid(pub(crate) i64);

    impl Pid {
        pub(crate) fn number(self) -> i64 {
            self.0
        }

        pub(crate) fn from_number(number: i64) -> Option<Pid> {
            (number != 0).then_some(Pid(number))
        }
    }
}

pub(crate) mod signal {
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub(crate) struct Reason(pub(crate) u64);
}

/// Who was woken.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) woken: Mutex<Vec<Pid>>,
}

impl Runtime {
    pub(crate) fn new() -> Runtime {
        Runtime { woken: Mutex::new(Vec::new()) }
    }

    pub(crate) fn settle_sends(&self) {}

    pub(crate) fn wake(&self, pid: Pid) {
        self.woken.lock().expect("no panic").push(pid);
    }
}
