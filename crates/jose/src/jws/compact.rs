//! The compact serialization (RFC 7515 §7.1): three segments, each strict base64url.

use crate::{
    ParseError, base64url,
    limits::{CLAIMS_BYTES_MAX, HEADER_BYTES_MAX, TOKEN_BYTES_MAX},
};

/// How large a text may be, and what its parts are called in errors.
#[derive(Clone, Copy)]
pub(crate) struct CompactLimits {
    text: &'static str,
    text_bytes_max: usize,
    payload: &'static str,
    payload_bytes_max: usize,
}

impl CompactLimits {
    /// Those of a token.
    pub(crate) const TOKEN: Self = Self {
        text: "token",
        text_bytes_max: TOKEN_BYTES_MAX,
        payload: "claims set",
        payload_bytes_max: CLAIMS_BYTES_MAX,
    };

    /// A text of that length, whatever its payload is: the header has its own limit.
    pub(crate) const fn text_bytes(text_bytes_max: usize) -> Self {
        Self { text: "signed text", text_bytes_max, payload: "payload", payload_bytes_max: text_bytes_max }
    }
}

/// The three segments, decoded. Size, shape and base64 are checked; the bytes are not looked at.
pub(crate) struct CompactJws<'a> {
    pub(crate) header: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    /// `header.payload` as it was sent: what the signature covers.
    pub(crate) signing_input: &'a str,
    /// The signature as it was sent.
    pub(crate) signature_text: &'a str,
}

impl<'a> CompactJws<'a> {
    pub(crate) fn parse(text: &'a str, limits: CompactLimits) -> Result<Self, ParseError> {
        if text.len() > limits.text_bytes_max {
            return Err(ParseError::TooLarge { what: limits.text, limit: limits.text_bytes_max });
        }
        let (header, payload, signature) = split(text)?;
        if base64url::decoded_bytes(header.len()) > HEADER_BYTES_MAX {
            return Err(ParseError::TooLarge { what: "header", limit: HEADER_BYTES_MAX });
        }
        if base64url::decoded_bytes(payload.len()) > limits.payload_bytes_max {
            return Err(ParseError::TooLarge { what: limits.payload, limit: limits.payload_bytes_max });
        }
        Ok(Self {
            header: decode("header", header)?,
            payload: decode("payload", payload)?,
            signature: decode("signature", signature)?,
            // The signature follows the last dot.
            signing_input: text.rsplit_once('.').map_or(text, |(signing_input, _)| signing_input),
            signature_text: signature,
        })
    }
}

/// Splits at the two dots. The signature may be empty here: that it then fails is told with its algorithm.
fn split(text: &str) -> Result<(&str, &str, &str), ParseError> {
    // JSON with two dots in it must not be taken apart at them.
    if text.trim_ascii_start().starts_with(['{', '[', '"']) {
        return Err(ParseError::Malformed("JSON, not the compact serialization"));
    }
    let segments = text.split_once('.').and_then(|(header, rest)| {
        let (payload, signature) = rest.split_once('.')?;
        Some((header, payload, signature))
    });
    match segments {
        Some((_, _, signature)) if signature.contains('.') => {
            Err(ParseError::Malformed("more than three segments: an encrypted token, or none at all"))
        }
        Some((header, payload, _)) if header.is_empty() || payload.is_empty() => {
            Err(ParseError::Malformed("an empty segment"))
        }
        Some(segments) => Ok(segments),
        None => Err(ParseError::Malformed("not three segments")),
    }
}

fn decode(segment: &'static str, text: &str) -> Result<Vec<u8>, ParseError> {
    base64url::decode(text).map_err(|_| ParseError::Base64 { segment })
}
