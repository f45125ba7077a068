//! One function: blocks with parameters, instructions in one vector, values, pooled lists.
//!
//! Must never reach into the module: whatever needs layouts or signatures takes the module too.

use crate::entities::*;
use crate::ops::{Op, Terminator};
use crate::types::{Signature, Type};
use sepal_base::{IdVec, Symbol};

/// Lists that instructions refer to, so that an instruction is small and `Copy`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pools {
    values: Vec<Value>,
    cases: Vec<(i64, BlockCall)>,
}

impl Pools {
    /// Stores `values`.
    pub fn list(&mut self, values: &[Value]) -> ValueList {
        if values.is_empty() {
            return ValueList::default();
        }
        let start = pool_len(self.values.len());
        self.values.extend_from_slice(values);
        ValueList { start, len: pool_len(values.len()) }
    }

    /// The values of `list`.
    pub fn values(&self, list: ValueList) -> &[Value] {
        &self.values[list.start as usize..][..list.len as usize]
    }

    /// The values of `list`, to change in place.
    pub fn values_mut(&mut self, list: ValueList) -> &mut [Value] {
        &mut self.values[list.start as usize..][..list.len as usize]
    }

    /// Stores the cases of a switch.
    pub fn case_list(&mut self, cases: &[(i64, BlockCall)]) -> CaseList {
        if cases.is_empty() {
            return CaseList::default();
        }
        let start = pool_len(self.cases.len());
        self.cases.extend_from_slice(cases);
        CaseList { start, len: pool_len(cases.len()) }
    }

    /// The cases of a switch.
    pub fn cases(&self, list: CaseList) -> &[(i64, BlockCall)] {
        &self.cases[list.start as usize..][..list.len as usize]
    }

    /// The cases of a switch, to change in place.
    pub fn cases_mut(&mut self, list: CaseList) -> &mut [(i64, BlockCall)] {
        &mut self.cases[list.start as usize..][..list.len as usize]
    }
}

fn pool_len(n: usize) -> u32 {
    u32::try_from(n).expect("a function holds fewer than 2^32 operands")
}

/// The results of one instruction: consecutive values.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Results {
    first: u32,
    len: u32,
}

impl Results {
    /// The number of results.
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The `n`-th result.
    pub fn get(self, n: usize) -> Option<Value> {
        (n < self.len()).then(|| Value(self.first + n as u32))
    }

    /// The results in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Value> + ExactSizeIterator {
        (self.first..self.first + self.len).map(Value)
    }
}

/// An instruction: the op, what it defines, where it came from.
#[derive(Clone, Copy, Debug)]
pub struct InstData {
    pub op: Op,
    pub results: Results,
    pub loc: LocId,
}

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueDef {
    /// The n-th result of an instruction.
    Result(Inst, u32),
    /// The n-th parameter of a block.
    Param(Block, u32),
    /// Nothing any more: the block parameter was found needless.
    Removed,
}

/// A value's type and origin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ValueData {
    pub ty: Type,
    pub def: ValueDef,
}

/// A basic block.
#[derive(Clone, Debug)]
pub struct BlockData {
    pub params: Vec<Value>,
    pub insts: Vec<Inst>,
    pub term: Terminator,
    /// Where the terminator came from: needed by `Panic` and the tail calls.
    pub term_loc: LocId,
}

/// What a function wants of the optimiser and the engines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FuncAttrs {
    /// Kept out of native code: `@interpret`.
    pub interpret: bool,
    /// Always inlined where possible: small functions of the standard library.
    pub inline: bool,
    /// Never inlined.
    pub noinline: bool,
    /// Rarely run: panics and slow paths.
    pub cold: bool,
    /// Kept although nothing in the module uses it.
    pub export: bool,
    /// The body of a generator: it gives values by `yield_` and returns none.
    pub generator: bool,
    /// Where it begins: the place of what happens when it is entered, however it was optimised.
    pub begin: LocId,
}

/// A function. One without blocks is declared but not yet defined.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name shown in traces.
    pub name: Symbol,
    pub sig: Signature,
    pub attrs: FuncAttrs,
    /// Blocks by id; the entry is `Block(0)`, its parameters are the function's.
    pub blocks: IdVec<Block, BlockData>,
    pub insts: IdVec<Inst, InstData>,
    pub values: IdVec<Value, ValueData>,
    pub pools: Pools,
}

impl Function {
    /// The block where control enters.
    pub const ENTRY: Block = Block(0);

    /// A function that has no body yet.
    pub fn declare(name: Symbol, sig: Signature) -> Function {
        Function {
            name,
            sig,
            attrs: FuncAttrs::default(),
            blocks: IdVec::new(),
            insts: IdVec::new(),
            values: IdVec::new(),
            pools: Pools::default(),
        }
    }

    /// Whether there is a body.
    pub fn is_defined(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// The type of a value.
    pub fn ty(&self, value: Value) -> Type {
        self.values[value].ty
    }

    /// The instruction that defines `value`, unless it is a block parameter.
    pub fn def_inst(&self, value: Value) -> Option<Inst> {
        match self.values[value].def {
            ValueDef::Result(inst, _) => Some(inst),
            ValueDef::Param(..) | ValueDef::Removed => None,
        }
    }

    /// The op that defines `value`, unless it is a block parameter.
    pub fn def_op(&self, value: Value) -> Option<Op> {
        self.def_inst(value).map(|inst| self.insts[inst].op)
    }

    /// The only result of `inst`.
    pub fn result(&self, inst: Inst) -> Value {
        self.insts[inst].results.get(0).expect("the instruction has a result")
    }

    /// The values of a pooled list.
    pub fn list(&self, list: ValueList) -> &[Value] {
        self.pools.values(list)
    }

    /// A new empty block, unreachable until something leads to it.
    pub fn new_block(&mut self) -> Block {
        self.blocks.push(BlockData {
            params: Vec::new(),
            insts: Vec::new(),
            term: Terminator::Unreachable {},
            term_loc: LocId::NONE,
        })
    }

    /// Appends a parameter to `block`. Every jump to it must get an argument.
    pub fn add_param(&mut self, block: Block, ty: Type) -> Value {
        let n = self.blocks[block].params.len() as u32;
        let value = self.values.push(ValueData { ty, def: ValueDef::Param(block, n) });
        self.blocks[block].params.push(value);
        value
    }

    /// A new instruction in no block yet, with results of the given types.
    pub fn new_inst(&mut self, op: Op, results: &[Type], loc: LocId) -> Inst {
        let inst = self.insts.next_id();
        let first = self.values.len() as u32;
        for (n, &ty) in results.iter().enumerate() {
            self.values.push(ValueData { ty, def: ValueDef::Result(inst, n as u32) });
        }
        let results = Results { first, len: results.len() as u32 };
        self.insts.push(InstData { op, results, loc })
    }

    /// A new instruction whose results have been made already: for the text form alone.
    pub(crate) fn new_inst_at(&mut self, op: Op, first: u32, len: u32, loc: LocId) -> Inst {
        self.insts.push(InstData { op, results: Results { first, len }, loc })
    }

    /// A new instruction at the end of `block`.
    pub fn append(&mut self, block: Block, op: Op, results: &[Type], loc: LocId) -> Inst {
        let inst = self.new_inst(op, results, loc);
        self.blocks[block].insts.push(inst);
        inst
    }

    /// Visits the blocks that `block` leads to, once per edge.
    pub fn for_each_successor(&self, block: Block, mut visit: impl FnMut(Block)) {
        self.blocks[block].term.for_each_target(&self.pools, &mut |call| visit(call.block));
    }

    /// Visits every value an instruction uses.
    pub fn for_each_use(&self, inst: Inst, mut visit: impl FnMut(Value)) {
        self.insts[inst].op.for_each_value(&self.pools, &mut visit);
    }

    /// Replaces every value used anywhere in the function's blocks.
    pub fn map_all_uses(&mut self, mut map: impl FnMut(Value) -> Value) {
        let Function { blocks, insts, pools, .. } = self;
        for block in blocks.iter_mut() {
            for &inst in &block.insts {
                insts[inst].op.map_values(pools, &mut map);
            }
            block.term.map_values(pools, &mut map);
        }
    }

    /// The number of instructions in blocks.
    pub fn inst_count(&self) -> usize {
        self.blocks.iter().map(|block| block.insts.len()).sum()
    }

    /// Renumbers the parameters of `block` after its list has changed.
    pub fn renumber_params(&mut self, block: Block) {
        for (n, &param) in self.blocks[block].params.iter().enumerate() {
            self.values[param].def = ValueDef::Param(block, n as u32);
        }
    }
}
