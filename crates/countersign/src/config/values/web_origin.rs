//! Origins of the web (RFC 6454).

use crate::config::{error::Fault, shapes::Text};
use url::Url;

/// `scheme://host[:port]`, in the one form in which a browser sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WebOrigin(String);

impl WebOrigin {
    /// How a key takes it.
    pub(in crate::config) const SHAPE: Text<Self> =
        Text { what: "an origin, scheme://host[:port]", parse: Self::parse };

    /// As the header `Origin` has it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.contains('*') || text == "null" {
            return Err(Fault::new("an origin is named exactly: no \"*\", no \"null\"").hint("list each origin"));
        }
        if !text.contains("://") {
            return Err(Fault::new("not an origin: it has no scheme").hint("as in \"https://app.example.com\""));
        }
        let url = Url::parse(text).map_err(|error| Fault::new(format!("not an origin: {error}")))?;
        let exact = exact(&url).ok_or_else(|| Fault::new("not an origin: it has no host"))?;
        if exact != text {
            let fault = Fault::new("an origin is scheme://host[:port] and nothing else, as browsers send it");
            return Err(fault.hint(format!("use \"{exact}\"")));
        }
        Ok(Self(exact))
    }
}

fn exact(url: &Url) -> Option<String> {
    let host = url.host_str().filter(|host| !host.is_empty())?;
    // `port` is none where it is the scheme's own, which browsers leave out too.
    Some(match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    })
}
