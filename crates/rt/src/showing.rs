//! The objects that an actor is showing, one inside the other.
//!
//! Must never be quadratic in how deep they are: a list of a hundred thousand nodes is shown like any other.

use std::collections::HashSet;

/// Up to so many objects are compared one by one.
const FEW: usize = 16;

/// The words of the objects being shown, innermost last.
#[derive(Default)]
pub(crate) struct Showing {
    open: Vec<u64>,
    /// The same words, where there are many and somebody asked.
    known: Option<Box<HashSet<u64>>>,
}

impl Showing {
    /// Begins to show an object; false if it is being shown already.
    pub(crate) fn enter(&mut self, word: u64) -> bool {
        let is_open = if self.open.len() < FEW {
            self.open.contains(&word)
        } else {
            let all = || Box::new(self.open.iter().copied().collect());
            self.known.get_or_insert_with(all).contains(&word)
        };
        if is_open {
            return false;
        }
        self.open.push(word);
        if let Some(known) = &mut self.known {
            known.insert(word);
        }
        true
    }

    /// Ends the showing that was begun last.
    pub(crate) fn leave(&mut self) {
        let Some(word) = self.open.pop() else { return };
        if self.open.len() < FEW {
            self.known = None;
        } else if let Some(known) = &mut self.known {
            known.remove(&word);
        }
    }

    /// Ends all of them.
    pub(crate) fn clear(&mut self) {
        *self = Showing::default();
    }

    /// The words, which may be changed: objects move.
    pub(crate) fn words(&mut self) -> impl Iterator<Item = &mut u64> {
        self.known = None;
        self.open.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_not_entered_again_at_any_depth() {
        let mut showing = Showing::default();
        for word in 0..1000 {
            assert!(showing.enter(word), "{word}");
            assert!(!showing.enter(word), "{word}");
            assert!(!showing.enter(word / 2), "{word}");
        }
        for word in (0..1000).rev() {
            showing.leave();
            assert!(showing.enter(word), "{word}");
            showing.leave();
        }
    }

    #[test]
    fn words_that_changed_are_those_that_are_open() {
        let mut showing = Showing::default();
        for word in 0..100 {
            showing.enter(word);
        }
        showing.words().for_each(|word| *word += 1000);
        assert!(showing.enter(5));
        assert!(!showing.enter(1005));
        showing.leave();
        showing.leave();
        assert!(showing.enter(1099));
        showing.clear();
        assert!(showing.enter(1099));
    }
}
