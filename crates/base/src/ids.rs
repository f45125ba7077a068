//! Typed ids and the vectors they index, so that an id of one table cannot index another.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A typed index, made by [`define_id!`](crate::define_id).
pub trait Id: Copy + Eq + 'static {
    /// The id of the `index`-th entry.
    fn from_index(index: usize) -> Self;
    /// The position this id stands for.
    fn index(self) -> usize;
}

/// Defines 32-bit newtype ids: `define_id! { /// doc pub struct ExprId; }`.
#[macro_export]
macro_rules! define_id {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name(pub u32);

        impl $crate::Id for $name {
            fn from_index(index: usize) -> Self {
                $name(u32::try_from(index).expect("a table holds fewer than 2^32 entries"))
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )+};
}

/// A growing table indexed by one kind of id.
pub struct IdVec<I, T> {
    items: Vec<T>,
    marker: PhantomData<fn(I)>,
}

/// Consecutive ids of one table: what a node stores instead of a vector of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdRange<I> {
    start: u32,
    end: u32,
    marker: PhantomData<fn(I)>,
}

impl<I: Id, T> IdVec<I, T> {
    /// An empty table.
    pub const fn new() -> Self {
        IdVec { items: Vec::new(), marker: PhantomData }
    }

    /// An empty table with room for `capacity` entries.
    pub fn with_capacity(capacity: usize) -> Self {
        IdVec { items: Vec::with_capacity(capacity), marker: PhantomData }
    }

    /// Appends `value` and gives its id.
    pub fn push(&mut self, value: T) -> I {
        let id = I::from_index(self.items.len());
        self.items.push(value);
        id
    }

    /// The id the next `push` will give.
    pub fn next_id(&self) -> I {
        I::from_index(self.items.len())
    }

    /// Appends all `values` and gives their ids.
    pub fn extend(&mut self, values: impl IntoIterator<Item = T>) -> IdRange<I> {
        let start = self.items.len();
        self.items.extend(values);
        IdRange::new(I::from_index(start), I::from_index(self.items.len()))
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn get(&self, id: I) -> Option<&T> {
        self.items.get(id.index())
    }

    pub fn get_mut(&mut self, id: I) -> Option<&mut T> {
        self.items.get_mut(id.index())
    }

    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.items.iter_mut()
    }

    /// All entries with their ids, in order.
    pub fn iter_enumerated(&self) -> impl DoubleEndedIterator<Item = (I, &T)> {
        self.items.iter().enumerate().map(|(i, t)| (I::from_index(i), t))
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = I> + use<I, T> {
        (0..self.items.len()).map(I::from_index)
    }

    /// The entries as a plain slice.
    pub fn as_slice(&self) -> &[T] {
        &self.items
    }
}

impl<I: Id> IdRange<I> {
    /// The ids from `start` up to, without, `end`.
    pub fn new(start: I, end: I) -> Self {
        let (start, end) = (start.index() as u32, end.index() as u32);
        IdRange { start, end: end.max(start), marker: PhantomData }
    }

    /// No ids.
    pub const fn empty() -> Self {
        IdRange { start: 0, end: 0, marker: PhantomData }
    }

    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The `n`-th id of the range.
    pub fn get(self, n: usize) -> Option<I> {
        (n < self.len()).then(|| I::from_index(self.start as usize + n))
    }

    pub fn first(self) -> Option<I> {
        self.get(0)
    }

    pub fn last(self) -> Option<I> {
        self.len().checked_sub(1).and_then(|n| self.get(n))
    }

    /// The ids in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = I> + ExactSizeIterator {
        (self.start as usize..self.end as usize).map(I::from_index)
    }
}

impl<I: Id> Default for IdRange<I> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<I: Id> std::fmt::Debug for IdRange<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl<I: Id, T> Default for IdVec<I, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I: Id, T: Clone> Clone for IdVec<I, T> {
    fn clone(&self) -> Self {
        IdVec { items: self.items.clone(), marker: PhantomData }
    }
}

impl<I: Id, T: std::fmt::Debug> std::fmt::Debug for IdVec<I, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.items).finish()
    }
}

impl<I: Id, T> FromIterator<T> for IdVec<I, T> {
    fn from_iter<It: IntoIterator<Item = T>>(iter: It) -> Self {
        IdVec { items: iter.into_iter().collect(), marker: PhantomData }
    }
}

impl<'a, I: Id, T> IntoIterator for &'a IdVec<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<I: Id, T> Index<I> for IdVec<I, T> {
    type Output = T;
    fn index(&self, id: I) -> &T {
        &self.items[id.index()]
    }
}

impl<I: Id, T> IndexMut<I> for IdVec<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.items[id.index()]
    }
}

impl<I: Id, T> Index<IdRange<I>> for IdVec<I, T> {
    type Output = [T];
    fn index(&self, range: IdRange<I>) -> &[T] {
        &self.items[range.start as usize..range.end as usize]
    }
}
