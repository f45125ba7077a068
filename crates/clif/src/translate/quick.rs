//! Quick code: it counts at entries and loop heads, and goes over to better code where there is some.
//!
//! Must never go over anywhere but at the very beginning of a block, before anything of it is done.

use super::Translator;
use crate::builder::{Region, c_signature, tail_signature};
use crate::slots::{Slot, Slots};
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
}

impl<'a> Quick<'a> {
    pub fn new(slots: &'a Slots, func: &Function, id: FuncId, cfg: &Cfg) -> Quick<'a> {
        let mut heads = Entries::of(func, cfg).heads;
        if slots.counts_entry(id) {
            heads.push((Function::ENTRY, func.blocks[Function::ENTRY].params.clone()));
        }
        Quick { slots, id, heads }
    }

    /// The arguments for the better code at a block, if this is such a place.
    fn given(&self, block: Block) -> Option<&[Value]> {
        let head = self.heads.iter().find(|head| head.0 == block);
        head.map(|(_, given)| given.as_slice())
    }
}

impl Translator<'_, '_> {
    /// At a place where quick code goes over: counts, asks for better code, calls it.
    pub(super) fn go_over(&mut self, block: Block) {
        let Some(quick) = &self.quick else { return };
        let Some(given) = quick.given(block) else { return };
        let (slots, number) = (quick.slots, quick.slots.number(quick.id, block));
        let types: Vec<Type> = given.iter().map(|&value| self.ty(value)).collect();
        let given: Vec<ir::Value> = given.iter().map(|&value| self.value(value)).collect();
        let b = &mut self.b;
        b.set_loc(LocId::NONE);
        let slot = b.int(types::I64, std::ptr::from_ref(slots.slot(number)).addr() as i64);
        let count = b.load(types::I32, Region::Tier, slot, Slot::COUNT);
        let count = b.add_const(count, 1);
        b.store(Region::Tier, count, slot, Slot::COUNT);
        let threshold = i64::from(slots.tiering.threshold);
        let often = b.compare_const(IntCC::UnsignedGreaterThan, count, threshold);
        let [cold, over, ask] = [(); 3].map(|()| b.create_cold_block());
        let stay = b.create_block();
        b.branch(often, (cold, &[]), (stay, &[]));
        b.switch_to(cold);
        let code = b.load(types::I64, Region::Tier, slot, Slot::CODE);
        b.branch(code, (over, &[]), (ask, &[]));
        b.switch_to(over);
        let sig = b.import_signature(tail_signature(&types, &self.func.sig.results));
        b.ins().return_call_indirect(sig, code, &given);
        b.switch_to(ask);
        let sig = c_signature(false, &[Type::Ptr, Type::I32], &[]);
        let sig = b.import_signature(sig);
        let function = b.int(types::I64, slots.ask as usize as i64);
        let who = b.int(types::I64, slots.who.addr() as i64);
        let number = b.int(types::I32, i64::from(number));
        b.call_indirect(sig, function, &[who, number]);
        b.jump(stay, &[]);
        b.switch_to(stay);
    }
}
