//! Escape analysis: objects that never leave the function become scalars. Fields are turned into SSA
//! values, in loops too.
//!
//! Needs: `copy_prop`, so that an object is seen under one name. Breaks: block parameters.
//!
//! An object stays inside if it is only read, written and asked for its variant. One that is only
//! stored in another such object follows in the next round.

use super::PassCx;
use super::rewrite::Rewrites;
use super::ssa::SsaVars;
use crate::analysis::Cfg;
use crate::builder::zero_of;
use crate::entities::*;
use crate::function::Function;
use crate::module::{LayoutKind, Module};
use crate::ops::Op;
use crate::types::Type;
use sepal_base::Id as _;

/// Objects within objects within objects: deeper nests are rare.
const MAX_ROUNDS: usize = 4;
/// Larger objects are tables, not records.
const MAX_FIELDS: usize = 32;

/// See the module's head.
pub fn run(func: &mut Function, cx: &mut PassCx<'_>) -> bool {
    let mut changed = false;
    for _ in 0..MAX_ROUNDS {
        let objects = inside_objects(func, cx.module);
        if objects.is_empty() {
            break;
        }
        let cfg = Cfg::new(func);
        let mut rewrites = Rewrites::default();
        for object in &objects {
            Replacer::new(func, &cfg, &mut rewrites, object).run();
        }
        rewrites.apply(func);
        changed = true;
    }
    changed
}

/// An allocation that stays inside, with what is done to it in the order of the blocks.
struct Object {
    inst: Inst,
    home: Block,
    fields: Vec<Type>,
    /// The blocks that hold its uses, each once.
    used_in: Vec<Block>,
}

fn inside_objects(func: &Function, module: &Module) -> Vec<Object> {
    let mut found: Vec<Option<Object>> = Vec::new();
    let mut index: Vec<u32> = vec![u32::MAX; func.values.len()];
    for block in func.blocks.ids() {
        for &inst in &func.blocks[block].insts {
            if let Some(fields) = allocation(func, module, inst) {
                index[func.result(inst).index()] = found.len() as u32;
                found.push(Some(Object { inst, home: block, fields, used_in: Vec::new() }));
            }
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    for block in func.blocks.ids() {
        for &inst in &func.blocks[block].insts {
            let harmless = harmless_use(func, inst);
            func.for_each_use(inst, |value| {
                let n = index[value.index()] as usize;
                let Some(slot) = found.get_mut(n) else { return };
                let Some(object) = slot else { return };
                if harmless != Some(value) || !fits(func, inst, object) {
                    *slot = None;
                } else if object.used_in.last() != Some(&block) {
                    object.used_in.push(block);
                }
            });
        }
        func.blocks[block].term.for_each_value(&func.pools, &mut |value| {
            if let Some(slot) = found.get_mut(index[value.index()] as usize) {
                *slot = None;
            }
        });
    }
    found.into_iter().flatten().collect()
}

/// The types of the fields, if this makes an object of a known shape.
fn allocation(func: &Function, module: &Module, inst: Inst) -> Option<Vec<Type>> {
    let (layout, variant) = shape(func, inst)?;
    let LayoutKind::Fixed(variants) = &module.layouts[layout].kind else { return None };
    let fields = &variants.get(usize::from(variant))?.fields;
    (fields.len() <= MAX_FIELDS).then(|| fields.iter().map(|field| field.ty).collect())
}

/// The object that an instruction uses without letting it out. An object stored in itself or in
/// another is let out here: `for_each_use` names it a second time.
fn harmless_use(func: &Function, inst: Inst) -> Option<Value> {
    let op = func.insts[inst].op;
    if let Op::FieldSet { object, value, .. } = op {
        return (object != value).then_some(object);
    }
    if let Op::FieldGet { object, .. } | Op::EnumDiscriminant { object } = op {
        Some(object)
    } else {
        None
    }
}

/// Whether a field access fits the object's shape. Where it does not, the program does not go.
fn fits(func: &Function, inst: Inst, object: &Object) -> bool {
    let made_as = shape(func, object.inst);
    if let Op::FieldGet { field, .. } | Op::FieldSet { field, .. } = func.insts[inst].op {
        let known = object.fields.get(usize::from(field.field)).is_some();
        return known && made_as == Some((field.layout, field.variant));
    }
    true
}

fn shape(func: &Function, inst: Inst) -> Option<(LayoutId, u16)> {
    let op = func.insts[inst].op;
    if let Op::GcAlloc { layout, variant } | Op::StructInit { layout, variant, .. } = op {
        Some((layout, variant))
    } else if let Op::ClosureCreate { layout, .. } = op {
        Some((layout, 0))
    } else {
        None
    }
}

/// Takes one object apart.
struct Replacer<'a> {
    func: &'a mut Function,
    cfg: &'a Cfg,
    rewrites: &'a mut Rewrites,
    object: &'a Object,
    value: Value,
    vars: SsaVars,
}

impl<'a> Replacer<'a> {
    fn new(
        func: &'a mut Function,
        cfg: &'a Cfg,
        rewrites: &'a mut Rewrites,
        object: &'a Object,
    ) -> Replacer<'a> {
        let value = func.result(object.inst);
        let mut vars = SsaVars::default();
        for &ty in &object.fields {
            vars.add(ty);
        }
        Replacer { func, cfg, rewrites, object, value, vars }
    }

    fn run(mut self) {
        let initial = self.initial_values();
        // What each block leaves in the fields comes first, so that reads across blocks find it.
        let mut blocks = self.object.used_in.clone();
        if !blocks.contains(&self.object.home) {
            blocks.push(self.object.home);
        }
        for &block in &blocks {
            self.definitions(block, &initial);
        }
        for &block in &blocks {
            self.replace_uses(block, &initial);
        }
        self.vars.finish(self.func, self.cfg);
    }

    /// The fields right after the allocation. What was not given is zero, made in its place.
    fn initial_values(&mut self) -> Vec<Value> {
        let op = self.func.insts[self.object.inst].op;
        if let Op::StructInit { fields, .. } = op {
            return self.func.list(fields).to_vec();
        }
        let mut made = Vec::new();
        let mut values = Vec::new();
        let types = self.object.fields.clone();
        if let Op::ClosureCreate { func: code, captures, .. } = op {
            let inst = self.func.new_inst(Op::FuncAddr { func: code }, &types[..1], LocId::NONE);
            made.push(inst);
            values.push(self.func.result(inst));
            values.extend_from_slice(self.func.list(captures));
        } else {
            for &ty in &types {
                let inst = self.func.new_inst(zero_of(ty), &[ty], LocId::NONE);
                made.push(inst);
                values.push(self.func.result(inst));
            }
        }
        let list = &mut self.func.blocks[self.object.home].insts;
        let at = list.iter().position(|&i| i == self.object.inst).expect("it stands at home");
        list.splice(at..at, made);
        values
    }

    fn definitions(&mut self, block: Block, initial: &[Value]) {
        for &inst in &self.func.blocks[block].insts {
            if inst == self.object.inst {
                for (n, &value) in initial.iter().enumerate() {
                    self.vars.define(n, block, value);
                }
            } else if let Op::FieldSet { field, object, value } = self.func.insts[inst].op
                && object == self.value
            {
                self.vars.define(usize::from(field.field), block, value);
            }
        }
    }

    /// Walks one block: loads become the fields' values, stores and the allocation go.
    fn replace_uses(&mut self, block: Block, initial: &[Value]) {
        let mut current: Vec<Option<Value>> = vec![None; self.vars.len()];
        let list = std::mem::take(&mut self.func.blocks[block].insts);
        let mut kept = Vec::with_capacity(list.len());
        for inst in list {
            if inst == self.object.inst {
                current = initial.iter().copied().map(Some).collect();
                continue;
            }
            let op = self.func.insts[inst].op;
            if let Op::FieldGet { field, object, .. } = op
                && object == self.value
            {
                let n = usize::from(field.field);
                let value = match current[n] {
                    Some(value) => value,
                    None => self.vars.value_at_start(self.func, self.cfg, n, block),
                };
                current[n] = Some(value);
                let result = self.func.result(inst);
                self.rewrites.replace(result, value);
            } else if let Op::FieldSet { field, object, value } = op
                && object == self.value
            {
                current[usize::from(field.field)] = Some(value);
            } else if let Op::EnumDiscriminant { object } = op
                && object == self.value
            {
                let (_, variant) = shape(self.func, self.object.inst).expect("it is an allocation");
                let value = i64::from(variant);
                self.func.insts[inst].op = Op::ConstInt { ty: Type::I64, value };
                kept.push(inst);
            } else {
                kept.push(inst);
            }
        }
        self.func.blocks[block].insts = kept;
    }
}
