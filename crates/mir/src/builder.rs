//! Building one function: blocks, instructions, a location cursor, and variables turned into SSA
//! while the code is written (Braun et al., "Simple and Efficient Construction of SSA Form").
//!
//! Must never look at the module: whoever calls knows the signatures.
//!
//! Reading a variable in a block whose predecessors are not all known (not yet sealed), or that has
//! several, makes a block parameter. `finish` fills in the arguments of these parameters and takes
//! out the needless ones, so nothing here is recursive, however deep the control flow.

use crate::entities::*;
use crate::field::FloatBits;
use crate::function::{FuncAttrs, Function, Pools, Results, ValueDef};
use crate::ops::{Op, ResultRule, Terminator};
use crate::types::{Signature, Type};
use rustc_hash::FxHashMap;
use sepal_base::{IdVec, Symbol};

sepal_base::define_id! {
    /// A mutable local of the source, made into SSA values by the builder.
    pub struct Variable;
}

/// What the builder keeps of a block beside its data.
#[derive(Default)]
struct BlockState {
    /// The blocks whose terminators lead here, one entry for each edge.
    preds: Vec<Block>,
    sealed: bool,
    ended: bool,
    /// Parameters made for variables; they follow the explicit ones.
    phis: Vec<Phi>,
}

#[derive(Clone, Copy)]
struct Phi {
    var: Variable,
    value: Value,
}

/// Writes one function. See the module's head.
pub struct FunctionBuilder {
    func: Function,
    states: IdVec<Block, BlockState>,
    vars: IdVec<Variable, Type>,
    defs: FxHashMap<(Variable, Block), Value>,
    current: Option<Block>,
    loc: LocId,
}

/// What most functions need no more of.
const USUAL_BLOCKS: usize = 8;
const USUAL_INSTS: usize = 32;

impl FunctionBuilder {
    /// Begins a function; the entry block has the parameters and is sealed.
    pub fn new(name: Symbol, sig: Signature) -> FunctionBuilder {
        let params = sig.params.clone();
        let mut func = Function::declare(name, sig);
        func.blocks = IdVec::with_capacity(USUAL_BLOCKS);
        func.insts = IdVec::with_capacity(USUAL_INSTS);
        func.values = IdVec::with_capacity(USUAL_INSTS);
        let mut builder = FunctionBuilder {
            func,
            states: IdVec::with_capacity(USUAL_BLOCKS),
            vars: IdVec::new(),
            defs: FxHashMap::default(),
            current: None,
            loc: LocId::NONE,
        };
        let entry = builder.create_block();
        for ty in params {
            builder.func.add_param(entry, ty);
        }
        builder.seal_block(entry);
        builder.switch_to(entry);
        builder
    }

    /// What the function wants of optimiser and engines.
    pub fn attrs(&mut self) -> &mut FuncAttrs {
        &mut self.func.attrs
    }

    /// The function's parameters.
    pub fn params(&self) -> &[Value] {
        self.block_params(Function::ENTRY)
    }

    /// The type of a value.
    pub fn ty(&self, value: Value) -> Type {
        self.func.ty(value)
    }

    /// The function so far, to look at.
    pub fn func(&self) -> &Function {
        &self.func
    }

    /// Where the following instructions come from.
    pub fn set_loc(&mut self, loc: LocId) {
        self.loc = loc;
    }

    /// The location cursor.
    pub fn loc(&self) -> LocId {
        self.loc
    }

    // Blocks.

    /// A new block, not sealed.
    pub fn create_block(&mut self) -> Block {
        let block = self.func.new_block();
        self.states.push(BlockState::default());
        block
    }

    /// A new block with explicit parameters, not sealed.
    pub fn create_block_with(&mut self, params: &[Type]) -> Block {
        let block = self.create_block();
        for &ty in params {
            self.append_param(block, ty);
        }
        block
    }

    /// Appends an explicit parameter. Not possible once a variable was read in the block.
    pub fn append_param(&mut self, block: Block, ty: Type) -> Value {
        assert!(self.states[block].phis.is_empty(), "explicit parameters come before any use_var");
        self.func.add_param(block, ty)
    }

    /// The explicit parameters of a block (once `use_var` ran, also those of variables).
    pub fn block_params(&self, block: Block) -> &[Value] {
        &self.func.blocks[block].params
    }

    /// Goes on writing at the end of `block`.
    pub fn switch_to(&mut self, block: Block) {
        self.current = Some(block);
    }

    /// The block being written, `None` right after a terminator.
    pub fn current(&self) -> Option<Block> {
        self.current
    }

    /// Whether what would be written now is never reached: after a terminator, or in a sealed block
    /// that nothing leads to.
    pub fn is_unreachable(&self) -> bool {
        self.current.is_none_or(|block| {
            let state = &self.states[block];
            block != Function::ENTRY && state.sealed && state.preds.is_empty()
        })
    }

    /// Declares that no further jumps to `block` will be written.
    pub fn seal_block(&mut self, block: Block) {
        self.states[block].sealed = true;
    }

    // Variables.

    /// A new variable.
    pub fn declare_var(&mut self, ty: Type) -> Variable {
        self.vars.push(ty)
    }

    /// Assigns a variable.
    pub fn def_var(&mut self, var: Variable, value: Value) {
        debug_assert_eq!(self.vars[var], self.func.ty(value), "a variable keeps its type");
        let block = self.open_block();
        self.defs.insert((var, block), value);
    }

    /// Reads a variable.
    pub fn use_var(&mut self, var: Variable) -> Value {
        let block = self.open_block();
        self.read_var(var, block)
    }

    /// Walks up chains of single predecessors to a definition, or makes a parameter.
    fn read_var(&mut self, var: Variable, mut block: Block) -> Value {
        let mut passed = Vec::new();
        let value = loop {
            if let Some(&value) = self.defs.get(&(var, block)) {
                break value;
            }
            let state = &self.states[block];
            if state.sealed && state.preds.is_empty() {
                break self.undefined(var, block);
            }
            if state.sealed && state.preds.len() == 1 && block != Function::ENTRY {
                passed.push(block);
                block = state.preds[0];
                // A cycle of single predecessors is code that nothing leads to.
                if passed.len() > self.states.len() {
                    break self.undefined(var, block);
                }
                continue;
            }
            break self.make_phi(var, block);
        };
        self.defs.insert((var, block), value);
        for block in passed {
            self.defs.insert((var, block), value);
        }
        value
    }

    fn make_phi(&mut self, var: Variable, block: Block) -> Value {
        let value = self.func.add_param(block, self.vars[var]);
        self.states[block].phis.push(Phi { var, value });
        value
    }

    /// A value for reads that never run.
    fn undefined(&mut self, var: Variable, block: Block) -> Value {
        assert!(block != Function::ENTRY, "a variable is assigned before it is read");
        let ty = self.vars[var];
        let op = zero_of(ty);
        let inst = self.func.new_inst(op, &[ty], LocId::NONE);
        self.func.blocks[block].insts.insert(0, inst);
        self.func.result(inst)
    }

    // Instructions.

    pub(crate) fn pools(&mut self) -> &mut Pools {
        &mut self.func.pools
    }

    /// The block to write in. Code after a terminator goes to a block nothing leads to.
    fn open_block(&mut self) -> Block {
        match self.current {
            Some(block) => block,
            None => {
                let block = self.create_block();
                self.seal_block(block);
                self.switch_to(block);
                block
            }
        }
    }

    /// Appends an instruction with results of the given types.
    pub fn insert(&mut self, op: Op, results: &[Type]) -> Results {
        let block = self.open_block();
        let inst = self.func.append(block, op, results, self.loc);
        self.func.insts[inst].results
    }

    pub(crate) fn insert_one(&mut self, op: Op) -> Value {
        match op.result_rule(&self.func) {
            ResultRule::One(ty) => self.insert(op, &[ty]).get(0).expect("one result was asked for"),
            ResultRule::None | ResultRule::Callee => unreachable!("the table says `one`"),
        }
    }

    /// Ends the current block.
    pub fn terminate(&mut self, term: Terminator) {
        let block = self.open_block();
        let FunctionBuilder { func, states, .. } = self;
        debug_assert!(!states[block].ended, "a block ends once");
        states[block].ended = true;
        func.blocks[block].term = term;
        func.blocks[block].term_loc = self.loc;
        term.for_each_target(&func.pools, &mut |call| {
            debug_assert!(!states[call.block].sealed, "no jump to a block once it is sealed");
            states[call.block].preds.push(block);
        });
        self.current = None;
    }

    // Shorthands.

    /// A constant `I64`.
    pub fn iconst(&mut self, value: i64) -> Value {
        self.const_int(Type::I64, value)
    }

    /// A constant `F64`.
    pub fn fconst(&mut self, value: f64) -> Value {
        self.const_float(Type::F64, FloatBits::new(value))
    }

    // The end.

    /// Gives the function. Every block is sealed and ended; what was left open is an error of the
    /// caller.
    pub fn finish(mut self) -> Function {
        debug_assert!(self.states.iter().all(|s| s.sealed), "every block is sealed");
        let operands = self.phi_operands();
        let replaced = needless_phis(&self.func, &operands);
        self.fill_arguments(&operands, &replaced);
        self.func
    }

    /// For each phi the value at the end of each predecessor. Reading those may make new phis,
    /// which are taken up in turn.
    fn phi_operands(&mut self) -> Vec<PhiOperands> {
        let mut operands = Vec::new();
        let mut done: IdVec<Block, usize> = self.states.iter().map(|_| 0).collect();
        let mut work: Vec<Block> =
            self.states.ids().filter(|&block| !self.states[block].phis.is_empty()).collect();
        while let Some(block) = work.pop() {
            while done[block] < self.states[block].phis.len() {
                let phi = self.states[block].phis[done[block]];
                done[block] += 1;
                let mut args = Vec::with_capacity(self.states[block].preds.len());
                for i in 0..self.states[block].preds.len() {
                    let value = self.read_var(phi.var, self.states[block].preds[i]);
                    args.push(value);
                    if let ValueDef::Param(owner, _) = self.func.values[value].def
                        && done[owner] < self.states[owner].phis.len()
                        && owner != block
                    {
                        work.push(owner);
                    }
                }
                operands.push(PhiOperands { block, value: phi.value, args });
            }
        }
        operands
    }

    /// Gives every jump the arguments of the phis that stay, and drops the others.
    fn fill_arguments(&mut self, operands: &[PhiOperands], replaced: &FxHashMap<Value, Value>) {
        let resolve = |value: Value| resolve(replaced, value);
        // The arguments of every block's edges, in the order of its parameters.
        let mut extra: FxHashMap<Block, Vec<&PhiOperands>> = FxHashMap::default();
        for phi in operands {
            if !replaced.contains_key(&phi.value) {
                extra.entry(phi.block).or_default().push(phi);
            } else {
                self.func.values[phi.value].def = ValueDef::Removed;
            }
        }
        for block in self.func.blocks.ids() {
            let Some(phis) = extra.get_mut(&block) else { continue };
            let place = |phi: &PhiOperands| match self.func.values[phi.value].def {
                ValueDef::Param(_, n) => n,
                ValueDef::Result(..) | ValueDef::Removed => u32::MAX,
            };
            phis.sort_unstable_by_key(|phi| place(phi));
        }
        for block in self.func.blocks.ids() {
            let func = &mut self.func;
            let values = &func.values;
            func.blocks[block].params.retain(|&p| values[p].def != ValueDef::Removed);
            func.renumber_params(block);
        }
        // Edges are met in the order in which `terminate` recorded them: block by block of writing.
        let mut next_edge: FxHashMap<(Block, Block), usize> = FxHashMap::default();
        for block in self.func.blocks.ids() {
            let mut term = self.func.blocks[block].term;
            let states = &self.states;
            term.map_targets(&mut self.func.pools, &mut |call, pools| {
                let Some(phis) = extra.get(&call.block) else { return call };
                let seen = next_edge.entry((block, call.block)).or_insert(0);
                let edge = nth_edge(&states[call.block].preds, block, *seen);
                *seen += 1;
                let mut args = pools.values(call.args).to_vec();
                args.extend(phis.iter().map(|phi| phi.args[edge]));
                BlockCall { block: call.block, args: pools.list(&args) }
            });
            self.func.blocks[block].term = term;
        }
        self.func.map_all_uses(resolve);
    }
}

/// The position among `preds` of the `n`-th edge that comes from `block`.
fn nth_edge(preds: &[Block], block: Block, n: usize) -> usize {
    let mut edges = preds.iter().enumerate().filter(|(_, pred)| **pred == block);
    edges.nth(n).expect("terminate recorded every edge").0
}

/// A parameter made for a variable, with its value on each incoming edge.
struct PhiOperands {
    block: Block,
    value: Value,
    args: Vec<Value>,
}

/// The parameters that only ever hold one other value, each with that value. Taking one out can
/// make others needless, so those that used it are looked at again.
fn needless_phis(func: &Function, operands: &[PhiOperands]) -> FxHashMap<Value, Value> {
    let mut replaced = FxHashMap::default();
    let mut users: FxHashMap<Value, Vec<usize>> = FxHashMap::default();
    for (n, phi) in operands.iter().enumerate() {
        for &arg in &phi.args {
            if matches!(func.values[arg].def, ValueDef::Param(..)) {
                users.entry(arg).or_default().push(n);
            }
        }
    }
    // Those found last stand earliest in the flow: taken first, chains of replacements stay short.
    let mut work: Vec<usize> = (0..operands.len()).collect();
    while let Some(n) = work.pop() {
        let phi = &operands[n];
        if replaced.contains_key(&phi.value) {
            continue;
        }
        let mut same = None;
        let needless = phi.args.iter().all(|&arg| {
            let arg = shortened(&mut replaced, arg);
            arg == phi.value || *same.get_or_insert(arg) == arg
        });
        if let Some(same) = same.filter(|_| needless) {
            replaced.insert(phi.value, same);
            if let Some(more) = users.remove(&phi.value) {
                work.extend(more.iter().copied());
                users.entry(same).or_default().extend(more);
            }
        }
    }
    replaced
}

/// As `resolve`, leading what it passes straight to the end.
fn shortened(replaced: &mut FxHashMap<Value, Value>, value: Value) -> Value {
    let end = resolve(replaced, value);
    let mut at = value;
    while at != end {
        at = replaced.insert(at, end).expect("every step but the last is replaced");
    }
    end
}

fn resolve(replaced: &FxHashMap<Value, Value>, mut value: Value) -> Value {
    while let Some(&next) = replaced.get(&value) {
        value = next;
    }
    value
}

/// The zero of a type.
pub(crate) fn zero_of(ty: Type) -> Op {
    match ty {
        Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Any => Op::ConstInt { ty, value: 0 },
        Type::F32 | Type::F64 => Op::ConstFloat { ty, value: FloatBits::new(0.0) },
        Type::Bool => Op::ConstBool { value: false },
        Type::Ref | Type::Ptr => Op::ConstNull { ty },
    }
}
