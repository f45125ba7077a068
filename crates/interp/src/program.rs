//! A module ready to run: an entry for each function, its code once it was called, the constants.
//!
//! Code never moves and is never freed while the program lives: entries, links and places point into it.

use crate::code::{Opcode, Word};
use crate::machine::Entry;
use crate::statics::{self, Statics};
use crate::translate;
use sepal_abi::NO_LOC;
use sepal_mir::{FuncId, Module};
use std::cell::{Cell, RefCell};

/// The code of one function.
#[derive(Debug)]
pub struct Code {
    pub words: Vec<u64>,
    /// Offsets of instructions that can panic or call, ascending, with their places.
    pub locs: Vec<(u32, u32)>,
    /// The registers of a frame.
    pub frame: u32,
    /// The place of the poll at the beginning, or `NO_LOC`.
    pub poll_loc: u32,
    /// Where instructions begin.
    #[cfg(test)]
    pub starts: Vec<usize>,
}

/// See the module's head.
pub struct Program<'m> {
    pub module: &'m Module,
    pub statics: Statics,
    entries: Box<[Entry]>,
    /// By address.
    code: RefCell<Vec<Code>>,
    texts: RefCell<Vec<Box<[u64]>>>,
}

impl<'m> Program<'m> {
    /// A program none of whose functions has been called yet.
    pub fn new(module: &'m Module) -> Program<'m> {
        let entries: Box<[Entry]> = module
            .functions
            .ids()
            .map(|id| Entry {
                code: Cell::new(std::ptr::null()),
                frame: Cell::new(0),
                poll_loc: Cell::new(NO_LOC),
                stub: Word::with_wide(Opcode::Translate, 0, id.0).0,
            })
            .collect();
        for entry in &entries {
            entry.code.set(&raw const entry.stub);
        }
        let statics = Statics::new(module, |id| entry_word(&entries, id));
        let (code, texts) = (RefCell::default(), RefCell::default());
        Program { module, statics, entries, code, texts }
    }

    /// The entry of a function.
    pub fn entry(&self, id: FuncId) -> &Entry {
        &self.entries[id.0 as usize]
    }

    /// The word that stands for a function in code and constants.
    pub fn func_word(&self, id: FuncId) -> u64 {
        entry_word(&self.entries, id)
    }

    /// The entry that such a word is.
    pub fn entry_of(&self, word: u64) -> &Entry {
        let offset = word - self.entries.as_ptr() as u64;
        &self.entries[offset as usize / size_of::<Entry>()]
    }

    /// An immortal string object.
    pub fn text(&self, text: &str) -> u64 {
        let object = statics::text_object(text);
        let address = object.as_ptr() as u64;
        self.texts.borrow_mut().push(object);
        address
    }

    /// Translates a function.
    pub fn translate(&self, id: FuncId) -> &Entry {
        let code = translate::translate(self, id);
        let entry = self.entry(id);
        entry.code.set(code.words.as_ptr());
        entry.frame.set(code.frame);
        entry.poll_loc.set(code.poll_loc);
        let mut all = self.code.borrow_mut();
        let place = all.partition_point(|other| other.words.as_ptr() < code.words.as_ptr());
        all.insert(place, code);
        entry
    }

    /// Looks at the code that an address lies in, which is given as an offset.
    fn code_at<T>(&self, pc: *const u64, look: impl FnOnce(&Code, usize) -> T) -> Option<T> {
        let all = self.code.borrow();
        let after = all.partition_point(|code| code.words.as_ptr() <= pc);
        let code = all.get(after.checked_sub(1)?)?;
        let offset = (pc as usize - code.words.as_ptr() as usize) / 8;
        (offset < code.words.len()).then(|| look(code, offset))
    }

    /// The registers of the frame in which an instruction runs.
    pub fn frame(&self, pc: *const u64) -> u32 {
        self.code_at(pc, |code, _| code.frame).unwrap_or(0)
    }

    /// The place of an instruction, or `NO_LOC`.
    pub fn loc(&self, pc: *const u64) -> u32 {
        let loc = self.code_at(pc, |code, offset| {
            let index = code.locs.binary_search_by_key(&(offset as u32), |&(at, _)| at).ok()?;
            Some(code.locs[index].1)
        });
        loc.flatten().unwrap_or(NO_LOC)
    }

    /// The place of an instruction or of the last one before it that has one: jumps have none.
    pub fn loc_near(&self, pc: *const u64) -> u32 {
        let loc = self.code_at(pc, |code, offset| {
            let after = code.locs.partition_point(|&(at, _)| at as usize <= offset);
            Some(code.locs.get(after.checked_sub(1)?)?.1)
        });
        loc.flatten().unwrap_or(NO_LOC)
    }

    /// The first words of a function's instructions, once it was called.
    #[cfg(test)]
    pub fn listing(&self, id: FuncId) -> Vec<Word> {
        let start = self.entry(id).code.get();
        let all = self.code.borrow();
        let code = all.iter().find(|code| code.words.as_ptr() == start);
        let code = code.expect("the function was called");
        code.starts.iter().map(|&at| Word(code.words[at])).collect()
    }
}

fn entry_word(entries: &[Entry], id: FuncId) -> u64 {
    &raw const entries[id.0 as usize] as u64
}
