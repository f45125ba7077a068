//! Where quick code goes over to better code: one slot for each function's entry and each loop head, which counts
//! how often it was passed and holds the better code's address once there is some.
//!
//! Compiled code counts in a slot and jumps through it; one thread fills slots (`tiers`). Must never take a word out
//! of a slot again: code that has read it may run any time later.

use cranelift_module::FuncId as ClFunc;
use sepal_mir::{self as mir, Block, FuncId};
use std::mem::offset_of;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

/// How a program goes from its quick tier to the better one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tiering {
    /// A place asks for better code when it has been passed so often.
    pub threshold: u32,
    /// Quick code waits for the better code it has asked for: for tests, whose runs shall be alike.
    pub waits: bool,
    /// Functions go over where they are entered too, not in loops alone.
    pub at_entries: bool,
}

impl Tiering {
    /// For running programs: short loops ask within microseconds, and what runs a few times never does.
    pub const USUAL: Tiering = Tiering { threshold: 2_000, waits: false, at_entries: true };
    /// Everything goes over as soon as it can.
    pub const EAGER: Tiering = Tiering { threshold: 1, waits: true, at_entries: true };
    /// Every loop goes over as soon as it can, and what it calls does so again.
    pub const EAGER_LOOPS: Tiering = Tiering { threshold: 1, waits: true, at_entries: false };
}

/// A place that has asked asks again, or goes over, after so many rounds.
const PATIENCE: u32 = 1_000;

/// One place.
#[repr(C)]
pub(crate) struct Slot {
    /// The better code, or null.
    code: AtomicPtr<u8>,
    count: AtomicU32,
    asked: AtomicBool,
}

impl Slot {
    pub const CODE: u32 = offset_of!(Slot, code) as u32;
    pub const COUNT: u32 = offset_of!(Slot, count) as u32;

    /// From now on the place goes over.
    pub fn publish(&self, code: *const u8) {
        self.code.store(code.cast_mut(), Ordering::Release);
        // Far above every threshold; what compiled code counts at the same time may overwrite this, and then it takes
        // some rounds more.
        self.count.store(u32::MAX / 2, Ordering::Relaxed);
    }

    /// The better code, or null.
    pub fn code(&self) -> *const u8 {
        self.code.load(Ordering::Acquire)
    }

    /// Whether this is the first time that it asks.
    pub fn ask(&self, threshold: u32) -> bool {
        self.count.store(threshold.saturating_sub(PATIENCE), Ordering::Relaxed);
        !self.asked.swap(true, Ordering::Relaxed)
    }
}

/// What happens when quick code has passed a place too often: given who is told and the slot; gives the better code or
/// null.
pub(crate) type Ask = unsafe extern "C" fn(*const u8, *const Slot) -> *const u8;

/// The slots of a program.
pub(crate) struct Slots {
    pub tiering: Tiering,
    slots: Box<[Slot]>,
    /// The number of each function's first slot: it has one for each block.
    first: Vec<u32>,
    /// Functions whose entry has a slot.
    counted: Vec<bool>,
    pub ask: Ask,
    pub who: *const u8,
    /// The compiled function that calls `ask`.
    pub asker: ClFunc,
}

// SAFETY: `who` is only handed on; `ask` says what may be done with it.
unsafe impl Send for Slots {}
// SAFETY: as above.
unsafe impl Sync for Slots {}

impl Slots {
    /// Slots for all functions of the quick tier.
    pub fn new(
        mir: &mir::Module,
        tiering: Tiering,
        (ask, who): (Ask, *const u8),
        asker: ClFunc,
    ) -> Slots {
        let mut first = Vec::with_capacity(mir.functions.len());
        let mut count = 0;
        for func in mir.functions.iter() {
            first.push(count);
            count += func.blocks.len() as u32;
        }
        // SAFETY: a slot of zeros has no code, has counted nothing and has not asked.
        let slots = unsafe { Box::new_zeroed_slice(count as usize).assume_init() };
        let counted = mir::tier::counted_entries(mir).as_slice().to_vec();
        Slots { tiering, slots, first, counted, ask, who, asker }
    }

    pub fn number(&self, id: FuncId, block: Block) -> u32 {
        self.first[id.0 as usize] + block.0
    }

    /// The number of one of these slots.
    pub fn number_of(&self, slot: &Slot) -> u32 {
        self.slots.element_offset(slot).expect("it is one of these") as u32
    }

    pub fn slot(&self, number: u32) -> &Slot {
        &self.slots[number as usize]
    }

    /// The place of a slot.
    pub fn place(&self, number: u32) -> (FuncId, Block) {
        // Functions without blocks share their first number with the next one.
        let id = self.first.partition_point(|&first| first <= number) - 1;
        let id = FuncId(id as u32);
        (id, Block(number - self.first[id.0 as usize]))
    }

    /// Whether a function counts how often it is entered.
    pub fn counts_entry(&self, id: FuncId) -> bool {
        self.tiering.at_entries && self.counted[id.0 as usize]
    }
}
