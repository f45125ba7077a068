//! The program as text, for people and tests.
//!
//! Must never leave out what lowering acts on; spans are the exception.

use crate::ir::*;
use crate::program::Program;
use crate::ty::Ty;
use sepal_syntax::ast;
use std::fmt::Write;
use std::rc::Rc;

/// Every function outside the standard library that has a body.
pub fn dump(program: &mut Program) -> String {
    let mut out = String::new();
    let mut next = FnId(0);
    while next.0 < program.items.fns.len() as u32 {
        let def = &program.items.fns[next];
        let is_std = program.items.modules[def.module].is_std;
        if !is_std && program.bodies.contains_key(&next) {
            out.push_str(&program.dump_fn(next));
            out.push('\n');
        }
        next = FnId(next.0 + 1);
    }
    out
}

impl Program {
    /// The header of a function: its type parameters, parameters and result.
    pub fn dump_signature(&self, id: FnId) -> String {
        let def = &self.items.fns[id];
        let mut out = format!("fn {}", def.trace_name);
        if !def.generics.params.is_empty() {
            let names: Vec<&str> =
                def.generics.params.iter().map(|param| param.name.as_str()).collect();
            let _ = write!(out, "[{}]", names.join(", "));
        }
        let params: Vec<String> = def
            .params
            .iter()
            .enumerate()
            .map(|(i, param)| {
                let var = if i == 0 && def.self_param == SelfKind::InOut { "var " } else { "" };
                format!("{var}{}: {}", param.name, self.type_name(param.ty))
            })
            .collect();
        let _ = write!(out, "({}) -> {}", params.join(", "), self.type_name(def.ret));
        if let Some(mailbox) = def.mailbox {
            let _ = write!(out, " of {}", self.type_name(mailbox));
        }
        let bounds: Vec<String> = def
            .generics
            .bounds
            .iter()
            .map(|bound| {
                format!("{}: {}", self.type_name(bound.ty), self.trait_name(&bound.trait_ref))
            })
            .collect();
        if !bounds.is_empty() {
            let _ = write!(out, " where {}", bounds.join(", "));
        }
        out
    }

    /// A function with its body.
    pub fn dump_fn(&mut self, id: FnId) -> String {
        let body = self.body(id);
        let signature = self.dump_signature(id);
        let mut dumper = Dumper { prog: self, body, out: signature, indent: 0 };
        dumper.out.push('\n');
        dumper.indented(|d| d.line_expr(d.body.root));
        dumper.out
    }
}

struct Dumper<'p> {
    prog: &'p Program,
    body: Rc<Body>,
    out: String,
    indent: usize,
}

impl Dumper<'_> {
    fn indented(&mut self, run: impl FnOnce(&mut Self)) {
        self.indent += 1;
        run(self);
        self.indent -= 1;
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{:1$}{text}", "", self.indent * 2);
    }

    fn ty(&self, ty: Ty) -> String {
        self.prog.type_name(ty)
    }

    fn local(&self, local: LocalId) -> String {
        let def = &self.body.locals[local];
        let name = if def.name.as_str().is_empty() { "_" } else { def.name.as_str() };
        let cell = if def.cell { "&" } else { "" };
        format!("{cell}{name}#{}", local.0)
    }

    fn callee(&self, callee: &Callee) -> String {
        let args = |args: &[Ty]| {
            let names: Vec<String> = args.iter().map(|ty| self.ty(*ty)).collect();
            if names.is_empty() { String::new() } else { format!("[{}]", names.join(", ")) }
        };
        let method = |trait_ref: &TraitRef, method: u32| {
            let id = self.prog.items.traits[trait_ref.id].methods[method as usize];
            self.prog.items.fns[id].name
        };
        match callee {
            Callee::Fn { id, args: own } => {
                format!("{}{}", self.prog.items.fns[*id].trace_name, args(own))
            }
            Callee::Trait(of) => format!(
                "<{} as {}>.{}{}",
                self.ty(of.self_ty),
                self.prog.trait_name(&of.trait_ref),
                method(&of.trait_ref, of.method),
                args(&of.args)
            ),
            Callee::Dyn(of) => {
                let name = self.prog.trait_name(&of.trait_ref);
                format!("<dyn {name}>.{}", method(&of.trait_ref, of.method))
            }
        }
    }

    /// An expression that fits on a line, if it does.
    fn inline(&self, id: ExprId) -> Option<String> {
        let Expr { kind, ty, .. } = &self.body.exprs[id];
        let e = |id: &ExprId| self.inline(*id);
        Some(match kind {
            ExprKind::Error => "error".to_string(),
            ExprKind::Lit(lit) => self.lit(lit, *ty),
            ExprKind::Local(local) => self.local(*local),
            ExprKind::Const(id) => self.prog.items.consts[*id].name.to_string(),
            ExprKind::FnRef { callee } => format!("fn {}", self.callee(callee)),
            ExprKind::Call { callee, args, inout } => {
                self.call(&self.callee(callee), inout.as_deref(), args)?
            }
            ExprKind::CallValue { callee, args } => {
                self.call(&format!("({})", e(callee)?), None, args)?
            }
            ExprKind::Construct { variant, fields, base, .. } => {
                self.construct(*ty, *variant, fields, *base)?
            }
            ExprKind::Field { base, field } => {
                let name = self.field_name(self.body.exprs[*base].ty, *field);
                format!("{}.{name}", e(base)?)
            }
            ExprKind::Tuple(elems) => format!("({})", self.all(elems)?),
            ExprKind::TupleField { base, index } => format!("{}.{index}", e(base)?),
            ExprKind::ArrayLit(elems) => format!("array[{}]", self.all(elems)?),
            ExprKind::Unary { op, operand } => format!("{op:?}({})", e(operand)?),
            ExprKind::Binary { op, lhs, rhs } => self.infix(*lhs, binary_sign(*op), *rhs)?,
            ExprKind::Logic { op, lhs, rhs } => self.infix(*lhs, op.as_str(), *rhs)?,
            ExprKind::Is { lhs, rhs } => self.infix(*lhs, "is", *rhs)?,
            ExprKind::Break { target, value } => self.exit("break", Some(*target), *value)?,
            ExprKind::Continue { target } => self.exit("continue", Some(*target), None)?,
            ExprKind::Return(value) => self.exit("return", None, *value)?,
            ExprKind::Coerce { kind, value } => {
                format!("{kind:?}[{}]({})", self.ty(*ty), e(value)?)
            }
            ExprKind::Cast { value } => format!("cast[{}]({})", self.ty(*ty), e(value)?),
            ExprKind::CastWrap { value } => format!("wrap[{}]({})", self.ty(*ty), e(value)?),
            ExprKind::Panic { kind, message } => format!("panic {kind:?} {}", e(message)?),
            ExprKind::Yield(value) => format!("yield {}", e(value)?),
            ExprKind::Await(value) => format!("await {}", e(value)?),
            ExprKind::SelfPid => "self()".to_string(),
            ExprKind::Block { stmts, value: Some(value) } if stmts.is_empty() => e(value)?,
            ExprKind::Block { .. }
            | ExprKind::If { .. }
            | ExprKind::Match { .. }
            | ExprKind::Loop { .. }
            | ExprKind::Assign { .. }
            | ExprKind::Lambda(_)
            | ExprKind::Defer(_)
            | ExprKind::OnTerminate(_)
            | ExprKind::ContractCheck(_)
            | ExprKind::Async(_)
            | ExprKind::Spawn(_)
            | ExprKind::Receive(_) => return None,
        })
    }

    fn all(&self, ids: &[ExprId]) -> Option<String> {
        let parts: Option<Vec<String>> = ids.iter().map(|id| self.inline(*id)).collect();
        Some(parts?.join(", "))
    }

    fn call(&self, callee: &str, inout: Option<&Place>, args: &[ExprId]) -> Option<String> {
        let place = match inout {
            Some(place) => format!("inout {}; ", self.place(place)?),
            None => String::new(),
        };
        Some(format!("{callee}({place}{})", self.all(args)?))
    }

    fn infix(&self, lhs: ExprId, sign: &str, rhs: ExprId) -> Option<String> {
        Some(format!("({} {sign} {})", self.inline(lhs)?, self.inline(rhs)?))
    }

    fn exit(&self, word: &str, target: Option<LoopId>, value: Option<ExprId>) -> Option<String> {
        let target = target.map_or(String::new(), |target| format!(" {}", target.0));
        let value = match value {
            Some(value) => format!(" {}", self.inline(value)?),
            None => String::new(),
        };
        Some(format!("{word}{target}{value}"))
    }

    fn construct(
        &self,
        ty: Ty,
        variant: VariantIdx,
        fields: &[Option<ExprId>],
        base: Option<ExprId>,
    ) -> Option<String> {
        let (adt, _) = ty.as_adt()?;
        let name = self.prog.items.adts[adt].variants[variant].name;
        let mut parts = Vec::new();
        if let Some(base) = base {
            parts.push(format!("..{}", self.inline(base)?));
        }
        for (index, field) in fields.iter().enumerate() {
            let name = self.field_name_of(adt, variant, FieldIdx(index as u32));
            match field {
                Some(field) => parts.push(format!("{name}: {}", self.inline(*field)?)),
                None if base.is_none() => parts.push(format!("{name}: zero")),
                None => {}
            }
        }
        Some(if parts.is_empty() {
            name.to_string()
        } else {
            format!("{name}({})", parts.join(", "))
        })
    }

    fn field_name(&self, ty: Ty, field: FieldIdx) -> String {
        match ty.as_adt() {
            Some((adt, _)) => self.field_name_of(adt, VariantIdx(0), field),
            None => field.0.to_string(),
        }
    }

    fn field_name_of(&self, adt: AdtId, variant: VariantIdx, field: FieldIdx) -> String {
        let def = &self.prog.items.adts[adt].variants[variant].fields[field];
        def.name.map_or_else(|| field.0.to_string(), |name| name.to_string())
    }

    fn lit(&self, lit: &Lit, ty: Ty) -> String {
        match lit {
            Lit::Int(value) if ty == Ty::int() => value.value().to_string(),
            Lit::Int(value) => format!("{}{}", value.value(), self.ty(ty)),
            Lit::Float(value) => format!("{value:?}"),
            Lit::Bool(value) => value.to_string(),
            Lit::Char(value) => format!("{value:?}"),
            Lit::Str(text) => format!("{text:?}"),
            Lit::Bytes(bytes) => format!("b{:?}", String::from_utf8_lossy(bytes)),
            Lit::Symbol(name) => format!(":{name}"),
            Lit::Nil => "nil".to_string(),
        }
    }

    fn place(&self, place: &Place) -> Option<String> {
        let mut out = match &place.root {
            PlaceRoot::Local(local) => self.local(*local),
            PlaceRoot::ClassField { object, field, .. } => {
                format!(
                    "{}.{}",
                    self.inline(*object)?,
                    self.field_name(self.body.exprs[*object].ty, *field)
                )
            }
            PlaceRoot::Element { container, index, .. } => {
                format!("{}[{}]", self.inline(*container)?, self.inline(*index)?)
            }
        };
        for part in &place.path {
            let _ = write!(out, ".{}", self.field_name(part.struct_ty, part.field));
        }
        Some(out)
    }

    // -- Lines -------------------------------------------------------------------------------

    fn line_expr(&mut self, id: ExprId) {
        self.labelled("", id);
    }

    /// `label` and the expression, over as many lines as it needs.
    fn labelled(&mut self, label: &str, id: ExprId) {
        if let Some(text) = self.inline(id) {
            self.line(&format!("{label}{text}"));
            return;
        }
        let body = Rc::clone(&self.body);
        let expr = &body.exprs[id];
        match &expr.kind {
            ExprKind::Block { stmts, value } => self.block(label, stmts, *value),
            ExprKind::If { cond, then, otherwise } => {
                self.labelled(&format!("{label}if "), *cond);
                self.indented(|d| d.line_expr(*then));
                if let Some(otherwise) = otherwise {
                    self.line("else");
                    self.indented(|d| d.line_expr(*otherwise));
                }
            }
            ExprKind::Match { scrutinee, arms } => {
                self.labelled(&format!("{label}match "), *scrutinee);
                self.indented(|d| d.arms(arms));
            }
            ExprKind::Loop { id, body } => {
                self.line(&format!("{label}loop {}", id.0));
                self.indented(|d| d.line_expr(*body));
            }
            ExprKind::Assign { place, current, value } => {
                let place_text = self.place(place).unwrap_or_else(|| "…".to_string());
                let read =
                    current.map_or(String::new(), |local| format!(" with {}", self.local(local)));
                self.labelled(&format!("{label}{place_text}{read} = "), *value);
            }
            ExprKind::Lambda(lambda) => self.lambda(label, lambda),
            ExprKind::Defer(inner) => self.labelled(&format!("{label}defer "), *inner),
            ExprKind::OnTerminate(inner) => self.labelled(&format!("{label}on terminate "), *inner),
            ExprKind::ContractCheck(check) => {
                let (kind, function) = (check.kind.as_str(), check.function);
                self.labelled(
                    &format!("{label}check {kind} in {function} {:?} ", check.text),
                    check.cond,
                );
                if let Some(message) = check.message {
                    self.indented(|d| d.labelled("message ", message));
                }
            }
            ExprKind::Async(inner) => self.labelled(&format!("{label}async "), *inner),
            ExprKind::Spawn(spawn) => {
                self.labelled(&format!("{label}{} ", spawn.kind.as_str()), spawn.body);
                for (option, value) in &spawn.options {
                    self.indented(|d| d.labelled(&format!("{option:?} "), *value));
                }
            }
            ExprKind::Receive(receive) => self.receive(label, receive),
            // Something inline whose parts are not.
            kind => {
                self.line(&format!("{label}{}", kind_name(kind)));
                let mut parts = Vec::new();
                body.children(id, &mut |part| parts.push(part));
                self.indented(|d| parts.iter().for_each(|part| d.line_expr(*part)));
            }
        }
    }

    fn block(&mut self, label: &str, stmts: &[Stmt], value: Option<ExprId>) {
        self.line(&format!("{label}block"));
        self.indented(|d| {
            for stmt in stmts {
                match stmt {
                    Stmt::Expr(e) => d.line_expr(*e),
                    Stmt::Let { pat, value, otherwise } => {
                        let pat_text = d.pat(*pat);
                        d.labelled(
                            &format!("let {pat_text}: {} = ", d.ty(d.body.pats[*pat].ty)),
                            *value,
                        );
                        if let Some(otherwise) = otherwise {
                            d.labelled("else ", *otherwise);
                        }
                    }
                    Stmt::OldCapture { local, value } => {
                        d.labelled(&format!("old {} = ", d.local(*local)), *value)
                    }
                }
            }
            if let Some(value) = value {
                d.labelled("value ", value);
            }
        });
    }

    fn lambda(&mut self, label: &str, lambda: &Lambda) {
        let params: Vec<String> = lambda.params.iter().map(|local| self.local(*local)).collect();
        let captures: Vec<String> =
            lambda.captures.iter().map(|local| self.local(*local)).collect();
        let kind = match lambda.kind {
            LambdaKind::Closure => "",
            LambdaKind::Async => " async",
            LambdaKind::Spawn => " spawn",
        };
        let flavour = lambda.flavour.as_str();
        self.line(&format!(
            "{label}{flavour}{kind} ({}) captures [{}]",
            params.join(", "),
            captures.join(", ")
        ));
        self.indented(|d| d.line_expr(lambda.body));
    }

    fn arms(&mut self, arms: &[Arm]) {
        for arm in arms {
            let pat = self.pat(arm.pat);
            self.line(&format!("case {pat}"));
            self.indented(|d| {
                if let Some(guard) = arm.guard {
                    d.labelled("guard ", guard);
                }
                d.line_expr(arm.body);
            });
        }
    }

    fn receive(&mut self, label: &str, receive: &Receive) {
        self.line(&format!("{label}receive {}", self.ty(receive.message)));
        self.indented(|d| {
            d.arms(&receive.cases);
            for (word, arms) in [("down", &receive.down), ("exit", &receive.exit)] {
                for arm in arms {
                    let (pid, reason) = (d.pat(arm.pid), d.pat(arm.reason));
                    d.line(&format!("{word} {pid}, {reason}"));
                    d.indented(|d| d.line_expr(arm.body));
                }
            }
            if let Some((ms, body)) = receive.after {
                d.labelled("after ", ms);
                d.indented(|d| d.line_expr(body));
            }
        });
    }

    fn pat(&self, id: PatId) -> String {
        let pat = &self.body.pats[id];
        let all = |pats: &[PatId], sep: &str| {
            let parts: Vec<String> = pats.iter().map(|pat| self.pat(*pat)).collect();
            parts.join(sep)
        };
        match &pat.kind {
            PatKind::Error => "error".to_string(),
            PatKind::Wild => "_".to_string(),
            PatKind::Bind { local, sub: None } => self.local(*local),
            PatKind::Bind { local, sub: Some(sub) } => {
                format!("{} @ {}", self.local(*local), self.pat(*sub))
            }
            PatKind::Lit(lit) => self.lit(lit, pat.ty),
            PatKind::Range { lo, hi, inclusive } => {
                let end = |lit: &Option<Lit>| {
                    lit.as_ref().map_or(String::new(), |lit| self.lit(lit, pat.ty))
                };
                format!("{}{}{}", end(lo), if *inclusive { "..=" } else { ".." }, end(hi))
            }
            PatKind::Tuple(elems) => format!("({})", all(elems, ", ")),
            PatKind::List { prefix, rest, suffix } => {
                let mut parts: Vec<String> = prefix.iter().map(|pat| self.pat(*pat)).collect();
                if let Some(rest) = rest {
                    parts.push(format!("..{}", rest.map_or(String::new(), |pat| self.pat(pat))));
                }
                parts.extend(suffix.iter().map(|pat| self.pat(*pat)));
                format!("[{}]", parts.join(", "))
            }
            PatKind::Adt { variant, fields } => {
                let Some((adt, _)) = pat.ty.as_adt() else { return "error".to_string() };
                let name = self.prog.items.adts[adt].variants[*variant].name;
                let parts: Vec<String> = fields
                    .iter()
                    .map(|(field, sub)| {
                        format!("{}: {}", self.field_name_of(adt, *variant, *field), self.pat(*sub))
                    })
                    .collect();
                if parts.is_empty() {
                    name.to_string()
                } else {
                    format!("{name}({})", parts.join(", "))
                }
            }
            PatKind::Or(alternatives) => all(alternatives, " | "),
            PatKind::TypeTest { ty, sub } => format!("is {} {}", self.ty(*ty), self.pat(*sub)),
        }
    }
}

fn binary_sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Arith(op) => op.as_str(),
        BinaryOp::Eq => ast::CmpOp::Eq.as_str(),
        BinaryOp::Ne => ast::CmpOp::Ne.as_str(),
        BinaryOp::Lt => ast::CmpOp::Lt.as_str(),
        BinaryOp::Le => ast::CmpOp::Le.as_str(),
        BinaryOp::Gt => ast::CmpOp::Gt.as_str(),
        BinaryOp::Ge => ast::CmpOp::Ge.as_str(),
    }
}

/// The first word of what an expression is called here.
fn kind_name(kind: &ExprKind) -> String {
    let text = format!("{kind:?}");
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    text[..end].to_lowercase()
}
