//! A patch in the format that `git diff` writes, with a line `Fails: STEP…` before it. Lines are found by what they say,
//! not by their number, and must be found exactly once: a patch that no longer fits fails instead of doing nothing.

use std::fs;
use std::path::Path;

use super::MutationError;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Patch {
    /// The file's name without its extension.
    pub(super) name: String,
    /// The steps of the tour that must fail, and no others.
    pub(super) fails: Vec<String>,
    hunks: Vec<Hunk>,
}

/// Lines that stand in a file, and those that take their place.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hunk {
    path: String,
    old: String,
    new: String,
}

impl Patch {
    pub(super) fn read(path: &Path) -> Result<Self, MutationError> {
        let text = fs::read_to_string(path)
            .map_err(|source| MutationError::File { path: path.display().to_string(), source })?;
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Self::parse(&name, &text).map_err(|what| MutationError::Patch { patch: name, what })
    }

    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let fails = text.lines().find_map(|line| line.strip_prefix("Fails: ")).ok_or("no line `Fails: STEP…`")?;
        let fails = fails.split(", ").map(str::to_owned).collect();
        let mut hunks: Vec<Hunk> = Vec::new();
        let mut path = None;
        for line in text.lines() {
            if let Some(named) = line.strip_prefix("+++ b/") {
                path = Some(named.to_owned());
            } else if line.starts_with("--- a/") {
                path = None;
            } else if line.starts_with("@@ ") {
                let path = path.clone().ok_or("a hunk before its `+++ b/FILE`")?;
                hunks.push(Hunk { path, ..Hunk::default() });
            } else if let (Some(_), Some(hunk)) = (&path, hunks.last_mut()) {
                hunk.take(line).ok_or_else(|| format!("a line that is none of a hunk: {line:?}"))?;
            }
        }
        if hunks.is_empty() {
            return Err("no hunk".to_owned());
        }
        Ok(Self { name: name.to_owned(), fails, hunks })
    }

    /// The files that it changes, in the order of its hunks.
    pub(super) fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = self.hunks.iter().map(|hunk| hunk.path.as_str()).collect();
        paths.dedup();
        paths
    }

    /// The text of the file at `path` with the patch applied.
    pub(super) fn applied(&self, path: &str, text: &str) -> Result<String, MutationError> {
        let mut hunks = self.hunks.iter().filter(|hunk| hunk.path == path);
        hunks.try_fold(text.to_owned(), |text, hunk| {
            let found = text.matches(&hunk.old).count();
            if found == 1 {
                return Ok(text.replacen(&hunk.old, &hunk.new, 1));
            }
            let what = format!("its lines stand {found} times in {path}, not once");
            Err(MutationError::Patch { patch: self.name.clone(), what })
        })
    }
}

impl Hunk {
    fn take(&mut self, line: &str) -> Option<()> {
        // An editor may have cut the space off an empty line of context.
        let (kind, rest) = if line.is_empty() { (" ", "") } else { line.split_at_checked(1)? };
        let (old, new) = match kind {
            " " => (true, true),
            "-" => (true, false),
            "+" => (false, true),
            _ => return None,
        };
        for (_, text) in [(old, &mut self.old), (new, &mut self.new)].into_iter().filter(|(has, _)| *has) {
            text.push_str(rest);
            text.push('\n');
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::Patch;
    use crate::mutations::MutationError;

    const PATCH: &str = "\
One check removed.

Fails: expired, other

--- a/src/a.rs
+++ b/src/a.rs
@@ -7,4 +7,3 @@ fn check() {
 first

-    checked();
+    ();
 last
";

    #[test]
    fn lines_are_found_by_what_they_say() {
        let patch = Patch::parse("expiry", PATCH).unwrap();
        assert_eq!(
            (patch.paths(), patch.fails.as_slice()),
            (vec!["src/a.rs"], ["expired".into(), "other".into()].as_slice())
        );
        let patched = patch.applied("src/a.rs", "more\nfirst\n\n    checked();\nlast\n").unwrap();
        assert_eq!(patched, "more\nfirst\n\n    ();\nlast\n");
    }

    #[test]
    fn a_patch_that_fits_nowhere_or_twice_is_an_error() {
        let patch = Patch::parse("expiry", PATCH).unwrap();
        let twice = "first\n\n    checked();\nlast\n".repeat(2);
        for text in ["", "first\n\n    checked_otherwise();\nlast\n", &twice] {
            assert!(matches!(patch.applied("src/a.rs", text), Err(MutationError::Patch { .. })), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_patch_is_an_error() {
        for text in ["", "Fails: a\n", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n", "Fails: a\n+++ b/x\n@@ -1 +1 @@\n?a\n"] {
            assert!(Patch::parse("bad", text).is_err(), "{text:?}");
        }
    }
}
