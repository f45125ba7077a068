//! Random object graphs beside a model of them: after every storm of allocation the two must agree.
//!
//! The graph hangs on one table of references; the model is plain Rust vectors. Every object carries an identity
//! and a check of it, so that an object freed or overwritten too early is noticed at once.

use super::tests::{DESCS, INTS, NODE, PAIRS, REFS, get, new_array, options, set};
use crate::actor::Actor;
use crate::fns::bodies::{rt_array_copy, rt_array_zero, rt_gc_log};
use crate::heap::Pace;
use crate::message::tests::{Receiver, compare, copy, descs};
use crate::testing::with_actor;
use sepal_abi::{ARRAY_DATA, DescId, ObjPtr};

/// What an object of the graph should be.
#[derive(Clone, Debug)]
enum Model {
    /// Its value.
    Node {
        value: u64,
        next: Option<usize>,
    },
    /// Which objects it names.
    Refs(Vec<Option<usize>>),
    /// `(value, object)`
    Pairs(Vec<(u64, Option<usize>)>),
    Ints(Vec<u64>),
    Text(String),
}

struct Torture<'a> {
    actor: &'a mut Actor,
    /// An array of references to all objects in use.
    table: ObjPtr,
    models: Vec<Option<Model>>,
    state: u64,
    /// Arrays are shorter.
    longest: usize,
    pace: Pace,
    /// How often the table was elsewhere after settling.
    moves: usize,
    /// How often a reference was overwritten while the collector was marking.
    logged: usize,
}

const SLOTS: usize = 200;

fn word(index: usize) -> usize {
    ARRAY_DATA as usize + index * 8
}

impl Torture<'_> {
    fn random(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % below
    }

    fn object(&self, slot: usize) -> ObjPtr {
        get(self.table, word(slot)) as ObjPtr
    }

    fn reference(&self, target: Option<usize>) -> u64 {
        target.map_or(0, |slot| self.object(slot) as u64)
    }

    /// Stores a reference as compiled code does.
    fn overwrite(&mut self, object: ObjPtr, offset: usize, word: u64) {
        let ctx = &raw mut self.actor.ctx;
        if self.actor.ctx.marking != 0 {
            self.logged += 1;
            // SAFETY: the context is the actor's, and the word a traced one of a living object.
            unsafe { rt_gc_log(ctx, object.byte_add(offset).cast()) };
        }
        set(object, offset, word);
    }

    /// Moves references within a living array, as inserting and removing elements does.
    fn shift(&mut self) {
        let slot = self.random(SLOTS);
        let object = self.object(slot);
        let place = self.random(usize::MAX);
        let Some(Model::Refs(refs)) = &mut self.models[slot] else { return };
        if refs.len() < 2 {
            return;
        }
        let from = place % (refs.len() - 1);
        let (count, ctx) = (refs.len() - 1 - from, &raw mut self.actor.ctx);
        // SAFETY: the context is the actor's; the ranges are within the array.
        unsafe {
            if place.is_multiple_of(2) {
                refs.copy_within(from..from + count, from + 1);
                let (from, count) = (from as i64, count as i64);
                rt_array_copy(ctx, object, from + 1, object, from, count);
            } else {
                refs[from..].fill(None);
                rt_array_zero(ctx, object, from as i64, count as i64 + 1);
            }
        }
    }

    /// A slot that is in use, or nothing.
    fn target(&mut self) -> Option<usize> {
        let slot = self.random(SLOTS);
        self.models[slot].is_some().then_some(slot)
    }

    /// Drops what nobody may name any more: models name slots, so a reused slot's old namers go too.
    fn release(&mut self, slot: usize) {
        let mut doomed = vec![slot];
        while let Some(slot) = doomed.pop() {
            if self.models[slot].take().is_none() {
                continue;
            }
            self.overwrite(self.table, word(slot), 0);
            let names = |model: &Model| match model {
                Model::Node { next, .. } => *next == Some(slot),
                Model::Refs(refs) => refs.contains(&Some(slot)),
                Model::Pairs(pairs) => pairs.iter().any(|pair| pair.1 == Some(slot)),
                Model::Ints(_) | Model::Text(_) => false,
            };
            let namers = self.models.iter().enumerate();
            doomed.extend(namers.filter(|(_, m)| m.as_ref().is_some_and(names)).map(|(i, _)| i));
        }
    }

    fn allocate(&mut self, slot: usize) {
        let value = self.random(1 << 30) as u64 * 8 + 1;
        let len = match self.random(20) {
            0 => self.random(self.longest),
            1..5 => self.random(self.longest / 20),
            _ => self.random(10),
        };
        let kind = self.random(5);
        let model = match kind {
            0 => Model::Node { value, next: self.target() },
            1 => Model::Refs((0..len).map(|_| self.target()).collect()),
            2 => Model::Pairs((0..len as u64).map(|i| (value + i * 8, self.target())).collect()),
            3 => Model::Ints((0..len as u64).map(|i| value * i).collect()),
            _ => Model::Text(format!("{value}").repeat(len)),
        };
        let object = self.make(&model);
        self.overwrite(self.table, word(slot), object as u64);
        self.models[slot] = Some(model);
    }

    fn make(&mut self, model: &Model) -> ObjPtr {
        match model {
            Model::Node { value, next } => {
                let object = self.actor.alloc(NODE, 24).expect("memory");
                set(object, 8, self.reference(*next));
                set(object, 16, *value);
                object
            }
            Model::Refs(refs) => {
                let object = new_array(self.actor, REFS, refs.len());
                for (index, &target) in refs.iter().enumerate() {
                    set(object, word(index), self.reference(target));
                }
                object
            }
            Model::Pairs(pairs) => {
                let object = new_array(self.actor, PAIRS, pairs.len());
                for (index, &(value, target)) in pairs.iter().enumerate() {
                    set(object, word(2 * index), value);
                    set(object, word(2 * index + 1), self.reference(target));
                }
                object
            }
            Model::Ints(ints) => {
                let object = new_array(self.actor, INTS, ints.len());
                ints.iter().enumerate().for_each(|(index, &int)| set(object, word(index), int));
                object
            }
            Model::Text(text) => self.actor.new_str(text),
        }
    }

    /// Changes a reference of a live object.
    fn mutate(&mut self) {
        let (slot, target) = (self.random(SLOTS), self.target());
        let object = self.object(slot);
        let reference = self.reference(target);
        let place = self.random(usize::MAX);
        match &mut self.models[slot] {
            Some(Model::Node { next, .. }) => {
                *next = target;
                self.overwrite(object, 8, reference);
            }
            Some(Model::Refs(refs)) if !refs.is_empty() => {
                let index = place % refs.len();
                refs[index] = target;
                self.overwrite(object, word(index), reference);
            }
            Some(Model::Pairs(pairs)) if !pairs.is_empty() => {
                let index = place % pairs.len();
                pairs[index].1 = target;
                self.overwrite(object, word(2 * index + 1), reference);
            }
            Some(_) | None => {}
        }
    }

    /// Moves what lives together, as at a boundary.
    fn settle(&mut self) {
        let mut table = self.table as u64;
        let actor = &mut *self.actor;
        // SAFETY: the table is all that names the graph.
        unsafe { actor.heap.settle(&mut actor.ctx, &mut |visit| visit(&mut table)) };
        self.moves += usize::from(table as ObjPtr != self.table);
        self.table = table as ObjPtr;
    }

    /// Sends the graph to another heap, where it must be the same, before and after settling there.
    fn send(&mut self) {
        let mut to = Receiver::new(self.actor, 1 << 30, self.pace);
        let mut copy = to.adopt(copy(self.actor, self.table));
        let count = compare(descs(self.actor), self.table, copy);
        to.settle(&mut copy);
        assert_eq!(compare(descs(self.actor), self.table, copy), count);
    }

    fn verify(&self) {
        for (slot, model) in self.models.iter().enumerate() {
            let Some(model) = model else { continue };
            self.verify_object(self.object(slot), model);
        }
    }

    fn verify_object(&self, object: ObjPtr, model: &Model) {
        // SAFETY: the table names living objects.
        let (header, len) = unsafe { ((*object).header, (*object).len as usize) };
        match model {
            Model::Node { value, next } => {
                assert_eq!((header, get(object, 16)), (NODE, *value));
                assert_eq!(get(object, 8), self.reference(*next));
            }
            Model::Refs(refs) => {
                assert_eq!((header, len), (REFS, refs.len()));
                for (index, &target) in refs.iter().enumerate() {
                    assert_eq!(get(object, word(index)), self.reference(target));
                }
            }
            Model::Pairs(pairs) => {
                assert_eq!((header, len), (PAIRS, pairs.len()));
                for (index, &(value, target)) in pairs.iter().enumerate() {
                    assert_eq!(get(object, word(2 * index)), value);
                    assert_eq!(get(object, word(2 * index + 1)), self.reference(target));
                }
            }
            Model::Ints(ints) => {
                assert_eq!((header, len), (INTS, ints.len()));
                let found = (0..len).map(|index| get(object, word(index)));
                assert!(found.eq(ints.iter().copied()));
            }
            Model::Text(text) => {
                assert_eq!(header.desc(), DescId::STR);
                // SAFETY: the header says so.
                assert_eq!(unsafe { crate::actor::text(object) }, text);
            }
        }
    }
}

fn storm(actor: &mut Actor, seed: u64, steps: usize, longest: usize, pace: Pace) {
    let table = new_array(actor, REFS, SLOTS);
    let models = vec![None; SLOTS];
    let state = seed | 1;
    let mut torture = Torture { actor, table, models, state, longest, pace, moves: 0, logged: 0 };
    let is_stress = pace.is_stress();
    for step in 0..steps {
        let slot = torture.random(SLOTS);
        match torture.random(5) {
            0 => torture.mutate(),
            1 => torture.shift(),
            2 if torture.random(8) == 0 => torture.release(slot),
            _ => {
                torture.release(slot);
                torture.allocate(slot);
            }
        }
        match torture.random(if is_stress { 20 } else { 5 * longest }) {
            0 => torture.send(),
            1 | 2 => torture.settle(),
            _ => {}
        }
        if step % 1000 == 0 || is_stress && step % 50 == 0 {
            torture.verify();
        }
    }
    torture.verify();
    let stats = torture.actor.heap.stats();
    if longest <= SMALL_ARRAYS {
        assert!(torture.moves > 20, "{} moves", torture.moves);
    } else {
        assert!(stats.collections > 3, "the storm was long enough");
    }
    if pace == Pace::SlicedStress {
        assert!(torture.logged > 100, "{} logged", torture.logged);
        assert!(stats.pauses > 10 * stats.collections, "{stats:?}");
    }
}

const SMALL_ARRAYS: usize = 40;
const LARGE_ARRAYS: usize = 4000;

fn check(seed: u64, steps: usize, longest: usize, pace: Pace) {
    with_actor(&DESCS, options(1 << 30, pace), |actor| storm(actor, seed, steps, longest, pace));
}

#[test]
fn random_graphs_agree_with_their_model() {
    for seed in 1..5 {
        check(seed * 0x9e37_79b9, 100_000, LARGE_ARRAYS, Pace::Sliced);
    }
}

#[test]
fn small_graphs_agree_with_their_model() {
    for seed in 1..5 {
        check(seed * 0x0bad_5eed, 20_000, SMALL_ARRAYS, Pace::Sliced);
    }
}

#[test]
fn random_graphs_agree_with_their_model_under_stress() {
    for seed in 1..3 {
        check(seed * 0x1234_5677, 2_000, LARGE_ARRAYS, Pace::Stress);
        check(seed * 0x7654_3217, 2_000, SMALL_ARRAYS, Pace::Stress);
    }
}

#[test]
fn random_graphs_agree_with_their_model_between_slices() {
    for seed in 1..9 {
        check(seed * 0x1234_5677, 20_000, LARGE_ARRAYS, Pace::SlicedStress);
        check(seed * 0x7654_3217, 20_000, SMALL_ARRAYS, Pace::SlicedStress);
    }
}
