//! Clippy counts a function's lines (`too_many_lines`, threshold 60) and knows the language better than a counter of
//! braces would. So this gate does not count again: it sees that the lint is on, with that threshold, in every
//! package, and that nobody switches it off outside tests without an entry in the list of exceptions.

use toml::Table;

use super::Outcome;
use crate::workspace::{SourceFile, Workspace};

pub(super) const HOLDS: &str = "clippy refuses functions of more than 60 lines, and nobody has switched it off";
const HINT: &str = "split the function; an exception needs an entry in xtask/exceptions.toml and an ADR";
const LINES_MAX: i64 = 60;
/// Assembled, so that this file does not find itself.
const LINT: &str = concat!("clippy::", "too_many_lines");
/// Attributes that would take the lint away with others.
const WIDER: [&str; 3] =
    [concat!("clippy::", "pedantic"), concat!("allow(", "warnings"), concat!("expect(", "warnings")];

pub(super) fn judge(workspace: &Workspace) -> Outcome {
    let mut problems = Vec::new();
    judge_settings(workspace, &mut problems);
    for file in workspace.files.iter().filter(|file| file.is_rust() && !file.is_test()) {
        judge_file(file, workspace, &mut problems);
    }
    for entry in &workspace.exceptions.function {
        let used = workspace.text(&entry.path).is_some_and(|text| text.contains(LINT));
        if !used {
            problems.push(format!("{}: {} needs no exception any more", entry.path, entry.name));
        }
    }
    Outcome { summary: format!("clippy counts, {LINES_MAX} lines at most"), problems, hint: HINT }
}

fn judge_settings(workspace: &Workspace, problems: &mut Vec<String>) {
    let threshold = table(workspace, "clippy.toml").get("too-many-lines-threshold").and_then(toml::Value::as_integer);
    if threshold != Some(LINES_MAX) {
        problems.push(format!("clippy.toml: too-many-lines-threshold is not {LINES_MAX}"));
    }
    let root = table(workspace, "Cargo.toml");
    let level = member(&root, &["workspace", "lints", "clippy", "too_many_lines"]).and_then(toml::Value::as_str);
    if !matches!(level, Some("warn" | "deny" | "forbid")) {
        problems.push("Cargo.toml: [workspace.lints.clippy] does not turn too_many_lines on".to_owned());
    }
    for package in &workspace.packages {
        let manifest = table(workspace, &package.manifest);
        if member(&manifest, &["lints", "workspace"]).and_then(toml::Value::as_bool) != Some(true) {
            problems.push(format!("{}: lacks `[lints] workspace = true`", package.manifest));
        }
    }
}

fn judge_file(file: &SourceFile, workspace: &Workspace, problems: &mut Vec<String>) {
    for (index, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        let at = format!("{}:{}", file.path, index + 1);
        if let Some(wider) = WIDER.iter().find(|wider| line.contains(*wider)) {
            problems.push(format!("{at}: `{wider}` switches off more than it names"));
        }
        if line.contains(LINT) {
            let name = file.text.lines().skip(index).find_map(function_name).unwrap_or("the whole file");
            if !workspace.exceptions.has_function(&file.path, name) {
                problems.push(format!("{at}: the limit is switched off for {name}, which is no exception"));
            }
        }
    }
}

/// The name in `pub async fn name(…`, if the line begins a function.
fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.trim_start().split_once("fn ")?;
    let is_qualifier = |word: &str| matches!(word, "const" | "async" | "unsafe") || word.starts_with("pub");
    let end = after.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    before.split_whitespace().all(is_qualifier).then(|| &after[..end])
}

/// An empty table where the file is missing or broken: what is looked for is then missing too, and is reported.
fn table(workspace: &Workspace, path: &str) -> Table {
    workspace.text(path).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn member<'a>(table: &'a Table, path: &[&str]) -> Option<&'a toml::Value> {
    let (last, folders) = path.split_last()?;
    folders.iter().try_fold(table, |table, name| table.get(*name)?.as_table())?.get(*last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exceptions::Exceptions;
    use crate::workspace::Package;

    const CLIPPY: &str = "too-many-lines-threshold = 60\n";
    const ROOT: &str = "[workspace.lints.clippy]\ntoo_many_lines = \"warn\"\n";
    const MEMBER: &str = "[lints]\nworkspace = true\n";

    fn workspace(clippy: &str, root: &str, member: &str, source: &str) -> Workspace {
        let package = Package { name: "a".into(), manifest: "a/Cargo.toml".into(), ..Package::default() };
        let files = [("clippy.toml", clippy), ("Cargo.toml", root), ("a/Cargo.toml", member), ("a/src/lib.rs", source)];
        Workspace { packages: vec![package], ..Workspace::of(&files) }
    }

    #[test]
    fn each_setting_is_needed() {
        assert!(!judge(&workspace(CLIPPY, ROOT, MEMBER, "")).failed());
        assert!(judge(&workspace("too-many-lines-threshold = 100\n", ROOT, MEMBER, "")).failed());
        assert!(judge(&workspace(CLIPPY, "[workspace.lints.clippy]\n", MEMBER, "")).failed());
        assert!(judge(&workspace(CLIPPY, ROOT, "", "")).failed());
    }

    #[test]
    fn a_switch_needs_an_exception_that_names_the_function() {
        let source = format!("#[expect({LINT}, reason = \"a table\")]\npub(crate) async fn judge(a: u8) {{}}\n");
        let list =
            |name| format!("[[function]]\npath = \"a/src/lib.rs\"\nname = \"{name}\"\nreason = \"r\"\nadr = \"1\"\n");
        let found = workspace(CLIPPY, ROOT, MEMBER, &source);
        assert_eq!(
            judge(&found).problems,
            ["a/src/lib.rs:1: the limit is switched off for judge, which is no exception"]
        );

        let excepted = |name| Workspace {
            exceptions: Exceptions::parse(&list(name)).unwrap(),
            ..workspace(CLIPPY, ROOT, MEMBER, &source)
        };
        assert!(!judge(&excepted("judge")).failed());
        assert!(judge(&excepted("other")).failed());
    }

    #[test]
    fn a_wider_switch_and_a_stale_exception_fail() {
        let wider = format!("#![allow({})]\n", WIDER[0]);
        assert!(judge(&workspace(CLIPPY, ROOT, MEMBER, &wider)).failed());

        let stale = "[[function]]\npath = \"a/src/lib.rs\"\nname = \"judge\"\nreason = \"r\"\nadr = \"1\"\n";
        let stale = Workspace {
            exceptions: Exceptions::parse(stale).unwrap(),
            ..workspace(CLIPPY, ROOT, MEMBER, "fn judge() {}\n")
        };
        assert_eq!(judge(&stale).problems, ["a/src/lib.rs: judge needs no exception any more"]);
    }
}
