//! Asking the issuer about one token (RFC 7662): only where a policy says so, never on the path of `verify`.

use serde::Deserialize;

use crate::{
    background::Context, error::VerifyError, limits::ENDPOINT_ANSWER_BYTES_MAX, metrics::increment, net::Ask,
    staleness::Freshness,
};

#[derive(Deserialize)]
struct Answer {
    active: bool,
}

impl Context {
    /// The issuer's word about a token whose signature and claims hold already: inactive is revoked, no word is stale.
    pub(crate) async fn introspect(&self, token: &str) -> Result<Freshness, VerifyError> {
        let metadata = self.metadata().ok_or(VerifyError::Stale)?;
        let url = metadata.introspection_endpoint.as_ref().ok_or(VerifyError::Stale)?;
        let authorization = self.access.basic().ok_or(VerifyError::Stale)?;
        let _permit = self.introspections.try_acquire().map_err(|_| VerifyError::Stale)?;
        increment(&self.state.metrics.introspections);
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token)
            .append_pair("token_type_hint", "access_token")
            .finish();
        let ask = Ask::new(url).authorized(Some(authorization));
        let answer = self.net.post(ask, "application/x-www-form-urlencoded", body, ENDPOINT_ANSWER_BYTES_MAX);
        let failed = |error: &dyn std::fmt::Display| {
            self.state.metrics.count_fetch_failure("introspection");
            tracing::warn!(issuer = %self.state.issuer, %error, "no introspection");
            VerifyError::Stale
        };
        let answer = match tokio::time::timeout(self.timing.introspection, answer).await {
            Ok(answer) => answer.map_err(|error| failed(&error))?,
            Err(elapsed) => return Err(failed(&elapsed)),
        };
        let answer: Answer = serde_json::from_slice(&answer.body).map_err(|error| failed(&error))?;
        if answer.active { Ok(Freshness::Introspected) } else { Err(VerifyError::Revoked) }
    }
}
