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
    /// The issuer's key set is none that a token can be verified with.
    #[error("the key set can't be used: {0}")]
    Keys(#[from] countersign_jose::KeyError),
    /// The token is none that can be decoded.
    #[error("the token can't be decoded: {0}")]
    Token(#[from] countersign_jose::ParseError),
}
