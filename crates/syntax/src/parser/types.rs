//! Written types.

use super::{Parser, boxed};
use crate::ast::*;
use crate::token::TokenKind;
use sepal_base::{Diagnostic, codes};
use smallvec::SmallVec;

impl Parser<'_> {
    /// Any type.
    pub(super) fn ty(&mut self) -> TypeId {
        self.nested(Self::optional_type, Self::error_type)
    }

    fn error_type(&mut self) -> TypeId {
        let span = self.span().start();
        self.ast.types.push(Type { span, kind: TypeKind::Error })
    }

    /// A type with any number of `?` behind it.
    fn optional_type(&mut self) -> TypeId {
        let lo = self.lo();
        let mut ty = self.plain_type();
        let mut marks = 0;
        loop {
            let more = match self.kind {
                TokenKind::Question => 1,
                TokenKind::QuestionQuestion => 2,
                _ => break,
            };
            self.bump();
            marks += more;
            if marks > super::MAX_DEPTH {
                self.too_deep();
                break;
            }
            for _ in 0..more {
                ty = self.type_node(lo, TypeKind::Option(ty));
            }
        }
        ty
    }

    fn plain_type(&mut self) -> TypeId {
        let lo = self.lo();
        let kind = match self.kind {
            TokenKind::SelfType => {
                self.bump();
                TypeKind::SelfType
            }
            kind if kind.is_name() => {
                let path = self.path();
                return self.path_type(lo, path);
            }
            TokenKind::Nil => {
                self.bump();
                TypeKind::Nil
            }
            TokenKind::Underscore => {
                self.bump();
                TypeKind::Infer
            }
            TokenKind::LBracket => {
                self.bump();
                let element = self.ty();
                self.close_type(TokenKind::RBracket);
                TypeKind::List(element)
            }
            TokenKind::LBrace => self.brace_type(),
            TokenKind::LParen => return self.tuple_type(lo),
            TokenKind::Fn => self.fn_type(),
            TokenKind::Dyn => {
                self.bump();
                let lo = self.lo();
                let path = self.path();
                TypeKind::Dyn(self.path_type(lo, path))
            }
            _ => {
                self.no_type();
                return self.error_type();
            }
        };
        self.type_node(lo, kind)
    }

    fn no_type(&mut self) {
        if matches!(self.kind, TokenKind::Amp | TokenKind::Star) {
            let message = format!(
                "there are no {} types: lists, dicts and objects are references anyway",
                self.kind.describe()
            );
            return self.error(codes::EXPECTED_TYPE, self.span(), message);
        }
        self.unexpected(codes::EXPECTED_TYPE, "a type");
    }

    /// `a.b.c`
    pub(super) fn path(&mut self) -> Path {
        let mut path: SmallVec<[Ident; 4]> = SmallVec::new();
        let first = self.ident("a name");
        path.push(first);
        while self.at(TokenKind::Dot) {
            self.bump();
            let name = self.ident("a name");
            path.push(name);
        }
        boxed(&path)
    }

    /// A path and its type arguments.
    pub(super) fn path_type(&mut self, lo: u32, path: Path) -> TypeId {
        if self.at(TokenKind::Lt) {
            let span = self.span();
            self.fail(
                Diagnostic::new(
                    codes::FOREIGN_SYNTAX,
                    span,
                    "type arguments stand in square brackets",
                )
                .help("write `List[int]`, and for a list `[int]`"),
            );
        }
        let args = if self.at(TokenKind::LBracket) { self.type_args() } else { Box::default() };
        self.type_node(lo, TypeKind::Path { path, args })
    }

    /// `[A, B]`
    pub(super) fn type_args(&mut self) -> Box<[TypeId]> {
        self.bump();
        self.types(TokenKind::RBracket)
    }

    fn types(&mut self, close: TokenKind) -> Box<[TypeId]> {
        let mut types: SmallVec<[TypeId; 4]> = SmallVec::new();
        self.list(close, |p| {
            let ty = p.ty();
            types.push(ty);
        });
        boxed(&types)
    }

    fn close_type(&mut self, close: TokenKind) {
        if !self.at(close) {
            self.unexpected(codes::UNEXPECTED_TOKEN, close.describe());
        }
        self.bump_closing(close);
    }

    /// `{T}`, `{K: V}`
    fn brace_type(&mut self) -> TypeKind {
        self.bump();
        let first = self.ty();
        let kind = if self.eat(TokenKind::Colon) {
            TypeKind::Dict { key: first, value: self.ty() }
        } else {
            TypeKind::Set(first)
        };
        self.close_type(TokenKind::RBrace);
        kind
    }

    /// `(A, B)`, `(A,)`, `()`; a type in brackets is that type.
    fn tuple_type(&mut self, lo: u32) -> TypeId {
        self.bump();
        let mut types: SmallVec<[TypeId; 4]> = SmallVec::new();
        let mut comma = false;
        while !self.at(TokenKind::RParen) && !self.at(TokenKind::Eof) {
            let ty = self.ty();
            types.push(ty);
            self.end_of_element(lo, TokenKind::RParen);
            comma |= self.prev_kind == TokenKind::Comma;
        }
        self.bump_closing(TokenKind::RParen);
        match (types.first(), comma) {
            (None, _) => self.type_node(lo, TypeKind::Nil),
            (Some(&inner), false) if types.len() == 1 => inner,
            _ => self.type_node(lo, TypeKind::Tuple(boxed(&types))),
        }
    }

    /// `fn(A, B) -> C of M`
    fn fn_type(&mut self) -> TypeKind {
        self.bump();
        let params = if self.at(TokenKind::LParen) {
            self.bump();
            self.types(TokenKind::RParen)
        } else {
            self.unexpected(codes::EXPECTED_TYPE, "`(` and the types of the parameters");
            Box::default()
        };
        let ret = self.eat(TokenKind::Arrow).then(|| self.ty());
        let mailbox = self.eat(TokenKind::Of).then(|| self.ty());
        TypeKind::Fn { params, ret, mailbox }
    }

    /// `[T, U: Ord + Show]` behind a name, if it is there.
    pub(super) fn generics(&mut self) -> Box<[GenericParam]> {
        if !self.eat(TokenKind::LBracket) {
            return Box::default();
        }
        let mut generics: SmallVec<[GenericParam; 2]> = SmallVec::new();
        self.list(TokenKind::RBracket, |p| {
            let name = p.ident("a type parameter's name");
            let mut bounds: SmallVec<[TypeId; 2]> = SmallVec::new();
            if p.eat(TokenKind::Colon) {
                loop {
                    let lo = p.lo();
                    let path = p.path();
                    let bound = p.path_type(lo, path);
                    bounds.push(bound);
                    if !p.eat(TokenKind::Plus) {
                        break;
                    }
                }
            }
            generics.push(GenericParam { name, bounds: bounds.into_boxed_slice() });
        });
        generics.into_boxed_slice()
    }
}
