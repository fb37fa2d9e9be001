//! `countersign tour`: the guide to token authentication that runs. On a throw-away issuer and a throw-away resource
//! server it plays every step over real HTTP, says why it is so, and fails if one did not behave. Read `steps`.

mod cast;
mod decoded;
mod http;
mod interrupted;
mod orders;
mod redaction;
mod render;
mod stage;
mod step;
mod steps;
mod world;

use crate::failure::Failure;
use crate::output::Output;
use clap::Args;
use serde::Serialize;
use stage::Stage;
use step::Step;
use world::World;

/// Play the whole flow on a throw-away server and explain each step
#[derive(Debug, Args)]
#[command(after_help = "\
It takes a few seconds, needs no server and no configuration, and leaves nothing behind. It ends with 1 if any step did
not behave. With --json: everything that was sent and received, and what each step expected and observed.")]
pub(crate) struct TourArgs {}

/// The record of a tour.
#[derive(Serialize)]
struct Outcome {
    as_expected: bool,
    issuer: String,
    /// Where the resource server was reached, and what it calls itself.
    orders: String,
    audience: &'static str,
    steps: Vec<Step>,
}

/// Plays the tour. Fails if a step did not behave: which, and what came instead.
pub(crate) async fn run(_: TourArgs, out: &mut Output) -> Result<(), Failure> {
    let outcome = play().await?;
    out.answer(&outcome)?;
    if outcome.as_expected { Ok(()) } else { Err(Failure::failed(outcome.told())) }
}

async fn play() -> Result<Outcome, Failure> {
    let mut stage = Stage::new(World::start().await?);
    let (issuer, orders) = (stage.world().issuer(""), stage.world().orders(""));
    let played = steps::play(&mut stage).await;
    let steps = stage.into_steps(played);
    let as_expected = steps.iter().all(|step| step.ok);
    Ok(Outcome { as_expected, issuer, orders, audience: orders::AUDIENCE, steps })
}

impl Outcome {
    /// Which steps did not behave, and what came instead.
    fn told(&self) -> String {
        let told = |step: &Step| {
            let checks = step.checks.iter().filter(|check| !check.ok);
            let checks =
                checks.map(|check| format!("{}: expected {}, came {}", check.what, check.expected, check.observed));
            let reasons: Vec<String> = checks.chain(step.interrupted.clone()).collect();
            format!("step {} ({}) did not behave: {}", step.number, step.name, reasons.join("; "))
        };
        self.steps.iter().filter(|step| !step.ok).map(told).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::play;

    /// The longest run of characters that tokens and passwords are made of, after each `begin` in `text`.
    fn longest_run(text: &str, begin: &str) -> usize {
        let run =
            |rest: &str| rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte)).count();
        text.split(begin).skip(1).map(run).max().unwrap_or_default()
    }

    #[tokio::test]
    async fn every_step_is_as_expected_and_no_secret_is_shown() {
        let outcome = play().await.unwrap();
        assert!(outcome.as_expected, "{}", outcome.told());
        let document = serde_json::to_string(&outcome).unwrap();
        assert_eq!(
            (longest_run(&document, "\"eyJ"), longest_run(&document, " eyJ"), longest_run(&document, "=eyJ")),
            (9, 9, 9)
        );
        assert_eq!(longest_run(&document, "csr_"), 8);
        for member in ["password", "current_password", "new_password"] {
            assert_eq!(longest_run(&document, &format!("\"{member}\":\"")), 0);
        }
    }
}
