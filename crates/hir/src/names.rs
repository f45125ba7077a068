//! The names that a piece of the tree speaks of: every bare name, wherever it stands, that the piece does not
//! bind itself.
//!
//! Used to find out, before anything is resolved, whether a function in a block needs its
//! surroundings and which of a script's `let`s are constants. Must never resolve a name.

use sepal_base::Symbol;
use sepal_syntax::ast::*;

type Visit<'a> = &'a mut dyn FnMut(Symbol);

pub(crate) fn in_item(ast: &Ast, id: ItemId, visit: Visit<'_>) {
    Walk::new(ast, visit).in_item(id);
}

pub(crate) fn in_fn(ast: &Ast, id: FnId, visit: Visit<'_>) {
    Walk::new(ast, visit).in_fn(id);
}

pub(crate) fn in_terminate(ast: &Ast, node: &Terminate, visit: Visit<'_>) {
    Walk::new(ast, visit).in_terminate(node);
}

pub(crate) fn in_expr(ast: &Ast, id: ExprId, visit: Visit<'_>) {
    Walk::new(ast, visit).in_expr(id);
}

struct Walk<'a, 'v> {
    ast: &'a Ast,
    /// What the piece has bound where the walk is.
    bound: Vec<Symbol>,
    visit: Visit<'v>,
}

impl<'a, 'v> Walk<'a, 'v> {
    fn new(ast: &'a Ast, visit: Visit<'v>) -> Walk<'a, 'v> {
        Walk { ast, bound: Vec::new(), visit }
    }

    fn name(&mut self, name: Symbol) {
        if !self.bound.contains(&name) {
            (self.visit)(name);
        }
    }

    fn bind(&mut self, pat: PatId) {
        bound_by(self.ast, pat, &mut |name| self.bound.push(name));
    }

    /// What is bound meanwhile is not bound afterwards.
    fn scope(&mut self, walk: impl FnOnce(&mut Self)) {
        let outer = self.bound.len();
        walk(self);
        self.bound.truncate(outer);
    }

    fn bind_params(&mut self, params: &[Param]) {
        params.iter().filter_map(|param| param.default).for_each(|e| self.in_expr(e));
        self.bound.extend(params.iter().map(|param| param.name.name));
    }

    fn bind_for(&mut self, binding: &ForBinding) {
        match binding {
            ForBinding::One(pat) => self.bind(*pat),
            ForBinding::Several(pats) => pats.iter().for_each(|pat| self.bind(*pat)),
        }
    }

    fn in_item(&mut self, id: ItemId) {
        let ast = self.ast;
        match &ast.items[id].kind {
            ItemKind::Error
            | ItemKind::Import(_)
            | ItemKind::FromImport(_)
            | ItemKind::ExternFn(_)
            | ItemKind::TypeAlias(_) => {}
            ItemKind::Fn(f) => self.in_fn(*f),
            ItemKind::Struct(decl) => self.in_body(&decl.fields, &decl.invariants, &decl.methods),
            ItemKind::Class(decl) => self.in_body(&decl.fields, &decl.invariants, &decl.methods),
            ItemKind::Enum(decl) => self.in_body(&[], &[], &decl.methods),
            ItemKind::Trait(decl) => self.in_body(&[], &[], &decl.methods),
            ItemKind::Impl(decl) => self.in_body(&[], &[], &decl.methods),
            ItemKind::Actor(decl) => {
                self.scope(|walk| {
                    walk.bind_params(&decl.params);
                    // The variables of the body are those of `terminate` too.
                    walk.in_stmts(decl.body);
                    decl.terminate.iter().for_each(|terminate| walk.in_terminate(terminate));
                })
            }
            ItemKind::Let(decl) => self.in_let(decl),
        }
    }

    fn in_terminate(&mut self, node: &Terminate) {
        self.scope(|walk| {
            walk.bound.extend(node.reason.map(|reason| reason.name));
            walk.in_block(node.body);
        });
    }

    fn in_body(&mut self, fields: &[Field], invariants: &[Contract], methods: &[ItemId]) {
        fields.iter().filter_map(|field| field.default).for_each(|e| self.in_expr(e));
        invariants.iter().for_each(|contract| self.in_expr(contract.cond));
        methods.iter().for_each(|item| self.in_item(*item));
    }

    fn in_fn(&mut self, id: FnId) {
        let ast = self.ast;
        let node = &ast.fns[id];
        self.scope(|walk| {
            walk.bind_params(&node.params);
            for contract in &node.contracts {
                walk.in_expr(contract.cond);
                contract.message.iter().for_each(|e| walk.in_expr(*e));
            }
            match node.body {
                FnBody::None => {}
                FnBody::Block(block) => walk.in_block(block),
            }
        });
    }

    fn in_let(&mut self, decl: &Let) {
        self.in_expr(decl.value);
        decl.else_body.iter().for_each(|block| self.in_block(*block));
        self.bind(decl.pat);
    }

    fn in_block(&mut self, id: BlockId) {
        self.scope(|walk| walk.in_stmts(id));
    }

    /// The statements of a block, whose scope the caller ends.
    fn in_stmts(&mut self, id: BlockId) {
        let ast = self.ast;
        for stmt in &ast.blocks[id].stmts {
            // A function is known in the whole block.
            if let StmtKind::Item(item) = &ast.stmts[*stmt].kind
                && let ItemKind::Fn(f) = &ast.items[*item].kind
            {
                self.bound.extend(ast.fns[*f].name.map(|name| name.name));
            }
        }
        ast.blocks[id].stmts.iter().for_each(|stmt| self.in_stmt(*stmt));
    }

    /// A condition, whose names hold to the end of the caller's scope.
    fn in_cond(&mut self, cond: Cond) {
        match cond {
            Cond::Expr(e) => self.in_expr(e),
            Cond::Let { pat, value } => {
                self.in_expr(value);
                self.bind(pat);
            }
        }
    }

    fn in_stmt(&mut self, id: StmtId) {
        let ast = self.ast;
        match &ast.stmts[id].kind {
            StmtKind::Error | StmtKind::Pass => {}
            StmtKind::Expr(e) | StmtKind::Defer(e) => self.in_expr(*e),
            StmtKind::Let(decl) => self.in_let(decl),
            StmtKind::Var(decl) => {
                self.in_expr(decl.value);
                self.bind(decl.pat);
            }
            StmtKind::Assign { target, value, .. } => {
                self.in_expr(*target);
                self.in_expr(*value);
            }
            StmtKind::While { cond, body } => self.scope(|walk| {
                walk.in_cond(*cond);
                walk.in_block(*body);
            }),
            StmtKind::For { binding, iter, body } => {
                self.in_expr(*iter);
                self.scope(|walk| {
                    walk.bind_for(binding);
                    walk.in_block(*body);
                });
            }
            StmtKind::Assert { cond, message } => {
                self.in_expr(*cond);
                message.iter().for_each(|e| self.in_expr(*e));
            }
            StmtKind::Item(item) => self.in_item(*item),
        }
    }

    fn in_expr(&mut self, id: ExprId) {
        let ast = self.ast;
        match &ast.exprs[id].kind {
            ExprKind::Error
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::Nil
            | ExprKind::Char(_)
            | ExprKind::Str(_)
            | ExprKind::Bytes(_)
            | ExprKind::Symbol(_)
            | ExprKind::SelfPid
            | ExprKind::ContractResult
            | ExprKind::Continue => {}
            ExprKind::SelfValue => self.name(Symbol::intern("self")),
            ExprKind::Name(name) => self.name(*name),
            ExprKind::FString(parts) => self.in_parts(parts),
            ExprKind::Tuple(all) | ExprKind::List(all) | ExprKind::Set(all) => self.in_all(all),
            ExprKind::Dict(all) => all.iter().for_each(|(k, v)| self.in_all(&[*k, *v])),
            ExprKind::ListComp(comp) | ExprKind::SetComp(comp) => {
                self.in_comprehension(&comp.clauses, &[comp.element]);
            }
            ExprKind::DictComp(comp) => {
                self.in_comprehension(&comp.clauses, &[comp.key, comp.value]);
            }
            ExprKind::Range { lo: a, hi: b, .. }
            | ExprKind::Binary { lhs: a, rhs: b, .. }
            | ExprKind::Logic { lhs: a, rhs: b, .. }
            | ExprKind::Coalesce { lhs: a, rhs: b }
            | ExprKind::Pipe { value: a, into: b }
            | ExprKind::Index { base: a, index: b } => self.in_all(&[*a, *b]),
            ExprKind::Compare { first, rest } => {
                self.in_expr(*first);
                rest.iter().for_each(|link| self.in_expr(link.rhs));
            }
            ExprKind::Old(e)
            | ExprKind::Unary { operand: e, .. }
            | ExprKind::Field { base: e, .. }
            | ExprKind::Try(e)
            | ExprKind::Await(e)
            | ExprKind::YieldFrom(e) => self.in_expr(*e),
            ExprKind::Slice(slice) => {
                self.in_expr(slice.base);
                [slice.lo, slice.hi, slice.step].iter().for_each(|end| self.in_option(*end));
            }
            ExprKind::Call { callee: first, args }
            | ExprKind::MethodCall { receiver: first, args, .. } => {
                self.in_expr(*first);
                self.in_args(args);
            }
            ExprKind::Instantiate(inst) => {
                self.in_expr(inst.base);
                self.in_option(inst.index);
            }
            ExprKind::Async(task) => self.in_task(*task),
            ExprKind::Spawn(spawn) => {
                self.in_task(spawn.task);
                self.in_args(&spawn.options);
            }
            ExprKind::Receive(arms) => self.in_receive(arms),
            ExprKind::Lambda(f) => self.in_fn(*f),
            ExprKind::If(node) => self.in_if(node),
            ExprKind::Match(node) => self.in_match(node),
            ExprKind::Loop(block) => self.in_block(*block),
            ExprKind::Yield(e) | ExprKind::Return(e) | ExprKind::Break(e) => self.in_option(*e),
        }
    }

    fn in_all(&mut self, all: &[ExprId]) {
        all.iter().for_each(|e| self.in_expr(*e));
    }

    fn in_option(&mut self, e: Option<ExprId>) {
        if let Some(e) = e {
            self.in_expr(e);
        }
    }

    fn in_args(&mut self, args: &[Arg]) {
        args.iter().for_each(|arg| self.in_expr(arg.value));
    }

    fn in_parts(&mut self, parts: &[FPart]) {
        parts.iter().for_each(|part| match part {
            FPart::Text(_) => {}
            FPart::Value { value, .. } => self.in_expr(*value),
        });
    }

    fn in_receive(&mut self, arms: &[ReceiveArm]) {
        for arm in arms {
            self.scope(|walk| {
                match arm.kind {
                    ReceiveKind::Case(pat) => walk.bind(pat),
                    ReceiveKind::Down { pid, reason } | ReceiveKind::Exit { pid, reason } => {
                        walk.bind(pid);
                        walk.bind(reason);
                    }
                    ReceiveKind::After(e) => walk.in_expr(e),
                }
                walk.in_option(arm.guard);
                walk.in_block(arm.body);
            });
        }
    }

    fn in_if(&mut self, node: &If) {
        for arm in &node.arms {
            self.scope(|walk| {
                walk.in_cond(arm.cond);
                walk.in_block(arm.body);
            });
        }
        node.else_body.iter().for_each(|block| self.in_block(*block));
    }

    fn in_match(&mut self, node: &Match) {
        self.in_expr(node.scrutinee);
        for arm in &node.arms {
            self.scope(|walk| {
                walk.bind(arm.pat);
                walk.in_option(arm.guard);
                walk.in_block(arm.body);
            });
        }
    }

    fn in_comprehension(&mut self, clauses: &[CompClause], elements: &[ExprId]) {
        self.scope(|walk| {
            for clause in clauses {
                match clause {
                    CompClause::For { binding, iter } => {
                        walk.in_expr(*iter);
                        walk.bind_for(binding);
                    }
                    CompClause::If(cond) => walk.in_expr(*cond),
                }
            }
            walk.in_all(elements);
        });
    }

    fn in_task(&mut self, task: Task) {
        match task {
            Task::Expr(e) => self.in_expr(e),
            Task::Block(block) => self.in_block(block),
        }
    }
}

/// The names that a pattern may bind; bare variants are among them.
pub(crate) fn bound_by(ast: &Ast, id: PatId, visit: Visit<'_>) {
    match &ast.pats[id].kind {
        PatKind::Error
        | PatKind::Wild
        | PatKind::Path(_)
        | PatKind::Lit(_)
        | PatKind::Range { .. } => {}
        PatKind::Name(name) => visit(*name),
        PatKind::At { name, pat } => {
            visit(name.name);
            bound_by(ast, *pat, visit);
        }
        PatKind::Tuple(elems) | PatKind::Or(elems) => {
            elems.iter().for_each(|pat| bound_by(ast, *pat, visit))
        }
        PatKind::List { before, rest, after } => {
            before.iter().chain(after).for_each(|pat| bound_by(ast, *pat, visit));
            if let Some(name) = rest.and_then(|rest| rest.name) {
                visit(name.name);
            }
        }
        PatKind::Ctor { args, .. } => args.iter().for_each(|arg| bound_by(ast, arg.pat, visit)),
        PatKind::Type { pat, .. } => bound_by(ast, *pat, visit),
    }
}
