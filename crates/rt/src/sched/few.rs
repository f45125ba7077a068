//! A map in the order of its keys that mostly has no entry or one: then it needs no memory beside itself.
//!
//! Links and monitors are such maps: most actors have none, most workers one to a supervisor. Must never make an empty
//! one cost more than a look.

use std::collections::BTreeMap;

/// See the module's head.
#[derive(Debug, Default)]
pub(crate) enum Few<K, V> {
    #[default]
    None,
    One(K, V),
    /// Made for the second entry, and kept until none is left.
    Many(Box<BTreeMap<K, V>>),
}

impl<K: Ord + Copy, V: Copy> Few<K, V> {
    /// Adds an entry, or changes it; gives what it was before.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self {
            Few::None => {
                *self = Few::One(key, value);
                None
            }
            Few::One(only, old) if *only == key => Some(std::mem::replace(old, value)),
            Few::One(only, old) => {
                *self = Few::Many(Box::new(BTreeMap::from([(*only, *old), (key, value)])));
                None
            }
            Few::Many(map) => map.insert(key, value),
        }
    }

    /// Takes an entry out.
    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (removed, is_empty) = match self {
            Few::None => return None,
            Few::One(only, value) => {
                let removed = (only == key).then_some(*value);
                (removed, removed.is_some())
            }
            Few::Many(map) => (map.remove(key), map.is_empty()),
        };
        if is_empty {
            *self = Few::None;
        }
        removed
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Few::None => 0,
            Few::One(..) => 1,
            Few::Many(map) => map.len(),
        }
    }

    /// Takes all entries.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> Few<K, V> {
        std::mem::take(self)
    }

    /// Calls `body` with all entries, in order.
    #[inline(always)]
    pub(crate) fn for_each(self, mut body: impl FnMut(K, V)) {
        match self {
            Few::None => {}
            Few::One(key, value) => body(key, value),
            Few::Many(map) => map.into_iter().for_each(|(key, value)| body(key, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_map_in_order() {
        let mut few = Few::default();
        let mut map = BTreeMap::new();
        let mut seed = 1u64;
        for step in 0..10_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = seed >> 61;
            if seed >> 40 & 1 == 0 {
                assert_eq!(few.insert(key, step), map.insert(key, step));
            } else {
                assert_eq!(few.remove(&key), map.remove(&key));
            }
            assert_eq!(few.len(), map.len());
            if step % 100 == 0 {
                let mut all = Vec::new();
                few.take().for_each(|key, value| all.push((key, value)));
                assert_eq!(all, std::mem::take(&mut map).into_iter().collect::<Vec<_>>());
                assert_eq!(few.len(), 0);
            }
        }
    }
}
