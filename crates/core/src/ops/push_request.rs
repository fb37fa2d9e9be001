//! Pushed authorization requests (RFC 9126): keeping one, and finding it again when a browser comes with it.

use crate::client::{Client, ClientId, ClientOrigin};
use crate::draw::Draw;
use crate::grant::{
    AuthorizationError, AuthorizationRequest, Destination, Parameters, PushedRequest, PushedRequestSecret, Unanswerable,
};
use crate::limits::{
    PUSHED_REQUEST_BYTES_MAX, PUSHED_REQUEST_LIFETIME, PUSHED_REQUESTS_PER_CLIENT_MAX, PUSHED_REQUESTS_PER_STRANGER_MAX,
};
use crate::ops::Policies;
use crate::ops::target::Target;
use crate::session::SecretHash;
use crate::store::{GrantStore, PushRequest, RequestPushed, Store, StoreError};
use crate::time::{Span, Time};

/// A request that a client pushes.
#[derive(Debug)]
pub struct PushAuthorizationRequest {
    /// Who pushes it, authenticated.
    pub client: Client,
    /// What is asked for; whatever it says about the client, it is this one's.
    pub parameters: Parameters,
    /// The key of the DPoP proof that came with it: to it the session is to be bound (RFC 9449 §10.1).
    pub jkt: Option<String>,
}

/// What became of it.
#[derive(Debug)]
pub enum AuthorizationRequestPushed {
    /// It is kept under this secret, for so long.
    Pushed(PushedRequestSecret, Span),
    /// At the authorization endpoint it would be a page: it has nowhere to go.
    Unanswerable(Unanswerable),
    /// At the authorization endpoint this would be the answer.
    Refused(AuthorizationError),
    /// It is larger than a request may be.
    TooLarge,
    /// The client has pushed too many that are not over; the first of them is within this time.
    TooMany(Span),
}

/// What an authorization request names by its `request_uri`.
pub(super) enum Named {
    /// Nothing of ours: the parameters are all that there is.
    Nothing,
    /// A request that was pushed, and the hash that storage holds it under.
    Pushed(SecretHash, Parameters),
    /// One that is over, or another client's, or that never was.
    Gone,
}

impl PushAuthorizationRequest {
    /// Runs the checks of the authorization endpoint (RFC 9126 §2.1) and keeps the request.
    ///
    /// # Errors
    /// [`StoreError`] where storage failed; nothing is handed out.
    pub async fn run(
        self,
        store: &dyn Store,
        policies: &Policies,
        draw: &Draw,
    ) -> Result<AuthorizationRequestPushed, StoreError> {
        use AuthorizationRequestPushed as Outcome;
        let Self { client, parameters, jkt } = self;
        let parameters = parameters.with("client_id", client.id.as_str());
        if let Err(error) = Destination::of(&parameters, Some(&client)) {
            return Ok(Outcome::Unanswerable(error));
        }
        if parameters.get("request_uri").is_some() {
            return Ok(Outcome::Refused(AuthorizationError::PushedReference));
        }
        let request = match AuthorizationRequest::read(&parameters) {
            Ok(request) => request,
            Err(error) => return Ok(Outcome::Refused(error)),
        };
        let parameters = match (request.jkt, jkt) {
            (Some(named), Some(shown)) if named != shown => return Ok(Outcome::Refused(AuthorizationError::OtherKey)),
            (None, Some(shown)) => parameters.with("dpop_jkt", &shown),
            _ => parameters,
        };
        let target = Target::find(request.resource.as_ref(), store, policies).await?;
        if !target.is_some_and(|target| target.is_allowed_to(&client)) {
            return Ok(Outcome::Refused(AuthorizationError::Target));
        }
        if parameters.to_query().len() > PUSHED_REQUEST_BYTES_MAX {
            return Ok(Outcome::TooLarge);
        }
        let live_max = match client.origin {
            ClientOrigin::Operator => PUSHED_REQUESTS_PER_CLIENT_MAX,
            ClientOrigin::Registration | ClientOrigin::Document => PUSHED_REQUESTS_PER_STRANGER_MAX,
        };
        let secret = draw.pushed_request();
        let push = PushRequest {
            hash: secret.hash(),
            request: PushedRequest::new(client.id, parameters, draw.now),
            live_max,
            now: draw.now,
        };
        Ok(match store.push_request(push).await? {
            RequestPushed::Pushed => Outcome::Pushed(secret, PUSHED_REQUEST_LIFETIME),
            RequestPushed::TooMany { until } => Outcome::TooMany(until.since(draw.now)),
        })
    }
}

/// Finds what `client` pushed under the `request_uri` of `parameters`. Whatever stands beside that counts for nothing
/// (RFC 9126 §4, RFC 9101 §5).
pub(super) async fn named(
    parameters: &Parameters,
    client: &ClientId,
    store: &dyn GrantStore,
    now: Time,
) -> Result<Named, StoreError> {
    let Some(secret) = PushedRequestSecret::named_by(parameters) else { return Ok(Named::Nothing) };
    let hash = secret.hash();
    let found = store.pushed_request(hash).await?;
    let Some(request) = found.filter(|request| request.is_good_for(client, now)) else { return Ok(Named::Gone) };
    if !request.begun {
        store.begin_pushed_request(hash, PushedRequest::good_once_begun(now)).await?;
    }
    Ok(Named::Pushed(hash, request.parameters))
}
