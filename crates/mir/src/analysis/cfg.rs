//! The flow graph: reverse postorder, predecessors, dominators.
//!
//! Must never be used after its function's blocks have changed.

use crate::entities::Block;
use crate::function::Function;
use sepal_base::Id as _;

/// An edge of the flow graph: which block, which of its outgoing edges in the order of the walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edge {
    pub from: Block,
    pub nth: u32,
}

/// The flow graph of one function. Unreachable blocks have no number and no part in it.
pub struct Cfg {
    /// Reachable blocks, every block before those it dominates.
    pub rpo: Vec<Block>,
    number: Vec<u32>,
    pred_start: Vec<u32>,
    preds: Vec<Edge>,
    /// Immediate dominators by number in `rpo`; the entry's is itself.
    idom: Vec<u32>,
    /// When the walk over the dominator tree enters and leaves a block, by number.
    span: Vec<(u32, u32)>,
}

const UNREACHED: u32 = u32::MAX;

impl Cfg {
    /// The flow graph of a function that has a body.
    pub fn new(func: &Function) -> Cfg {
        let (rpo, number) = reverse_postorder(func);
        let (pred_start, preds) = predecessors(func, &rpo, &number);
        let mut cfg = Cfg { rpo, number, pred_start, preds, idom: Vec::new(), span: Vec::new() };
        cfg.idom = cfg.dominators();
        cfg.span = cfg.tree_spans();
        cfg
    }

    /// The place of a block in `rpo`, if it can be reached.
    pub fn number(&self, block: Block) -> Option<u32> {
        self.number.get(block.index()).copied().filter(|n| *n != UNREACHED)
    }

    /// Whether control can reach the block.
    pub fn is_reachable(&self, block: Block) -> bool {
        self.number(block).is_some()
    }

    /// The edges into a reachable block from reachable blocks.
    pub fn preds(&self, block: Block) -> &[Edge] {
        match self.number(block) {
            Some(n) => self.preds_of(n),
            None => &[],
        }
    }

    fn preds_of(&self, n: u32) -> &[Edge] {
        let (from, to) = (self.pred_start[n as usize], self.pred_start[n as usize + 1]);
        &self.preds[from as usize..to as usize]
    }

    /// The closest block that every path to a reachable `block` passes; `None` for the entry.
    pub fn idom(&self, block: Block) -> Option<Block> {
        let n = self.number(block)?;
        (n > 0).then(|| self.rpo[self.idom[n as usize] as usize])
    }

    /// Whether every path to `b` passes `a`; both are reachable. A block dominates itself.
    pub fn dominates(&self, a: Block, b: Block) -> bool {
        let (Some(a), Some(b)) = (self.number(a), self.number(b)) else { return false };
        let ((enter_a, leave_a), (enter_b, leave_b)) =
            (self.span[a as usize], self.span[b as usize]);
        enter_a <= enter_b && leave_b <= leave_a
    }

    /// The children of each block in the dominator tree, by number in `rpo`.
    pub fn dominator_children(&self) -> Vec<Vec<Block>> {
        let mut children = vec![Vec::new(); self.rpo.len()];
        for (n, &block) in self.rpo.iter().enumerate().skip(1) {
            children[self.idom[n] as usize].push(block);
        }
        children
    }

    /// Cooper, Harvey and Kennedy's iteration.
    fn dominators(&self) -> Vec<u32> {
        let mut idom = vec![UNREACHED; self.rpo.len()];
        idom[0] = 0;
        let mut changed = true;
        while changed {
            changed = false;
            for n in 1..self.rpo.len() as u32 {
                let mut best = UNREACHED;
                for edge in self.preds_of(n) {
                    let pred = self.number[edge.from.index()];
                    if idom[pred as usize] == UNREACHED {
                        continue;
                    }
                    best = if best == UNREACHED { pred } else { intersect(&idom, best, pred) };
                }
                if idom[n as usize] != best {
                    idom[n as usize] = best;
                    changed = true;
                }
            }
        }
        idom
    }

    fn tree_spans(&self) -> Vec<(u32, u32)> {
        // In reverse postorder every block follows its dominator: sizes come from the back, places
        // from the front.
        let mut size = vec![1u32; self.rpo.len()];
        for n in (1..self.rpo.len()).rev() {
            size[self.idom[n] as usize] += size[n];
        }
        let mut span = vec![(0, size[0]); self.rpo.len()];
        let mut next: Vec<u32> = vec![1; self.rpo.len()];
        for n in 1..self.rpo.len() {
            let parent = self.idom[n] as usize;
            let enter = next[parent];
            next[parent] += size[n];
            next[n] = enter + 1;
            span[n] = (enter, enter + size[n]);
        }
        span
    }
}

fn intersect(idom: &[u32], mut a: u32, mut b: u32) -> u32 {
    while a != b {
        while a > b {
            a = idom[a as usize];
        }
        while b > a {
            b = idom[b as usize];
        }
    }
    a
}

fn successors(func: &Function, block: Block) -> Vec<Block> {
    let mut list = Vec::with_capacity(2);
    func.for_each_successor(block, |next| list.push(next));
    list
}

fn reverse_postorder(func: &Function) -> (Vec<Block>, Vec<u32>) {
    let mut seen = vec![false; func.blocks.len()];
    let mut order = Vec::with_capacity(func.blocks.len());
    // Successors are taken from the back, so that the first one comes first in the result.
    let mut stack = vec![(Function::ENTRY, successors(func, Function::ENTRY))];
    seen[Function::ENTRY.index()] = true;
    while let Some((block, rest)) = stack.last_mut() {
        match rest.pop() {
            Some(next) if seen[next.index()] => {}
            Some(next) => {
                seen[next.index()] = true;
                stack.push((next, successors(func, next)));
            }
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    let mut number = vec![UNREACHED; func.blocks.len()];
    for (n, block) in order.iter().enumerate() {
        number[block.index()] = n as u32;
    }
    (order, number)
}

fn predecessors(func: &Function, rpo: &[Block], number: &[u32]) -> (Vec<u32>, Vec<Edge>) {
    let mut start = vec![0u32; rpo.len() + 1];
    for &block in rpo {
        func.for_each_successor(block, |next| start[number[next.index()] as usize + 1] += 1);
    }
    for n in 1..start.len() {
        start[n] += start[n - 1];
    }
    let mut fill = start.clone();
    let mut preds = vec![Edge { from: Function::ENTRY, nth: 0 }; start[rpo.len()] as usize];
    for &from in rpo {
        let mut nth = 0;
        func.for_each_successor(from, |next| {
            let slot = &mut fill[number[next.index()] as usize];
            preds[*slot as usize] = Edge { from, nth };
            *slot += 1;
            nth += 1;
        });
    }
    (start, preds)
}
