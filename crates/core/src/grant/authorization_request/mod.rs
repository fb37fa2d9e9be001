//! Authorization requests (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1): what is checked, in which order, and what has
//! to happen before a code may be given. Pure: parameters in, a request or an error out.
//!
//! There are two kinds of errors. [`Unanswerable`]: it is not known where an answer may go, so nothing is redirected.
//! [`AuthorizationError`]: it goes to the redirect URI.

mod checks;
mod claims;
mod destination;
mod error;
mod interaction;
mod parameters;

pub use claims::RequestedClaims;
pub use destination::{Destination, ResponseMode, Unanswerable};
pub use error::AuthorizationError;
pub use interaction::{Prompt, SignedInFor};
pub use parameters::Parameters;

use crate::grant::CodeChallenge;
use crate::resource::ResourceUri;
use crate::scope::ScopeSet;
use crate::time::Span;

/// A request of a client that is known and whose redirect URI is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// What is asked for.
    pub scope: ScopeSet,
    /// At which resource server (RFC 8707); none: the issuer itself.
    pub resource: Option<ResourceUri>,
    /// Whose verifier will come with the code.
    pub challenge: CodeChallenge,
    /// Comes back in the ID token.
    pub nonce: Option<String>,
    /// What is to be asked, or that nothing is.
    pub prompt: Prompt,
    /// How long ago the sign-in may be.
    pub max_age: Option<Span>,
    /// Single claims, and of whom.
    pub claims: RequestedClaims,
    /// Who will probably sign in.
    pub login_hint: Option<String>,
    /// The key to which the session is to be bound (RFC 9449 §10).
    pub jkt: Option<String>,
}

impl AuthorizationRequest {
    /// Every check of a request that can be answered, in order; the first that fails is what the client is told.
    /// `acr_values`, `display`, `ui_locales` and whatever else is there is ignored, as it may be
    /// (RFC 6749 §3.1, OpenID Connect Core §3.1.2.1).
    ///
    /// # Errors
    /// [`AuthorizationError`], for the redirect URI.
    pub fn read(parameters: &Parameters) -> Result<Self, AuthorizationError> {
        checks::no_request_object(parameters)?;
        checks::state(parameters)?;
        checks::response_type(parameters)?;
        checks::response_mode(parameters)?;
        let asked_for = checks::scope(parameters)?;
        let claims = checks::claims(parameters, &asked_for)?;
        Ok(Self {
            challenge: checks::code_challenge(parameters)?,
            // To ask for a claim is to ask for the scope that grants it: that is what people are shown.
            scope: asked_for.union(&claims.scopes()),
            resource: checks::resource(parameters)?,
            nonce: checks::nonce(parameters)?,
            prompt: checks::prompt(parameters)?,
            max_age: checks::max_age(parameters)?,
            claims,
            login_hint: checks::login_hint(parameters),
            jkt: checks::dpop_jkt(parameters)?,
        })
    }
}
