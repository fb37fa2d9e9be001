//! The arrows between our crates, as docs/architecture.md draws them. Cargo refuses a circle; this gate refuses an
//! arrow that is not on the map, and I/O in the crates that are to stay functions of values.

use super::Outcome;
use crate::workspace::{Dependency, DependencyKind, Package, Workspace};

pub(super) const HOLDS: &str = "crates use only what docs/architecture.md says; jose, revocation, core do no I/O";
const HINT: &str = "move the code to the crate that may have the dependency; a new arrow needs an ADR and its row in \
    xtask/src/gates/crate_direction.rs";

const JOSE: &str = "countersign-jose";
const REVOCATION: &str = "countersign-revocation";
const VERIFIER: &str = "countersign-verifier";
const GUARD: &str = "countersign-guard";
const CORE: &str = "countersign-core";
const STORE_SQLITE: &str = "countersign-store-sqlite";
const STORE_POSTGRES: &str = "countersign-store-postgres";
const SERVER: &str = "countersign-server";
const BINARY: &str = "countersign";

/// What each crate may use of ours. Packages that are not listed (xtask, examples, end-to-end tests) may use any of
/// them, and none of these may use one that is not listed.
const MAP: [(&str, &[&str]); 9] = [
    (JOSE, &[]),
    (REVOCATION, &[JOSE]),
    (VERIFIER, &[JOSE, REVOCATION]),
    (GUARD, &[JOSE, REVOCATION, VERIFIER]),
    (CORE, &[JOSE, REVOCATION]),
    (STORE_SQLITE, &[JOSE, REVOCATION, CORE]),
    (STORE_POSTGRES, &[JOSE, REVOCATION, CORE]),
    (SERVER, &[JOSE, REVOCATION, VERIFIER, CORE, STORE_SQLITE, STORE_POSTGRES]),
    (BINARY, &[JOSE, REVOCATION, VERIFIER, GUARD, CORE, STORE_SQLITE, STORE_POSTGRES, SERVER]),
];

/// Integration tests may bring a store, to run an operation against a real one.
const FOR_TESTS: [&str; 2] = [STORE_SQLITE, STORE_POSTGRES];

const WITHOUT_IO: [&str; 3] = [JOSE, REVOCATION, CORE];
const IO: [&str; 15] = [
    "async-std",
    "axum",
    "deadpool-postgres",
    "hyper",
    "hyper-util",
    "libsqlite3-sys",
    "mio",
    "reqwest",
    "rusqlite",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
    "tokio-postgres",
    "ureq",
];

pub(super) fn judge(workspace: &Workspace) -> Outcome {
    let ours: Vec<&str> = workspace.packages.iter().map(|package| package.name.as_str()).collect();
    let mut arrows = 0_usize;
    let mut problems = Vec::new();
    for package in &workspace.packages {
        let Some(allowed) = allowed(&package.name) else {
            if package.name.starts_with(BINARY) {
                problems.push(format!("{}: not on the map", package.name));
            }
            continue;
        };
        for dependency in &package.dependencies {
            if ours.contains(&dependency.name.as_str()) {
                arrows += 1;
                if !may_use(package, allowed, dependency) {
                    problems.push(format!("{}: must not use {}", package.name, dependency.name));
                }
            } else if does_io(package, dependency) {
                problems.push(format!("{}: does no I/O, must not use {}", package.name, dependency.name));
            }
        }
    }
    Outcome { summary: format!("{} packages, {arrows} arrows", ours.len()), problems, hint: HINT }
}

fn allowed(name: &str) -> Option<&'static [&'static str]> {
    MAP.iter().find(|(listed, _)| *listed == name).map(|(_, allowed)| *allowed)
}

fn may_use(package: &Package, allowed: &[&str], dependency: &Dependency) -> bool {
    let name = dependency.name.as_str();
    // A crate names itself to turn on a feature for its own tests.
    let for_tests = dependency.kind == Some(DependencyKind::Dev) && (FOR_TESTS.contains(&name) || name == package.name);
    allowed.contains(&name) || for_tests
}

fn does_io(package: &Package, dependency: &Dependency) -> bool {
    WITHOUT_IO.contains(&package.name.as_str())
        && dependency.kind != Some(DependencyKind::Dev)
        && IO.contains(&dependency.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole map as packages without dependencies, and `from` with one more.
    fn problems(from: &str, to: &str, kind: Option<DependencyKind>) -> Vec<String> {
        let mut names: Vec<&str> = MAP.iter().map(|(name, _)| *name).collect();
        names.push("xtask");
        let package = |name: &str| Package {
            name: name.to_owned(),
            dependencies: (name == from).then(|| Dependency { name: to.to_owned(), kind }).into_iter().collect(),
            ..Package::default()
        };
        let packages = names.into_iter().map(package).collect();
        judge(&Workspace { packages, ..Workspace::default() }).problems
    }

    #[test]
    fn an_arrow_back_fails() {
        assert!(problems(CORE, JOSE, None).is_empty());
        assert_eq!(problems(JOSE, CORE, None), ["countersign-jose: must not use countersign-core"]);
        assert_eq!(problems(CORE, STORE_SQLITE, None).len(), 1);
        assert_eq!(problems(STORE_SQLITE, SERVER, Some(DependencyKind::Build)).len(), 1);
        assert_eq!(problems(SERVER, "xtask", None).len(), 1);
        assert!(problems("xtask", CORE, None).is_empty());
    }

    #[test]
    fn tests_may_bring_a_store_and_the_crate_itself_and_nothing_else() {
        let dev = Some(DependencyKind::Dev);
        assert!(problems(CORE, STORE_SQLITE, dev).is_empty());
        assert!(problems(CORE, CORE, dev).is_empty());
        assert_eq!(problems(CORE, SERVER, dev).len(), 1);
    }

    #[test]
    fn io_in_a_crate_of_rules_fails_but_not_in_its_tests() {
        assert_eq!(problems(CORE, "tokio", None), ["countersign-core: does no I/O, must not use tokio"]);
        assert!(problems(CORE, "tokio", Some(DependencyKind::Dev)).is_empty());
        assert!(problems(SERVER, "tokio", None).is_empty());
    }

    #[test]
    fn a_crate_that_is_not_on_the_map_fails() {
        let package = Package { name: "countersign-utils".to_owned(), ..Package::default() };
        let workspace = Workspace { packages: vec![package], ..Workspace::default() };
        assert_eq!(judge(&workspace).problems, ["countersign-utils: not on the map"]);
    }
}
