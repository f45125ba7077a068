//! The flow graph: reverse postorder, predecessors, dominators.
//!
//! Must never be used after its function's blocks have changed.

use crate::entities::Block;
use crate::function::Function;
use sepal_base::Id as _;
use smallvec::{SmallVec, smallvec};
use std::cell::OnceCell;

/// An edge of the flow graph: which block, which of its outgoing edges in the order of the walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edge {
    pub from: Block,
    pub nth: u32,
}

/// The flow graph of one function. Unreachable blocks have no number and no part in it.
pub struct Cfg {
    /// Reachable blocks, every block before those it dominates.
    pub rpo: Table<Block>,
    number: Table<u32>,
    pred_start: Table<u32>,
    preds: Table<Edge>,
    /// Made when first asked for: many passes do not.
    dominators: OnceCell<Dominators>,
}

/// Most functions have few blocks: their tables need no allocation.
type Table<T> = SmallVec<[T; 24]>;

struct Dominators {
    /// Immediate dominators by number in `rpo`; the entry's is itself.
    idom: Table<u32>,
    /// When the walk over the dominator tree enters and leaves a block, by number.
    span: Table<(u32, u32)>,
}

/// The dominator tree downwards, by number in `rpo`.
pub struct DominatorTree {
    first_child: Table<u32>,
    next_sibling: Table<u32>,
}

impl DominatorTree {
    /// The first child of a node in reverse postorder.
    pub fn first_child(&self, node: u32) -> Option<u32> {
        Some(self.first_child[node as usize]).filter(|n| *n != UNREACHED)
    }

    /// The child after `node` of the same parent.
    pub fn next_sibling(&self, node: u32) -> Option<u32> {
        Some(self.next_sibling[node as usize]).filter(|n| *n != UNREACHED)
    }
}

const UNREACHED: u32 = u32::MAX;

impl Cfg {
    /// The flow graph of a function that has a body.
    pub fn new(func: &Function) -> Cfg {
        let next = Successors::new(func);
        let (rpo, number) = reverse_postorder(&next);
        let (pred_start, preds) = predecessors(&next, &rpo, &number);
        Cfg { rpo, number, pred_start, preds, dominators: OnceCell::new() }
    }

    fn dominators(&self) -> &Dominators {
        self.dominators.get_or_init(|| {
            let idom = self.immediate_dominators();
            Dominators { span: tree_spans(&idom), idom }
        })
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
        (n > 0).then(|| self.rpo[self.dominators().idom[n as usize] as usize])
    }

    /// Whether every path to `b` passes `a`; both are reachable. A block dominates itself.
    pub fn dominates(&self, a: Block, b: Block) -> bool {
        let (Some(a), Some(b)) = (self.number(a), self.number(b)) else { return false };
        let span = &self.dominators().span;
        let ((enter_a, leave_a), (enter_b, leave_b)) = (span[a as usize], span[b as usize]);
        enter_a <= enter_b && leave_b <= leave_a
    }

    /// The dominator tree downwards.
    pub fn dominator_tree(&self) -> DominatorTree {
        let count = self.rpo.len();
        let mut first_child: Table<u32> = smallvec![UNREACHED; count];
        let mut next_sibling: Table<u32> = smallvec![UNREACHED; count];
        // From the back, so that every list begins with its least number.
        for n in (1..count).rev() {
            let parent = self.dominators().idom[n] as usize;
            next_sibling[n] = first_child[parent];
            first_child[parent] = n as u32;
        }
        DominatorTree { first_child, next_sibling }
    }

    /// Cooper, Harvey and Kennedy's iteration.
    fn immediate_dominators(&self) -> Table<u32> {
        let mut idom: Table<u32> = smallvec![UNREACHED; self.rpo.len()];
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
}

fn tree_spans(idom: &[u32]) -> Table<(u32, u32)> {
    // In reverse postorder every block follows its dominator: sizes come from the back, places from
    // the front.
    let mut size: Table<u32> = smallvec![1; idom.len()];
    for n in (1..idom.len()).rev() {
        size[idom[n] as usize] += size[n];
    }
    let mut span: Table<(u32, u32)> = smallvec![(0, size[0]); idom.len()];
    let mut next: Table<u32> = smallvec![1; idom.len()];
    for n in 1..idom.len() {
        let parent = idom[n] as usize;
        let enter = next[parent];
        next[parent] += size[n];
        next[n] = enter + 1;
        span[n] = (enter, enter + size[n]);
    }
    span
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

/// The successors of all blocks in one list, and where each block's begin.
struct Successors {
    start: Table<u32>,
    list: Table<Block>,
}

impl Successors {
    fn new(func: &Function) -> Successors {
        let mut start = Table::with_capacity(func.blocks.len() + 1);
        let mut list = Table::new();
        for block in func.blocks.ids() {
            start.push(list.len() as u32);
            func.for_each_successor(block, |next| list.push(next));
        }
        start.push(list.len() as u32);
        Successors { start, list }
    }

    fn of(&self, block: Block) -> &[Block] {
        let index = block.index();
        &self.list[self.start[index] as usize..self.start[index + 1] as usize]
    }
}

fn reverse_postorder(next: &Successors) -> (Table<Block>, Table<u32>) {
    let count = next.start.len() - 1;
    let mut number: Table<u32> = smallvec![UNREACHED; count];
    let mut order = Table::with_capacity(count);
    // Successors are taken from the back, so that the first one comes first in the result. The
    // numbers serve as marks until the order is known.
    let mut stack: Table<(Block, usize)> =
        smallvec![(Function::ENTRY, next.of(Function::ENTRY).len())];
    number[Function::ENTRY.index()] = 0;
    while let Some((block, left)) = stack.last_mut() {
        if *left == 0 {
            order.push(*block);
            stack.pop();
            continue;
        }
        *left -= 1;
        let to = next.of(*block)[*left];
        if number[to.index()] == UNREACHED {
            number[to.index()] = 0;
            stack.push((to, next.of(to).len()));
        }
    }
    order.reverse();
    for (n, block) in order.iter().enumerate() {
        number[block.index()] = n as u32;
    }
    (order, number)
}

fn predecessors(next: &Successors, rpo: &[Block], number: &[u32]) -> (Table<u32>, Table<Edge>) {
    let mut start: Table<u32> = smallvec![0; rpo.len() + 1];
    for &block in rpo {
        for to in next.of(block) {
            start[number[to.index()] as usize + 1] += 1;
        }
    }
    for n in 1..start.len() {
        start[n] += start[n - 1];
    }
    let mut fill = start.clone();
    let none = Edge { from: Function::ENTRY, nth: 0 };
    let mut preds: Table<Edge> = smallvec![none; start[rpo.len()] as usize];
    for &from in rpo {
        for (nth, to) in next.of(from).iter().enumerate() {
            let slot = &mut fill[number[to.index()] as usize];
            preds[*slot as usize] = Edge { from, nth: nth as u32 };
            *slot += 1;
        }
    }
    (start, preds)
}
