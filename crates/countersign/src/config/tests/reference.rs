//! The page in `docs/` says what the code does.

use crate::config::{names, reference_markdown};
use std::{env, fs, path::Path};

#[test]
fn the_reference_page_is_current() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/config.md");
    if env::var_os("UPDATE").is_some() {
        fs::write(&page, reference_markdown()).unwrap();
    }
    let found = fs::read_to_string(&page).unwrap_or_default();
    assert!(found == reference_markdown(), "docs/reference/config.md is old: run `UPDATE=1 cargo test -p countersign`");
}

#[test]
fn the_reference_page_has_every_key_and_variable() {
    let page = reference_markdown();
    for key in names::all() {
        assert!(page.contains(&format!("`{key}`")), "{key}");
        assert!(page.contains(&format!("`{}`", names::variable(&key))), "{key}");
    }
}
