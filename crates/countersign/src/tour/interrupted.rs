//! Why a tour can't go on: not that a step misbehaved, but that the next one has nothing to stand on.

use std::error::Error;

/// What keeps the tour from its next step. It ends there, as a tour that failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Interrupted {
    /// No answer came, or none that is HTTP with a JSON body.
    #[error("{url} did not answer: {source}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// Why there is no answer.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The answer lacks what the next step needs.
    #[error("the answer ({answer}) has no `{what}`")]
    Missing {
        /// The member or field.
        what: &'static str,
        /// The answer in short.
        answer: String,
    },
    /// The orders service's verifier can't be set up.
    #[error("the orders service can't verify: {0}")]
    Verifier(#[from] countersign_verifier::BuildError),
    /// Something takes longer than it may.
    #[error("{0} in time")]
    Late(&'static str),
    /// The token is none that can be decoded.
    #[error("the token can't be decoded: {0}")]
    Token(#[from] countersign_jose::ParseError),
}
