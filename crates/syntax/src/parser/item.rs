//! Declarations, and the file as a whole.

use super::fns::BodyRule;
use super::stmt::Stmts;
use super::{Parser, boxed};
use crate::ast::*;
use crate::token::TokenKind;
use sepal_base::{Diagnostic, Span, Symbol, codes};
use smallvec::SmallVec;

/// What has been read of a type's body.
#[derive(Default)]
struct Members {
    fields: SmallVec<[Field; 4]>,
    variants: SmallVec<[Variant; 4]>,
    invariants: SmallVec<[Contract; 1]>,
    methods: SmallVec<[ItemId; 4]>,
}

/// Whose body is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Struct,
    Class,
    Enum,
    Trait,
    Impl,
}

impl Owner {
    fn word(self) -> &'static str {
        match self {
            Owner::Struct => "struct",
            Owner::Class => "class",
            Owner::Enum => "enum",
            Owner::Trait => "trait",
            Owner::Impl => "impl",
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Owner::Struct => "a field `name: type` or a function",
            Owner::Class => "a field (`let` or `var`), `invariant` or a function",
            Owner::Enum => "a variant or a function",
            Owner::Trait | Owner::Impl => "a function",
        }
    }
}

impl Parser<'_> {
    /// The whole file.
    pub(super) fn module(&mut self) {
        self.ast.doc = self.doc_lines(0..self.pos, TokenKind::ModuleDoc);
        let mut body: Vec<Entry> = Vec::new();
        while !self.at(TokenKind::Eof) {
            if self.stray_layout() {
                continue;
            }
            let start = self.pos;
            let entry = self.entry();
            body.push(entry);
            self.end_of_stmt(start);
        }
        self.ast.body = body.into_boxed_slice();
    }

    fn entry(&mut self) -> Entry {
        if self.at(TokenKind::Let) {
            return Entry::Item(self.item());
        }
        let stmt = self.stmt();
        if let StmtKind::Item(item) = self.ast.stmts[stmt].kind {
            return Entry::Item(item);
        }
        Entry::Stmt(stmt)
    }

    /// The text of the comments of one kind in a range of tokens.
    fn doc_lines(&self, range: std::ops::Range<usize>, kind: TokenKind) -> Option<Box<str>> {
        let mut lines: Option<String> = None;
        for index in range.filter(|&i| self.tokens.kind(i) == kind) {
            let text = &self.tokens.text(index, self.source)[3..];
            let text = text.strip_prefix(' ').unwrap_or(text).trim_end();
            match &mut lines {
                Some(lines) => {
                    lines.push('\n');
                    lines.push_str(text);
                }
                None => lines = Some(text.to_owned()),
            }
        }
        lines.map(String::into_boxed_str)
    }

    /// The doc comment before the current token.
    fn doc_before(&self) -> Option<Box<str>> {
        let part = |kind: TokenKind| {
            kind.is_trivia() || matches!(kind, TokenKind::Indent | TokenKind::Dedent)
        };
        let mut start = self.pos;
        while start > 0 && part(self.tokens.kind(start - 1)) {
            start -= 1;
        }
        self.doc_lines(start..self.pos, TokenKind::DocComment)
    }

    /// Whether a declaration other than `let` begins here.
    pub(super) fn at_item(&self) -> bool {
        let next = self.next();
        match self.kind {
            TokenKind::Struct
            | TokenKind::Class
            | TokenKind::Enum
            | TokenKind::Trait
            | TokenKind::Impl
            | TokenKind::Import
            | TokenKind::Extern
            | TokenKind::Pub
            | TokenKind::At => true,
            // A reserved word in the place of the name is reported there.
            TokenKind::Fn => {
                next.is_name()
                    || next.is_keyword()
                    || next == TokenKind::Star && self.next_but_one().is_name()
            }
            TokenKind::Async => next == TokenKind::Fn && self.next_but_one() != TokenKind::LParen,
            TokenKind::From | TokenKind::Actor | TokenKind::Type => next.is_name(),
            _ => self.at_named_lambda(),
        }
    }

    /// `name = fn(…)`, which defines a function at the top level.
    fn at_named_lambda(&self) -> bool {
        self.depth == 0
            && self.kind.is_name()
            && self.next() == TokenKind::Eq
            && matches!(self.next_but_one(), TokenKind::Fn | TokenKind::Async)
            && {
                let third = self.index_after(self.index_after(self.index_after(self.pos)));
                let after = self.tokens.kind(third);
                self.next_but_one() == TokenKind::Fn || after == TokenKind::Fn
            }
    }

    /// A declaration with its attributes.
    pub(super) fn item(&mut self) -> ItemId {
        let doc = self.doc_before();
        let lo = self.lo();
        let attrs = self.attrs();
        let public = self.at(TokenKind::Pub).then(|| {
            let span = self.span();
            self.bump();
            span
        });
        let rule = if attrs.is_empty() { BodyRule::Required } else { BodyRule::Optional };
        let kind = self.item_kind(rule, attrs.first());
        let span = self.span_from(lo);
        self.ast.items.push(Item { span, doc, attrs, public, kind })
    }

    /// `@name` and `@name(args)`, each on a line of its own or before the declaration.
    fn attrs(&mut self) -> Box<[Attr]> {
        let mut attrs: SmallVec<[Attr; 1]> = SmallVec::new();
        while self.at(TokenKind::At) {
            let lo = self.lo();
            self.bump();
            let name = self.ident("an attribute's name");
            let mut args: SmallVec<[ExprId; 1]> = SmallVec::new();
            if self.eat(TokenKind::LParen) {
                self.list(TokenKind::RParen, |p| {
                    let arg = p.expr();
                    args.push(arg);
                });
            }
            attrs.push(Attr { span: self.span_from(lo), name, args: boxed(&args) });
            self.eat(TokenKind::Newline);
        }
        attrs.into_boxed_slice()
    }

    fn item_kind(&mut self, rule: BodyRule, attr: Option<&Attr>) -> ItemKind {
        match self.kind {
            TokenKind::Fn | TokenKind::Async => ItemKind::Fn(self.named_fn(rule)),
            TokenKind::Struct => self.struct_decl(),
            TokenKind::Class => self.class_decl(),
            TokenKind::Enum => self.enum_decl(),
            TokenKind::Trait => self.trait_decl(),
            TokenKind::Impl => self.impl_decl(),
            TokenKind::Import => self.import(),
            TokenKind::Extern => self.extern_fn(),
            TokenKind::Let => ItemKind::Let(self.let_decl()),
            TokenKind::From if self.next().is_name() => self.import_names(),
            TokenKind::Actor if self.next().is_name() => self.actor_decl(),
            TokenKind::Type if self.next().is_name() => self.type_alias(),
            _ if self.at_named_lambda() => self.named_lambda(),
            _ if self.at_foreign_fn() => ItemKind::Fn(self.named_fn(rule)),
            _ => {
                self.no_item(attr);
                ItemKind::Error
            }
        }
    }

    fn no_item(&mut self, attr: Option<&Attr>) {
        if self.at(TokenKind::Var) {
            let message =
                "a module has no variables, so there is none to export; constants are `pub let`";
            return self.error(codes::MISPLACED_SYNTAX, self.span(), message);
        }
        if let Some(attr) = attr {
            let message = "the attribute stands before nothing that could have it";
            return self.error(codes::STRAY_ATTRIBUTE, attr.span, message);
        }
        self.unexpected(codes::UNEXPECTED_TOKEN, "a declaration");
    }

    /// `fn name(…): …`
    fn named_fn(&mut self, rule: BodyRule) -> FnId {
        let lo = self.lo();
        let foreign = self.at(TokenKind::Ident);
        let flavour = self.fn_word();
        let name = self.ident("the function's name");
        if foreign {
            return self.foreign_function(lo, name, rule);
        }
        self.function(lo, flavour, Some(name), rule)
    }

    /// `name = fn(…): …`
    fn named_lambda(&mut self) -> ItemKind {
        let lo = self.lo();
        let name = self.take_ident();
        self.bump();
        let flavour = self.fn_word();
        ItemKind::Fn(self.function(lo, flavour, Some(name), BodyRule::Required))
    }

    /// `extern "C" fn name(…) -> T`
    fn extern_fn(&mut self) -> ItemKind {
        self.bump();
        let abi = if self.at(TokenKind::Str) {
            let span = self.span();
            let name = Symbol::intern(self.text().trim_matches('"'));
            self.bump();
            Ident { name, span }
        } else {
            self.unexpected(codes::UNEXPECTED_TOKEN, "`\"C\"`");
            Ident { name: Symbol::intern("C"), span: self.span().start() }
        };
        let lo = self.lo();
        if !self.at(TokenKind::Fn) {
            self.unexpected(codes::UNEXPECTED_TOKEN, "`fn`");
            return ItemKind::Error;
        }
        let flavour = self.fn_word();
        let name = self.ident("the function's name");
        let func = self.function(lo, flavour, Some(name), BodyRule::Forbidden);
        ItemKind::ExternFn(ExternFn { abi, func })
    }

    // ----------------------------------------------------------------- imports

    /// `import a.b as c`
    fn import(&mut self) -> ItemKind {
        self.bump();
        let path = self.path();
        let alias = self.alias();
        if self.at(TokenKind::Comma) {
            let span = self.span();
            self.error(codes::UNEXPECTED_TOKEN, span, "each `import` names one module");
        }
        ItemKind::Import(Import { path, alias })
    }

    fn alias(&mut self) -> Option<Ident> {
        self.eat(TokenKind::As).then(|| self.ident("a name"))
    }

    /// `from a.b import c, d as e`; the names may stand in round brackets.
    fn import_names(&mut self) -> ItemKind {
        self.bump();
        let path = self.path();
        let mut names: SmallVec<[ImportName; 4]> = SmallVec::new();
        if self.expect(TokenKind::Import) {
            if self.at(TokenKind::Star) {
                let span = self.span();
                let message = "the names to import are listed; there is no `*`";
                self.error(codes::EXPECTED_NAME, span, message);
            } else if self.eat(TokenKind::LParen) {
                self.list(TokenKind::RParen, |p| {
                    let name = p.import_name();
                    names.push(name);
                });
            } else {
                loop {
                    let name = self.import_name();
                    names.push(name);
                    if !self.eat(TokenKind::Comma) {
                        break;
                    }
                }
            }
        }
        ItemKind::FromImport(FromImport { path, names: names.into_boxed_slice() })
    }

    fn import_name(&mut self) -> ImportName {
        let name = self.ident("a name");
        ImportName { name, alias: self.alias() }
    }

    // ----------------------------------------------------------------- types

    fn type_alias(&mut self) -> ItemKind {
        self.bump();
        let name = self.take_ident();
        let generics = self.generics();
        let ty = if self.expect(TokenKind::Eq) {
            self.ty()
        } else {
            let span = self.span().start();
            self.ast.types.push(Type { span, kind: TypeKind::Error })
        };
        ItemKind::TypeAlias(TypeAlias { name, generics, ty })
    }

    fn struct_decl(&mut self) -> ItemKind {
        self.bump();
        let name = self.ident("the struct's name");
        let generics = self.generics();
        let Members { fields, invariants, methods, .. } = self.members(Owner::Struct);
        ItemKind::Struct(StructDecl {
            name,
            generics,
            fields: fields.into_boxed_slice(),
            invariants: invariants.into_boxed_slice(),
            methods: methods.into_boxed_slice(),
        })
    }

    fn class_decl(&mut self) -> ItemKind {
        self.bump();
        let name = self.ident("the class's name");
        let generics = self.generics();
        // `class C(A):`, `class C extends A:`
        if self.at(TokenKind::LParen) || self.kind.is_name() {
            let message = "classes do not inherit from each other; traits take that place";
            self.report(Diagnostic::new(codes::MISPLACED_SYNTAX, self.span(), message));
            self.skip_to(&[TokenKind::Colon, TokenKind::Newline]);
        }
        let Members { fields, invariants, methods, .. } = self.members(Owner::Class);
        ItemKind::Class(ClassDecl {
            name,
            generics,
            fields: fields.into_boxed_slice(),
            invariants: invariants.into_boxed_slice(),
            methods: methods.into_boxed_slice(),
        })
    }

    fn enum_decl(&mut self) -> ItemKind {
        self.bump();
        let name = self.ident("the enum's name");
        let generics = self.generics();
        let Members { variants, methods, .. } = self.members(Owner::Enum);
        ItemKind::Enum(EnumDecl {
            name,
            generics,
            variants: variants.into_boxed_slice(),
            methods: methods.into_boxed_slice(),
        })
    }

    fn trait_decl(&mut self) -> ItemKind {
        self.bump();
        let name = self.ident("the trait's name");
        let generics = self.generics();
        let Members { methods, .. } = self.members(Owner::Trait);
        ItemKind::Trait(TraitDecl { name, generics, methods: methods.into_boxed_slice() })
    }

    /// `impl[T] Trait for Type: …`, `impl Type: …`
    fn impl_decl(&mut self) -> ItemKind {
        self.bump();
        let generics = if self.impl_has_generics() { self.generics() } else { Box::default() };
        let first = self.ty();
        let (trait_ref, self_ty) =
            if self.eat(TokenKind::For) { (Some(first), self.ty()) } else { (None, first) };
        if let Some(trait_ref) = trait_ref
            && !matches!(self.ast.types[trait_ref].kind, TypeKind::Path { .. } | TypeKind::Error)
        {
            let span = self.ast.types[trait_ref].span;
            self.report(Diagnostic::new(codes::EXPECTED_TYPE, span, "before `for` stands a trait"));
        }
        let Members { methods, .. } = self.members(Owner::Impl);
        ItemKind::Impl(ImplDecl {
            generics,
            trait_ref,
            self_ty,
            methods: methods.into_boxed_slice(),
        })
    }

    /// Whether a bracket behind `impl` holds type parameters, `impl[T] Show for [T]:`, and is not
    /// itself the type, `impl [int]:`.
    fn impl_has_generics(&self) -> bool {
        self.at(TokenKind::LBracket)
            && self.kind_after_bracket().is_some_and(|next| {
                next.is_name()
                    || matches!(
                        next,
                        TokenKind::LBracket
                            | TokenKind::LBrace
                            | TokenKind::LParen
                            | TokenKind::Fn
                            | TokenKind::Dyn
                            | TokenKind::Nil
                    )
            })
    }

    // ----------------------------------------------------------------- bodies of types

    fn members(&mut self, owner: Owner) -> Members {
        let mut members = Members::default();
        self.colon(owner.word());
        if !self.at(TokenKind::Newline) {
            self.inline_members(owner, &mut members);
            return members;
        }
        if self.next() != TokenKind::Indent {
            let message = format!("expected an indented body of the {}", owner.word());
            let diagnostic = Diagnostic::new(codes::EXPECTED_BLOCK, self.span(), message)
                .help("a type without members has `pass` as its body");
            self.report(diagnostic);
            self.skip_fields_at_margin();
            return members;
        }
        self.bump();
        self.bump();
        self.recovering = false;
        let outer = std::mem::replace(&mut self.inline, false);
        while !self.at(TokenKind::Dedent) && !self.at(TokenKind::Eof) {
            if !self.stray_layout() {
                let start = self.pos;
                self.nested(|p| p.member_of(owner, &mut members), |_| ());
                self.end_of_stmt(start);
            }
        }
        self.inline = outer;
        self.eat(TokenKind::Dedent);
        members
    }

    /// The fields that were to be the body, and are not indented.
    fn skip_fields_at_margin(&mut self) {
        while self.next().is_name() && self.next_but_one() == TokenKind::Colon {
            self.bump();
            self.skip_to(&[TokenKind::Newline]);
        }
    }

    /// `enum Colour: Red, Green`, `struct Empty: pass`
    fn inline_members(&mut self, owner: Owner, members: &mut Members) {
        let outer = std::mem::replace(&mut self.inline, true);
        self.nested(|p| p.member_of(owner, members), |_| ());
        self.inline = outer;
    }

    fn member_of(&mut self, owner: Owner, members: &mut Members) {
        let lo = self.lo();
        let doc = self.doc_before();
        let next = self.next();
        let at_fn = match self.kind {
            TokenKind::Fn | TokenKind::At => true,
            TokenKind::Async => next == TokenKind::Fn,
            TokenKind::Pub => matches!(next, TokenKind::Fn | TokenKind::Async),
            _ => self.at_foreign_fn(),
        };
        if at_fn {
            let method = self.method(owner);
            return members.methods.push(method);
        }
        let with_fields = matches!(owner, Owner::Struct | Owner::Class);
        if self.at(TokenKind::Pass) {
            self.bump();
        } else if self.at(TokenKind::Invariant) && next != TokenKind::Colon && with_fields {
            let contract = self.contract(ContractKind::Invariant);
            members.invariants.push(contract);
        } else if with_fields {
            let field = self.field(lo, doc, owner);
            members.fields.extend(field);
        } else if owner == Owner::Enum && (self.kind.is_name() || self.at(TokenKind::Case)) {
            self.variants(doc, members);
        } else {
            self.unexpected(codes::UNEXPECTED_TOKEN, owner.expected());
        }
    }

    fn method(&mut self, owner: Owner) -> ItemId {
        let doc = self.doc_before();
        let lo = self.lo();
        let attrs = self.attrs();
        let public = self.at(TokenKind::Pub).then(|| {
            let span = self.span();
            self.bump();
            span
        });
        let required = owner != Owner::Trait && attrs.is_empty();
        let rule = if required { BodyRule::Required } else { BodyRule::Optional };
        let is_fn = matches!(self.kind, TokenKind::Fn | TokenKind::Async) || self.at_foreign_fn();
        let kind = if is_fn {
            if self.at(TokenKind::Ident) {
                let span = self.span();
                let message =
                    format!("there is no `{}`: a function is defined by `fn`", self.text());
                self.report(
                    Diagnostic::new(codes::FOREIGN_SYNTAX, span, message)
                        .suggest(span, "fn", "use `fn`"),
                );
            }
            ItemKind::Fn(self.named_fn(rule))
        } else {
            self.unexpected(codes::UNEXPECTED_TOKEN, "a function");
            ItemKind::Error
        };
        let span = self.span_from(lo);
        self.ast.items.push(Item { span, doc, attrs, public, kind })
    }

    /// `name: type = default`, in a class with `let` or `var` before it.
    fn field(&mut self, lo: u32, doc: Option<Box<str>>, owner: Owner) -> Option<Field> {
        let public = self.at(TokenKind::Pub).then(|| self.span());
        if public.is_some() {
            self.bump();
        }
        let word = self.span();
        let kind = match self.kind {
            TokenKind::Let => Some(FieldKind::Let),
            TokenKind::Var => Some(FieldKind::Var),
            _ => None,
        };
        if kind.is_some() {
            self.bump();
        }
        if !self.kind.is_name() {
            self.unexpected(codes::EXPECTED_NAME, owner.expected());
            return None;
        }
        let kind = self.field_kind(owner, kind, word);
        let name = self.take_ident();
        let ty = self.eat(TokenKind::Colon).then(|| self.ty());
        let default = self.eat(TokenKind::Eq).then(|| self.expr_maybe_indented());
        if ty.is_none() && (owner == Owner::Struct || default.is_none()) {
            let message = format!("the type of the field `{}` is missing", name.name);
            self.fail(
                Diagnostic::new(codes::EXPECTED_TYPE, name.span, message)
                    .help("a field is written `name: type`, or `name: type = default`"),
            );
        }
        Some(Field { span: self.span_from(lo), doc, public, kind, name, ty, default })
    }

    fn field_kind(&mut self, owner: Owner, word: Option<FieldKind>, span: Span) -> FieldKind {
        match (owner, word) {
            (Owner::Class, Some(kind)) => kind,
            (Owner::Class, None) => {
                self.report(
                    Diagnostic::new(
                        codes::UNEXPECTED_TOKEN,
                        span,
                        "a field of a class is declared by `let` or `var`",
                    )
                    .suggest(
                        span.start(),
                        "var ",
                        "write `var`, or `let` if it is never assigned",
                    ),
                );
                FieldKind::Var
            }
            (_, Some(_)) => {
                let message = "a field of a struct is written without `let` or `var`";
                self.report(Diagnostic::new(codes::UNEXPECTED_TOKEN, span, message).help(
                    "whether it can be assigned depends on the variable that holds the struct",
                ));
                FieldKind::Plain
            }
            (_, None) => FieldKind::Plain,
        }
    }

    /// `Circle(radius: float)`; several on a line have commas between them.
    fn variants(&mut self, doc: Option<Box<str>>, members: &mut Members) {
        let mut doc = doc;
        loop {
            if self.at(TokenKind::Case) {
                let span = self.span();
                self.report(
                    Diagnostic::new(
                        codes::FOREIGN_SYNTAX,
                        span,
                        "a variant is written without `case`",
                    )
                    .suggest(span, "", "leave it out"),
                );
                self.bump();
            }
            let lo = self.lo();
            let name = self.ident("a variant's name");
            let mut fields: SmallVec<[VariantField; 4]> = SmallVec::new();
            if self.eat(TokenKind::LParen) {
                self.list(TokenKind::RParen, |p| {
                    let field = p.variant_field();
                    fields.push(field);
                });
            }
            if self.at(TokenKind::Eq) {
                let message = "variants have no numbers; a method can give them";
                self.error(codes::UNEXPECTED_TOKEN, self.span(), message);
            }
            let span = self.span_from(lo);
            let fields = fields.into_boxed_slice();
            members.variants.push(Variant { span, doc: doc.take(), name, fields });
            if !self.eat(TokenKind::Comma)
                || matches!(self.kind, TokenKind::Newline | TokenKind::Dedent)
            {
                break;
            }
        }
    }

    fn variant_field(&mut self) -> VariantField {
        let lo = self.lo();
        let name = (self.kind.is_name() && self.next() == TokenKind::Colon).then(|| {
            let name = self.take_ident();
            self.bump();
            name
        });
        let ty = self.ty();
        VariantField { span: self.span_from(lo), name, ty }
    }

    // ----------------------------------------------------------------- actors

    /// `actor Name[T](params) of M: …`, with `terminate` at its end.
    fn actor_decl(&mut self) -> ItemKind {
        self.bump();
        let name = self.take_ident();
        let generics = self.generics();
        let params = if self.at(TokenKind::LParen) { self.actor_params() } else { Box::default() };
        let mailbox = self.eat(TokenKind::Of).then(|| self.ty());
        self.colon("actor");
        let mut terminate = None;
        let body = self.block_of("actor", |p, stmts| p.actor_body(stmts, &mut terminate));
        ItemKind::Actor(ActorDecl { name, generics, params, mailbox, body, terminate })
    }

    fn actor_params(&mut self) -> Box<[Param]> {
        let (self_param, params) = self.params();
        if let Some(param) = self_param {
            let message = "an actor has no `self`; its variables are in scope";
            self.report(Diagnostic::new(codes::MISPLACED_SYNTAX, param.span, message));
        }
        params
    }

    fn actor_body(&mut self, stmts: &mut Stmts, terminate: &mut Option<Terminate>) {
        while !self.at(TokenKind::Dedent) && !self.at(TokenKind::Eof) {
            if self.stray_layout() {
                continue;
            }
            let start = self.pos;
            if self.at_terminate() {
                let part = self.terminate();
                if let Some(first) = terminate {
                    self.report(
                        Diagnostic::new(
                            codes::MISPLACED_SYNTAX,
                            part.span,
                            "an actor has one `terminate`",
                        )
                        .secondary(first.span, "the first is here"),
                    );
                }
                terminate.get_or_insert(part);
            } else {
                if terminate.is_some() {
                    let message = "`terminate` is the last part of an actor";
                    self.report(Diagnostic::new(codes::MISPLACED_SYNTAX, self.span(), message));
                }
                let stmt = self.stmt();
                stmts.push(stmt);
            }
            self.end_of_stmt(start);
        }
    }

    pub(super) fn at_terminate(&self) -> bool {
        let reason = self.next().is_name() || self.next() == TokenKind::Underscore;
        let named = reason && self.next_but_one() == TokenKind::Colon;
        self.at(TokenKind::Terminate) && (named || self.next() == TokenKind::Colon)
    }

    /// `terminate` anywhere else.
    pub(super) fn stray_terminate(&mut self) -> StmtKind {
        let message = "`terminate` stands at the end of an actor, in the column of its statements";
        let diagnostic = Diagnostic::new(codes::MISPLACED_SYNTAX, self.span(), message);
        self.report(diagnostic.help("`defer` is for the end of a function"));
        self.terminate();
        StmtKind::Pass
    }

    fn terminate(&mut self) -> Terminate {
        let lo = self.lo();
        self.bump();
        let reason = self.kind.is_name().then(|| self.take_ident());
        if reason.is_none() {
            self.eat(TokenKind::Underscore);
        }
        let body = self.suite("terminate");
        Terminate { span: self.span_from(lo), reason, body }
    }
}
