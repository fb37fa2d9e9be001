//! Tokens in the access cookie, and the rule against other sites.

use countersign_guard::{AccessCookie, Proxy, Settings};

use crate::support::*;

async fn site() -> Site {
    let mut settings = Settings::new(Proxy::Nginx);
    settings.cookie = Some(AccessCookie::parse("__Host-countersign").unwrap());
    settings.trusted_origins = vec!["https://partner.example".to_owned()];
    Site::start_with(settings, rules()).await
}

#[tokio::test]
async fn the_access_cookie_is_a_token_where_it_is_configured() {
    let site = site().await;
    let cookie = format!("a=b; __Host-countersign={}; c=d", site.mint(&[], &["admin"]).token);
    assert_eq!(site.ask("/admin/x", &[("Cookie", &cookie)]).await.identity()[0], "ana");
    let plain = Site::start().await;
    let cookie = format!("__Host-countersign={}", plain.mint(&[], &[]).token);
    assert_eq!(plain.ask("/", &[("Cookie", &cookie)]).await.status, 401);
}

#[tokio::test]
async fn no_other_cookie_is_read() {
    let site = site().await;
    let token = site.mint(&[], &[]).token;
    for name in ["__Host-countersign-refresh", "countersign", "__host-countersign", "x__Host-countersign"] {
        assert_eq!(site.ask("/", &[("Cookie", &format!("{name}={token}"))]).await.status, 401, "{name}");
    }
    assert_eq!(site.ask("/", &[("Cookie", "__Host-countersign=")]).await.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn two_cookies_or_a_cookie_and_a_header_are_401() {
    let site = site().await;
    let minted = site.mint(&[], &[]);
    let cookie = format!("__Host-countersign={}", minted.token);
    let twice = format!("{cookie}; {cookie}");
    let bearer = bearer(&minted);
    for headers in [
        &[("Cookie", twice.as_str())][..],
        &[("Cookie", cookie.as_str()), ("Cookie", cookie.as_str())],
        &[("Cookie", cookie.as_str()), ("Authorization", bearer.as_str())],
        &[("Cookie", cookie.as_str()), ("Authorization", "Basic YTpi")],
    ] {
        let answer = site.ask("/", headers).await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").unwrap().contains("invalid_request"));
    }
}

#[tokio::test]
async fn with_the_cookie_changes_come_from_our_own_pages_and_trusted_ones() {
    let site = site().await;
    let minted = site.mint(&[], &[]);
    let cookie = format!("__Host-countersign={}", minted.token);
    let issuer = site.issuer.url().to_owned();
    let ours = [
        &[("Origin", "https://app.example")][..],
        &[("Origin", issuer.as_str())],
        &[("Origin", "https://partner.example"), ("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-origin")],
    ];
    let theirs = [
        &[][..],
        &[("Origin", "https://evil.example")],
        &[("Origin", "https://evil.example"), ("Sec-Fetch-Site", "same-origin")],
        &[("Origin", "http://app.example")],
        &[("Origin", "null")],
        &[("Origin", "https://app.example"), ("Origin", "https://evil.example")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "none")],
    ];
    for method in ["POST", "PUT", "PATCH", "DELETE", "BREW"] {
        for (origins, expected) in ours.iter().map(|one| (one, 200)).chain(theirs.iter().map(|one| (one, 403))) {
            let headers: Vec<_> = [("Cookie", cookie.as_str())].into_iter().chain(origins.iter().copied()).collect();
            assert_eq!(site.ask_about(method, "/", &headers).await.status, expected, "{method} {origins:?}");
        }
    }
    let evil = [("Cookie", cookie.as_str()), ("Origin", "https://evil.example")];
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert_eq!(site.ask_about(method, "/", &evil).await.status, 200, "{method}");
    }
    // A page elsewhere can make nobody send a header of its own choosing.
    let header = [("Authorization", bearer(&minted)), ("Origin", "https://evil.example".to_owned())];
    let header = header.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(site.ask_about("POST", "/", &header).await.status, 200);
}

#[tokio::test]
async fn a_web_socket_of_another_site_does_not_open_with_the_cookie() {
    let site = site().await;
    let cookie = format!("__Host-countersign={}", site.mint(&[], &[]).token);
    let ask = async |origin: &str| {
        let headers = [("Cookie", cookie.as_str()), ("Sec-WebSocket-Key", "dGVzdA=="), ("Origin", origin)];
        site.ask("/live", &headers).await.status
    };
    assert_eq!((ask("https://app.example").await, ask("https://evil.example").await), (200, 403));
}
