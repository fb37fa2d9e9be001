//! Where the feed is read: at the issuer, or at a relay that hands on what the issuer signed.

use std::time::Duration;

use url::Url;

use crate::{
    discovery::FeedUrls,
    error::BuildError,
    net::{self, Net},
};

/// Where the feed is, and by what it is asked for. Its keys always come from the issuer, by the issuer's own client.
pub(crate) struct Place<'a> {
    pub(crate) net: &'a Net,
    pub(crate) urls: FeedUrls,
}

/// A relay, which stands in for the issuer's feed and for nothing else.
pub(crate) struct Relay {
    /// A client of its own: beside an issuer that is `https` there may be a relay on the loopback.
    net: Net,
    feed: Url,
    snapshot: Url,
    applied: Url,
    status: Url,
}

impl Relay {
    pub(crate) fn at(url: &str, timeout: Duration) -> Result<Self, BuildError> {
        let base = net::base_url(url).map_err(BuildError::Relay)?;
        let below = |path: &str| {
            let mut url = base.clone();
            url.set_path(&format!("{}/revocations/{path}", base.path().trim_end_matches('/')));
            url
        };
        let (feed, snapshot) = (below("feed"), below("snapshot"));
        Ok(Self { net: Net::new(&base, timeout)?, feed, snapshot, applied: below("applied"), status: below("status") })
    }

    pub(crate) const fn net(&self) -> &Net {
        &self.net
    }

    /// Where it tells how it stands.
    pub(crate) const fn status(&self) -> &Url {
        &self.status
    }

    /// In place of the issuer's.
    pub(crate) fn place(&self, issuer: &FeedUrls) -> Place<'_> {
        let urls = FeedUrls {
            feed: self.feed.clone(),
            snapshot: self.snapshot.clone(),
            applied: Some(self.applied.clone()),
            jwks: issuer.jwks.clone(),
        };
        Place { net: &self.net, urls }
    }
}
