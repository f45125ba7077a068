//! Contracts: `requires`, `ensures`, `ensures_err` and `invariant` as checks around a body.
//!
//! The body becomes a loop that is left once, with the result; its `return`s leave that loop, so
//! that every way out passes the checks at exit.

use super::BodyCx;
use super::expr::{ERR, OK};
use super::method::Found;
use crate::ir::*;
use crate::lang::LangTy;
use crate::ty::Ty;
use sepal_base::{Span, Symbol, codes};
use sepal_syntax::ast;
use std::rc::Rc;

/// What the contracts of a function look back at.
pub(super) struct Olds {
    /// The locals of snapshots, with what they hold.
    taken: Vec<(LocalId, ExprId)>,
    /// How many frames there are in the function.
    depth: usize,
    /// The first local that there is at the exit alone: the result. Those behind it are of the contracts.
    result: LocalId,
}

/// A value that is taken at the beginning.
pub(super) struct InOld {
    /// The locals that there are at the exit alone.
    late: std::ops::Range<u32>,
    /// One of them that the value names.
    used: Option<LocalId>,
}

impl InOld {
    /// Whether the local does not exist where the value is taken; this is noted.
    pub(super) fn is_late(&mut self, local: LocalId) -> bool {
        let is_late = self.late.contains(&local.0);
        if is_late {
            self.used = Some(local);
        }
        is_late
    }
}

impl BodyCx<'_> {
    /// The parameters whose invariants hold at entry and exit: `self` of a method, and objects of
    /// types of the same module.
    pub(super) fn watched_params(&mut self) -> Vec<(LocalId, AdtId)> {
        let id = self.draft.id;
        let def = &self.prog.items.fns[id];
        let is_inner = self.prog.inner_methods.values().any(|inner| *inner == id);
        let is_init =
            matches!(def.owner, Owner::Adt(adt) if self.prog.items.adts[adt].init == Some(id));
        let has_self = def.self_param != SelfKind::None;
        let mut watched = Vec::new();
        if self.prog.invariants.is_empty() {
            return watched;
        }
        for (index, local) in self.draft.body.params.iter().enumerate() {
            let ty = self.draft.body.locals[*local].ty;
            let own_self = has_self && index == 0;
            if own_self && (is_inner || is_init) {
                continue;
            }
            if let Some((adt, _)) = ty.as_adt()
                && self.prog.invariants.contains_key(&adt)
                && self.prog.items.adts[adt].module == self.module
            {
                watched.push((*local, adt));
            }
        }
        watched
    }

    /// The suite of a function as a value of its result type, with its contracts and the invariants of the objects
    /// that it takes around it.
    pub(super) fn contract_root(
        &mut self,
        contracts: &[ast::Contract],
        watched: &[(LocalId, AdtId)],
        block: ast::BlockId,
        inferred: bool,
    ) -> ExprId {
        if contracts.is_empty() && watched.is_empty() {
            return self.body_value(block, inferred);
        }
        let span = self.ast.blocks[block].span;
        let mut stmts = Vec::new();
        for contract in
            contracts.iter().filter(|contract| contract.kind == ast::ContractKind::Requires)
        {
            let check = self.contract_check(contract);
            stmts.push(Stmt::Expr(check));
        }
        let target = self.fresh_loop();
        self.frame().ret_loop = Some(target);
        let value = self.body_value(block, inferred);
        let ret = self.frame().ret;
        let body = self.leave_by(target, value, span);
        let run = self.expr(ExprKind::Loop { id: target, body }, ret, span);
        self.frame().ret_loop = None;

        let mut exits = Vec::new();
        let result = self.temp(run, false, &mut exits);
        for (local, adt) in watched {
            self.invariant_checks(*local, *adt, &mut exits);
        }
        let olds = Olds { taken: Vec::new(), depth: self.frames.len(), result };
        let outer = (self.olds.replace(olds), self.result_local);
        self.exit_checks(contracts, result, &mut exits, span);
        let olds = std::mem::replace(&mut self.olds, outer.0).expect("set above");
        self.result_local = outer.1;
        stmts
            .extend(olds.taken.into_iter().map(|(local, value)| Stmt::OldCapture { local, value }));
        for (local, adt) in watched {
            self.invariant_checks(*local, *adt, &mut stmts);
        }
        stmts.extend(exits);
        let value = self.local(result, span);
        self.block(stmts, Some(value), span)
    }

    /// Leaves the loop around the body with its value.
    fn leave_by(&mut self, target: LoopId, value: ExprId, span: Span) -> ExprId {
        let ty = self.ty(value);
        if ty.is_never() {
            return value;
        }
        if ty.is_nil() {
            let leave = self.break_out(target, span);
            return self.block(vec![Stmt::Expr(value), Stmt::Expr(leave)], None, span);
        }
        self.expr(ExprKind::Break { target, value: Some(value) }, Ty::never(), span)
    }

    fn exit_checks(
        &mut self,
        contracts: &[ast::Contract],
        result: LocalId,
        exits: &mut Vec<Stmt>,
        span: Span,
    ) {
        let ty = self.draft.body.locals[result].ty;
        let ty = self.known(ty);
        let of_result = self.prog.as_lang(ty, LangTy::Result);
        for (kind, variant) in
            [(ast::ContractKind::Ensures, OK), (ast::ContractKind::EnsuresErr, ERR)]
        {
            let own: Vec<&ast::Contract> =
                contracts.iter().filter(|contract| contract.kind == kind).collect();
            let Some(first) = own.first() else { continue };
            let Some([value, error]) = of_result else {
                if kind == ast::ContractKind::EnsuresErr {
                    let message = "`ensures_err` needs a function that gives a `Result`";
                    self.error(codes::MISPLACED, first.span, message);
                    continue;
                }
                self.result_local = Some(result);
                for contract in own {
                    let check = self.contract_check(contract);
                    exits.push(Stmt::Expr(check));
                }
                self.result_local = None;
                continue;
            };
            let inner = if variant == OK { *value } else { *error };
            let (pat, local) = self.variant_binding(ty, variant, inner, span);
            self.result_local = Some(local);
            let checks =
                own.into_iter().map(|contract| Stmt::Expr(self.contract_check(contract))).collect();
            self.result_local = None;
            let body = self.block(checks, None, span);
            let (wild, nothing) = (self.pat(PatKind::Wild, ty, span), self.nil(span));
            let arms = Box::from([
                Arm { pat, guard: None, body },
                Arm { pat: wild, guard: None, body: nothing },
            ]);
            let scrutinee = self.local(result, span);
            let check = self.expr(ExprKind::Match { scrutinee, arms }, Ty::nil(), span);
            exits.push(Stmt::Expr(check));
        }
    }

    fn contract_check(&mut self, contract: &ast::Contract) -> ExprId {
        let at = self.ast.exprs[contract.cond].span;
        let text: Rc<str> = Rc::from(self.prog.text(at).trim());
        let cond = self.check(contract.cond, Ty::bool());
        let message = contract.message.map(|message| self.check(message, Ty::str()));
        self.draft.contracts.push(cond);
        self.draft.contracts.extend(message);
        let function = self.prog.items.fns[self.draft.id].trace_name;
        let check = ContractCheck { kind: contract.kind, cond, function, text, message };
        self.expr(ExprKind::ContractCheck(Box::new(check)), Ty::nil(), contract.span)
    }

    // -- Invariants --------------------------------------------------------------------------

    /// Checks the invariants of the object in a local.
    fn invariant_checks(&mut self, local: LocalId, adt: AdtId, stmts: &mut Vec<Stmt>) {
        let ast = self.ast;
        let span = self.prog.items.adts[adt].span;
        let mark = self.enter_scope();
        self.bind(Symbol::intern("self"), local);
        let found = ast.items.iter().find_map(|item| match &item.kind {
            ast::ItemKind::Struct(decl) if decl.name.span == span => Some(&decl.invariants),
            ast::ItemKind::Class(decl) if decl.name.span == span => Some(&decl.invariants),
            _ => None,
        });
        for contract in found.into_iter().flatten() {
            let check = self.contract_check(contract);
            stmts.push(Stmt::Expr(check));
        }
        self.leave_scope(mark);
    }

    pub(super) fn invariant_root(&mut self, adt: AdtId) -> ExprId {
        let span = self.prog.items.adts[adt].span;
        let object = self.draft.body.params[0];
        let mut stmts = Vec::new();
        self.invariant_checks(object, adt, &mut stmts);
        self.block(stmts, None, span)
    }

    /// An object that was just built, after its invariants have been checked.
    pub(super) fn check_invariants(&mut self, adt: AdtId, object: ExprId, span: Span) -> ExprId {
        let Some(check) = self.prog.invariants.get(&adt).copied() else { return object };
        let Some((_, args)) = self.ty(object).as_adt() else { return object };
        let mut stmts = Vec::new();
        let local = self.temp(object, false, &mut stmts);
        let target = self.local(local, span);
        let callee = Callee::Fn { id: check, args: args.into() };
        let call = self.expr(
            ExprKind::Call { callee, args: Box::from([target]), inout: None },
            Ty::nil(),
            span,
        );
        stmts.push(Stmt::Expr(call));
        let value = self.local(local, span);
        self.block(stmts, Some(value), span)
    }

    /// A method called on `self` by a method of the same type does not check the invariants.
    pub(super) fn from_inside(&mut self, found: &Found, values: &[ExprId]) -> Callee {
        let callee = found.callee().clone();
        let Callee::Fn { id, args } = &callee else { return callee };
        let (Owner::Adt(adt), Owner::Adt(here)) =
            (self.prog.items.fns[*id].owner, self.prog.items.fns[self.draft.id].owner)
        else {
            return callee;
        };
        let on_self = values.first().is_some_and(|receiver| {
            let own = self.prog.items.fns[self.draft.id].self_param != SelfKind::None;
            let own = own.then(|| self.draft.body.params[0]);
            matches!(self.draft.body.exprs[*receiver].kind, ExprKind::Local(local) if Some(local) == own)
        });
        if adt != here
            || !on_self
            || !self.prog.invariants.contains_key(&adt)
            || self.prog.is_open(*id)
        {
            return callee;
        }
        Callee::Fn { id: self.prog.inner_method(*id), args: args.clone() }
    }

    // -- `result` and `old` ------------------------------------------------------------------

    pub(super) fn contract_result(&mut self, span: Span) -> ExprId {
        match self.result_local {
            Some(local) => {
                self.use_local(local);
                self.local(local, span)
            }
            None => self.misplaced(span, "`result` is only known in `ensures`"),
        }
    }

    pub(super) fn old_expr(&mut self, inner: ast::ExprId, span: Span) -> ExprId {
        let Some(mut olds) = self.olds.take() else {
            return self.misplaced(span, "`old(…)` is only known in `ensures` and `ensures_err`");
        };
        // It is taken outside of the lambda in which it may stand.
        let lambdas = self.frames.split_off(olds.depth);
        let late = olds.result.0..self.draft.body.locals.len() as u32;
        self.in_old = Some(InOld { late, used: None });
        let value = self.value(inner);
        let used = self.in_old.take().and_then(|old| old.used);
        self.frames.extend(lambdas);
        if let Some(local) = used {
            let is_result = local == olds.result || Some(local) == self.result_local;
            let local = &self.draft.body.locals[local];
            let name = if is_result { "result" } else { local.name.as_str() };
            let message =
                format!("there is no `{name}` yet where `old(…)` is taken: at the beginning");
            self.olds = Some(olds);
            return self.misplaced(span, &message);
        }
        self.draft.contracts.push(value);
        let ty = self.ty(value);
        let local = self.new_local(Symbol::intern(""), ty, false, span);
        self.depths[local.0 as usize] = olds.depth as u32;
        olds.taken.push((local, value));
        self.olds = Some(olds);
        self.use_local(local);
        self.local(local, span)
    }
}

impl crate::program::Program {
    /// The same method without the checks of the invariants of `self`.
    fn inner_method(&mut self, id: FnId) -> FnId {
        if let Some(inner) = self.inner_methods.get(&id) {
            return *inner;
        }
        let def = &self.items.fns[id];
        let params = def.params.iter();
        let params = params
            .map(|p| ParamDef { name: p.name, span: p.span, ty: p.ty, default: p.default })
            .collect();
        let copy = FnDef {
            name: def.name,
            trace_name: def.trace_name,
            module: def.module,
            span: def.span,
            kind: def.kind,
            flavour: def.flavour,
            generics: def.generics.clone(),
            params,
            self_param: def.self_param,
            ret: def.ret,
            mailbox: def.mailbox,
            interpret: def.interpret,
            inline: def.inline,
            cold: def.cold,
            public: def.public,
            owner: def.owner,
        };
        let inner = self.items.fns.push(copy);
        self.inner_methods.insert(id, inner);
        inner
    }
}
