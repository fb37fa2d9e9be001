//! What the server asks of others: which rule refuses, that nothing is reached then, and that all of it is bounded.

use crate::support::certificates::Authority;
use crate::support::others::{Answer, Names, Other, policy, tls};
use countersign_server::outbound::{ExtraRoots, Outbound, OutboundError, OutboundPolicy};
use std::sync::Arc;
use std::time::Duration;

const JSON: &str = "application/json";
const BYTES_MAX: usize = 64 * 1024;

/// A client that knows one name, at this machine.
fn client(allow: &[&str]) -> Outbound {
    Outbound::new(policy(allow, Names::answering(&[&["127.0.0.1"]])))
}

async fn fails(client: &Outbound, url: &str) -> OutboundError {
    client.get(url, JSON, BYTES_MAX).await.expect_err(url)
}

#[tokio::test]
async fn nothing_is_reached_at_an_address_that_is_not_public_however_it_is_written() {
    let other = Other::plain(Answer::json("{}")).await;
    let (port, client) = (other.port(), client(&[]));
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "localhost",
        "client.example",
        "127.0.0.1.",
        "client.example.",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.1.1",
        "[fe80::1]",
        "[fd00::1]",
    ] {
        let refused = fails(&client, &format!("https://{host}:{port}/metadata")).await;
        assert!(matches!(refused, OutboundError::NotPublic { .. }), "{host}: {refused:?}");
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_name_with_one_address_that_is_not_public_is_refused() {
    let other = Other::plain(Answer::json("{}")).await;
    for addresses in [["2606:4700:4700::1111", "127.0.0.1"], ["127.0.0.1", "2606:4700:4700::1111"]] {
        let client = Outbound::new(policy(&[], Names::answering(&[&addresses])));
        let refused = fails(&client, &format!("https://client.example:{}/", other.port())).await;
        assert!(matches!(refused, OutboundError::NotPublic { .. }), "{refused:?}");
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_looked_up_once_and_asked_where_it_was_checked() {
    let other = Other::plain(Answer::json("{}")).await;
    // The first answer would do, if anybody were there; the second would be this machine.
    let names = Names::answering(&[&["2001:4860:4860::8888"], &["127.0.0.1"]]);
    let client = Outbound::new(policy(&[], names.clone()));
    let failed = fails(&client, &format!("https://client.example:{}/", other.port())).await;
    assert!(matches!(failed, OutboundError::Connect { .. } | OutboundError::Timeout), "{failed:?}");
    assert_eq!(names.asked(), 1);
    let refused = fails(&client, &format!("https://client.example:{}/", other.port())).await;
    assert!(matches!(refused, OutboundError::NotPublic { .. }), "{refused:?}");
    assert_eq!((names.asked(), other.connections()), (2, 0));
}

#[tokio::test]
async fn plain_http_and_what_is_no_url_of_the_web_is_refused() {
    let other = Other::plain(Answer::json("{}")).await;
    let (port, client) = (other.port(), client(&[]));
    for url in [format!("http://client.example:{port}/"), format!("http://127.0.0.1:{port}/")] {
        let refused = fails(&client, &url).await;
        assert!(matches!(refused, OutboundError::NotHttps { .. }), "{url}: {refused:?}");
    }
    for url in [
        format!("https://user@client.example:{port}/"),
        format!("https://:secret@client.example:{port}/"),
        format!("https://client.example:{port}/#part"),
        format!("ftp://client.example:{port}/"),
        "file:///etc/passwd".to_owned(),
        "data:application/json,{}".to_owned(),
        "https://".to_owned(),
        "/metadata".to_owned(),
        String::new(),
    ] {
        let refused = fails(&client, &url).await;
        assert!(matches!(refused, OutboundError::Url), "{url}: {refused:?}");
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn what_is_allowed_is_allowed_at_that_port_alone() {
    let (allowed, another) = (Other::plain(Answer::json("{}")).await, Other::plain(Answer::json("{}")).await);
    let client = client(&[&format!("client.example:{}", allowed.port())]);
    let url = format!("http://client.example:{}/a%20b?c=d", allowed.port());
    let fetched = client.get(&url, JSON, BYTES_MAX).await.unwrap();
    assert_eq!((fetched.status.as_u16(), fetched.body.as_slice()), (200, &b"{}"[..]));
    assert_eq!(fetched.media_type().as_deref(), Some(JSON));
    let request = allowed.requests().remove(0);
    assert!(request.starts_with("GET /a%20b?c=d HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: client.example:{}\r\n", allowed.port())), "{request}");
    assert!(request.contains("accept: application/json\r\n") && !request.contains("cookie"), "{request}");
    for url in [
        format!("http://client.example:{}/", another.port()),
        format!("http://127.0.0.1:{}/", allowed.port()),
        format!("http://other.example:{}/", allowed.port()),
    ] {
        assert!(matches!(fails(&client, &url).await, OutboundError::NotHttps { .. }), "{url}");
    }
    assert_eq!((allowed.connections(), another.connections()), (1, 0));
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let inside = Other::plain(Answer::json("{}")).await;
    let other = Other::plain(Answer::Silence).await;
    let client = client(&[&format!("client.example:{}", other.port())]);
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent", "300 Choices"] {
        let location = format!("http://127.0.0.1:{}/", inside.port());
        other.answers(Answer::of(status, &[("location", &location)], ""));
        let refused = fails(&client, &format!("http://client.example:{}/", other.port())).await;
        assert!(matches!(refused, OutboundError::Redirect { .. }), "{status}: {refused:?}");
    }
    assert_eq!((other.connections(), inside.connections()), (6, 0));
}

#[tokio::test]
async fn what_is_endless_or_slow_ends_all_the_same() {
    let other = Other::plain(Answer::Silence).await;
    let client = client(&[&format!("client.example:{}", other.port())]);
    let url = format!("http://client.example:{}/", other.port());
    other.answers(Answer::EndlessBody);
    let failed = fails(&client, &url).await;
    assert!(matches!(failed, OutboundError::TooLarge { bytes_max: BYTES_MAX }), "{failed:?}");
    other.answers(Answer::EndlessHead);
    assert!(matches!(fails(&client, &url).await, OutboundError::Http { .. }));
    other.answers(Answer::NoBody);
    assert!(matches!(fails(&client, &url).await, OutboundError::Timeout));
    other.answers(Answer::Silence);
    assert!(matches!(fails(&client, &url).await, OutboundError::Timeout));
    other.answers(Answer::Raw("SSH-2.0-OpenSSH\r\n\r\n".to_owned()));
    assert!(matches!(fails(&client, &url).await, OutboundError::Http { .. }));
    other.answers(Answer::of("200 OK", &[("content-type", JSON)], &" ".repeat(BYTES_MAX + 1)));
    assert!(matches!(fails(&client, &url).await, OutboundError::TooLarge { .. }));
    other.answers(Answer::of("200 OK", &[("content-type", JSON)], &" ".repeat(BYTES_MAX)));
    assert_eq!(client.get(&url, JSON, BYTES_MAX).await.unwrap().body.len(), BYTES_MAX);
}

/// A name server that never answers.
#[derive(Debug)]
struct Nobody;

impl countersign_server::outbound::Resolve for Nobody {
    fn resolve(&self, _: &str) -> countersign_server::outbound::Resolving {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn look_ups_that_never_end_keep_their_places_and_everybody_else_is_told_so() {
    let deadline = Duration::from_millis(100);
    let client = Outbound::new(OutboundPolicy { resolver: Arc::new(Nobody), deadline, ..OutboundPolicy::default() });
    for _ in 0..countersign_server::limits::OUTBOUND_AT_ONCE_MAX {
        assert!(matches!(fails(&client, "https://client.example/").await, OutboundError::Timeout));
    }
    assert!(matches!(fails(&client, "https://client.example/").await, OutboundError::Busy));
}

#[tokio::test]
async fn a_form_is_posted_as_one_and_an_error_is_an_answer() {
    let other = Other::plain(Answer::of("400 Bad Request", &[], "no")).await;
    let client = client(&[&format!("client.example:{}", other.port())]);
    let url = format!("http://client.example:{}/logout", other.port());
    let fetched = client.post_form(&url, &[("logout_token", "a b&c")], BYTES_MAX).await.unwrap();
    assert_eq!((fetched.status.as_u16(), fetched.body.as_slice()), (400, &b"no"[..]));
    let request = other.requests().remove(0);
    assert!(request.starts_with("POST /logout HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\nlogout_token=a+b%26c"), "{request}");
}

#[tokio::test]
async fn an_entity_tag_is_sent_along_and_what_is_not_modified_is_no_redirect() {
    let other = Other::plain(Answer::of("200 OK", &[("etag", "\"1\"")], "{}")).await;
    let client = client(&[&format!("client.example:{}", other.port())]);
    let url = format!("http://client.example:{}/", other.port());
    let first = client.get(&url, JSON, BYTES_MAX).await.unwrap();
    other.answers(Answer::Raw("HTTP/1.1 304 Not Modified\r\n\r\n".to_owned()));
    let second = client.get_unless(&url, JSON, BYTES_MAX, first.etag()).await.unwrap();
    assert_eq!(second.status.as_u16(), 304);
    assert!(other.requests()[1].contains("if-none-match: \"1\"\r\n"));
}

#[tokio::test]
async fn only_a_certificate_of_that_host_from_an_authority_that_is_known_will_do() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    for (config, trusted, good) in [
        (tls(&ours, "client.example"), &ours, true),
        (tls(&ours, "other.example"), &ours, false),
        (tls(&theirs, "client.example"), &ours, false),
    ] {
        let other = Other::over_tls(Answer::json("{}"), config).await;
        let policy = policy(&[&format!("client.example:{}", other.port())], Names::answering(&[&["127.0.0.1"]]));
        let roots = ExtraRoots::parse(trusted.certificate.pem().as_bytes()).unwrap();
        // Reading the system's authorities takes its time in a debug build.
        let client = Outbound::new(OutboundPolicy { roots, deadline: Duration::from_secs(10), ..policy });
        let fetched = client.get(&format!("https://client.example:{}/", other.port()), JSON, BYTES_MAX).await;
        match fetched {
            Ok(fetched) => assert!(good && fetched.status.as_u16() == 200),
            Err(error) => assert!(!good && matches!(error, OutboundError::Tls { .. }), "{error:?}"),
        }
        assert_eq!(other.requests().len(), usize::from(good), "nothing is sent before the certificate was checked");
    }
}
