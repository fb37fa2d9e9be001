//! Which keys there are, what their variables are called, and which name was meant.

use super::{
    declare::{Key, Section},
    error::Fault,
    notation, sections,
};

/// Every variable of ours begins like this.
pub(super) const PREFIX: &str = "COUNTERSIGN_";

/// Keys that the design lists and this version does not have: refused, because a setting without effect is a trap.
const LATER: [&str; 2] = ["mail.from", "mail.url"];

/// From here on, two names are near: "lifetme" and "lifetime" are, "leeway" and "expiry" are not.
const NEAR: f64 = 0.6;

/// Every key in the order of the reference page.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    sections::ALL.iter().flat_map(|section| section.keys)
}

/// Every name that may be given: the keys, and the `KEY_file` of each secret.
pub(super) fn all() -> impl Iterator<Item = String> {
    keys().flat_map(|key| [Some(key.name.to_owned()), key.file_name()]).flatten()
}

/// Whether `name` is a key of this version.
pub(super) fn is_known(name: &str) -> bool {
    all().any(|known| known == name)
}

/// Whether `name` is a section, of this version or a later one.
pub(super) fn is_section(name: &str) -> bool {
    let mut later = LATER.iter().filter_map(|key| key.split_once('.'));
    section(name).is_some() || later.any(|(section, _)| section == name)
}

/// `tokens.leeway` -> `COUNTERSIGN_TOKENS__LEEWAY`
pub(super) fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.replace('.', "__").to_ascii_uppercase())
}

/// Why the file may not say `name`.
pub(super) fn refuse_key(name: &str) -> Fault {
    if LATER.contains(&name) {
        return not_yet();
    }
    if let Some(near) = nearest_key(name) {
        return Fault::new(format!("unknown key; did you mean \"{near}\"?"));
    }
    let Some((name, _)) = name.split_once('.') else {
        return Fault::new("unknown key").hint("every key stands in a section, as in \"tokens.leeway\"");
    };
    let Some(section) = section(name) else {
        return Fault::new(format!("unknown key, and nothing of [{name}] is in this version yet")).hint("remove it");
    };
    let known: Vec<&str> = section.keys.iter().filter_map(|key| key.name.split('.').nth(1)).collect();
    Fault::new(format!("unknown key (known in [{name}]: {})", known.join(", ")))
}

/// Why the file may not have a section `name`.
pub(super) fn refuse_section(name: &str) -> Fault {
    let known = sections::ALL.map(|section| section.name);
    match nearest(name, known) {
        Some(near) => Fault::new(format!("unknown section; did you mean [{near}]?")),
        None => Fault::new(format!("unknown section (known: {})", known.join(", "))),
    }
}

/// Why the environment may not have a variable `name`.
pub(super) fn refuse_variable(name: &str) -> Fault {
    if LATER.iter().any(|key| variable(key) == name) {
        return not_yet();
    }
    if is_service_link(name) {
        return Fault::new("unknown variable, as Kubernetes makes them for a service that is called \"countersign\"")
            .hint("`enableServiceLinks: false` in the pod; to choose a port, use COUNTERSIGN_SERVER__LISTEN");
    }
    match nearest_key(&name[PREFIX.len()..].to_ascii_lowercase().replacen("__", ".", 1)) {
        Some(near) => Fault::new(format!("unknown variable; did you mean {}?", variable(&near))),
        None => Fault::new("unknown variable: ours are COUNTERSIGN_SECTION__KEY, with two underscores between"),
    }
}

/// The known word that is most like `word`, if one is near.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    best(known.into_iter().map(|known| (likeness(word, known), known)))
}

fn not_yet() -> Fault {
    Fault::new("not in this version yet").hint("remove it: it would have no effect")
}

fn section(name: &str) -> Option<&'static Section> {
    sections::ALL.into_iter().find(|section| section.name == name)
}

/// The known key that was most likely meant: mistyped, or in another section.
fn nearest_key(name: &str) -> Option<String> {
    let scored = all().map(|known| (key_likeness(name, &known), known));
    best(scored)
}

fn key_likeness(name: &str, known: &str) -> f64 {
    let (section, key) = name.split_once('.').unwrap_or(("", name));
    let Some((known_section, known_key)) = known.split_once('.') else { return 0.0 };
    if key == known_key {
        return 0.9;
    }
    let mut score = if section == known_section { likeness(key, known_key) } else { likeness(name, known) };
    if section == known_section && known_key.split('_').any(|part| part == key) {
        score = score.max(0.7); // "lifetime" for "access_lifetime"
    }
    score
}

fn likeness(a: &str, b: &str) -> f64 {
    let spelt = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    strsim::normalized_damerau_levenshtein(&spelt(a), &spelt(b))
}

fn best<T>(scored: impl Iterator<Item = (f64, T)>) -> Option<T> {
    scored.filter(|(score, _)| *score >= NEAR).max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, known)| known)
}

/// `COUNTERSIGN_SERVICE_HOST`, `COUNTERSIGN_PORT_8420_TCP_ADDR` and their like.
fn is_service_link(name: &str) -> bool {
    let rest = &name[PREFIX.len()..];
    rest == "PORT" || rest == "SERVICE_HOST" || rest.starts_with("SERVICE_PORT") || rest.starts_with("PORT_")
}

/// `section.key` as it stands in the file.
pub(super) fn joined(section: &str, key: &str) -> String {
    format!("{}.{}", notation::name(section), notation::name(key))
}
