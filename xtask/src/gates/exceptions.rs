//! Each exception from a size gate names a file that exists, a reason, and an ADR that exists.

use super::Outcome;
use crate::workspace::Workspace;

pub(super) const HOLDS: &str = "every entry of xtask/exceptions.toml has its file, a reason and an ADR";
const HINT: &str = "mend or remove the entry in xtask/exceptions.toml; the ADR is docs/adr/NNNN-title.md";

pub(super) fn judge(workspace: &Workspace) -> Outcome {
    let mut problems = Vec::new();
    let mut entries = 0_usize;
    for (what, reason, adr) in workspace.exceptions.entries() {
        entries += 1;
        let path = what.split(':').next().unwrap_or(&what);
        if workspace.text(path).is_none() {
            problems.push(format!("{what}: no such file"));
        }
        if reason.trim().is_empty() {
            problems.push(format!("{what}: no reason"));
        }
        let prefix = format!("docs/adr/{adr}-");
        if adr.len() != 4 || !workspace.files.iter().any(|file| file.path.starts_with(&prefix)) {
            problems.push(format!("{what}: no ADR {adr}"));
        }
    }
    Outcome { summary: format!("{entries} in the list"), problems, hint: HINT }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exceptions::Exceptions;

    fn problems(path: &str, reason: &str, adr: &str) -> usize {
        let list = format!("[[file]]\npath = \"{path}\"\nreason = \"{reason}\"\nadr = \"{adr}\"\n");
        let files = Workspace::of(&[("a/src/lib.rs", ""), ("docs/adr/0042-one-table.md", "")]);
        judge(&Workspace { exceptions: Exceptions::parse(&list).unwrap(), ..files }).problems.len()
    }

    #[test]
    fn an_entry_needs_file_reason_and_adr() {
        assert_eq!(problems("a/src/lib.rs", "one table", "0042"), 0);
        assert_eq!(problems("a/src/gone.rs", "one table", "0042"), 1);
        assert_eq!(problems("a/src/lib.rs", " ", "0042"), 1);
        assert_eq!(problems("a/src/lib.rs", "one table", "0043"), 1);
        assert_eq!(problems("a/src/lib.rs", "one table", "004"), 1);
    }

    #[test]
    fn an_unknown_member_of_an_entry_is_refused() {
        assert!(Exceptions::parse("[[file]]\npath = \"a\"\nreason = \"r\"\nadr = \"0042\"\nowner = \"x\"\n").is_err());
    }
}
