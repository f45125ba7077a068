//! What receives have looked at and left: objects in the actor's own heap, oldest first.
//!
//! A receive whose arms have no guards finds what it left as unfitting as before. So the queue remembers how far the last
//! such one has looked, by its place in the program: when that receive comes again it goes on there, and an
//! answer behind half a million other messages is found at once.
//!
//! A guard may receive in its turn. The receive that asks it waits meanwhile in `outer`.
//!
//! Must never be touched but by the actor's own thread.

use sepal_abi::{ObjPtr, Received};
use std::collections::VecDeque;

/// What a receive looks at: an object of the actor's heap, and what kind of signal it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Looked {
    pub(crate) object: ObjPtr,
    pub(crate) kind: Received,
    /// Bytes of the message, which count against the mailbox's bounds until it is taken.
    pub(crate) bytes: u32,
    /// The envelope's: the monitor of a down, whether a message counts.
    pub(crate) note: u64,
}

/// The place of a receive that needs no second look; 0: one that does.
pub(crate) type Site = u32;

/// A receive that looks at something while its guard receives.
#[derive(Clone, Copy, Debug)]
struct Outer {
    /// How many it has looked at.
    at: u32,
    /// The last of these is no longer there.
    gone: bool,
    /// When its time is over.
    until: Option<u64>,
}

/// See the module's head.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    looked: VecDeque<Looked>,
    /// Somebody else has taken out what the running receive has looked at last.
    gone: bool,
    /// The innermost last.
    outer: Vec<Outer>,
    /// The running receive.
    running: Site,
    /// The receive that nothing of the first `scanned` fits.
    site: Site,
    scanned: u32,
}

impl Passed {
    pub(crate) fn len(&self) -> usize {
        self.looked.len()
    }

    /// Whether there is nothing to be remembered.
    pub(crate) fn is_idle(&self) -> bool {
        self.looked.is_empty() && self.outer.is_empty()
    }

    pub(crate) fn get(&self, index: usize) -> Option<Looked> {
        self.looked.get(index).copied()
    }

    pub(crate) fn push(&mut self, looked: Looked) {
        self.looked.push_back(looked);
    }

    /// The running receive, which has looked at so many, waits for one that begins in its guard.
    pub(crate) fn enter(&mut self, at: u32, until: Option<u64>) {
        let gone = std::mem::take(&mut self.gone);
        self.outer.push(Outer { at, gone, until });
    }

    /// Goes on with the receive that has waited for this one. Gives how many it has looked at, and when its time is over.
    pub(crate) fn leave(&mut self) -> Option<(u32, Option<u64>)> {
        let outer = self.outer.pop()?;
        (self.gone, self.running) = (outer.gone, 0);
        Some((outer.at, outer.until))
    }

    /// Whether what the running receive has looked at last is no longer there.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    pub(crate) fn set_gone(&mut self, gone: bool) {
        self.gone = gone;
    }

    /// Begins a receive; gives how many it need not look at.
    pub(crate) fn begin(&mut self, site: Site) -> u32 {
        self.running = site;
        if site != 0 && site == self.site { self.scanned } else { 0 }
    }

    /// Nothing of the first `count` fits the running receive, which is over.
    pub(crate) fn note_scanned(&mut self, count: usize) {
        if self.running != 0 {
            (self.site, self.scanned) = (self.running, count as u32);
        }
    }

    pub(crate) fn remove(&mut self, index: usize) -> Option<Looked> {
        self.scanned -= u32::from(index < self.scanned as usize);
        for outer in &mut self.outer {
            outer.gone |= index + 1 == outer.at as usize;
            outer.at -= u32::from(index < outer.at as usize);
        }
        self.looked.remove(index)
    }

    pub(crate) fn position(&self, fits: impl Fn(&Looked) -> bool) -> Option<usize> {
        self.looked.iter().position(fits)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Looked> {
        self.looked.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(note: u64) -> Looked {
        Looked { object: std::ptr::null_mut(), kind: Received::Message, bytes: 0, note }
    }

    #[test]
    fn a_receive_goes_on_where_it_was_and_others_begin_at_the_beginning() {
        let mut passed = Passed::default();
        (0..5).for_each(|n| passed.push(message(n)));
        assert_eq!(passed.begin(7), 0);
        passed.note_scanned(5);
        assert_eq!(passed.begin(8), 0);
        assert_eq!(passed.begin(0), 0);
        // One that is always looked for anew takes the second out.
        assert_eq!(passed.remove(1).map(|looked| looked.note), Some(1));
        passed.note_scanned(1);
        assert_eq!(passed.begin(7), 4);
        passed.push(message(5));
        assert_eq!(passed.begin(7), 4);
        passed.note_scanned(5);
        assert_eq!(passed.begin(8), 0);
        passed.note_scanned(2);
        assert_eq!((passed.begin(7), passed.begin(8)), (0, 2));
    }

    #[test]
    fn the_receive_around_a_guard_goes_on_where_it_was() {
        let mut passed = Passed::default();
        (0..5).for_each(|n| passed.push(message(n)));
        passed.enter(4, Some(9));
        passed.enter(3, None);
        // What neither has come to, what the outermost looks at, and what both have passed.
        assert_eq!(passed.remove(4).map(|looked| looked.note), Some(4));
        assert_eq!(passed.remove(3).map(|looked| looked.note), Some(3));
        assert_eq!(passed.remove(0).map(|looked| looked.note), Some(0));
        assert_eq!((passed.leave(), passed.is_gone()), (Some((2, None)), false));
        assert_eq!((passed.leave(), passed.is_gone()), (Some((2, Some(9))), true));
        assert_eq!(passed.leave(), None);
        assert!(!passed.is_idle());
    }
}
