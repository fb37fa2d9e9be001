//! What was found, how bad it is, and what to do about it.

use crate::failure::Failure;
use crate::output::{Answer, Page};
use serde::Serialize;

/// Gathers what is found.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    severity: Severity,
    /// Which look it was.
    check: &'static str,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// Will be a problem, or is a risk.
    Warning,
    /// Does not work, or is not safe.
    Problem,
}

/// All that was found.
#[derive(Serialize)]
pub(super) struct Report {
    ok: bool,
    findings: Vec<Finding>,
}

impl Findings {
    pub(super) fn ok(&mut self, check: &'static str, what: impl Into<String>) {
        self.0.push(Finding { severity: Severity::Ok, check, what: what.into(), remedy: None });
    }

    pub(super) fn note(&mut self, check: &'static str, what: impl Into<String>, remedy: impl Into<String>) {
        self.push(Severity::Note, check, what.into(), remedy.into());
    }

    pub(super) fn warning(&mut self, check: &'static str, what: impl Into<String>, remedy: impl Into<String>) {
        self.push(Severity::Warning, check, what.into(), remedy.into());
    }

    pub(super) fn problem(&mut self, check: &'static str, what: impl Into<String>, remedy: impl Into<String>) {
        self.push(Severity::Problem, check, what.into(), remedy.into());
    }

    /// A problem, as a command that met it would tell it.
    pub(super) fn failure(&mut self, check: &'static str, failure: &Failure) {
        let (what, remedy) = failure.told();
        self.0.push(Finding { severity: Severity::Problem, check, what, remedy });
    }

    /// Whether one look found nothing to say against.
    pub(super) fn all_ok(&self, check: &str) -> bool {
        self.0.iter().all(|finding| finding.check != check || finding.severity == Severity::Ok)
    }

    pub(super) fn report(self) -> Report {
        Report { ok: self.0.iter().all(|finding| finding.severity != Severity::Problem), findings: self.0 }
    }

    fn push(&mut self, severity: Severity, check: &'static str, what: String, remedy: String) {
        self.0.push(Finding { severity, check, what, remedy: Some(remedy) });
    }
}

impl Report {
    /// Whether there is no problem.
    pub(super) const fn is_sound(&self) -> bool {
        self.ok
    }
}

impl Answer for Report {
    fn show(&self, page: &mut Page) {
        for finding in &self.findings {
            let label = match finding.severity {
                Severity::Ok => "ok",
                Severity::Note => "note",
                Severity::Warning => "warning",
                Severity::Problem => "PROBLEM",
            };
            let line = format!("{label:<8} {:<13} {}", finding.check, finding.what);
            match finding.severity {
                Severity::Ok => page.aside(&line),
                Severity::Problem => page.bad(&line),
                _ => page.line(&line),
            }
            finding.remedy.iter().for_each(|remedy| page.line(&format!("{:23}-> {remedy}", "")));
        }
        let count = |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
        let (problems, warnings) = (count(Severity::Problem), count(Severity::Warning));
        let line = format!("{problems} problems, {warnings} warnings");
        if self.ok { page.good(&line) } else { page.bad(&line) }
    }
}
