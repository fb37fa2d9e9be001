//! How values are shown: in the notation of the file, on one line, without passwords.

use std::fmt::Write as _;

const SHOWN_CHARACTERS_MAX: usize = 160;

/// `text` as a TOML string: one line, cut where it is long, passwords in URLs left out.
pub(super) fn quoted(text: &str) -> String {
    let text = without_password(text);
    let mut quoted = String::from("\"");
    for character in text.chars().take(SHOWN_CHARACTERS_MAX) {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // A value must not be able to move the cursor of the terminal that reads about it.
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c)); // writing to a string cannot fail
            }
            c => quoted.push(c),
        }
    }
    if text.chars().nth(SHOWN_CHARACTERS_MAX).is_some() {
        quoted.push('…');
    }
    quoted.push('"');
    quoted
}

/// A name as it stands in the file: bare where TOML allows it.
pub(super) fn name(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !text.is_empty() && text.chars().all(bare) { text.to_owned() } else { quoted(text) }
}

/// Leaves out what stands where a URL has user and password. It cuts too much rather than too little: the values that
/// are shown are often those that are no proper URL.
fn without_password(text: &str) -> String {
    let Some(end) = text.rfind('@') else { return text.to_owned() };
    let Some(colon) = text[..end].find(':') else { return text.to_owned() };
    let start = end - text[colon + 1..end].trim_start_matches('/').len();
    format!("{}…{}", &text[..start], &text[end..])
}
