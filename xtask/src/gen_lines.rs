//! Writes a Sepal program of any length, to measure the checker and the compilers with.
//!
//! It looks like written code: structs, enums, classes, matches, generics, closures and errors,
//! in units that differ in names and constants. The program runs, and prints one number. Must
//! give the same text for the same length.

use std::fmt::Write;

/// Units whose functions are called from one function, so that none grows without end.
const UNITS_IN_GROUP: usize = 50;

/// A program of at least `lines` lines.
pub fn program(lines: usize) -> String {
    let mut text = String::from("//! A generated program, to measure the compiler with.\n\n");
    let unit_lines = UNIT.lines().count();
    let units = lines.div_ceil(unit_lines).max(1);
    for unit in 0..units {
        text.push_str(&UNIT.replace('@', &unit.to_string()));
    }
    let groups = units.div_ceil(UNITS_IN_GROUP);
    for group in 0..groups {
        let _ = write!(text, "fn group{group}(start: int) -> int:\n    var sum = start\n");
        let first = group * UNITS_IN_GROUP;
        for unit in first..units.min(first + UNITS_IN_GROUP) {
            let _ = writeln!(text, "    sum += run{unit}(sum % 100 + {unit})");
        }
        text.push_str("    sum\n\n");
    }
    text.push_str("fn main():\n    var sum = 0\n");
    for group in 0..groups {
        let _ = writeln!(text, "    sum = group{group}(sum)");
    }
    text.push_str("    print(sum)\n");
    text
}

/// One unit; `@` stands for its number.
const UNIT: &str = r#"/// What customer @ ordered.
struct Order@:
    id: int
    price: float
    tags: [str]

    fn total(self) -> float:
        self.price * float(self.tags.len() + 1)

/// What happens to an order of customer @.
enum Event@:
    Opened@(id: int)
    Moved@(x: int, y: int)
    Renamed@(str)
    Closed@

class Store@:
    let orders: {int: Order@}
    var revision: int = 0

    fn put(self, order: Order@) -> int:
        self.orders[order.id] = order
        self.revision += 1
        self.revision

    fn find(self, id: int) -> Result[Order@, str]:
        match self.orders.get(id):
            case Some(order): Ok(order)
            case None: Err(f"order {id} is not in store @")

    fn total_of(self, ids: [int]) -> Result[float, str]:
        var total = 0.0
        for id in ids: total += self.find(id)?.total()
        Ok(total)

/// How much an event counts.
fn weigh@(event: Event@) -> int:
    match event:
        case Opened@(id) if id > 10: id * 2
        case Opened@(id): id
        case Moved@(x, y): x - y
        case Renamed@(name): name.len()
        case Closed@: 0

fn largest@[T: Ord](xs: [T], fallback: T) -> T:
    var best = fallback
    for x in xs:
        if x > best: best = x
    best

fn count_by@(n: int, classify):
    let counts: {str: int} = {}
    for i in 0..n:
        let key = classify(i)
        counts[key] = counts.get_or(key, 0) + 1
    counts

fn run@(seed: int) -> int:
    let store = Store@({})
    for id in 0..seed % 7 + 3:
        store.put(Order@(id, float(id) * 1.5, ["unit", "@"]))
    let events = [Opened@(seed), Moved@(seed, @), Renamed@(f"number {seed}"), Closed@]
    let scale = seed % 5 + 1
    let weights = events.map(fn(event): weigh@(event) * scale).filter(fn(w): w != 0)
    let found = match store.total_of([0, 1, scale]):
        case Ok(total): int(total)
        case Err(text): text.len()
    let kinds = count_by@(scale * 3, fn(i): if i % 2 == 0: "even" else: "odd")
    let revision = if store.revision > 4: store.revision else: -1
    let sum = weights.sum() + found + largest@(weights, 0) + kinds.len() + revision
    if sum < 0: -sum % 1_000 else: sum % 1_000

"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_long_as_was_asked() {
        for lines in [1, 100, 10_000] {
            let text = program(lines);
            let found = text.lines().count();
            assert!((lines..lines + lines / 10 + 120).contains(&found), "{found} for {lines}");
            assert!(!text.contains('@'));
        }
    }
}
