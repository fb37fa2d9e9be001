//! The licences that every package names are there to be read.

use super::Outcome;
use crate::workspace::Workspace;

pub(super) const HOLDS: &str = "LICENSE-MIT and LICENSE-APACHE are there and every package names both";
const HINT: &str = "put the whole text back, and `license.workspace = true` into the manifest";
const EXPRESSION: &str = "MIT OR Apache-2.0";
/// A file and a sentence from near its end: a cut text fails.
const TEXTS: [(&str, &str); 2] =
    [("LICENSE-MIT", "THE SOFTWARE IS PROVIDED \"AS IS\""), ("LICENSE-APACHE", "END OF TERMS AND CONDITIONS")];

pub(super) fn judge(workspace: &Workspace) -> Outcome {
    let mut problems = Vec::new();
    for (path, sentence) in TEXTS {
        match workspace.text(path) {
            None => problems.push(format!("{path}: missing")),
            Some(text) if !text.contains(sentence) => problems.push(format!("{path}: not the whole licence")),
            Some(_) => {}
        }
    }
    for package in &workspace.packages {
        if package.license.as_deref() != Some(EXPRESSION) {
            problems.push(format!("{}: license is not `{EXPRESSION}`", package.manifest));
        }
    }
    Outcome { summary: format!("{} packages, {EXPRESSION}", workspace.packages.len()), problems, hint: HINT }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Package;

    fn workspace(mit: &str, license: Option<&str>) -> Workspace {
        let package =
            Package { manifest: "a/Cargo.toml".into(), license: license.map(str::to_owned), ..Package::default() };
        let files = [("LICENSE-MIT", mit), ("LICENSE-APACHE", TEXTS[1].1)];
        Workspace { packages: vec![package], ..Workspace::of(&files) }
    }

    #[test]
    fn texts_and_expressions_are_needed() {
        assert!(!judge(&workspace(TEXTS[0].1, Some(EXPRESSION))).failed());
        assert_eq!(judge(&workspace("MIT", Some(EXPRESSION))).problems, ["LICENSE-MIT: not the whole licence"]);
        assert_eq!(judge(&workspace(TEXTS[0].1, None)).problems.len(), 1);
        assert_eq!(judge(&Workspace::default()).problems.len(), 2);
    }
}
