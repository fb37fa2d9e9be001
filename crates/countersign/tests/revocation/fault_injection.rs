//! What lets tests stop a request is in no binary that anybody is given.

use std::process::Command;

const FEATURE: &str = "fault-injection";

/// What the binary is built of, with these features beside its own, as cargo resolves it without tests.
fn built_of(features: &[&str]) -> String {
    let cargo = std::env::var("CARGO").expect("cargo runs the tests");
    let tree = ["tree", "--offline", "--locked", "--package", "countersign", "--edges", "normal,build"];
    let each = ["--prefix", "none", "--format", "{p} has {f}"];
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let output =
        Command::new(cargo).args(tree).args(each).args(["--manifest-path", manifest]).args(features).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_build_without_tests_can_not_be_stopped_by_any_fault() {
    let by_default = built_of(&[]);
    assert!(by_default.contains("countersign-server"), "{by_default}");
    assert!(!by_default.contains(FEATURE), "{by_default}");
    // Whether this would see it.
    assert!(built_of(&["--features", "countersign-server/fault-injection"]).contains(FEATURE));
}
