//! `cargo +nightly fuzz run parser`; the claim stands in `crates/fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| sepal_fuzz::targets::parser(text));
