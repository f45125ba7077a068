//! Small changes to texts, determined by a seed: of characters, words and lines, within a text and between two.
//! Must never make what is not UTF-8.

/// Longer texts only take longer.
const LONGEST: usize = 6_000;

/// What turns up where it is least expected.
const WORDS: &[&str] = &[
    "0",
    "-1",
    "9_223_372_036_854_775_808",
    "1e999",
    "\"",
    "'",
    "\"\"\"",
    "f\"{",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    ":",
    ",",
    "..",
    "..=",
    "?",
    "??",
    "|>",
    "->",
    "@",
    "_",
    "\n",
    "\n    ",
    "\n        ",
    "\t",
    "\0",
    "é",
    "\u{1F600}",
    "\\",
    "fn ",
    "fn*",
    "let ",
    "var ",
    "if ",
    "else: ",
    "match ",
    "case ",
    "for ",
    "in ",
    "while ",
    "loop:",
    "break",
    "return ",
    "struct ",
    "class ",
    "enum ",
    "trait ",
    "impl ",
    "type ",
    "dyn ",
    "any",
    "Self",
    "self",
    "nil",
    "None",
    "Some(",
    "int",
    "u8",
    "float",
    "str",
    "[int]",
    "fn(int) -> int",
    "{}",
    "()",
    "(int,)",
    "await ",
    "async ",
    "yield ",
    "spawn ",
    "receive:",
    "defer ",
    "requires ",
    "ensures ",
    "old(",
    "result",
    "import ",
    "from ",
    "pub ",
    "extern \"C\" ",
    "@interpret",
    "%0",
    "v0",
    "block0",
    "i64",
    "ref",
];

/// A sequence of numbers that a seed determines (SplitMix64).
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to `n`, which must not be 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

/// The mutated text of a seed.
pub fn text(corpus: &[String], seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let mut text = corpus[rng.below(corpus.len())].clone();
    for _ in 0..1 + rng.below(6) {
        let other = &corpus[rng.below(corpus.len())];
        text = change(&text, other, &mut rng);
    }
    let end = (0..=LONGEST.min(text.len())).rev().find(|&i| text.is_char_boundary(i));
    text.truncate(end.unwrap_or(0));
    text
}

fn change(text: &str, other: &str, rng: &mut Rng) -> String {
    match rng.below(10) {
        0 => {
            let at = place(text, rng);
            format!("{}{}{}", &text[..at], rng.pick(WORDS), &text[at..])
        }
        1 => {
            let (start, end) = range(text, rng);
            format!("{}{}", &text[..start], &text[end..])
        }
        2 => {
            let ((start, end), at) = (range(text, rng), place(text, rng));
            format!("{}{}{}", &text[..at], &text[start..end], &text[at..])
        }
        3 => {
            let ((start, end), (from, to)) = (range(text, rng), range(other, rng));
            format!("{}{}{}", &text[..start], &other[from..to], &text[end..])
        }
        4 | 5 => {
            // A word for another one of either text: the structure stays, the meaning does not.
            let (words, others) =
                (words(text), words(if rng.below(3) == 0 { other } else { text }));
            if words.is_empty() || others.is_empty() {
                return text.to_string();
            }
            let ((start, end), by) =
                (words[rng.below(words.len())], others[rng.below(others.len())]);
            let by = if rng.below(4) == 0 { rng.pick(WORDS) } else { text_of(text, other, by) };
            format!("{}{by}{}", &text[..start], &text[end..])
        }
        6..=8 => lines(text, other, rng),
        _ => text[..place(text, rng)].to_string(),
    }
}

/// The word at a range of whichever text has it.
fn text_of<'a>(text: &'a str, other: &'a str, (start, end): (usize, usize)) -> &'a str {
    text.get(start..end).or_else(|| other.get(start..end)).unwrap_or_default()
}

/// Leaves out, repeats, moves, shifts or takes over lines.
fn lines(text: &str, other: &str, rng: &mut Rng) -> String {
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    let others: Vec<&str> = other.lines().collect();
    if lines.is_empty() || others.is_empty() {
        return other.to_string();
    }
    let (at, to) = (rng.below(lines.len()), rng.below(lines.len()));
    match rng.below(5) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(to, lines[at].clone()),
        2 => lines.swap(at, to),
        3 => lines[at] = format!("    {}", lines[at]),
        _ => lines.insert(to, others[rng.below(others.len())].to_string()),
    }
    lines.join("\n") + "\n"
}

/// A place between two characters.
fn place(text: &str, rng: &mut Rng) -> usize {
    let start = rng.below(text.len() + 1);
    (start..=text.len()).find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// A range of characters, mostly short.
fn range(text: &str, rng: &mut Rng) -> (usize, usize) {
    let start = place(text, rng);
    let longest = if rng.below(4) == 0 { 400 } else { 20 };
    let end = (start + rng.below(longest)).min(text.len());
    (start, (end..=text.len()).find(|&i| text.is_char_boundary(i)).unwrap_or(start))
}

/// The ranges of names and numbers.
fn words(text: &str) -> Vec<(usize, usize)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (start, is_part(c)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                found.push((from, at));
                start = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    found
}
