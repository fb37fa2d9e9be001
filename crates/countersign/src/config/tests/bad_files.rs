//! Files that cannot be read at all.

use super::Setup;
use crate::config::Flags;

fn asked_for(path: &str) -> Flags {
    Flags { config: Some(path.into()), ..Flags::default() }
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let report = Setup::new().flags(asked_for("etc/absent.toml")).report();
    assert_eq!(report, "1 problem in the configuration\n  etc/absent.toml\n    no such file");
}

#[test]
fn a_folder_is_no_file() {
    let report = Setup::new().flags(asked_for(".")).report();
    assert!(report.contains("a folder, not a file\n    hint: did you mean countersign.toml in it?"), "{report}");
    let report = Setup::new().file("countersign.toml/x", "").report();
    assert!(report.contains("  countersign.toml\n    a folder, not a file"), "{report}");
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let report = Setup::of_file(&"#".repeat((1 << 20) + 1)).report();
    assert!(report.contains("larger than 1 MiB"), "{report}");
    assert!(Setup::of_file(&"#".repeat(1 << 20)).load().is_ok());
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_with_its_line() {
    let report = Setup::new().file("countersign.toml", b"[server]\n# caf\xe9\n").report();
    assert!(report.contains("countersign.toml:2\n    not UTF-8"), "{report}");
}

#[cfg(unix)]
#[test]
fn a_dangling_link_is_not_taken_for_no_file() {
    let setup = Setup::new();
    std::os::unix::fs::symlink("gone.toml", setup.cwd().join("countersign.toml")).unwrap();
    assert!(setup.report().contains("  countersign.toml\n    no such file"), "{}", setup.report());
}

#[test]
fn broken_syntax_is_told_with_line_and_column() {
    for (text, expected) in [
        ("[server]\nlisten = \"127.0.0.1:1\n", "countersign.toml:2:"),
        ("[server\nlisten = 1", "countersign.toml:1:8"),
        ("[tokens]\nleeway = 10s\n", "countersign.toml:2:10"),
        ("[tokens]\nleeway = \n", "countersign.toml:2:"),
        ("[tokens]\nleeway = \"1s\"\nleeway = \"2s\"\n", "countersign.toml:3:1"),
        ("[tokens]\n[tokens]\n", "countersign.toml:2:"),
        ("\u{e9}\u{e9} = 1", "countersign.toml:1:"),
    ] {
        let report = Setup::of_file(text).report();
        assert!(report.starts_with("1 problem "), "{text}\n{report}");
        assert!(report.contains(expected) && report.contains("not TOML: "), "{text}\n{report}");
    }
}

#[test]
fn broken_syntax_does_not_hide_bad_variables() {
    let setup = Setup::of_file("[server").variable("COUNTERSIGN_TOKENS__LEEWAY", "1");
    assert!(setup.report().starts_with("2 problems "), "{}", setup.report());
    // The file might have named the proxy: what depends on several keys is not judged.
    let setup = Setup::of_file("[server").variable("COUNTERSIGN_SERVER__LISTEN", "0.0.0.0:80");
    assert!(setup.report().starts_with("1 problem "), "{}", setup.report());
}

#[test]
fn a_byte_order_mark_and_windows_newlines_are_read() {
    let setup = Setup::of_file("\u{feff}[tokens]\r\nleeway = \"1s\"\r\n");
    assert_eq!(setup.config().tokens.leeway.as_secs(), 1);
    assert_eq!(setup.config().origin("tokens.leeway").unwrap().to_string(), "countersign.toml:2");
}
