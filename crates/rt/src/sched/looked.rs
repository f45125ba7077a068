//! What receives have looked at and left: objects in the actor's own heap, oldest first.
//!
//! A receive whose arms have no guards finds what it left as unfitting as before. So the queue remembers how far the last
//! such one has looked, by its place in the program: when that receive comes again it goes on there, and an
//! answer behind half a million other messages is found at once.
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

/// See the module's head.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    looked: VecDeque<Looked>,
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

    pub(crate) fn get(&self, index: usize) -> Option<Looked> {
        self.looked.get(index).copied()
    }

    pub(crate) fn push(&mut self, looked: Looked) {
        self.looked.push_back(looked);
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
}
