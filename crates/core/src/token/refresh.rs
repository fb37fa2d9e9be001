//! Refresh tokens: `csr_` + base64url( version 1 | MAC key id 1 | session 16 | secret 16 | generation 4 | MAC 16 ).
//!
//! A forged or damaged one is refused here, without storage. The token itself is never stored: the session holds the
//! hash of the secret and the generation, so whoever holds a token can be given its successor once more.

use crate::ids::SessionId;
use crate::key_ring::MacKeyId;
use crate::session::{Generation, SessionSecret};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use countersign_jose::base64url;
use zeroize::Zeroizing;

/// What every refresh token begins with, so that secret scanners find leaks.
pub const REFRESH_TOKEN_PREFIX: &str = "csr_";
/// How long every refresh token is.
pub const REFRESH_TOKEN_CHARACTERS: usize = 76;

const VERSION: u8 = 1;
const CONTEXT: &[u8] = b"countersign refresh 1";
// Another beginning, so that neither passes as the other.
const VOUCH_CONTEXT: &[u8] = b"countersign sign-in 1";
const BODY_BYTES: usize = 1 + 1 + 16 + 16 + 4;
const MAC_BYTES: usize = 16;

/// Row 2 of the refresh table: not one of our tokens. Storage was not touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshTokenError {
    /// Not the form of a refresh token.
    #[error("not the form of a refresh token: expected `csr_` and 72 characters of base64url")]
    Form,
    /// Made under a MAC key that this server does not have (any more).
    #[error("made under MAC key {0}, which this server does not have")]
    UnknownMacKey(MacKeyId),
    /// Changed, or made by somebody else.
    #[error("the MAC under key {0} does not hold: damaged or forged")]
    WrongMac(MacKeyId),
}

/// A refresh token whose MAC held: ours, or made by whoever has that MAC key. Nothing about the session is known yet.
#[derive(Debug)]
pub struct OpenedRefreshToken {
    /// Its session.
    pub session: SessionId,
    /// The session's secret, as the token tells it.
    pub secret: SessionSecret,
    /// Which of the session's tokens it is.
    pub generation: Generation,
    /// The key that it was made under.
    pub mac_key: MacKeyId,
    /// Whether that key is still trusted.
    pub standing: MacStanding,
}

/// What a MAC key's tokens are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MacStanding {
    /// Only we could have made them.
    Trusted,
    /// Somebody else may have the key (row 8).
    Distrusted,
}

/// The MAC keys, ready to use: one makes tokens, all of them open tokens.
pub struct MacKeys {
    issuer: String,
    active: MacKeyId,
    keys: Vec<(MacKeyId, hmac::Key, MacStanding)>,
}

impl MacKeys {
    /// Prepares `keys` (their 32 secret bytes each) for `issuer`; new tokens are made under `active`.
    #[must_use]
    pub fn new(issuer: &str, active: MacKeyId, keys: &[(MacKeyId, Zeroizing<[u8; 32]>, MacStanding)]) -> Self {
        let prepare = |bytes: &[u8; 32]| hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let keys = keys.iter().map(|(id, bytes, standing)| (*id, prepare(bytes), *standing)).collect();
        Self { issuer: issuer.to_owned(), active, keys }
    }

    /// The token of this session, secret and generation, under the active key; `None` if that key is not among them.
    #[must_use]
    pub fn issue(
        &self,
        session: SessionId,
        secret: &SessionSecret,
        generation: Generation,
    ) -> Option<Zeroizing<String>> {
        let (id, key, _) = self.keys.iter().find(|(id, ..)| *id == self.active)?;
        let mut bytes = Zeroizing::new([0; BODY_BYTES + MAC_BYTES]);
        bytes[0] = VERSION;
        bytes[1] = id.0;
        bytes[2..18].copy_from_slice(session.as_bytes());
        bytes[18..34].copy_from_slice(secret.expose());
        bytes[34..38].copy_from_slice(&generation.0.to_be_bytes());
        let mac = self.mac(key, &bytes[..BODY_BYTES]);
        bytes[BODY_BYTES..].copy_from_slice(&mac);
        let mut token = Zeroizing::new(String::with_capacity(REFRESH_TOKEN_CHARACTERS));
        token.push_str(REFRESH_TOKEN_PREFIX);
        token.push_str(&Zeroizing::new(base64url::encode(&*bytes)));
        Some(token)
    }

    /// Reads a presented token and checks its MAC.
    ///
    /// # Errors
    /// [`RefreshTokenError`], row 2: answered without touching storage.
    pub fn open(&self, token: &str) -> Result<OpenedRefreshToken, RefreshTokenError> {
        if token.len() != REFRESH_TOKEN_CHARACTERS {
            return Err(RefreshTokenError::Form);
        }
        let encoded = token.strip_prefix(REFRESH_TOKEN_PREFIX).ok_or(RefreshTokenError::Form)?;
        let bytes = Zeroizing::new(base64url::decode(encoded).map_err(|_| RefreshTokenError::Form)?);
        let (body, mac) = bytes.split_last_chunk::<MAC_BYTES>().ok_or(RefreshTokenError::Form)?;
        let body: &[u8; BODY_BYTES] = body.try_into().map_err(|_| RefreshTokenError::Form)?;
        if body[0] != VERSION {
            return Err(RefreshTokenError::Form);
        }
        let mac_key = MacKeyId(body[1]);
        let known = self.keys.iter().find(|(id, ..)| *id == mac_key);
        let (_, key, standing) = known.ok_or(RefreshTokenError::UnknownMacKey(mac_key))?;
        verify_slices_are_equal(&self.mac(key, body), mac).map_err(|_| RefreshTokenError::WrongMac(mac_key))?;
        Ok(OpenedRefreshToken {
            session: SessionId::from_bytes(array(body, 2)),
            secret: SessionSecret::from_bytes(array(body, 18)),
            generation: Generation(u32::from_be_bytes(array(body, 34))),
            mac_key,
            standing: *standing,
        })
    }

    /// Says that `session` was opened for `request`; no refresh token, since its MAC has another context.
    #[must_use]
    pub fn vouch(&self, session: SessionId, request: &str) -> Option<String> {
        let (id, key, _) = self.keys.iter().find(|(id, ..)| *id == self.active)?;
        let mac = self.mac_of(VOUCH_CONTEXT, key, &[session.as_bytes(), request.as_bytes()].concat());
        Some(base64url::encode(&[&[id.0][..], &mac].concat()))
    }

    /// Whether [`vouch`](Self::vouch) said so, under a key that is trusted.
    #[must_use]
    pub fn is_vouched(&self, session: SessionId, request: &str, vouched: &str) -> bool {
        let Ok(bytes) = base64url::decode(vouched) else { return false };
        let Some((id, mac)) = bytes.split_first() else { return false };
        let trusted = |standing| standing == MacStanding::Trusted;
        let known = self.keys.iter().find(|(known, _, standing)| known.0 == *id && trusted(*standing));
        known.is_some_and(|(_, key, _)| {
            let expected = self.mac_of(VOUCH_CONTEXT, key, &[session.as_bytes(), request.as_bytes()].concat());
            verify_slices_are_equal(&expected, mac).is_ok()
        })
    }

    fn mac(&self, key: &hmac::Key, body: &[u8]) -> [u8; MAC_BYTES] {
        self.mac_of(CONTEXT, key, body)
    }

    fn mac_of(&self, what: &[u8], key: &hmac::Key, body: &[u8]) -> [u8; MAC_BYTES] {
        let mut context = hmac::Context::with_key(key);
        context.update(what);
        context.update(self.issuer.as_bytes());
        context.update(body);
        array(context.sign().as_ref(), 0)
    }
}

fn array<const N: usize>(bytes: &[u8], from: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[from..from + N]);
    array
}

#[cfg(test)]
mod tests {
    use super::{MacKeys, MacStanding, RefreshTokenError};
    use crate::ids::SessionId;
    use crate::key_ring::MacKeyId;
    use crate::session::{Generation, SessionSecret};
    use proptest::prelude::*;
    use zeroize::Zeroizing;

    fn keys(issuer: &str, active: u8) -> MacKeys {
        let key = |id: u8, standing| (MacKeyId(id), Zeroizing::new([id; 32]), standing);
        MacKeys::new(issuer, MacKeyId(active), &[key(1, MacStanding::Distrusted), key(2, MacStanding::Trusted)])
    }

    fn token(keys: &MacKeys) -> String {
        let secret = SessionSecret::from_bytes([5; 16]);
        keys.issue(SessionId::from_bytes([4; 16]), &secret, Generation(7)).unwrap().to_string()
    }

    #[test]
    fn a_token_reads_back_and_knows_its_key() {
        let token = token(&keys("https://a.example", 1));
        assert_eq!((token.len(), &token[..4]), (76, "csr_"));
        let opened = keys("https://a.example", 2).open(&token).unwrap();
        assert_eq!(opened.session, SessionId::from_bytes([4; 16]));
        assert_eq!((opened.generation, opened.mac_key), (Generation(7), MacKeyId(1)));
        assert_eq!(opened.standing, MacStanding::Distrusted);
    }

    #[test]
    fn a_token_of_another_issuer_is_forged() {
        let token = token(&keys("https://a.example", 2));
        let refused = keys("https://b.example", 2).open(&token).unwrap_err();
        assert_eq!(refused, RefreshTokenError::WrongMac(MacKeyId(2)));
    }

    #[test]
    fn a_sign_in_is_vouched_for_one_session_and_one_request() {
        let (ours, other) = (SessionId::from_bytes([4; 16]), SessionId::from_bytes([5; 16]));
        let vouched = keys("https://a.example", 2).vouch(ours, "a=b").unwrap();
        let holds = |issuer, session, request, text: &str| keys(issuer, 2).is_vouched(session, request, text);
        assert!(holds("https://a.example", ours, "a=b", &vouched));
        assert!(!holds("https://b.example", ours, "a=b", &vouched));
        assert!(!holds("https://a.example", other, "a=b", &vouched));
        assert!(!holds("https://a.example", ours, "a=c", &vouched));
        for text in ["", "A", "Ag", &vouched[1..], &vouched.replacen('A', "B", 1)] {
            assert!(!holds("https://a.example", ours, "a=b", text), "{text}");
        }
        let distrusted = keys("https://a.example", 1).vouch(ours, "a=b").unwrap();
        assert!(!holds("https://a.example", ours, "a=b", &distrusted));
    }

    #[test]
    fn an_opened_token_does_not_print_its_secret() {
        let opened = keys("i", 2).open(&token(&keys("i", 2))).unwrap();
        assert!(format!("{opened:?}").contains("[redacted]"));
    }

    proptest! {
        #[test]
        fn any_changed_character_is_refused(at in 0_usize..76, with in "[A-Za-z0-9_-]") {
            let keys = keys("https://a.example", 2);
            let token = token(&keys);
            let mut changed = token.clone();
            changed.replace_range(at..=at, &with);
            prop_assume!(changed != token);
            prop_assert!(keys.open(&changed).is_err());
        }

        #[test]
        fn nothing_that_arrives_makes_it_panic(text in "\\PC*") {
            prop_assert!(keys("i", 2).open(&text).is_err());
        }
    }
}
