//! The unit file for systemd, as systemd itself reads it.

use std::fs;
use std::path::Path;
use std::process::Command;

const UNIT: &str = include_str!("../../../../packaging/systemd/countersign-guard.service");
const BINARY: &str = "/usr/bin/countersign";

fn analyze(arguments: &[&str], unit: &str) -> Option<(bool, String)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("countersign-guard.service");
    fs::write(&path, unit).unwrap();
    let output = Command::new("systemd-analyze").args(arguments).arg(&path).output();
    let Ok(output) = output else {
        // `./test` installs it there; elsewhere there may be no systemd at all.
        assert!(
            !Path::new("/etc/debian_version").exists(),
            "systemd-analyze can't be run: install the package systemd"
        );
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Some((output.status.success(), text))
}

#[test]
fn systemd_takes_the_unit_and_what_it_starts_is_a_command() {
    assert_eq!(UNIT.matches(BINARY).count(), 1);
    let unit = UNIT.replace(BINARY, env!("CARGO_BIN_EXE_countersign"));
    let Some((is_good, told)) = analyze(&["verify"], &unit) else { return };
    assert!(is_good && told.is_empty(), "{told}");
    // It does read it.
    let (is_good, told) = analyze(&["verify"], &unit.replace("ProtectHome=yes", "ProtectHome=maybe")).unwrap();
    assert!(!is_good || told.contains("protect home"), "{told}");
    let line = UNIT.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let arguments: Vec<&str> = line.split(' ').skip(1).collect();
    let help = Command::new(env!("CARGO_BIN_EXE_countersign")).args(&arguments).arg("--help").output().unwrap();
    assert!(help.status.success(), "{help:?}");
}

#[test]
fn the_service_is_confined() {
    let offline = ["security", "--offline=yes", "--threshold=20", "--no-pager"];
    let Some((is_good, told)) = analyze(&offline, UNIT) else { return };
    assert!(is_good, "{told}");
}
