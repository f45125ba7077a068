//! Global value numbering: what was computed, checked, loaded or stored before is not done again.
//!
//! Needs: nothing. Breaks: nothing.
//!
//! One walk over the dominator tree with a table of what is known above. A checked op that was
//! passed above cannot panic again. A load is known by its class of memory and that memory's version:
//! a number that changes where something may have stored into the class, and where paths meet that
//! left different ones. Immutable objects have one version for ever.

use super::PassCx;
use super::rewrite::Rewrites;
use crate::analysis::{Cfg, Loops};
use crate::effects::{Effects, MemClass};
use crate::entities::*;
use crate::function::Function;
use crate::module::Module;
use crate::ops::Op;
use rustc_hash::{FxHashMap, FxHashSet};
use sepal_base::Id as _;
use smallvec::SmallVec;
use std::rc::Rc;

/// See the module's head.
pub fn run(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    let cfg = Cfg::new(func);
    let memory = Memory::new(func, cx.module, &cfg);
    let rewrites = Rewrites::default();
    let mut gvn = Gvn {
        func,
        module: cx.module,
        rewrites,
        memory,
        known: FxHashMap::default(),
        undo: Vec::new(),
        changed: false,
    };
    gvn.walk(&cfg);
    let changed = gvn.changed;
    let rewrites = gvn.rewrites;
    rewrites.apply(func) | changed
}

/// The version of every class of memory at one place.
#[derive(Clone, PartialEq, Default, Debug)]
struct Versions {
    /// Of all classes that `classes` does not name.
    rest: u32,
    classes: FxHashMap<MemClass, u32>,
}

impl Versions {
    fn get(&self, class: MemClass) -> u32 {
        self.classes.get(&class).copied().unwrap_or(self.rest)
    }
}

/// What a block may store into.
#[derive(Default, Clone)]
struct Writes {
    all: bool,
    classes: FxHashSet<MemClass>,
}

impl Writes {
    fn add(&mut self, other: &Writes) {
        self.all |= other.all;
        self.classes.extend(&other.classes);
    }
}

/// The versions at the start of every block, made in reverse postorder.
struct Memory {
    at_start: Vec<Option<Rc<Versions>>>,
    next: u32,
}

impl Memory {
    fn new(func: &Function, module: &Module, cfg: &Cfg) -> Memory {
        let blocks = func.blocks.iter();
        let mut insts = blocks.flat_map(|block| &block.insts);
        if !insts.any(|&inst| func.insts[inst].op.loads().is_some()) {
            return Memory { at_start: Vec::new(), next: 1 };
        }
        let writes: Vec<Writes> = func.blocks.ids().map(|block| writes_of(func, block)).collect();
        let loops = Loops::new(func, cfg);
        let mut in_loop: FxHashMap<Block, Writes> = FxHashMap::default();
        for (id, found) in loops.loops.iter_enumerated() {
            let mut all = Writes::default();
            for &block in &loops.loops[id].blocks {
                all.add(&writes[block.index()]);
            }
            in_loop.insert(found.header, all);
        }
        let mut memory = Memory { at_start: vec![None; func.blocks.len()], next: 1 };
        let mut at_end: Vec<Option<Rc<Versions>>> = vec![None; func.blocks.len()];
        for &block in &cfg.rpo {
            let start = memory.merge(cfg, &at_end, in_loop.get(&block), block);
            let end = memory.after(func, module, &writes[block.index()], block, &start);
            memory.at_start[block.index()] = Some(start);
            at_end[block.index()] = Some(end);
        }
        memory
    }

    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn merge(
        &mut self,
        cfg: &Cfg,
        at_end: &[Option<Rc<Versions>>],
        in_loop: Option<&Writes>,
        block: Block,
    ) -> Rc<Versions> {
        let mut known: SmallVec<[Rc<Versions>; 4]> = SmallVec::new();
        let mut complete = true;
        for edge in cfg.preds(block) {
            match &at_end[edge.from.index()] {
                Some(versions) if known.iter().any(|k| Rc::ptr_eq(k, versions)) => {}
                Some(versions) => known.push(versions.clone()),
                None => complete = false,
            }
        }
        let Some(first) = known.first().cloned() else {
            let rest = self.fresh();
            return Rc::new(Versions { rest, classes: FxHashMap::default() });
        };
        let merged = if known.len() == 1 { first } else { self.met(&known) };
        match in_loop {
            Some(writes) => self.bumped(merged, writes),
            // An edge from behind without a loop: the graph is irreducible here.
            None if !complete => self.bumped(merged, &Writes { all: true, ..Writes::default() }),
            None => merged,
        }
    }

    /// Versions that differ become new ones.
    fn met(&mut self, known: &[Rc<Versions>]) -> Rc<Versions> {
        let mut met = (*known[0]).clone();
        if known.iter().any(|other| other.rest != met.rest) {
            let names: FxHashSet<MemClass> =
                known.iter().flat_map(|other| other.classes.keys().copied()).collect();
            met.rest = self.fresh();
            met.classes = names.into_iter().map(|class| (class, known[0].get(class))).collect();
        }
        for other in &known[1..] {
            for &class in other.classes.keys() {
                met.classes.entry(class).or_insert_with(|| known[0].get(class));
            }
        }
        for (class, version) in &mut met.classes {
            if known.iter().any(|other| other.get(*class) != *version) {
                self.next += 1;
                *version = self.next;
            }
        }
        Rc::new(met)
    }

    fn bumped(&mut self, versions: Rc<Versions>, writes: &Writes) -> Rc<Versions> {
        if writes.all {
            let rest = self.fresh();
            return Rc::new(Versions { rest, classes: FxHashMap::default() });
        }
        if writes.classes.is_empty() {
            return versions;
        }
        let mut bumped = (*versions).clone();
        for &class in &writes.classes {
            let version = self.fresh();
            bumped.classes.insert(class, version);
        }
        Rc::new(bumped)
    }

    /// The versions at the end, without remembering those between.
    fn after(
        &mut self,
        func: &Function,
        module: &Module,
        writes: &Writes,
        block: Block,
        start: &Rc<Versions>,
    ) -> Rc<Versions> {
        if !writes.all && writes.classes.is_empty() {
            return start.clone();
        }
        let mut versions = (**start).clone();
        for &inst in &func.blocks[block].insts {
            step(&func.insts[inst].op, inst, module, &mut versions);
        }
        Rc::new(versions)
    }
}

fn writes_of(func: &Function, block: Block) -> Writes {
    let mut writes = Writes::default();
    for &inst in &func.blocks[block].insts {
        let op = &func.insts[inst].op;
        if let Some(class) = op.stores() {
            writes.classes.insert(class);
        } else {
            writes.all |= op.effects().has(Effects::WRITES);
        }
    }
    writes
}

/// The versions after an instruction. Its own number, with the highest bit, is the new version, so that
/// both walks agree on it.
fn step(op: &Op, inst: Inst, module: &Module, versions: &mut Versions) {
    let version = inst.0 | 1 << 31;
    if let Some(class) = op.stores() {
        debug_assert!(!module.is_immutable(class), "nothing stores into immutable objects");
        versions.classes.insert(class, version);
    } else if op.effects().has(Effects::WRITES) {
        versions.classes.clear();
        versions.rest = version;
    }
}

/// What is known: the op with its operands replaced, and for loads the version of their memory.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Key {
    op: Op,
    list: SmallVec<[Value; 4]>,
    version: u32,
}

/// The results of what was done before.
type Known = SmallVec<[Value; 2]>;

struct Gvn<'a> {
    func: &'a mut Function,
    module: &'a Module,
    rewrites: Rewrites,
    memory: Memory,
    known: FxHashMap<Key, Known>,
    /// What each block on the way down has added, and what that replaced.
    undo: Vec<(Key, Option<Known>)>,
    changed: bool,
}

impl Gvn<'_> {
    /// Depth first over the dominator tree, without recursion.
    fn walk(&mut self, cfg: &Cfg) {
        let tree = cfg.dominator_tree();
        let mut path = Vec::new();
        let mut next = Some(0);
        loop {
            while let Some(node) = next {
                path.push((node, self.undo.len()));
                self.block(cfg.rpo[node as usize]);
                next = tree.first_child(node);
            }
            let Some((node, mark)) = path.pop() else { return };
            self.leave(mark);
            next = tree.next_sibling(node);
        }
    }

    fn leave(&mut self, mark: usize) {
        for (key, before) in self.undo.drain(mark..).rev() {
            match before {
                Some(value) => self.known.insert(key, value),
                None => self.known.remove(&key),
            };
        }
    }

    fn block(&mut self, block: Block) {
        // Without loads there is no table, and any version will do.
        let start = self.memory.at_start.get_mut(block.index()).and_then(Option::take);
        let mut versions = start.map_or_else(Versions::default, |start| (*start).clone());
        let mut list = std::mem::take(&mut self.func.blocks[block].insts);
        list.retain(|&inst| {
            let Gvn { func, rewrites, .. } = self;
            let mut op = func.insts[inst].op;
            op.map_values(&mut func.pools, &mut |value| rewrites.get(value));
            func.insts[inst].op = op;
            let needed = self.is_needed(inst, &versions);
            step(&op, inst, self.module, &mut versions);
            self.remember(inst, &versions);
            needed
        });
        self.func.blocks[block].insts = list;
    }

    /// False if the instruction was done before: its results are then that one's.
    fn is_needed(&mut self, inst: Inst, versions: &Versions) -> bool {
        let data = self.func.insts[inst];
        if !is_numbered(&data.op) {
            return true;
        }
        let key = self.key(data.op, versions);
        match self.known.get(&key) {
            Some(known) => {
                for (result, &value) in data.results.iter().zip(known) {
                    self.rewrites.replace(result, value);
                }
                self.changed = true;
                false
            }
            None => {
                self.insert(key, data.results.iter().collect());
                true
            }
        }
    }

    /// Stores and new objects say what later loads will find.
    fn remember(&mut self, inst: Inst, versions: &Versions) {
        let op = self.func.insts[inst].op;
        if let Op::FieldSet { field, object, value } = op {
            self.field_is(field, object, value, versions);
        } else if let Op::IndexSet { layout, slot, array, index, value } = op {
            let ty = self.func.ty(value);
            let load = Op::IndexGet { ty, layout, slot, array, index };
            self.load_is(load, value, versions);
        } else if let Op::GlobalSet { global, value } = op {
            let load = Op::GlobalGet { ty: self.func.ty(value), global };
            self.load_is(load, value, versions);
        } else if let Op::StructInit { layout, variant, fields } = op {
            let object = self.func.result(inst);
            for n in 0..fields.len() {
                let value = self.func.list(fields)[n];
                let field = FieldRef { layout, variant, field: n as u16 };
                self.field_is(field, object, value, versions);
            }
        } else if let Op::ClosureCreate { layout, captures, .. } = op {
            let object = self.func.result(inst);
            for n in 0..captures.len() {
                let value = self.func.list(captures)[n];
                let field = FieldRef { layout, variant: 0, field: 1 + n as u16 };
                self.field_is(field, object, value, versions);
            }
        } else if let Op::BoundsCheck { len, .. } = op {
            // What came out is in range: checking it again gives itself.
            let result = self.func.result(inst);
            let result = self.rewrites.get(result);
            let key = self.key(Op::BoundsCheck { index: result, len }, versions);
            self.insert(key, Known::from_elem(result, 1));
        }
    }

    fn field_is(&mut self, field: FieldRef, object: Value, value: Value, versions: &Versions) {
        let load = Op::FieldGet { ty: self.func.ty(value), field, object };
        self.load_is(load, value, versions);
    }

    fn load_is(&mut self, load: Op, value: Value, versions: &Versions) {
        let key = self.key(load, versions);
        let value = self.rewrites.get(value);
        self.insert(key, Known::from_elem(value, 1));
    }

    fn insert(&mut self, key: Key, known: Known) {
        let before = self.known.insert(key.clone(), known);
        self.undo.push((key, before));
    }

    fn key(&self, mut op: Op, versions: &Versions) -> Key {
        let version = match op.loads() {
            Some(class) if self.module.is_immutable(class) => 0,
            Some(class) => versions.get(class),
            None => 0,
        };
        if let Op::BinOp { op: operator, a, b } = op
            && operator.is_commutative()
            && b < a
        {
            op = Op::BinOp { op: operator, a: b, b: a };
        }
        let mut list = SmallVec::new();
        // Only calls among the numbered ops have a list: equal contents, not equal places, count.
        if let Op::CallRt { rt, args } = op {
            list.extend_from_slice(self.func.list(args));
            op = Op::CallRt { rt, args: ValueList::default() };
        }
        if let Op::ContractCheck { kind, cond, .. } = op {
            // Whatever its text, the same condition holds.
            op = Op::ContractCheck { kind, cond, message: StrId(0) };
        }
        Key { op, list, version }
    }
}

/// Whether doing the op a second time with the same operands is needless.
fn is_numbered(op: &Op) -> bool {
    let effects = op.effects();
    let repeats = Effects::PANICS.with(Effects::READS);
    if let Op::CallRt { .. } = op {
        // Those that read mutable memory have no class of their own.
        return effects == Effects::PURE || effects == Effects::PANICS;
    }
    let is_copy = matches!(op, Op::Copy { .. });
    !is_copy && (effects == Effects::PURE || repeats.has(effects))
}
