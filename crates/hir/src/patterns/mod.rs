//! Whether the arms of a `match` cover every value, and which of them no value reaches.
//!
//! Follows Maranget, "Warnings for pattern matching" (2007): a matrix of patterns is specialised
//! by the constructors of its first column until no column is left. Integers and characters are
//! split into the ranges that the patterns tell apart, lists by length.
//!
//! Must never report anything itself, and never take long: a budget bounds the work.

mod constructor;
mod witness;

#[cfg(test)]
mod tests;

use crate::ir::{Items, Pat, PatId, PatKind};
use crate::lang::LangItems;
use crate::ty::Ty;
use constructor::{Constructor, Split, children, split};
use sepal_base::IdVec;
use witness::Witness;

/// Specialisations before the answer is given up: far more than any match a person writes needs.
const BUDGET: u32 = 200_000;
/// Missing cases named in one message.
const MAX_WITNESSES: usize = 3;

/// What is known of a `match`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Some patterns that no arm without a guard fits, as they would be written; empty if the
    /// arms are exhaustive.
    pub missing: Vec<String>,
    /// Patterns that nothing reaches: whole arms, or alternatives of an or-pattern.
    pub unreachable: Vec<PatId>,
    /// The patterns are too entangled to decide in reasonable time; nothing else is known.
    pub too_complex: bool,
}

/// What the types of patterns are looked up in.
#[derive(Clone, Copy)]
pub struct Shapes<'a> {
    pub items: &'a Items,
    pub lang: &'a LangItems,
}

/// Checks the arms of a match on a value of type `scrutinee`: their patterns in order, and whether
/// each has a guard.
pub fn check_match(
    shapes: Shapes<'_>,
    pats: &IdVec<PatId, Pat>,
    scrutinee: Ty,
    arms: &[(PatId, bool)],
) -> Outcome {
    let mut rows = Vec::new();
    for &(pat, guarded) in arms {
        add_alternatives(pats, pat, &mut |alternative| {
            let pattern = Pattern::lower(shapes, pats, alternative);
            rows.push(Row { patterns: vec![pattern], guarded, origin: rows.len() });
        });
    }
    let mut origins = Vec::with_capacity(rows.len());
    for &(pat, _) in arms {
        add_alternatives(pats, pat, &mut |alternative| origins.push((pat, alternative)));
    }
    let mut check = Check { shapes, reached: vec![false; rows.len()], budget: BUDGET };
    let Ok(witnesses) = check.run(rows, &[scrutinee]) else {
        return Outcome { too_complex: true, ..Outcome::default() };
    };
    let missing = witnesses.iter().take(MAX_WITNESSES).map(|w| w[0].render(shapes)).collect();
    Outcome { missing, unreachable: unreached(arms, &origins, &check.reached), too_complex: false }
}

/// A value that the pattern does not fit, as a pattern; `None` if it fits every value.
pub fn refuting(shapes: Shapes<'_>, pats: &IdVec<PatId, Pat>, scrutinee: Ty, pat: PatId) -> Option<String> {
    let outcome = check_match(shapes, pats, scrutinee, &[(pat, false)]);
    outcome.missing.into_iter().next()
}

/// Arms that are not reached at all, then single alternatives of those that are.
fn unreached(arms: &[(PatId, bool)], origins: &[(PatId, PatId)], reached: &[bool]) -> Vec<PatId> {
    let mut found = Vec::new();
    for &(arm, _) in arms {
        let own = || origins.iter().zip(reached).filter(move |((pat, _), _)| *pat == arm);
        if own().all(|(_, reached)| !reached) {
            found.push(arm);
        } else {
            found.extend(own().filter(|(_, reached)| !**reached).map(|((_, alternative), _)| *alternative));
        }
    }
    found
}

fn add_alternatives(pats: &IdVec<PatId, Pat>, pat: PatId, add: &mut impl FnMut(PatId)) {
    match &pats[pat].kind {
        PatKind::Or(alternatives) => alternatives.iter().for_each(|a| add_alternatives(pats, *a, add)),
        _ => add(pat),
    }
}

/// A pattern without names.
#[derive(Clone, Debug)]
enum Pattern {
    Wild,
    Is(Constructor, Vec<Pattern>),
    Or(Vec<Pattern>),
}

impl Pattern {
    fn lower(shapes: Shapes<'_>, pats: &IdVec<PatId, Pat>, id: PatId) -> Pattern {
        let pat = &pats[id];
        let all = |ids: &[PatId]| ids.iter().map(|id| Pattern::lower(shapes, pats, *id)).collect();
        match &pat.kind {
            PatKind::Error | PatKind::Wild | PatKind::Bind { sub: None, .. } => Pattern::Wild,
            PatKind::Bind { sub: Some(sub), .. } => Pattern::lower(shapes, pats, *sub),
            PatKind::Lit(lit) => Pattern::Is(Constructor::of_literal(lit), Vec::new()),
            PatKind::Range { lo, hi, inclusive } => {
                Pattern::Is(Constructor::of_range(pat.ty, lo.as_ref(), hi.as_ref(), *inclusive), Vec::new())
            }
            PatKind::Tuple(elems) => Pattern::Is(Constructor::Only, all(elems)),
            PatKind::List { prefix, rest, suffix } => {
                let constructor = Constructor::List {
                    prefix: prefix.len(),
                    suffix: suffix.len(),
                    open: rest.is_some(),
                };
                let mut elems: Vec<Pattern> = all(prefix);
                elems.extend::<Vec<Pattern>>(all(suffix));
                Pattern::Is(constructor, elems)
            }
            PatKind::Adt { variant, fields } => {
                let constructor = Constructor::of_variant(shapes, pat.ty, *variant);
                let mut parts = vec![Pattern::Wild; children(shapes, pat.ty, &constructor).len()];
                for (field, sub) in fields {
                    // After an error a pattern may name more fields than there are.
                    if let Some(part) = parts.get_mut(field.0 as usize) {
                        *part = Pattern::lower(shapes, pats, *sub);
                    }
                }
                Pattern::Is(constructor, parts)
            }
            PatKind::Or(alternatives) => Pattern::Or(all(alternatives)),
            PatKind::TypeTest { ty, sub } => {
                Pattern::Is(Constructor::Type(*ty), vec![Pattern::lower(shapes, pats, *sub)])
            }
        }
    }
}

#[derive(Clone)]
struct Row {
    patterns: Vec<Pattern>,
    guarded: bool,
    /// The number of the alternative that it comes from.
    origin: usize,
}

/// The budget is used up.
struct TooComplex;

struct Check<'a> {
    shapes: Shapes<'a>,
    reached: Vec<bool>,
    budget: u32,
}

impl Check<'_> {
    /// Values of the columns' types that no row without a guard fits; notes which rows are reached.
    fn run(&mut self, rows: Vec<Row>, types: &[Ty]) -> Result<Vec<Vec<Witness>>, TooComplex> {
        self.budget = self.budget.checked_sub(1).ok_or(TooComplex)?;
        let Some((&first, others)) = types.split_first() else {
            return Ok(self.finish(&rows));
        };
        let rows = expand_or(rows);
        let seen = rows.iter().filter_map(|row| match &row.patterns[0] {
            Pattern::Is(constructor, _) => Some(constructor.clone()),
            Pattern::Wild | Pattern::Or(_) => None,
        });
        let Split { present, missing } = split(self.shapes, first, &seen.collect::<Vec<_>>());
        let mut witnesses = Vec::new();
        for constructor in present {
            let inner = children(self.shapes, first, &constructor);
            let special = rows.iter().filter_map(|row| specialise(row, &constructor, inner.len())).collect();
            let columns: Vec<Ty> = inner.iter().chain(others).copied().collect();
            for mut witness in self.run(special, &columns)? {
                let rest = witness.split_off(inner.len());
                let mut whole = vec![Witness::Is(constructor.clone(), first, witness)];
                whole.extend(rest);
                witnesses.push(whole);
            }
        }
        if !missing.is_empty() {
            let wild = rows.iter().filter(|row| matches!(row.patterns[0], Pattern::Wild));
            let rest = wild.map(|row| Row { patterns: row.patterns[1..].to_vec(), ..*row }).collect();
            for witness in self.run(rest, others)? {
                for example in &missing {
                    let whole = std::iter::once(example.clone()).chain(witness.iter().cloned());
                    witnesses.push(whole.collect());
                }
            }
        }
        // Only a few are shown; keeping all could take the product of every column.
        witnesses.truncate(MAX_WITNESSES + 1);
        Ok(witnesses)
    }

    /// No column is left: the first row without a guard takes the value.
    fn finish(&mut self, rows: &[Row]) -> Vec<Vec<Witness>> {
        for row in rows {
            self.reached[row.origin] = true;
            if !row.guarded {
                return Vec::new();
            }
        }
        vec![Vec::new()]
    }
}

/// Rows for each alternative of an or-pattern in the first column.
fn expand_or(rows: Vec<Row>) -> Vec<Row> {
    let mut expanded = Vec::with_capacity(rows.len());
    let mut pending: Vec<Row> = rows.into_iter().rev().collect();
    while let Some(mut row) = pending.pop() {
        match std::mem::replace(&mut row.patterns[0], Pattern::Wild) {
            Pattern::Or(alternatives) => {
                for alternative in alternatives.into_iter().rev() {
                    let mut copy = row.clone();
                    copy.patterns[0] = alternative;
                    pending.push(copy);
                }
            }
            other @ (Pattern::Wild | Pattern::Is(..)) => {
                row.patterns[0] = other;
                expanded.push(row);
            }
        }
    }
    expanded
}

/// The row for values of a constructor with so many parts; `None` if it does not fit them.
fn specialise(row: &Row, constructor: &Constructor, arity: usize) -> Option<Row> {
    let (first, others) = row.patterns.split_first().expect("there is a column");
    let mut patterns = match first {
        Pattern::Wild => vec![Pattern::Wild; arity],
        Pattern::Is(own, parts) => {
            if !own.covers(constructor) {
                return None;
            }
            own.spread(parts, arity)
        }
        Pattern::Or(_) => unreachable!("or-patterns have been expanded"),
    };
    patterns.extend_from_slice(others);
    Some(Row { patterns, ..*row })
}

impl Constructor {
    /// The parts of a pattern of this constructor, as parts of a value with `arity` of them: a
    /// list pattern with a rest is shorter than the list.
    fn spread(&self, parts: &[Pattern], arity: usize) -> Vec<Pattern> {
        let Constructor::List { prefix, suffix, open: true } = self else { return parts.to_vec() };
        let between = arity - prefix - suffix;
        let mut all = parts[..*prefix].to_vec();
        all.extend(std::iter::repeat_n(Pattern::Wild, between));
        all.extend_from_slice(&parts[*prefix..]);
        all
    }
}
