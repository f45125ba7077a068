//! The table that a measurement ends in: medians, ratios, and the geometric means of the ratios.

use super::Entry;
use super::contender::Contender;
use super::programs::Program;
use std::fmt;

/// One program's line of the table.
struct Row {
    name: String,
    entries: Vec<(Contender, f64)>,
}

/// All that was measured so far.
pub struct Report {
    rows: Vec<Row>,
    failures: Vec<String>,
}

/// The columns: a contender, and whom its time is compared with.
const COLUMNS: &[(Contender, &str, Option<Contender>)] = &[
    (Contender::C, "C", None),
    (Contender::SepalNative, "native", Some(Contender::C)),
    (Contender::SepalJit, "jit", Some(Contender::C)),
    (Contender::Python, "python", None),
    (Contender::SepalInterp, "interp", Some(Contender::Python)),
];

impl Report {
    pub fn new() -> Report {
        Report { rows: Vec::new(), failures: Vec::new() }
    }

    /// Adds what the contenders of one contest did.
    pub fn add(&mut self, program: &Program, entries: Vec<Entry>) {
        let name = program.name();
        if self.rows.last().is_none_or(|row| row.name != name) {
            self.rows.push(Row { name: name.clone(), entries: Vec::new() });
        }
        let Some(row) = self.rows.last_mut() else { return };
        for entry in entries {
            match entry.seconds {
                Ok(mut seconds) => row.entries.push((entry.contender, median(&mut seconds))),
                Err(why) => self.failures.push(format!("{name}, {:?}: {why}", entry.contender)),
            }
        }
    }

    /// An error that lists all failures, if there were any.
    pub fn outcome(&self) -> Result<(), String> {
        if self.failures.is_empty() { Ok(()) } else { Err(self.failures.join("\n")) }
    }
}

impl Row {
    fn seconds(&self, of: Contender) -> Option<f64> {
        self.entries.iter().find(|(contender, _)| *contender == of).map(|(_, seconds)| *seconds)
    }

    fn ratio(&self, of: Contender, to: Contender) -> Option<f64> {
        Some(self.seconds(of)? / self.seconds(to)?)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<18}", "seconds")?;
        for (_, title, base) in COLUMNS {
            write!(f, "{title:>9}")?;
            if let Some(base) = base {
                let base = COLUMNS.iter().find(|column| column.0 == *base);
                write!(f, "{:>9}", format!("/{}", base.map_or("", |column| column.1)))?;
            }
        }
        writeln!(f)?;
        for row in &self.rows {
            write!(f, "{:<18}", row.name)?;
            for (contender, _, base) in COLUMNS {
                write_cell(f, row.seconds(*contender), 3)?;
                if let Some(base) = base {
                    write_cell(f, row.ratio(*contender, *base), 2)?;
                }
            }
            writeln!(f)?;
        }
        write!(f, "{:<18}", "geometric mean")?;
        for (contender, _, base) in COLUMNS {
            write_cell(f, None, 0)?;
            if let Some(base) = base {
                let ratios = self.rows.iter().filter_map(|row| row.ratio(*contender, *base));
                write_cell(f, geometric_mean(ratios), 2)?;
            }
        }
        writeln!(f)
    }
}

fn write_cell(f: &mut fmt::Formatter<'_>, value: Option<f64>, decimals: usize) -> fmt::Result {
    match value {
        Some(value) => write!(f, "{value:>9.decimals$}"),
        None => write!(f, "{:>9}", ""),
    }
}

/// The middle value; between the two middle ones of an even number.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values {
        [] => f64::NAN,
        _ if values.len() % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

pub fn geometric_mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let logarithms: Vec<f64> = values.map(f64::ln).collect();
    let mean = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
    (!logarithms.is_empty()).then(|| mean.exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_means() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        let mean = geometric_mean([1.0, 4.0].into_iter()).expect("there are values");
        assert!((mean - 2.0).abs() < 1e-12);
        assert_eq!(geometric_mean(std::iter::empty()), None);
    }

    #[test]
    fn the_table_shows_ratios_and_the_outcome_failures() {
        let program = &super::super::programs::ALL[0];
        let entry = |contender, seconds| Entry { contender, seconds };
        let mut report = Report::new();
        report.add(
            program,
            vec![
                entry(Contender::C, Ok(vec![0.5])),
                entry(Contender::SepalNative, Ok(vec![0.75])),
                entry(Contender::SepalJit, Err("printed something else".to_string())),
            ],
        );
        let table = report.to_string();
        let numbers: Vec<&str> = table.lines().nth(1).unwrap_or("").split_whitespace().collect();
        assert_eq!(numbers, ["fib", "0.500", "0.750", "1.50"]);
        assert_eq!(report.outcome(), Err("fib, SepalJit: printed something else".to_string()));
    }
}
