//! PEM (RFC 7468), strict: one block, one label, nothing around it but a final line end.

use base64_simd::STANDARD;
use zeroize::Zeroizing;

use crate::{KeyError, limits::PEM_BYTES_MAX};

const COLUMNS: usize = 64;

/// The content of the one block labelled `label`.
pub(crate) fn decode(label: &str, pem: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    if pem.len() > PEM_BYTES_MAX {
        return Err(KeyError::TooLarge { what: "PEM", limit: PEM_BYTES_MAX });
    }
    let body = pem
        .trim_end_matches(['\r', '\n'])
        .strip_prefix("-----BEGIN ")
        .and_then(|rest| rest.strip_prefix(label))
        .and_then(|rest| rest.strip_prefix("-----"))
        .and_then(|rest| rest.strip_suffix("-----"))
        .and_then(|rest| rest.strip_suffix(label))
        .and_then(|rest| rest.strip_suffix("-----END "))
        .ok_or(KeyError::Unusable("not one PEM block with the expected label and nothing around it"))?;
    let text: Zeroizing<Vec<u8>> = Zeroizing::new(body.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect());
    STANDARD
        .decode_to_vec(&*text)
        .map(Zeroizing::new)
        .map_err(|_| KeyError::Unusable("the content of the PEM block is not base64"))
}

/// One block labelled `label`, lines of 64 characters.
pub(crate) fn encode(label: &str, bytes: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode_to_string(bytes));
    // Sized in advance: a string that grows would leave copies of a private key behind.
    let lengths = [body.len(), body.len() / COLUMNS, label.len(), label.len(), 64];
    let mut pem = Zeroizing::new(String::with_capacity(lengths.into_iter().fold(0, usize::saturating_add)));
    pem.push_str("-----BEGIN ");
    pem.push_str(label);
    pem.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(COLUMNS));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END ");
    pem.push_str(label);
    pem.push_str("-----\n");
    pem
}
