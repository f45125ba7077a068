//! Tokens to tree: recursive descent, one file a topic, operators by a table.
//!
//! Tolerant: a mistake makes an `Error` node and one diagnostic, then everything is skipped in
//! silence up to the next comma, closing bracket or end of line, where parsing goes on. The lexer
//! has made all brackets and blocks balance, so skipping needs no guesses.
//!
//! Must never recurse deeper than [`MAX_DEPTH`], nor build a tree higher than [`MAX_HEIGHT`], so
//! that neither this crate nor a later one that walks the tree can run out of stack.

mod control;
#[cfg(test)]
mod error_tests;
mod expr;
mod fns;
mod foreign;
mod foreign_names;
mod item;
mod operators;
mod pattern;
mod primary;
mod stmt;
#[cfg(test)]
mod tests;
mod types;

use crate::ast::{Ast, Expr, ExprId, ExprKind, Ident, Pat, PatId, PatKind, Type, TypeId, TypeKind};
use crate::token::{TokenKind, TokenTable};
use sepal_base::{Code, Diagnostic, Diagnostics, FileId, Span, Symbol, codes};

pub use foreign_names::{foreign_member, foreign_method, foreign_name, foreign_type};
pub(crate) use operators::begins_expr;

/// The help for what looks like the rest of the line before.
const HOW_LINES_GO_ON: &str =
    "a line goes on in the next one inside brackets, or if that begins with `.name` or `|>`";

/// The deepest nesting of brackets, prefix operators and blocks. The parser's own stack bounds it.
pub const MAX_DEPTH: u32 = 256;
/// The greatest height of an expression tree, which chains such as `a + b + c + …` reach without
/// nesting. Bounds the recursion of whoever walks the tree.
pub const MAX_HEIGHT: u32 = 1000;

/// What parsing a file gives.
#[derive(Debug)]
pub struct Parsed {
    pub ast: Ast,
    pub tokens: TokenTable,
    pub diagnostics: Diagnostics,
}

/// Parses one file. Never fails: mistakes are in `diagnostics` and as `Error` nodes in the tree.
pub fn parse(file: FileId, source: &str) -> Parsed {
    let mut diagnostics = Diagnostics::new();
    let tokens = crate::lexer::lex(file, source, &mut diagnostics);
    let mut parser = Parser::new(source, &tokens, diagnostics);
    parser.module();
    let Parser { ast, diagnostics, .. } = parser;
    Parsed { ast, tokens, diagnostics }
}

struct Parser<'s> {
    source: &'s str,
    tokens: &'s TokenTable,
    /// The current token, never trivia.
    pos: usize,
    kind: TokenKind,
    /// The last token that was consumed, layout included.
    prev_kind: TokenKind,
    /// The end of the last token that was consumed, layout left out.
    prev_end: u32,
    ast: Ast,
    diagnostics: Diagnostics,
    /// After a mistake: say nothing until parsing has found its feet.
    recovering: bool,
    /// Trying something out: say nothing, only note in `failed` that it went wrong.
    speculating: bool,
    failed: bool,
    depth: u32,
    /// The height of the highest tree built since the current expression began.
    height: u32,
    /// In a suite on its header's line, where `else` on the next line belongs further out.
    inline: bool,
    /// The comma behind an element stood on the indented line of its value.
    comma_inside: bool,
    /// In the condition of an `ensures` or `ensures_err`, where `result` and `old` are words.
    in_ensures: bool,
    /// Where the brackets begin that the lexer has reported as never closed.
    unclosed: Box<[u32]>,
}

/// A place to come back to.
struct Checkpoint {
    pos: usize,
    kind: TokenKind,
    prev_kind: TokenKind,
    prev_end: u32,
}

impl<'s> Parser<'s> {
    fn new(source: &'s str, tokens: &'s TokenTable, diagnostics: Diagnostics) -> Parser<'s> {
        let unclosed = diagnostics.iter().filter(|d| d.code == codes::UNCLOSED_BRACKET);
        let unclosed = unclosed.map(|d| d.primary.span.lo).collect();
        let mut parser = Parser {
            source,
            tokens,
            pos: 0,
            kind: tokens.kind(0),
            prev_kind: TokenKind::Newline,
            prev_end: 0,
            ast: Ast::with_room_for(tokens.file, tokens.count()),
            diagnostics,
            recovering: false,
            speculating: false,
            failed: false,
            depth: 0,
            height: 0,
            inline: false,
            comma_inside: false,
            in_ensures: false,
            unclosed,
        };
        parser.skip_trivia();
        parser
    }

    // ----------------------------------------------------------------- the cursor

    #[inline]
    fn skip_trivia(&mut self) {
        let tokens = self.tokens.as_slice();
        while tokens[self.pos].kind.is_trivia() {
            self.pos += 1;
        }
        self.kind = tokens[self.pos].kind;
    }

    /// Steps over the current token; at the end of the file it stays.
    #[inline]
    fn bump(&mut self) {
        if self.kind == TokenKind::Eof {
            return;
        }
        if !self.kind.is_layout() {
            self.prev_end = self.tokens.as_slice()[self.pos + 1].lo;
        }
        self.prev_kind = self.kind;
        self.pos += 1;
        self.skip_trivia();
    }

    #[inline]
    fn at(&self, kind: TokenKind) -> bool {
        self.kind == kind
    }

    #[inline]
    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.kind == kind;
        if found {
            self.bump();
        }
        found
    }

    /// The kind of the token behind the current one.
    #[inline]
    fn next(&self) -> TokenKind {
        self.tokens.kind(self.index_after(self.pos))
    }

    /// The kind of the second token behind the current one.
    fn next_but_one(&self) -> TokenKind {
        self.tokens.kind(self.index_after(self.index_after(self.pos)))
    }

    #[inline]
    fn index_after(&self, pos: usize) -> usize {
        let tokens = self.tokens.as_slice();
        let last = tokens.len() - 1;
        let mut at = (pos + 1).min(last);
        while tokens[at].kind.is_trivia() {
            at += 1;
        }
        at
    }

    /// Where the current token begins.
    #[inline]
    fn lo(&self) -> u32 {
        self.tokens.as_slice()[self.pos].lo
    }

    /// The current token's place. The end of a line is marked as a point, not as the character
    /// that takes the mark to the next line.
    fn span(&self) -> Span {
        let span = self.tokens.span(self.pos);
        if self.at(TokenKind::Newline) { span.start() } else { span }
    }

    fn text(&self) -> &'s str {
        self.tokens.text(self.pos, self.source)
    }

    /// From `lo` to the end of what was consumed last.
    #[inline]
    fn span_from(&self, lo: u32) -> Span {
        Span::new(self.ast.file, lo, self.prev_end.max(lo))
    }

    fn checkpoint(&self) -> Checkpoint {
        let Parser { pos, kind, prev_kind, prev_end, .. } = *self;
        Checkpoint { pos, kind, prev_kind, prev_end }
    }

    fn go_back(&mut self, to: Checkpoint) {
        self.pos = to.pos;
        self.kind = to.kind;
        self.prev_kind = to.prev_kind;
        self.prev_end = to.prev_end;
    }

    /// Tries `parse`; if it meets a mistake, nothing is reported and the position is as before.
    fn speculate<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let start = self.checkpoint();
        let outer = (self.speculating, self.failed, self.recovering);
        (self.speculating, self.failed) = (true, false);
        let result = parse(self);
        let failed = self.failed;
        (self.speculating, self.failed, self.recovering) = outer;
        if failed {
            self.go_back(start);
            return None;
        }
        Some(result)
    }

    /// The kind of the token behind the bracket that closes the one at the current token, if that
    /// is near: types, which this is asked for, are short.
    fn kind_after_bracket(&self) -> Option<TokenKind> {
        const NEAR: usize = 200;
        let mut depth = 0usize;
        let mut at = self.pos;
        for _ in 0..NEAR {
            let kind = self.tokens.kind(at);
            if opens(kind) {
                depth += 1;
            } else if closes(kind) {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(self.tokens.kind(self.index_after(at)));
                }
            } else if kind == TokenKind::Eof {
                return None;
            }
            at = self.index_after(at);
        }
        None
    }

    // ----------------------------------------------------------------- mistakes

    /// Reports a mistake after which parsing goes on as if nothing were wrong.
    fn report(&mut self, diagnostic: Diagnostic) {
        self.failed = true;
        if !self.recovering && !self.speculating {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Reports a mistake and is silent until parsing has recovered.
    fn fail(&mut self, diagnostic: Diagnostic) {
        self.report(diagnostic);
        self.recovering = true;
    }

    fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.fail(Diagnostic::new(code, span, message));
    }

    /// Reports that the current token is not what must stand here. An `Error` token has been
    /// reported already.
    fn unexpected(&mut self, code: Code, expected: &str) {
        if self.at(TokenKind::Error) {
            self.failed = true;
            self.recovering = true;
            return;
        }
        let found = self.describe_current();
        let mut diagnostic =
            Diagnostic::new(code, self.span(), format!("expected {expected}, found {found}"));
        let names = expected.ends_with("name") || code == codes::EXPECTED_PATTERN;
        if self.kind.is_keyword() && names {
            diagnostic = diagnostic.note(format!("{found} is a reserved word"));
        } else if let Some(help) = self.foreign_turn() {
            diagnostic = diagnostic.help(help);
        }
        self.fail(diagnostic);
    }

    fn describe_current(&self) -> String {
        match self.kind {
            kind if kind.is_name() || kind.is_keyword() => format!("`{}`", self.text()),
            TokenKind::Int | TokenKind::Float | TokenKind::Symbol => format!("`{}`", self.text()),
            kind => kind.describe().to_owned(),
        }
    }

    /// Steps over a token that must stand here, or reports that it does not.
    fn expect(&mut self, kind: TokenKind) -> bool {
        if self.eat(kind) {
            return true;
        }
        self.unexpected(codes::UNEXPECTED_TOKEN, kind.describe());
        false
    }

    /// Skips to one of `stops` outside of brackets and blocks that open on the way; never beyond
    /// the bracket or block that is open now.
    fn skip_to(&mut self, stops: &[TokenKind]) {
        let mut depth = 0usize;
        loop {
            if depth == 0 && (stops.contains(&self.kind) || closes(self.kind)) {
                return;
            }
            if opens(self.kind) {
                depth += 1;
            } else if closes(self.kind) {
                depth -= 1;
            } else if self.at(TokenKind::Eof) {
                return;
            }
            self.bump();
        }
    }

    /// Makes one nesting level of `parse`, unless there are too many.
    #[inline]
    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> T,
        too_deep: impl FnOnce(&mut Self) -> T,
    ) -> T {
        if self.depth >= MAX_DEPTH {
            self.too_deep();
            return too_deep(self);
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// Reports the nesting and gives up on the rest of the file: what nests as deep as this was
    /// made by a slip or a machine, and going on would report every level.
    #[cold]
    fn too_deep(&mut self) {
        let diagnostic = Diagnostic::new(codes::NESTING_TOO_DEEP, self.span(), "nested too deeply")
            .note(format!(
                "the limits are {MAX_DEPTH} levels and {MAX_HEIGHT} operators in a chain"
            ));
        self.fail(diagnostic);
        self.pos = self.tokens.count() - 1;
        self.kind = TokenKind::Eof;
    }

    // ----------------------------------------------------------------- nodes

    #[inline]
    fn expr_node(&mut self, lo: u32, kind: ExprKind) -> ExprId {
        let span = self.span_from(lo);
        self.ast.exprs.push(Expr { span, kind })
    }

    #[inline]
    fn pat_node(&mut self, lo: u32, kind: PatKind) -> PatId {
        let span = self.span_from(lo);
        self.ast.pats.push(Pat { span, kind })
    }

    #[inline]
    fn type_node(&mut self, lo: u32, kind: TypeKind) -> TypeId {
        let span = self.span_from(lo);
        self.ast.types.push(Type { span, kind })
    }

    /// An error expression at the current token, which stays.
    fn error_expr(&mut self) -> ExprId {
        let span = self.span().start();
        self.ast.exprs.push(Expr { span, kind: ExprKind::Error })
    }

    /// The current token as a name, whatever it is, stepped over.
    #[inline]
    fn take_ident(&mut self) -> Ident {
        let ident = Ident { name: Symbol::intern(self.text()), span: self.span() };
        self.bump();
        ident
    }

    /// A name, or an empty one and a report.
    fn ident(&mut self, what: &str) -> Ident {
        if self.kind.is_name() {
            return self.take_ident();
        }
        self.unexpected(codes::EXPECTED_NAME, what);
        let ident = Ident { name: Symbol::intern(""), span: self.span().start() };
        // A reserved word or number in the place of a name is that name misspelled.
        if self.kind.is_keyword() && self.next() != TokenKind::Newline {
            self.bump();
        }
        ident
    }

    /// Elements with commas between them up to `close`, which is stepped over. A comma may stand
    /// behind the last. Each element that goes wrong is reported.
    fn list(&mut self, close: TokenKind, element: impl FnMut(&mut Self)) {
        self.rest_of_list(self.prev_end.saturating_sub(1), close, element);
    }

    /// The same behind the first element; `open` is where the bracket stands.
    fn rest_of_list(&mut self, open: u32, close: TokenKind, mut element: impl FnMut(&mut Self)) {
        while !self.at(close) && !self.at(TokenKind::Eof) {
            element(self);
            self.end_of_element(open, close);
        }
        self.bump_closing(close);
    }

    /// What follows an element of a list whose bracket stands at `open`: a comma or the end. Of a
    /// bracket that is never closed nothing more is said.
    fn end_of_element(&mut self, open: u32, close: TokenKind) {
        if self.unclosed.contains(&open) && !self.at(TokenKind::Comma) {
            self.recovering = true;
            self.skip_to(&[]);
        }
        let separated = std::mem::take(&mut self.comma_inside);
        if !self.at(TokenKind::Comma) && !self.at(close) && !separated {
            self.unexpected(codes::UNEXPECTED_TOKEN, &format!("`,` or {}", close.describe()));
            self.skip_to(&[TokenKind::Comma]);
        }
        self.recovering &= self.at(TokenKind::Eof);
        self.eat(TokenKind::Comma);
    }

    /// Steps over a closing bracket. The lexer has seen to it that it is there, unless the rest of
    /// the file was given up.
    fn bump_closing(&mut self, close: TokenKind) {
        if !self.eat(close) && !self.at(TokenKind::Eof) {
            self.skip_to(&[]);
            if !self.eat(close) {
                self.unexpected(codes::UNEXPECTED_TOKEN, close.describe());
            }
        }
    }
}

/// A list as the tree keeps it.
#[inline]
fn boxed<T: Copy>(items: &[T]) -> Box<[T]> {
    Box::from(items)
}

/// Whether the token opens something that skipping steps over as a whole.
const fn opens(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::LParen
            | TokenKind::LBracket
            | TokenKind::LBrace
            | TokenKind::Indent
            | TokenKind::FStringStart
            | TokenKind::HoleStart
    )
}

const fn closes(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::RParen
            | TokenKind::RBracket
            | TokenKind::RBrace
            | TokenKind::Dedent
            | TokenKind::FStringEnd
            | TokenKind::HoleEnd
    )
}
