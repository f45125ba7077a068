//! Actors by number: pids, the slots that actors live in, the table of slots.
//!
//! A slot is one actor after another. Its memory is never given back while the program runs, so that whoever
//! holds an old address may still poison the limit there, or look and find that the actor has gone.
//!
//! | field of [`Shared`] | who touches it, when |
//! |---|---|
//! | `inbox` | see `arrivals` |
//! | `state` | everybody, by atomic read-modify-writes |
//! | `mailbox` | written before the pid is given out; from null to its type by the actor and by who holds its name |
//! | `bounds` | made for the slot's first bounded actor, kept until the end; see `bounds` |
//! | `reductions` | written by the thread that has the actor's turn, read by everybody; relaxed: a number to look at |
//!
//! `state` is the generation (upper half) and flags. Who may run the actor is decided in `arrivals`.
//!
//! Must never unmap a slot, and never give out a pid of the next generation before the slot is ready.

use super::arrivals::Inbox;
use super::births::Births;
use super::bounds::{Bounds, Limits};
use crate::actor::Actor;
use sepal_abi::Object;
use sepal_machine::cpu::prefetch_for_writing;
use sepal_machine::memory::{self, PAGE};
use std::cell::{RefCell, UnsafeCell};
use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::num::NonZeroU64;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, PoisonError};

/// An actor's number: index in the table in the lower half, generation of the slot in the upper. The index begins with
/// 1 and the generation with 0, so the first actor has the number 1 and the others count on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(transparent)]
pub struct Pid(NonZeroU64);

impl Pid {
    /// The program's first actor.
    pub const MAIN: Pid = Pid(NonZeroU64::MIN);

    fn new(index: u32, generation: u32) -> Pid {
        // Indices begin with 1.
        Pid(NonZeroU64::MIN.saturating_add((u64::from(generation) << 32 | u64::from(index)) - 1))
    }

    /// The pid of a number that [`Pid::number`] gave; `None` for 0.
    pub fn from_number(number: i64) -> Option<Pid> {
        NonZeroU64::new(number as u64).map(Pid)
    }

    /// As programs hold it.
    pub fn number(self) -> i64 {
        self.0.get() as i64
    }

    fn index(self) -> u32 {
        self.0.get() as u32
    }

    pub(crate) fn generation(self) -> u32 {
        (self.0.get() >> 32) as u32
    }
}

/// Flags of [`Shared`]'s state.
mod flag {
    /// An exit signal is on its way that will end the actor.
    pub const DOOMED: u64 = 4;
    /// The actor traps exits.
    pub const TRAPS: u64 = 8;
    /// A name may have been registered for it.
    pub const NAMED: u64 = 16;
    /// The mailbox is bounded.
    pub const BOUNDED: u64 = 32;
    /// There is an actor.
    pub const PRESENT: u64 = 256;
    /// It has many messages that it has not looked at: senders shall let others run.
    pub const BEHIND: u64 = 512;
    /// Where the priority begins, of two bits.
    pub const PRIORITY: u32 = 6;
}

/// What others may touch of an actor; see the module's head.
pub struct Shared {
    pub(crate) inbox: Inbox,
    state: AtomicU64,
    /// The token of the actor's message type, or null as long as nobody has asked what it is.
    mailbox: AtomicPtr<u8>,
    bounds: AtomicPtr<Bounds>,
    /// How often the actor was given a core, slices of time counted each.
    reductions: AtomicU64,
}

impl Shared {
    /// The actor has been given a core. Only for the thread that has its turn.
    pub(crate) fn count_reduction(&self) {
        let count = self.reductions.load(Ordering::Relaxed);
        self.reductions.store(count + 1, Ordering::Relaxed);
    }

    pub(crate) fn reductions(&self) -> u64 {
        self.reductions.load(Ordering::Relaxed)
    }

    /// Whether this is (still) the slot of the actor.
    pub(crate) fn is(&self, pid: Pid) -> bool {
        self.state.load(Ordering::Acquire) >> 32 == u64::from(pid.generation())
    }

    /// Whether the actor lives and no signal is on its way that will end it.
    pub(crate) fn is_alive(&self, pid: Pid) -> bool {
        let state = self.state.load(Ordering::Acquire);
        state >> 32 == u64::from(pid.generation()) && state & flag::DOOMED == 0
    }

    /// Sets or clears a flag as long as the slot is the actor's; false if it is not.
    fn change(&self, pid: Pid, set: u64, clear: u64) -> bool {
        let change = |state: u64| {
            (state >> 32 == u64::from(pid.generation())).then_some(state & !clear | set)
        };
        self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, change).is_ok()
    }

    /// Notes that an exit signal will be sent; false if the actor traps it or is gone.
    pub(crate) fn doom(&self, pid: Pid, even_if_trapping: bool) -> bool {
        let traps = self.state.load(Ordering::Acquire) & flag::TRAPS != 0;
        (even_if_trapping || !traps) && self.change(pid, flag::DOOMED, 0)
    }

    /// An exit signal came and the actor lives on.
    pub(crate) fn spare(&self, pid: Pid) {
        self.change(pid, 0, flag::DOOMED);
    }

    pub(crate) fn set_traps(&self, pid: Pid, traps: bool) {
        let (set, clear) = if traps { (flag::TRAPS, 0) } else { (0, flag::TRAPS) };
        self.change(pid, set, clear);
    }

    /// Notes that a name was registered; false if the actor has ended.
    pub(crate) fn set_named(&self, pid: Pid) -> bool {
        self.change(pid, flag::NAMED, 0)
    }

    /// Whether a name may be registered; it counts as removed from now on. One that comes meanwhile is seen by
    /// [`Shared::retire`].
    pub(crate) fn take_named(&self) -> bool {
        self.state.load(Ordering::Acquire) & flag::NAMED != 0
            && self.state.fetch_and(!flag::NAMED, Ordering::AcqRel) & flag::NAMED != 0
    }

    /// Whether the actor lives, no signal is on its way that will end it, and it has registered a name that it has not
    /// given up.
    pub(crate) fn has_name(&self, pid: Pid) -> bool {
        let state = self.state.load(Ordering::Acquire);
        let is_named = state & (flag::NAMED | flag::DOOMED) == flag::NAMED;
        state >> 32 == u64::from(pid.generation()) && is_named
    }

    /// Whether the actor's messages are of the type that the token stands for. Until somebody asks, that of an actor which
    /// was not said to take any is open; null asks for none. Only for the actor itself and for who holds it in its slot.
    #[inline(always)]
    pub(crate) fn takes(&self, token: *const u8) -> bool {
        token.is_null()
            || self.mailbox.load(Ordering::Relaxed).cast_const() == token
            || self.decide(token)
    }

    #[inline(never)]
    fn decide(&self, token: *const u8) -> bool {
        // Relaxed: nothing is reached by way of a token.
        let (open, token) = (null_mut(), token.cast_mut());
        let decided =
            self.mailbox.compare_exchange(open, token, Ordering::Relaxed, Ordering::Relaxed);
        decided.is_ok() || decided == Err(token)
    }

    /// Which queue the actor belongs in.
    pub(crate) fn priority(&self) -> u8 {
        (self.state.load(Ordering::Relaxed) >> flag::PRIORITY & 3) as u8
    }

    /// What the mailbox may hold, if that is bounded.
    pub(crate) fn bounds(&self) -> Option<&Bounds> {
        let state = self.state.load(Ordering::Acquire);
        // SAFETY: the bounds were set before the flag, and are kept as long as the slot.
        (state & flag::BOUNDED != 0).then(|| unsafe { &*self.bounds.load(Ordering::Acquire) })
    }

    /// Whether this is (still) the slot of the actor, and its mailbox takes everything.
    #[inline(always)]
    pub(crate) fn is_unbounded(&self, pid: Pid) -> bool {
        let state = self.state.load(Ordering::Acquire);
        state >> 32 == u64::from(pid.generation()) && state & flag::BOUNDED == 0
    }

    pub(crate) fn is_behind(&self) -> bool {
        self.state.load(Ordering::Relaxed) & flag::BEHIND != 0
    }

    pub(crate) fn set_behind(&self, pid: Pid, is_behind: bool) {
        let (set, clear) = if is_behind { (flag::BEHIND, 0) } else { (0, flag::BEHIND) };
        self.change(pid, set, clear);
    }

    /// The flag that says whether the mailbox of the slot's next actor has bounds.
    #[inline(always)]
    fn set_bounds(&self, generation: u32, limits: &Limits) -> u64 {
        if limits.is_unbounded() { 0 } else { self.make_bounds(generation, limits) }
    }

    #[inline(never)]
    fn make_bounds(&self, generation: u32, limits: &Limits) -> u64 {
        if self.bounds.load(Ordering::Acquire).is_null() {
            self.bounds.store(Box::into_raw(Box::default()), Ordering::Release);
        }
        // SAFETY: just set.
        unsafe { (*self.bounds.load(Ordering::Acquire)).open(generation, limits) };
        flag::BOUNDED
    }

    /// From now on the actor's pid means nothing. Gives whether somebody has registered a name for it meanwhile.
    #[must_use]
    pub(crate) fn retire(&self, pid: Pid) -> bool {
        let next = u64::from(pid.generation() + 1) << 32;
        // Sequentially consistent for `observe`, who asks about the actor meanwhile.
        self.state.swap(next, Ordering::SeqCst) & flag::NAMED != 0
    }
}

/// One actor and what others may touch of it. The context is at its beginning, so compiled code's `r15` is
/// its address.
#[repr(C, align(64))]
pub struct Slot {
    actor: UnsafeCell<MaybeUninit<Actor>>,
    pub(crate) shared: Shared,
}

// Idle actors shall be small: what few of them need goes into `Cold`.
const _: () = assert!(size_of::<Slot>() <= 256);

/// The place of a slot. Any thread may hold one for ever; what it may do with it is said at the module's head.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct SlotRef(NonNull<Slot>);

// SAFETY: a slot is never unmapped while workers run; its shared part is atomics, and its actor is touched only by the
// thread that made it active or runs it.
unsafe impl Send for SlotRef {}
// SAFETY: as above.
unsafe impl Sync for SlotRef {}

impl SlotRef {
    pub(crate) fn shared(&self) -> &Shared {
        // SAFETY: the slot stays mapped and its shared part was initialised before the slot was given out.
        unsafe { &(*self.0.as_ptr()).shared }
    }

    /// The actor; who may use it is said at the module's head.
    pub(crate) fn actor(self) -> *mut Actor {
        self.0.as_ptr().cast()
    }

    /// The slot that an actor lives in.
    ///
    /// # Safety
    /// The actor must have been made by a [`Table`].
    pub(crate) unsafe fn of(actor: *mut Actor) -> SlotRef {
        // SAFETY: an actor's address is its slot's.
        SlotRef(unsafe { NonNull::new_unchecked(actor.cast()) })
    }

    /// Says that the slot will soon be written.
    #[inline(always)]
    pub(crate) fn prefetch(self) {
        (0..size_of::<Slot>()).step_by(LINE).for_each(|offset| {
            prefetch_for_writing(self.actor().cast::<u8>().wrapping_add(offset));
        });
    }

    /// Makes the actor's next poll take the slow path, where it sees what the caller has done before.
    pub(crate) fn poison(self) {
        // See `Actor::store_limit`.
        fence(Ordering::SeqCst);
        let limit = self.actor().cast::<AtomicUsize>();
        // SAFETY: the limit is the context's first word, and slots stay mapped; it is accessed atomically.
        unsafe { (*limit).store(sepal_abi::POISONED, Ordering::Relaxed) };
    }
}

/// Addresses reserved for slots; half as many where the kernel refuses.
const RESERVED: usize = 64 << 30;
/// The bytes of a cache line.
const LINE: usize = 64;
/// Slots become usable in pieces of this size.
const PIECE: usize = 256 * PAGE;
/// A slot of this generation is not used again.
const LAST_GENERATION: u32 = i32::MAX as u32;

/// On cache lines of its own: what all change would cost those who read what lies beside it.
#[repr(align(128))]
struct Apart<T>(T);

/// How many actors a thread has made and ended. Only that thread writes it: a number that all change would travel between
/// cores twice in each life. An end is released, and acquired by who counts: ends first and births afterwards, so that
/// whose end is counted its birth is too, and the living are never too few.
#[derive(Debug, Default)]
pub(crate) struct Lives {
    made: AtomicUsize,
    ended: AtomicUsize,
}

impl Lives {
    fn count_birth(&self) {
        let made = self.made.load(Ordering::Relaxed);
        self.made.store(made.wrapping_add(1), Ordering::Relaxed);
    }

    /// How many it has made.
    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    fn count_end(&self) {
        let ended = self.ended.load(Ordering::Relaxed);
        self.ended.store(ended.wrapping_add(1), Ordering::Release);
    }

    /// How many of the actors that are counted live: no fewer than do. `all` is asked twice: for the births, of the
    /// threads that have begun by then.
    fn living<'l, I: Iterator<Item = &'l Lives>>(all: impl Fn() -> I) -> usize {
        let ended = all().map(|lives| lives.ended.load(Ordering::Acquire));
        let ended = ended.fold(0, usize::wrapping_add);
        let made = all().map(|lives| lives.made.load(Ordering::Relaxed));
        made.fold(0, usize::wrapping_add).wrapping_sub(ended)
    }
}

/// All slots of a program. The free list, the committed size and the numbers in `others` are behind the mutex.
pub struct Table {
    base: NonNull<u8>,
    reserved: usize,
    births: Births,
    /// The highest index that was ever used.
    used: AtomicU32,
    /// The actors that were made and ended by threads without a number of their own.
    others: Apart<Lives>,
    free: Apart<Mutex<Free>>,
}

// SAFETY: the reservation belongs to the table alone, and what lies in it is shared as `SlotRef` says.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

/// A slot without an actor, its index, and the generation of its next actor.
type FreeSlot = (SlotRef, u32, u32);

#[derive(Default)]
struct Free {
    /// Used before. First in, first out: so that a number does not come again soon.
    slots: VecDeque<FreeSlot>,
    /// The indices that were ever given out.
    given: u32,
    committed: usize,
}

/// So many slots go to and from a thread at once.
const HANDFUL: usize = 32;
/// Slots are used again when there are so many: more would not stay in the cache, with fewer a number came again too soon.
const ENOUGH: usize = 256;

/// Free slots of one thread, so that it seldom asks the table; and its number of the living.
pub(crate) struct AtHand<'l> {
    lives: &'l Lives,
    /// To be used, the next one last.
    next: RefCell<Vec<FreeSlot>>,
    /// Given up, the first one first.
    freed: RefCell<Vec<FreeSlot>>,
}

impl AtHand<'_> {
    /// Without slots, for the only thread that counts there.
    pub(crate) fn new(lives: &Lives) -> AtHand<'_> {
        AtHand { lives, next: RefCell::default(), freed: RefCell::default() }
    }
}

impl Table {
    /// A table without slots. `None` if the kernel gives no addresses.
    pub(crate) fn new() -> Option<Table> {
        let sizes = std::iter::successors(Some(RESERVED), |size| Some(size / 2));
        let mut sizes = sizes.take_while(|&size| size >= PIECE);
        let (base, reserved) =
            sizes.find_map(|size| memory::reserve(size).map(|base| (base, size)))?;
        let births = Births::reserve(reserved / size_of::<Slot>())?;
        let (used, others) = (AtomicU32::new(0), Apart(Lives::default()));
        Some(Table { base, reserved, births, used, others, free: Apart(Mutex::default()) })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Free> {
        // The list is valid between any two steps.
        self.free.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, index: u32) -> SlotRef {
        // SAFETY: callers ask for indices of committed slots only.
        SlotRef(unsafe { self.base.add((index as usize - 1) * size_of::<Slot>()).cast() })
    }

    /// Puts an actor into a free slot, active: whoever made it must queue it. `None` if there is no memory.
    pub(crate) fn insert(
        &self,
        at_hand: Option<&AtHand<'_>>,
        mailbox: *const u8,
        limits: &Limits,
        priority: u8,
        make: impl FnOnce(Pid) -> Option<Actor>,
    ) -> Option<(SlotRef, Pid)> {
        let (slot, index, generation) = self.take_free(at_hand)?;
        let pid = Pid::new(index, generation);
        let Some(actor) = make(pid) else {
            self.lock().slots.push_front((slot, index, generation));
            return None;
        };
        // SAFETY: the slot is free, so nobody looks at its actor. The slot's memory was zero at first, which is a valid
        // `Shared`.
        unsafe { place_actor(slot, actor) };
        let shared = slot.shared();
        shared.mailbox.store(mailbox.cast_mut(), Ordering::Relaxed);
        let priority = u64::from(priority.min(3)) << flag::PRIORITY;
        let flags = flag::PRESENT | priority | shared.set_bounds(generation, limits);
        shared.inbox.open(generation);
        shared.reductions.store(0, Ordering::Relaxed);
        // Release: who sees the generation sees the rest.
        shared.state.store(u64::from(generation) << 32 | flags, Ordering::Release);
        if index > self.used.load(Ordering::Relaxed) {
            self.used.fetch_max(index, Ordering::Release);
        }
        match at_hand {
            Some(at_hand) => at_hand.lives.count_birth(),
            None => self.count_by_others(Lives::count_birth),
        }
        Some((slot, pid))
    }

    /// Counts for a thread without a number of its own.
    fn count_by_others(&self, count: impl FnOnce(&Lives)) {
        let _free = self.lock();
        count(&self.others.0);
    }

    #[inline(always)]
    fn take_free(&self, at_hand: Option<&AtHand<'_>>) -> Option<FreeSlot> {
        let Some(at_hand) = at_hand else { return self.take_one(&mut self.lock()) };
        let mut next = at_hand.next.borrow_mut();
        if next.is_empty() {
            self.take_handful(&mut next);
        }
        let taken = next.pop();
        // Another core may have it, so it will be here when it is needed.
        if let Some(&(slot, index, _)) = next.last() {
            slot.prefetch();
            self.births.prefetch(index as usize - 1);
        }
        taken
    }

    #[cold]
    #[inline(never)]
    fn take_handful(&self, next: &mut Vec<FreeSlot>) {
        let mut free = self.lock();
        if free.slots.len() >= ENOUGH + HANDFUL {
            next.extend(free.slots.drain(..HANDFUL));
        } else {
            next.extend(std::iter::from_fn(|| self.take_one(&mut free)).take(HANDFUL));
        }
        next.reverse();
    }

    /// A free slot. `None`: there is no memory.
    fn take_one(&self, free: &mut Free) -> Option<FreeSlot> {
        if free.slots.len() < ENOUGH && self.ensure_fresh(free).is_some() {
            free.given += 1;
            return Some((self.place(free.given), free.given, 0));
        }
        free.slots.pop_front()
    }

    /// Sees to it that there is a slot that was never used. `None`: there is no memory.
    fn ensure_fresh(&self, free: &mut Free) -> Option<()> {
        let (size, used) = (size_of::<Slot>(), free.committed / size_of::<Slot>());
        if (free.given as usize) < used {
            return Some(());
        }
        if free.committed + PIECE > self.reserved {
            return None;
        }
        // SAFETY: the piece is the next, untouched part of the reservation.
        let committed = unsafe { memory::commit(self.base.add(free.committed), PIECE) };
        if !committed || !self.births.commit(used, used + PIECE / size) {
            return None;
        }
        free.committed += PIECE;
        Some(())
    }

    /// Frees a slot whose actor was retired and dropped.
    ///
    /// The actor must have been dropped.
    pub(crate) fn remove(&self, at_hand: Option<&AtHand<'_>>, slot: SlotRef, pid: Pid) {
        match at_hand {
            Some(at_hand) => at_hand.lives.count_end(),
            None => self.count_by_others(Lives::count_end),
        }
        let generation = pid.generation() + 1;
        if generation >= LAST_GENERATION {
            return;
        }
        let free = (slot, pid.index(), generation);
        let Some(at_hand) = at_hand else {
            self.lock().slots.push_back(free);
            return;
        };
        let mut freed = at_hand.freed.borrow_mut();
        freed.push(free);
        if freed.len() == HANDFUL {
            self.lock().slots.extend(freed.drain(..));
        }
    }

    /// Notes the declared name, a static string or null, and the parent of an actor that is being made.
    pub(crate) fn set_birth(&self, pid: Pid, label: *const Object, parent: Option<Pid>) {
        self.births.set(pid.index() as usize - 1, label, parent);
    }

    /// The declared name, a static string or null, and the parent of an actor. They mean nothing once it has ended.
    pub(crate) fn birth(&self, pid: Pid) -> (*const Object, Option<Pid>) {
        self.births.get(pid.index() as usize - 1)
    }

    /// How many actors there are, no fewer; those that threads count themselves are in `lives`. Exact where nobody
    /// makes or ends one.
    pub(crate) fn living<'l, I: Iterator<Item = &'l Lives>>(
        &'l self,
        lives: impl Fn() -> I,
    ) -> usize {
        Lives::living(|| lives().chain(std::iter::once(&self.others.0)))
    }

    /// The slot of a pid, whether or not the actor still lives.
    pub(crate) fn slot(&self, pid: Pid) -> Option<SlotRef> {
        let index = pid.index();
        (index != 0 && index <= self.used.load(Ordering::Acquire)).then(|| self.place(index))
    }

    /// Whether the actor of the pid is in the slot.
    pub(crate) fn holds(&self, slot: SlotRef, pid: Pid) -> bool {
        let state = slot.shared().state.load(Ordering::Acquire);
        state >> 32 == u64::from(pid.generation()) && state & flag::PRESENT != 0
    }

    /// All slots that hold an actor, with its pid.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (SlotRef, Pid)> {
        (1..=self.used.load(Ordering::Acquire)).filter_map(|index| {
            let slot = self.place(index);
            // Slots below others that were used may never have been.
            let state = slot.shared().state.load(Ordering::Acquire);
            (state & flag::PRESENT != 0).then(|| (slot, Pid::new(index, (state >> 32) as u32)))
        })
    }
}

/// Moves an actor into its slot. Who holds an old pid may poison the limit at the same time, which may be lost: so
/// the limit, the first word, is stored atomically, and only the rest is copied.
///
/// # Safety
/// The slot must be free.
unsafe fn place_actor(slot: SlotRef, actor: Actor) {
    const LIMIT: usize = size_of::<AtomicUsize>();
    let limit = actor.ctx.limit.load(Ordering::Relaxed);
    let actor = MaybeUninit::new(actor);
    // SAFETY: the slot has room for an actor, whose first field is the context, whose first field is the limit; the
    // actor is not used where it was.
    unsafe {
        let (from, to) = (actor.as_ptr().cast::<u8>(), slot.actor().cast::<u8>());
        (*to.cast::<AtomicUsize>()).store(limit, Ordering::Relaxed);
        to.add(LIMIT).copy_from_nonoverlapping(from.add(LIMIT), size_of::<Actor>() - LIMIT);
    }
}

const _: () = assert!(std::mem::offset_of!(sepal_abi::Ctx, limit) == 0);

impl Drop for Table {
    fn drop(&mut self) {
        for index in 1..=*self.used.get_mut() {
            let bounds = self.place(index).shared().bounds.load(Ordering::Relaxed);
            if !bounds.is_null() {
                // SAFETY: made from a box by the slot, which nobody uses any more.
                drop(unsafe { Box::from_raw(bounds) });
            }
        }
        // SAFETY: the reservation is the table's; the runtime is dropped when its last worker has gone.
        unsafe { memory::unmap(self.base, self.reserved) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn the_living_are_never_too_few() {
        const ACTORS: usize = 100_000;
        const AHEAD: usize = 8;
        let lives: [Apart<Lives>; 2] = [Apart(Lives::default()), Apart(Lives::default())];
        let [maker, ender] = &lives;
        let (born, births) = mpsc::sync_channel(AHEAD);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for _ in 0..ACTORS {
                    maker.0.count_birth();
                    born.send(()).expect("the other thread lives");
                }
            });
            scope.spawn(move || births.iter().for_each(|()| ender.0.count_end()));
            while ender.0.ended.load(Ordering::Relaxed) < ACTORS {
                // Too few would be a number below zero.
                assert!(Lives::living(|| lives.iter().map(|lives| &lives.0)) <= ACTORS);
            }
        });
        assert_eq!(Lives::living(|| lives.iter().map(|lives| &lives.0)), 0);
    }

    #[test]
    fn slots_are_used_again_when_there_are_enough() {
        let table = Table::new().expect("addresses");
        let mut free = table.lock();
        let take = |free: &mut Free| table.take_one(free).expect("memory");
        let first: Vec<_> = (0..2 * ENOUGH).map(|_| take(&mut free)).collect();
        assert!(first.iter().zip(1..).all(|(slot, index)| (slot.1, slot.2) == (index, 0)));
        let used_again = |&(slot, index, generation): &FreeSlot| (slot, index, generation + 1);
        free.slots.extend(first[..ENOUGH - 1].iter().map(used_again));
        assert_eq!(take(&mut free).1 as usize, 2 * ENOUGH + 1);
        free.slots.extend(first[ENOUGH - 1..].iter().map(used_again));
        let again: Vec<_> = (0..ENOUGH + 1).map(|_| take(&mut free)).collect();
        assert!(again.iter().zip(1..).all(|(slot, index)| (slot.1, slot.2) == (index, 1)));
        assert_eq!(take(&mut free).1 as usize, 2 * ENOUGH + 2);
    }
}
