//! What people are told of a client that no operator registered: whose word its name is.

use countersign_core::client::{Client, ClientOrigin, DocumentUrl};

/// A sentence for the page; none where an operator vouches for the client.
pub(super) fn own_word(client: &Client) -> Option<String> {
    match client.origin {
        ClientOrigin::Operator => None,
        ClientOrigin::Document => {
            let url = DocumentUrl::of(&client.id)?;
            Some(format!("Nobody here has checked this application. Its name is the word of {}.", url.host()))
        }
        _ => Some("Nobody here has checked this application. It registered itself and chose its own name.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::own_word;
    use countersign_core::client::{Client, ClientId, ClientOrigin};

    #[test]
    fn the_host_of_a_document_is_named_and_an_operators_client_needs_no_word() {
        let id = ClientId::parse("https://client.example:8443/client.json").unwrap();
        let of = |origin| own_word(&Client { id: id.clone(), origin, ..Client::first_party() });
        assert!(of(ClientOrigin::Document).unwrap().ends_with("the word of client.example:8443."));
        assert!(of(ClientOrigin::Registration).unwrap().contains("registered itself"));
        assert_eq!(of(ClientOrigin::Operator), None);
    }
}
