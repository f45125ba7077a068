//! Loads, stores and bounds checks.

use super::Translator;
use crate::builder::{Region, clif_type};
use crate::thunks::Thunk;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, types};
use sepal_abi::{ARRAY_LEN, CtxField, PanicCode};
use sepal_mir::{GlobalId, Layout, LayoutId, Module, Type, Value};

/// The bits of a header below the variant.
const VARIANT_SHIFT: i64 = 40;

impl Translator<'_, '_> {
    pub(super) fn load_variant(&mut self, object: ir::Value) -> ir::Value {
        let header = self.b.load(types::I64, Region::Header, object, 0);
        let by = self.b.int(types::I64, VARIANT_SHIFT);
        self.b.ins().ushr(header, by)
    }

    pub(super) fn load_length(&mut self, array: ir::Value) -> ir::Value {
        self.b.load(types::I64, Region::Length, array, ARRAY_LEN)
    }

    pub(super) fn load_element(
        &mut self,
        layout: LayoutId,
        slot: u16,
        ty: Type,
        array: ir::Value,
        index: Value,
    ) -> ir::Value {
        let (base, offset) = self.element_place(layout, slot, array, index);
        self.b.load(clif_type(ty), Region::Element(layout, slot), base, offset)
    }

    pub(super) fn store_element(
        &mut self,
        layout: LayoutId,
        slot: u16,
        array: Value,
        index: Value,
        value: ir::Value,
    ) {
        let (base, offset) = self.element_place(layout, slot, self.value(array), index);
        let slots = self.mir.layouts[layout].slots().expect("the verifier checked the layout");
        if slots[usize::from(slot)].is_traced() {
            self.log_overwritten(array, base, offset);
        }
        self.b.store(Region::Element(layout, slot), value, base, offset);
    }

    /// Before a traced word of `object` is overwritten, the one at `base` and `offset`: tells the collector of it,
    /// if that is marking. It need not know where the object was made since it can have begun to.
    pub(super) fn log_overwritten(&mut self, object: Value, base: ir::Value, offset: u32) {
        if self.fresh.contains(&object) {
            return;
        }
        let marking = self.b.load_context(CtxField::Marking);
        let (cold, next) = (self.b.create_cold_block(), self.b.create_block());
        self.b.branch(marking, (cold, &[]), (next, &[]));
        self.b.switch_to(cold);
        let place = self.b.add_const(base, i64::from(offset));
        self.call_thunk(Thunk::Log, &[place]);
        self.b.jump(next, &[]);
        self.b.switch_to(next);
    }

    /// Base and offset of a slot. Strides of 1, 2, 4 and 8 become an addressing mode.
    fn element_place(
        &mut self,
        layout: LayoutId,
        slot: u16,
        array: ir::Value,
        index: Value,
    ) -> (ir::Value, u32) {
        let stride = self.mir.layouts[layout].stride().expect("the verifier checked the layout");
        let offset = Layout::slot_offset(slot);
        if let Some(n) = self.known_int(index)
            && let Some(bytes) = u32::try_from(n).ok().and_then(|n| n.checked_mul(stride))
            && let Some(whole) = bytes.checked_add(offset).filter(|&o| i32::try_from(o).is_ok())
        {
            return (array, whole);
        }
        let index = self.value(index);
        let scaled = if stride.is_power_of_two() {
            let by = self.b.int(types::I64, i64::from(stride.trailing_zeros()));
            self.b.ins().ishl(index, by)
        } else {
            let stride = self.b.int(types::I64, i64::from(stride));
            self.b.ins().imul(index, stride)
        };
        (self.b.ins().iadd(array, scaled), offset)
    }

    /// The index if it is below `len` as an unsigned number; otherwise, out of line, counted from the end.
    /// A sum that is not below `len` either was out of range to begin with, whatever the sign.
    pub(super) fn check_bounds(&mut self, index: Value, len: ir::Value) -> ir::Value {
        let known = self.known_int(index);
        let index = self.value(index);
        let fits = self.b.ins().icmp(IntCC::UnsignedLessThan, index, len);
        let raise = |t: &mut Self| t.raise(PanicCode::IndexOutOfRange, &[index, len]);
        if known.is_some_and(|n| n >= 0) {
            self.cold_unless(fits, raise);
            return index;
        }
        let (cold, done) = (self.b.create_cold_block(), self.b.create_block());
        let result = self.b.append_param(done, types::I64);
        self.b.branch(fits, (done, &[index]), (cold, &[]));
        self.b.switch_to(cold);
        let from_end = self.b.ins().iadd(index, len);
        let fits = self.b.ins().icmp(IntCC::UnsignedLessThan, from_end, len);
        self.cold_unless(fits, raise);
        self.b.jump(done, &[from_end]);
        self.b.switch_to(done);
        result
    }

    pub(super) fn load_global(&mut self, ty: Type, global: GlobalId) -> ir::Value {
        let base = self.b.load_context(CtxField::Globals);
        let offset = Module::global_offset(global);
        self.b.load(clif_type(ty), Region::Global(global), base, offset)
    }

    pub(super) fn store_global(&mut self, global: GlobalId, value: ir::Value) {
        let base = self.b.load_context(CtxField::Globals);
        self.b.store(Region::Global(global), value, base, Module::global_offset(global));
    }
}
