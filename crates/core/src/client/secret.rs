//! A client's secret (RFC 6749 §2.3.1): 256 random bits, shown once; storage holds SHA-256 of its text.

use crate::opaque::opaque_secret;

opaque_secret! {
    /// A client's secret, or what somebody presents as one. Wiped when dropped; does not print.
    ClientSecret = "css_"
}

#[cfg(test)]
mod tests {
    use super::ClientSecret;

    #[test]
    fn a_secret_is_47_characters_and_does_not_print() {
        let secret = ClientSecret::from_bytes(&[0xff; 32]);
        assert_eq!(secret.expose(), "css___________________________________________8");
        assert_eq!(secret.expose().len(), 47);
        assert_eq!(format!("{secret:?}"), "ClientSecret([redacted])");
    }

    #[test]
    fn what_is_presented_matches_by_its_whole_text() {
        let secret = ClientSecret::from_bytes(&[7; 32]);
        let presented = |text: String| ClientSecret::presented(text).hash();
        assert_eq!(presented(secret.expose().to_owned()), secret.hash());
        for other in [String::new(), secret.expose()[4..].to_owned(), format!("{} ", secret.expose())] {
            assert_ne!(presented(other), secret.hash());
        }
    }
}
