//! The module's constants in memory: strings, static objects, vtables.
//!
//! Objects are immortal and never move; words that name functions hold addresses of entries. Must never
//! change once made.

use sepal_abi::{DescId, Header, STR_DATA};
use sepal_mir::{ConstWord, FuncId, LayoutKind, Module, StaticId, StrId, VtableId};

/// See the module's head.
#[derive(Debug)]
pub struct Statics {
    memory: Vec<u64>,
    /// Where each starts, in words.
    strings: Vec<usize>,
    objects: Vec<usize>,
    vtables: Vec<usize>,
}

impl Statics {
    /// Lays out all constants; `code` gives the word that stands for a function.
    pub fn new(module: &Module, code: impl Fn(FuncId) -> u64) -> Statics {
        let mut len = 0;
        let mut place = |words: usize| {
            len += words;
            len - words
        };
        let strings = module.strings.iter().map(|s| place(text_words(s.bytes.len()))).collect();
        let objects = module.statics.iter().map(|object| {
            let variant = module.layouts[object.layout].variant(object.variant);
            place(variant.map_or(2, |variant| variant.size as usize / 8))
        });
        let objects = objects.collect();
        let vtables = module.vtables.iter().map(|vtable| place(vtable.slots.len())).collect();
        let mut statics = Statics { memory: vec![0; len], strings, objects, vtables };
        statics.fill(module, code);
        statics
    }

    fn fill(&mut self, module: &Module, code: impl Fn(FuncId) -> u64) {
        for (string, &start) in module.strings.iter().zip(&self.strings) {
            let desc = if string.is_text { DescId::STR } else { DescId::BYTES };
            let words = &mut self.memory[start..][..text_words(string.bytes.len())];
            write_data(words, desc, &string.bytes);
        }
        for n in 0..self.objects.len() {
            let object = &module.statics[StaticId(n as u32)];
            let layout = &module.layouts[object.layout];
            let start = self.objects[n];
            self.memory[start] = layout.header(object.variant).immortal().0;
            let LayoutKind::Fixed(variants) = &layout.kind else { continue };
            let fields = &variants[usize::from(object.variant)].fields;
            for (field, &word) in fields.iter().zip(&object.fields) {
                let (offset, bits) = (field.offset as usize, 8 * field.ty.size());
                let word = self.word(word, &code) & (u64::MAX >> (64 - bits));
                self.memory[start + offset / 8] |= word << (8 * (offset % 8));
            }
        }
        for (n, vtable) in module.vtables.iter().enumerate() {
            for (slot, &word) in vtable.slots.iter().enumerate() {
                let word = self.word(word, &code);
                self.memory[self.vtables[n] + slot] = word;
            }
        }
    }

    fn word(&self, word: ConstWord, code: &impl Fn(FuncId) -> u64) -> u64 {
        match word {
            ConstWord::Bits(bits) => bits,
            ConstWord::Func(id) => code(id),
            ConstWord::Vtable(id) => self.vtable(id),
            ConstWord::Str(id) => self.string(id),
            ConstWord::Object(id) => self.object(id),
        }
    }

    fn address(&self, word: usize) -> u64 {
        self.memory.as_ptr().wrapping_add(word) as u64
    }

    /// The address of a string or bytes constant.
    pub fn string(&self, id: StrId) -> u64 {
        self.address(self.strings[id.0 as usize])
    }

    /// The address of a static object.
    pub fn object(&self, id: StaticId) -> u64 {
        self.address(self.objects[id.0 as usize])
    }

    /// The address of a vtable.
    pub fn vtable(&self, id: VtableId) -> u64 {
        self.address(self.vtables[id.0 as usize])
    }
}

fn text_words(len: usize) -> usize {
    (STR_DATA as usize + len).div_ceil(8)
}

/// Writes an immortal string or bytes object.
fn write_data(words: &mut [u64], desc: DescId, bytes: &[u8]) {
    words[0] = Header::new(desc).immortal().0;
    words[1] = bytes.len() as u64;
    for (word, chunk) in words[2..].iter_mut().zip(bytes.chunks(8)) {
        let mut padded = [0; 8];
        padded[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_le_bytes(padded);
    }
}

/// An immortal string that is not the module's.
pub fn text_object(text: &str) -> Box<[u64]> {
    let mut words = vec![0; text_words(text.len())];
    write_data(&mut words, DescId::STR, text.as_bytes());
    words.into_boxed_slice()
}
