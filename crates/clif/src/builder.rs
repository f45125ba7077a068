//! The only module that knows the shapes of Cranelift's IR builder: memory flags, alias regions, block
//! calls, jump tables, imports. Plain arithmetic goes through [`Builder::ins`].
//!
//! Must never know MIR beyond its ids and scalar types.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    self, AbiParam, AliasRegion, AliasRegionData, BlockArg, BlockCall, ExtFuncData, ExternalName,
    FuncRef, GlobalValue, GlobalValueData, InsertBuilder, InstBuilder, JumpTableData, MemFlagsData,
    SigRef, Signature, SourceLoc, StackSlot, StackSlotData, StackSlotKind, TrapCode, Type,
    UserExternalName, Value, types,
};
use cranelift_codegen::isa::CallConv;
use rustc_hash::FxHashMap;
use sepal_abi::CtxField;
use sepal_mir::{FieldRef, GlobalId, LayoutId, LocId, Type as Scalar};

/// Memory that no other class overlaps: MIR's classes, and the words that only this crate touches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Region {
    /// The words of the context.
    Context,
    /// Headers of objects.
    Header,
    /// Lengths of arrays and strings.
    Length,
    /// Fields of type `Ptr` in all objects, since calls read code and vtable without knowing a layout.
    Pointer,
    Field(FieldRef),
    Element(LayoutId, u16),
    Global(GlobalId),
    /// Vtables.
    Vtable,
    /// The frame's own slots and links.
    Frame,
    /// Counters and code addresses of the quick tier.
    Tier,
}

impl Region {
    /// What the text form of the IR says.
    const fn describe(self) -> &'static str {
        match self {
            Region::Context => "context",
            Region::Header => "header",
            Region::Length => "length",
            Region::Pointer => "pointer",
            Region::Field(_) => "field",
            Region::Element(..) => "element",
            Region::Global(_) => "global",
            Region::Vtable => "vtable",
            Region::Frame => "frame",
            Region::Tier => "tier",
        }
    }
}

/// Classes beyond this number in one function share a region: flags are numbered in 16 bits.
const MAX_REGIONS: usize = 30_000;

/// Reaching this is an internal error: the code before it does not return.
const UNREACHABLE: TrapCode = TrapCode::unwrap_user(1);

/// The type of a scalar in a register.
pub(crate) fn clif_type(ty: Scalar) -> Type {
    match ty {
        Scalar::I8 | Scalar::Bool => types::I8,
        Scalar::I16 => types::I16,
        Scalar::I32 => types::I32,
        Scalar::I64 | Scalar::Ref | Scalar::Any | Scalar::Ptr => types::I64,
        Scalar::F32 => types::F32,
        Scalar::F64 => types::F64,
    }
}

/// A signature between compiled functions.
pub(crate) fn tail_signature(params: &[Scalar], results: &[Scalar]) -> Signature {
    let mut sig = Signature::new(CallConv::Tail);
    sig.params = params.iter().map(|&ty| AbiParam::new(clif_type(ty))).collect();
    sig.returns = results.iter().map(|&ty| AbiParam::new(clif_type(ty))).collect();
    sig
}

/// A signature of C: narrow arguments are zero-extended, of narrow results the low bits count.
pub(crate) fn c_signature(context: bool, params: &[Scalar], results: &[Scalar]) -> Signature {
    let mut sig = Signature::new(CallConv::SystemV);
    if context {
        sig.params.push(AbiParam::new(types::I64));
    }
    sig.params.extend(params.iter().map(|&ty| {
        let param = AbiParam::new(clif_type(ty));
        match ty {
            Scalar::Bool | Scalar::I8 | Scalar::I16 => param.uext(),
            Scalar::I32 | Scalar::I64 | Scalar::F32 | Scalar::F64 => param,
            Scalar::Ref | Scalar::Any | Scalar::Ptr => param,
        }
    }));
    sig.returns = results.iter().map(|&ty| AbiParam::new(clif_type(ty))).collect();
    sig
}

/// Writes one function of Cranelift's IR.
pub(crate) struct Builder<'f> {
    cursor: FuncCursor<'f>,
    regions: FxHashMap<Region, AliasRegion>,
    args: Vec<BlockArg>,
}

impl<'f> Builder<'f> {
    pub fn new(func: &'f mut ir::Function) -> Builder<'f> {
        // Places are kept relative to the first one set, which must not be "no place".
        func.params.ensure_base_srcloc(SourceLoc::new(0));
        Builder { cursor: FuncCursor::new(func), regions: FxHashMap::default(), args: Vec::new() }
    }

    /// Appends an instruction.
    pub fn ins(&mut self) -> InsertBuilder<'_, &mut FuncCursor<'f>> {
        self.cursor.ins()
    }

    /// Where the following instructions come from.
    pub fn set_loc(&mut self, loc: LocId) {
        self.cursor.set_srcloc(SourceLoc::new(loc.0));
    }

    pub fn ty(&self, value: Value) -> Type {
        self.cursor.func.dfg.value_type(value)
    }

    // Blocks.

    pub fn create_block(&mut self) -> ir::Block {
        self.cursor.func.dfg.make_block()
    }

    /// A block that is laid out behind the others, since it is seldom run.
    pub fn create_cold_block(&mut self) -> ir::Block {
        let block = self.create_block();
        self.set_cold(block);
        block
    }

    pub fn set_cold(&mut self, block: ir::Block) {
        self.cursor.func.layout.set_cold(block);
    }

    pub fn append_param(&mut self, block: ir::Block, ty: Type) -> Value {
        self.cursor.func.dfg.append_block_param(block, ty)
    }

    /// Goes on writing in a new block, which follows the others.
    pub fn switch_to(&mut self, block: ir::Block) {
        self.cursor.insert_block(block);
    }

    // Constants and comparisons with constants.

    /// An integer, cut to the type's width.
    pub fn int(&mut self, ty: Type, value: i64) -> Value {
        let mask = u64::MAX >> (64 - ty.bits());
        self.ins().iconst(ty, (value as u64 & mask) as i64)
    }

    pub fn add_const(&mut self, value: Value, n: i64) -> Value {
        let n = self.int(self.ty(value), n);
        self.ins().iadd(value, n)
    }

    pub fn compare_const(&mut self, cc: IntCC, value: Value, n: i64) -> Value {
        let n = self.int(self.ty(value), n);
        self.ins().icmp(cc, value, n)
    }

    /// The same bits as another type of the same size.
    pub fn bitcast(&mut self, ty: Type, value: Value) -> Value {
        if self.ty(value) == ty {
            return value;
        }
        self.ins().bitcast(ty, MemFlagsData::new(), value)
    }

    // Memory.

    /// Accesses are aligned and to memory that is there; the region says what else may touch it.
    fn flags(&mut self, region: Region) -> MemFlagsData {
        let next = self.regions.len().min(MAX_REGIONS) as u32;
        let regions = &mut self.cursor.func.dfg.alias_regions;
        let region = *self.regions.entry(region).or_insert_with(|| {
            let description = region.describe().into();
            regions.insert(AliasRegionData { user_id: next, description })
        });
        MemFlagsData::trusted().with_alias_region(Some(region))
    }

    pub fn load(&mut self, ty: Type, region: Region, base: Value, offset: u32) -> Value {
        let flags = self.flags(region);
        self.ins().load(ty, flags, base, offset.cast_signed())
    }

    pub fn store(&mut self, region: Region, value: Value, base: Value, offset: u32) {
        let flags = self.flags(region);
        self.ins().store(flags, value, base, offset.cast_signed());
    }

    /// A slot of words in the frame.
    pub fn frame_slot(&mut self, size: u32) -> StackSlot {
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 3);
        self.cursor.func.create_sized_stack_slot(data)
    }

    pub fn slot_address(&mut self, slot: StackSlot) -> Value {
        self.ins().stack_addr(types::I64, slot, 0)
    }

    /// The context.
    pub fn context(&mut self) -> Value {
        self.ins().get_pinned_reg(types::I64)
    }

    pub fn load_context(&mut self, field: CtxField) -> Value {
        let ctx = self.context();
        let ty = match field {
            CtxField::Panic | CtxField::Marking => types::I32,
            CtxField::Limit | CtxField::AllocPtr | CtxField::AllocEnd | CtxField::Globals => {
                types::I64
            }
        };
        self.load(ty, Region::Context, ctx, field.offset().cast_unsigned())
    }

    /// Takes `size` bytes from the allocation pointer on and stores the header there. What is written next is done where
    /// there was room for it; control goes to the block given, which is still to be written, where there was none.
    pub fn bump(&mut self, header: Value, size: Value) -> (Value, ir::Block) {
        let (full, fits) = (self.create_cold_block(), self.create_block());
        let start = self.load_context(CtxField::AllocPtr);
        let end = self.ins().iadd(start, size);
        let limit = self.load_context(CtxField::AllocEnd);
        let is_full = self.ins().icmp(IntCC::UnsignedGreaterThan, end, limit);
        self.branch(is_full, (full, &[]), (fits, &[]));
        self.switch_to(fits);
        let ctx = self.context();
        self.store(Region::Context, end, ctx, CtxField::AllocPtr.offset().cast_unsigned());
        self.store(Region::Header, header, start, 0);
        (start, full)
    }

    // Control.

    fn block_call(&mut self, block: ir::Block, args: &[Value]) -> BlockCall {
        self.args.clear();
        self.args.extend(args.iter().map(|&arg| BlockArg::Value(arg)));
        self.cursor.func.dfg.block_call(block, &self.args)
    }

    pub fn jump(&mut self, block: ir::Block, args: &[Value]) {
        let args: Vec<BlockArg> = args.iter().map(|&arg| BlockArg::Value(arg)).collect();
        self.ins().jump(block, &args);
    }

    /// Goes to the first block if `cond` is not zero, else to the second.
    pub fn branch(
        &mut self,
        cond: Value,
        then: (ir::Block, &[Value]),
        other: (ir::Block, &[Value]),
    ) {
        let then_args: Vec<BlockArg> = then.1.iter().map(|&arg| BlockArg::Value(arg)).collect();
        let other_args: Vec<BlockArg> = other.1.iter().map(|&arg| BlockArg::Value(arg)).collect();
        self.ins().brif(cond, then.0, &then_args, other.0, &other_args);
    }

    /// Goes to the target with the number `index` (an `i32`), beyond the last to the default.
    pub fn table(
        &mut self,
        index: Value,
        default: (ir::Block, &[Value]),
        targets: &[(ir::Block, &[Value])],
    ) {
        let default = self.block_call(default.0, default.1);
        let calls: Vec<BlockCall> =
            targets.iter().map(|&(block, args)| self.block_call(block, args)).collect();
        let table = self.cursor.func.create_jump_table(JumpTableData::new(default, &calls));
        self.ins().br_table(index, table);
    }

    pub fn unreachable(&mut self) {
        self.ins().trap(UNREACHABLE);
    }

    // Functions and data.

    pub fn import_signature(&mut self, sig: Signature) -> SigRef {
        self.cursor.func.import_signature(sig)
    }

    /// A function by its number; `near` if a relative call reaches it.
    pub fn import(&mut self, namespace: u32, index: u32, sig: Signature, near: bool) -> FuncRef {
        let func = &mut *self.cursor.func;
        let signature = func.import_signature(sig);
        let name = func.declare_imported_user_function(UserExternalName { namespace, index });
        let name = ExternalName::user(name);
        func.import_function(ExtFuncData { name, signature, colocated: near, patchable: false })
    }

    /// A place in data of this program.
    pub fn data_place(&mut self, index: u32, offset: u32) -> GlobalValue {
        let func = &mut *self.cursor.func;
        let name = UserExternalName { namespace: 1, index };
        let name = ExternalName::user(func.declare_imported_user_function(name));
        let offset = i64::from(offset).into();
        func.create_global_value(GlobalValueData::Symbol {
            name,
            offset,
            colocated: true,
            tls: false,
        })
    }

    pub fn data_address(&mut self, place: GlobalValue) -> Value {
        self.ins().symbol_value(types::I64, place)
    }

    /// Calls, and gives the results.
    pub fn call(&mut self, callee: FuncRef, args: &[Value]) -> &[Value] {
        let call = self.ins().call(callee, args);
        self.cursor.func.dfg.inst_results(call)
    }

    /// Calls a code address, and gives the results.
    pub fn call_indirect(&mut self, sig: SigRef, code: Value, args: &[Value]) -> &[Value] {
        let call = self.ins().call_indirect(sig, code, args);
        self.cursor.func.dfg.inst_results(call)
    }
}
