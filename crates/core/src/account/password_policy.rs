//! Which passwords are taken: length and a blocklist, no composition rules (NIST SP 800-63B §3.1.1).

use crate::account::Login;
use crate::limits::{PASSWORD_BYTES_MAX, PASSWORD_BYTES_MIN};
use std::collections::HashSet;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// A password in NFC, so that it is the same from every keyboard. It does not print, and is wiped when dropped.
pub struct Password(Zeroizing<String>);

/// Passwords that are refused because everybody tries them.
#[derive(Debug, Default)]
pub struct PasswordPolicy {
    blocked: HashSet<String>,
}

/// Why a new password was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordRefused {
    /// Fewer than 12 bytes.
    #[error("password is too short: expected at least {PASSWORD_BYTES_MIN} bytes; a few words make a good one")]
    TooShort,
    /// More than 1,024 bytes.
    #[error("password is too long: expected at most {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// On the blocklist, or the login itself, or one character throughout.
    #[error("password is one that everybody tries: choose one that is yours alone")]
    Common,
}

// What is left of the published lists of common passwords at 12 bytes and more; `accounts.password_blocklist_file` adds.
const COMMON: &str = include_str!("common_passwords.txt");

impl Password {
    /// Normalises what was typed. Anything up to the limit may be *tried*; a new one goes through [`PasswordPolicy`].
    ///
    /// # Errors
    /// [`PasswordRefused::TooLong`] beyond 1,024 bytes: hashing more would only cost.
    pub fn typed(text: &str) -> Result<Self, PasswordRefused> {
        if text.len() > PASSWORD_BYTES_MAX * 3 {
            return Err(PasswordRefused::TooLong);
        }
        // Room at once: growing would leave unwiped copies behind.
        let mut password = Zeroizing::new(String::with_capacity(text.len() * 4));
        password.extend(text.nfc());
        if password.len() > PASSWORD_BYTES_MAX { Err(PasswordRefused::TooLong) } else { Ok(Self(password)) }
    }

    /// Its UTF-8 bytes, for the hash alone.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password([redacted])")
    }
}

impl PasswordPolicy {
    /// The built-in blocklist and `more`, one password a line.
    #[must_use]
    pub fn with_blocklist(more: &str) -> Self {
        let lines = COMMON.lines().chain(more.lines()).map(str::trim).filter(|line| !line.is_empty());
        Self { blocked: lines.map(|line| line.nfc().collect::<String>().to_lowercase()).collect() }
    }

    /// Whether `password` may become the password of `login`.
    ///
    /// # Errors
    /// [`PasswordRefused`] tells what to do otherwise.
    pub fn check(&self, password: &Password, login: &Login) -> Result<(), PasswordRefused> {
        if password.0.len() < PASSWORD_BYTES_MIN {
            return Err(PasswordRefused::TooShort);
        }
        let folded = Zeroizing::new(password.0.to_lowercase());
        let mut characters = password.0.chars();
        let first = characters.next();
        let one_character = characters.all(|next| Some(next) == first);
        if one_character || *folded == login.key() || self.blocked.contains(folded.as_str()) {
            return Err(PasswordRefused::Common);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Password, PasswordPolicy, PasswordRefused};
    use crate::account::Login;

    fn check(password: &str) -> Result<(), PasswordRefused> {
        let login = Login::parse("ana@example.com").unwrap();
        PasswordPolicy::with_blocklist("our company name\n").check(&Password::typed(password)?, &login)
    }

    #[test]
    fn length_counts_bytes_of_nfc() {
        assert_eq!(check("elevenchars"), Err(PasswordRefused::TooShort));
        assert_eq!(check("twelve chars"), Ok(()));
        assert_eq!(check(&"xy".repeat(512)), Ok(()));
        assert_eq!(check(&"xy".repeat(513)), Err(PasswordRefused::TooLong));
    }

    #[test]
    fn what_everybody_tries_is_refused() {
        for common in ["Password1234", "aaaaaaaaaaaaaaaa", "ANA@example.com", "Our Company Name"] {
            assert_eq!(check(common), Err(PasswordRefused::Common), "{common}");
        }
    }

    #[test]
    fn one_password_from_two_keyboards_is_one() {
        let composed = Password::typed("caf\u{e9} am markt").unwrap();
        assert_eq!(composed.expose(), Password::typed("cafe\u{301} am markt").unwrap().expose());
    }

    #[test]
    fn a_password_does_not_print() {
        assert!(!format!("{:?}", Password::typed("correct horse battery").unwrap()).contains("horse"));
    }
}
