//! The known attacks on JWT and JOSE are a list of 75 rows, A01 to A75. The test of row A07 is a function whose name
//! begins with `a07_`, so a row without a test can be seen.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::Outcome;
use super::test_names::test_names;
use crate::workspace::Workspace;

pub(super) const HOLDS: &str = "every attack row that is due has a test named after it";
const HINT: &str = "write `#[test] fn aNN_what_is_refused()` under crates/jose/tests/, not ignored";

const ROWS: RangeInclusive<u8> = 1..=75;
/// Rows that the code of today must refuse. The other needs what is not built yet: ML-DSA (A73).
const DUE: [RangeInclusive<u8>; 2] = [1..=72, 74..=75];
const SEARCHED: [&str; 3] = ["crates/jose/tests/", "crates/verifier/tests/", "crates/server/tests/"];

pub(super) fn judge(workspace: &Workspace) -> Outcome {
    let is_searched = |path: &str| SEARCHED.iter().any(|folder| path.starts_with(folder));
    let mut tested = BTreeSet::new();
    let mut problems = Vec::new();
    for file in workspace.files.iter().filter(|file| file.is_rust() && is_searched(&file.path)) {
        for row in rows_tested(&file.text) {
            if !ROWS.contains(&row) {
                problems.push(format!("{}: there is no row {}", file.path, name(row)));
            }
            tested.insert(row);
        }
    }
    let untested: Vec<u8> = ROWS.filter(|row| !tested.contains(row)).collect();
    let (missing, later): (Vec<u8>, Vec<u8>) =
        untested.into_iter().partition(|row| DUE.iter().any(|due| due.contains(row)));
    if !missing.is_empty() {
        problems.push(format!("due, no test: {}", spans(&missing)));
    }
    Outcome {
        summary: format!("{} rows tested; not due, no test: {}", tested.len(), spans(&later)),
        problems,
        hint: HINT,
    }
}

/// The rows that a file's tests are named after.
fn rows_tested(text: &str) -> impl Iterator<Item = u8> {
    test_names(text).filter_map(row_named)
}

/// 7 for `a07_rs256_key_refuses_ps256`.
fn row_named(name: &str) -> Option<u8> {
    let (number, _) = name.strip_prefix('a')?.split_once('_')?;
    if number.len() == 2 { number.parse().ok() } else { None }
}

fn name(row: u8) -> String {
    format!("A{row:02}")
}

/// `A14 A32-A33 A46-A75`
fn spans(rows: &[u8]) -> String {
    let spans = rows.chunk_by(|a, b| a + 1 == *b).filter_map(|span| match span {
        [] => None,
        [only] => Some(name(*only)),
        [first, .., last] => Some(format!("{}-{}", name(*first), name(*last))),
    });
    let text = spans.collect::<Vec<_>>().join(" ");
    if text.is_empty() { "none".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test_of(row: u8) -> String {
        format!("#[test]\nfn a{row:02}_is_refused() {{}}\n")
    }

    fn due() -> impl Iterator<Item = u8> {
        DUE.into_iter().flatten()
    }

    fn judge_text(text: &str) -> Outcome {
        judge(&Workspace::of(&[("crates/jose/tests/attacks.rs", text)]))
    }

    #[test]
    fn a_due_row_without_a_test_fails() {
        let all: String = due().map(test_of).collect();
        let outcome = judge_text(&all);
        assert!(!outcome.failed(), "{:?}", outcome.problems);
        assert_eq!(outcome.summary, "74 rows tested; not due, no test: A73");

        let but_one: String = due().filter(|row| *row != 7).map(test_of).collect();
        assert_eq!(judge_text(&but_one).problems, ["due, no test: A07"]);
    }

    #[test]
    fn a_test_of_a_row_that_does_not_exist_fails() {
        assert!(
            judge_text(&test_of(76)).problems.contains(&"crates/jose/tests/attacks.rs: there is no row A76".to_owned())
        );
    }
}
