//! Which register each value gets.
//!
//! ```text
//! 0 ..               parameters, then other values, going round the scratch registers
//! scratch ..         a few for constants and moves, behind all that tail calls and returns write
//! base - 1           the link of a call made here
//! base ..            arguments of calls made here, which become the callee's first registers
//! ```
//! A block parameter shares the register of its arguments where they are not alive together, so that most
//! jumps move nothing. A value made only to be an argument is made in its place. Must never give one
//! register to two values that are alive together.

use super::facts::Facts;
use super::live::{Live, Range, overlap, union};
use sepal_mir::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How many scratch registers there are: for the operands of one instruction and a move.
pub const SCRATCH: u32 = 6;

/// Sets of ranges beyond this size are not merged further, which bounds the time for huge functions.
const MERGE_LIMIT: usize = 2000;

/// See the module's head.
pub struct Slots {
    of_value: Vec<Place>,
    /// The first scratch register.
    pub scratch: u32,
    /// Where callees' frames begin.
    pub base: u32,
}

/// Where a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    None,
    Register(u32),
    /// The n-th argument of the call that uses it.
    Argument(u32),
}

impl Slots {
    /// Gives every value of a function its register.
    pub fn new(func: &Function, facts: &Facts) -> Slots {
        let mut live = Live::new(func, facts);
        let mut of_value = vec![Place::None; func.values.len()];
        place_arguments(func, facts, &mut of_value);
        let mut classes = Classes::new(func, &mut live, &of_value);
        classes.merge_params(func, facts, &of_value);
        let params = func.blocks[Function::ENTRY].params.len() as u32;
        let scratch = params.max(most_moved(func, facts));
        let registers = classes.assign(params, scratch);
        for (value, place) in of_value.iter_mut().enumerate() {
            let class = classes.find(value as u32);
            if *place == Place::None && !classes.ranges[class as usize].is_empty() {
                *place = Place::Register(registers.of_class[class as usize]);
            }
        }
        let base = registers.count.max(scratch + SCRATCH) + 1;
        Slots { of_value, scratch, base }
    }

    /// The register of a value that has one.
    pub fn get(&self, value: Value) -> u32 {
        match self.of_value[value.0 as usize] {
            Place::Register(register) => register,
            Place::Argument(n) => self.base + n,
            Place::None => unreachable!("only constants, other names and folded values have none"),
        }
    }
}

/// The arguments of a call that makes a frame, the object called through among them.
pub fn frame_args(func: &Function, op: &Op) -> Option<Vec<Value>> {
    if let Op::Call { args, .. } = *op {
        Some(func.list(args).to_vec())
    } else if let Op::IndirectCall { closure: object, args, .. }
    | Op::MethodCallVirtual { object, args, .. } = *op
    {
        Some(std::iter::once(object).chain(func.list(args).iter().copied()).collect())
    } else {
        None
    }
}

/// Values used once, as an argument of a call in the block that makes them, with no call in between.
fn place_arguments(func: &Function, facts: &Facts, of_value: &mut [Place]) {
    for &block in &facts.cfg.rpo {
        // What has been made since the last call.
        let mut fresh: Vec<Value> = Vec::new();
        for inst in facts.in_order(func, block) {
            let data = &func.insts[inst];
            if let Some(args) = frame_args(func, &data.op) {
                for (n, &arg) in args.iter().enumerate() {
                    let arg = facts.root(arg);
                    if facts.used_once(arg) && fresh.contains(&arg) {
                        of_value[arg.0 as usize] = Place::Argument(n as u32);
                    }
                }
                fresh.clear();
            }
            if !facts.is_silent(func, inst) && data.results.len() == 1 {
                fresh.extend(data.results.iter());
            }
        }
    }
}

/// How many registers from the first on are written by tail calls and returns of several results.
fn most_moved(func: &Function, facts: &Facts) -> u32 {
    let moved = facts.cfg.rpo.iter().map(|&block| match func.blocks[block].term {
        Terminator::TailCall { args, .. } => args.len(),
        Terminator::TailCallIndirect { args, .. } | Terminator::TailCallVirtual { args, .. } => {
            args.len() + 1
        }
        Terminator::Return { values } => values.len(),
        Terminator::Jump { .. }
        | Terminator::Branch { .. }
        | Terminator::Switch { .. }
        | Terminator::Panic { .. }
        | Terminator::Unreachable {} => 0,
    });
    moved.max().unwrap_or(0) as u32
}

/// Values that share a register.
struct Classes {
    parent: Vec<u32>,
    /// The ranges of each class, at its representative.
    ranges: Vec<Vec<Range>>,
    /// Parameters of the function stand where the caller put them.
    fixed: Vec<Option<u32>>,
}

struct Registers {
    of_class: Vec<u32>,
    count: u32,
}

impl Classes {
    fn new(func: &Function, live: &mut Live, of_value: &[Place]) -> Classes {
        let mut ranges = std::mem::take(&mut live.ranges);
        for (ranges, place) in ranges.iter_mut().zip(of_value) {
            if *place != Place::None {
                ranges.clear();
            }
        }
        let mut fixed = vec![None; ranges.len()];
        for (n, &param) in func.blocks[Function::ENTRY].params.iter().enumerate() {
            fixed[param.0 as usize] = Some(n as u32);
        }
        Classes { parent: (0..ranges.len() as u32).collect(), ranges, fixed }
    }

    fn find(&mut self, value: u32) -> u32 {
        let mut root = value;
        while self.parent[root as usize] != root {
            let up = self.parent[root as usize];
            self.parent[root as usize] = self.parent[up as usize];
            root = up;
        }
        root
    }

    /// Lets parameters of blocks share with their arguments, those of jumps backwards first: loops gain most.
    fn merge_params(&mut self, func: &Function, facts: &Facts, of_value: &[Place]) {
        let mut pairs = Vec::new();
        for (number, &block) in facts.cfg.rpo.iter().enumerate() {
            func.blocks[block].term.for_each_target(&func.pools, &mut |call| {
                let forward = facts.cfg.number(call.block).is_none_or(|to| to as usize > number);
                let params = &func.blocks[call.block].params;
                for (&param, &arg) in params.iter().zip(func.list(call.args)) {
                    pairs.push((forward, param, facts.root(arg)));
                }
            });
        }
        pairs.sort_by_key(|&(forward, ..)| forward);
        for (_, param, arg) in pairs {
            let is_open = |value: Value| of_value[value.0 as usize] == Place::None;
            if is_open(param) && is_open(arg) && facts.constant(arg).is_none() {
                self.try_merge(param.0, arg.0);
            }
        }
    }

    fn try_merge(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        let (of_a, of_b) = (&self.ranges[a as usize], &self.ranges[b as usize]);
        let (fixed_a, fixed_b) = (self.fixed[a as usize], self.fixed[b as usize]);
        if a == b
            || of_b.is_empty()
            || fixed_a.is_some() && fixed_b.is_some()
            || of_a.len() + of_b.len() > MERGE_LIMIT
            || overlap(of_a, of_b)
        {
            return;
        }
        self.ranges[a as usize] = union(of_a, of_b);
        self.ranges[b as usize] = Vec::new();
        self.fixed[a as usize] = fixed_a.or(fixed_b);
        self.parent[b as usize] = a;
    }

    /// Linear scan over whole spans, from first definition to last use.
    fn assign(&mut self, params: u32, scratch: u32) -> Registers {
        let spans = self
            .ranges
            .iter()
            .enumerate()
            .filter_map(|(class, ranges)| Some((ranges.first()?.0, ranges.last()?.1, class)));
        let mut spans: Vec<(u32, u32, usize)> = spans.collect();
        // Parameters come first among those that begin with the function.
        spans
            .sort_unstable_by_key(|&(start, _, class)| (start, self.fixed[class].is_none(), class));
        let mut registers = Registers { of_class: vec![0; self.ranges.len()], count: params };
        let mut taken: BinaryHeap<Reverse<(u32, u32)>> = BinaryHeap::new();
        let mut free: BinaryHeap<Reverse<u32>> = BinaryHeap::new();
        for (start, end, class) in spans {
            while let Some(&Reverse((until, register))) = taken.peek()
                && until <= start
            {
                taken.pop();
                free.push(Reverse(register));
            }
            let register = self.fixed[class].unwrap_or_else(|| match free.pop() {
                Some(Reverse(register)) => register,
                None => {
                    if registers.count == scratch {
                        registers.count += SCRATCH;
                    }
                    registers.count += 1;
                    registers.count - 1
                }
            });
            registers.of_class[class] = register;
            taken.push(Reverse((end, register)));
        }
        registers
    }
}
