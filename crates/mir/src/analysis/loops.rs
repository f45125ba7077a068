//! Natural loops and their nesting.
//!
//! Must never report a cycle that has more than one entry as a loop.

use super::cfg::Cfg;
use crate::entities::Block;
use crate::function::Function;
use sepal_base::{Id as _, IdVec};

sepal_base::define_id! {
    /// A loop of one function; inner loops have greater numbers than the loops around them.
    pub struct LoopId;
}

/// A natural loop.
#[derive(Clone, Debug)]
pub struct Loop {
    pub header: Block,
    /// The blocks with a back edge, each once.
    pub latches: Vec<Block>,
    /// All blocks, in reverse postorder, the header first.
    pub blocks: Vec<Block>,
    pub parent: Option<LoopId>,
    pub depth: u32,
}

/// The loops of one function.
pub struct Loops {
    pub loops: IdVec<LoopId, Loop>,
    /// The innermost loop of each block.
    innermost: Vec<Option<LoopId>>,
}

impl Loops {
    /// Finds all loops.
    pub fn new(func: &Function, cfg: &Cfg) -> Loops {
        let mut found = Loops { loops: IdVec::new(), innermost: vec![None; func.blocks.len()] };
        // Headers of outer loops come first in reverse postorder.
        for &header in &cfg.rpo {
            let mut latches: Vec<Block> = Vec::new();
            for edge in cfg.preds(header) {
                if cfg.number(edge.from) >= cfg.number(header)
                    && cfg.dominates(header, edge.from)
                    && !latches.contains(&edge.from)
                {
                    latches.push(edge.from);
                }
            }
            if !latches.is_empty() {
                found.add(cfg, header, latches);
            }
        }
        found
    }

    fn add(&mut self, cfg: &Cfg, header: Block, latches: Vec<Block>) {
        let parent = self.innermost[header.index()];
        let id = self.loops.next_id();
        let mut blocks = vec![header];
        let mut work = latches.clone();
        self.innermost[header.index()] = Some(id);
        while let Some(block) = work.pop() {
            if self.innermost[block.index()] == Some(id) {
                continue;
            }
            self.innermost[block.index()] = Some(id);
            blocks.push(block);
            work.extend(cfg.preds(block).iter().map(|edge| edge.from));
        }
        blocks.sort_unstable_by_key(|&block| cfg.number(block));
        let depth = 1 + parent.map_or(0, |p| self.loops[p].depth);
        self.loops.push(Loop { header, latches, blocks, parent, depth });
    }

    /// The innermost loop that holds a block.
    pub fn innermost(&self, block: Block) -> Option<LoopId> {
        self.innermost.get(block.index()).copied().flatten()
    }

    /// A block made after the loops were found lies in this one, or in none. Only the questions about
    /// single blocks know of it.
    pub fn adopt(&mut self, block: Block, innermost: Option<LoopId>) {
        if self.innermost.len() <= block.index() {
            self.innermost.resize(block.index() + 1, None);
        }
        self.innermost[block.index()] = innermost;
    }

    /// Whether `block` lies in the loop.
    pub fn contains(&self, id: LoopId, block: Block) -> bool {
        let mut current = self.innermost(block);
        while let Some(inner) = current {
            if inner == id {
                return true;
            }
            current = self.loops[inner].parent;
        }
        false
    }

    /// How many loops a block lies in.
    pub fn depth(&self, block: Block) -> u32 {
        self.innermost(block).map_or(0, |id| self.loops[id].depth)
    }
}
