//! The part of `.gitignore` that this repository uses: a path from the root, a name, an ending.

#[derive(Debug, Default)]
pub(super) struct Ignored {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
enum Pattern {
    /// `/target`
    Path(String),
    /// `node_modules`
    Name(String),
    /// `*.log`
    Ending(String),
}

impl Ignored {
    /// Gives back a line that it cannot follow: to read less or more than git would be worse than to stop.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let patterns =
            lines.map(|line| Pattern::parse(line).ok_or_else(|| line.to_owned())).collect::<Result<_, _>>()?;
        Ok(Self { patterns })
    }

    /// Whether the file or folder at `path`, below the root, is ignored. A folder's contents are never asked for.
    pub(super) fn matches(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.patterns.iter().any(|pattern| match pattern {
            Pattern::Path(ignored) => path == ignored,
            Pattern::Name(ignored) => name == ignored,
            Pattern::Ending(ignored) => name.ends_with(ignored.as_str()),
        })
    }
}

impl Pattern {
    fn parse(line: &str) -> Option<Self> {
        let is_plain = |text: &str| !text.is_empty() && !text.contains(['*', '?', '[', '\\', '!']);
        let line = line.strip_suffix('/').unwrap_or(line);
        if let Some(path) = line.strip_prefix('/') {
            return is_plain(path).then(|| Self::Path(path.to_owned()));
        }
        if line.contains('/') {
            return is_plain(line).then(|| Self::Path(line.to_owned()));
        }
        match line.strip_prefix('*') {
            Some(ending) => is_plain(ending).then(|| Self::Ending(ending.to_owned())),
            None => is_plain(line).then(|| Self::Name(line.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_paths_names_and_endings() {
        let ignored = Ignored::parse("# built\n/target\nbenches/target/\n\nnode_modules\n*.log\n").unwrap();
        for path in ["target", "benches/target", "a/node_modules", "a/b.log"] {
            assert!(ignored.matches(path), "{path}");
        }
        for path in ["a/target", "targets", "log"] {
            assert!(!ignored.matches(path), "{path}");
        }
    }

    #[test]
    fn names_a_line_that_it_cannot_follow() {
        assert_eq!(Ignored::parse("/target\n!/target/keep\n").unwrap_err(), "!/target/keep");
    }
}
