//! Source text to tree: lexer with layout, parser with recovery, lossless token table, formatter.
//!
//! Must never fail or panic, whatever the text: what is wrong becomes a diagnostic and an error
//! token or node. Must never resolve a name or know a type.

pub mod ast;
mod lexer;
mod token;

pub use lexer::lex;
pub use token::{Token, TokenKind, TokenTable};
