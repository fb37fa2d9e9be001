//! What whoever is at the browser has to be asked before a code may be given.

use super::AuthorizationRequest;
use crate::grant::Consent;
use crate::ids::AccountId;
use crate::limits::SIGN_IN_COUNTS_FOR;
use crate::scope::ScopeSet;
use crate::time::Time;

/// What a request wants asked (OpenID Connect Core §3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// `none`: nothing is shown; what would have to be asked is an error.
    Silent,
    /// Whatever has to be asked is, and this in any case.
    MayAsk {
        /// `login` or `select_account`: who they are.
        sign_in: bool,
        /// `consent`: whether they agree.
        consent: bool,
    },
}

/// For what the browser's sign-in was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedInFor {
    /// For whatever came before.
    Another,
    /// For this very request: it need not be repeated.
    This,
}

impl AuthorizationRequest {
    /// Whether a sign-in of that time does not do for this request.
    #[must_use]
    pub fn needs_sign_in(&self, authenticated_at: Time, made_for: SignedInFor, now: Time) -> bool {
        let ago = now.since(authenticated_at);
        if made_for == SignedInFor::This && ago <= SIGN_IN_COUNTS_FOR {
            return false;
        }
        // OpenID Connect Core §3.1.2.1: `max_age=0` is `prompt=login`.
        let too_old = self.max_age.is_some_and(|max_age| max_age.is_zero() || ago > max_age);
        too_old || matches!(self.prompt, Prompt::MayAsk { sign_in: true, .. })
    }

    /// Whether it may be answered for this account (OpenID Connect Core §3.1.2.2).
    #[must_use]
    pub fn is_about(&self, account: AccountId) -> bool {
        self.claims.subject.as_ref().is_none_or(|subject| *subject == account.to_string())
    }

    /// Whether they have to be asked before `granted` may be given: it is beyond what they agreed to on the page
    /// (`given`) and, unless the request wants them asked anyway, beyond what they agreed to before. That holds for every
    /// kind of client: nobody's first code is silent, and an agent's (`mcp`) or a device's (RFC 8252 §8.6) least of all.
    #[must_use]
    pub fn needs_consent(&self, granted: &ScopeSet, given: Option<&ScopeSet>, remembered: Option<&Consent>) -> bool {
        if given.is_some_and(|given| given.covers(granted)) {
            return false;
        }
        let asked_for = matches!(self.prompt, Prompt::MayAsk { consent: true, .. });
        asked_for || !remembered.is_some_and(|remembered| remembered.scope.covers(granted))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AuthorizationRequest, Parameters};
    use super::SignedInFor::{Another, This};
    use crate::client::ClientId;
    use crate::grant::Consent;
    use crate::ids::AccountId;
    use crate::resource::ResourceUri;
    use crate::scope::ScopeSet;
    use crate::time::Time;

    fn request(more: &str) -> AuthorizationRequest {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let query = format!("response_type=code&code_challenge={challenge}&code_challenge_method=S256{more}");
        AuthorizationRequest::read(&Parameters::parse(&query).unwrap()).unwrap()
    }

    #[test]
    fn a_sign_in_is_repeated_where_the_request_says_so_and_once() {
        let at = Time::from_millis;
        for (more, ago, needed) in [
            ("", 9_000_000, false),
            ("&max_age=10", 10_000, false),
            ("&max_age=10", 10_001, true),
            ("&max_age=0", 0, true),
            ("&max_age=99999999999999999999999999", 9_000_000, false),
            ("&prompt=login", 0, true),
            ("&prompt=consent+select_account", 0, true),
            ("&prompt=consent", 9_000_000, false),
            ("&prompt=none", 9_000_000, false),
            ("&prompt=none&max_age=10", 10_001, true),
        ] {
            assert_eq!(request(more).needs_sign_in(at(0), Another, at(ago)), needed, "{more} {ago}");
            let long_ago = ago > 900_000;
            assert_eq!(request(more).needs_sign_in(at(0), This, at(ago)), needed && long_ago, "{more} {ago}");
        }
    }

    #[test]
    fn consent_is_asked_for_until_it_covers_what_is_granted() {
        let scope = |text| ScopeSet::parse(text).unwrap();
        let remembered = |text| Consent {
            account: AccountId::from_bytes([1; 16]),
            client: ClientId::parse("app").unwrap(),
            audience: ResourceUri::parse("https://issuer.example").unwrap(),
            scope: scope(text),
            given_at: Time::from_millis(0),
        };
        let (plain, again) = (request(""), request("&prompt=consent"));
        let granted = scope("openid email");
        assert!(plain.needs_consent(&granted, None, None));
        assert!(plain.needs_consent(&scope(""), None, None), "even for nothing, once");
        assert!(plain.needs_consent(&granted, None, Some(&remembered("openid"))));
        assert!(plain.needs_consent(&granted, Some(&scope("openid")), None));
        assert!(!plain.needs_consent(&granted, None, Some(&remembered("email openid profile"))));
        assert!(!plain.needs_consent(&granted, Some(&granted), None));
        assert!(again.needs_consent(&granted, None, Some(&remembered("email openid"))));
        assert!(!again.needs_consent(&granted, Some(&granted), None));
    }
}
