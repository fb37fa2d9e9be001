//! Many tokens of one issuer: whatever is the same in all of them is done once.

use std::{fmt, mem::MaybeUninit, sync::OnceLock};

use serde::{Deserialize, de::DeserializeOwned};

use super::{Expectations, Timestamp, UnverifiedToken, VerifiedToken, VerifiedTokenRef, claims::ClaimsSet};
use crate::{
    KeySet, ParseError, VerifyError, VerifyingKey, base64url,
    json::Object,
    jws::{encoded_header, pick_key},
    limits::{CLAIMS_BYTES_MAX, HEADERS_LEARNED_MAX, RSA_MODULUS_BITS_MAX, TOKEN_BYTES_MAX},
};

/// Keys and expectations prepared for many tokens.
///
/// An issuer writes the same header into every token of a key. Those bytes are compared before anything is parsed; a
/// header that is not known goes through the strict parser, and is known from then on if its token held. Either way
/// every check of [`UnverifiedToken::verify`] is made, in the same order and with the same errors. Shared by reference
/// between threads; nothing in it is locked.
///
/// ```
/// use std::sync::Arc;
/// use countersign_jose::*;
///
/// #[derive(serde::Deserialize)]
/// struct Claims<'a> {
///     scope: &'a str,
/// }
///
/// let key = Arc::new(SigningKey::generate(Algorithm::Es256)?);
/// let signer = Signer::new(key.clone(), "at+jwt");
/// let token = signer.sign(&serde_json::json!({
///     "iss": "https://issuer.example", "aud": "https://api.example", "exp": 1_600, "scope": "orders:read",
/// }))?;
///
/// let expect =
///     Expectations::new("https://issuer.example", "https://api.example", TokenType::AccessToken, Leeway::ZERO);
/// let verifier = TokenVerifier::new(KeySet::new([key.verifying_key()])?, expect);
/// let mut buffer = TokenBuffer::new();
/// let verified = verifier.verify::<Claims<'_>>(&token, &mut buffer, Timestamp::from_seconds(1_200))?;
/// assert_eq!(verified.claims().scope, "orders:read");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TokenVerifier {
    keys: KeySet,
    expect: Expectations,
    /// As [`Signer`](crate::Signer) writes them, one a key.
    written: Box<[KnownHeader]>,
    /// As this issuer writes them.
    learned: [OnceLock<KnownHeader>; HEADERS_LEARNED_MAX],
}

/// A header that was checked, and what that found: both depend on its bytes, the keys and the expectations alone.
struct KnownHeader {
    /// The encoded header and its dot.
    prefix: Box<str>,
    key: VerifyingKey,
    signature_chars: usize,
}

/// Room for the claims of one token, on the stack: what is verified with it lends its text from here.
pub struct TokenBuffer([MaybeUninit<u8>; CLAIMS_BYTES_MAX]);

impl TokenBuffer {
    /// An empty one; it is not cleared, so this costs nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; CLAIMS_BYTES_MAX])
    }
}

impl Default for TokenBuffer {
    fn default() -> Self {
        Self::new()
    }
}

/// The three segments of a token, undecoded, and the key that its header names.
struct Segments<'k, 't> {
    key: &'k VerifyingKey,
    signing_input: &'t str,
    payload: &'t str,
    signature: &'t str,
}

impl TokenVerifier {
    /// Prepares what all tokens have in common.
    #[must_use]
    pub fn new(keys: KeySet, expect: Expectations) -> Self {
        let written = keys.iter().filter_map(|key| {
            let prefix = encoded_header(key.algorithm(), key.id(), expect.typ().as_str());
            KnownHeader::of(&prefix, key, &expect)
        });
        let written = written.collect();
        Self { keys, expect, written, learned: [const { OnceLock::new() }; HEADERS_LEARNED_MAX] }
    }

    /// The keys.
    #[must_use]
    pub const fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// What is asked of every token.
    #[must_use]
    pub const fn expectations(&self) -> &Expectations {
        &self.expect
    }

    /// Checks a token and lends its claims. It allocates nothing but what `C` does, unless a text in it has escapes, it
    /// has more than 16 members, or its header was not seen before.
    ///
    /// # Errors
    /// [`VerifyError`]: the same as [`UnverifiedToken::parse`] and [`UnverifiedToken::verify`] give.
    pub fn verify<'a, C: Deserialize<'a>>(
        &'a self,
        token: &str,
        buffer: &'a mut TokenBuffer,
        now: Timestamp,
    ) -> Result<VerifiedTokenRef<'a, C>, VerifyError> {
        let mut object = Object::default();
        let (registered, key) = self.check(token, buffer, &mut object, now)?;
        let claims = object.to_claims().map_err(|column| VerifyError::ClaimsShape { column })?;
        Ok(VerifiedTokenRef { registered, claims, key })
    }

    /// The same, owned.
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify).
    pub fn verify_owned<C: DeserializeOwned>(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<VerifiedToken<C>, VerifyError> {
        let (mut buffer, mut object) = (TokenBuffer::new(), Object::default());
        let (registered, key) = self.check(token, &mut buffer, &mut object, now)?;
        VerifiedToken::read(registered, &object, key)
    }

    fn check<'a>(
        &'a self,
        token: &str,
        buffer: &'a mut TokenBuffer,
        object: &mut Object<'a>,
        now: Timestamp,
    ) -> Result<(ClaimsSet<'a>, &'a VerifyingKey), VerifyError> {
        let known = self.known(token);
        let is_known = known.is_some();
        let segments = known.map_or_else(|| self.parse(token), Ok)?;
        let mut signature = [const { MaybeUninit::uninit() }; RSA_MODULUS_BITS_MAX / 8];
        let decoded = base64url::decode_into(segments.payload, &mut buffer.0)
            .and_then(|payload| Ok((payload, base64url::decode_into(segments.signature, &mut signature)?)));
        // Only where the header was known is this the first look at the two: the strict parser tells what is wrong.
        let Ok((payload, signature)) = decoded else { return Err(strict_error(token)) };
        segments.key.check(segments.signing_input.as_bytes(), signature)?;
        let registered = ClaimsSet::read(payload, object)?;
        self.expect.check_claims(&registered, now)?;
        if !is_known {
            self.learn(token, segments.key);
        }
        Ok((registered, segments.key))
    }

    /// The segments by their known lengths, if the header is known: no search for dots. A dot too many is found when
    /// the segment that holds it is decoded.
    #[inline]
    fn known<'t>(&self, token: &'t str) -> Option<Segments<'_, 't>> {
        let learned = self.learned.iter().map_while(OnceLock::get);
        let known = self.written.iter().chain(learned).find(|known| token.starts_with(&*known.prefix))?;
        let payload_ends = token.len().checked_sub(known.signature_chars)?.checked_sub(1)?;
        let (signing_input, signature) = token.split_at_checked(payload_ends)?;
        let payload = signing_input.get(known.prefix.len()..).filter(|payload| !payload.is_empty())?;
        let signature = signature.strip_prefix('.')?;
        let fits = token.len() <= TOKEN_BYTES_MAX && base64url::decoded_bytes(payload.len()) <= CLAIMS_BYTES_MAX;
        fits.then_some(Segments { key: &known.key, signing_input, payload, signature })
    }

    /// The segments by the strict parser.
    #[cold]
    fn parse<'t>(&self, token: &'t str) -> Result<Segments<'_, 't>, VerifyError> {
        let parsed = UnverifiedToken::parse(token)?;
        self.expect.check_type(parsed.header())?;
        let key = pick_key(parsed.header(), &self.keys)?;
        let (signing_input, signature) = parsed.signed_parts();
        // A signature that fits no key has no place to be decoded into.
        if signature.len() != base64url::encoded_bytes(key.signature_bytes()) {
            return Err(VerifyError::BadSignature);
        }
        let (_, payload) = signing_input.split_once('.').ok_or(VerifyError::BadSignature)?;
        Ok(Segments { key, signing_input, payload, signature })
    }

    /// Remembers the header of a token that held. Those of other tokens would fill the few places.
    #[cold]
    fn learn(&self, token: &str, key: &VerifyingKey) {
        let Some((header, _)) = token.split_once('.') else { return };
        let Some(free) = self.learned.iter().find(|place| place.get().is_none()) else { return };
        // Lost to another thread: it is learned another time.
        let _ = free.set(KnownHeader::new(&format!("{header}."), key));
    }
}

impl KnownHeader {
    fn new(prefix: &str, key: &VerifyingKey) -> Self {
        let signature_chars = base64url::encoded_bytes(key.signature_bytes());
        Self { prefix: prefix.into(), key: key.clone(), signature_chars }
    }

    /// A header that we would write: `None` if our own strict parser has anything against it.
    fn of(prefix: &str, key: &VerifyingKey, expect: &Expectations) -> Option<Self> {
        let token = format!("{prefix}AA.AA");
        let parsed = UnverifiedToken::parse(&token).ok()?;
        let agrees = parsed.header().algorithm() == Some(key.algorithm())
            && parsed.header().key_id() == Some(key.id().as_str())
            && expect.check_type(parsed.header()).is_ok();
        agrees.then(|| Self::new(prefix, key))
    }
}

/// What the strict parser says of a token whose segments do not decode.
#[cold]
fn strict_error(token: &str) -> VerifyError {
    match UnverifiedToken::parse(token) {
        Err(error) => error.into(),
        Ok(_) => ParseError::Malformed("its segments do not decode").into(),
    }
}

/// Prints no key.
impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier").field("keys", &self.keys).field("expect", &self.expect).finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBuffer").finish_non_exhaustive()
    }
}
