//! `cargo +nightly fuzz run lexer`; the claim stands in `crates/fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| sepal_fuzz::targets::lexer(text));
