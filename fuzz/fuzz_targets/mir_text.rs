//! `cargo +nightly fuzz run mir_text`; the claim stands in `crates/fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| sepal_fuzz::targets::mir_text(text));
