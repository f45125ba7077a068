//! Objects: making them, their fields, the elements of arrays.
//!
//! Must never leave an object without its header or its length between two instructions.

use super::facts::Carrier;
use super::{Opcode, Translator};
use sepal_mir::*;

/// The opcodes that load, by the type of what is loaded.
#[derive(Clone, Copy)]
struct Loads {
    word: Opcode,
    s8: Opcode,
    s16: Opcode,
    s32: Opcode,
    f32: Opcode,
}

/// The opcodes that store, by the size of what is stored.
#[derive(Clone, Copy)]
struct Stores {
    word: Opcode,
    traced: Opcode,
    b8: Opcode,
    b16: Opcode,
    b32: Opcode,
}

impl Loads {
    const FIELD: Loads = Loads {
        word: Opcode::LoadWord,
        s8: Opcode::LoadS8,
        s16: Opcode::LoadS16,
        s32: Opcode::LoadS32,
        f32: Opcode::LoadF32,
    };
    const ELEMENT: Loads = Loads {
        word: Opcode::GetWord,
        s8: Opcode::GetS8,
        s16: Opcode::GetS16,
        s32: Opcode::GetS32,
        f32: Opcode::GetF32,
    };
    const CHECKED: Loads = Loads {
        word: Opcode::CheckGetWord,
        s8: Opcode::CheckGetS8,
        s16: Opcode::CheckGetS16,
        s32: Opcode::CheckGetS32,
        f32: Opcode::CheckGetF32,
    };
    /// The checked index goes to a register of its own.
    const KEPT: Loads = Loads {
        word: Opcode::KeepGetWord,
        s8: Opcode::KeepGetS8,
        s16: Opcode::KeepGetS16,
        s32: Opcode::KeepGetS32,
        f32: Opcode::KeepGetF32,
    };
    const LIST: Loads = Loads {
        word: Opcode::ListGetWord,
        s8: Opcode::ListGetS8,
        s16: Opcode::ListGetS16,
        s32: Opcode::ListGetS32,
        f32: Opcode::ListGetF32,
    };

    fn of(self, ty: Type) -> Opcode {
        match ty {
            Type::I8 | Type::Bool => self.s8,
            Type::I16 => self.s16,
            Type::I32 => self.s32,
            Type::F32 => self.f32,
            Type::I64 | Type::F64 | Type::Ref | Type::Any | Type::Ptr => self.word,
        }
    }
}

impl Stores {
    const FIELD: Stores = Stores {
        word: Opcode::StoreWord,
        traced: Opcode::StoreTraced,
        b8: Opcode::Store8,
        b16: Opcode::Store16,
        b32: Opcode::Store32,
    };
    /// The fields of a new object: nothing is overwritten.
    const FRESH: Stores = Stores { traced: Opcode::StoreWord, ..Stores::FIELD };
    const ELEMENT: Stores = Stores {
        word: Opcode::SetWord,
        traced: Opcode::SetTraced,
        b8: Opcode::Set8,
        b16: Opcode::Set16,
        b32: Opcode::Set32,
    };
    const CHECKED: Stores = Stores {
        word: Opcode::CheckSetWord,
        traced: Opcode::CheckSetTraced,
        b8: Opcode::CheckSet8,
        b16: Opcode::CheckSet16,
        b32: Opcode::CheckSet32,
    };
    const LIST: Stores = Stores {
        word: Opcode::ListSetWord,
        traced: Opcode::ListSetTraced,
        b8: Opcode::ListSet8,
        b16: Opcode::ListSet16,
        b32: Opcode::ListSet32,
    };

    fn of(self, ty: Type) -> Opcode {
        match ty {
            Type::I8 | Type::Bool => self.b8,
            Type::I16 => self.b16,
            Type::I32 | Type::F32 => self.b32,
            Type::I64 | Type::F64 | Type::Ptr => self.word,
            Type::Ref | Type::Any => self.traced,
        }
    }
}

/// What an access to an element does with its register.
#[derive(Clone, Copy)]
pub(super) enum Access {
    Get,
    Set(Value),
}

impl Translator<'_, '_> {
    fn field_def(&self, field: FieldRef) -> FieldDef {
        self.module.field(field).expect("the verifier wants the field to exist")
    }

    /// A register and an offset of 16 bits that name a place in an object.
    fn place(&mut self, object: u16, offset: u32) -> (u16, u16) {
        if let Ok(offset) = u16::try_from(offset) {
            return (object, offset);
        }
        let scratch = self.scratch();
        self.load(u32::from(scratch), u64::from(offset));
        self.buf.op(Opcode::Add64, scratch, scratch, object);
        (scratch, 0)
    }

    fn store_at(&mut self, op: Opcode, object: u16, offset: u32, value: Value) {
        let value = self.reg(value);
        let (object, offset) = self.place(object, offset);
        self.buf.op(op, object, value, offset);
    }

    pub(super) fn load_field(&mut self, inst: Inst, field: FieldRef, object: Value) {
        let def = self.field_def(field);
        let object = self.reg(object);
        let (object, offset) = self.place(object, def.offset);
        let result = self.result(inst);
        self.buf.op(Loads::FIELD.of(def.ty), result, object, offset);
    }

    pub(super) fn store_field(&mut self, field: FieldRef, object: Value, value: Value) {
        let def = self.field_def(field);
        let object = self.reg(object);
        self.store_at(Stores::FIELD.of(def.ty), object, def.offset, value);
    }

    // ---- new objects ----

    /// Makes an object and stores what is given for its fields; the others stay zero.
    pub(super) fn new_object(
        &mut self,
        inst: Inst,
        layout: LayoutId,
        variant: u16,
        fields: &[(u16, Value)],
    ) {
        let layout = &self.module.layouts[layout];
        let shape = layout.variant(variant).expect("the verifier wants the variant to exist");
        let (mut pairs, mut others) = (Vec::new(), Vec::new());
        for &(field, value) in fields {
            let def = shape.fields[usize::from(field)];
            match self.pair(def, value) {
                Some(pair) => pairs.push(pair),
                None if self.constant(value) == Some(0) => {}
                None => others.push((def, value)),
            }
        }
        let object = self.result(inst);
        self.mark(inst);
        self.buf.wide(Opcode::New, object, pairs.len().div_ceil(2) as u32);
        self.buf.literal(layout.header(variant).0);
        self.buf.literal(u64::from(shape.size));
        for pair in pairs.chunks(2) {
            let &[first, second] = pair else {
                // The last one alone is stored twice.
                self.buf.halves(&[pair[0].0, pair[0].1, pair[0].0, pair[0].1]);
                continue;
            };
            self.buf.halves(&[first.0, first.1, second.0, second.1]);
        }
        let used = self.scratch_used;
        for (def, value) in others {
            self.scratch_used = used;
            self.store_at(Stores::FRESH.of(def.ty), object, def.offset, value);
        }
    }

    /// The register and the word of a field that the new object's own instruction can store.
    fn pair(&self, def: FieldDef, value: Value) -> Option<(u16, u16)> {
        if def.ty.size() != 8 || self.constant(value).is_some() {
            return None;
        }
        let register = self.slots.get(self.facts.root(value));
        Some((u16::try_from(register).ok()?, u16::try_from(def.offset / 8).ok()?))
    }

    pub(super) fn closure(
        &mut self,
        inst: Inst,
        layout: LayoutId,
        func: FuncId,
        captures: &[Value],
    ) {
        let fields: Vec<(u16, Value)> = (1..).zip(captures.iter().copied()).collect();
        self.new_object(inst, layout, 0, &fields);
        let used = self.scratch_used;
        let code = self.scratch();
        self.load(u32::from(code), self.program.func_word(func));
        let place = self.field_def(FieldRef::new(layout, 0, 0)).offset;
        let object = self.object_of(inst);
        let (object, offset) = self.place(object, place);
        self.buf.op(Opcode::StoreWord, object, code, offset);
        self.scratch_used = used;
    }

    /// The register in which the object made by `inst` stands now.
    fn object_of(&self, inst: Inst) -> u16 {
        let register = self.slots.get(self.func.result(inst));
        let far = self.far_results.iter().find(|(_, far)| *far == register);
        far.map_or(register as u16, |&(scratch, _)| scratch)
    }

    pub(super) fn new_array(&mut self, inst: Inst, layout: LayoutId, len: Value) {
        let len = self.reg(len);
        self.new_array_of(inst, layout, len);
    }

    fn new_array_of(&mut self, inst: Inst, layout: LayoutId, len: u16) -> u16 {
        let layout = &self.module.layouts[layout];
        let stride = layout.stride().expect("the verifier wants a layout of arrays");
        let array = self.result(inst);
        self.mark(inst);
        self.buf.op(Opcode::NewArray, array, len, 0);
        self.buf.literal(layout.header(0).0);
        self.buf.literal(u64::from(stride));
        array
    }

    pub(super) fn array_of(&mut self, inst: Inst, layout: LayoutId, values: &[Value]) {
        let shape = &self.module.layouts[layout];
        let slots = shape.slots().expect("the verifier wants a layout of arrays");
        let stride = shape.stride().expect("the layout is one of arrays");
        let count = self.scratch();
        self.load(u32::from(count), (values.len() / slots.len()) as u64);
        let array = self.new_array_of(inst, layout, count);
        let used = self.scratch_used;
        for (n, &value) in values.iter().enumerate() {
            if self.constant(value) == Some(0) {
                continue;
            }
            let (element, slot) = (n / slots.len(), n % slots.len());
            let offset = element as u32 * stride + Layout::slot_offset(slot as u16);
            self.scratch_used = used;
            self.store_at(Stores::FRESH.of(slots[slot]), array, offset, value);
        }
    }

    // ---- elements ----

    /// Reads or writes one slot of an element.
    pub(super) fn element(
        &mut self,
        inst: Inst,
        access: Access,
        layout: LayoutId,
        slot: u16,
        (array, index): (Value, Value),
    ) {
        let module = self.module;
        let slots = module.layouts[layout].slots().expect("the verifier wants a layout of arrays");
        let ty = slots[usize::from(slot)];
        if slots.len() > 1 {
            return self.element_of_several(inst, access, layout, slot, (array, index));
        }
        if let Some(check) = self.facts.carried(self.func, index, Carrier::Inst(inst)) {
            return self.checked_element(inst, access, ty, array, check);
        }
        let (array, index) = (self.reg(array), self.reg(index));
        let register = self.accessed(inst, access);
        self.buf.op(opcode(access, ty, Loads::ELEMENT, Stores::ELEMENT), register, array, index);
    }

    /// The register that an access reads into or writes from.
    fn accessed(&mut self, inst: Inst, access: Access) -> u16 {
        match access {
            Access::Get => self.result(inst),
            Access::Set(value) => self.reg(value),
        }
    }

    fn element_of_several(
        &mut self,
        inst: Inst,
        access: Access,
        layout: LayoutId,
        slot: u16,
        (array, index): (Value, Value),
    ) {
        let module = self.module;
        let layout = &module.layouts[layout];
        let ty = layout.slots().map_or(Type::I64, |slots| slots[usize::from(slot)]);
        let stride = layout.stride().unwrap_or(8);
        let (array, index) = (self.reg(array), self.reg(index));
        let offset = Layout::slot_offset(slot);
        if ty.size() == 8 {
            let register = self.accessed(inst, access);
            let op = match access {
                Access::Get => Opcode::GetWordOf,
                Access::Set(_) if ty.is_traced() => Opcode::SetTracedOf,
                Access::Set(_) => Opcode::SetWordOf,
            };
            self.buf.op(op, register, array, index);
            self.buf.literal(u64::from(stride) | u64::from(offset) << 32);
            return;
        }
        let element = self.scratch();
        self.buf.op(Opcode::ElementAddress, element, array, index);
        self.buf.literal(u64::from(stride));
        match access {
            Access::Get => {
                let (element, offset) = self.place(element, offset);
                let result = self.result(inst);
                self.buf.op(Loads::FIELD.of(ty), result, element, offset);
            }
            Access::Set(value) => {
                self.store_at(Stores::FIELD.of(ty), element, offset, value);
            }
        }
    }

    /// An access with the bounds check that was folded into it, and perhaps with the loads of a list's length
    /// and array.
    fn checked_element(&mut self, inst: Inst, access: Access, ty: Type, array: Value, check: Inst) {
        let Op::BoundsCheck { index, len } = self.func.insts[check].op else {
            unreachable!("only bounds checks are folded into accesses")
        };
        let folded = |value| self.facts.carried(self.func, value, Carrier::Inst(inst));
        if let (Some(len), Some(array)) = (folded(len), folded(array)) {
            let (Op::FieldGet { field: len, object, .. }, Op::FieldGet { field: array, .. }) =
                (self.func.insts[len].op, self.func.insts[array].op)
            else {
                unreachable!("only loads of fields are folded into accesses")
            };
            let (object, index) = (self.reg(object), self.reg(index));
            let register = self.accessed(inst, access);
            let offsets = [len, array].map(|field| self.field_def(field).offset as u16);
            self.mark(check);
            self.buf.op(opcode(access, ty, Loads::LIST, Stores::LIST), register, object, index);
            return self.buf.halves(&offsets);
        }
        let (array, index, len) = (self.reg(array), self.reg(index), self.reg(len));
        if self.facts.is_kept(self.func, check) {
            // Everything is read before the first result is written.
            self.scratch_used = 0;
            let (checked, element) = (self.result(check), self.result(inst));
            self.mark(check);
            self.buf.op(Loads::KEPT.of(ty), element, array, index);
            return self.buf.halves(&[len, checked]);
        }
        let register = self.accessed(inst, access);
        self.mark(check);
        self.buf.op(opcode(access, ty, Loads::CHECKED, Stores::CHECKED), register, array, index);
        self.buf.halves(&[len]);
    }

    /// A bounds check by itself, perhaps with the load of the length.
    pub(super) fn check_bounds(&mut self, inst: Inst, index: Value, len: Value) {
        if let Some(load) = self.facts.carried(self.func, len, Carrier::Inst(inst)) {
            let Op::FieldGet { field, object, .. } = self.func.insts[load].op else {
                unreachable!("only loads of fields are folded into checks")
            };
            let offset = self.field_def(field).offset as u16;
            let (index, object) = (self.reg(index), self.reg(object));
            let result = self.result(inst);
            self.mark(inst);
            self.buf.op(Opcode::BoundsCheckField, result, index, offset);
            return self.buf.halves(&[object]);
        }
        let (index, len) = (self.reg(index), self.reg(len));
        let result = self.result(inst);
        self.mark(inst);
        self.buf.op(Opcode::BoundsCheck, result, index, len);
    }
}

fn opcode(access: Access, ty: Type, loads: Loads, stores: Stores) -> Opcode {
    match access {
        Access::Get => loads.of(ty),
        Access::Set(_) => stores.of(ty),
    }
}
