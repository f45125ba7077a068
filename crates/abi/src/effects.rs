//! What a runtime function may do besides computing its results.
//!
//! Must never say less than the truth: optimisations rest on it.

use core::fmt;

/// A set of effects. The empty set is a pure function of its arguments and of immutable objects.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Effects(u8);

/// The words of the table with their sets.
const NAMES: [(Effects, &str); 8] = [
    (Effects::READS, "reads"),
    (Effects::WRITES, "writes"),
    (Effects::STATE, "state"),
    (Effects::IO, "io"),
    (Effects::ALLOCATES, "allocates"),
    (Effects::PANICS, "panics"),
    (Effects::NORETURN, "noreturn"),
    (Effects::PARKS, "parks"),
];

impl Effects {
    pub const PURE: Effects = Effects(0);
    /// Reads mutable memory that compiled code also touches.
    pub const READS: Effects = Effects(1);
    /// Writes memory that compiled code also touches.
    pub const WRITES: Effects = Effects(2);
    /// Reads or changes what only runtime functions touch (builders, the defer stack, the clock):
    /// keeps its order among such calls, commutes with loads and stores of compiled code.
    pub const STATE: Effects = Effects(4);
    /// Is seen outside the program, or sees the outside. Includes `STATE`.
    pub const IO: Effects = Effects(8 | 4);
    /// May collect garbage, and may exceed the heap limit: so includes `PANICS`.
    pub const ALLOCATES: Effects = Effects(16 | 32);
    /// May set `ctx.panic`; the caller tests it.
    pub const PANICS: Effects = Effects(32);
    /// Does not come back.
    pub const NORETURN: Effects = Effects(64);
    /// May ask its caller to wait, who does nothing more before the poll that follows.
    pub const PARKS: Effects = Effects(128);

    /// Everything of both.
    pub const fn union(self, other: Effects) -> Effects {
        Effects(self.0 | other.0)
    }

    /// Whether all of `other` is in this set.
    pub const fn contains(self, other: Effects) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the two sets share anything.
    pub const fn intersects(self, other: Effects) -> bool {
        self.0 & other.0 != 0
    }

    /// Nothing but a result: may be dropped, repeated or merged with an equal call.
    pub const fn is_pure(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Debug for Effects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_set();
        for (set, name) in NAMES {
            if self.contains(set) {
                list.entry(&format_args!("{name}"));
            }
        }
        list.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn allocating_can_panic_and_io_is_ordered() {
        assert!(Effects::ALLOCATES.contains(Effects::PANICS));
        assert!(Effects::IO.contains(Effects::STATE));
        assert!(!Effects::PANICS.contains(Effects::ALLOCATES));
        assert_eq!(format!("{:?}", Effects::ALLOCATES), "{allocates, panics}");
        assert_eq!(format!("{:?}", Effects::PURE), "{}");
    }
}
