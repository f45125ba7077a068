//! A hierarchical timing wheel (Varghese and Lauck 1987): what is to happen at which time, with insertion and
//! cancelling in constant time, and the exact order of times.
//!
//! Time is cut into ticks. A wheel has 64 slots; one of the lowest holds a tick, one of each next holds as much as the whole
//! wheel below. Where an entry lies is said by the highest group of six bits in which its tick and the present one
//! differ. When the present reaches a slot of a higher wheel, its entries are dealt out to lower ones; so each moves as
//! often as there are wheels at most. What is in the present tick or before waits in a heap, in the order of exact
//! times, equal ones in that of insertion.
//!
//! Entries lie in one array, in doubly linked lists by index, for each slot. Must never give a number out again for
//! another entry: it counts how often its place was used.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A tick is 2^16 nanoseconds, 66 microseconds: so few entries share one that their heap stays small.
const TICK_BITS: u32 = 16;
/// Each wheel takes six bits of the tick.
const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
/// Enough for all times of 64 bits.
const WHEELS: usize = ((u64::BITS - TICK_BITS) / BITS) as usize;
/// When nothing is left, room for more entries than this is given back.
const KEPT: usize = 1024;
/// No entry.
const NONE: u32 = u32::MAX;

/// Where an entry is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Slot {
        wheel: u8,
        slot: u8,
    },
    Heap,
    /// Nowhere: `next` is the next free one.
    Free,
}

#[derive(Debug)]
struct Entry<T> {
    time: u64,
    /// The order of insertion.
    order: u64,
    /// How often the place was used.
    uses: u32,
    previous: u32,
    next: u32,
    place: Place,
    value: Option<T>,
}

/// See the module's head.
#[derive(Debug)]
pub(crate) struct Wheel<T> {
    entries: Vec<Entry<T>>,
    free: u32,
    heads: [[u32; SLOTS]; WHEELS],
    /// Which slots of each wheel hold entries.
    occupied: [u64; WHEELS],
    /// The present tick.
    present: u64,
    /// Times, orders and indices of what is in the present tick or before. An entry that was cancelled stays until it
    /// comes up.
    due: BinaryHeap<Reverse<(u64, u64, u32)>>,
    inserted: u64,
    len: usize,
    /// How often a place that is made now counts as used: as often as any that was given back.
    first_uses: u32,
}

impl<T> Default for Wheel<T> {
    fn default() -> Wheel<T> {
        Wheel {
            entries: Vec::new(),
            free: NONE,
            heads: [[NONE; SLOTS]; WHEELS],
            occupied: [0; WHEELS],
            present: 0,
            due: BinaryHeap::new(),
            inserted: 0,
            len: 0,
            first_uses: 0,
        }
    }
}

/// The number of an entry, which is not 0.
fn number(index: u32, uses: u32) -> u64 {
    u64::from(uses) << 32 | (u64::from(index) + 1)
}

/// The bits of a tick that say its slot in a wheel.
fn slot_of(tick: u64, wheel: usize) -> usize {
    (tick >> (BITS * wheel as u32)) as usize % SLOTS
}

impl<T> Wheel<T> {
    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds what is to happen at a time; gives its number.
    pub(crate) fn insert(&mut self, time: u64, value: T) -> u64 {
        let index = self.take_free();
        let order = self.inserted;
        self.inserted += 1;
        self.len += 1;
        let entry = &mut self.entries[index as usize];
        (entry.time, entry.order, entry.value) = (time, order, Some(value));
        let number = number(index, entry.uses);
        self.put(index);
        number
    }

    /// Takes back what was to happen; `None` if it has.
    pub(crate) fn cancel(&mut self, number: u64) -> Option<T> {
        let index = (number as u32).checked_sub(1)?;
        let entry = self.entries.get_mut(index as usize)?;
        if u64::from(entry.uses) != number >> 32 {
            return None;
        }
        let value = entry.value.take()?;
        self.len -= 1;
        match entry.place {
            Place::Slot { wheel, slot } => {
                self.unlink(index, wheel.into(), slot.into());
                self.set_free(index);
            }
            Place::Heap | Place::Free => {}
        }
        self.give_back();
        Some(value)
    }

    /// Takes the first of what was to happen by now.
    pub(crate) fn pop(&mut self, now: u64) -> Option<T> {
        self.advance(now);
        self.drop_cancelled();
        let &Reverse((time, _, index)) = self.due.peek()?;
        if time > now {
            return None;
        }
        self.due.pop();
        let value = self.entries[index as usize].value.take();
        self.set_free(index);
        self.len -= 1;
        self.give_back();
        value
    }

    /// When to look again: at or before the next time.
    pub(crate) fn next_look(&mut self) -> Option<u64> {
        self.drop_cancelled();
        if let Some(&Reverse((time, ..))) = self.due.peek() {
            return Some(time);
        }
        self.next_slot().map(|(_, tick)| tick << TICK_BITS)
    }

    /// Makes the tick of a time the present one, if it is later.
    fn advance(&mut self, now: u64) {
        let tick = now >> TICK_BITS;
        while let Some((wheel, start)) = self.next_slot().filter(|(_, start)| *start <= tick) {
            self.present = start;
            let slot = slot_of(start, wheel);
            let mut index = std::mem::replace(&mut self.heads[wheel][slot], NONE);
            self.occupied[wheel] &= !(1 << slot);
            while index != NONE {
                let next = self.entries[index as usize].next;
                self.put(index);
                index = next;
            }
        }
        self.present = self.present.max(tick);
    }

    /// The next slot that holds entries: its wheel and first tick. Slots of lower wheels come first.
    fn next_slot(&self) -> Option<(usize, u64)> {
        let wheel = (0..WHEELS).find(|&wheel| self.occupied[wheel] != 0)?;
        // All are later than the present's: what lies in a wheel differs from the present in its bits, and is later.
        let slot = u64::from(self.occupied[wheel].trailing_zeros());
        let shift = BITS * wheel as u32;
        let above = (self.present >> shift) & !(SLOTS as u64 - 1);
        Some((wheel, (above | slot) << shift))
    }

    /// Puts an entry where its time belongs.
    fn put(&mut self, index: u32) {
        let entry = &mut self.entries[index as usize];
        let tick = entry.time >> TICK_BITS;
        if tick <= self.present {
            entry.place = Place::Heap;
            self.due.push(Reverse((entry.time, entry.order, index)));
            return;
        }
        let wheel = ((tick ^ self.present).ilog2() / BITS) as usize;
        let slot = slot_of(tick, wheel);
        let head = std::mem::replace(&mut self.heads[wheel][slot], index);
        self.occupied[wheel] |= 1 << slot;
        entry.place = Place::Slot { wheel: wheel as u8, slot: slot as u8 };
        (entry.previous, entry.next) = (NONE, head);
        if head != NONE {
            self.entries[head as usize].previous = index;
        }
    }

    fn unlink(&mut self, index: u32, wheel: usize, slot: usize) {
        let (previous, next) = {
            let entry = &self.entries[index as usize];
            (entry.previous, entry.next)
        };
        if next != NONE {
            self.entries[next as usize].previous = previous;
        }
        if previous != NONE {
            self.entries[previous as usize].next = next;
            return;
        }
        self.heads[wheel][slot] = next;
        if next == NONE {
            self.occupied[wheel] &= !(1 << slot);
        }
    }

    fn drop_cancelled(&mut self) {
        while let Some(&Reverse((_, _, index))) = self.due.peek() {
            if self.entries[index as usize].value.is_some() {
                return;
            }
            self.due.pop();
            self.set_free(index);
        }
    }

    fn take_free(&mut self) -> u32 {
        if self.free != NONE {
            let index = self.free;
            self.free = self.entries[index as usize].next;
            return index;
        }
        let (index, place) = (self.entries.len() as u32, Place::Free);
        let (time, order, uses, value) = (0, 0, self.first_uses, None);
        self.entries.push(Entry { time, order, uses, previous: NONE, next: NONE, place, value });
        index
    }

    fn set_free(&mut self, index: u32) {
        let entry = &mut self.entries[index as usize];
        entry.uses = entry.uses.wrapping_add(1);
        (entry.place, entry.next) = (Place::Free, self.free);
        self.free = index;
    }

    /// Gives back the room of many entries after the last one.
    fn give_back(&mut self) {
        if self.len == 0 && self.entries.len() > KEPT {
            let uses = self.entries.iter().map(|entry| entry.uses).max().unwrap_or(0);
            self.first_uses = uses.wrapping_add(1);
            // What is still in the heap was cancelled.
            (self.entries, self.due, self.free) = (Vec::new(), BinaryHeap::new(), NONE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sched::dice::Dice;
    use std::collections::BTreeMap;

    /// The wheel beside an ordered map, which does the same in the simplest way.
    #[derive(Default)]
    struct Pair {
        wheel: Wheel<u64>,
        model: BTreeMap<(u64, u64), u64>,
        times: BTreeMap<u64, (u64, u64)>,
        now: u64,
        count: u64,
    }

    impl Pair {
        fn insert(&mut self, time: u64) -> u64 {
            let number = self.wheel.insert(time, self.count);
            assert_ne!(number, 0);
            self.model.insert((time, self.count), number);
            assert_eq!(self.times.insert(number, (time, self.count)), None, "the number is new");
            self.count += 1;
            number
        }

        fn cancel(&mut self, number: u64) {
            let expected =
                self.times.get(&number).copied().filter(|key| self.model.remove(key).is_some());
            assert_eq!(self.wheel.cancel(number), expected.map(|key| key.1));
        }

        fn go_to(&mut self, now: u64) {
            self.now = now;
            loop {
                let first = self.model.first_key_value().map(|(key, _)| *key);
                let expected = first.filter(|key| key.0 <= now);
                assert_eq!(self.wheel.pop(now), expected.map(|key| key.1));
                let Some(key) = expected else { break };
                self.model.remove(&key);
            }
            assert_eq!(self.wheel.len(), self.model.len());
            let next = self.model.first_key_value().map(|(key, _)| key.0);
            let look = self.wheel.next_look();
            assert_eq!(look.is_some(), next.is_some());
            assert!(look <= next && look.is_none_or(|look| look > now), "{look:?} {next:?} {now}");
        }
    }

    /// Times near and far, equal ones, and those that are over already.
    fn some_time(dice: &Dice, now: u64) -> u64 {
        let bits = dice.below(64) as u32;
        match dice.below(8) {
            0 => now,
            1 => now.saturating_sub(dice.below(1 << 20)),
            2 => now + 1_000_000 * dice.below(20),
            3 => u64::MAX - dice.below(3),
            _ => now.saturating_add(dice.next() >> bits),
        }
    }

    #[test]
    fn it_does_as_an_ordered_map_does() {
        for seed in 0..300 {
            let (dice, mut pair) = (Dice::new(seed), Pair::default());
            let mut numbers = vec![0, 1, u64::MAX];
            for _ in 0..400 {
                match dice.below(10) {
                    0..5 => numbers.push(pair.insert(some_time(&dice, pair.now))),
                    5..8 => pair.cancel(numbers[dice.below(numbers.len() as u64) as usize]),
                    _ => {
                        let step = dice.next() >> (20 + dice.below(44));
                        pair.go_to(pair.now.saturating_add(step));
                    }
                }
            }
            pair.go_to(u64::MAX);
            assert_eq!((pair.wheel.len(), pair.model.len()), (0, 0));
        }
    }

    #[test]
    fn looking_when_it_says_finds_everything_in_time() {
        let (dice, mut pair) = (Dice::new(5), Pair::default());
        for _ in 0..2_000 {
            pair.insert(dice.next() >> dice.below(60));
        }
        let mut looks = 0;
        while let Some(look) = pair.wheel.next_look() {
            // `go_to` asserts that nothing was due before.
            assert!(pair.model.first_key_value().is_none_or(|(key, _)| key.0 >= look));
            pair.go_to(look);
            looks += 1;
        }
        assert!(looks <= 2_000 * (WHEELS + 1), "{looks} looks");
    }

    #[test]
    fn places_are_used_again() {
        let mut wheel = Wheel::default();
        for round in 0..1_000u64 {
            let numbers: Vec<u64> = (0..10).map(|i| wheel.insert(round * 1_000 + i, ())).collect();
            numbers[..5].iter().for_each(|&number| assert!(wheel.cancel(number).is_some()));
            while wheel.pop(round * 1_000 + 100).is_some() {}
            assert!(numbers.iter().all(|&number| wheel.cancel(number).is_none()));
        }
        assert!(wheel.entries.len() <= 10, "{}", wheel.entries.len());
    }

    #[test]
    fn room_is_given_back_and_old_numbers_mean_nothing() {
        let mut wheel = Wheel::default();
        let mut old = Vec::new();
        for round in 0..3u64 {
            let numbers: Vec<u64> = (0..5_000).map(|i| wheel.insert(i << 15, round)).collect();
            assert!(old.iter().all(|&number| wheel.cancel(number).is_none()));
            assert_eq!(wheel.pop(1 << 25), Some(round));
            for &number in &numbers[1..4_000] {
                assert_eq!(wheel.cancel(number), Some(round));
            }
            while wheel.pop(u64::MAX).is_some() {}
            assert!(wheel.entries.capacity() == 0 && wheel.due.capacity() == 0);
            old.extend(numbers);
            wheel = Wheel { present: 0, ..wheel };
        }
    }
}
