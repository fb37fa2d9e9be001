//! Fetching a document, and the keys that it names.

use super::error::DocumentError;
use super::freshness::Freshness;
use crate::app::App;
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::outbound::Fetched;
use axum::http::{HeaderValue, StatusCode};
use countersign_core::Time;
use countersign_core::client::{Client, ClientMetadata, DocumentUrl};
use countersign_jose::JwkSet;
use std::net::IpAddr;

const JSON: &str = "application/json";

/// A document that was taken.
pub(super) struct Known {
    pub(super) client: Client,
    pub(super) fetched_at: Time,
    pub(super) freshness: Freshness,
    /// None where more than the document would have to be asked for again.
    etag: Option<HeaderValue>,
}

/// One fetch, on behalf of somebody.
pub(super) struct Fetch<'a> {
    pub(super) app: &'a App,
    pub(super) address: IpAddr,
    pub(super) now: Time,
}

impl Known {
    pub(super) fn is_good(&self, now: Time) -> bool {
        now.since(self.fetched_at) < self.freshness.lifetime
    }
}

impl Fetch<'_> {
    /// The document as it is now; `known` is what it was.
    pub(super) async fn document(&self, url: &DocumentUrl, known: Option<&Known>) -> Result<Known, DocumentError> {
        let etag = known.and_then(|known| known.etag.as_ref());
        let fetched = self.get(url.as_str(), etag).await?;
        let freshness = Freshness::of(&fetched.headers);
        if let (StatusCode::NOT_MODIFIED, Some(known), Some(etag)) = (fetched.status, known, etag) {
            let (client, etag) = (known.client.clone(), Some(etag.clone()));
            return Ok(Known { client, fetched_at: self.now, freshness, etag });
        }
        let metadata = ClientMetadata::parse(whole_json(&fetched)?)?;
        let keys = match metadata.jwks_uri() {
            Some(uri) => self.keys(uri).await?,
            None => None,
        };
        let etag = fetched.etag().filter(|_| metadata.jwks_uri().is_none()).cloned();
        Ok(Known { client: metadata.described(url, keys, self.now)?, fetched_at: self.now, freshness, etag })
    }

    async fn keys(&self, uri: &str) -> Result<Option<JwkSet>, DocumentError> {
        let fetched = self.get(uri, None).await?;
        // Key sets have types of their own (RFC 7517 §8.5), and files on plain servers have any.
        if fetched.status != StatusCode::OK {
            return Err(DocumentError::Status(fetched.status));
        }
        Ok(JwkSet::parse(&fetched.body).ok())
    }

    async fn get(&self, url: &str, etag: Option<&HeaderValue>) -> Result<Fetched, DocumentError> {
        // Whatever the port: it is one machine that is asked.
        let host = url::Url::parse(url).ok().and_then(|url| Some(url.host_str()?.to_owned())).unwrap_or_default();
        self.app.throttle().take_fetch(self.address, &host, self.now).map_err(DocumentError::Throttled)?;
        Ok(self.app.outbound().get_unless(url, JSON, DOCUMENT_BYTES_MAX, etag).await?)
    }
}

fn whole_json(fetched: &Fetched) -> Result<&[u8], DocumentError> {
    if fetched.status != StatusCode::OK {
        return Err(DocumentError::Status(fetched.status));
    }
    let is_json = |media_type: &String| media_type == JSON || media_type.ends_with("+json");
    if fetched.media_type().as_ref().is_some_and(is_json) { Ok(&fetched.body) } else { Err(DocumentError::MediaType) }
}
