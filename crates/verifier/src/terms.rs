//! What a resource server asks of clients, told in its challenges and its metadata.

use std::sync::Arc;

use crate::{
    error::BuildError,
    resource::{Published, ResourceMetadata},
};

/// Which proofs of possession are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ProofTerms {
    /// None can be checked: it is not known under which URL clients call.
    #[default]
    None,
    /// Those of tokens that are bound to a key.
    Taken,
    /// Those, and no token goes without.
    Required,
}

/// The terms of one audience. Without any, as for a refusal that no verifier made, tokens are taken as bearer tokens.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    pub(crate) proofs: ProofTerms,
    /// The document that challenges point to.
    pub(crate) metadata: Option<Arc<Published>>,
}

impl Terms {
    pub(crate) fn new(
        audience: &str,
        issuer: &str,
        metadata: Option<&ResourceMetadata>,
        proofs: ProofTerms,
    ) -> Result<Self, BuildError> {
        let published = metadata.map(|metadata| Published::new(audience, issuer, metadata, proofs)).transpose()?;
        Ok(Self { proofs, metadata: published.map(Arc::new) })
    }
}
