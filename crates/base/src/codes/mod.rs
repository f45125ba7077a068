//! The registry of every diagnostic: permanent code, name, title, explanation.
//!
//! Each diagnostic is one entry in one of the tables beside this file, chosen by its range:
//! `E00xx` lexer and parser, `E01xx` names and modules, `E02xx` types, `E03xx` patterns, `E04xx`
//! effects and contracts, `E05xx` driver and io, `W0xxx` warnings. A code is never given a second
//! meaning; a retired one stays unused. `sepal explain E0001` prints the explanation.

mod driver;
mod effects;
mod names;
mod patterns;
mod syntax;
mod types;
mod warnings;

pub use driver::*;
pub use effects::*;
pub use names::*;
pub use patterns::*;
pub use syntax::*;
pub use types::*;
pub use warnings::*;

/// Whether a diagnostic ends the compilation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Severity {
    Error,
    Warning,
}

/// What the registry says of one diagnostic.
#[derive(Debug)]
pub struct CodeInfo {
    /// The permanent code, `E0001`.
    pub id: &'static str,
    /// The constant's name, `UNTERMINATED_STRING`.
    pub name: &'static str,
    /// One line that says what is wrong in general.
    pub title: &'static str,
    /// A few lines with an example, for `sepal explain`.
    pub explain: &'static str,
}

/// A diagnostic's code: a reference to its entry in the registry.
#[derive(Clone, Copy)]
pub struct Code(pub(crate) &'static CodeInfo);

impl Code {
    /// The entry of `id`, given as `E0001` or `e0001`.
    pub fn find(id: &str) -> Option<Code> {
        all().find(|code| code.id().eq_ignore_ascii_case(id))
    }

    pub fn id(self) -> &'static str {
        self.0.id
    }

    pub fn info(self) -> &'static CodeInfo {
        self.0
    }

    /// Whether lexer and parser report it.
    pub fn is_syntax(self) -> bool {
        syntax::TABLE.contains(&self)
    }

    /// The letter of the code says it.
    pub fn severity(self) -> Severity {
        if self.0.id.starts_with('W') { Severity::Warning } else { Severity::Error }
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Code) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Code {}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.id)
    }
}

/// Every registered code, in order of ranges.
pub fn all() -> impl Iterator<Item = Code> {
    let tables = [
        syntax::TABLE,
        names::TABLE,
        types::TABLE,
        patterns::TABLE,
        effects::TABLE,
        driver::TABLE,
        warnings::TABLE,
    ];
    tables.into_iter().flatten().copied()
}

/// Makes one constant of type [`Code`] for each entry, and the table of them all.
macro_rules! diagnostics {
    ($($id:ident $name:ident $title:literal $explain:literal;)*) => {
        $(
            #[doc = concat!(stringify!($id), ": ", $title)]
            pub const $name: $crate::codes::Code = $crate::codes::Code(&$crate::codes::CodeInfo {
                id: stringify!($id),
                name: stringify!($name),
                title: $title,
                explain: $explain,
            });
        )*
        pub(super) const TABLE: &[$crate::codes::Code] = &[$($name),*];
    };
}
use diagnostics;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_well_formed_and_unique() {
        let mut seen = HashSet::new();
        for code in all() {
            let info = code.info();
            let (letter, digits) = info.id.split_at(1);
            assert!(matches!(letter, "E" | "W"), "{}", info.id);
            assert!(digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()), "{}", info.id);
            assert!(seen.insert(info.id), "{} stands twice", info.id);
            assert!(seen.insert(info.name), "{} stands twice", info.name);
            assert!(!info.title.is_empty() && !info.explain.trim().is_empty(), "{}", info.id);
            assert_eq!(Code::find(&info.id.to_lowercase()), Some(code));
        }
    }

    #[test]
    fn each_table_keeps_its_range() {
        let check = |table: &[Code], prefix: &str| {
            for code in table {
                assert!(code.id().starts_with(prefix), "{} is outside {prefix}", code.id());
            }
        };
        check(syntax::TABLE, "E00");
        check(names::TABLE, "E01");
        check(types::TABLE, "E02");
        check(patterns::TABLE, "E03");
        check(effects::TABLE, "E04");
        check(driver::TABLE, "E05");
        check(warnings::TABLE, "W0");
    }
}
