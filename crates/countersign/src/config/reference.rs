//! `docs/reference/config.md`, from the declarations.

use super::{
    declare::{Fallback, Key, Section},
    layers::flag_of,
    names, sections,
};

const HEAD: &str = "\
# Configuration

<!-- Generated from crates/countersign/src/config/sections: `UPDATE=1 cargo test -p countersign` writes it anew. -->

No key is needed to start. A key is taken from the first of these that has it:

1. a flag: `--listen`, `--issuer`, `--data`
2. a variable: `COUNTERSIGN_SECTION__KEY`, as in `COUNTERSIGN_TOKENS__ACCESS_LIFETIME`
3. the file: `--config FILE`, else `./countersign.toml`, else `countersign.toml` in the data folder
4. the default

`countersign config show` tells each value and where it came from; `countersign config check` tells every problem at
once. A key or variable that is not on this page is an error.

- **Durations** are a whole number and one of `ms`, `s`, `m`, `h`, `d`: `\"10m\"`.
- **Lists** are arrays in the file and comma-separated in a variable.
- **Paths** are relative to the current directory.
- **Secrets** are never shown. Each may stand in a file that only its owner can read (mode 0600), named by the key with
  `_file` behind it.

```toml
[server]
listen = \"127.0.0.1:8420\"
issuer = \"https://auth.example.com\"
behind_proxy = [\"127.0.0.1\"]

[sessions]
idle = \"7d\"
```
";

/// The page of every key: meaning, what it takes, default, variable, flag.
pub(crate) fn reference_markdown() -> String {
    std::iter::once(HEAD.to_owned()).chain(sections::ALL.map(of_section)).collect()
}

fn of_section(section: &Section) -> String {
    let keys: String = section.keys.iter().map(of_key).collect();
    format!("\n## [{}]\n\n{}\n{keys}", section.name, trimmed(section.about))
}

fn of_key(key: &Key) -> String {
    let default = match key.fallback {
        Fallback::Is(text) => format!("`{}`", key.shape.notation(text)),
        Fallback::Unset(then) => then.to_owned(),
    };
    let mut lines = vec![
        format!("\n### `{}`\n\n{}\n", key.name, trimmed(key.doc)),
        format!("- takes: {}", key.shape.describe()),
        format!("- default: {default}"),
        format!("- variable: `{}`", names::variable(key.name)),
    ];
    if let Some(flag) = flag_of(key.name) {
        lines.push(format!("- flag: `{flag}`"));
    }
    if let Some(file) = key.file_name() {
        lines.push(format!("- secret: `{file}` (`{}`) names a file that holds it", names::variable(&file)));
    }
    lines.join("\n") + "\n"
}

/// A doc comment as text: each of its lines begins with the space behind `///`.
fn trimmed(doc: &str) -> String {
    doc.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}
