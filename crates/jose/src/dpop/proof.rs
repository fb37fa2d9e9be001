//! Proofs: a JWT that a client signs for each request, with the key in its header (RFC 9449 §4).

use super::{HttpUri, access_token_hash};
use crate::{
    Header, Jwk, KeyError, Leeway, ParseError, Thumbprint, Timestamp, TokenType, VerifyError, VerifyingKey,
    json::{self, Limits, Object},
    jws::{CompactJws, CompactLimits},
    limits::PROOF_ID_BYTES_MAX,
};

const PROOF_TYPE: TokenType = TokenType::Named(std::borrow::Cow::Borrowed("dpop+jwt"));

/// What the request is that a proof must be for.
#[derive(Debug, Clone, Copy)]
pub struct ProofExpectations<'a> {
    /// `htm`: the method, compared as written (RFC 9110 §9.1).
    pub method: &'a str,
    /// `htu`: the URI that the client called.
    pub uri: &'a HttpUri,
    /// `ath`: the token that came with the proof; none at a token endpoint.
    pub access_token: Option<&'a str>,
    /// How old a proof may be.
    pub age_seconds_max: u64,
    /// How far two clocks may differ.
    pub leeway: Leeway,
}

/// A proof that holds for the request. Whether it came before is for whoever remembers: see [`id`](Self::id).
///
/// ```
/// use countersign_jose::{DpopProof, HttpUri, Leeway, ProofExpectations, Timestamp};
///
/// let uri = HttpUri::parse("https://api.example/orders").unwrap();
/// let expect =
///     ProofExpectations { method: "GET", uri: &uri, access_token: None, age_seconds_max: 60, leeway: Leeway::ZERO };
/// let error = DpopProof::verify("no proof", &expect, Timestamp::from_seconds(1_000)).unwrap_err();
/// assert_eq!(error.code(), "malformed");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpopProof {
    key: Thumbprint,
    id: String,
    issued_at: Timestamp,
    nonce: Option<String>,
}

/// A proof that is not to be believed. The first failure wins, in the order of the variants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Shape, kind, algorithm, signature, a claim, or the time: as with tokens.
    #[error("proof of possession: {0}")]
    Verify(#[from] VerifyError),
    /// `jwk` in the header is no public key that we work with.
    #[error("proof of possession: {0}")]
    Key(#[from] KeyError),
    /// The proof is for another method, URI or token.
    #[error("proof of possession is for another request: `{0}` differs")]
    WrongBinding(&'static str),
}

impl ProofError {
    /// A stable name for this kind of failure, that of the error within included.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Verify(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::WrongBinding(_) => "wrong_binding",
        }
    }
}

impl From<ParseError> for ProofError {
    fn from(error: ParseError) -> Self {
        Self::Verify(error.into())
    }
}

/// The claims of a proof, each of its right type (RFC 9449 §4.2).
struct ProofClaims {
    id: String,
    method: String,
    uri: String,
    issued_at: Timestamp,
    access_token_hash: Option<String>,
    nonce: Option<String>,
}

impl DpopProof {
    /// Checks size, shape, base64, header, kind, algorithm, key, signature, time, then what the proof is for (RFC 9449
    /// §4.3); the first failure wins. Who remembers proofs refuses the second of one key and `jti`.
    ///
    /// # Errors
    /// [`ProofError`] says which check failed.
    pub fn verify(text: &str, expect: &ProofExpectations<'_>, now: Timestamp) -> Result<Self, ProofError> {
        let jws = CompactJws::parse(text, CompactLimits::TOKEN)?;
        let header = Header::parse(&jws.header)?;
        if !header.typ().is_some_and(|typ| PROOF_TYPE.matches(typ)) {
            return Err(VerifyError::WrongType { expected: PROOF_TYPE.as_str().to_owned() }.into());
        }
        let key = embedded_key(&jws, &header)?;
        key.check(jws.signing_input.as_bytes(), &jws.signature)?;
        let claims = ProofClaims::parse(&jws.payload)?;
        claims.check_time(expect, now)?;
        claims.check_request(expect)?;
        Ok(Self { key: key.thumbprint(), id: claims.id, issued_at: claims.issued_at, nonce: claims.nonce })
    }

    /// The thumbprint of the key that signed: what `cnf.jkt` of the token must be.
    #[must_use]
    pub const fn key(&self) -> &Thumbprint {
        &self.key
    }

    /// `jti`: with the key it names this proof, and a second one of the same name is a replay.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `iat`.
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// `nonce`, for a server that hands out nonces (RFC 9449 §8).
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }
}

/// The public key in the header, after its algorithm was found to be asymmetric.
fn embedded_key(jws: &CompactJws<'_>, header: &Header) -> Result<VerifyingKey, ProofError> {
    let found = header.algorithm().filter(|algorithm| !algorithm.is_symmetric());
    let found = found.ok_or(VerifyError::UnknownAlgorithm)?;
    let members = json::object(&jws.header, Limits::HEADER).map_err(|error| ParseError::header(&error))?;
    let jwk = members.get("jwk").ok_or(ParseError::Header("`jwk` is missing"))?;
    let names_algorithm = json::object(jwk.raw().as_bytes(), Limits::JWK).is_ok_and(|members| members.has("alg"));
    let jwk = Jwk::parse(jwk.raw().as_bytes())?;
    // Where the key does not say it, the header does (RFC 9449 §4.2): an RSA key may be for six algorithms.
    let key = if names_algorithm || !jwk.members().fits(found) {
        VerifyingKey::from_jwk(&jwk)?
    } else {
        VerifyingKey::from_members(found, jwk.members().clone(), jwk.key_id().cloned())?
    };
    if key.algorithm() != found {
        return Err(VerifyError::AlgNotAllowed { key: key.id().clone(), found, expected: key.algorithm() }.into());
    }
    Ok(key)
}

impl ProofClaims {
    fn parse(payload: &[u8]) -> Result<Self, VerifyError> {
        let claims = json::object(payload, Limits::CLAIMS).map_err(|error| ParseError::claims(&error))?;
        let id = required(&claims, "jti")?;
        if !(1..=PROOF_ID_BYTES_MAX).contains(&id.len()) {
            return Err(VerifyError::ClaimType("jti"));
        }
        let issued_at = claims.get("iat").ok_or(VerifyError::MissingClaim("iat"))?;
        let issued_at = issued_at.number().and_then(Timestamp::from_json_number);
        Ok(Self {
            id,
            method: required(&claims, "htm")?,
            uri: required(&claims, "htu")?,
            issued_at: issued_at.ok_or(VerifyError::ClaimType("iat"))?,
            access_token_hash: optional(&claims, "ath")?,
            nonce: optional(&claims, "nonce")?,
        })
    }

    fn check_time(&self, expect: &ProofExpectations<'_>, now: Timestamp) -> Result<(), VerifyError> {
        let leeway_seconds = expect.leeway.as_seconds();
        let ends = self.issued_at.plus_seconds(expect.age_seconds_max);
        if ends.plus_seconds(leeway_seconds) <= now {
            return Err(VerifyError::Expired { ago_seconds: now.seconds_since(ends), leeway_seconds });
        }
        if self.issued_at > now.plus_seconds(leeway_seconds) {
            return Err(VerifyError::NotYetValid { in_seconds: self.issued_at.seconds_since(now), leeway_seconds });
        }
        Ok(())
    }

    fn check_request(&self, expect: &ProofExpectations<'_>) -> Result<(), ProofError> {
        if self.method != expect.method {
            return Err(ProofError::WrongBinding("htm"));
        }
        if HttpUri::parse(&self.uri).as_ref() != Some(expect.uri) {
            return Err(ProofError::WrongBinding("htu"));
        }
        let Some(access_token) = expect.access_token else { return Ok(()) };
        let found = self.access_token_hash.as_ref().ok_or(VerifyError::MissingClaim("ath"))?;
        if *found == access_token_hash(access_token) { Ok(()) } else { Err(ProofError::WrongBinding("ath")) }
    }
}

fn required(claims: &Object<'_>, name: &'static str) -> Result<String, VerifyError> {
    optional(claims, name)?.ok_or(VerifyError::MissingClaim(name))
}

fn optional(claims: &Object<'_>, name: &'static str) -> Result<Option<String>, VerifyError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    Ok(Some(value.string().ok_or(VerifyError::ClaimType(name))?.into_owned()))
}
