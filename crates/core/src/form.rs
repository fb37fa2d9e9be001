//! `application/x-www-form-urlencoded` (RFC 6749 appendix B), read strictly.

/// Text from its form encoding; `None` where an escape is no escape or the bytes are no UTF-8.
#[must_use]
pub fn decode(encoded: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn what_is_encoded_reads_back() {
        assert_eq!(decode(b"a+b%2Bc%c3%A9"), Some("a b+cé".to_owned()));
        for broken in [&b"%"[..], b"%4", b"%zz", b"%+1", b"%ff", b"\xff"] {
            assert_eq!(decode(broken), None, "{broken:?}");
        }
    }
}
