//! `frame_new` becomes an object: the frame of a body that has not begun looks like a closure whose code
//! resumes it.
//!
//! Needs: the layouts of all roots. Must never leave a field unset.

use super::{Cx, frame};
use crate::builder::zero_of;
use crate::entities::*;
use crate::function::Function;
use crate::module::Module;
use crate::ops::Op;
use crate::types::Type;

/// Replaces the `frame_new` of one function.
pub(super) fn fill_in(module: &mut Module, cx: &Cx, id: FuncId) {
    let blank = Function::declare(module.functions[id].name, module.functions[id].sig.clone());
    let mut func = std::mem::replace(&mut module.functions[id], blank);
    for block in func.blocks.ids() {
        let insts = std::mem::take(&mut func.blocks[block].insts);
        for inst in insts {
            if let Op::FrameNew { func: body, args } = func.insts[inst].op {
                func.insts[inst].op = create(module, cx, &mut func, block, body, args);
            }
            func.blocks[block].insts.push(inst);
        }
    }
    module.functions[id] = func;
}

fn create(
    module: &Module,
    cx: &Cx,
    func: &mut Function,
    block: Block,
    body: FuncId,
    args: ValueList,
) -> Op {
    let layout = cx.frames.layout_of(body).expect("every root has a frame");
    let variant = module.layouts[layout].variant(0).expect("a frame has one variant");
    let types: Vec<Type> = variant.fields.iter().map(|field| field.ty).collect();
    let given = func.list(args).to_vec();
    let fields = cx.frames.arguments(body);
    let mut captures = Vec::with_capacity(types.len());
    for (n, &ty) in types.iter().enumerate().skip(1) {
        let n = n as u16;
        let argument = fields.iter().position(|field| *field == n);
        captures.push(match argument {
            Some(at) => given[at],
            None => {
                let op = match n {
                    frame::STATE => {
                        Op::ConstInt { ty: Type::I64, value: frame::state_word(0, LocId::NONE) }
                    }
                    _ => zero_of(ty),
                };
                let inst = func.append(block, op, &[ty], LocId::NONE);
                func.result(inst)
            }
        });
    }
    let captures = func.pools.list(&captures);
    Op::ClosureCreate { layout, func: body, captures }
}
