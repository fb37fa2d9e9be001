//! Strict base64url without padding (RFC 7515 §2): one text for each byte string, so that text can be compared.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The text is not base64url: padding, another alphabet, white space, a lone last character, or unused bits set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not base64url: only A-Z a-z 0-9 - _ without padding, and no unused bits set")]
pub struct Base64Error;

/// Encodes bytes.
///
/// ```
/// assert_eq!(countersign_jose::base64url::encode(&[0xfb, 0xff]), "-_8");
/// ```
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the encoding of `bytes` to `text`.
pub(crate) fn encode_to(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Decodes text, and accepts only what [`encode`] would have written.
///
/// ```
/// use countersign_jose::base64url::decode;
///
/// assert_eq!(decode("-_8")?, [0xfb, 0xff]);
/// assert!(decode("-_8=").is_err()); // padding
/// assert!(decode("+/8").is_err()); // the standard alphabet
/// assert!(decode("-_9").is_err()); // unused bits: a second text for the same bytes
/// # Ok::<(), countersign_jose::base64url::Base64Error>(())
/// ```
///
/// # Errors
/// [`Base64Error`] for anything else.
pub fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Base64Error)
}

/// Length of what `text_bytes` characters decode to.
pub(crate) const fn decoded_bytes(text_bytes: usize) -> usize {
    text_bytes / 4 * 3 + text_bytes % 4 * 3 / 4
}

/// Length of the text for `bytes` bytes.
pub(crate) const fn encoded_bytes(bytes: usize) -> usize {
    (bytes / 3).saturating_mul(4).saturating_add((bytes % 3 * 4).div_ceil(3))
}
