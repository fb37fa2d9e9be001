//! Proofs of possession that come with a request (RFC 9449): which key was shown, and what is said where none was.

use crate::app::App;
use crate::error::ApiError;
use crate::limits::PROOF_AGE_SECONDS_MAX;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use countersign_core::session::{Proof, Refusal};
use countersign_jose::{DpopProof, HttpUri, ProofExpectations};

pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// What the `DPoP` header shows for a request of `method` to `path` of the issuer. `access_token`: what the proof must
/// be made for, where one is presented. The token endpoint hands out nonces, so no proof goes without one anywhere here
/// (§8, §11.3).
pub(crate) fn shown(app: &App, headers: &HeaderMap, method: &str, path: &str, access_token: Option<&str>) -> Proof {
    let mut values = headers.get_all(DPOP).into_iter();
    let Some(value) = values.next() else { return Proof::Absent };
    let uri = HttpUri::parse(&format!("{}{path}", app.issuer()));
    let (Ok(text), Some(uri), None) = (value.to_str(), uri, values.next()) else { return Proof::Invalid };
    let leeway = app.routes().leeway;
    let expect = ProofExpectations { method, uri: &uri, access_token, age_seconds_max: PROOF_AGE_SECONDS_MAX, leeway };
    let now = app.source().now();
    let proof = match DpopProof::verify(text, &expect, now.timestamp()) {
        Ok(proof) => proof,
        Err(error) => {
            tracing::info!(code = error.code(), %error, "proof of possession refused");
            return Proof::Invalid;
        }
    };
    let fresh = |nonce: &str| app.storage_key().proof_nonces().is_fresh(nonce, now.timestamp());
    if !proof.nonce().is_some_and(fresh) {
        return Proof::NeedsNonce;
    }
    let key = proof.key().to_string();
    if app.proofs().is_first(&key, proof.id(), now) { Proof::Of(key) } else { Proof::Invalid }
}

/// The key that was shown, if one was; what does not hold is refused whether or not anything is bound.
pub(crate) fn key_of(proof: &Proof) -> Result<Option<String>, ApiError> {
    match proof {
        Proof::Absent => Ok(None),
        Proof::Of(key) => Ok(Some(key.clone())),
        Proof::NeedsNonce => Err(ApiError::refused(Refusal::UseDpopNonce)),
        Proof::Invalid => Err(ApiError::refused(Refusal::InvalidDpopProof)),
    }
}

/// The nonce for the next proof.
pub(crate) fn next_nonce(app: &App) -> Option<HeaderValue> {
    HeaderValue::from_str(&app.storage_key().proof_nonces().at(app.source().now().timestamp())).ok()
}
