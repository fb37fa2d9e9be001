//! Every limit of this crate, unit in the name. What is larger is refused, never cut.

/// Length of a compact token.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Length of a JOSE header after decoding.
pub const HEADER_BYTES_MAX: usize = 2 * 1024;
/// Members of a JOSE header.
pub const HEADER_MEMBERS_MAX: usize = 16;
/// Length of a claims set after decoding.
pub const CLAIMS_BYTES_MAX: usize = 4 * 1024;
/// Members of a claims set, and of each object inside it.
pub const CLAIMS_MEMBERS_MAX: usize = 256;
/// Nesting of any JSON text; the outermost object counts as one.
pub const JSON_DEPTH_MAX: usize = 16;
/// Length of a key id.
pub const KEY_ID_BYTES_MAX: usize = 256;
/// Length of one JWK: a private 8192-bit RSA key takes 6.5 KiB.
pub const JWK_BYTES_MAX: usize = 16 * 1024;
/// Members of a JWK, and of each object inside it.
pub const JWK_MEMBERS_MAX: usize = 64;
/// Length of a JWK Set.
pub const JWK_SET_BYTES_MAX: usize = 256 * 1024;
/// Keys in a set.
pub const KEYS_MAX: usize = 64;
/// Length of a PEM text.
pub const PEM_BYTES_MAX: usize = 16 * 1024;
/// Shortest RSA modulus.
pub const RSA_MODULUS_BITS_MIN: usize = 2048;
/// Longest RSA modulus.
pub const RSA_MODULUS_BITS_MAX: usize = 8192;
/// Longest RSA public exponent.
pub const RSA_EXPONENT_BITS_MAX: usize = 33;
/// Shortest HMAC secret, that of HS256 (RFC 7518 §3.2: as long as the hash; 48 for HS384, 64 for HS512).
pub const HMAC_SECRET_BYTES_MIN: usize = 32;
/// Longest HMAC secret.
pub const HMAC_SECRET_BYTES_MAX: usize = 1024;
/// Headers that a [`TokenVerifier`](crate::TokenVerifier) remembers beside those that it could have written itself.
pub const HEADERS_LEARNED_MAX: usize = 4;
/// Longest leeway between two clocks.
pub const LEEWAY_SECONDS_MAX: u64 = 60;
/// Latest time a claim may name: the last second of the year 9999.
pub const TIMESTAMP_SECONDS_MAX: u64 = 253_402_300_799;
/// Length of a URI that a proof of possession names.
pub const URI_BYTES_MAX: usize = 2 * 1024;
/// Length of the `jti` of a proof of possession.
pub const PROOF_ID_BYTES_MAX: usize = 256;
/// How long one nonce for proofs of possession is handed out; it is taken for as long before and after.
pub const PROOF_NONCE_SECONDS: u64 = 60;
