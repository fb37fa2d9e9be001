//! What a relay is not started with.

use crate::kit::Place;

#[test]
fn a_relay_that_can_not_be_is_told_what_is_wrong() {
    let place = Place::new();
    for (args, expected) in [
        (&["guard", "--relay"][..], &["issuer"][..]),
        (&["guard", "--relay", "--issuer", "http://issuer.example"], &["https"]),
        (&["guard", "--relay", "--issuer", "https://a.example", "--upstream", "http://b.example"], &["relay", "https"]),
        (&["guard", "--relay", "--issuer", "https://a.example", "--client-id", "x"], &["--secret-file"]),
    ] {
        place.run(args).assert_failed(2, expected);
    }
}
