//! Source text to tree: lexer with layout, parser with recovery, lossless token table, formatter.
//!
//! Must never fail or panic, whatever the text: what is wrong becomes a diagnostic and an error
//! token or node. Must never resolve a name or know a type.

pub mod ast;
mod dump;
mod format;
mod imports;
mod lexer;
mod literal;
mod parser;
mod spelling;
mod token;

pub use dump::dump;
pub use format::format;
pub use imports::AnyImport;
pub use lexer::lex;
pub use parser::{
    MAX_DEPTH, MAX_HEIGHT, Parsed, foreign_member, foreign_method, foreign_name, foreign_type,
    parse,
};
pub use token::{Token, TokenKind, TokenTable};
