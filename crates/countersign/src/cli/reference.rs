//! `docs/reference/cli.md`, from the commands themselves.

use super::Cli;
use clap::{Command, CommandFactory as _};
use std::path::Path;

const HEAD: &str = "\
# Command line

<!-- Generated from crates/countersign/src/cli: `UPDATE=1 cargo test -p countersign` writes it anew. -->

What each command prints for `--help`. Results go to standard output, everything else to standard error. With `--json`
a result is one document; lists are `{\"items\": […]}`.

| exit code | what it says |
|---|---|
| 0 | done |
| 1 | what was asked for failed: a token did not verify, an account is not there |
| 2 | the command line or the configuration is wrong |
| 3 | storage failed, or another server has the data folder |
";

const COLUMNS: usize = 110;

/// The page of every command, in the order of the command line's own help.
fn reference_markdown() -> String {
    let mut root = Cli::command().term_width(COLUMNS);
    root.build();
    let mut page = HEAD.to_owned();
    section(&mut root, &mut page);
    page
}

fn section(command: &mut Command, page: &mut String) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    page.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", help.join("\n").trim_end()));
    for below in command.get_subcommands_mut() {
        section(below, page);
    }
}

#[test]
fn the_page_is_current() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/cli.md");
    let expected = reference_markdown();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&page, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(found == expected, "docs/reference/cli.md is not current: UPDATE=1 cargo test -p countersign");
}

#[test]
fn the_tree_is_sound() {
    Cli::command().debug_assert();
}

/// Every command says in one line what it is for, and shows how it is used where that is not plain.
#[test]
fn every_command_teaches() {
    fn check(command: &Command, path: &str) {
        let path = format!("{path} {}", command.get_name());
        assert!(command.get_about().is_some(), "{path} does not say what it is for");
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            let said = argument.get_help().is_some() || ["help", "version"].contains(&argument.get_id().as_str());
            assert!(said, "{path}: {} is not explained", argument.get_id());
        }
        let many = command.get_arguments().filter(|argument| !argument.is_global_set()).count() > 2;
        assert!(!many || command.get_after_help().is_some(), "{path} has no example");
        command.get_subcommands().for_each(|below| check(below, &path));
    }
    check(&Cli::command(), "");
}
