//! Two kinds of words that have no place in a committed file: hosts of package registries (a build takes the one that
//! its own configuration names) and absolute paths of somebody's machine.

use super::Outcome;
use crate::workspace::{SourceFile, Workspace};

pub(super) const HOLDS: &str = "no committed file names a package registry's host or a path of somebody's machine";
const HINT: &str = "name the registry in words, write paths below the root; a lock file made with a local mirror must \
    be made again without it";

/// Assembled, like everything below, so that this file does not find itself.
const HOSTS: [&str; 6] = [
    concat!("crates", ".io"),
    concat!("npmjs", ".org"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("proxy.go", "lang.org"),
    concat!("artifact", "ory"),
];
const PATHS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];
/// What cargo itself writes into every lock file, with or without a mirror.
const LOCK_SOURCE: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

pub(super) fn judge(workspace: &Workspace) -> Outcome {
    let problems = workspace.files.iter().flat_map(judge_file).collect();
    Outcome { summary: format!("{} files", workspace.files.len()), problems, hint: HINT }
}

fn judge_file(file: &SourceFile) -> Vec<String> {
    let is_lock = file.path.ends_with("Cargo.lock");
    let mut problems = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if is_lock && line.contains(LOCK_SOURCE) {
            continue;
        }
        let host = HOSTS.into_iter().find(|host| line.contains(host));
        let path = PATHS.into_iter().find(|path| holds_path(line, path));
        for word in host.into_iter().chain(path) {
            problems.push(format!("{}:{}: `{word}`", file.path, index + 1));
        }
    }
    problems
}

/// Whether `path` begins an absolute path somewhere in the line: the same letters within a URL or below a variable
/// are no machine's path.
fn holds_path(line: &str, path: &str) -> bool {
    let begins =
        |before: &str| before.chars().next_back().is_none_or(|c| c.is_whitespace() || "\"'`=:,;([{<>|".contains(c));
    line.match_indices(path).any(|(at, _)| begins(&line[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str, text: &str) -> Vec<String> {
        judge(&Workspace::of(&[(path, text)])).problems
    }

    #[test]
    fn each_host_and_each_path_is_found() {
        for word in HOSTS {
            assert_eq!(
                problems("README.md", &format!("first\nsee https://{word}/x\n")),
                [format!("README.md:2: `{word}`")]
            );
        }
        for word in PATHS {
            assert_eq!(problems("a.rs", &format!("open(\"{word}main\")\n")), [format!("a.rs:1: `{word}`")]);
        }
    }

    #[test]
    fn letters_inside_a_url_or_below_a_variable_are_no_machine_path() {
        let path = PATHS[0];
        assert!(problems("a.md", &format!("https://example.com{path}x and $HOME{path}x\n")).is_empty());
    }

    #[test]
    fn a_lock_file_may_name_the_default_registry_and_no_mirror() {
        assert!(problems("Cargo.lock", &format!("source = \"{LOCK_SOURCE}\"\n")).is_empty());
        assert_eq!(problems("a.toml", &format!("source = \"{LOCK_SOURCE}\"\n")).len(), 1);
        assert_eq!(problems("Cargo.lock", &format!("source = \"registry+https://{}/x\"\n", HOSTS[5])).len(), 1);
    }
}
