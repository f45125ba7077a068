//! Whether the arms of a `match` cover every value, and which of them no value reaches.
//!
//! Follows Maranget, "Warnings for pattern matching" (2007): a matrix of patterns is specialised
//! by the constructors of a column until no column is left. Integers and characters are split
//! into the ranges that the patterns tell apart, lists by length.
//!
//! Must never report anything itself, judge patterns that were found wrong before, or take long:
//! a budget bounds the work.

mod constructor;
mod matrix;
mod pattern;
mod witness;

#[cfg(test)]
mod tests;

use crate::ir::{Items, Pat, PatId};
use crate::lang::LangItems;
use crate::ty::Ty;
use constructor::Types;
use matrix::Matrix;
use pattern::Pattern;
use sepal_base::IdVec;

/// Missing cases named in one message.
const MAX_WITNESSES: usize = 3;

/// What is known of a `match`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Some patterns that no arm without a guard fits, as they would be written; empty if the
    /// arms are exhaustive.
    pub missing: Vec<String>,
    /// There are more of them.
    pub more: bool,
    /// Patterns that nothing reaches: whole arms, or alternatives of an or-pattern.
    pub unreachable: Vec<PatId>,
    /// The patterns are too entangled to decide in reasonable time, and none fits everything:
    /// nothing else is known.
    pub too_complex: bool,
}

impl Outcome {
    /// The missing cases for a message: `` `A`, `B` and others ``.
    pub fn list_missing(&self) -> String {
        let quoted: Vec<String> =
            self.missing.iter().map(|pattern| format!("`{pattern}`")).collect();
        match &quoted[..] {
            _ if self.more => format!("{} and others", quoted.join(", ")),
            [others @ .., last] if !others.is_empty() => {
                format!("{} and {last}", others.join(", "))
            }
            _ => quoted.concat(),
        }
    }
}

/// What the types of patterns are looked up in.
#[derive(Clone, Copy)]
pub struct Shapes<'a> {
    pub items: &'a Items,
    pub lang: &'a LangItems,
}

/// Checks the arms of a match on a value of type `scrutinee`: their patterns in order, and whether
/// each has a guard. Where a pattern does not fit the type, which is an error of its own, nothing
/// is found.
pub fn check_match(
    shapes: Shapes<'_>,
    pats: &IdVec<PatId, Pat>,
    scrutinee: Ty,
    arms: &[(PatId, bool)],
) -> Outcome {
    let mut types = Types::new(shapes);
    if scrutinee.has_error() || types.is_empty(scrutinee) {
        return Outcome::default();
    }
    let lowered = arms.iter().map(|&(pat, _)| Pattern::lower(shapes, pats, pat, scrutinee));
    let Some(patterns) = lowered.collect::<Option<Vec<Pattern>>>() else {
        return Outcome::default();
    };
    let mut matrix = Matrix::new(types);
    for (pattern, &(pat, guarded)) in patterns.iter().zip(arms) {
        matrix.add_arm(pattern, pat, guarded);
    }
    let Ok(witnesses) = matrix.run(scrutinee) else {
        // One arm for everything else leaves no doubt, whatever comes before it.
        let open =
            !patterns.iter().zip(arms).any(|(pattern, (_, guarded))| pattern.is_wild() && !guarded);
        return Outcome { too_complex: open, ..Outcome::default() };
    };
    let mut unreachable = Vec::new();
    for (pattern, &(pat, _)) in patterns.iter().zip(arms) {
        matrix.unreached(pattern, pat, &mut unreachable);
    }
    let mut missing: Vec<String> = witnesses.iter().map(|witness| witness.render(shapes)).collect();
    let more = missing.len() > MAX_WITNESSES;
    missing.truncate(MAX_WITNESSES);
    Outcome { missing, more, unreachable, too_complex: false }
}

/// A value that the pattern does not fit, as a pattern; `None` if it fits every value.
pub fn refuting(
    shapes: Shapes<'_>,
    pats: &IdVec<PatId, Pat>,
    scrutinee: Ty,
    pat: PatId,
) -> Option<String> {
    let outcome = check_match(shapes, pats, scrutinee, &[(pat, false)]);
    // What cannot be decided must not pass as fitting.
    if outcome.too_complex { Some("_".to_string()) } else { outcome.missing.into_iter().next() }
}
