//! Authorization codes (RFC 6749 §4.1.2): 256 random bits, good once, for a minute, for one client alone.

use crate::account::SessionsFloor;
use crate::client::{ClientId, RedirectUri};
use crate::grant::CodeChallenge;
use crate::ids::{AccountId, SessionId};
use crate::opaque::opaque_secret;
use crate::resource::ResourceUri;
use crate::scope::ScopeSet;
use crate::time::Time;
use crate::token::IdentityClaim;
use std::collections::BTreeSet;

opaque_secret! {
    /// A code, or what somebody presents as one. Wiped when dropped; does not print.
    AuthorizationCode = "csc_"
}

/// What a code stands for. Storage holds it under SHA-256 of the code's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizedCode {
    /// To whom it was given.
    pub client: ClientId,
    /// Where it was sent.
    pub redirect_uri: RedirectUri,
    /// Whether the request named that itself: then the token request must too (RFC 6749 §4.1.3).
    pub redirect_uri_named: bool,
    /// Who agreed.
    pub account: AccountId,
    /// The account's floor as it was before anything was checked.
    pub floor: SessionsFloor,
    /// The browser sign-in in which they did.
    pub parent: SessionId,
    /// When they proved who they are.
    pub authenticated_at: Time,
    /// To what.
    pub scope: ScopeSet,
    /// At which resource server.
    pub audience: ResourceUri,
    /// Comes back in the ID token (OpenID Connect Core §3.1.2.1).
    pub nonce: Option<String>,
    /// What is wanted in the ID token, as far as its scope was granted (OpenID Connect Core §5.5).
    pub id_token_claims: BTreeSet<IdentityClaim>,
    /// Whose verifier must come with it.
    pub challenge: CodeChallenge,
    /// The key to which the session is to be bound (RFC 9449 §10).
    pub jkt: Option<String>,
    /// Until when it is good.
    pub expires_at: Time,
    /// The session that it made, once it was redeemed.
    pub redeemed: Option<SessionId>,
}

/// Why a code is refused. The wire says `invalid_grant`, whichever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// It was given to another client.
    #[error("the code was given to another client")]
    OtherClient,
    /// The redirect URI is not that of the authorization request.
    #[error("`redirect_uri` is not that of the authorization request")]
    RedirectUri,
    /// The verifier is missing, or another.
    #[error("`code_verifier` does not meet the code challenge")]
    Verifier,
    /// It is over.
    #[error("the code has expired")]
    Expired,
    /// It was to be bound to another key.
    #[error("the DPoP proof is not of the key that the authorization request named")]
    Key,
}

impl AuthorizedCode {
    /// Whether `client` may redeem it with what came beside it: RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 9449 §10, in that
    /// order. Whether it was redeemed before is the store's to say.
    ///
    /// # Errors
    /// [`CodeRefusal`], the first that matches.
    pub fn permits(
        &self,
        client: &ClientId,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
        jkt: Option<&str>,
        now: Time,
    ) -> Result<(), CodeRefusal> {
        if *client != self.client {
            return Err(CodeRefusal::OtherClient);
        }
        let same_uri = match redirect_uri {
            Some(uri) => uri == self.redirect_uri.as_str(),
            None => !self.redirect_uri_named,
        };
        if !same_uri {
            return Err(CodeRefusal::RedirectUri);
        }
        if !verifier.is_some_and(|verifier| self.challenge.is_met_by(verifier)) {
            return Err(CodeRefusal::Verifier);
        }
        if self.jkt.is_some() && self.jkt.as_deref() != jkt {
            return Err(CodeRefusal::Key);
        }
        if now >= self.expires_at { Err(CodeRefusal::Expired) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{AuthorizationCode, AuthorizedCode, CodeRefusal};
    use crate::account::SessionsFloor;
    use crate::client::{ClientId, RedirectUri};
    use crate::grant::CodeChallenge;
    use crate::ids::{AccountId, SessionId};
    use crate::resource::ResourceUri;
    use crate::scope::ScopeSet;
    use crate::time::Time;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn code() -> AuthorizedCode {
        AuthorizedCode {
            client: ClientId::parse("app").unwrap(),
            redirect_uri: RedirectUri::parse("https://app.example/cb").unwrap(),
            redirect_uri_named: true,
            account: AccountId::from_bytes([1; 16]),
            floor: SessionsFloor(0),
            parent: SessionId::from_bytes([2; 16]),
            authenticated_at: Time::from_millis(1_000),
            scope: ScopeSet::parse("openid").unwrap(),
            audience: ResourceUri::parse("https://issuer.example").unwrap(),
            nonce: None,
            id_token_claims: std::collections::BTreeSet::new(),
            challenge: CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap(),
            jkt: None,
            expires_at: Time::from_millis(61_000),
            redeemed: None,
        }
    }

    #[test]
    fn each_check_refuses_on_its_own() {
        let (app, uri) = (ClientId::parse("app").unwrap(), Some("https://app.example/cb"));
        let other = ClientId::parse("other").unwrap();
        let now = Time::from_millis(60_999);
        assert_eq!(code().permits(&app, uri, Some(VERIFIER), None, now), Ok(()));
        assert_eq!(code().permits(&other, uri, Some(VERIFIER), None, now), Err(CodeRefusal::OtherClient));
        for wrong in [None, Some("https://app.example/cb/")] {
            assert_eq!(code().permits(&app, wrong, Some(VERIFIER), None, now), Err(CodeRefusal::RedirectUri));
        }
        for wrong in [None, Some("x")] {
            assert_eq!(code().permits(&app, uri, wrong, None, now), Err(CodeRefusal::Verifier));
        }
        let over = Time::from_millis(61_000);
        assert_eq!(code().permits(&app, uri, Some(VERIFIER), None, over), Err(CodeRefusal::Expired));
    }

    #[test]
    fn a_uri_that_was_not_named_need_not_come_again_and_a_key_that_was_must() {
        let (app, now) = (ClientId::parse("app").unwrap(), Time::from_millis(2_000));
        let unnamed = AuthorizedCode { redirect_uri_named: false, ..code() };
        assert_eq!(unnamed.permits(&app, None, Some(VERIFIER), None, now), Ok(()));
        let bound = AuthorizedCode { jkt: Some("key".to_owned()), ..unnamed };
        for wrong in [None, Some("other")] {
            assert_eq!(bound.permits(&app, None, Some(VERIFIER), wrong, now), Err(CodeRefusal::Key));
        }
        assert_eq!(bound.permits(&app, None, Some(VERIFIER), Some("key"), now), Ok(()));
    }

    #[test]
    fn a_code_is_47_characters_and_does_not_print() {
        let code = AuthorizationCode::from_bytes(&[7; 32]);
        assert_eq!((code.expose().len(), &code.expose()[..4]), (47, "csc_"));
        assert_eq!(format!("{code:?}"), "AuthorizationCode([redacted])");
    }
}
