//! What a document says is tested, is: each test that it names exists and runs, and each requirement of a standard that
//! it lists names one, or says why there is none.

use std::collections::{BTreeMap, BTreeSet};

use super::Outcome;
use super::test_names::test_names;
use crate::workspace::Workspace;

pub(super) const HOLDS: &str =
    "every test that a document names exists, and each requirement in docs/standards.md names one";
const HINT: &str = "a test is named `path/of/file.rs::name_of_the_test`, a file by the end of its path; a requirement is a \
                    row of a table under a heading with `requirements`, and its last cell names a test or begins with \
                    `client`, `deployment`, `not offered` or `**not met**`";

/// In which requirements of standards are listed.
const STANDARDS: &str = "docs/standards.md";
/// How the last cell of a requirement may begin that names no test.
const UNTESTED: [&str; 4] = ["client", "deployment", "not offered", "**not met**"];

/// What a document may name: the files, and the tests in each.
struct Tests<'a>(BTreeMap<&'a str, BTreeSet<&'a str>>);

pub(super) fn judge(workspace: &Workspace) -> Outcome {
    let rust = workspace.files.iter().filter(|file| file.is_rust());
    let tests = Tests(rust.map(|file| (file.path.as_str(), test_names(&file.text).collect())).collect());
    let mut problems = Vec::new();
    let mut named = BTreeSet::new();
    // What an ADR names is of its day.
    let is_document = |path: &str| path.starts_with("docs/") && path.ends_with(".md") && !path.starts_with("docs/adr/");
    for document in workspace.files.iter().filter(|file| is_document(&file.path)) {
        for name in quoted(&document.text) {
            if let Some(problem) = tests.lack(name) {
                problems.push(format!("{}: {problem}", document.path));
            }
            named.extend(name.contains(".rs::").then_some(name));
        }
    }
    let mut requirements = 0_usize;
    for (line, row) in requirements_of(workspace.text(STANDARDS).unwrap_or_default()) {
        requirements += 1;
        let cell = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default().trim();
        if !cell.contains(".rs::") && !UNTESTED.iter().any(|word| cell.starts_with(word)) {
            problems.push(format!("{STANDARDS}:{line}: neither a test nor a reason: {row}"));
        }
    }
    Outcome { summary: format!("{} tests named, {requirements} requirements", named.len()), problems, hint: HINT }
}

impl Tests<'_> {
    /// What is wrong with `name`, if it is that of a test or of a file of tests.
    fn lack(&self, name: &str) -> Option<String> {
        if let Some(prefix) = name.strip_suffix('…').filter(|prefix| is_attack_row(prefix)) {
            let known = self.0.values().flatten().any(|test| test.starts_with(prefix));
            return (!known).then(|| format!("no test is named `{prefix}` and more"));
        }
        if is_attack_row(name) {
            return (!self.0.values().any(|tests| tests.contains(name))).then(|| format!("there is no test `{name}`"));
        }
        let (file, test) = name.split_once("::").unwrap_or((name, ""));
        if !file.ends_with(".rs") || file.contains([' ', '*', '{']) {
            return None;
        }
        // A document may name it from where the crates are.
        let from_root = file.trim_start_matches("../");
        let mut files = self.0.iter().filter(|(path, _)| is_end_of(from_root, path)).peekable();
        if files.peek().is_none() {
            return Some(format!("there is no file `{file}`"));
        }
        let known = test.is_empty() || files.any(|(_, tests)| tests.contains(test));
        (!known).then(|| format!("`{file}` has no test `{test}`"))
    }
}

/// `a07_` and more: the test of a row of the attack list, wherever it is.
fn is_attack_row(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next() == Some('a')
        && characters.by_ref().take(2).all(|character| character.is_ascii_digit())
        && characters.next() == Some('_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// Whether `file` is the path, or whole parts at its end.
fn is_end_of(file: &str, path: &str) -> bool {
    path.strip_suffix(file).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

/// The texts between back quotes, but for blocks of code.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let outside = text.split("```").step_by(2);
    outside.flat_map(|text| text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)))
}

/// The rows of the tables under headings that have `requirements`, with their lines.
fn requirements_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let (mut listed, mut above) = (false, false);
    (1..).zip(text.lines()).filter(move |(_, line)| {
        if line.starts_with('#') {
            listed = line.contains("requirements");
        }
        let is_row = line.starts_with('|') && !line.starts_with("|---");
        // The first row is the table's heading.
        let counts = listed && is_row && above;
        above = line.starts_with('|');
        counts
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "#[test]\nfn it_holds() {}\n#[test]\nfn a07_holds() {}\nfn helper() {}\n";
    const PATH: &str = "crates/server/tests/it/oauth2/proofs.rs";

    fn judge_text(text: &str) -> Outcome {
        judge(&Workspace::of(&[(PATH, SOURCE), (STANDARDS, text)]))
    }

    #[test]
    fn what_exists_may_be_named() {
        let text = "`proofs.rs::it_holds`, `../it/oauth2/proofs.rs`, `a07_holds`, `a07_…`, `cnf.jkt`\n\
                    ```sh\n`proofs.rs::made_up`\n```\n\
                    ## RFC 1: requirements\n| § | must | shown by |\n|---|---|---|\n\
                    | 1 | a | `oauth2/proofs.rs::it_holds` |\n| 2 | b | client |\n";
        let outcome = judge_text(text);
        assert_eq!(outcome.problems, [""; 0]);
        assert_eq!(outcome.summary, "2 tests named, 2 requirements");
    }

    #[test]
    fn what_does_not_exist_is_a_problem() {
        for (name, problem) in [
            ("proofs.rs::helper", "`proofs.rs` has no test `helper`"),
            ("oofs.rs::it_holds", "there is no file `oofs.rs`"),
            ("other.rs", "there is no file `other.rs`"),
            ("a08_holds", "there is no test `a08_holds`"),
            ("a08_…", "no test is named `a08_` and more"),
        ] {
            assert_eq!(judge_text(&format!("`{name}`")).problems, [format!("{STANDARDS}: {problem}")]);
        }
    }

    #[test]
    fn a_requirement_without_a_test_says_why() {
        let table = |heading: &str| format!("## {heading}\n| § | shown by |\n|---|---|\n| 1 | of course |\n");
        assert_eq!(judge_text(&table("RFC 1: sections")).problems, [""; 0]);
        let problems = judge_text(&table("RFC 1: requirements")).problems;
        assert_eq!(problems, ["docs/standards.md:4: neither a test nor a reason: | 1 | of course |"]);
        assert_eq!(judge_text(&table("requirements").replace("of course", "**not met**: why")).problems, [""; 0]);
    }
}
