//! `[[rule]]`

use super::{
    keys,
    table::{Listed, Place, Table},
};
use crate::config::error::{Fault, Problem};
use countersign_guard::{Demand, PathPattern, Rule, Rules, RulesClash};
use countersign_verifier::Needs;

/// The rules, if all of them are good.
pub(super) fn read(place: &Place, listed: &[Listed<'_>], problems: &mut Vec<Problem>) -> Option<Rules> {
    let rules: Vec<_> = listed
        .iter()
        .map(|Listed { name, members, .. }| one(&mut Table::new(place, name, members, keys::RULE, &[], problems)))
        .collect();
    let rules = rules.into_iter().collect::<Option<Vec<Rule>>>()?;
    match Rules::new(rules) {
        Ok(rules) => Some(rules),
        Err(clash) => {
            refuse(place, listed, clash, problems);
            None
        }
    }
}

fn one(table: &mut Table<'_, '_>) -> Option<Rule> {
    let before = table.problems();
    let is_public = table.read("public", &keys::PUBLIC).unwrap_or_default();
    for name in ["scopes", "roles", "stale"] {
        if is_public && table.has(name) {
            table.refuse(name, Fault::new("the rule is public: nothing is asked for there").hint("remove one of them"));
        }
    }
    let path = table.read("path", &keys::RULE_PATH).unwrap_or_else(PathPattern::everything);
    let host = table.read("host", &keys::HOST);
    let methods = table.read("methods", &keys::METHODS);
    if methods.as_ref().is_some_and(Vec::is_empty) {
        table.refuse(
            "methods",
            Fault::new("an empty list: the rule would be about nothing").hint("remove it for all methods"),
        );
    }
    let scopes = table.read("scopes", &keys::SCOPES).unwrap_or_default();
    let roles = table.read("roles", &keys::ROLES).unwrap_or_default();
    let needs = scopes.into_iter().fold(Needs::any_token(), Needs::scope);
    let needs = roles.into_iter().fold(needs, Needs::role);
    let needs = match table.read("stale", &keys::STALE) {
        Some(policy) => needs.stale(policy),
        None => needs,
    };
    let demand = if is_public { Demand::Public } else { Demand::Token(needs) };
    let rule = methods.unwrap_or_default().into_iter().fold(Rule::new(path, demand), Rule::method);
    let rule = host.into_iter().fold(rule, Rule::host);
    (table.problems() == before).then_some(rule)
}

fn refuse(place: &Place, listed: &[Listed<'_>], clash: RulesClash, problems: &mut Vec<Problem>) {
    let RulesClash::Case { first, second } = clash else {
        let line = listed.first().map_or(0, |rule| rule.line);
        return problems.push(Problem::of_key(place.line(line), "rule", Fault::new(clash.to_string())));
    };
    let Some(Listed { name, members, .. }) = listed.get(second - 1) else { return };
    let fault = Fault::new(format!(
        "differs from the path of rule[{}] in case or form of characters alone: to an application that does not look at \
         that, both are one",
        first - 1
    ));
    // What covers by its host or methods alone has no path that could clash.
    let mut table = Table::new(place, name, members, keys::RULE, &[], problems);
    table.refuse("path", fault.hint("write both in one way"));
}
