//! Help, completions, and what belongs on which stream.

use crate::kit::Place;

#[test]
fn help_is_for_standard_output_and_wrong_usage_for_standard_error() {
    let place = Place::new();
    let help = place.run(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    for command in [
        "serve",
        "tour",
        "account",
        "session",
        "client",
        "resource",
        "key",
        "token",
        "revoke",
        "audit",
        "config",
        "backup",
        "restore",
        "migrate",
        "doctor",
        "completions",
    ] {
        assert!(help.out.contains(&format!("  {command} ")), "{command}");
        let help = place.run(&[command, "--help"]);
        assert_eq!((help.code, help.out.contains("Usage: countersign"), help.err.as_str()), (0, true, ""), "{command}");
    }
    let wrong = place.run(&["account"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""));
    assert!(place.run(&["--version"]).out.starts_with("countersign "));
}

#[test]
fn what_is_no_terminal_gets_no_colour() {
    let place = Place::new();
    for args in [&["--help"][..], &["account", "add", "ana"], &["account", "show", "ana"], &["account", "show", "ben"]]
    {
        let ran = place.run_with(args, "", &[("TERM", "xterm-256color"), ("CLICOLOR", "1")]);
        assert!(![ran.out, ran.err].concat().contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn every_shell_gets_its_completions() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.run(&["completions", shell]);
        assert_eq!(script.code, 0);
        assert!(script.out.contains("countersign") && script.out.contains("revoke"), "{shell}");
    }
    place.run(&["completions", "csh"]).assert_failed(2, &["csh"]);
}

#[test]
fn common_options_stand_before_or_after_the_command() {
    let place = Place::new();
    let (data, elsewhere) = (place.data(), place.path("elsewhere"));
    let before = place.run(&["--json", "account", "add", "ana"]);
    assert!(before.out.starts_with("{\"id\":"), "{before:?}");
    assert!(data.join("countersign.db").exists());
    let refused = place.run(&["account", "list", "--data", elsewhere.to_str().unwrap()]);
    assert_ne!(refused.code, 0);
}
