//! Where values are alive: for every value that needs a register, the ranges of places from its
//! definition to its last uses.
//!
//! Places are numbers along the order of code: each block has one for its beginning and two for each
//! instruction, the first where operands are read, the second where results are written. Must never call a
//! value dead where its register is still read.

use super::facts::{Carrier, Facts};
use sepal_mir::*;

/// A half-open range of places.
pub type Range = (u32, u32);

/// See the module's head.
pub struct Live {
    /// Ascending disjoint ranges, by value; none for values without a register.
    pub ranges: Vec<Vec<Range>>,
    /// The first and the last place of every block, by its number in the order.
    blocks: Vec<Range>,
}

impl Live {
    /// The live ranges of a function whose code follows `facts.cfg.rpo`.
    pub fn new(func: &Function, facts: &Facts) -> Live {
        let places = Places::new(func, facts);
        let mut live = Live { ranges: vec![Vec::new(); func.values.len()], blocks: places.blocks };
        live.define(func, facts, &places.of_inst);
        let uses = uses(func, facts, &places.of_inst, &live.blocks);
        let mut seen = vec![u32::MAX; live.blocks.len()];
        for (value, number, place) in uses {
            live.extend(facts, &mut seen, value, number, place);
        }
        for ranges in &mut live.ranges {
            normalise(ranges);
        }
        live
    }

    /// Every definition is a range of its own, so that a result nobody reads still owns its register there.
    fn define(&mut self, func: &Function, facts: &Facts, of_inst: &[u32]) {
        for (number, &block) in facts.cfg.rpo.iter().enumerate() {
            let start = self.blocks[number].0;
            for &param in &func.blocks[block].params {
                self.ranges[param.0 as usize].push((start, start + 1));
            }
            for inst in facts.in_order(func, block) {
                if facts.is_silent(func, inst) && !facts.is_kept(func, inst) {
                    continue;
                }
                let data = &func.insts[inst];
                let place = of_inst[inst.0 as usize] + u32::from(!writes_early(&data.op));
                for value in data.results.iter() {
                    let end = of_inst[inst.0 as usize] + 2;
                    self.ranges[value.0 as usize].push((place, end));
                }
            }
        }
    }

    /// Makes `value` live from its definition to a use in block `number`.
    fn extend(&mut self, facts: &Facts, seen: &mut [u32], value: Value, number: u32, place: u32) {
        let defined = self.ranges[value.0 as usize][0].0;
        let home = self.blocks.partition_point(|range| range.0 <= defined) as u32 - 1;
        let ranges = &mut self.ranges[value.0 as usize];
        if number == home {
            ranges.push((defined, place + 1));
            return;
        }
        ranges.push((self.blocks[number as usize].0, place + 1));
        let mut work = vec![number];
        while let Some(number) = work.pop() {
            // What this value has been carried into once, it is carried into from everywhere.
            if std::mem::replace(&mut seen[number as usize], value.0) == value.0 {
                continue;
            }
            let block = facts.cfg.rpo[number as usize];
            for edge in facts.cfg.preds(block) {
                let Some(pred) = facts.cfg.number(edge.from) else { continue };
                let (start, end) = self.blocks[pred as usize];
                if pred == home {
                    ranges.push((defined, end));
                } else {
                    ranges.push((start, end));
                    work.push(pred);
                }
            }
        }
    }
}

/// Whether an op writes its result before it has read all operands.
fn writes_early(op: &Op) -> bool {
    matches!(op, Op::StructInit { .. } | Op::ArrayLit { .. } | Op::ClosureCreate { .. })
}

/// Numbers for blocks and instructions.
struct Places {
    blocks: Vec<Range>,
    /// Where an instruction reads its operands; for a folded one that is where its user does.
    of_inst: Vec<u32>,
}

impl Places {
    fn new(func: &Function, facts: &Facts) -> Places {
        let mut places = Places { blocks: Vec::new(), of_inst: vec![0; func.insts.len()] };
        let mut next = 0;
        for &block in &facts.cfg.rpo {
            let start = next;
            next += 2;
            for inst in facts.in_order(func, block) {
                places.of_inst[inst.0 as usize] = next;
                next += 2;
            }
            // The terminator, and the moves behind it.
            next += 2;
            places.blocks.push((start, next));
            places.move_folded(&func.blocks[block].insts, facts, next - 2);
        }
        places
    }

    /// Carriers come after what they carry out, so they have their places first when walking backwards.
    fn move_folded(&mut self, insts: &[Inst], facts: &Facts, term: u32) {
        for &inst in insts.iter().rev() {
            self.of_inst[inst.0 as usize] = match facts.carrier(inst) {
                Some(Carrier::Inst(carrier)) => self.of_inst[carrier.0 as usize],
                Some(Carrier::Terminator) => term,
                None => continue,
            };
        }
    }
}

/// All uses of values with registers, sorted by value: the value, the number of the block, the place.
fn uses(
    func: &Function,
    facts: &Facts,
    of_inst: &[u32],
    blocks: &[Range],
) -> Vec<(Value, u32, u32)> {
    let mut uses = Vec::new();
    let mut add = |value: Value, number: usize, place: u32| {
        if facts.has_register(func, value) {
            uses.push((facts.root(value), number as u32, place));
        }
    };
    for (number, &block) in facts.cfg.rpo.iter().enumerate() {
        let data = &func.blocks[block];
        for inst in facts.in_order(func, block) {
            if facts.is_silent(func, inst) && facts.carrier(inst).is_none() {
                continue;
            }
            let place = of_inst[inst.0 as usize];
            func.insts[inst].op.for_each_value(&func.pools, &mut |v| add(v, number, place));
        }
        // Arguments of jumps are read behind the terminator itself.
        let place = blocks[number].1 - 2;
        data.term.for_each_value(&func.pools, &mut |v| add(v, number, place + 1));
    }
    uses.sort_unstable();
    uses
}

/// Sorts and joins ranges.
fn normalise(ranges: &mut Vec<Range>) {
    ranges.sort_unstable();
    let mut joined: Vec<Range> = Vec::with_capacity(ranges.len());
    for &(start, end) in ranges.iter() {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            Some(_) | None => joined.push((start, end)),
        }
    }
    *ranges = joined;
}

/// Whether two sets of ranges share a place.
pub fn overlap(a: &[Range], b: &[Range]) -> bool {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        if x.1 <= y.0 {
            a.next();
        } else if y.1 <= x.0 {
            b.next();
        } else {
            return true;
        }
    }
    false
}

/// All places of two sets.
pub fn union(a: &[Range], b: &[Range]) -> Vec<Range> {
    let mut all = [a, b].concat();
    normalise(&mut all);
    all
}
