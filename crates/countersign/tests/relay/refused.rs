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

#[test]
fn a_relay_has_a_file_with_one_issuer_and_no_rules() {
    let place = Place::new();
    let check = |text: &str| {
        let file = place.write("relay.toml", text).display().to_string();
        place.run(&["guard", "--relay", "--check", "--config", &file])
    };
    let one = "[[issuer]]\nurl = \"https://a.example\"\nupstream = \"https://feed.example\"\n";
    let good = check(one);
    assert_eq!(good.code, 0, "{good:?}");
    check(&one.replace("https://feed", "http://feed")).assert_failed(2, &["relay.toml:3", "upstream", "loopback only"]);
    check(&format!("{one}[[rule]]\npath = \"/x\"\n")).assert_failed(2, &["rules"]);
    check(&format!("{one}{}", one.replace("a.example", "b.example"))).assert_failed(2, &["one issuer", "2"]);
}
