//! Words of other languages: recognised where they make no sense, for the sake of the message.
//!
//! None of them is reserved: a variable may be called `def`. They are looked at only where a
//! statement begins with a name and goes on as if that were a keyword.

use super::Parser;
use crate::ast::{StmtId, StmtKind};
use crate::token::TokenKind;
use sepal_base::{Diagnostic, codes};

/// What to do with a foreign statement once it is reported.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// As if the word were `fn`, `let` or `match`.
    Fn,
    Let,
    Match,
    /// Skip it with its block.
    Skip,
}

/// Word, what is said about it, and how parsing goes on.
const WORDS: &[(&str, &str, Reading)] = &[
    ("def", "a function is defined by `fn`", Reading::Fn),
    ("func", "a function is defined by `fn`", Reading::Fn),
    ("fun", "a function is defined by `fn`", Reading::Fn),
    ("function", "a function is defined by `fn`", Reading::Fn),
    ("proc", "a function is defined by `fn`", Reading::Fn),
    ("const", "a constant is declared by `let`", Reading::Let),
    ("val", "a variable that is bound once is declared by `let`", Reading::Let),
    ("auto", "a variable is declared by `let` or `var`", Reading::Let),
    ("mut", "a variable that may be assigned is declared by `var`", Reading::Let),
    ("switch", "values are told apart by `match`", Reading::Match),
    ("elseif", "it is written `elif`", Reading::Skip),
    ("elsif", "it is written `elif`", Reading::Skip),
    ("unless", "it is written `if not`", Reading::Skip),
    ("until", "it is written `while not`", Reading::Skip),
    ("do", "a loop without condition is written `loop:`", Reading::Skip),
    ("foreach", "it is written `for x in xs:`", Reading::Skip),
    (
        "try",
        "there are no exceptions; functions return a `Result`, and `e?` passes an error on",
        Reading::Skip,
    ),
    ("except", "there are no exceptions; take a `Result` apart by `match`", Reading::Skip),
    ("catch", "there are no exceptions; take a `Result` apart by `match`", Reading::Skip),
    ("finally", "what must run at the end of a function stands in a `defer`", Reading::Skip),
    (
        "throw",
        "there are no exceptions; return `Err(e)`, or call `panic(\"message\")`",
        Reading::Skip,
    ),
    (
        "raise",
        "there are no exceptions; return `Err(e)`, or call `panic(\"message\")`",
        Reading::Skip,
    ),
    ("interface", "it is written `trait`", Reading::Skip),
    ("protocol", "it is written `trait`", Reading::Skip),
    ("using", "modules are imported by `import` or `from … import …`", Reading::Skip),
    ("use", "modules are imported by `import` or `from … import …`", Reading::Skip),
    ("include", "modules are imported by `import` or `from … import …`", Reading::Skip),
    ("namespace", "each file is a module", Reading::Skip),
    ("module", "each file is a module", Reading::Skip),
    ("public", "it is written `pub`", Reading::Skip),
    ("export", "it is written `pub`", Reading::Skip),
    ("private", "what is not `pub` is private", Reading::Skip),
    ("static", "a function in a type's body without `self` belongs to the type", Reading::Skip),
    ("new", "an object is made by calling its class: `Point(1, 2)`", Reading::Skip),
    ("delete", "memory is freed by itself", Reading::Skip),
    ("del", "an entry is removed by `d.remove(k)`", Reading::Skip),
    ("print", "`print` is a function: `print(x)`", Reading::Skip),
    ("lambda", "a lambda is written `fn(x): …`", Reading::Skip),
    ("global", "functions cannot assign what is outside of them", Reading::Skip),
    ("nonlocal", "a lambda captures `var`s by reference without saying so", Reading::Skip),
];

/// What to say about a word that is unknown as a name but begins something in another language.
pub(super) fn word_advice(name: &str) -> Option<&'static str> {
    WORDS.iter().find(|&&(word, ..)| word == name).map(|&(_, advice, _)| advice)
}

impl Parser<'_> {
    /// Whether a statement begins with a foreign keyword: a name that is followed by something
    /// that cannot follow a name.
    pub(super) fn at_foreign(&self) -> bool {
        self.at(TokenKind::Ident) && self.followed_like_a_keyword() && self.foreign_word().is_some()
    }

    fn followed_like_a_keyword(&self) -> bool {
        let next = self.next();
        next.is_name()
            || next.is_keyword() && !matches!(next, TokenKind::And | TokenKind::Or | TokenKind::In
                | TokenKind::Is | TokenKind::Not | TokenKind::If | TokenKind::For | TokenKind::Else
                | TokenKind::Elif | TokenKind::As | TokenKind::Case)
            || matches!(
                next,
                TokenKind::Int
                    | TokenKind::Float
                    | TokenKind::Str
                    | TokenKind::FStringStart
                    | TokenKind::LBrace
            )
            // `try:`
            || next == TokenKind::Colon && self.next_but_one() == TokenKind::Newline
    }

    /// What to say of a token that fits nothing, but would in another language.
    pub(super) fn foreign_turn(&self) -> Option<&'static str> {
        let next = self.next();
        match self.kind {
            TokenKind::FatArrow => Some("a case is written `case P: …`, a lambda `fn(x): …`"),
            TokenKind::Pipe => Some("a lambda is written `fn(x): …`"),
            TokenKind::Comma => Some("a tuple stands in brackets: `(a, b)`"),
            TokenKind::If => Some("one of two values is `if cond: a else: b`"),
            TokenKind::Colon if matches!(next, TokenKind::Colon | TokenKind::Symbol) => {
                Some("what belongs to a type or module is named with a dot: `Shape.Circle`")
            }
            TokenKind::Arrow => Some("a lambda is written `fn(x): …`"),
            _ if self.prev_kind == TokenKind::Question => {
                Some("one of two values is `if cond: a else: b`")
            }
            _ if self.prev_kind == TokenKind::Ident => {
                let before = &self.source[..self.prev_end as usize];
                let is_part = |c: char| c.is_alphanumeric() || c == '_';
                // `let x int = 1`, `int x = 1`
                let typed = self.kind.is_name() && next == TokenKind::Eq;
                let advice = "a variable with its type is written `let name: type = value`";
                word_advice(&before[before.trim_end_matches(is_part).len()..])
                    .or(typed.then_some(advice))
            }
            _ => None,
        }
    }

    fn foreign_word(&self) -> Option<&'static (&'static str, &'static str, Reading)> {
        let word = self.text();
        WORDS.iter().find(|(foreign, ..)| *foreign == word)
    }

    /// Reports a foreign statement and reads it as what it was meant to be.
    pub(super) fn foreign_stmt(&mut self) -> StmtId {
        let lo = self.lo();
        let Some(&(word, advice, reading)) = self.foreign_word() else {
            return self.stmt_node(lo, StmtKind::Error);
        };
        let span = self.span();
        let diagnostic = Diagnostic::new(
            codes::FOREIGN_SYNTAX,
            span,
            format!("no statement begins with `{word}`; {advice}"),
        );
        let diagnostic = match reading {
            Reading::Fn => diagnostic.suggest(span, "fn", "use `fn`"),
            Reading::Let => diagnostic.suggest(span, "let", "use `let`"),
            Reading::Match => diagnostic.suggest(span, "match", "use `match`"),
            Reading::Skip => diagnostic,
        };
        if reading == Reading::Skip {
            self.fail(diagnostic);
            return self.stmt_node(lo, StmtKind::Error);
        }
        self.report(diagnostic);
        let kind = match reading {
            Reading::Fn => StmtKind::Item(self.item()),
            Reading::Let => StmtKind::Let(self.let_decl()),
            Reading::Match => StmtKind::Expr(self.match_expr(lo)),
            Reading::Skip => StmtKind::Error,
        };
        self.stmt_node(lo, kind)
    }

    /// Whether the current word is a foreign spelling of `fn`.
    pub(super) fn at_foreign_fn(&self) -> bool {
        self.at(TokenKind::Ident)
            && self.next().is_name()
            && matches!(self.foreign_word(), Some((_, _, Reading::Fn)))
    }
}
