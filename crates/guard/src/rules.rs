//! What is asked for where: an ordered list, of which the first that covers a request counts.

use countersign_verifier::Needs;
use http::Method;

use crate::{limits::RULES_MAX, original::HostName, path::GuardedPath, pattern::PathPattern};

/// What a rule asks of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// Nothing: everybody may, and nobody is looked at.
    Public,
    /// A token that holds, and what it must allow.
    Token(Needs),
}

/// What is asked for at some paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    host: Option<HostName>,
    path: PathPattern,
    /// Empty: all of them.
    methods: Vec<Method>,
    demand: Demand,
}

/// The rules of a guard. Where none covers a request, any token that holds will do.
///
/// ```
/// use countersign_guard::{Demand, GuardedPath, PathPattern, Rule, Rules};
/// use countersign_verifier::Needs;
/// use http::Method;
///
/// let rules = Rules::new(vec![Rule::new(PathPattern::parse("/public/*")?, Demand::Public)])?;
/// let path = GuardedPath::read("/public/logo.svg")?;
/// assert_eq!(rules.demand("app.example", &Method::GET, &path), &Demand::Public);
/// let path = GuardedPath::read("/orders")?;
/// assert_eq!(rules.demand("app.example", &Method::GET, &path), &Demand::Token(Needs::any_token()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    listed: Vec<Rule>,
    otherwise: Demand,
}

/// Rules that cannot stand beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesClash {
    /// Both paths are one to an application that does not look at case.
    #[error("rules {first} and {second} are about paths that differ in case or form of characters alone")]
    Case {
        /// The number of the earlier one, from 1.
        first: usize,
        /// The number of the later one.
        second: usize,
    },
    /// Too many of them.
    #[error("more than {RULES_MAX} rules")]
    TooMany,
}

impl Rule {
    /// At these paths of all hosts, for all methods.
    #[must_use]
    pub const fn new(path: PathPattern, demand: Demand) -> Self {
        Self { host: None, path, methods: Vec::new(), demand }
    }

    /// At that host alone.
    #[must_use]
    pub fn host(self, host: HostName) -> Self {
        Self { host: Some(host), ..self }
    }

    /// For that method, and others that are named so. `GET` is `HEAD` too.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.methods.push(method);
        self
    }

    fn covers(&self, host: &str, method: &Method, path: &GuardedPath) -> bool {
        let is_meant = |named: &Method| named == method || (*named == Method::GET && *method == Method::HEAD);
        let is_at = match self.demand {
            Demand::Public => self.path.covers(path.as_str()),
            Demand::Token(_) => self.path.covers_folded(path.folded()),
        };
        is_at
            && self.host.as_ref().is_none_or(|named| named.as_str() == host)
            && (self.methods.is_empty() || self.methods.iter().any(is_meant))
    }

    /// Whether there is a host that both are about.
    fn shares_host(&self, other: &Self) -> bool {
        self.host.is_none() || other.host.is_none() || self.host == other.host
    }
}

impl Rules {
    /// In their order.
    ///
    /// # Errors
    /// [`RulesClash`] for rules that would weaken each other: with `/Reports/*` before `/reports/*` the later one would
    /// never be asked.
    pub fn new(listed: Vec<Rule>) -> Result<Self, RulesClash> {
        if listed.len() > RULES_MAX {
            return Err(RulesClash::TooMany);
        }
        for (second, rule) in listed.iter().enumerate() {
            let clashes = |earlier: &Rule| earlier.shares_host(rule) && earlier.path.differs_in_case_only(&rule.path);
            if let Some(first) = listed[..second].iter().position(clashes) {
                return Err(RulesClash::Case { first: first + 1, second: second + 1 });
            }
        }
        Ok(Self { listed, otherwise: Demand::Token(Needs::any_token()) })
    }

    /// What is asked of a request; `host` in lower case and without a port.
    #[must_use]
    pub fn demand(&self, host: &str, method: &Method, path: &GuardedPath) -> &Demand {
        let first = self.listed.iter().find(|rule| rule.covers(host, method, path));
        first.map_or(&self.otherwise, |rule| &rule.demand)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.listed.len()
    }

    /// Whether there are none: any token that holds will do everywhere.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Demand, Rule, Rules, RulesClash};
    use crate::{GuardedPath, HostName, PathPattern};
    use countersign_verifier::Needs;
    use http::Method;

    fn public(path: &str) -> Rule {
        Rule::new(PathPattern::parse(path).unwrap(), Demand::Public)
    }

    fn scope(path: &str, scope: &str) -> Rule {
        Rule::new(PathPattern::parse(path).unwrap(), Demand::Token(Needs::any_token().scope(scope)))
    }

    fn asked(rules: &Rules, host: &str, method: &Method, target: &str) -> String {
        match rules.demand(host, method, &GuardedPath::read(target).unwrap()) {
            Demand::Public => "public".to_owned(),
            Demand::Token(needs) => needs.scopes().join(" "),
        }
    }

    #[test]
    fn the_first_that_covers_counts_and_without_one_a_token_is_needed() {
        let rules = Rules::new(vec![public("/admin/login"), scope("/admin/*", "admin"), public("/p/*")]).unwrap();
        for (target, expected) in
            [("/admin/login", "public"), ("/admin/x", "admin"), ("/admin", "admin"), ("/p", "public"), ("/x", "")]
        {
            assert_eq!(asked(&rules, "h", &Method::GET, target), expected, "{target}");
        }
    }

    #[test]
    fn in_another_case_nothing_is_public_and_everything_is_asked_for() {
        let rules = Rules::new(vec![public("/admin/login"), scope("/admin/*", "admin"), public("/*")]).unwrap();
        assert_eq!(asked(&rules, "h", &Method::GET, "/ADMIN/x"), "admin");
        assert_eq!(asked(&rules, "h", &Method::GET, "/Admin/Login"), "admin");
        assert_eq!(asked(&rules, "h", &Method::GET, "/Elsewhere"), "public");
    }

    #[test]
    fn hosts_and_methods_narrow_a_rule() {
        let host = HostName::parse("Admin.Example").unwrap();
        let rules = vec![scope("/*", "admin").host(host), public("/*").method(Method::GET), scope("/*", "write")];
        let rules = Rules::new(rules).unwrap();
        assert_eq!(asked(&rules, "admin.example", &Method::GET, "/"), "admin");
        assert_eq!(asked(&rules, "app.example", &Method::GET, "/"), "public");
        assert_eq!(asked(&rules, "app.example", &Method::HEAD, "/"), "public");
        assert_eq!(asked(&rules, "app.example", &Method::POST, "/"), "write");
    }

    #[test]
    fn a_rule_for_get_is_not_evaded_by_head() {
        let rules = Rules::new(vec![scope("/*", "read").method(Method::GET), public("/*")]).unwrap();
        assert_eq!(asked(&rules, "h", &Method::HEAD, "/"), "read");
    }

    #[test]
    fn rules_that_only_case_tells_apart_are_refused() {
        let clash = |rules| Rules::new(rules).unwrap_err();
        let expected = RulesClash::Case { first: 1, second: 2 };
        assert_eq!(clash(vec![scope("/Reports/*", "read"), scope("/reports/*", "admin")]), expected);
        assert_eq!(clash(vec![public("/Admin/x"), scope("/admin/*", "admin")]), expected);
        let (a, b) = (HostName::parse("a").unwrap(), HostName::parse("b").unwrap());
        assert!(Rules::new(vec![scope("/X", "x").host(a), scope("/x", "y").host(b)]).is_ok());
    }
}
