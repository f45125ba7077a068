//! Making objects: a bump of the allocation pointer in line, everything else out of line; in quick code all of it.
//!
//! Memory between `alloc_ptr` and `alloc_end` is zero, so only what differs is stored. Header and fields are
//! stored before anything else can allocate.

use super::Translator;
use crate::builder::Region;
use crate::thunks::Thunk;
use cranelift_codegen::ir::{self, types};
use sepal_abi::{ARRAY_LEN, Header, RtFn};
use sepal_mir::{FieldRef, Layout, LayoutId, Type, Value};

/// Larger objects are made by the runtime, which may keep them elsewhere.
const MAX_INLINE: u32 = 512;

impl Translator<'_, '_> {
    /// A new object of a variant, its header stored.
    pub(super) fn new_object(&mut self, layout: LayoutId, variant: u16) -> ir::Value {
        let layout = &self.mir.layouts[layout];
        let def = layout.variant(variant).expect("the verifier checked the variant");
        self.allocate(layout.header(variant), def.size)
    }

    fn allocate(&mut self, header: Header, size: u32) -> ir::Value {
        let header = self.b.int(types::I64, header.0.cast_signed());
        if size > MAX_INLINE {
            let size = self.b.int(types::I64, i64::from(size));
            return self.call_runtime(RtFn::rt_object_alloc, &[header, size])[0];
        }
        let bytes = self.b.int(types::I64, i64::from(size));
        if self.quick.is_some() {
            return self.call_thunk(Thunk::New, &[header, bytes])[0];
        }
        let (start, full) = self.b.bump(header, bytes);
        let done = self.b.create_block();
        let object = self.b.append_param(done, types::I64);
        self.b.jump(done, &[start]);
        self.b.switch_to(full);
        let slow = self.allocate_slowly(header, size);
        self.b.jump(done, &[slow]);
        self.b.switch_to(done);
        object
    }

    fn allocate_slowly(&mut self, header: ir::Value, size: u32) -> ir::Value {
        let size = self.b.int(types::I64, i64::from(size));
        self.through_slot(Thunk::Alloc, header, size)
    }

    /// The array's elements in an array of `len`. Seldom done, where a list is full: as it keeps every
    /// register, loops that push need not make room for it.
    pub(super) fn grow_array(&mut self, array: ir::Value, len: ir::Value) -> ir::Value {
        self.through_slot(Thunk::Grow, array, len)
    }

    fn through_slot(&mut self, thunk: Thunk, first: ir::Value, second: ir::Value) -> ir::Value {
        let slot = match self.alloc_slot {
            Some(slot) => slot,
            None => *self.alloc_slot.insert(self.b.frame_slot(16)),
        };
        let slot = self.b.slot_address(slot);
        self.b.store(Region::Frame, first, slot, 0);
        self.b.store(Region::Frame, second, slot, 8);
        self.call_thunk(thunk, &[slot]);
        self.b.load(types::I64, Region::Frame, slot, 0)
    }

    /// Stores the fields of a new object.
    pub(super) fn fill_object(
        &mut self,
        layout: LayoutId,
        variant: u16,
        object: ir::Value,
        values: &[ir::Value],
    ) {
        for (n, &value) in values.iter().enumerate() {
            self.store_field(FieldRef::new(layout, variant, n as u16), object, value);
        }
    }

    /// A new array of zeros, in line if it is known to be small.
    pub(super) fn new_array(&mut self, layout: LayoutId, len: Value) -> ir::Value {
        let known = self.known_int(len).and_then(|n| u32::try_from(n).ok());
        let len = self.value(len);
        let small = known.and_then(|count| self.allocate_array(layout, count, len));
        small.unwrap_or_else(|| self.new_large_array(layout, len))
    }

    /// An array of `count` zeros, which is also `len`, unless it is large.
    fn allocate_array(
        &mut self,
        layout_id: LayoutId,
        count: u32,
        len: ir::Value,
    ) -> Option<ir::Value> {
        let layout = &self.mir.layouts[layout_id];
        let stride = layout.stride().expect("the verifier checked the layout");
        let bytes = u64::from(count) * u64::from(stride);
        let size = (u64::from(Layout::slot_offset(0)) + bytes).next_multiple_of(8);
        if size > u64::from(MAX_INLINE) {
            return None;
        }
        let array = self.allocate(layout.header(0), size as u32);
        self.b.store(Region::Length, len, array, ARRAY_LEN);
        Some(array)
    }

    fn new_large_array(&mut self, layout: LayoutId, len: ir::Value) -> ir::Value {
        let header = self.mir.layouts[layout].header(0);
        let header = self.b.int(types::I64, header.0.cast_signed());
        self.call_runtime(RtFn::rt_array_alloc, &[header, len])[0]
    }

    /// A new array of the elements given, slot by slot.
    pub(super) fn array_of(&mut self, layout_id: LayoutId, values: &[ir::Value]) -> ir::Value {
        let layout = &self.mir.layouts[layout_id];
        let slots = layout.slots().expect("the verifier checked the layout");
        let stride = layout.stride().expect("the verifier checked the layout");
        let count = values.len() / slots.len();
        let len = self.b.int(types::I64, count as i64);
        let small = u32::try_from(count).ok().and_then(|n| self.allocate_array(layout_id, n, len));
        let array = small.unwrap_or_else(|| self.new_large_array(layout_id, len));
        for (n, &value) in values.iter().enumerate() {
            let (element, slot) = (n / slots.len(), (n % slots.len()) as u16);
            let offset = Layout::slot_offset(slot) + element as u32 * stride;
            self.b.store(Region::Element(layout_id, slot), value, array, offset);
        }
        array
    }

    pub(super) fn overwrite_field(&mut self, field: FieldRef, object: Value, value: ir::Value) {
        let def = self.mir.field(field).expect("the verifier checked the field");
        let address = self.value(object);
        if def.ty.is_traced() {
            self.log_overwritten(object, address, def.offset);
        }
        self.store_field(field, address, value);
    }

    pub(super) fn store_field(&mut self, field: FieldRef, object: ir::Value, value: ir::Value) {
        let def = self.mir.field(field).expect("the verifier checked the field");
        let region = self.field_region(field, def.ty);
        self.b.store(region, value, object, def.offset);
    }

    pub(super) fn load_field(&mut self, field: FieldRef, ty: Type, object: ir::Value) -> ir::Value {
        let def = self.mir.field(field).expect("the verifier checked the field");
        let region = self.field_region(field, ty);
        self.b.load(crate::builder::clif_type(ty), region, object, def.offset)
    }
}
