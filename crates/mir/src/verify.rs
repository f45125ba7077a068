//! The verifier: what every engine and pass may rely on.
//!
//! Must never panic, whatever the module holds: loaders show it strangers' files.

mod insts;

use crate::analysis::Cfg;
use crate::entities::*;
use crate::function::{Function, ValueDef};
use crate::module::*;
use crate::ops::{Op, Terminator};
use crate::types::Type;
use sepal_base::Id as _;
use std::fmt;

/// What is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    /// The function, its block and instruction in the text form; empty for the module's tables.
    pub place: String,
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.place, self.message)
    }
}

impl std::error::Error for VerifyError {}

/// Checks tables and all functions.
pub fn verify_module(module: &Module) -> Result<(), VerifyError> {
    verify_tables(module).map_err(|message| VerifyError { place: String::new(), message })?;
    for (id, func) in module.functions.iter_enumerated() {
        // One without a body is another module's, or was found unused.
        if func.is_defined() {
            verify_function(module, id)?;
            let mut check = Check::new(module, module.locs.len(), func);
            check
                .bodies_exist()
                .map_err(|message| VerifyError { place: check.place(id), message })?;
        }
    }
    Ok(())
}

/// Checks one function; the module's tables are known to be right.
pub fn verify_function(module: &Module, id: FuncId) -> Result<(), VerifyError> {
    verify_body(module, module.locs.len(), id, &module.functions[id])
}

/// Checks a body of function `id` that may not stand in the module yet, and of whose `locs`
/// locations the last ones may not either.
pub fn verify_body(
    module: &Module,
    locs: usize,
    id: FuncId,
    func: &Function,
) -> Result<(), VerifyError> {
    let mut check = Check::new(module, locs, func);
    check.run().map_err(|message| VerifyError { place: check.place(id), message })
}

fn verify_tables(module: &Module) -> Result<(), String> {
    for layout in module.layouts.iter() {
        if layout.desc_count() > u32::from(u16::MAX) {
            return Err(format!("layout `{}` has too many variants", layout.name));
        }
    }
    for (id, object) in module.statics.iter_enumerated() {
        let layout = module.layouts.get(object.layout);
        let variant = layout.and_then(|layout| layout.variant(object.variant));
        let variant = variant.ok_or_else(|| format!("static{} has no such layout", id.0))?;
        if variant.fields.len() != object.fields.len() {
            return Err(format!("static{} has another number of fields", id.0));
        }
        for (field, &word) in variant.fields.iter().zip(&object.fields) {
            if !word_exists(module, word) || !word_fits(field.ty, word) {
                return Err(format!("static{} holds a wrong word", id.0));
            }
            // Earlier ones only, so that chains end.
            if matches!(word, ConstWord::Object(other) if other.0 >= id.0) {
                return Err(format!("static{} names a later object", id.0));
            }
        }
    }
    for (id, vtable) in module.vtables.iter_enumerated() {
        if !vtable.slots.iter().all(|&word| word_exists(module, word)) {
            return Err(format!("vtable{} holds a wrong word", id.0));
        }
    }
    for loc in module.locs.iter().map(|(_, loc)| loc) {
        if module.files.get(loc.file).is_none() {
            return Err("a location names no file".to_owned());
        }
    }
    match module.entry {
        Some(entry) => match module.functions.get(entry) {
            Some(f) => entry_fits(module, f),
            None => Err("the entry does not exist".to_owned()),
        },
        None => Ok(()),
    }
}

fn entry_fits(module: &Module, entry: &Function) -> Result<(), String> {
    let params: &[Type] = match module.entry_frame {
        None => &[],
        Some(layout) => {
            let frame = module.layouts.get(layout).and_then(|layout| layout.variant(0));
            ensure(frame.is_some(), || "the entry's frame has no layout".to_owned())?;
            &[Type::Ref]
        }
    };
    ensure(entry.sig.params == params && entry.sig.results == [Type::I64], || {
        "the entry is not `() -> (i64)`, or with a frame `(ref) -> (i64)`".to_owned()
    })
}

fn word_exists(module: &Module, word: ConstWord) -> bool {
    match word {
        ConstWord::Bits(_) => true,
        ConstWord::Func(id) => module.functions.get(id).is_some(),
        ConstWord::Vtable(id) => module.vtables.get(id).is_some(),
        ConstWord::Str(id) => module.strings.get(id).is_some(),
        ConstWord::Object(id) => module.statics.get(id).is_some(),
    }
}

fn word_fits(ty: Type, word: ConstWord) -> bool {
    match word {
        // A traced word that is a number must not look like a pointer.
        ConstWord::Bits(bits) => match ty {
            Type::Ref | Type::Ptr => bits == 0,
            Type::Any => bits == 0 || bits & 7 != 0,
            Type::Bool => bits <= 1,
            Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::F32 | Type::F64 => true,
        },
        ConstWord::Func(_) | ConstWord::Vtable(_) => ty == Type::Ptr,
        ConstWord::Str(_) | ConstWord::Object(_) => matches!(ty, Type::Ref | Type::Any),
    }
}

/// The state of checking one function.
struct Check<'m> {
    module: &'m Module,
    locs: usize,
    func: &'m Function,
    /// Where each instruction stands: its block and its place in it.
    placed: Vec<Option<(Block, u32)>>,
    at: Block,
    inst: Option<Inst>,
}

type Checked = Result<(), String>;

impl<'m> Check<'m> {
    fn new(module: &'m Module, locs: usize, func: &'m Function) -> Check<'m> {
        Check { module, locs, func, placed: Vec::new(), at: Block(0), inst: None }
    }

    /// What a frame resumes is in this module. Not asked while passes run, which take bodies out of it for a while.
    fn bodies_exist(&mut self) -> Checked {
        for (block, data) in self.func.blocks.iter_enumerated() {
            self.at = block;
            for &inst in &data.insts {
                self.inst = Some(inst);
                if let Op::FrameNew { func, .. } = self.func.insts[inst].op {
                    let is_defined = self.module.functions[func].is_defined();
                    ensure(is_defined, || "the body is not defined".to_owned())?;
                }
            }
        }
        Ok(())
    }

    fn place(&self, id: FuncId) -> String {
        let mut place = format!("fn{} \"{}\", {}", id.0, self.func.name, self.at);
        if let Some(data) = self.inst.and_then(|inst| self.func.insts.get(inst)) {
            place.push_str(": `");
            data.op.print(&mut place, &self.func.pools);
            place.push('`');
        }
        place + ": "
    }

    fn run(&mut self) -> Checked {
        let Some(entry) = self.func.blocks.get(Function::ENTRY) else {
            return Err("the function has no body".to_owned());
        };
        let params: Vec<Type> =
            entry.params.iter().map(|&p| self.value_type(p)).collect::<Result<_, _>>()?;
        ensure(params == self.func.sig.params, || "the entry's parameters differ".to_owned())?;
        self.place_all()?;
        // Whether targets and values exist comes first: the flow graph indexes by them.
        for block in self.func.blocks.ids() {
            self.at = block;
            self.targets(block)?;
        }
        let cfg = Cfg::new(self.func);
        ensure(cfg.preds(Function::ENTRY).is_empty(), || {
            "something jumps to the entry".to_owned()
        })?;
        for block in self.func.blocks.ids() {
            self.at = block;
            self.inst = None;
            self.block(block, &cfg)?;
        }
        Ok(())
    }

    /// Every instruction stands in one block, every parameter knows its place.
    fn place_all(&mut self) -> Checked {
        self.placed = vec![None; self.func.insts.len()];
        for block in self.func.blocks.ids() {
            self.at = block;
            let data = &self.func.blocks[block];
            for (n, &param) in data.params.iter().enumerate() {
                let def = self.func.values.get(param).map(|v| v.def);
                ensure(def == Some(ValueDef::Param(block, n as u32)), || {
                    format!("parameter {param} belongs elsewhere")
                })?;
            }
            for (n, &inst) in data.insts.iter().enumerate() {
                let Some(slot) = self.placed.get_mut(inst.index()) else {
                    return Err("an instruction does not exist".to_owned());
                };
                ensure(slot.is_none(), || "an instruction stands twice".to_owned())?;
                *slot = Some((block, n as u32));
                for (n, value) in self.func.insts[inst].results.iter().enumerate() {
                    let def = self.func.values.get(value).map(|v| v.def);
                    ensure(def == Some(ValueDef::Result(inst, n as u32)), || {
                        format!("result {value} belongs elsewhere")
                    })?;
                }
            }
        }
        Ok(())
    }

    fn targets(&self, block: Block) -> Checked {
        let mut result = Ok(());
        let term = self.func.blocks[block].term;
        term.for_each_target(&self.func.pools, &mut |call| {
            if result.is_ok() {
                result = self.target(call);
            }
        });
        result
    }

    fn target(&self, call: BlockCall) -> Checked {
        let Some(target) = self.func.blocks.get(call.block) else {
            return Err(format!("{} does not exist", call.block));
        };
        let args = self.func.list(call.args);
        ensure(args.len() == target.params.len(), || {
            format!("{} takes {} arguments, not {}", call.block, target.params.len(), args.len())
        })?;
        for (&arg, &param) in args.iter().zip(&target.params) {
            self.expect(arg, self.value_type(param)?)?;
        }
        Ok(())
    }

    fn block(&mut self, block: Block, cfg: &Cfg) -> Checked {
        let func = self.func;
        for &inst in &func.blocks[block].insts {
            self.inst = Some(inst);
            let data = &func.insts[inst];
            self.loc(data.loc)?;
            self.uses(&data.op, block, cfg)?;
            self.op(&data.op, inst)?;
        }
        self.inst = None;
        let data = &func.blocks[block];
        self.loc(data.term_loc)?;
        let mut result = Ok(());
        let end = data.insts.len() as u32;
        data.term.for_each_value(&func.pools, &mut |value| {
            if result.is_ok() {
                result = self.dominated(value, block, end, cfg);
            }
        });
        result?;
        self.terminator(&data.term)
    }

    fn loc(&self, loc: LocId) -> Checked {
        let known = !loc.is_some() || loc.index() < self.locs;
        ensure(known, || format!("location !{} does not exist", loc.0))
    }

    fn uses(&self, op: &Op, block: Block, cfg: &Cfg) -> Checked {
        let place = self.inst.and_then(|inst| self.placed[inst.index()]).map_or(0, |(_, n)| n);
        let mut result = Ok(());
        op.for_each_value(&self.func.pools, &mut |value| {
            if result.is_ok() {
                result = self.dominated(value, block, place, cfg);
            }
        });
        result
    }

    /// Whether `value` is defined on every path to instruction `place` of `block`.
    fn dominated(&self, value: Value, block: Block, place: u32, cfg: &Cfg) -> Checked {
        self.value_type(value)?;
        if !cfg.is_reachable(block) {
            return Ok(());
        }
        let defined = match self.func.values[value].def {
            ValueDef::Param(owner, _) => Some((owner, None)),
            ValueDef::Result(inst, _) => {
                self.placed.get(inst.index()).copied().flatten().map(|(b, n)| (b, Some(n)))
            }
            ValueDef::Removed => None,
        };
        let fine = defined.is_some_and(|(owner, n)| {
            if owner == block { n.is_none_or(|n| n < place) } else { cfg.dominates(owner, block) }
        });
        ensure(fine, || format!("{value} is not defined on every path here"))
    }

    fn value_type(&self, value: Value) -> Result<Type, String> {
        let data = self.func.values.get(value).filter(|data| data.def != ValueDef::Removed);
        data.map(|data| data.ty).ok_or_else(|| format!("{value} does not exist"))
    }

    fn expect(&self, value: Value, ty: Type) -> Checked {
        let found = self.value_type(value)?;
        ensure(found == ty, || format!("{value} is {found}, not {ty}"))
    }

    fn expect_all(&self, values: &[Value], types: &[Type]) -> Checked {
        ensure(values.len() == types.len(), || {
            format!("{} values stand where {} are wanted", values.len(), types.len())
        })?;
        values.iter().zip(types).try_for_each(|(&value, &ty)| self.expect(value, ty))
    }

    fn terminator(&self, term: &Terminator) -> Checked {
        let results = &self.func.sig.results;
        match *term {
            Terminator::Jump { .. } | Terminator::Unreachable {} => Ok(()),
            Terminator::Branch { cond, .. } => self.expect(cond, Type::Bool),
            Terminator::Switch { value, cases, .. } => {
                let ty = self.value_type(value)?;
                ensure(ty.is_int(), || format!("{value} is no integer"))?;
                let mut seen: Vec<i64> =
                    self.func.pools.cases(cases).iter().map(|(n, _)| *n).collect();
                seen.sort_unstable();
                ensure(seen.windows(2).all(|w| w[0] != w[1]), || "a case stands twice".to_owned())
            }
            Terminator::Return { values } => self.expect_all(self.func.list(values), results),
            Terminator::TailCall { func, args } => {
                let callee = self.module.functions.get(func);
                let sig = &callee.ok_or("the callee does not exist")?.sig;
                self.expect_all(self.func.list(args), &sig.params)?;
                ensure(sig.results == *results, || "the callee's results differ".to_owned())
            }
            Terminator::TailCallIndirect { sig, closure: object, args }
            | Terminator::TailCallVirtual { sig, object, args, .. } => {
                let sig = self.signature(sig, object, args)?;
                ensure(sig.results == *results, || "the callee's results differ".to_owned())
            }
            Terminator::Panic { code, args } => {
                let types: Vec<Type> = code.operands().iter().map(|kind| kind.scalar()).collect();
                self.expect_all(self.func.list(args), &types)
            }
        }
    }
}

fn ensure(condition: bool, message: impl FnOnce() -> String) -> Checked {
    if condition { Ok(()) } else { Err(message()) }
}
