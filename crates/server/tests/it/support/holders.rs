//! Clients that prove possession of a key (RFC 9449).

use super::apps::{Application, OAuthTokens, exchange_form};
use super::client::{Request, Response};
use super::{ISSUER, TestApp};
use countersign_core::Source as _;
use countersign_jose::{Algorithm, HttpUri, NewProof, SigningKey};
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};

/// Somebody with a key, and the nonce that the server last gave.
pub(crate) struct Holder {
    pub(crate) key: SigningKey,
    pub(crate) nonce: Option<String>,
    proofs: AtomicU32,
}

impl Holder {
    pub(crate) fn new() -> Self {
        Self { key: SigningKey::generate(Algorithm::Es256).unwrap(), nonce: None, proofs: AtomicU32::new(0) }
    }

    pub(crate) fn jkt(&self) -> String {
        self.key.verifying_key().thumbprint().to_string()
    }

    pub(crate) fn proof(&self, app: &TestApp, method: &str, path: &str, access_token: Option<&str>) -> String {
        let uri = HttpUri::parse(&format!("{ISSUER}{path}")).unwrap();
        let id = format!("proof-{}", self.proofs.fetch_add(1, Ordering::Relaxed));
        let issued_at = app.clock().now().timestamp();
        let new = NewProof { method, uri: &uri, access_token, id: &id, issued_at, nonce: self.nonce.as_deref() };
        new.sign(&self.key).unwrap()
    }

    /// Sends to the token endpoint with a proof, and again with the nonce if it is told one.
    pub(crate) async fn send(&mut self, app: &TestApp, request: impl Fn() -> Request) -> Response {
        self.post(app, "/oauth2/token", request).await
    }

    /// Posts there with a proof, and again with the nonce if it is told one.
    pub(crate) async fn post(&mut self, app: &TestApp, path: &str, request: impl Fn() -> Request) -> Response {
        let send = |proof: String| request().header("dpop", &proof).send();
        let answer = send(self.proof(app, "POST", path, None)).await;
        if answer.json()["error"] != "use_dpop_nonce" {
            return answer;
        }
        let answer = answer.assert_oauth_error(400, "use_dpop_nonce");
        self.nonce = Some(answer.header("dpop-nonce").unwrap().to_owned());
        send(self.proof(app, "POST", path, None)).await
    }
}

/// A whole answer with a token that is bound to the holder's key.
pub(crate) fn bound(answer: &Response, holder: &Holder) -> OAuthTokens {
    assert_eq!((answer.status, &answer.json()["token_type"]), (200, &json!("DPoP")), "{}", answer.text());
    assert!(answer.header("dpop-nonce").is_some());
    let body = answer.json();
    let text = |name: &str| body[name].as_str().map(str::to_owned).unwrap_or_default();
    let tokens = OAuthTokens {
        access_token: text("access_token"),
        refresh_token: text("refresh_token"),
        id_token: None,
        scope: text("scope"),
    };
    assert_eq!(tokens.claims()["cnf"], json!({ "jkt": holder.jkt() }));
    tokens
}

/// A session of `ana` that is bound to the holder's key.
pub(crate) async fn bound_session(app: &TestApp, client: &Application, holder: &mut Holder) -> OAuthTokens {
    let code = app.code("ana", client, "openid").await;
    let answer = holder.send(app, || app.client_request(client, &exchange_form(&code))).await;
    bound(&answer, holder)
}
