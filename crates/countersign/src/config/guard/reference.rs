//! `docs/reference/guard.md`, from the declarations.

use super::keys::{ISSUER, ROOT, RULE};
use crate::config::declare::Key;

const HEAD: &str = "\
# Configuration of the guard

<!-- Generated from crates/countersign/src/config/guard: `UPDATE=1 cargo test -p countersign` writes it anew. -->

`countersign guard` reads `--config FILE`, else `./countersign-guard.toml`, else `countersign-guard.toml` in its data folder;
with `--issuer` and `--audience` it needs no file. Flags count more than the file. A key that is not on this page is an
error; `countersign guard --check` tells every problem at once, and does not start.

The rules are read again on SIGHUP and whenever the file changes. A broken file changes nothing: the rules of before stay, and
log and metrics say so. Everything else counts from the next start.

```toml
cookie = \"__Host-countersign\"

[[issuer]]
url = \"https://auth.example.com\"
audience = \"https://app.example.com\"
client_id = \"guard\"
secret_file = \"/etc/countersign/guard.secret\"

[[rule]]
path = \"/public/*\"
public = true

[[rule]]
path = \"/admin/*\"
roles = [\"admin\"]
stale = \"refuse\"
```
";

/// The page of every key: meaning, what it takes, default.
pub(crate) fn reference_markdown() -> String {
    let tables = [
        ("Above all tables", "What the guard as a whole does.", ROOT),
        ("[[issuer]]", "One for each issuer whose tokens are judged.", ISSUER),
        (
            "[[rule]]",
            "What is asked for where. The first rule that covers a request counts; where none does, any token that holds\nwill do.",
            RULE,
        ),
    ];
    let sections = tables.map(|(name, about, keys)| {
        let keys: String = keys.iter().map(of_key).collect();
        format!("\n## {name}\n\n{about}\n{keys}")
    });
    std::iter::once(HEAD.to_owned()).chain(sections).collect()
}

fn of_key(key: &Key) -> String {
    let doc: Vec<&str> = key.doc.lines().map(str::trim).collect();
    let default = key.shown_fallback();
    let default = match key.fallback {
        crate::config::declare::Fallback::Is(_) => format!("`{default}`"),
        crate::config::declare::Fallback::Unset(_) => default,
    };
    format!("\n### `{}`\n\n{}\n\n- takes: {}\n- default: {default}\n", key.name, doc.join("\n"), key.shape.describe())
}
