//! The paths that a rule is about.

use crate::path::{PathFault, check, fold};

/// A path as it reads once decoded: that path alone, or with `/*` at its end it and everything below it.
///
/// A rule that asks for something covers a path in whatever case and form it is written, since an application behind the
/// proxy may not tell them apart. A public rule covers exactly what it says.
///
/// ```
/// use countersign_guard::PathPattern;
///
/// let below = PathPattern::parse("/admin/*").unwrap();
/// assert!(PathPattern::parse("/a*").is_err() && PathPattern::parse("/a/../b").is_err());
/// assert_eq!(below.to_string(), "/admin/*");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    /// Without `/*`; empty for everything.
    path: String,
    folded: String,
    is_below: bool,
}

/// A text that is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadPattern {
    /// It does not begin with a slash.
    #[error("a path begins with a slash")]
    Relative,
    /// A star anywhere else than behind the last slash.
    #[error("`*` stands alone behind the last slash, as in \"/admin/*\"")]
    Star,
    /// No request has such a path: each of them would be refused.
    #[error("no request can have this path, written as it reads once decoded: {0}")]
    Path(PathFault),
}

impl PathPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`BadPattern`] for what could cover nothing.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        if !text.starts_with('/') {
            return Err(BadPattern::Relative);
        }
        let below = text.strip_suffix("/*");
        let path = below.unwrap_or(text);
        if path.contains('*') {
            return Err(BadPattern::Star);
        }
        check(path).map_err(BadPattern::Path)?;
        if below.is_some() && path.ends_with('/') {
            return Err(BadPattern::Path(PathFault::Empty));
        }
        Ok(Self { path: path.to_owned(), folded: fold(path), is_below: below.is_some() })
    }

    /// Every path.
    #[must_use]
    pub const fn everything() -> Self {
        Self { path: String::new(), folded: String::new(), is_below: true }
    }

    /// As it is written, character by character.
    pub(crate) fn covers(&self, path: &str) -> bool {
        if self.is_below { is_at_or_below(path, &self.path) } else { path == self.path }
    }

    /// Whatever the case, the form of its characters, and a slash at the end.
    pub(crate) fn covers_folded(&self, folded: &str) -> bool {
        let trimmed = |text: &str| text.trim_end_matches('/').len();
        if self.is_below {
            is_at_or_below(folded, &self.folded)
        } else {
            folded[..trimmed(folded)] == self.folded[..trimmed(&self.folded)]
        }
    }

    /// Whether a path exists that one of both covers as it is written and the other only if case is not looked at.
    pub(crate) fn differs_in_case_only(&self, other: &Self) -> bool {
        let only_folded = |a: &Self, b: &Self| a.covers_folded(&b.folded) && !a.covers_any_slash(&b.path);
        only_folded(self, other) || only_folded(other, self)
    }

    fn covers_any_slash(&self, path: &str) -> bool {
        self.covers(path) || (!self.is_below && self.path.trim_end_matches('/') == path.trim_end_matches('/'))
    }
}

impl std::fmt::Display for PathPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path)?;
        if self.is_below { f.write_str("/*") } else { Ok(()) }
    }
}

fn is_at_or_below(path: &str, top: &str) -> bool {
    path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{BadPattern, PathPattern};

    fn pattern(text: &str) -> PathPattern {
        PathPattern::parse(text).unwrap()
    }

    #[test]
    fn a_star_covers_the_path_itself_and_all_below_and_nothing_beside() {
        let admin = pattern("/admin/*");
        for covered in ["/admin", "/admin/", "/admin/x/y"] {
            assert!(admin.covers(covered) && admin.covers_folded(covered), "{covered}");
        }
        for beside in ["/", "/administrator", "/Admin", "/x/admin"] {
            assert!(!admin.covers(beside), "{beside}");
        }
        assert!(["/", "/x", "/x/y"].iter().all(|path| PathPattern::everything().covers(path)));
        assert_eq!(PathPattern::everything(), pattern("/*"));
    }

    #[test]
    fn one_path_is_one_path_and_to_ask_for_something_with_or_without_a_slash() {
        let login = pattern("/login");
        assert!(login.covers("/login") && !login.covers("/login/") && !login.covers("/login/x"));
        assert!(login.covers_folded("/login/") && !login.covers_folded("/login/x"));
        assert!(pattern("/").covers("/") && !pattern("/").covers("/x"));
    }

    #[test]
    fn what_asks_for_something_covers_every_case_and_form() {
        use crate::GuardedPath;
        let folded = |target: &str| GuardedPath::read(target).unwrap().folded().to_owned();
        let admin = pattern("/Admin/*");
        for target in ["/ADMIN/x", "/%41dmin", "/aDMIN/", "/%ef%bd%81dmin/x"] {
            assert!(admin.covers_folded(&folded(target)), "{target}");
        }
        assert!(pattern("/stra\u{df}e/*").covers_folded(&folded("/STRASSE")));
        assert!(pattern("/caf\u{e9}").covers_folded(&folded("/cafe%CC%81")));
        assert!(pattern("/kids").covers_folded(&folded("/%E2%84%AAids")));
    }

    #[test]
    fn what_could_cover_nothing_is_no_pattern() {
        for (text, expected) in
            [("admin", "Relative"), ("", "Relative"), ("/a*", "Star"), ("/*/b", "Star"), ("/a/**", "Star")]
        {
            assert_eq!(format!("{:?}", PathPattern::parse(text).unwrap_err()), expected, "{text}");
        }
        for text in ["//a", "/a/../b", "/a;x", "/a%20b", "/a?b", "/a\\b", "//*"] {
            assert!(matches!(PathPattern::parse(text), Err(BadPattern::Path(_))), "{text}");
        }
    }

    #[test]
    fn patterns_that_differ_in_case_alone_are_found() {
        let differ = |one: &str, other: &str| pattern(one).differs_in_case_only(&pattern(other));
        assert!(differ("/Reports/*", "/reports/*") && differ("/reports/*", "/Reports/x") && differ("/A", "/a"));
        assert!(
            !differ("/reports/*", "/reports/x") && !differ("/*", "/A") && !differ("/a", "/a/") && !differ("/a", "/b")
        );
    }
}
