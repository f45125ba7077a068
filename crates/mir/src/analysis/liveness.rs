//! Which values are live at the beginning of each block.
//!
//! Must never be used after its function's blocks have changed.

use crate::analysis::Cfg;
use crate::entities::*;
use crate::function::Function;
use sepal_base::Id as _;

/// Live-in sets as bits by value, for the blocks of interest to whoever asks.
pub struct Liveness {
    words: usize,
    live_in: Vec<u64>,
}

impl Liveness {
    /// Solves the backward problem over reachable blocks.
    pub fn new(func: &Function, cfg: &Cfg) -> Liveness {
        let words = func.values.len().div_ceil(64);
        let blocks = func.blocks.len();
        let mut this = Liveness { words, live_in: vec![0; words * blocks] };
        let local: Vec<Local> = func.blocks.ids().map(|b| Local::of(func, b, words)).collect();
        let mut changed = true;
        let mut set = vec![0u64; words];
        while changed {
            changed = false;
            for &block in cfg.rpo.iter().rev() {
                set.fill(0);
                func.for_each_successor(block, |next| {
                    set.iter_mut().zip(this.row(next)).for_each(|(a, b)| *a |= b);
                });
                let Local { uses, defs } = &local[block.index()];
                for n in 0..words {
                    set[n] = set[n] & !defs[n] | uses[n];
                }
                let row = &mut this.live_in[block.index() * words..][..words];
                if row != set.as_slice() {
                    row.copy_from_slice(&set);
                    changed = true;
                }
            }
        }
        this
    }

    fn row(&self, block: Block) -> &[u64] {
        &self.live_in[block.index() * self.words..][..self.words]
    }

    /// The values live at the beginning of `block`, its parameters not among them, ascending.
    pub fn live_in(&self, block: Block) -> Vec<Value> {
        let mut values = Vec::new();
        for (n, &word) in self.row(block).iter().enumerate() {
            let mut bits = word;
            while bits != 0 {
                values.push(Value((n * 64) as u32 + bits.trailing_zeros()));
                bits &= bits - 1;
            }
        }
        values
    }
}

/// What a block uses before it defines it, and what it defines.
struct Local {
    uses: Vec<u64>,
    defs: Vec<u64>,
}

impl Local {
    fn of(func: &Function, block: Block, words: usize) -> Local {
        let mut this = Local { uses: vec![0; words], defs: vec![0; words] };
        let data = &func.blocks[block];
        data.params.iter().for_each(|&param| this.define(param));
        for &inst in &data.insts {
            func.for_each_use(inst, |value| this.use_(value));
            func.insts[inst].results.iter().for_each(|value| this.define(value));
        }
        data.term.for_each_value(&func.pools, &mut |value| this.use_(value));
        this
    }

    fn define(&mut self, value: Value) {
        self.defs[value.index() / 64] |= 1 << (value.index() % 64);
    }

    fn use_(&mut self, value: Value) {
        let (word, bit) = (value.index() / 64, 1 << (value.index() % 64));
        if self.defs[word] & bit == 0 {
            self.uses[word] |= bit;
        }
    }
}
