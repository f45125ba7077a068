//! Calls: of compiled functions, closures, methods, the runtime, C, and the processor.

use super::Translator;
use crate::builder::{Region, c_signature, tail_signature};
use crate::decls::rt_signature;
use crate::thunks::CpuInst;
use cranelift_codegen::ir::{self, FuncRef, InstBuilder, SigRef, types};
use sepal_abi::{BOX_VTABLE, CLOSURE_CODE, Effects, RtFn};
use sepal_mir::{ExternId, FuncId, SigId, Value, ValueList};

impl Translator<'_, '_> {
    pub(super) fn function(&mut self, func: FuncId) -> FuncRef {
        let sig = &self.mir.functions[func].sig;
        let declared = self.decls.callee(func);
        self.import(declared, true, || tail_signature(&sig.params, &sig.results))
    }

    pub(super) fn function_address(&mut self, func: FuncId) -> ir::Value {
        let callee = self.function(func);
        self.b.ins().func_addr(types::I64, callee)
    }

    pub(super) fn signature(&mut self, sig: SigId) -> SigRef {
        let declared = &self.mir.signatures[sig];
        let b = &mut self.b;
        *self.signatures.entry(sig).or_insert_with(|| {
            b.import_signature(tail_signature(&declared.params, &declared.results))
        })
    }

    pub(super) fn call_function(&mut self, func: FuncId, args: &[ir::Value]) -> Vec<ir::Value> {
        let callee = self.function(func);
        self.b.call(callee, args).to_vec()
    }

    pub(super) fn call_code(
        &mut self,
        sig: SigId,
        code: ir::Value,
        args: &[ir::Value],
    ) -> Vec<ir::Value> {
        let sig = self.signature(sig);
        self.b.call_indirect(sig, code, args).to_vec()
    }

    /// The code of a closure, and its arguments with the closure first.
    pub(super) fn closure_code(
        &mut self,
        closure: Value,
        args: ValueList,
    ) -> (ir::Value, Vec<ir::Value>) {
        let closure = self.value(closure);
        let code = self.b.load(types::I64, Region::Pointer, closure, CLOSURE_CODE);
        (code, self.with_receiver(closure, args))
    }

    /// The code in a slot of the object's vtable, and its arguments with the object first.
    pub(super) fn method_code(
        &mut self,
        slot: u32,
        object: Value,
        args: ValueList,
    ) -> (ir::Value, Vec<ir::Value>) {
        let object = self.value(object);
        let vtable = self.b.load(types::I64, Region::Pointer, object, BOX_VTABLE);
        let code = self.b.load(types::I64, Region::Vtable, vtable, 8 * slot);
        (code, self.with_receiver(object, args))
    }

    fn with_receiver(&self, receiver: ir::Value, args: ValueList) -> Vec<ir::Value> {
        let args = self.func.list(args).iter().map(|&arg| self.value(arg));
        std::iter::once(receiver).chain(args).collect()
    }

    /// Calls a runtime function, and ends the actor if it raised.
    pub(super) fn call_runtime(&mut self, rt: RtFn, args: &[ir::Value]) -> Vec<ir::Value> {
        let declared = self.decls.rt[&rt];
        let callee = self.import(declared, self.decls.near_runtime, || rt_signature(rt));
        let mut all = vec![self.b.context()];
        all.extend(args);
        let results = self.b.call(callee, &all).to_vec();
        if rt.may_panic() && !rt.effects().contains(Effects::NORETURN) {
            self.unwind_if_raised();
        }
        results
    }

    pub(super) fn call_c(&mut self, func: ExternId, args: &[ir::Value]) -> Vec<ir::Value> {
        let sig = &self.mir.externs[func].sig;
        let declared = self.decls.c_function(func);
        let near = self.decls.near_runtime;
        let callee = self.import(declared, near, || c_signature(false, &sig.params, &sig.results));
        self.b.call(callee, args).to_vec()
    }

    /// A processor instruction, which looks like a call until the machine code is finished.
    pub(super) fn call_cpu(&mut self, inst: CpuInst) -> Vec<ir::Value> {
        let marker = self.b.import(CpuInst::NAMESPACE, inst as u32, inst.signature(), true);
        self.b.call(marker, &[]).to_vec()
    }
}
