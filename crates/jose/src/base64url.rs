//! Strict base64url without padding (RFC 7515 §2): one text for each byte string, so that text can be compared.

use std::mem::MaybeUninit;

use base64_simd::{AsOut as _, URL_SAFE_NO_PAD};

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
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// Appends the encoding of `bytes` to `text`.
pub(crate) fn encode_to(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_append(bytes, text);
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
    URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| Base64Error)
}

/// Decodes into `buffer`, otherwise as [`decode`]. A text that does not fit is an error too.
pub(crate) fn decode_into<'b>(text: &str, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b [u8], Base64Error> {
    if decoded_bytes(text.len()) > buffer.len() {
        return Err(Base64Error);
    }
    URL_SAFE_NO_PAD.decode(text.as_bytes(), buffer.as_out()).map(|bytes| &*bytes).map_err(|_| Base64Error)
}

/// Length of what `text_bytes` characters decode to.
#[expect(clippy::arithmetic_side_effects, reason = "three quarters of a number that fits, and of one below four")]
pub(crate) const fn decoded_bytes(text_bytes: usize) -> usize {
    text_bytes / 4 * 3 + text_bytes % 4 * 3 / 4
}

/// Length of the text for `bytes` bytes.
pub(crate) const fn encoded_bytes(bytes: usize) -> usize {
    let whole = (bytes / 3).saturating_mul(4);
    match bytes % 3 {
        0 => whole,
        1 => whole.saturating_add(2),
        _ => whole.saturating_add(3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as PORTABLE};

    /// The SIMD code has its own paths for blocks, for what is left, and for the last characters: each length and each
    /// wrong byte at each place must get the answer of the portable decoder.
    #[test]
    fn every_wrong_byte_at_every_place_is_refused() {
        for length in (0..=96).filter(|length| length % 4 != 1) {
            let bytes: Vec<u8> = (0..decoded_bytes(length)).map(|n| (n * 89 + 3) as u8).collect();
            let text = encode(&bytes);
            assert_eq!((text.len(), decode(&text)), (length, Ok(bytes)));
            assert_eq!(encoded_bytes(decoded_bytes(length)), length);
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut changed = text.clone().into_bytes();
                    changed[at] = byte;
                    let ours = URL_SAFE_NO_PAD.decode_to_vec(&changed).ok();
                    assert_eq!(ours, PORTABLE.decode(&changed).ok(), "{byte} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn a_buffer_that_is_too_small_is_an_error() {
        let mut buffer = [MaybeUninit::uninit(); 3];
        assert_eq!(decode_into("AAAA", &mut buffer), Ok(&[0, 0, 0][..]));
        assert_eq!(decode_into("AAAAAA", &mut buffer), Err(Base64Error));
        assert_eq!(decode_into("A", &mut buffer), Err(Base64Error));
        assert_eq!(decode_into("", &mut []), Ok(&[][..]));
    }
}
