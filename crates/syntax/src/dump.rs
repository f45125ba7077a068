//! The tree as text, for snapshot tests and for looking at.
//!
//! Expressions are in prefix form, `(+ a (* b c))`, so that precedence can be seen; suites are
//! indented. The text says everything that the tree says except spans.

use crate::ast::*;
use std::fmt::Write;

/// The whole tree.
pub fn dump(ast: &Ast) -> String {
    let mut dumper = Dumper { ast, out: String::new(), indent: 0 };
    if let Some(doc) = &ast.doc {
        dumper.line(format_args!("doc {doc:?}"));
    }
    for entry in &ast.body {
        match *entry {
            Entry::Item(item) => dumper.item(item),
            Entry::Stmt(stmt) => dumper.stmt(stmt),
        }
    }
    dumper.out
}

struct Dumper<'a> {
    ast: &'a Ast,
    out: String,
    indent: usize,
}

impl Dumper<'_> {
    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        self.begin();
        let _ = self.out.write_fmt(text);
        self.end();
    }

    fn begin(&mut self) {
        self.out.extend(std::iter::repeat_n(' ', 2 * self.indent));
    }

    fn end(&mut self) {
        self.out.push('\n');
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn fmt(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = self.out.write_fmt(text);
    }

    /// Each element by `each`, with blanks between them.
    fn spaced<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                self.put(" ");
            }
            each(self, item);
        }
    }

    /// `(head element element)`
    fn form<T>(&mut self, head: &str, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.fmt(format_args!("({head}"));
        for item in items {
            self.put(" ");
            each(self, item);
        }
        self.put(")");
    }

    // ----------------------------------------------------------------- declarations

    fn item(&mut self, id: ItemId) {
        let item = &self.ast.items[id];
        if let Some(doc) = &item.doc {
            self.line(format_args!("doc {doc:?}"));
        }
        for attr in &item.attrs {
            self.begin();
            self.fmt(format_args!("@{}", attr.name.name));
            for &arg in &attr.args {
                self.put(" ");
                self.expr(arg);
            }
            self.end();
        }
        self.begin();
        if item.public.is_some() {
            self.put("pub ");
        }
        self.item_kind(&item.kind);
    }

    fn item_kind(&mut self, kind: &ItemKind) {
        match kind {
            ItemKind::Error => self.put("<error item>\n"),
            ItemKind::Import(import) => {
                self.put("import ");
                self.path(&import.path);
                self.alias(import.alias);
                self.end();
            }
            ItemKind::FromImport(import) => {
                self.put("from ");
                self.path(&import.path);
                self.put(" import");
                for name in &import.names {
                    self.fmt(format_args!(" {}", name.name.name));
                    self.alias(name.alias);
                }
                self.end();
            }
            ItemKind::Fn(func) => {
                self.func(*func);
                self.end();
            }
            ItemKind::ExternFn(ExternFn { abi, func }) => {
                self.fmt(format_args!("extern {:?} ", abi.name.as_str()));
                self.func(*func);
                self.end();
            }
            ItemKind::Struct(decl) => {
                self.head("struct", decl.name, &decl.generics);
                self.members(&decl.fields, &decl.invariants, &decl.methods);
            }
            ItemKind::Class(decl) => {
                self.head("class", decl.name, &decl.generics);
                self.members(&decl.fields, &decl.invariants, &decl.methods);
            }
            ItemKind::Enum(decl) => self.enum_decl(decl),
            ItemKind::Trait(decl) => {
                self.head("trait", decl.name, &decl.generics);
                self.members(&[], &[], &decl.methods);
            }
            ItemKind::Impl(decl) => self.impl_decl(decl),
            ItemKind::Actor(decl) => self.actor(decl),
            ItemKind::TypeAlias(alias) => {
                self.fmt(format_args!("type {}", alias.name.name));
                self.generics(&alias.generics);
                self.put(" = ");
                self.ty(alias.ty);
                self.end();
            }
            ItemKind::Let(decl) => {
                self.let_decl(decl);
                self.end();
            }
        }
    }

    fn head(&mut self, word: &str, name: Ident, generics: &[GenericParam]) {
        self.fmt(format_args!("{word} {}", name.name));
        self.generics(generics);
        self.end();
    }

    fn enum_decl(&mut self, decl: &EnumDecl) {
        self.head("enum", decl.name, &decl.generics);
        self.indent += 1;
        for variant in &decl.variants {
            if let Some(doc) = &variant.doc {
                self.line(format_args!("doc {doc:?}"));
            }
            self.begin();
            self.put(variant.name.name.as_str());
            for field in &variant.fields {
                self.put(" ");
                if let Some(name) = field.name {
                    self.fmt(format_args!("{}: ", name.name));
                }
                self.ty(field.ty);
            }
            self.end();
        }
        self.indent -= 1;
        self.members(&[], &[], &decl.methods);
    }

    fn impl_decl(&mut self, decl: &ImplDecl) {
        self.put("impl");
        self.generics(&decl.generics);
        self.put(" ");
        if let Some(trait_ref) = decl.trait_ref {
            self.ty(trait_ref);
            self.put(" for ");
        }
        self.ty(decl.self_ty);
        self.end();
        self.members(&[], &[], &decl.methods);
    }

    fn actor(&mut self, decl: &ActorDecl) {
        self.fmt(format_args!("actor {}", decl.name.name));
        self.generics(&decl.generics);
        self.put(" (");
        self.spaced(&decl.params, Self::param);
        self.put(")");
        if let Some(mailbox) = decl.mailbox {
            self.put(" of ");
            self.ty(mailbox);
        }
        self.block(decl.body);
        self.end();
        if let Some(terminate) = &decl.terminate {
            self.begin();
            self.put("terminate");
            if let Some(reason) = terminate.reason {
                self.fmt(format_args!(" {}", reason.name));
            }
            self.block(terminate.body);
            self.end();
        }
    }

    fn members(&mut self, fields: &[Field], invariants: &[Contract], methods: &[ItemId]) {
        self.indent += 1;
        for field in fields {
            if let Some(doc) = &field.doc {
                self.line(format_args!("doc {doc:?}"));
            }
            self.begin();
            if field.public.is_some() {
                self.put("pub ");
            }
            self.put(match field.kind {
                FieldKind::Plain => "",
                FieldKind::Let => "let ",
                FieldKind::Var => "var ",
            });
            self.put(field.name.name.as_str());
            self.type_and_value(field.ty, field.default);
            self.end();
        }
        for contract in invariants {
            self.contract(contract);
        }
        for &method in methods {
            self.item(method);
        }
        self.indent -= 1;
    }

    fn type_and_value(&mut self, ty: Option<TypeId>, value: Option<ExprId>) {
        if let Some(ty) = ty {
            self.put(": ");
            self.ty(ty);
        }
        if let Some(value) = value {
            self.put(" = ");
            self.expr(value);
        }
    }

    fn contract(&mut self, contract: &Contract) {
        self.begin();
        self.put(contract.kind.as_str());
        self.put(" ");
        self.expr(contract.cond);
        if let Some(message) = contract.message {
            self.put(", ");
            self.expr(message);
        }
        self.end();
    }

    fn func(&mut self, id: FnId) {
        let func = &self.ast.fns[id];
        self.put(func.flavour.as_str());
        if let Some(name) = func.name {
            self.fmt(format_args!(" {}", name.name));
        }
        self.generics(&func.generics);
        self.put(" (");
        if let Some(param) = func.self_param {
            self.put(if param.mutable { "var self" } else { "self" });
            self.put(if func.params.is_empty() { "" } else { " " });
        }
        self.spaced(&func.params, Self::param);
        self.put(")");
        if let Some(ret) = func.ret {
            self.put(" -> ");
            self.ty(ret);
        }
        if let Some(mailbox) = func.mailbox {
            self.put(" of ");
            self.ty(mailbox);
        }
        if !func.contracts.is_empty() {
            self.end();
            self.indent += 1;
            for contract in &func.contracts {
                self.contract(contract);
            }
            self.indent -= 1;
            self.begin();
            self.put("do");
        }
        match func.body {
            FnBody::None => {}
            FnBody::Block(block) => self.block(block),
        }
    }

    fn param(&mut self, param: &Param) {
        self.put(param.name.name.as_str());
        self.type_and_value(param.ty, param.default);
    }

    fn generics(&mut self, generics: &[GenericParam]) {
        if generics.is_empty() {
            return;
        }
        self.put("[");
        self.spaced(generics, |d, generic| {
            d.put(generic.name.name.as_str());
            for (n, &bound) in generic.bounds.iter().enumerate() {
                d.put(if n == 0 { ":" } else { "+" });
                d.ty(bound);
            }
        });
        self.put("]");
    }

    fn path(&mut self, path: &[Ident]) {
        for (n, name) in path.iter().enumerate() {
            self.put(if n == 0 { "" } else { "." });
            self.put(name.name.as_str());
        }
    }

    fn alias(&mut self, alias: Option<Ident>) {
        if let Some(alias) = alias {
            self.fmt(format_args!(" as {}", alias.name));
        }
    }

    // ----------------------------------------------------------------- statements

    /// The statements of a block on lines of their own, braces around them.
    fn block(&mut self, id: BlockId) {
        let stmts = &self.ast.blocks[id].stmts;
        self.put(" {\n");
        self.indent += 1;
        for &stmt in stmts {
            self.stmt(stmt);
        }
        self.indent -= 1;
        self.begin();
        self.put("}");
    }

    fn stmt(&mut self, id: StmtId) {
        if let StmtKind::Item(item) = self.ast.stmts[id].kind {
            return self.item(item);
        }
        self.begin();
        match &self.ast.stmts[id].kind {
            StmtKind::Error => self.put("<error stmt>"),
            StmtKind::Expr(expr) => self.expr(*expr),
            StmtKind::Let(decl) => self.let_decl(decl),
            StmtKind::Var(Var { pat, ty, value }) => {
                self.put("var ");
                self.pat(*pat);
                self.type_and_value(*ty, Some(*value));
            }
            StmtKind::Assign { target, op, value } => {
                self.expr(*target);
                self.fmt(format_args!(" {}= ", op.map_or("", BinOp::as_str)));
                self.expr(*value);
            }
            StmtKind::While { cond, body } => {
                self.put("while ");
                self.cond(*cond);
                self.block(*body);
            }
            StmtKind::For { binding, iter, body } => {
                self.put("for ");
                self.binding(binding);
                self.put(" in ");
                self.expr(*iter);
                self.block(*body);
            }
            StmtKind::Defer(call) => {
                self.put("defer ");
                self.expr(*call);
            }
            StmtKind::Assert { cond, message } => {
                self.put("assert ");
                self.expr(*cond);
                if let Some(message) = message {
                    self.put(", ");
                    self.expr(*message);
                }
            }
            StmtKind::Pass => self.put("pass"),
            StmtKind::Item(_) => {}
        }
        self.end();
    }

    fn let_decl(&mut self, decl: &Let) {
        self.put("let ");
        self.pat(decl.pat);
        self.type_and_value(decl.ty, Some(decl.value));
        if let Some(body) = decl.else_body {
            self.put(" else");
            self.block(body);
        }
    }

    fn cond(&mut self, cond: Cond) {
        match cond {
            Cond::Expr(expr) => self.expr(expr),
            Cond::Let { pat, value } => {
                self.put("let ");
                self.pat(pat);
                self.put(" = ");
                self.expr(value);
            }
        }
    }

    fn binding(&mut self, binding: &ForBinding) {
        match binding {
            ForBinding::One(pat) => self.pat(*pat),
            ForBinding::Several(pats) => {
                for (n, &pat) in pats.iter().enumerate() {
                    self.put(if n == 0 { "" } else { ", " });
                    self.pat(pat);
                }
            }
        }
    }

    // ----------------------------------------------------------------- expressions

    fn expr(&mut self, id: ExprId) {
        match &self.ast.exprs[id].kind {
            ExprKind::Error => self.put("<error>"),
            ExprKind::Int(value) => self.fmt(format_args!("{}", value.value())),
            ExprKind::Float(value) => self.fmt(format_args!("{value:?}")),
            ExprKind::Bool(value) => self.fmt(format_args!("{value}")),
            ExprKind::Nil => self.put("nil"),
            ExprKind::Char(value) => self.fmt(format_args!("{value:?}")),
            ExprKind::Str(value) => self.fmt(format_args!("{value:?}")),
            ExprKind::Bytes(value) => self.fmt(format_args!("b\"{}\"", value.escape_ascii())),
            ExprKind::Symbol(value) => self.fmt(format_args!(":{value}")),
            ExprKind::FString(parts) => self.form("fstring", parts, Self::fpart),
            ExprKind::Name(name) => self.put(name.as_str()),
            ExprKind::SelfValue => self.put("self"),
            ExprKind::SelfPid => self.put("(self)"),
            ExprKind::ContractResult => self.put("<result>"),
            ExprKind::Old(value) => self.exprs("old", &[*value]),
            ExprKind::Tuple(items) => self.exprs("tuple", items),
            ExprKind::List(items) => self.exprs("list", items),
            ExprKind::Set(items) => self.exprs("set", items),
            ExprKind::Dict(entries) => {
                self.form("dict", entries, |d, &(key, value)| d.exprs(":", &[key, value]));
            }
            ExprKind::ListComp(comp) => self.comp("list", &[comp.element], &comp.clauses),
            ExprKind::SetComp(comp) => self.comp("set", &[comp.element], &comp.clauses),
            ExprKind::DictComp(comp) => self.comp("dict", &[comp.key, comp.value], &comp.clauses),
            ExprKind::Range { lo, hi, inclusive: false } => self.exprs("..", &[*lo, *hi]),
            ExprKind::Range { lo, hi, inclusive: true } => self.exprs("..=", &[*lo, *hi]),
            ExprKind::Unary { op, operand } => self.exprs(op.as_str(), &[*operand]),
            ExprKind::Binary { op, lhs, rhs } => self.exprs(op.as_str(), &[*lhs, *rhs]),
            ExprKind::Logic { op, lhs, rhs } => self.exprs(op.as_str(), &[*lhs, *rhs]),
            ExprKind::Compare { first, rest } => self.compare(*first, rest),
            ExprKind::Coalesce { lhs, rhs } => self.exprs("??", &[*lhs, *rhs]),
            ExprKind::Pipe { value, into } => self.exprs("|>", &[*value, *into]),
            ExprKind::Field { base, name } => {
                self.expr(*base);
                self.fmt(format_args!(".{}", name.name));
            }
            ExprKind::Index { base, index } => self.exprs("index", &[*base, *index]),
            ExprKind::Slice(slice) => self.slice(slice),
            ExprKind::Call { callee, args } => self.call("call", *callee, args),
            ExprKind::MethodCall { receiver, method, args } => {
                self.call(&format!(".{}", method.name), *receiver, args);
            }
            ExprKind::Instantiate(inst) => self.instantiate(inst),
            ExprKind::Try(value) => self.exprs("?", &[*value]),
            ExprKind::Await(value) => self.exprs("await", &[*value]),
            ExprKind::Async(task) => self.task("async", *task, &[]),
            ExprKind::Spawn(spawn) => self.task(spawn.kind.as_str(), spawn.task, &spawn.options),
            ExprKind::Receive(arms) => self.receive(arms),
            ExprKind::Lambda(func) => {
                self.put("(");
                self.func(*func);
                self.put(")");
            }
            ExprKind::If(kind) => self.if_expr(kind),
            ExprKind::Match(kind) => self.match_expr(kind),
            ExprKind::Loop(body) => self.task("loop", Task::Block(*body), &[]),
            ExprKind::Yield(value) => self.exprs("yield", value.as_slice()),
            ExprKind::YieldFrom(value) => self.exprs("yield*", &[*value]),
            ExprKind::Return(value) => self.exprs("return", value.as_slice()),
            ExprKind::Break(value) => self.exprs("break", value.as_slice()),
            ExprKind::Continue => self.put("(continue)"),
        }
    }

    /// `(head expr expr)`
    fn exprs(&mut self, head: &str, exprs: &[ExprId]) {
        self.form(head, exprs, |d, id| d.expr(*id));
    }

    fn compare(&mut self, first: ExprId, rest: &[CompareLink]) {
        self.put("(");
        self.expr(first);
        for link in rest {
            self.fmt(format_args!(" {} ", link.op.as_str()));
            self.expr(link.rhs);
        }
        self.put(")");
    }

    fn call(&mut self, head: &str, callee: ExprId, args: &[Arg]) {
        self.fmt(format_args!("({head} "));
        self.expr(callee);
        self.args(args);
        self.put(")");
    }

    fn instantiate(&mut self, inst: &Instantiate) {
        self.put("(inst ");
        self.expr(inst.base);
        for &ty in &inst.types {
            self.put(" ");
            self.ty(ty);
        }
        self.put(if inst.index.is_some() { " or-index)" } else { ")" });
    }

    fn task(&mut self, head: &str, task: Task, options: &[Arg]) {
        self.fmt(format_args!("({head}"));
        match task {
            Task::Expr(expr) => {
                self.put(" ");
                self.expr(expr);
            }
            Task::Block(block) => self.block(block),
        }
        if !options.is_empty() {
            self.put(" with");
            self.args(options);
        }
        self.put(")");
    }

    fn fpart(&mut self, part: &FPart) {
        match part {
            FPart::Text(text) => self.fmt(format_args!("{text:?}")),
            FPart::Value { value, spec, .. } => {
                self.put("{");
                self.expr(*value);
                if let Some(spec) = spec {
                    self.format_spec(spec);
                }
                self.put("}");
            }
        }
    }

    fn format_spec(&mut self, spec: &FormatSpec) {
        self.put(" :");
        if let Some(align) = spec.align {
            self.fmt(format_args!(" {align:?} fill {:?}", spec.fill));
        }
        match spec.sign {
            Sign::Minus => {}
            Sign::Plus => self.put(" plus"),
            Sign::Blank => self.put(" blank"),
        }
        self.put(if spec.alternate { " #" } else { "" });
        self.put(if spec.zero { " zero" } else { "" });
        if let Some(width) = spec.width {
            self.fmt(format_args!(" width {width}"));
        }
        self.put(if spec.thousands { " ," } else { "" });
        if let Some(precision) = spec.precision {
            self.fmt(format_args!(" .{precision}"));
        }
        if let Some(ty) = spec.ty {
            self.fmt(format_args!(" {}", ty.as_str()));
        }
    }

    fn comp(&mut self, kind: &str, elements: &[ExprId], clauses: &[CompClause]) {
        self.fmt(format_args!("({kind}-of"));
        for &element in elements {
            self.put(" ");
            self.expr(element);
        }
        for clause in clauses {
            match clause {
                CompClause::For { binding, iter } => {
                    self.put(" for ");
                    self.binding(binding);
                    self.put(" in ");
                    self.expr(*iter);
                }
                CompClause::If(cond) => {
                    self.put(" if ");
                    self.expr(*cond);
                }
            }
        }
        self.put(")");
    }

    fn slice(&mut self, slice: &Slice) {
        self.put("(slice ");
        self.expr(slice.base);
        for part in [slice.lo, slice.hi, slice.step] {
            self.put(" ");
            match part {
                Some(part) => self.expr(part),
                None => self.put("_"),
            }
        }
        self.put(")");
    }

    fn args(&mut self, args: &[Arg]) {
        for arg in args {
            self.put(" ");
            match arg.kind {
                ArgKind::Positional => {}
                ArgKind::Named(name) => self.fmt(format_args!("{}: ", name.name)),
                ArgKind::Update => self.put(".."),
            }
            self.expr(arg.value);
        }
    }

    fn if_expr(&mut self, kind: &If) {
        for (n, arm) in kind.arms.iter().enumerate() {
            self.put(if n == 0 { "(if " } else { " elif " });
            self.cond(arm.cond);
            self.block(arm.body);
        }
        if let Some(body) = kind.else_body {
            self.put(" else");
            self.block(body);
        }
        self.put(")");
    }

    fn match_expr(&mut self, kind: &Match) {
        self.put("(match ");
        self.expr(kind.scrutinee);
        self.end();
        self.indent += 1;
        for arm in &kind.arms {
            self.begin();
            self.put("case ");
            self.pat(arm.pat);
            self.guard(arm.guard);
            self.block(arm.body);
            self.end();
        }
        self.indent -= 1;
        self.begin();
        self.put(")");
    }

    fn guard(&mut self, guard: Option<ExprId>) {
        if let Some(guard) = guard {
            self.put(" if ");
            self.expr(guard);
        }
    }

    fn receive(&mut self, arms: &[ReceiveArm]) {
        self.put("(receive\n");
        self.indent += 1;
        for arm in arms {
            self.begin();
            match arm.kind {
                ReceiveKind::Case(pat) => self.pats("case", &[pat]),
                ReceiveKind::Down { pid, reason } => self.pats("down", &[pid, reason]),
                ReceiveKind::Exit { pid, reason } => self.pats("exit", &[pid, reason]),
                ReceiveKind::After(timeout) => {
                    self.put("after ");
                    self.expr(timeout);
                }
            }
            self.guard(arm.guard);
            self.block(arm.body);
            self.end();
        }
        self.indent -= 1;
        self.begin();
        self.put(")");
    }

    // ----------------------------------------------------------------- patterns and types

    fn pats(&mut self, word: &str, pats: &[PatId]) {
        self.put(word);
        for &pat in pats {
            self.put(" ");
            self.pat(pat);
        }
    }

    fn pat(&mut self, id: PatId) {
        match &self.ast.pats[id].kind {
            PatKind::Error => self.put("<error pat>"),
            PatKind::Wild => self.put("_"),
            PatKind::Name(name) => self.put(name.as_str()),
            PatKind::Path(path) => self.path(path),
            PatKind::At { name, pat } => {
                self.fmt(format_args!("{} @ ", name.name));
                self.pat(*pat);
            }
            PatKind::Lit(literal) => self.pat_lit(literal),
            PatKind::Range { lo, hi, inclusive } => {
                lo.iter().for_each(|lo| self.pat_lit(lo));
                self.put(if *inclusive { "..=" } else { ".." });
                hi.iter().for_each(|hi| self.pat_lit(hi));
            }
            PatKind::Tuple(pats) => self.form("tuple", pats, |d, pat| d.pat(*pat)),
            PatKind::List { before, rest, after } => {
                self.put("(list");
                for &pat in before {
                    self.put(" ");
                    self.pat(pat);
                }
                if let Some(rest) = rest {
                    self.fmt(format_args!(
                        " ..{}",
                        rest.name.map_or("", |name| name.name.as_str())
                    ));
                }
                for &pat in after {
                    self.put(" ");
                    self.pat(pat);
                }
                self.put(")");
            }
            PatKind::Ctor { path, args, rest } => {
                self.put("(");
                self.path(path);
                for arg in args {
                    self.put(" ");
                    if let Some(name) = arg.name {
                        self.fmt(format_args!("{}: ", name.name));
                    }
                    self.pat(arg.pat);
                }
                self.put(if rest.is_some() { " ..)" } else { ")" });
            }
            PatKind::Type { ty, pat } => {
                self.put("(type ");
                self.ty(*ty);
                self.put(" ");
                self.pat(*pat);
                self.put(")");
            }
            PatKind::Or(pats) => self.form("|", pats, |d, pat| d.pat(*pat)),
        }
    }

    fn pat_lit(&mut self, literal: &PatLit) {
        match literal {
            PatLit::Int(value) => self.fmt(format_args!("{}", value.value())),
            PatLit::Float(value) => self.fmt(format_args!("{value:?}")),
            PatLit::Bool(value) => self.fmt(format_args!("{value}")),
            PatLit::Nil => self.put("nil"),
            PatLit::Char(value) => self.fmt(format_args!("{value:?}")),
            PatLit::Str(value) => self.fmt(format_args!("{value:?}")),
            PatLit::Bytes(value) => self.fmt(format_args!("b\"{}\"", value.escape_ascii())),
            PatLit::Symbol(value) => self.fmt(format_args!(":{value}")),
        }
    }

    fn ty(&mut self, id: TypeId) {
        match &self.ast.types[id].kind {
            TypeKind::Error => self.put("<error type>"),
            TypeKind::Path { path, args } => {
                self.path(path);
                if !args.is_empty() {
                    self.put("[");
                    self.types(args);
                    self.put("]");
                }
            }
            TypeKind::SelfType => self.put("Self"),
            TypeKind::Nil => self.put("nil"),
            TypeKind::Infer => self.put("_"),
            TypeKind::List(element) => {
                self.put("[");
                self.ty(*element);
                self.put("]");
            }
            TypeKind::Dict { key, value } => {
                self.put("{");
                self.ty(*key);
                self.put(": ");
                self.ty(*value);
                self.put("}");
            }
            TypeKind::Set(element) => {
                self.put("{");
                self.ty(*element);
                self.put("}");
            }
            TypeKind::Tuple(types) => {
                self.put("(");
                self.types(types);
                self.put(")");
            }
            TypeKind::Option(inner) => {
                self.ty(*inner);
                self.put("?");
            }
            TypeKind::Fn { params, ret, mailbox } => {
                self.put("fn(");
                self.types(params);
                self.put(")");
                for (sign, ty) in [(" -> ", ret), (" of ", mailbox)] {
                    if let Some(ty) = ty {
                        self.put(sign);
                        self.ty(*ty);
                    }
                }
            }
            TypeKind::Dyn(inner) => {
                self.put("dyn ");
                self.ty(*inner);
            }
        }
    }

    fn types(&mut self, types: &[TypeId]) {
        self.spaced(types, |d, ty| d.ty(*ty));
    }
}
