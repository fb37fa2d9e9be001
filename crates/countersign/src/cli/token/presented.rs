//! A token as it was presented: an access token, a refresh token, or just an id.

use crate::failure::Failure;
use countersign_core::key_ring::MacKeyId;
use countersign_core::session::Generation;
use countersign_core::token::{REFRESH_TOKEN_CHARACTERS, REFRESH_TOKEN_PREFIX};
use countersign_core::{SessionId, TokenId};
use countersign_jose::{UnverifiedToken, base64url};
use zeroize::Zeroizing;

/// What somebody gave as a token. Nothing is verified.
pub(in crate::cli) enum Presented<'a> {
    /// A signed token.
    Access(UnverifiedToken<'a>),
    /// A refresh token.
    Refresh(PresentedRefresh),
    /// The id of an access token (`jti`).
    Id(TokenId),
}

/// What a refresh token says, its MAC unchecked and its secret left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct PresentedRefresh {
    /// Under which MAC key it says it was made.
    pub(in crate::cli) mac_key: MacKeyId,
    /// Of which session it says it is.
    pub(in crate::cli) session: SessionId,
    /// Which of the session's tokens it says it is.
    pub(in crate::cli) generation: Generation,
}

impl<'a> Presented<'a> {
    /// Tells by its form what `text` is.
    pub(in crate::cli) fn read(text: &'a str) -> Result<Self, Failure> {
        let text = text.strip_prefix("Bearer ").unwrap_or(text).trim();
        if text.starts_with(REFRESH_TOKEN_PREFIX) {
            let refresh = PresentedRefresh::read(text);
            return refresh.map(Self::Refresh).ok_or_else(|| {
                Failure::failed("not the form of a refresh token: expected `csr_` and 72 characters of base64url")
            });
        }
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        UnverifiedToken::parse(text)
            .map(Self::Access)
            .map_err(|error| Failure::failed(format!("{}: {error}", error.code())).about("this is no token"))
    }
}

impl PresentedRefresh {
    // Version 1, MAC key id 1, session 16, secret 16, generation 4, MAC 16 (ADR 0001).
    fn read(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(REFRESH_TOKEN_PREFIX)?;
        let bytes = Zeroizing::new(base64url::decode(encoded).ok()?);
        let session = bytes.get(2..18)?.try_into().ok()?;
        let generation = bytes.get(34..38)?.try_into().ok()?;
        (text.len() == REFRESH_TOKEN_CHARACTERS && bytes.first() == Some(&1)).then(|| Self {
            mac_key: MacKeyId(bytes[1]),
            session: SessionId::from_bytes(session),
            generation: Generation(u32::from_be_bytes(generation)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Presented, PresentedRefresh};
    use countersign_core::SessionId;
    use countersign_core::key_ring::MacKeyId;
    use countersign_core::session::{Generation, SessionSecret};
    use countersign_core::token::{MacKeys, MacStanding};
    use zeroize::Zeroizing;

    #[test]
    fn a_refresh_token_tells_its_session_and_nothing_secret() {
        let keys = MacKeys::new("i", MacKeyId(3), &[(MacKeyId(3), Zeroizing::new([9; 32]), MacStanding::Trusted)]);
        let session = SessionId::from_bytes([4; 16]);
        let token = keys.issue(session, &SessionSecret::from_bytes([5; 16]), Generation(7)).unwrap();
        let expected = PresentedRefresh { mac_key: MacKeyId(3), session, generation: Generation(7) };
        assert!(matches!(Presented::read(&token), Ok(Presented::Refresh(refresh)) if refresh == expected));
    }

    #[test]
    fn form_tells_what_it_is() {
        assert!(matches!(Presented::read("vEPaCGZ1TZ2tzW2fvQOFWA"), Ok(Presented::Id(_))));
        let token = "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.e30.c2ln";
        assert!(matches!(Presented::read(&format!("Bearer {token}")), Ok(Presented::Access(_))));
        for refused in ["", "csr_", "csr_short", "a.b", "ana", "{}"] {
            assert!(Presented::read(refused).is_err(), "{refused}");
        }
    }
}
