//! The configuration: what is allowed, and weaker than it need be.

use super::findings::Findings;
use crate::config::{Config, ConfigErrors, FeedAccess, MetricsAccess, SignUp};
use crate::times::length;
use std::time::Duration;

const SETTINGS: &str = "configuration";
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// A configuration that does not load: each of its problems.
pub(super) fn unreadable(errors: &ConfigErrors, findings: &mut Findings) {
    for problem in errors.problems() {
        let key = problem.key.as_deref().unwrap_or("");
        let what = format!("{}: {key} {}", problem.origin, problem.message);
        let remedy = problem.hint.clone().unwrap_or_else(|| "countersign config check".to_owned());
        findings.problem(SETTINGS, what, remedy);
    }
}

pub(super) fn look(config: &Config, findings: &mut Findings) {
    network(config, findings);
    lifetimes(config, findings);
    refreshing(config, findings);
    openness(config, findings);
    if findings.all_ok(SETTINGS) {
        findings.ok(SETTINGS, "nothing is weaker than the defaults");
    }
}

fn network(config: &Config, findings: &mut Findings) {
    let server = &config.server;
    let https = server.issuer.as_ref().is_some_and(crate::config::Issuer::is_https);
    if !https {
        findings.note(
            SETTINGS,
            "the issuer is plain HTTP: good on this machine alone",
            "for others: a proxy that speaks TLS, and its URL as server.issuer",
        );
    }
    if https && server.behind_proxy.is_empty() {
        findings.warning(
            SETTINGS,
            "the issuer is https, but server.behind_proxy names no proxy: everybody seems to come from the proxy's address, and shares its limit of failed sign-ins",
            "name the proxy's address in server.behind_proxy",
        );
    }
    for range in &server.behind_proxy {
        if range.to_string().ends_with("/0") {
            let what = format!("server.behind_proxy believes everybody ({range}): any client can claim any address");
            findings.problem(SETTINGS, what, "name the proxies and nothing wider");
        }
    }
}

fn lifetimes(config: &Config, findings: &mut Findings) {
    let long = |findings: &mut Findings, key: &str, found: Duration, most: Duration, why: &str| {
        if found > most {
            let what = format!("{key} is {}: {why}", length(found.into()));
            findings.warning(SETTINGS, what, format!("{} at the most, unless you know why", length(most.into())));
        }
    };
    let unseen = "a verifier without the feed accepts a revoked token that long";
    long(findings, "tokens.access_lifetime", config.tokens.access_lifetime, 30 * MINUTE, unseen);
    let stolen = "a stolen device stays signed in that long";
    long(findings, "sessions.idle", config.sessions.idle, 90 * DAY, stolen);
    long(findings, "sessions.absolute", config.sessions.absolute, 366 * DAY, stolen);
    let leaked = "a key that leaked unnoticed signs that long";
    long(findings, "keys.rotation", config.keys.rotation, 180 * DAY, leaked);
    let late = "expired tokens are accepted that long";
    long(findings, "tokens.leeway", config.tokens.leeway, Duration::from_secs(30), late);
    if config.telemetry.audit_kept < 90 * DAY {
        let what = format!("telemetry.audit_kept is {}", length(config.telemetry.audit_kept.into()));
        findings.note(SETTINGS, what, "keep it for as long as a theft may take to be noticed, or export it");
    }
}

fn refreshing(config: &Config, findings: &mut Findings) {
    let sessions = &config.sessions;
    if sessions.grace > MINUTE / 2 {
        let what = format!(
            "sessions.grace is {}: a thief on the owner's network goes unnoticed within it",
            length(sessions.grace.into())
        );
        findings.warning(SETTINGS, what, "10s is enough for tabs and bad lines");
    }
    if sessions.grace.is_zero() {
        findings.note(SETTINGS, "sessions.grace is 0: two tabs that refresh at once may sign their owner out", "10s");
    }
    if sessions.forgiveness >= 4 {
        let what =
            format!("sessions.forgiveness is {}: a thief may go unnoticed for so many refreshes", sessions.forgiveness);
        findings.warning(SETTINGS, what, "2 forgives the lost replies that happen");
    }
    if sessions.forgiveness == 0 {
        findings.note(
            SETTINGS,
            "sessions.forgiveness is 0: a lost reply signs its owner out",
            "2, or clients that send a retry key",
        );
    }
}

fn openness(config: &Config, findings: &mut Findings) {
    if config.accounts.sign_up == SignUp::Open {
        findings.note(
            SETTINGS,
            "accounts.sign_up is open: anybody can make an account",
            "\"closed\", unless that is meant",
        );
    }
    if config.feed.access == FeedAccess::Public {
        findings.note(
            SETTINGS,
            "feed.access is public: anybody can count endings, and read the names of clients that are disabled",
            "\"client\", unless that is meant",
        );
    }
    if config.telemetry.metrics == MetricsAccess::Public {
        findings.note(
            SETTINGS,
            "telemetry.metrics is public: anybody who reaches the server can count sign-ins and sessions",
            "\"loopback\", unless only your monitoring reaches it",
        );
    }
    let level = config.telemetry.log_level.as_str();
    if level.contains("debug") || level.contains("trace") {
        findings.warning(SETTINGS, format!("telemetry.log_level is {level}: the log grows fast"), "\"info\"");
    }
}
