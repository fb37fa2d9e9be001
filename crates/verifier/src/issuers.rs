//! Several issuers behind one resource server, each with keys, feed and rules of its own.

use std::{collections::HashMap, sync::Arc};

use countersign_jose::{UnverifiedToken, VerifyError as TokenError};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{
    challenge::{Refusal, Why},
    error::VerifyError,
    request::presented_token,
    require::Needs,
    terms::Terms,
    token::VerifiedToken,
    verifier::Verifier,
};

/// Verifiers by issuer. A token is judged by the verifier of the issuer that it names, and by no other: a key of one
/// issuer never speaks for another.
///
/// ```
/// use countersign_verifier::{Issuers, Verifier};
///
/// # fn example(staff: Verifier, customers: Verifier, token: &str) -> Result<(), countersign_verifier::VerifyError> {
/// let issuers: Issuers = [staff, customers].into_iter().collect();
/// let token = issuers.verify::<serde_json::Value>(token)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Issuers(HashMap<String, Verifier>);

impl Issuers {
    /// The verifier for an issuer.
    #[must_use]
    pub fn get(&self, issuer: &str) -> Option<&Verifier> {
        self.0.get(issuer)
    }

    /// The verifier for the issuer that a token names, which is not believed by this: only asked.
    ///
    /// # Errors
    /// [`VerifyError`] for a text that is no token; with code `wrong_issuer` where it names none of these.
    pub fn verifier_of(&self, token: &str) -> Result<&Verifier, VerifyError> {
        // A token that held before need not be taken apart again.
        if let Some(verifier) = self.0.values().find(|verifier| verifier.has_cached(token)) {
            return Ok(verifier);
        }
        let claims = UnverifiedToken::parse(token)?.claims_json_unverified()?;
        let named = claims.get("iss").and_then(serde_json::Value::as_str).ok_or(TokenError::WrongIssuer)?;
        Ok(self.get(named).ok_or(TokenError::WrongIssuer)?)
    }

    /// A token of any of them.
    ///
    /// # Errors
    /// Those of [`Verifier::verify`].
    pub fn verify<C>(&self, token: &str) -> Result<VerifiedToken<C>, VerifyError>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        self.verifier_of(token)?.verify(token)
    }

    /// A token of that issuer and no other: one that holds for another is `wrong_issuer`.
    ///
    /// # Errors
    /// Those of [`Verifier::verify`].
    pub fn verify_from<C>(&self, issuer: &str, token: &str) -> Result<VerifiedToken<C>, VerifyError>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let verifier = self.verifier_of(token)?;
        let verified = verifier.verify(token)?;
        if verifier.issuer() == issuer { Ok(verified) } else { Err(TokenError::WrongIssuer.into()) }
    }
}

impl Issuers {
    /// Authenticates a request with a token of any of them: see [`Verifier::authenticate`]. Where no verifier can judge it,
    /// the refusal points to the metadata that any of them has: describe the resource server with all of its issuers
    /// ([`ResourceMetadata::other_issuer`](crate::ResourceMetadata::other_issuer)).
    ///
    /// # Errors
    /// [`Refusal`], which makes the answer.
    pub async fn authenticate<C>(&self, parts: &Parts, needs: &Needs) -> Result<VerifiedToken<C>, Refusal>
    where
        C: DeserializeOwned + Send + Sync + 'static,
    {
        let verifier = match presented_token(&parts.headers) {
            Ok((scheme, token)) => self.verifier_of(token).map_err(|error| (scheme, Why::Token(error))),
            Err(refused) => Err(refused),
        };
        match verifier {
            Ok(verifier) => verifier.authenticate(parts, needs).await,
            Err((scheme, why)) => Err(Refusal::new(why, scheme, needs, self.terms())),
        }
    }

    /// Those of a verifier that describes itself: one and the same in each process, and for each request.
    fn terms(&self) -> Arc<Terms> {
        let described = self.0.values().filter(|verifier| verifier.metadata_url().is_some());
        described.min_by_key(|verifier| verifier.issuer()).map(|verifier| verifier.terms().clone()).unwrap_or_default()
    }
}

impl FromIterator<Verifier> for Issuers {
    /// The later of two for one issuer counts.
    fn from_iter<I: IntoIterator<Item = Verifier>>(verifiers: I) -> Self {
        Self(verifiers.into_iter().map(|verifier| (verifier.issuer().to_owned(), verifier)).collect())
    }
}
