//! The matrix of patterns: a row for each arm, a column for each value under test.
//!
//! Columns are stacks: the next one is the last of each row, so that parts take the place of the
//! whole without moving the others.

use super::MAX_WITNESSES;
use super::constructor::{Constructor, Split, Types, children};
use super::pattern::Pattern;
use super::witness::Witness;
use crate::ir::PatId;
use crate::ty::Ty;
use rustc_hash::FxHashSet;

/// Patterns copied before the answer is given up, about a tenth of a second. A match of thousands
/// of literals takes some ten thousand.
const BUDGET: usize = 2_000_000;
/// Columns taken apart one inside the other: bounds the recursion of [`Matrix::cover`]. Columns
/// in which no row asks anything do not count.
const MAX_DEPTH: usize = 1_000;

const WILD: &Pattern = &Pattern::Wild;

#[derive(Clone)]
struct Row<'p> {
    /// The last is that of the next column.
    patterns: Vec<&'p Pattern>,
    guarded: bool,
    /// The last of the [`Step`]s that lead to it.
    step: usize,
}

/// A choice that leads to a row: of an arm, or of an alternative of the pattern before.
struct Step {
    pat: PatId,
    before: Option<usize>,
}

/// The budget is used up.
pub(super) struct TooComplex;

/// An example of values that no row fits: one witness for each column, that of the next column last.
type Example = Vec<Witness>;

pub(super) struct Matrix<'a, 'p> {
    types: Types<'a>,
    rows: Vec<Row<'p>>,
    steps: Vec<Step>,
    reached: FxHashSet<PatId>,
    budget: usize,
}

impl<'a, 'p> Matrix<'a, 'p> {
    pub(super) fn new(types: Types<'a>) -> Matrix<'a, 'p> {
        Matrix {
            types,
            rows: Vec::new(),
            steps: Vec::new(),
            reached: FxHashSet::default(),
            budget: BUDGET,
        }
    }

    pub(super) fn add_arm(&mut self, pattern: &'p Pattern, pat: PatId, guarded: bool) {
        let step = self.step(pat, None);
        self.rows.push(Row { patterns: vec![pattern], guarded, step });
    }

    /// Values of the type that no row without a guard fits; notes what is reached.
    pub(super) fn run(&mut self, ty: Ty) -> Result<Vec<Witness>, TooComplex> {
        let rows = std::mem::take(&mut self.rows);
        let examples = self.cover(rows, vec![ty], 0)?;
        Ok(examples.into_iter().flatten().collect())
    }

    /// Adds what was not reached: the whole pattern, or alternatives inside it.
    pub(super) fn unreached(&self, pattern: &Pattern, pat: PatId, found: &mut Vec<PatId>) {
        if self.reached.contains(&pat) {
            self.unreached_inside(pattern, found);
        } else {
            found.push(pat);
        }
    }

    fn unreached_inside(&self, pattern: &Pattern, found: &mut Vec<PatId>) {
        match pattern {
            Pattern::Wild => {}
            Pattern::Is(_, parts) => {
                parts.iter().for_each(|part| self.unreached_inside(part, found))
            }
            Pattern::Or(alternatives) => {
                alternatives
                    .iter()
                    .for_each(|(pat, alternative)| self.unreached(alternative, *pat, found));
            }
        }
    }

    fn step(&mut self, pat: PatId, before: Option<usize>) -> usize {
        self.steps.push(Step { pat, before });
        self.steps.len() - 1
    }

    /// Examples of values of the columns' types, each of which has values, that no row without a
    /// guard fits.
    fn cover(
        &mut self,
        mut rows: Vec<Row<'p>>,
        mut types: Vec<Ty>,
        depth: usize,
    ) -> Result<Vec<Example>, TooComplex> {
        self.spend(1 + rows.len() * (types.len() + 1))?;
        if depth > MAX_DEPTH {
            return Err(TooComplex);
        }
        // What comes after a row that fits everything is not reached.
        if let Some(last) = rows.iter().position(Row::fits_everything) {
            rows.truncate(last + 1);
        }
        let columns = types.len();
        loop {
            if rows.first().is_none_or(Row::fits_everything) || types.is_empty() {
                return Ok(self.finish(&rows, columns));
            }
            rows = self.expand_alternatives(rows)?;
            if rows.iter().any(|row| !row.next().is_wild()) {
                break;
            }
            for row in &mut rows {
                row.patterns.pop();
            }
            types.pop();
        }
        let skipped = columns - types.len();
        let ty = types.pop().expect("a column is left");
        let mut examples = self.take_apart(&rows, ty, &types, depth)?;
        for example in &mut examples {
            example.extend(std::iter::repeat_n(Witness::Wild, skipped));
        }
        Ok(examples)
    }

    fn spend(&mut self, cost: usize) -> Result<(), TooComplex> {
        self.budget = self.budget.checked_sub(cost).ok_or(TooComplex)?;
        Ok(())
    }

    /// Nothing is left to ask: rows are reached up to the first without a guard.
    fn finish(&mut self, rows: &[Row<'p>], columns: usize) -> Vec<Example> {
        for row in rows {
            let mut step = Some(row.step);
            while let Some(at) = step {
                self.reached.insert(self.steps[at].pat);
                step = self.steps[at].before;
            }
            if !row.guarded {
                return Vec::new();
            }
        }
        vec![vec![Witness::Wild; columns]]
    }

    /// A row for each alternative of the or-patterns in the next column.
    fn expand_alternatives(&mut self, rows: Vec<Row<'p>>) -> Result<Vec<Row<'p>>, TooComplex> {
        if !rows.iter().any(|row| matches!(row.next(), Pattern::Or(_))) {
            return Ok(rows);
        }
        let mut expanded = Vec::with_capacity(rows.len());
        let mut pending: Vec<Row<'p>> = rows.into_iter().rev().collect();
        while let Some(mut row) = pending.pop() {
            let Pattern::Or(alternatives) = row.next() else {
                expanded.push(row);
                continue;
            };
            row.patterns.pop();
            self.spend(alternatives.len() * (row.patterns.len() + 1))?;
            for (pat, alternative) in alternatives.iter().rev() {
                let mut copy = row.clone();
                copy.patterns.push(alternative);
                copy.step = self.step(*pat, Some(row.step));
                pending.push(copy);
            }
        }
        Ok(expanded)
    }

    /// Splits the values of the next column, which has been taken off `types`.
    fn take_apart(
        &mut self,
        rows: &[Row<'p>],
        ty: Ty,
        types: &[Ty],
        depth: usize,
    ) -> Result<Vec<Example>, TooComplex> {
        let seen: Vec<&Constructor> = rows.iter().filter_map(|row| row.constructor()).collect();
        let split = Split::new(&mut self.types, ty, &seen);
        let mut examples = Vec::new();
        if !split.missing.is_empty() {
            let wild = rows.iter().filter(|row| row.next().is_wild());
            let rest = wild.map(|row| row.without_next()).collect();
            for other in self.cover(rest, types.to_vec(), depth + 1)? {
                let with = |missing: &Witness| other.iter().chain([missing]).cloned().collect();
                examples.extend(split.missing.iter().map(with));
            }
        }
        // If all else is missing, the values that are named need no mention.
        let say_all = examples.is_empty() || !split.missing.iter().any(Witness::is_wild);
        for (members, constructor) in members(rows, &split).into_iter().zip(&split.present) {
            let inner = children(self.types.shapes, ty, constructor);
            self.spend((1 + members.len()) * inner.len())?;
            if self.types.has_empty_part(ty, constructor) {
                continue;
            }
            let special = members.iter().map(|row| rows[*row].specialise(inner.len())).collect();
            let columns = types.iter().chain(inner.iter().rev()).copied().collect();
            for mut example in self.cover(special, columns, depth + 1)? {
                if say_all {
                    let parts = example.drain(types.len()..).rev().collect();
                    example.push(Witness::Is(constructor.clone(), ty, parts));
                    examples.push(example);
                }
            }
        }
        // Only a few are shown; keeping all could take the product of every column.
        examples.truncate(MAX_WITNESSES + 1);
        Ok(examples)
    }
}

/// The rows that fit each group, in order.
fn members(rows: &[Row<'_>], split: &Split) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); split.present.len()];
    for (n, row) in rows.iter().enumerate() {
        let fitting =
            row.constructor().map_or(0..members.len(), |constructor| split.fitting(constructor));
        members[fitting].iter_mut().for_each(|group| group.push(n));
    }
    members
}

impl<'p> Row<'p> {
    fn next(&self) -> &'p Pattern {
        self.patterns.last().expect("a row has a pattern for each column")
    }

    /// What it wants of the next column.
    fn constructor(&self) -> Option<&'p Constructor> {
        match self.next() {
            Pattern::Is(constructor, _) => Some(constructor),
            Pattern::Wild | Pattern::Or(_) => None,
        }
    }

    fn fits_everything(&self) -> bool {
        !self.guarded && self.patterns.iter().all(|pattern| pattern.is_wild())
    }

    fn without_next(&self) -> Row<'p> {
        Row { patterns: self.patterns[..self.patterns.len() - 1].to_vec(), ..*self }
    }

    /// The row for a value of the next column that it fits, with so many parts.
    fn specialise(&self, arity: usize) -> Row<'p> {
        let mut row = self.without_next();
        let Pattern::Is(constructor, parts) = self.next() else {
            row.patterns.extend(std::iter::repeat_n(WILD, arity));
            return row;
        };
        // A list pattern with a rest may be shorter than the list.
        let front = match constructor {
            Constructor::List { prefix, .. } => *prefix,
            _ => parts.len(),
        };
        let (front, back) = parts.split_at(front);
        row.patterns.extend(back.iter().rev());
        row.patterns.extend(std::iter::repeat_n(WILD, arity - parts.len()));
        row.patterns.extend(front.iter().rev());
        row
    }
}
