//! From a header to the one key that may have signed (RFC 8725 §3.1).

use crate::{Header, KeySet, VerifyError, VerifyingKey};

/// The key that `header` names, if it allows the algorithm of the token. Without `kid` a set of one key is enough; no
/// key is ever tried.
pub(crate) fn pick_key<'k>(header: &Header, keys: &'k KeySet) -> Result<&'k VerifyingKey, VerifyError> {
    let found = header.algorithm().ok_or(VerifyError::UnknownAlgorithm)?;
    let key = header.key_id().map_or_else(|| keys.only(), |id| keys.get(id)).ok_or(VerifyError::KeyNotFound)?;
    let expected = key.algorithm();
    if found != expected {
        return Err(VerifyError::AlgNotAllowed { key: key.id().clone(), found, expected });
    }
    Ok(key)
}
