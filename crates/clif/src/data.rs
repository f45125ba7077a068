//! Constants that code refers to: string data, static objects, vtables.
//!
//! All strings are one data object without addresses, all static objects and vtables one with addresses, so
//! that the former is plain read-only data and a program has few symbols. Must never be written at run
//! time.

use crate::Error;
use crate::decls::Decls;
use crate::section::{Section, Target};
use cranelift_module::{DataId, Linkage, Module};
use sepal_abi::{DescId, HEADER_SIZE, Header};
use sepal_mir::{self as mir, ConstWord, StaticId, StrId, VtableId};

/// Where the constants of a module lie.
#[derive(Clone)]
pub(crate) struct Constants {
    strings: DataId,
    objects: DataId,
    string_offsets: Vec<u32>,
    static_offsets: Vec<u32>,
    vtable_offsets: Vec<u32>,
}

impl Constants {
    /// Declares the two data objects and lays out what is in them.
    /// Code addresses in them can be replaced later if they are `writable`.
    pub fn declare<M: Module>(
        module: &mut M,
        mir: &mir::Module,
        writable: bool,
    ) -> Result<Constants, Error> {
        let strings = module.declare_data("spl_strings", Linkage::Local, false, false)?;
        let objects = module.declare_data("spl_objects", Linkage::Local, writable, false)?;
        let mut next = 0;
        let string_offsets =
            mir.strings.iter().map(|data| place(&mut next, string_size(data))).collect();
        next = 0;
        let static_offsets = mir
            .statics
            .iter()
            .map(|object| place(&mut next, u64::from(static_variant(mir, object).size)))
            .collect();
        let vtable_offsets = mir
            .vtables
            .iter()
            .map(|vtable| place(&mut next, 8 * vtable.slots.len() as u64))
            .collect();
        Ok(Constants { strings, objects, string_offsets, static_offsets, vtable_offsets })
    }

    pub fn string(&self, id: StrId) -> (DataId, u32) {
        (self.strings, self.string_offsets[id.0 as usize])
    }

    pub fn object(&self, id: StaticId) -> (DataId, u32) {
        (self.objects, self.static_offsets[id.0 as usize])
    }

    pub fn vtable(&self, id: VtableId) -> (DataId, u32) {
        (self.objects, self.vtable_offsets[id.0 as usize])
    }

    /// The data object that holds addresses.
    pub fn objects(&self) -> DataId {
        self.objects
    }

    /// All words that hold the code of a function: which, and where in [`Constants::objects`].
    pub fn code_words(&self, mir: &mir::Module) -> Vec<(mir::FuncId, u32)> {
        let mut words = Vec::new();
        let mut add = |word: ConstWord, offset: u32| {
            if let ConstWord::Func(id) = word {
                words.push((id, offset));
            }
        };
        for (object, &start) in mir.statics.iter().zip(&self.static_offsets) {
            let fields = static_variant(mir, object).fields.iter().zip(&object.fields);
            fields.for_each(|(field, &word)| add(word, start + field.offset));
        }
        for (vtable, &start) in mir.vtables.iter().zip(&self.vtable_offsets) {
            (0..).zip(&vtable.slots).for_each(|(n, &word)| add(word, start + 8 * n));
        }
        words
    }

    /// Writes both data objects.
    pub fn define<M: Module>(
        &self,
        module: &mut M,
        mir: &mir::Module,
        decls: &Decls,
    ) -> Result<(), Error> {
        self.string_section(mir).define(module, self.strings)?;
        let mut section = Section::default();
        for (object, &offset) in mir.statics.iter().zip(&self.static_offsets) {
            debug_assert_eq!(section.offset(), offset);
            self.static_object(mir, object, decls, &mut section);
        }
        for (vtable, &offset) in mir.vtables.iter().zip(&self.vtable_offsets) {
            debug_assert_eq!(section.offset(), offset);
            for &slot in &vtable.slots {
                match self.target(slot, decls) {
                    Ok(target) => section.address(target),
                    Err(bits) => section.u64(bits),
                }
            }
        }
        section.define(module, self.objects)
    }

    fn string_section(&self, mir: &mir::Module) -> Section {
        let mut section = Section::default();
        for (data, &offset) in mir.strings.iter().zip(&self.string_offsets) {
            debug_assert_eq!(section.offset(), offset);
            let desc = if data.is_text { DescId::STR } else { DescId::BYTES };
            section.u64(Header::new(desc).immortal().0);
            section.u64(data.bytes.len() as u64);
            section.bytes(&data.bytes);
            section.align(8);
        }
        section
    }

    fn static_object(
        &self,
        mir: &mir::Module,
        object: &mir::StaticObject,
        decls: &Decls,
        section: &mut Section,
    ) {
        let start = section.offset();
        let variant = static_variant(mir, object);
        section.u64(mir.layouts[object.layout].header(object.variant).immortal().0);
        section.bytes(&vec![0; (variant.size - HEADER_SIZE) as usize]);
        for (field, &word) in variant.fields.iter().zip(&object.fields) {
            let at = start + field.offset;
            match self.target(word, decls) {
                Ok(target) => section.patch_address(at, target),
                Err(bits) => {
                    section.patch(at, &bits.to_le_bytes()[..field.ty.size() as usize]);
                }
            }
        }
    }

    /// What a word is the address of, or its bits.
    fn target(&self, word: ConstWord, decls: &Decls) -> Result<Target, u64> {
        let (data, offset) = match word {
            ConstWord::Bits(bits) => return Err(bits),
            // Nothing reaches a vtable whose functions have been dropped.
            ConstWord::Func(id) => return decls.func(id).map(Target::Func).ok_or(0),
            ConstWord::Vtable(id) => self.vtable(id),
            ConstWord::Str(id) => self.string(id),
            ConstWord::Object(id) => self.object(id),
        };
        Ok(Target::Data(data, offset))
    }
}

fn string_size(data: &mir::StringData) -> u64 {
    u64::from(sepal_abi::STR_DATA) + data.bytes.len() as u64
}

fn static_variant<'m>(mir: &'m mir::Module, object: &mir::StaticObject) -> &'m mir::VariantDef {
    mir.layouts[object.layout].variant(object.variant).expect("the verifier checked the layout")
}

/// Takes the next place for `size` bytes, 8-byte aligned.
fn place(next: &mut u64, size: u64) -> u32 {
    let offset = u32::try_from(*next).expect("data of a program stays below 4 GiB");
    *next = (*next + size).next_multiple_of(8);
    offset
}
