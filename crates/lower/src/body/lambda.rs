//! Lambdas: a closure object of the code and the captures.

use super::{BodyCx, Slot};
use crate::cx::{Captured, Instance, LambdaSite, Vals};
use crate::repr::SlotsKind;
use sepal_base::Symbol;
use sepal_hir::{ExprId, Lambda, LocalId, Ty};
use sepal_mir::{ConstWord, StaticObject, Type};
use std::rc::Rc;

/// What a lambda takes from where it stands.
pub(crate) struct Captures {
    pub values: Vals,
    /// Each local, and how it travels.
    pub how: Vec<(LocalId, Captured)>,
}

impl BodyCx<'_, '_> {
    /// The captures of a lambda, as they are now.
    pub(super) fn captures(&mut self, lambda: &Lambda) -> Captures {
        let mut captures = Vec::with_capacity(lambda.captures.len());
        let mut values = Vals::new();
        for &local in &lambda.captures {
            match self.slot(local).clone() {
                Slot::Cell { object, layout } => {
                    values.push(object);
                    captures.push((local, Captured::Cell(layout)));
                }
                Slot::Values(_) | Slot::Vars(_) => {
                    values.extend(self.read_local(local));
                    captures.push((local, Captured::Value));
                }
            }
        }
        Captures { values, how: captures }
    }

    pub(super) fn lambda(&mut self, expr: ExprId, lambda: &Lambda) -> Vals {
        let Captures { values, how: captures } = self.captures(lambda);
        let types: Vec<Type> = values.iter().map(|v| self.b.ty(*v)).collect();
        let layout = self.cx.slots_layout(SlotsKind::Closure, &types);
        let instance = Instance::Lambda { owner: self.owner, args: self.args.clone(), expr };
        let params: Vec<Ty> = lambda.params.iter().map(|local| self.local_ty(*local)).collect();
        let (flavour, ret) = (lambda.flavour, self.subst(lambda.ret));
        let site = LambdaSite { body: Rc::clone(&self.body), captures };
        self.cx.lambdas.entry(instance.clone()).or_insert(site);
        let name = Symbol::intern(&format!(
            "{}.lambda",
            self.cx.program.items.fns[self.owner].trace_name.as_str()
        ));
        let func =
            self.cx.instance(instance, name, |cx| cx.lambda_signature(flavour, &params, ret));
        if values.is_empty() {
            let object = StaticObject { layout, variant: 0, fields: vec![ConstWord::Func(func)] };
            let object = self.cx.module.static_object(object);
            return Vals::from_slice(&[self.b.const_object(object)]);
        }
        Vals::from_slice(&[self.b.closure_create(layout, func, &values)])
    }
}
