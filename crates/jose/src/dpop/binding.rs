//! What ties a proof to a token.

use aws_lc_rs::digest::{SHA256, digest};

use crate::base64url;

/// `ath`: SHA-256 of the access token's ASCII text, in base64url (RFC 9449 §4.2).
///
/// ```
/// use countersign_jose::access_token_hash;
///
/// let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"; // RFC 9449 §7.1
/// assert_eq!(access_token_hash(token), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
/// ```
#[must_use]
pub fn access_token_hash(access_token: &str) -> String {
    base64url::encode(digest(&SHA256, access_token.as_bytes()).as_ref())
}
