//! Client ids that are URLs, at which a document says what the client is (OAuth Client ID Metadata Document).

use super::ClientId;

/// The URL of a client's metadata document, which is its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentUrl(ClientId);

impl DocumentUrl {
    /// The URL that an id is, if a document may be there: `https`, a path, no user, no fragment, no dot segments; and
    /// written as every parser writes it, since ids are compared as text.
    #[must_use]
    pub fn of(id: &ClientId) -> Option<Self> {
        let url = url::Url::parse(id.as_str()).ok().filter(|url| url.as_str() == id.as_str())?;
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let is_one = url.scheme() == "https" && url.has_host() && url.path() != "/" && plain;
        is_one.then(|| Self(id.clone()))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The client's id: the same.
    #[must_use]
    pub const fn client(&self) -> &ClientId {
        &self.0
    }

    /// Host and port, where it is not the usual one: who answers for what the document says.
    #[must_use]
    pub fn host(&self) -> &str {
        // `https://` was there when it was read, and a path.
        self.as_str().trim_start_matches("https://").split(['/', '?']).next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::DocumentUrl;
    use crate::client::ClientId;

    fn read(text: &str) -> Option<DocumentUrl> {
        DocumentUrl::of(&ClientId::parse(text).ok()?)
    }

    #[test]
    fn a_url_with_a_path_is_one() {
        for (text, host) in [
            ("https://client.example/client.json", "client.example"),
            ("https://client.example:8443/a/b", "client.example:8443"),
            ("https://client.example/client?x=/y", "client.example"),
            ("https://[2001:db8::1]/c", "[2001:db8::1]"),
        ] {
            assert_eq!(read(text).unwrap().host(), host, "{text}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_none() {
        for text in [
            "app",
            "http://client.example/c",
            "https://client.example",
            "https://client.example/",
            "https:///c",
            "https://user@client.example/c",
            "https://user:secret@client.example/c",
            "https://client.example/c#x",
            "https://client.example/a/../c",
            "https://client.example/./c",
            "https://client.example/%2e%2e/c",
            "https://client.example/a/..",
            "https://Client.example/c",
            "HTTPS://client.example/c",
            "https://client.example:443/c",
            "https:client.example/c",
            "https://client.example\\c",
            "https://2130706433/c",
            "https://127.1/c",
            "ftp://client.example/c",
            "urn:client:c",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
