//! Which client asks (RFC 6749 §2.3): by its id and secret in `Authorization: Basic` or in the form, or by its id alone.

use crate::app::App;
use crate::documents::{self, Wanted};
use crate::error::{ApiError, Kind};
use crate::http::RequestOrigin;
use crate::http::form::{Form, decode};
use crate::openapi::{Input, Operation, Scheme};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use countersign_core::Draw;
use countersign_core::client::{AssertionUse, Client, ClientAssertion, ClientId, ClientProof, ClientSecret};
use countersign_core::ops::{AuthenticateClient, Origin};
use countersign_jose::base64url;
use zeroize::Zeroizing;

/// A form, and the client that sent it and has proved who it is.
pub(crate) struct ClientRequest {
    pub(crate) client: Client,
    pub(crate) form: Form,
    pub(crate) origin: RequestOrigin,
    /// What came with it, for whoever wants to know of keys.
    pub(crate) headers: HeaderMap,
}

/// An id and what proves it, as they were sent. Nothing about them is known yet.
struct Credentials {
    id: Option<ClientId>,
    proof: ClientProof,
}

impl FromRequest<App> for ClientRequest {
    type Rejection = ApiError;

    /// Whoever sends a header is authenticated before the form is read: nobody else learns anything about forms.
    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let Ok(origin) = RequestOrigin::from_request_parts(&mut parts, app).await;
        let in_header = match Credentials::of_header(&parts.headers)? {
            Some(credentials) => Some(credentials.authenticate(app, &origin).await?),
            None => None,
        };
        let headers = parts.headers.clone();
        let form = Form::from_request(Request::from_parts(parts, body), app).await?;
        let client = match in_header {
            Some(client) => {
                nothing_else(&form, &client)?;
                client
            }
            None => Credentials::of_form(&form)?.authenticate(app, &origin).await?,
        };
        Ok(Self { client, form, origin, headers })
    }
}

impl Input for ClientRequest {
    /// Which of the methods of authentication is for the client's registration to say.
    fn describe(operation: &mut Operation) {
        operation.takes(Scheme::ClientSecretBasic, &[]).takes_nothing();
        operation.fails(&[Kind::InvalidClient, Kind::RateLimited]).asks_storage();
        Form::describe(operation);
    }
}

/// RFC 6749 §2.3: not more than one method a request.
fn nothing_else(form: &Form, client: &Client) -> Result<(), ApiError> {
    if form.get("client_assertion").is_some() {
        return Err(ApiError::invalid_request("an assertion and an `Authorization` header are two authentications"));
    }
    if form.get("client_secret").is_some() {
        return Err(ApiError::invalid_request("the client's secret belongs in the `Authorization` header alone"));
    }
    if form.get("client_id").is_some_and(|id| id != client.id.as_str()) {
        return Err(ApiError::invalid_request("`client_id` is another than that of the `Authorization` header"));
    }
    Ok(())
}

impl Credentials {
    /// RFC 7617 §2, and within it both parts form-encoded; none where there is no header.
    fn of_header(headers: &HeaderMap) -> Result<Option<Self>, ApiError> {
        let mut values = headers.get_all(AUTHORIZATION).into_iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(ApiError::invalid_request("more than one `Authorization` header"));
        }
        Self::parse(value.as_bytes()).map(Some).ok_or_else(ApiError::invalid_client)
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let (scheme, encoded) = std::str::from_utf8(value).ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = Zeroizing::new(base64(encoded.trim_start_matches(' '))?);
        let colon = pair.iter().position(|byte| *byte == b':')?;
        let id = ClientId::parse(&decode(&pair[..colon])?).ok();
        let secret = ClientSecret::presented(decode(&pair[colon + 1..])?);
        Some(Self { id, proof: ClientProof::SecretBasic(secret) })
    }

    /// `client_id`, and `client_secret` where there is one (RFC 6749 §2.3.1, §3.2.1); or an assertion (RFC 7523 §2.2).
    fn of_form(form: &Form) -> Result<Self, ApiError> {
        if let Some(assertion) = form.get("client_assertion") {
            return Self::of_assertion(form, assertion);
        }
        let id = form.get("client_id").ok_or_else(ApiError::invalid_client)?;
        let proof = match form.get("client_secret") {
            Some(secret) => ClientProof::SecretPost(ClientSecret::presented(secret.to_owned())),
            None => ClientProof::Nothing,
        };
        Ok(Self { id: ClientId::parse(id).ok(), proof })
    }

    fn of_assertion(form: &Form, assertion: &str) -> Result<Self, ApiError> {
        if form.get("client_secret").is_some() {
            return Err(ApiError::invalid_request("an assertion and a secret are two authentications"));
        }
        if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(ApiError::invalid_client());
        }
        let assertion = ClientAssertion::presented(assertion.to_owned());
        let id = assertion.claimed();
        if form.get("client_id").is_some_and(|named| id.as_ref().is_none_or(|id| id.as_str() != named)) {
            return Err(ApiError::invalid_request("`client_id` is another than that of the assertion"));
        }
        Ok(Self { id, proof: ClientProof::Assertion(assertion) })
    }

    /// The client, if it is one. Keys that a document names may be newer there than what is kept of it.
    async fn prove(
        self,
        app: &App,
        origin: &RequestOrigin,
        draw: &Draw,
    ) -> Result<Option<(Client, Option<AssertionUse>)>, ApiError> {
        let Self { id, proof } = self;
        let run = async |proof, described| {
            let (id, origin) = (id.clone(), Origin::from(origin.clone()));
            AuthenticateClient { id, proof, described, origin }.run(app.store(), app.issuer(), draw).await
        };
        let (Some(client), address) = (&id, origin.address) else { return Ok(run(proof, None).await?) };
        if !matches!(proof, ClientProof::Assertion(_)) {
            let described = documents::described_if_unknown(app, client, address).await?;
            return Ok(run(proof, described).await?);
        }
        let kept = documents::described_for_keys(app, client, address, Wanted::Cached).await?;
        let proved = run(proof.clone(), kept.clone()).await?;
        if proved.is_some() || kept.is_none() {
            return Ok(proved);
        }
        let new = documents::described_for_keys(app, client, address, Wanted::New).await?;
        if new == kept { Ok(None) } else { Ok(run(proof, new).await?) }
    }

    /// Only failures cost, each address its own; they are counted after the fact, so that no number of good requests at
    /// once is slowed down.
    async fn authenticate(self, app: &App, origin: &RequestOrigin) -> Result<Client, ApiError> {
        let (draw, address) = (app.draw(), origin.address);
        app.throttle().client_may_try(address, draw.now).map_err(ApiError::rate_limited)?;
        match self.prove(app, origin, &draw).await? {
            Some((client, None)) => Ok(client),
            // Signed with the client's key, so a second one is no guess that would have to cost.
            Some((client, Some(once))) if app.assertions().is_first(client.id.as_str(), &once.id, draw.now) => {
                Ok(client)
            }
            Some(_) => Err(ApiError::invalid_client()),
            None => {
                app.throttle().count_failed_client(address, draw.now);
                Err(ApiError::invalid_client())
            }
        }
    }
}

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Base64 with padding (RFC 4648 §4), by way of the strict one without.
fn base64(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) || text.contains(['-', '_']) {
        return None;
    }
    let unpadded = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    base64url::decode(&Zeroizing::new(unpadded.replace('+', "-").replace('/', "_"))).ok()
}

#[cfg(test)]
mod tests {
    use super::Credentials;
    use countersign_core::client::{ClientId, ClientProof};

    fn read(value: &str) -> Option<(Option<ClientId>, String)> {
        let read = Credentials::parse(value.as_bytes())?;
        let ClientProof::SecretBasic(secret) = read.proof else { return None };
        Some((read.id, secret.expose().to_owned()))
    }

    #[test]
    fn both_parts_are_form_encoded_within() {
        let worker = |secret: &str| Some((ClientId::parse("worker").ok(), secret.to_owned()));
        assert_eq!(read("Basic d29ya2VyOmNzc18x"), worker("css_1"));
        assert_eq!(read("bAsIc  d29ya2VyOmNzc18x"), worker("css_1"));
        assert_eq!(read("Basic d29ya2VyOmE6Yg=="), worker("a:b"));
        assert_eq!(read("Basic dSUzQXY6YSslMkI="), Some((ClientId::parse("u:v").ok(), "a +".to_owned())));
        assert_eq!(read("Basic w6k6YQ=="), Some((None, "a".to_owned())));
    }

    #[test]
    fn anything_else_is_no_credential() {
        for value in [
            "Basic",
            "Basic ",
            "Basic d29ya2Vy",
            "Bearer d29ya2VyOmNzc18x",
            "Basic d29ya2VyOmE6Yg",
            "Basic d29ya2VyOmE6Yg=",
            "Basic d29y a2Vy",
            "Basic YTolenp6",
            "Basic ____",
        ] {
            assert!(read(value).is_none(), "{value}");
        }
    }
}
