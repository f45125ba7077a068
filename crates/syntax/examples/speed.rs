//! Measures lexing and parsing: `cargo run --release -p sepal-syntax --example speed -- FILE…`

use sepal_base::{Diagnostics, FileId};
use std::time::{Duration, Instant};

fn main() {
    let mut text = String::new();
    for path in std::env::args().skip(1) {
        match std::fs::read_to_string(&path) {
            Ok(file) => text.push_str(&file),
            Err(error) => eprintln!("{path}: {error}"),
        }
    }
    // Like a large file; many rounds, of which the best counts, since other programs run too.
    let text = text.repeat((1_000_000 / text.len().max(1)).max(1));
    let lines = text.lines().count() as f64;
    let (mut best_lexing, mut best_all) = (Duration::MAX, Duration::MAX);
    let mut summary = String::new();
    for _ in 0..50 {
        let start = Instant::now();
        let tokens = sepal_syntax::lex(FileId(0), &text, &mut Diagnostics::new());
        best_lexing = best_lexing.min(start.elapsed());
        drop(tokens);
        let start = Instant::now();
        let parsed = sepal_syntax::parse(FileId(0), &text);
        best_all = best_all.min(start.elapsed());
        summary = format!(
            "{:.1} MB, {lines} lines, {} tokens, {} expressions, {} diagnostics",
            text.len() as f64 / 1e6,
            parsed.tokens.count(),
            parsed.ast.exprs.len(),
            parsed.diagnostics.len(),
        );
    }
    let speed = |best: Duration| lines / best.as_secs_f64() / 1e6;
    println!("{summary}");
    println!("lexing {:.2} M lines/s", speed(best_lexing));
    println!("lexing and parsing {:.2} M lines/s", speed(best_all));
}
