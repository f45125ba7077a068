//! Steps of loop variables that are put off to the end of the loop's body.
//!
//! A loop over numbers takes `i`, computes `i + 1` at once, and hands that to the next round at its end. In between
//! both are alive, so they need two registers and a move. Computed at the end instead, the step is one
//! addition in place. Must never move anything that can fail.

use super::facts::{Carrier, Facts};
use sepal_mir::*;

/// Where the uses of a value are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Used {
    Nowhere,
    /// Only where this block decides and jumps.
    AtEndOf(Block),
    Elsewhere,
}

/// The steps that can be put off, by the block at whose end they are carried out.
pub fn find(func: &Function, facts: &Facts) -> Vec<Vec<Inst>> {
    let used = uses(func, facts);
    let mut late = vec![Vec::new(); func.blocks.len()];
    for &block in &facts.cfg.rpo {
        for &inst in &func.blocks[block].insts {
            let Op::BinOp { op: BinOp::Add | BinOp::Sub, a, b } = func.insts[inst].op else {
                continue;
            };
            let stepped = func.result(inst);
            let Used::AtEndOf(end) = used[stepped.0 as usize] else { continue };
            if facts.constant(b).is_some() && hands(func, facts, end, stepped, facts.root(a)) {
                late[end.0 as usize].push(inst);
            }
        }
    }
    late
}

/// Whether a jump at the end of `block` gives the parameter `param` the value `value`.
fn hands(func: &Function, facts: &Facts, block: Block, value: Value, param: Value) -> bool {
    let mut hands = false;
    func.blocks[block].term.for_each_target(&func.pools, &mut |call| {
        let params = func.blocks[call.block].params.iter();
        let mut pairs = params.zip(func.list(call.args));
        hands |= pairs.any(|(&p, &arg)| p == param && facts.root(arg) == value);
    });
    hands
}

fn uses(func: &Function, facts: &Facts) -> Vec<Used> {
    let mut used = vec![Used::Nowhere; func.values.len()];
    let mut note = |value: Value, at: Used| {
        let known = &mut used[facts.root(value).0 as usize];
        *known = if *known == Used::Nowhere || *known == at { at } else { Used::Elsewhere };
    };
    for &block in &facts.cfg.rpo {
        let data = &func.blocks[block];
        for &inst in &data.insts {
            let at = match facts.carrier(inst) {
                Some(Carrier::Terminator) => Used::AtEndOf(block),
                Some(Carrier::Inst(_)) | None => Used::Elsewhere,
            };
            func.for_each_use(inst, |value| note(value, at));
        }
        data.term.for_each_value(&func.pools, &mut |value| note(value, Used::AtEndOf(block)));
    }
    used
}
