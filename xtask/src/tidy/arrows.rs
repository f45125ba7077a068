//! The rule that arrows between crates only go down: a crate depends on those that the table
//! names and on no other crate of ours.

use super::files::SourceFile;

/// Each crate and the crates of ours that it may name in its manifest.
const ALLOWED: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("abi", &[]),
    ("machine", &[]),
    ("syntax", &["base"]),
    ("hir", &["base", "syntax"]),
    ("mir", &["base", "abi"]),
    ("lower", &["base", "abi", "hir", "mir"]),
    ("module", &["base", "abi", "mir"]),
    ("rt", &["abi", "machine"]),
    ("capi", &["abi", "machine", "rt"]),
    ("interp", &["abi", "machine", "mir", "rt"]),
    ("clif", &["abi", "machine", "mir"]),
    ("llvm", &["abi", "machine", "mir"]),
    (
        "driver",
        &[
            "base", "abi", "machine", "syntax", "hir", "mir", "lower", "module", "rt", "interp",
            "clif", "llvm",
        ],
    ),
    ("sepal", &["base", "driver"]),
    ("fuzz", &["base", "syntax", "hir", "mir", "lower", "driver"]),
];

pub fn check(files: &[SourceFile]) -> Vec<String> {
    files.iter().flat_map(check_manifest).collect()
}

fn check_manifest(file: &SourceFile) -> Vec<String> {
    let Some(name) =
        file.path.strip_prefix("crates/").and_then(|rest| rest.strip_suffix("/Cargo.toml"))
    else {
        return Vec::new();
    };
    let Some((_, allowed)) = ALLOWED.iter().find(|(krate, _)| *krate == name) else {
        return vec![format!("{}: the crate is not in the table of arrows", file.path)];
    };
    own_dependencies(&file.text)
        .filter(|dependency| !allowed.contains(dependency))
        .map(|dependency| format!("{}: {name} must not depend on {dependency}", file.path))
        .collect()
}

/// The crates of ours that a manifest depends on. Tests may depend on what they like.
fn own_dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    let mut counts = false;
    manifest.lines().filter_map(move |line| {
        if line.starts_with('[') {
            counts = line.contains("dependencies") && !line.contains("dev-dependencies");
            // A table of its own: [dependencies.sepal-base].
            return line.trim_end_matches(']').split_once("dependencies.sepal-").map(|(_, n)| n);
        }
        let name = line.strip_prefix("sepal-").filter(|_| counts)?;
        name.split(['.', ' ', '=']).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_one(krate: &str, manifest: &str, expected: &[&str]) {
        let file = SourceFile { path: format!("crates/{krate}/Cargo.toml"), text: manifest.into() };
        assert_eq!(check(&[file]), expected);
    }

    #[test]
    fn downward_arrows_pass() {
        check_one("hir", "[dependencies]\nsepal-base.workspace = true\nmemchr = \"2\"\n", &[]);
    }

    #[test]
    fn upward_arrows_are_named() {
        let problem = "crates/mir/Cargo.toml: mir must not depend on hir";
        check_one("mir", "[dependencies]\nsepal-hir = { path = \"../hir\" }\n", &[problem]);
        check_one("mir", "[build-dependencies]\nsepal-hir.workspace = true\n", &[problem]);
    }

    #[test]
    fn tests_may_reach_further() {
        check_one("mir", "[dev-dependencies]\nsepal-hir.workspace = true\n", &[]);
    }

    #[test]
    fn an_unknown_crate_is_a_problem() {
        let problem = "crates/extra/Cargo.toml: the crate is not in the table of arrows";
        check_one("extra", "", &[problem]);
    }
}
