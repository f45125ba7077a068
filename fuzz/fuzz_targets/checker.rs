//! `cargo +nightly fuzz run checker`; the claim stands in `crates/fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| sepal_fuzz::targets::checker(text));
