//! Project tasks, run as `cargo xtask TASK`.

mod exceptions;
mod fuzz;
mod gates;
mod mutations;
mod output;
mod schemathesis;
mod simulate;
mod workspace;

use std::process::ExitCode;

use workspace::Workspace;

const USAGE: &str = "\
usage: cargo xtask TASK

  gates          run every gate
  gates NAME...  run only the gates named
  gates --list   name the gates and what each one holds
  simulate       how the refresh rule treats honest phones and thieves (from another SEED: simulate SEED)
  mutations      the tour must fail with any one of four checks removed
  fuzz           every fuzz target, a minute in all (longer: fuzz --minutes N)
  schemathesis   each operation of the API against its description (more cases: schemathesis --examples N)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["gates", "--list"] => {
            output::gate_list(&gates::GATES);
            ExitCode::SUCCESS
        }
        ["gates", names @ ..] => run_gates(names),
        ["simulate"] => simulate(1),
        ["simulate", seed] => match seed.parse() {
            Ok(seed) => simulate(seed),
            Err(_) => usage_error("a seed is a whole number"),
        },
        ["mutations"] => mutations(),
        ["fuzz"] => fuzz(1),
        ["fuzz", "--minutes", minutes] => match minutes.parse() {
            Ok(minutes) => fuzz(minutes),
            Err(_) => usage_error("minutes are a whole number"),
        },
        ["schemathesis"] => schemathesis(50),
        ["schemathesis", "--examples", examples] => match examples.parse() {
            Ok(examples) => schemathesis(examples),
            Err(_) => usage_error("examples are a whole number"),
        },
        ["help" | "--help" | "-h"] => {
            output::line(USAGE);
            ExitCode::SUCCESS
        }
        _ => usage_error("no such task"),
    }
}

fn run_gates(names: &[&str]) -> ExitCode {
    let chosen = match gates::choose(names) {
        Ok(chosen) => chosen,
        Err(unknown) => return usage_error(&format!("no such gate: {unknown}")),
    };
    let workspace = match Workspace::read() {
        Ok(workspace) => workspace,
        Err(error) => {
            output::error(&error.to_string(), error.hint());
            return ExitCode::FAILURE;
        }
    };
    let mut failed = 0_u32;
    for gate in chosen {
        let outcome = (gate.judge)(&workspace);
        output::gate(gate.name, &outcome);
        failed += u32::from(outcome.failed());
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn simulate(seed: u64) -> ExitCode {
    simulate::print(seed);
    ExitCode::SUCCESS
}

fn mutations() -> ExitCode {
    match mutations::run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            output::error(&error.to_string(), error.hint());
            ExitCode::FAILURE
        }
    }
}

fn fuzz(minutes: u64) -> ExitCode {
    match fuzz::run(minutes) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            output::error(&error.to_string(), error.hint());
            ExitCode::FAILURE
        }
    }
}

fn schemathesis(examples: u32) -> ExitCode {
    match schemathesis::run(examples) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            output::error(&error.to_string(), error.hint());
            ExitCode::FAILURE
        }
    }
}

fn usage_error(what: &str) -> ExitCode {
    output::error(what, USAGE);
    ExitCode::from(2)
}
