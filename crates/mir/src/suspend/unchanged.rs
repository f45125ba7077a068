//! Leaves out what saving would write back as it was loaded.
//!
//! Slots of a root's frame are written only where it leaves (`points`), so whatever a slot held when the
//! body was resumed it holds until then. A value that on every way is what was loaded from a slot need
//! not be stored there.
//!
//! Needs: SSA form. Must never be used on a frame that may be new: nothing stands there yet.

use crate::analysis::Cfg;
use crate::entities::*;
use crate::function::{Function, ValueDef};
use crate::ops::Op;
use rustc_hash::FxHashSet;

/// Takes out the needless stores to the frame `own`.
pub(super) fn leave_out_unchanged(func: &mut Function, own: Value) {
    let cfg = Cfg::new(func);
    for &block in &cfg.rpo {
        let insts = std::mem::take(&mut func.blocks[block].insts);
        let changes = |&inst: &Inst| {
            if let Op::FieldSet { field, object, value } = func.insts[inst].op
                && object == own
            {
                !is_loaded(func, &cfg, own, field, value)
            } else {
                true
            }
        };
        let kept = insts.into_iter().filter(changes).collect();
        func.blocks[block].insts = kept;
    }
}

/// Whether `value` is what `field` of the frame held when the body was resumed.
fn is_loaded(func: &Function, cfg: &Cfg, own: Value, field: FieldRef, value: Value) -> bool {
    let mut seen: FxHashSet<Value> = FxHashSet::default();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        if !seen.insert(value) {
            continue;
        }
        match func.values[value].def {
            ValueDef::Param(Function::ENTRY, _) | ValueDef::Removed => return false,
            ValueDef::Param(block, n) => {
                for edge in cfg.preds(block) {
                    func.blocks[edge.from].term.for_each_target(&func.pools, &mut |call| {
                        if call.block == block {
                            open.push(func.list(call.args)[n as usize]);
                        }
                    });
                }
            }
            ValueDef::Result(inst, _) => {
                let op = func.insts[inst].op;
                let loads = matches!(
                    op, Op::FieldGet { field: from, object, .. } if from == field && object == own
                );
                if !loads {
                    return false;
                }
            }
        }
    }
    true
}
