//! Registered names: which actor a name stands for. Behind one lock, which is never held while anything else is locked.
//!
//! Must never name an actor that has ended for longer than its end takes.

use super::slot::Pid;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// See the module's head.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<HashMap<Box<str>, Pid>>);

impl Names {
    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Pid>> {
        // The map is valid between any two steps.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a name; false if an actor has it that is alive.
    pub(crate) fn register(&self, name: &str, pid: Pid, is_alive: impl Fn(Pid) -> bool) -> bool {
        let mut names = self.lock();
        let is_free = !names.get(name).is_some_and(|named| is_alive(*named));
        if is_free {
            names.insert(name.into(), pid);
        }
        is_free
    }

    /// The actor of a name, if it `fits`. Who is seen there to have a name keeps its slot until that is answered, since
    /// its names are removed before its slot is given back.
    pub(crate) fn find(&self, name: &str, fits: impl Fn(Pid) -> bool) -> Option<Pid> {
        self.lock().get(name).copied().filter(|pid| fits(*pid))
    }

    /// A name of an actor.
    pub(crate) fn of(&self, pid: Pid) -> Option<Box<str>> {
        self.lock().iter().filter(|(_, named)| **named == pid).map(|(name, _)| name.clone()).min()
    }

    /// Forgets all names of an actor.
    pub(crate) fn remove_all(&self, pid: Pid) {
        self.lock().retain(|_, named| *named != pid);
    }
}
