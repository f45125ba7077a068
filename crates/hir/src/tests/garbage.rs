//! Whatever the text, checking ends without a panic.

use super::program;
use proptest::prelude::*;

/// Lines of real programs; shuffled and cut they make wrong ones of every kind.
const LINES: &[&str] = &[
    "fn f(x, y): x + y",
    "fn g[T: Ord](xs: [T]) -> T?:",
    "    xs.first()",
    "struct P:",
    "    x: int",
    "    y: P?",
    "    fn add(self, o: P) -> P: P(..self, x: o.x)",
    "class C:",
    "    var p: P",
    "    let n = 1",
    "    invariant self.n > 0",
    "    fn init(self, n): self.n = n",
    "    fn next(var self) -> int?: None",
    "enum E:",
    "    A(int, r: E)",
    "    B",
    "trait T[U]:",
    "    fn m(self, u: U) -> Self",
    "impl T for P:",
    "    fn m(self, u): self",
    "impl[T] Show for [T]:",
    "type Z = {Z: P}",
    "let c = d",
    "let (d, e) = (c, f(1, 2))",
    "fn main():",
    "    let Some(a) = g([1]) else: return",
    "    var p = P(1, None)",
    "    p.x += 1",
    "    p = p + p * 2",
    "    for k, v in {1: a}: print(k, f\"{v:>3}\")",
    "    match p:",
    "        case P(x: 0, ..) | B: pass",
    "        case [a, ..r] if r: r",
    "        case _: A(1, B)",
    "    let h = fn(z): z.len() ?? h(z)",
    "    h(h)?",
    "    xs[0].p.x **= 2",
    "    fn inner(q): inner(q - 1) + a",
    "    defer print(a)",
    "    receive:",
    "        case A(n, _): n",
    "        down pid, reason: pid",
    "    let t = spawn main() with (name: 1)",
    "    await async: yield 1",
    "    requires result == old(x)",
    "    1 < 2 <= x in y is z",
    "    int(u8.wrap(x)) |> f(1) as",
    "    self.x = Self.y",
    "    {x for x in 0..}",
    "        ",
    ")",
    "    )",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]
    #[test]
    fn never_panics(lines in proptest::collection::vec((0..LINES.len(), 0usize..60), 1..14)) {
        let mut text = String::new();
        for (line, keep) in lines {
            // Most lines are whole, some are cut.
            let line = LINES[line];
            let end = if keep < 12 { keep.min(line.len()) } else { line.len() };
            text.push_str(line.get(..end).unwrap_or(line));
            text.push('\n');
        }
        program(&text);
    }
}
