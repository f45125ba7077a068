//! The words of a function while they are written: labels, jumps to be patched, places.
//!
//! Must never know what is being translated.

use crate::code::{Opcode, Word};
use sepal_abi::NO_LOC;

/// A place in the code, perhaps not yet written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label(u32);

/// The part of a word that holds an offset.
#[derive(Clone, Copy)]
enum Field {
    /// Operand `c`.
    Half,
    /// The wide operand.
    Wide,
    /// The whole word.
    Word,
}

struct Fixup {
    field: Field,
    /// The word that holds the offset, and the instruction that it is counted from.
    word: usize,
    start: usize,
    label: Label,
}

/// A jump is longer than its operand can say.
#[derive(Clone, Copy, Debug)]
pub struct TooFar;

/// See the module's head.
#[derive(Default)]
pub struct Buffer {
    words: Vec<u64>,
    locs: Vec<(u32, u32)>,
    labels: Vec<Option<u32>>,
    fixups: Vec<Fixup>,
    /// Where instructions begin: for listings in tests.
    #[cfg(test)]
    pub starts: Vec<usize>,
}

impl Buffer {
    /// A label for a place to be written.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() as u32 - 1)
    }

    /// Says that the label's place is here.
    pub fn bind(&mut self, label: Label) {
        self.labels[label.0 as usize] = Some(self.words.len() as u32);
    }

    /// Whether the label's place has been written.
    pub fn is_bound(&self, label: Label) -> bool {
        self.labels[label.0 as usize].is_some()
    }

    /// The next instruction comes from this place.
    pub fn mark(&mut self, loc: u32) {
        let at = self.words.len() as u32;
        if loc != NO_LOC && self.locs.last().is_none_or(|last| last.0 != at) {
            self.locs.push((at, loc));
        }
    }

    pub fn push(&mut self, word: Word) {
        #[cfg(test)]
        self.starts.push(self.words.len());
        self.words.push(word.0);
    }

    pub fn op(&mut self, op: Opcode, a: u16, b: u16, c: u16) {
        self.push(Word::new(op, a, b, c));
    }

    pub fn wide(&mut self, op: Opcode, a: u16, wide: u32) {
        self.push(Word::with_wide(op, a, wide));
    }

    pub fn literal(&mut self, word: u64) {
        self.words.push(word);
    }

    /// Up to four halves of a literal.
    pub fn halves(&mut self, halves: &[u16]) {
        let shifted = halves.iter().enumerate();
        self.literal(shifted.fold(0, |word, (n, &half)| word | u64::from(half) << (16 * n)));
    }

    /// An instruction with an offset in its wide operand.
    pub fn jump(&mut self, op: Opcode, a: u16, label: Label) {
        self.fixup(Field::Wide, self.words.len(), label);
        self.wide(op, a, 0);
    }

    /// An instruction with an offset in its operand `c`.
    pub fn branch(&mut self, op: Opcode, a: u16, b: u16, label: Label) {
        self.fixup(Field::Half, self.words.len(), label);
        self.op(op, a, b, 0);
    }

    /// Where the next instruction begins.
    pub fn here(&self) -> usize {
        self.words.len()
    }

    /// A literal that is an offset from the instruction at `start`.
    pub fn offset(&mut self, start: usize, label: Label) {
        self.fixup(Field::Word, start, label);
        self.literal(0);
    }

    fn fixup(&mut self, field: Field, start: usize, label: Label) {
        self.fixups.push(Fixup { field, word: self.words.len(), start, label });
    }

    /// The finished words, and the places of instructions.
    pub fn finish(mut self) -> Result<(Vec<u64>, Vec<(u32, u32)>), TooFar> {
        for fixup in &self.fixups {
            let target = self.labels[fixup.label.0 as usize].expect("every label is bound");
            let offset = i64::from(target) - fixup.start as i64;
            let word = &mut self.words[fixup.word];
            match fixup.field {
                Field::Half => {
                    let offset = i16::try_from(offset).map_err(|_| TooFar)?;
                    *word |= u64::from(offset as u16) << 48;
                }
                Field::Wide => {
                    let offset = i32::try_from(offset).map_err(|_| TooFar)?;
                    *word |= u64::from(offset as u32) << 32;
                }
                Field::Word => *word = offset as u64,
            }
        }
        self.words.shrink_to_fit();
        Ok((self.words, self.locs))
    }
}
