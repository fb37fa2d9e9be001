//! A file holds one idea. The gate is a backstop: most files stay far below it.

use super::Outcome;
use crate::workspace::Workspace;

pub(super) const HOLDS: &str = "no .rs file outside tests/ and fuzz/ is longer than 500 lines";
const LINES_MAX: usize = 500;
const HINT: &str = "split the file along a seam; an exception needs an entry in xtask/exceptions.toml and an ADR";

pub(super) fn judge(workspace: &Workspace) -> Outcome {
    let mut problems = Vec::new();
    let mut longest = (0, "none");
    let mut judged = 0_usize;
    for file in workspace.files.iter().filter(|file| file.is_rust() && !file.is_test()) {
        let lines = file.text.lines().count();
        judged += 1;
        longest = longest.max((lines, file.path.as_str()));
        match (lines > LINES_MAX, workspace.exceptions.has_file(&file.path)) {
            (true, false) => problems.push(format!("{}: {lines} lines, {LINES_MAX} at most", file.path)),
            (false, true) => problems.push(format!("{}: {lines} lines, needs no exception any more", file.path)),
            _ => {}
        }
    }
    Outcome { summary: format!("{judged} files, longest {} ({})", longest.0, longest.1), problems, hint: HINT }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exceptions::Exceptions;

    fn workspace(lines: usize) -> Workspace {
        Workspace::of(&[("crates/core/src/a.rs", &"x\n".repeat(lines))])
    }

    fn excepted(lines: usize) -> Workspace {
        let list = "[[file]]\npath = \"crates/core/src/a.rs\"\nreason = \"r\"\nadr = \"0001\"\n";
        Workspace { exceptions: Exceptions::parse(list).unwrap(), ..workspace(lines) }
    }

    #[test]
    fn the_line_over_the_limit_fails() {
        assert!(!judge(&workspace(500)).failed());
        assert_eq!(judge(&workspace(501)).problems, ["crates/core/src/a.rs: 501 lines, 500 at most"]);
    }

    #[test]
    fn tests_and_other_files_are_left_alone() {
        let long = "x\n".repeat(900);
        let workspace = Workspace::of(&[("crates/core/tests/a.rs", &long), ("fuzz/b.rs", &long), ("docs/c.md", &long)]);
        assert!(!judge(&workspace).failed());
    }

    #[test]
    fn an_exception_holds_only_while_it_is_needed() {
        assert!(!judge(&excepted(501)).failed());
        assert!(judge(&excepted(500)).failed());
    }
}
