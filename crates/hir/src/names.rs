//! The names that a piece of the tree speaks of: every bare name, wherever it stands.
//!
//! Used to find out, before anything is resolved, whether a function in a block needs its
//! surroundings and which of a script's `let`s are constants. Too many names are harmless.
//! Must never resolve a name.

use sepal_base::Symbol;
use sepal_syntax::ast::*;

type Visit<'a> = &'a mut dyn FnMut(Symbol);

pub(crate) fn in_item(ast: &Ast, id: ItemId, visit: Visit<'_>) {
    match &ast.items[id].kind {
        ItemKind::Error
        | ItemKind::Import(_)
        | ItemKind::FromImport(_)
        | ItemKind::ExternFn(_)
        | ItemKind::TypeAlias(_) => {}
        ItemKind::Fn(f) => in_fn(ast, *f, visit),
        ItemKind::Struct(decl) => {
            in_body(ast, &decl.fields, &decl.invariants, &decl.methods, visit)
        }
        ItemKind::Class(decl) => in_body(ast, &decl.fields, &decl.invariants, &decl.methods, visit),
        ItemKind::Enum(decl) => in_body(ast, &[], &[], &decl.methods, visit),
        ItemKind::Trait(decl) => in_body(ast, &[], &[], &decl.methods, visit),
        ItemKind::Impl(decl) => in_body(ast, &[], &[], &decl.methods, visit),
        ItemKind::Actor(decl) => {
            decl.params.iter().filter_map(|p| p.default).for_each(|e| in_expr(ast, e, visit));
            in_block(ast, decl.body, visit);
            if let Some(terminate) = &decl.terminate {
                in_block(ast, terminate.body, visit);
            }
        }
        ItemKind::Let(decl) => in_let(ast, decl, visit),
    }
}

fn in_body(
    ast: &Ast,
    fields: &[Field],
    invariants: &[Contract],
    methods: &[ItemId],
    visit: Visit<'_>,
) {
    fields.iter().filter_map(|field| field.default).for_each(|e| in_expr(ast, e, visit));
    invariants.iter().for_each(|contract| in_expr(ast, contract.cond, visit));
    methods.iter().for_each(|item| in_item(ast, *item, visit));
}

pub(crate) fn in_fn(ast: &Ast, id: FnId, visit: Visit<'_>) {
    let node = &ast.fns[id];
    node.params.iter().filter_map(|param| param.default).for_each(|e| in_expr(ast, e, visit));
    for contract in &node.contracts {
        in_expr(ast, contract.cond, visit);
        contract.message.iter().for_each(|e| in_expr(ast, *e, visit));
    }
    match node.body {
        FnBody::None => {}
        FnBody::Block(block) => in_block(ast, block, visit),
    }
}

fn in_let(ast: &Ast, decl: &Let, visit: Visit<'_>) {
    in_expr(ast, decl.value, visit);
    decl.else_body.iter().for_each(|block| in_block(ast, *block, visit));
}

fn in_block(ast: &Ast, id: BlockId, visit: Visit<'_>) {
    ast.blocks[id].stmts.iter().for_each(|stmt| in_stmt(ast, *stmt, visit));
}

fn in_cond(ast: &Ast, cond: Cond, visit: Visit<'_>) {
    match cond {
        Cond::Expr(e) => in_expr(ast, e, visit),
        Cond::Let { value, .. } => in_expr(ast, value, visit),
    }
}

pub(crate) fn in_stmt(ast: &Ast, id: StmtId, visit: Visit<'_>) {
    match &ast.stmts[id].kind {
        StmtKind::Error | StmtKind::Pass => {}
        StmtKind::Expr(e) | StmtKind::Defer(e) => in_expr(ast, *e, visit),
        StmtKind::Let(decl) => in_let(ast, decl, visit),
        StmtKind::Var(decl) => in_expr(ast, decl.value, visit),
        StmtKind::Assign { target, value, .. } => {
            in_expr(ast, *target, visit);
            in_expr(ast, *value, visit);
        }
        StmtKind::While { cond, body } => {
            in_cond(ast, *cond, visit);
            in_block(ast, *body, visit);
        }
        StmtKind::For { iter, body, .. } => {
            in_expr(ast, *iter, visit);
            in_block(ast, *body, visit);
        }
        StmtKind::Assert { cond, message } => {
            in_expr(ast, *cond, visit);
            message.iter().for_each(|e| in_expr(ast, *e, visit));
        }
        StmtKind::Item(item) => in_item(ast, *item, visit),
    }
}

pub(crate) fn in_expr(ast: &Ast, id: ExprId, visit: Visit<'_>) {
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
        ExprKind::SelfValue => visit(Symbol::intern("self")),
        ExprKind::Name(name) => visit(*name),
        ExprKind::FString(parts) => in_parts(ast, parts, visit),
        ExprKind::Tuple(all) | ExprKind::List(all) | ExprKind::Set(all) => in_all(ast, all, visit),
        ExprKind::Dict(all) => all.iter().for_each(|(k, v)| in_all(ast, &[*k, *v], visit)),
        ExprKind::ListComp(comp) | ExprKind::SetComp(comp) => {
            in_expr(ast, comp.element, visit);
            in_clauses(ast, &comp.clauses, visit);
        }
        ExprKind::DictComp(comp) => {
            in_all(ast, &[comp.key, comp.value], visit);
            in_clauses(ast, &comp.clauses, visit);
        }
        ExprKind::Range { lo: a, hi: b, .. }
        | ExprKind::Binary { lhs: a, rhs: b, .. }
        | ExprKind::Logic { lhs: a, rhs: b, .. }
        | ExprKind::Coalesce { lhs: a, rhs: b }
        | ExprKind::Pipe { value: a, into: b }
        | ExprKind::Index { base: a, index: b } => in_all(ast, &[*a, *b], visit),
        ExprKind::Compare { first, rest } => {
            in_expr(ast, *first, visit);
            rest.iter().for_each(|link| in_expr(ast, link.rhs, visit));
        }
        ExprKind::Old(e)
        | ExprKind::Unary { operand: e, .. }
        | ExprKind::Field { base: e, .. }
        | ExprKind::Try(e)
        | ExprKind::Await(e)
        | ExprKind::YieldFrom(e) => in_expr(ast, *e, visit),
        ExprKind::Slice(slice) => {
            in_expr(ast, slice.base, visit);
            [slice.lo, slice.hi, slice.step].iter().for_each(|end| in_option(ast, *end, visit));
        }
        ExprKind::Call { callee: first, args }
        | ExprKind::MethodCall { receiver: first, args, .. } => {
            in_expr(ast, *first, visit);
            in_args(ast, args, visit);
        }
        ExprKind::Instantiate(inst) => {
            in_expr(ast, inst.base, visit);
            in_option(ast, inst.index, visit);
        }
        ExprKind::Async(task) => in_task(ast, *task, visit),
        ExprKind::Spawn(spawn) => {
            in_task(ast, spawn.task, visit);
            in_args(ast, &spawn.options, visit);
        }
        ExprKind::Receive(arms) => in_receive(ast, arms, visit),
        ExprKind::Lambda(f) => in_fn(ast, *f, visit),
        ExprKind::If(node) => in_if(ast, node, visit),
        ExprKind::Match(node) => in_match(ast, node, visit),
        ExprKind::Loop(block) => in_block(ast, *block, visit),
        ExprKind::Yield(e) | ExprKind::Return(e) | ExprKind::Break(e) => in_option(ast, *e, visit),
    }
}

fn in_all(ast: &Ast, all: &[ExprId], visit: Visit<'_>) {
    all.iter().for_each(|e| in_expr(ast, *e, visit));
}

fn in_option(ast: &Ast, e: Option<ExprId>, visit: Visit<'_>) {
    if let Some(e) = e {
        in_expr(ast, e, visit);
    }
}

fn in_args(ast: &Ast, args: &[Arg], visit: Visit<'_>) {
    args.iter().for_each(|arg| in_expr(ast, arg.value, visit));
}

fn in_parts(ast: &Ast, parts: &[FPart], visit: Visit<'_>) {
    parts.iter().for_each(|part| match part {
        FPart::Text(_) => {}
        FPart::Value { value, .. } => in_expr(ast, *value, visit),
    });
}

fn in_receive(ast: &Ast, arms: &[ReceiveArm], visit: Visit<'_>) {
    for arm in arms {
        if let ReceiveKind::After(e) = arm.kind {
            in_expr(ast, e, visit);
        }
        in_option(ast, arm.guard, visit);
        in_block(ast, arm.body, visit);
    }
}

fn in_if(ast: &Ast, node: &If, visit: Visit<'_>) {
    for arm in &node.arms {
        in_cond(ast, arm.cond, visit);
        in_block(ast, arm.body, visit);
    }
    node.else_body.iter().for_each(|block| in_block(ast, *block, visit));
}

fn in_match(ast: &Ast, node: &Match, visit: Visit<'_>) {
    in_expr(ast, node.scrutinee, visit);
    for arm in &node.arms {
        in_option(ast, arm.guard, visit);
        in_block(ast, arm.body, visit);
    }
}

fn in_clauses(ast: &Ast, clauses: &[CompClause], visit: Visit<'_>) {
    clauses.iter().for_each(|clause| match clause {
        CompClause::For { iter, .. } => in_expr(ast, *iter, visit),
        CompClause::If(cond) => in_expr(ast, *cond, visit),
    });
}

fn in_task(ast: &Ast, task: Task, visit: Visit<'_>) {
    match task {
        Task::Expr(e) => in_expr(ast, e, visit),
        Task::Block(block) => in_block(ast, block, visit),
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
