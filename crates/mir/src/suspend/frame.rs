//! The layouts of frames: `abi::Frame`, then results as words, then a slot for each saved value.
//!
//! Values that are never saved at the same point share a slot. Results are widened to words, so that
//! they stand at the same place in every frame with such results, and a caller can read them through a
//! layout that knows nothing else.
//!
//! Must never place anything narrower than a word before the results.

use crate::entities::*;
use crate::function::Function;
use crate::module::{Layout, Module};
use crate::types::Type;
use rustc_hash::FxHashMap;
use sepal_base::Symbol;

/// Fields of every frame, in order.
pub const RESUME: u16 = 0;
pub const PARENT: u16 = 1;
pub const CHILD: u16 = 2;
/// State and location in one word: state in the lower half.
pub const STATE: u16 = 3;
pub const FIRST_RESULT: u16 = 4;

/// The types of the first fields.
const HEAD: [Type; 4] = [Type::Ptr, Type::Ref, Type::Ref, Type::I64];

const _: () = assert!(sepal_abi::FRAME_RESUME == 8);
const _: () = assert!(sepal_abi::FRAME_PARENT == 16);
const _: () = assert!(sepal_abi::FRAME_CHILD == 24);
const _: () = assert!(sepal_abi::FRAME_STATE == 32 && sepal_abi::FRAME_LOC == 36);
const _: () = assert!(sepal_abi::FRAME_RESULTS == 40);

/// A generator's states beside the numbers of its points.
pub const FINISHED: i64 = -1;
pub const RUNNING: i64 = -2;

/// The word of a state at a place.
pub fn state_word(state: i64, loc: LocId) -> i64 {
    (state & 0xffff_ffff) | (i64::from(loc.0) << 32)
}

/// The layouts made so far.
#[derive(Default)]
pub struct Frames {
    of: FxHashMap<FuncId, LayoutId>,
    /// The fields in which the arguments of a root begin.
    arguments: FxHashMap<FuncId, Vec<u16>>,
    /// Layouts that only know the results.
    views: FxHashMap<Vec<Type>, LayoutId>,
}

impl Frames {
    /// The layout of a function's frames, once its body is done.
    pub fn layout_of(&self, id: FuncId) -> Option<LayoutId> {
        self.of.get(&id).copied()
    }

    /// Notes where the arguments of a root stand.
    pub fn set_arguments(&mut self, id: FuncId, fields: Vec<u16>) {
        self.arguments.insert(id, fields);
    }

    /// The fields of a root's arguments.
    pub fn arguments(&self, id: FuncId) -> &[u16] {
        self.arguments.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Makes the layout of a function's frames. Those of a generator stay with their actor.
    pub fn define(
        &mut self,
        module: &mut Module,
        id: FuncId,
        func: &Function,
        results: &[Type],
        slots: &[Type],
    ) -> LayoutId {
        let mut types = HEAD.to_vec();
        types.extend(results.iter().map(|ty| ty.word()));
        types.extend_from_slice(slots);
        let name = Symbol::intern(&format!("frame of {}", func.name));
        let layout = Layout::fixed(name, &[&types], false);
        let layout = module.add_layout(Layout { local: func.attrs.generator, ..layout });
        self.of.insert(id, layout);
        layout
    }

    /// A layout that fits the beginning of all frames with these results.
    pub fn view(&mut self, module: &mut Module, results: &[Type]) -> LayoutId {
        *self.views.entry(results.to_vec()).or_insert_with(|| {
            let mut types = HEAD.to_vec();
            types.extend(results.iter().map(|ty| ty.word()));
            module.add_layout(Layout::fixed(Symbol::intern("frame"), &[&types], false))
        })
    }
}

/// Slots for values, each known by the points at which it is saved.
#[derive(Default)]
pub struct Slots {
    pub types: Vec<Type>,
    /// The points at which each slot is in use.
    points: Vec<Vec<u32>>,
    of: FxHashMap<Value, usize>,
}

impl Slots {
    /// Gives a value a slot that is free at all of its points.
    pub fn assign(&mut self, value: Value, ty: Type, points: &[u32]) {
        let is_free = |used: &[u32]| points.iter().all(|point| !used.contains(point));
        let free = (0..self.types.len()).find(|&n| self.types[n] == ty && is_free(&self.points[n]));
        let slot = free.unwrap_or_else(|| {
            self.types.push(ty);
            self.points.push(Vec::new());
            self.types.len() - 1
        });
        self.points[slot].extend_from_slice(points);
        self.of.insert(value, slot);
    }

    /// The slot of a value that has one.
    pub fn of(&self, value: Value) -> Option<usize> {
        self.of.get(&value).copied()
    }

    /// Traced slots that hold nothing at a point: they are cleared, so that nothing dead stays alive.
    pub fn idle_at(&self, point: u32) -> impl Iterator<Item = usize> + '_ {
        (0..self.types.len())
            .filter(move |&n| self.types[n].is_traced() && !self.points[n].contains(&point))
    }
}
