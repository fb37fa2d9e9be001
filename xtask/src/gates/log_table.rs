//! Whoever searches a log goes by its events and fields: docs/operating/logs.md tells every one that the server, the
//! binary and the verifier write, and nothing that they do not.

use std::collections::{BTreeMap, BTreeSet};

use super::Outcome;
use crate::workspace::Workspace;

pub(super) const HOLDS: &str = "docs/operating/logs.md tells every event and field that is logged, and no other";
const HINT: &str = "a row is | level | `event` | `field`, `field` |, with the fields in the order of the alphabet";
const DOCUMENT: &str = "docs/operating/logs.md";
const LOGGING: [&str; 4] =
    ["crates/server/src/", "crates/countersign/src/", "crates/verifier/src/", "crates/guard/src/"];
const LEVELS: [(&str, &str); 6] = [
    ("tracing::trace!(", "trace"),
    ("tracing::debug!(", "debug"),
    ("tracing::info!(", "info"),
    ("tracing::warn!(", "warn"),
    ("tracing::error!(", "error"),
    ("tracing::info_span!(", "span"),
];
/// Only in tests.
const TESTS: &str = "#[cfg(test)]\nmod tests";

pub(super) fn judge(workspace: &Workspace) -> Outcome {
    let mut logged = BTreeMap::new();
    let mut problems = Vec::new();
    let is_logging = |path: &str| LOGGING.iter().any(|folder| path.starts_with(folder));
    for file in workspace.files.iter().filter(|file| file.is_rust() && is_logging(&file.path)) {
        let text = file.text.split(TESTS).next().unwrap_or_default();
        for (start, level) in LEVELS {
            for (at, _) in text.match_indices(start) {
                let arguments = arguments(text.get(at + start.len()..).unwrap_or_default());
                match row(level, &arguments) {
                    Some(row) => drop(logged.insert(row, file.path.as_str())),
                    None => problems.push(format!("{}: an event of level {level} has no text", file.path)),
                }
            }
        }
    }
    let document = workspace.text(DOCUMENT).unwrap_or_default();
    let told: BTreeSet<&str> = document.lines().filter(|line| is_row(line)).collect();
    let untold = logged.iter().filter(|(row, _)| !told.contains(row.as_str()));
    problems.extend(untold.map(|(row, path)| format!("{path}: logged, not in {DOCUMENT}: {row}")));
    let unknown = told.iter().filter(|row| !logged.contains_key(**row));
    problems.extend(unknown.map(|row| format!("{DOCUMENT}: nobody logs {row}")));
    Outcome { summary: format!("{} events", logged.len()), problems, hint: HINT }
}

fn is_row(line: &str) -> bool {
    LEVELS.iter().any(|(_, level)| line.starts_with(&format!("| {level} | `")))
}

/// The event as its row in the document; none where there is no text.
fn row(level: &str, arguments: &[String]) -> Option<String> {
    let text = arguments.iter().find_map(|argument| argument.strip_prefix('"')?.strip_suffix('"'))?;
    let fields = arguments.iter().filter(|argument| !argument.starts_with('"')).map(|argument| {
        let name = argument.split_once('=').map_or(argument.as_str(), |(name, _)| name);
        format!("`{}`", name.trim().trim_start_matches(['%', '?']))
    });
    let fields: BTreeSet<String> = fields.collect();
    let fields = fields.into_iter().collect::<Vec<_>>().join(", ");
    Some(format!("| {level} | `{text}` | {fields} |").replace("|  |", "| |"))
}

/// The arguments of a macro, from behind its opening parenthesis.
fn arguments(text: &str) -> Vec<String> {
    let (mut arguments, mut argument) = (Vec::new(), String::new());
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for character in text.chars() {
        if quoted {
            quoted = character != '"' || escaped;
            escaped = character == '\\' && !escaped;
        } else {
            match character {
                '"' => quoted = true,
                '(' | '[' | '{' => depth += 1,
                ')' if depth == 0 => break,
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    arguments.push(std::mem::take(&mut argument));
                    continue;
                }
                _ => {}
            }
        }
        argument.push(character);
    }
    arguments.push(argument);
    arguments.iter().map(|argument| argument.trim().to_owned()).filter(|argument| !argument.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "fn f() {
    tracing::info!(
        row = row(1, \"a, b)\"), %session, ?ended,
        \"refresh {x} \\\"refused\\\", again\"
    );
    tracing::debug!(\"plain\");
}
#[cfg(test)]
mod tests { fn g() { tracing::error!(\"only in a test\"); } }
";
    const PATH: &str = "crates/server/src/a.rs";
    const ROWS: &str =
        "# Log\n| info | `refresh {x} \\\"refused\\\", again` | `ended`, `row`, `session` |\n| debug | `plain` | |\n";

    #[test]
    fn a_document_that_tells_everything_holds() {
        let outcome = judge(&Workspace::of(&[(PATH, SOURCE), (DOCUMENT, ROWS)]));
        assert_eq!(outcome.problems, [""; 0]);
        assert_eq!(outcome.summary, "2 events");
    }

    #[test]
    fn what_is_not_told_and_what_nobody_logs_are_problems() {
        let missing = ROWS.replace("`row`, ", "");
        let outcome = judge(&Workspace::of(&[(PATH, SOURCE), (DOCUMENT, &missing)]));
        assert_eq!(outcome.problems.len(), 2, "{:?}", outcome.problems);
        let outcome = judge(&Workspace::of(&[(PATH, "tracing::warn!(a, b);"), (DOCUMENT, ROWS)]));
        assert_eq!(outcome.problems.len(), 3, "{:?}", outcome.problems);
        assert!(outcome.problems.iter().any(|problem| problem.contains("has no text")));
    }

    #[test]
    fn files_that_do_not_log_for_users_are_left_out() {
        let outcome = judge(&Workspace::of(&[("crates/server/tests/it/a.rs", SOURCE), (DOCUMENT, "")]));
        assert_eq!(outcome.problems, [""; 0]);
    }
}
