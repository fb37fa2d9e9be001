//! One token, one text: whatever else decodes to the same bytes is refused.

use countersign_jose::base64url;

use crate::kit::*;

/// Puts `text` before, inside and after each segment.
fn variants(text: &str) -> Vec<String> {
    let token = claiming(claims());
    let mut starts: Vec<usize> = vec![0, token.len()];
    for (at, _) in token.match_indices('.') {
        starts.extend([at, at + 1]);
    }
    let inside: Vec<usize> = starts.iter().map(|at| (at + 7).min(token.len() - 3)).collect();
    starts.extend(inside);
    starts.into_iter().map(|at| format!("{}{text}{}", &token[..at], &token[at..])).collect()
}

#[test]
fn a34_white_space_and_nul_are_refused_anywhere() {
    for text in [" ", "\t", "\r", "\n", "\r\n", "\u{0}", "\u{b}", "\u{a0}", "\u{feff}", "\u{200b}"] {
        for token in variants(text) {
            assert_eq!(code(&token), "base64", "{text:?} in {token:?}");
        }
    }
}

#[test]
fn a35_padding_is_refused_in_any_segment() {
    for text in ["=", "=="] {
        for token in variants(text) {
            assert_eq!(code(&token), "base64");
        }
    }
    let token = claiming(claims());
    let parts: Vec<&str> = token.split('.').collect();
    let pad = |text: &str| format!("{text}{}", "=".repeat(text.len().next_multiple_of(4) - text.len()));
    assert_ne!(pad(parts[2]), parts[2]);
    assert_eq!(code(&format!("{}.{}.{}", parts[0], parts[1], pad(parts[2]))), "base64");
}

#[test]
fn a36_another_alphabet_and_junk_are_refused() {
    for text in ["+", "/", "!!!!", "!", "%2E", "\u{e9}", ",", "*"] {
        for token in variants(text) {
            assert_eq!(code(&token), "base64", "{text}");
        }
    }
    let input = signing_input(header("ES256"), claims());
    let signature = loop {
        let bytes = signature(es256(), &input);
        let text = base64url::encode(&bytes);
        if text.contains(['-', '_']) {
            break text;
        }
    };
    assert_eq!(code(&format!("{input}.{signature}")), "accepted");
    assert_eq!(code(&format!("{input}.{}", signature.replace('-', "+").replace('_', "/"))), "base64");
}

#[test]
fn a37_unused_bits_of_the_last_character_must_be_zero() {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut tried = 0;
    // White space after the JSON moves the length through all three remainders.
    for spaces in ["", " ", "  "] {
        let token = sign(es256(), format!("{}{spaces}", header("ES256")), format!("{}{spaces}", claims()));
        assert_eq!(code(&token), "accepted");
        let parts: Vec<&str> = token.split('.').collect();
        for at in 0..3 {
            let (rest, last) = parts[at].split_at(parts[at].len() - 1);
            let unused = match parts[at].len() % 4 {
                2 => 16,
                3 => 4,
                _ => 1,
            };
            let value = ALPHABET.iter().position(|c| *c == last.as_bytes()[0]).unwrap();
            for other in &ALPHABET[value + 1..value + unused] {
                let changed = format!("{rest}{}", char::from(*other));
                let mut parts = parts.clone();
                parts[at] = &changed;
                assert_eq!(code(&parts.join(".")), "base64");
                tried += 1;
            }
        }
    }
    assert!(tried >= 3 * 15);
}

#[test]
fn a38_a_lone_last_character_is_refused() {
    let token = claiming(claims());
    let parts: Vec<&str> = token.split('.').collect();
    for at in 0..3 {
        for character in ["A", "Q", "g", "_"] {
            let whole = parts[at].len() / 4 * 4;
            let changed = format!("{}{character}", &parts[at][..whole]);
            let mut parts = parts.clone();
            parts[at] = &changed;
            assert_eq!(code(&parts.join(".")), "base64");
        }
    }
    assert_eq!(code("A.A.A"), "base64");
}
