//! Proof of possession (RFC 9449): a proof is checked, and a token is held against the key of the proof.

mod binding;
mod nonce;
mod proof;
mod sign;
mod uri;

pub use binding::access_token_hash;
pub use nonce::ProofNonces;
pub use proof::{DpopProof, ProofError, ProofExpectations};
pub use sign::NewProof;
pub use uri::HttpUri;
