//! Who is asking, for the application behind the proxy.

use countersign_verifier::VerifiedToken;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::refused::Refused;

/// `sub`.
const SUBJECT: HeaderName = HeaderName::from_static("x-auth-subject");
/// `sid`.
const SESSION: HeaderName = HeaderName::from_static("x-auth-session");
/// `client_id`.
const CLIENT: HeaderName = HeaderName::from_static("x-auth-client");
/// `scope`, separated by spaces.
const SCOPE: HeaderName = HeaderName::from_static("x-auth-scope");
/// `roles`, separated by commas.
const ROLES: HeaderName = HeaderName::from_static("x-auth-roles");

/// All of them are always there, so that a proxy that copies them overwrites whatever a client sent under these names.
pub(crate) fn of_nobody() -> HeaderMap {
    [SUBJECT, SESSION, CLIENT, SCOPE, ROLES].into_iter().map(|name| (name, HeaderValue::from_static(""))).collect()
}

/// What a token says of who is asking.
pub(crate) fn of(token: &VerifiedToken) -> Result<HeaderMap, Refused> {
    let mut headers = of_nobody();
    for (name, text) in [(SUBJECT, token.subject()), (SESSION, token.session()), (CLIENT, token.client_id())] {
        // Changed or left out it would be somebody else.
        headers.insert(name, written(text.unwrap_or_default()).ok_or(Refused::Identity)?);
    }
    headers.insert(SCOPE, listed(token.scopes(), ' ')?);
    headers.insert(ROLES, listed(token.roles(), ',')?);
    Ok(headers)
}

/// The items that can be told in a list. One with the separator in it would become several, so it is left out, which
/// allows less and never more.
fn listed(items: &[String], separator: char) -> Result<HeaderValue, Refused> {
    let is_told = |item: &&String| !item.is_empty() && !item.contains(separator) && written(item).is_some();
    let told: Vec<&str> = items.iter().filter(is_told).map(String::as_str).collect();
    written(&told.join(separator.encode_utf8(&mut [0; 4]))).ok_or(Refused::Identity)
}

/// As a header carries it unchanged: printable ASCII, and no space at an end, which receivers trim.
fn written(text: &str) -> Option<HeaderValue> {
    let is_carried = text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && text.trim() == text;
    is_carried.then(|| HeaderValue::from_str(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{listed, written};

    fn list(items: &[&str], separator: char) -> String {
        let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
        listed(&items, separator).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn what_would_read_as_something_else_is_not_written() {
        assert!(written("ana").is_some() && written("").is_some() && written("a b").is_some());
        for text in [" ana", "ana ", "a\nb", "a\tb", "\u{e4}na", "a\0"] {
            assert!(written(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn no_item_of_a_list_becomes_two() {
        assert_eq!(list(&["clerk", "x,admin", "", "Domain Users", "m\u{fc}ller"], ','), "clerk,Domain Users");
        assert_eq!(list(&["a", "b c", "d"], ' '), "a d");
    }
}
