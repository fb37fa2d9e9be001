//! Metadata: where the issuer's keys, feed and endpoints are (RFC 8414, OpenID Connect Discovery).

use http::StatusCode;
use serde::Deserialize;
use url::Url;

use crate::{
    error::FetchError,
    limits::METADATA_BYTES_MAX,
    net::{Ask, Net},
};

/// What this crate uses of an issuer's metadata. Each URL is one that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub(crate) jwks_uri: Url,
    pub(crate) token_endpoint: Option<Url>,
    pub(crate) introspection_endpoint: Option<Url>,
    /// None: not a Countersign issuer.
    pub(crate) feed: Option<FeedUrls>,
}

/// Where the feed is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeedUrls {
    pub(crate) feed: Url,
    pub(crate) snapshot: Url,
    pub(crate) applied: Option<Url>,
    pub(crate) jwks: Url,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
    token_endpoint: Option<String>,
    introspection_endpoint: Option<String>,
    countersign_feed_uri: Option<String>,
    countersign_feed_snapshot_uri: Option<String>,
    countersign_feed_applied_uri: Option<String>,
    countersign_feed_jwks_uri: Option<String>,
}

/// An issuer: the string that tokens name, byte for byte, and the URL that it is.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    pub(crate) name: String,
    pub(crate) url: Url,
}

impl Metadata {
    /// Fetches the document from the first place where there is one. Gives the text too, to be kept.
    pub(crate) async fn fetch(net: &Net, issuer: &Issuer) -> Result<(Self, Vec<u8>), FetchError> {
        let mut last = FetchError::Url("the issuer");
        for url in places(issuer) {
            match net.get(Ask::new(&url), METADATA_BYTES_MAX).await {
                Ok(answer) => return Ok((Self::parse(net, issuer, &answer.body)?, answer.body.to_vec())),
                Err(error @ FetchError::Status(StatusCode::NOT_FOUND)) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// Reads a document. `issuer` in it must be the issuer's name, byte for byte (RFC 8414 §3.3).
    pub(crate) fn parse(net: &Net, issuer: &Issuer, text: &[u8]) -> Result<Self, FetchError> {
        let document: Document =
            serde_json::from_slice(text).map_err(|_| FetchError::Answer("no metadata document"))?;
        if document.issuer != issuer.name {
            return Err(FetchError::Answer("the metadata is that of another issuer"));
        }
        let url = |text: Option<&String>, name| text.map(|text| net.url(text).ok_or(FetchError::Url(name))).transpose();
        let jwks_uri = net.url(&document.jwks_uri).ok_or(FetchError::Url("jwks_uri"))?;
        let feed = match url(document.countersign_feed_jwks_uri.as_ref(), "countersign_feed_jwks_uri")? {
            None => None,
            Some(jwks) => {
                let feed = url(document.countersign_feed_uri.as_ref(), "countersign_feed_uri")?;
                let snapshot = url(document.countersign_feed_snapshot_uri.as_ref(), "countersign_feed_snapshot_uri")?;
                let (feed, snapshot) = feed.zip(snapshot).ok_or(FetchError::Answer("the feed has no URL"))?;
                let applied = url(document.countersign_feed_applied_uri.as_ref(), "countersign_feed_applied_uri")?;
                Some(FeedUrls { feed, snapshot, applied, jwks })
            }
        };
        Ok(Self {
            jwks_uri,
            token_endpoint: url(document.token_endpoint.as_ref(), "token_endpoint")?,
            introspection_endpoint: url(document.introspection_endpoint.as_ref(), "introspection_endpoint")?,
            feed,
        })
    }
}

/// RFC 8414 behind the issuer as Countersign serves it, then OpenID Connect's, then RFC 8414 §3.1 to the letter.
fn places(issuer: &Issuer) -> Vec<Url> {
    let base = issuer.name.trim_end_matches('/');
    let mut places = vec![
        Url::parse(&format!("{base}/.well-known/oauth-authorization-server")),
        Url::parse(&format!("{base}/.well-known/openid-configuration")),
    ];
    let path = issuer.url.path().trim_end_matches('/');
    if !path.is_empty() {
        places.push(issuer.url.join(&format!("/.well-known/oauth-authorization-server{path}")));
    }
    places.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn issuer(name: &str) -> Issuer {
        Issuer { name: name.to_owned(), url: Url::parse(name).unwrap() }
    }

    #[test]
    fn metadata_of_another_issuer_or_with_plain_http_is_refused() {
        let issuer = issuer("http://localhost:1");
        let net = Net::new(&issuer.url, Duration::from_secs(1)).unwrap();
        let parse = |text: &str| Metadata::parse(&net, &issuer, text.as_bytes());
        let good = r#"{"issuer":"http://localhost:1","jwks_uri":"http://localhost:1/jwks"}"#;
        assert!(parse(good).unwrap().feed.is_none());
        assert!(parse(&good.replace("localhost:1\",\"jwks", "localhost:1/\",\"jwks")).is_err());
        assert!(parse(&good.replace("http://localhost:1/jwks", "http://issuer.example/jwks")).is_err());
        assert!(parse(&good.replace("http://localhost:1/jwks", "file:///etc/passwd")).is_err());
        let lame = good.replace('}', r#","countersign_feed_jwks_uri":"http://localhost:1/f"}"#);
        assert!(parse(&lame).is_err(), "a feed without a URL");
    }

    #[test]
    fn an_issuer_with_a_path_is_looked_for_in_three_places() {
        let places: Vec<String> = places(&issuer("https://a.example/t/")).iter().map(Url::to_string).collect();
        assert_eq!(
            places,
            [
                "https://a.example/t/.well-known/oauth-authorization-server",
                "https://a.example/t/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server/t"
            ]
        );
    }
}
