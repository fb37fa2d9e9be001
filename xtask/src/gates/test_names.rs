//! Which tests a file has: what a document or a list of attacks may call shown.

/// The tests that run. A function without `#[test]`, or an ignored one, proves nothing.
pub(super) fn test_names(text: &str) -> impl Iterator<Item = &str> {
    let (mut is_test, mut is_ignored) = (false, false);
    text.lines().map(str::trim).filter_map(move |line| {
        if line.starts_with("#[") {
            is_test |= line.contains("test]") || line.contains("::test(");
            is_ignored |= line.contains("ignore");
            return None;
        }
        if line.is_empty() || line.starts_with("//") {
            return None;
        }
        let counts = is_test && !is_ignored;
        (is_test, is_ignored) = (false, false);
        function_named(line).filter(|_| counts)
    })
}

fn function_named(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches("async ").strip_prefix("fn ")?;
    rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_test_that_runs_counts() {
        let tested = |text: &str| test_names(text).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(tested("#[test]\n// why\nfn a07_x() {}\n"), ["a07_x"]);
        assert_eq!(tested("#[tokio::test]\nasync fn a07_x() {}\n"), ["a07_x"]);
        assert_eq!(tested("#[tokio::test(flavor = \"multi_thread\")]\nasync fn x() {}\n"), ["x"]);
        assert!(tested("fn a07_x() {}\n").is_empty());
        assert!(tested("#[test]\n#[ignore = \"slow\"]\nfn a07_x() {}\n").is_empty());
        assert_eq!(tested("#[test]\nfn other() {}\nfn a07_x() {}\n"), ["other"]);
    }
}
