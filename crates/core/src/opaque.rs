//! Secrets of 256 random bits that are handed out as text: a prefix and 43 characters of base64url. Storage holds SHA-256
//! of the text. By the prefix scanners of source code and logs find one that leaked.

/// One kind of them: a type that is wiped when dropped and does not print.
macro_rules! opaque_secret {
    ($(#[$doc:meta])* $name:ident = $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(countersign_jose::Secret<String>);

        impl $name {
            #[doc = concat!("That of these random bytes: `", $prefix, "` and 43 characters of base64url.")]
            #[must_use]
            pub fn from_bytes(bytes: &[u8; 32]) -> Self {
                let encoded = zeroize::Zeroizing::new(countersign_jose::base64url::encode(bytes));
                let mut text = String::with_capacity($prefix.len() + encoded.len());
                text.push_str($prefix);
                text.push_str(&encoded);
                Self(countersign_jose::Secret::new(text))
            }

            /// What somebody presents, whatever its form: telling a malformed one apart would take another time.
            #[must_use]
            pub const fn presented(text: String) -> Self {
                Self(countersign_jose::Secret::new(text))
            }

            /// Its text, for whoever it is given to, once.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose()
            }

            /// What storage holds of it.
            #[must_use]
            pub fn hash(&self) -> crate::session::SecretHash {
                crate::session::SecretHash::of(self.0.expose().as_bytes())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}
pub(crate) use opaque_secret;
