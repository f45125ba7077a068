//! Quick code: it counts at entries and loop heads, and goes over to better code where there is some.
//!
//! Must never go over anywhere but at the very beginning of a block, before anything of it is done.

use super::Translator;
use crate::builder::{Builder, Region, c_signature, tail_signature};
use crate::decls::Decls;
use crate::slots::{Slot, Slots};
use crate::thunks::Thunk;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, types};
use sepal_mir::analysis::Cfg;
use sepal_mir::tier::Entries;
use sepal_mir::{Block, FuncId, Function, LocId, Type, Value};

/// The places of one function where it goes over.
pub(super) struct Quick<'a> {
    slots: &'a Slots,
    id: FuncId,
    heads: Vec<(Block, Vec<Value>)>,
    /// What is being written.
    block: Block,
}

impl<'a> Quick<'a> {
    pub fn new(slots: &'a Slots, func: &Function, id: FuncId, cfg: &Cfg) -> Quick<'a> {
        let mut heads = Entries::of(func, cfg).heads;
        if slots.counts_entry(id) {
            heads.push((Function::ENTRY, func.blocks[Function::ENTRY].params.clone()));
        }
        Quick { slots, id, heads, block: Function::ENTRY }
    }

    /// The arguments for the better code at a block, if this is such a place.
    fn given(&self, block: Block) -> Option<&[Value]> {
        let head = self.heads.iter().find(|head| head.0 == block);
        head.map(|(_, given)| given.as_slice())
    }

    /// Whether a poll stays where it stands. Those in loops are done at the head when it has counted far enough,
    /// which is soon.
    pub fn is_polled_here(&self) -> bool {
        self.block == Function::ENTRY
    }
}

impl Translator<'_, '_> {
    /// At a place where quick code goes over: counts, asks for better code, calls it.
    pub(super) fn go_over(&mut self, block: Block) {
        if let Some(quick) = &mut self.quick {
            quick.block = block;
        }
        let Some(quick) = &self.quick else { return };
        let Some(given) = quick.given(block) else { return };
        let (slots, number) = (quick.slots, quick.slots.number(quick.id, block));
        let types: Vec<Type> = given.iter().map(|&value| self.ty(value)).collect();
        let given = given.to_vec();
        given.iter().for_each(|&value| self.bring(value));
        let given: Vec<ir::Value> = given.iter().map(|&value| self.value(value)).collect();
        let b = &mut self.b;
        b.set_loc(LocId::NONE);
        let slot = b.int(types::I64, std::ptr::from_ref(slots.slot(number)).addr() as i64);
        let count = b.load(types::I32, Region::Tier, slot, Slot::COUNT);
        let count = b.add_const(count, 1);
        b.store(Region::Tier, count, slot, Slot::COUNT);
        let threshold = i64::from(slots.tiering.threshold);
        let often = b.compare_const(IntCC::UnsignedGreaterThan, count, threshold);
        let (cold, over, stay) = (b.create_cold_block(), b.create_cold_block(), b.create_block());
        b.branch(often, (cold, &[]), (stay, &[]));
        b.switch_to(cold);
        self.set_loc_of(block);
        let ask = self.import(slots.asker, true, ask_signature);
        let b = &mut self.b;
        let code = b.call(ask, &[slot])[0];
        b.set_loc(LocId::NONE);
        b.branch(code, (over, &[]), (stay, &[]));
        b.switch_to(over);
        let sig = b.import_signature(tail_signature(&types, &self.func.sig.results));
        b.ins().return_call_indirect(sig, code, &given);
        b.switch_to(stay);
    }

    /// The place of what stands first in a block.
    fn set_loc_of(&mut self, block: Block) {
        let data = &self.func.blocks[block];
        let first = data.insts.first().map(|&inst| self.func.insts[inst].loc);
        self.b.set_loc(first.unwrap_or(data.term_loc));
    }
}

/// Of the function that quick code calls when it has passed a place too often: it is given the slot, and gives the better
/// code or null.
pub(crate) fn ask_signature() -> ir::Signature {
    tail_signature(&[Type::Ptr], &[Type::Ptr])
}

/// Writes that function. Where there is no better code yet it polls too: see [`Quick::is_polled_here`].
pub(crate) fn build_asker(func: &mut ir::Function, slots: &Slots, decls: &Decls) {
    let mut b = Builder::new(func);
    let (entry, known, asking) = (b.create_block(), b.create_block(), b.create_block());
    let slot = b.append_param(entry, types::I64);
    b.switch_to(entry);
    let code = b.load(types::I64, Region::Tier, slot, Slot::CODE);
    b.branch(code, (known, &[]), (asking, &[]));
    b.switch_to(known);
    b.ins().return_(&[code]);
    b.switch_to(asking);
    let poll = decls.thunk(Thunk::Poll).as_u32();
    let poll = b.import(0, poll, Thunk::Poll.signature(), true);
    b.call(poll, &[]);
    let sig = b.import_signature(c_signature(false, &[Type::Ptr, Type::Ptr], &[Type::Ptr]));
    let function = b.int(types::I64, slots.ask as usize as i64);
    let who = b.int(types::I64, slots.who.addr() as i64);
    let code = b.call_indirect(sig, function, &[who, slot])[0];
    b.ins().return_(&[code]);
}
