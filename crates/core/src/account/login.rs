//! What an account's owner types to sign in.

use crate::limits::LOGIN_CHARACTERS_MAX;
use unicode_normalization::UnicodeNormalization;

/// A login: 1 to 256 characters in Unicode NFC, no control characters, no space at either end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Login(String);

/// A login that can't be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a login: expected 1 to {LOGIN_CHARACTERS_MAX} characters, none of them a control character, no space at either end"
)]
pub struct InvalidLogin;

impl Login {
    /// Reads a login as typed.
    ///
    /// # Errors
    /// [`InvalidLogin`] where it has no or too many characters, a control character, or space at an end.
    pub fn parse(text: &str) -> Result<Self, InvalidLogin> {
        // Bounded before normalising: NFC never has more characters than four times its input's bytes allow.
        if text.len() > LOGIN_CHARACTERS_MAX * 4 {
            return Err(InvalidLogin);
        }
        let login: String = text.nfc().collect();
        let characters = login.chars().count();
        let well_formed = (1..=LOGIN_CHARACTERS_MAX).contains(&characters)
            && !login.chars().any(char::is_control)
            && login.trim().len() == login.len();
        if well_formed { Ok(Self(login)) } else { Err(InvalidLogin) }
    }

    /// As it was given when the account was made.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What makes it unique: `Ana@Example.com` and `ana@example.com` are one account.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase().nfc().collect()
    }
}

impl std::fmt::Display for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidLogin, Login};

    #[test]
    fn letter_case_and_unicode_form_do_not_make_two_accounts() {
        let composed = Login::parse("Ren\u{e9}@Example.com").unwrap();
        let decomposed = Login::parse("rene\u{301}@example.com").unwrap();
        assert_eq!(composed.key(), decomposed.key());
        assert_eq!(composed.as_str(), "Ren\u{e9}@Example.com");
    }

    #[test]
    fn what_could_not_be_typed_again_is_refused() {
        let long = "a".repeat(257);
        for text in ["", " ana", "ana ", "an\0a", "an\na", long.as_str()] {
            assert_eq!(Login::parse(text), Err(InvalidLogin), "{text:?}");
        }
        assert!(Login::parse(&"é".repeat(256)).is_ok());
    }
}
