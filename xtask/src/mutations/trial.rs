//! One trial: builds the binary as the sources stand, runs the tour, and compares what failed with what should have.

use std::process::Command;

use serde::Deserialize;

use super::MutationError;
use super::scratch::Scratch;

/// What came of a trial.
pub(crate) struct Verdict {
    pub(crate) name: String,
    pub(crate) as_expected: bool,
    pub(crate) told: String,
}

/// A tour that was played.
struct Played {
    exit: Option<i32>,
    steps: Vec<Step>,
}

/// The part of the tour's document that is looked at.
#[derive(Deserialize)]
struct Document {
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    name: String,
    ok: bool,
}

/// `fails` are the steps that must fail, and no others; none: the tour must succeed.
pub(super) fn hold(scratch: &Scratch, name: &str, fails: &[String]) -> Result<Verdict, MutationError> {
    build(scratch, name)?;
    Ok(play(scratch, name)?.judge(name, fails))
}

fn build(scratch: &Scratch, name: &str) -> Result<(), MutationError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--locked", "--package", "countersign", "--bin", "countersign"])
        // Five tours run for seconds, and everything below us is built for minutes: optimise little.
        .args(["--config", "profile.dev.package.'*'.opt-level=1"])
        .current_dir(scratch.sources())
        .env("CARGO_TARGET_DIR", scratch.target())
        // Nobody looks for a line number here, and without them it builds sooner.
        .env("CARGO_PROFILE_DEV_DEBUG", "none")
        .output()
        .map_err(MutationError::CargoStart)?;
    if output.status.success() {
        return Ok(());
    }
    Err(MutationError::Build { what: name.to_owned(), told: String::from_utf8_lossy(&output.stderr).into_owned() })
}

fn play(scratch: &Scratch, name: &str) -> Result<Played, MutationError> {
    let program = scratch.target().join("debug/countersign");
    let output = Command::new(&program)
        .args(["tour", "--json"])
        .output()
        .map_err(|source| MutationError::File { path: program.display().to_string(), source })?;
    match serde_json::from_slice(&output.stdout) {
        Ok(Document { steps }) => Ok(Played { exit: output.status.code(), steps }),
        Err(_) => Err(MutationError::Tour {
            what: name.to_owned(),
            status: output.status.to_string(),
            told: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        }),
    }
}

impl Played {
    fn judge(&self, name: &str, fails: &[String]) -> Verdict {
        let failed: Vec<&str> = self.steps.iter().filter(|step| !step.ok).map(|step| step.name.as_str()).collect();
        let exit = if fails.is_empty() { 0 } else { 1 };
        let as_expected = self.exit == Some(exit) && failed == fails && !self.steps.is_empty();
        let steps = if failed.is_empty() {
            format!("all {} steps ok", self.steps.len())
        } else {
            format!("failed: {}", failed.join(", "))
        };
        let exited = self.exit.map_or_else(|| "killed".to_owned(), |exit| format!("exit {exit}"));
        let told = if as_expected {
            format!("{exited}, {steps}")
        } else {
            let wanted =
                if fails.is_empty() { "all steps ok".to_owned() } else { format!("failed: {}", fails.join(", ")) };
            format!("{exited}, {steps}; expected exit {exit}, {wanted}")
        };
        Verdict { name: name.to_owned(), as_expected, told }
    }
}

#[cfg(test)]
mod tests {
    use super::{Played, Step};

    fn played(exit: i32, failed: &[&str]) -> Played {
        let steps = ["issuance", "expired", "reuse"];
        let step = |name: &str| Step { name: name.to_owned(), ok: !failed.contains(&name) };
        Played { exit: Some(exit), steps: steps.into_iter().map(step).collect() }
    }

    #[test]
    fn a_patch_must_fail_its_own_steps_with_exit_1() {
        let expired = ["expired".to_owned()];
        assert!(played(1, &["expired"]).judge("expiry", &expired).as_expected);
        for (exit, failed) in [(0, &["expired"][..]), (1, &[]), (0, &[]), (2, &["expired"]), (1, &["expired", "reuse"])]
        {
            assert!(!played(exit, failed).judge("expiry", &expired).as_expected, "{exit} {failed:?}");
        }
    }

    #[test]
    fn without_a_patch_nothing_fails() {
        assert!(played(0, &[]).judge("unpatched", &[]).as_expected);
        assert!(!played(1, &["reuse"]).judge("unpatched", &[]).as_expected);
    }
}
