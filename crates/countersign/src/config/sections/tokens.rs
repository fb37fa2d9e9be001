//! `[tokens]`

use crate::config::{
    declare::{Fallback::Is, section},
    shapes::{DurationIn, HOUR, MINUTE, SECOND, Words},
    values::Claims,
};
use countersign_core::token::ClaimMapping;
use std::time::Duration;

/// What new signing keys are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// ECDSA on P-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSA with PKCS #1 v1.5.
    Rs256,
    /// RSA with PSS.
    Ps256,
    /// ECDSA on P-384.
    Es384,
    /// A secret shared with the one verifier.
    Hs256,
}

const ALGORITHMS: Words<Algorithm> = Words {
    known: &[
        ("ES256", Algorithm::Es256),
        ("EdDSA", Algorithm::EdDsa),
        ("RS256", Algorithm::Rs256),
        ("PS256", Algorithm::Ps256),
        ("ES384", Algorithm::Es384),
        ("HS256", Algorithm::Hs256),
    ],
    also: &[("Ed25519", Algorithm::EdDsa)], // RFC 9864
    later: &[],
};

section! {
    /// How access tokens are made and checked.
    tokens: Tokens {
        /// What access tokens are signed with. `HS256` is for one party that both issues and verifies: its key is
        /// never published. `Ed25519` is read as `EdDSA`. A change makes new keys; tokens that are out stay valid.
        algorithm: Algorithm = Is("ES256"), ALGORITHMS;
        /// How long an access token is valid, unless its resource server says otherwise.
        access_lifetime: Duration = Is("10m"), DurationIn::new(SECOND, HOUR).too_long(
            "revoked tokens must be remembered that long",
            "use \"10m\", or a refresh token for longer sessions",
        );
        /// How far the clocks of two machines may be apart when a token is checked.
        leeway: Duration = Is("10s"), DurationIn::new(Duration::ZERO, MINUTE).too_long(
            "an expired token would be accepted that long",
            "use \"10s\", and set the clocks by NTP",
        );
        /// Custom claims of accounts' access tokens, each from an attribute of the account (`countersign account set`):
        /// `tenant = "attribute:tenant"`. An account without the attribute has no such claim. A resource server may
        /// have claims of its own instead (`countersign resource add --claim`). Registered names are refused. In a
        /// token, all of them together have at most 1 KiB.
        claims: ClaimMapping = Is(""), Claims;
    }
}
