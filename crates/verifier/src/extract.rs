//! Extractors for axum.

use std::marker::PhantomData;

use axum_core::{
    body::Body,
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{
    challenge::{Refusal, Why},
    claims::Registered,
    request::mark_proof_taken,
    require::Needs,
    token::VerifiedToken,
    verifier::Verifier,
};

/// Any token that holds, with its claims as `C`. The state of the router holds the [`Verifier`], or is one.
///
/// ```
/// use axum::{Router, routing::get};
/// use countersign_verifier::{Bearer, Verifier};
///
/// async fn orders(Bearer(token): Bearer) -> Result<String, countersign_verifier::Refusal> {
///     Ok(format!("orders of {}", token.subject().unwrap_or("nobody")))
/// }
///
/// fn router(verifier: Verifier) -> Router {
///     Router::new().route("/orders", get(orders)).with_state(verifier)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Bearer<C = Registered>(pub VerifiedToken<C>);

/// What a kind of route asks for, as a type.
///
/// ```
/// use countersign_verifier::{BearerFor, Demand, Needs, StalePolicy};
///
/// struct Transfer;
///
/// impl Demand for Transfer {
///     fn needs() -> Needs {
///         Needs::any_token().scope("transfers:write").stale(StalePolicy::Refuse)
///     }
/// }
///
/// async fn transfer(bearer: BearerFor<Transfer>) -> String {
///     format!("by {}", bearer.token.subject().unwrap_or("nobody"))
/// }
/// ```
pub trait Demand {
    /// What is asked for.
    fn needs() -> Needs;
}

/// A token that holds and allows what `D` demands.
#[derive(Debug)]
pub struct BearerFor<D, C = Registered> {
    /// The token.
    pub token: VerifiedToken<C>,
    demand: PhantomData<fn() -> D>,
}

impl<S, C> FromRequestParts<S> for Bearer<C>
where
    Verifier: FromRef<S>,
    S: Send + Sync,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        extract(parts, state, &Needs::any_token()).await.map(Self)
    }
}

/// None where no token was sent; one that does not hold is still refused.
impl<S, C> OptionalFromRequestParts<S> for Bearer<C>
where
    Verifier: FromRef<S>,
    S: Send + Sync,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Refusal> {
        match extract(parts, state, &Needs::any_token()).await {
            Ok(token) => Ok(Some(Self(token))),
            Err(refusal) if matches!(refusal.why(), Why::NoToken) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }
}

impl<S, D, C> FromRequestParts<S> for BearerFor<D, C>
where
    Verifier: FromRef<S>,
    S: Send + Sync,
    D: Demand,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Ok(Self { token: extract(parts, state, &D::needs()).await?, demand: PhantomData })
    }
}

async fn extract<S, C>(parts: &mut Parts, state: &S, needs: &Needs) -> Result<VerifiedToken<C>, Refusal>
where
    Verifier: FromRef<S>,
    C: DeserializeOwned + Send + Sync + 'static,
{
    let token = Verifier::from_ref(state).authenticate(parts, needs).await?;
    mark_proof_taken(&parts.headers, &mut parts.extensions);
    Ok(token)
}

/// The refusal as an answer, so that handlers can use `?` on what they require of a token themselves.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        Self::into_response::<Body>(self)
    }
}
