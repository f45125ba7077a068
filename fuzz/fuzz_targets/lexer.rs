//! Any text is the sum of its tokens: `cargo fuzz run lexer`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sepal_base::{Diagnostics, FileId};

fuzz_target!(|text: &str| {
    let tokens = sepal_syntax::lex(FileId(0), text, &mut Diagnostics::new());
    let together: String = (0..tokens.count()).map(|i| tokens.text(i, text)).collect();
    assert!(together == text, "the tokens are not the text");
});
