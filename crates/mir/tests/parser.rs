//! The parser of the text form takes any text: damaged modules are refused or read, never a panic.

#[path = "support/programs.rs"]
mod programs;

use programs::{Random, program};
use sepal_mir::text::{parse_module, print_module};
use sepal_mir::verify::verify_module;

/// Replaces, removes or repeats pieces of `text` at random.
fn damaged(text: &str, random: &mut Random) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + random.below(4) {
        let (at, len) = (random.below(bytes.len()), random.below(12));
        let end = (at + len).min(bytes.len());
        match random.below(3) {
            0 => {
                bytes.drain(at..end);
            }
            1 => {
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => bytes[at] = b"09vb(){}[],:=!@-\"\n zi"[random.below(21)],
        }
        if bytes.is_empty() {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn damaged_texts_are_refused_or_read() {
    let mut read = 0;
    for seed in 0..2_000 {
        let mut random = Random::new(seed);
        let (module, _) = program(seed % 40);
        let text = damaged(&print_module(&module), &mut random);
        let Ok(module) = parse_module(&text) else { continue };
        read += 1;
        // Whatever was read can be printed, read again and verified.
        let once = print_module(&module);
        let again = parse_module(&once).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(print_module(&again), once, "seed {seed}");
        let _ = verify_module(&module);
    }
    assert!(read > 40, "the damage should leave some texts whole: {read}");
}

#[test]
fn ids_cannot_ask_for_memory() {
    let text = "fn0 \"f\" () -> () {\nblock0:\n    v999999999: i64 = const_int i64, 1\n";
    let error = parse_module(text).expect_err("the number is far too high");
    assert_eq!(error.line, 3);
}
