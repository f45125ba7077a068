//! Bytes with addresses in them: what becomes one data object.
//!
//! Must never know what the bytes mean.

use crate::Error;
use cranelift_module::{DataDescription, DataId, FuncId as ClFunc, Module};

/// What an address in the data is the address of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Func(ClFunc),
    Data(DataId, u32),
}

/// A data object being written, little-endian.
#[derive(Default)]
pub(crate) struct Section {
    bytes: Vec<u8>,
    addresses: Vec<(u32, Target)>,
}

impl Section {
    /// Where the next byte goes.
    pub fn offset(&self) -> u32 {
        u32::try_from(self.bytes.len()).expect("data of a program stays below 4 GiB")
    }

    pub fn u32(&mut self, word: u32) {
        self.bytes.extend_from_slice(&word.to_le_bytes());
    }

    pub fn u64(&mut self, word: u64) {
        self.bytes.extend_from_slice(&word.to_le_bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Eight bytes that will hold an address.
    pub fn address(&mut self, target: Target) {
        self.addresses.push((self.offset(), target));
        self.u64(0);
    }

    /// A `Table`: address and count.
    pub fn table(&mut self, data: DataId, offset: u32, len: usize) {
        if len == 0 {
            self.u64(0);
        } else {
            self.address(Target::Data(data, offset));
        }
        self.u64(len as u64);
    }

    /// Fills up to a multiple of `align`.
    pub fn align(&mut self, align: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(align), 0);
    }

    /// Overwrites bytes written before.
    pub fn patch(&mut self, offset: u32, bytes: &[u8]) {
        self.bytes[offset as usize..][..bytes.len()].copy_from_slice(bytes);
    }

    /// Writes an address over bytes written before.
    pub fn patch_address(&mut self, offset: u32, target: Target) {
        self.addresses.push((offset, target));
    }

    /// Gives the data to the module.
    pub fn define<M: Module>(self, module: &mut M, id: DataId) -> Result<(), Error> {
        let mut data = DataDescription::new();
        data.set_align(16);
        data.define(self.bytes.into_boxed_slice());
        let mut places = rustc_hash::FxHashMap::default();
        for (offset, target) in self.addresses {
            match target {
                Target::Func(func) => {
                    let reference = module.declare_func_in_data(func, &mut data);
                    data.write_function_addr(offset, reference);
                }
                Target::Data(target, addend) => {
                    let place = *places
                        .entry(target)
                        .or_insert_with(|| module.declare_data_in_data(target, &mut data));
                    data.write_data_addr(offset, place, i64::from(addend));
                }
            }
        }
        Ok(module.define_data(id, &data)?)
    }
}
