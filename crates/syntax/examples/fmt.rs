//! Prints the canonical form of files: `cargo run -p sepal-syntax --example fmt -- FILE…`

use sepal_base::{SourceMap, Style, render_all};

fn main() {
    for path in std::env::args().skip(1) {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("{path}: {error}");
                continue;
            }
        };
        let mut sources = SourceMap::new();
        let file = sources.add(path, text.as_str());
        match sepal_syntax::format(file, &text) {
            Ok(formatted) => print!("{formatted}"),
            Err(errors) => eprint!("{}", render_all(&errors.into_sorted(), &sources, Style::Plain)),
        }
    }
}
