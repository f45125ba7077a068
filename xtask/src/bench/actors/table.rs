//! The table of figures: Sepal's, each peer's with Sepal's share of it, and whether the aim is reached.
//!
//! Must never show a figure that was not measured, nor judge without one.

use super::contender::{Contender, Peer};
use super::measures::{Aim, Measure, Unit};
use std::fmt;

/// What was measured for a row.
pub struct Row {
    pub measure: &'static Measure,
    pub figures: Vec<(Contender, f64)>,
}

/// All rows.
pub struct Table(pub Vec<Row>);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Holds,
    Misses,
    /// The figure or the one to compare it with is missing.
    Unknown,
    NoAim,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Holds => "yes",
            Verdict::Misses => "NO",
            Verdict::Unknown => "unknown",
            Verdict::NoAim => "",
        }
    }
}

impl Row {
    fn figure(&self, of: Contender) -> Option<f64> {
        self.figures.iter().find(|(contender, _)| *contender == of).map(|(_, figure)| *figure)
    }

    /// Sepal's figure in the peer's.
    fn share(&self, of: Peer) -> Option<f64> {
        Some(self.figure(Contender::Native)? / self.figure(Contender::Peer(of))?)
    }

    /// Whether native Sepal reaches the aim.
    pub fn verdict(&self) -> Verdict {
        let Some(aim) = self.measure.aim else { return Verdict::NoAim };
        let holds = match aim {
            Aim::Over(least, peer) => self.share(peer).map(|share| share >= least),
            Aim::AtMost(most) => self.figure(Contender::Native).map(|figure| figure <= most),
            Aim::Below(bound) => self.figure(Contender::Native).map(|figure| figure < bound),
        };
        match holds {
            Some(true) => Verdict::Holds,
            Some(false) => Verdict::Misses,
            None => Verdict::Unknown,
        }
    }
}

impl Aim {
    fn text(self, unit: Unit) -> String {
        match self {
            Aim::Over(times, peer) => format!(">= {times} {}", peer.name()),
            Aim::AtMost(most) => format!("<= {}", unit.text(most)),
            Aim::Below(bound) => format!("< {}", unit.text(bound)),
        }
    }
}

impl Unit {
    fn text(self, figure: f64) -> String {
        match self {
            Unit::PerSecond if figure >= 1e6 => format!("{} M/s", digits(figure / 1e6)),
            Unit::PerSecond => format!("{} k/s", digits(figure / 1e3)),
            Unit::Nanoseconds if figure >= 1e9 => format!("{} s", digits(figure / 1e9)),
            Unit::Nanoseconds if figure >= 1e6 => format!("{} ms", digits(figure / 1e6)),
            Unit::Nanoseconds if figure >= 1e3 => format!("{} us", digits(figure / 1e3)),
            Unit::Nanoseconds => format!("{} ns", digits(figure)),
            Unit::Bytes => format!("{figure:.0} B"),
            Unit::Times => format!("{} x", digits(figure)),
            Unit::PerCent => format!("{} %", digits(figure)),
        }
    }
}

/// Three digits that count, or all before the point.
fn digits(number: f64) -> String {
    match number.abs() {
        small if small < 10.0 => format!("{number:.2}"),
        middle if middle < 100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<29}", "")?;
        for contender in Contender::ALL {
            write!(f, "{:>11}", contender.name())?;
            match contender {
                Contender::Native | Contender::Jit => {}
                Contender::Peer(_) => write!(f, "{:>9}", "native/")?,
            }
        }
        writeln!(f, "  {:<14}reached", "aim")?;
        for row in &self.0 {
            write_row(f, row)?;
        }
        Ok(())
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, row: &Row) -> fmt::Result {
    let unit = row.measure.unit();
    write!(f, "{:<29}", row.measure.name)?;
    for contender in Contender::ALL {
        let figure = row.figure(contender).map(|figure| unit.text(figure));
        write!(f, "{:>11}", figure.unwrap_or_default())?;
        match contender {
            Contender::Native | Contender::Jit => {}
            Contender::Peer(peer) => {
                let share = row.share(peer).map(|share| format!("{share:.3}"));
                write!(f, "{:>9}", share.unwrap_or_default())?;
            }
        }
    }
    let aim = row.measure.aim.map(|aim| aim.text(unit)).unwrap_or_default();
    let line = format!("  {aim:<14}{}", row.verdict().word());
    writeln!(f, "{}", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::super::measures;
    use super::*;

    fn row(name: &str, figures: Vec<(Contender, f64)>) -> Row {
        let measure = measures::ALL.iter().find(|measure| measure.name == name);
        Row { measure: measure.expect("a measure"), figures }
    }

    #[test]
    fn aims_are_judged_by_the_native_figure() {
        let tokio = Contender::Peer(Peer::Tokio);
        let ping_pong = |native, tokio_figure| {
            row("ping-pong, messages", vec![(Contender::Native, native), (tokio, tokio_figure)])
        };
        assert_eq!(ping_pong(13.0, 10.0).verdict(), Verdict::Holds);
        assert_eq!(ping_pong(12.9, 10.0).verdict(), Verdict::Misses);
        let alone = row("ping-pong, messages", vec![(Contender::Native, 1.0)]);
        assert_eq!(alone.verdict(), Verdict::Unknown);
        let copy = |ns| row("copy of 1,000 ints", vec![(Contender::Native, ns), (tokio, 1e9)]);
        assert_eq!(copy(400.0).verdict(), Verdict::Holds);
        assert_eq!(copy(401.0).verdict(), Verdict::Misses);
        let receive = |times| row("receive behind 500,000", vec![(Contender::Native, times)]);
        assert_eq!(receive(9.99).verdict(), Verdict::Holds);
        assert_eq!(receive(10.0).verdict(), Verdict::Misses);
        assert_eq!(row("counting, messages", vec![]).verdict(), Verdict::NoAim);
    }

    #[test]
    fn the_table_shows_units_shares_and_verdicts() {
        let peer = Contender::Peer(Peer::Go);
        let figures = vec![(Contender::Native, 3.7e6), (Contender::Jit, 3.6e6), (peer, 1e6)];
        let table = Table(vec![row("fan-in 100 to 1, messages", figures)]).to_string();
        let words: Vec<&str> = table.lines().nth(1).unwrap_or("").split_whitespace().collect();
        let figures =
            ["3.70", "M/s", "3.60", "M/s", "1.00", "M/s", "3.700", ">=", "2", "Go", "yes"];
        assert_eq!(words[5..], figures);
    }

    #[test]
    fn figures_are_short() {
        assert_eq!(Unit::Nanoseconds.text(294.4), "294 ns");
        assert_eq!(Unit::Nanoseconds.text(3.91e10), "39.1 s");
        assert_eq!(Unit::PerSecond.text(470_000.0), "470 k/s");
        assert_eq!(Unit::Bytes.text(353.6), "354 B");
        assert_eq!(Unit::PerCent.text(-0.5), "-0.50 %");
    }
}
