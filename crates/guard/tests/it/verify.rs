//! Who is let through, and what the proxy is told.

use std::time::Duration;

use countersign_guard::{Proxy, Settings};
use countersign_verifier::Mint;

use crate::support::*;

#[tokio::test]
async fn a_good_token_is_200_with_all_of_its_identity() {
    let site = Site::start().await;
    let minted = site.mint(&["orders:read", "orders:list"], &["clerk", "admin"]);
    let answer = site.ask_with("/orders/7?full=1", &minted).await;
    assert_eq!(answer.identity(), ["ana", "web", "orders:read orders:list", "clerk,admin"]);
    assert_eq!(answer.header("x-auth-session"), Some(minted.session.as_str()));
    assert_eq!((answer.header("cache-control"), answer.body.as_str()), (Some("no-store"), ""));
    assert_eq!(site.ask_with("/admin/x", &minted).await.status, 200);
    // Headers that are empty are there: a proxy that copies them overwrites what a client sent.
    assert_eq!(site.ask_with("/", &site.mint(&[], &[])).await.identity(), ["ana", "web", "", ""]);
}

#[tokio::test]
async fn what_is_public_is_200_of_nobody_whatever_is_shown() {
    let site = Site::start().await;
    let minted = site.mint(&[], &[]);
    for headers in [&[][..], &[("Authorization", "Bearer x")], &[("Authorization", &bearer(&minted))]] {
        let answer = site.ask("/public/logo.svg", headers).await;
        assert_eq!((answer.identity(), answer.header("x-auth-session")), (["", "", "", ""], Some("")));
    }
}

#[tokio::test]
async fn without_a_good_token_it_is_401_with_a_challenge() {
    let site = Site::start().await;
    let none = site.ask("/", &[]).await;
    assert_eq!((none.status, none.all("www-authenticate").len()), (401, 2));
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
    assert!(none.header("x-auth-subject").is_none());
    let expired = Mint::new(AUDIENCE).lifetime(Duration::from_secs(1)).claim("iat", 1_000).claim("exp", 1_001);
    for (mint, description) in [
        (expired, "the token has expired"),
        (Mint::new("https://elsewhere.example"), "the token is for another audience"),
    ] {
        let answer = site.ask_with("/", &site.issuer.sign(&mint)).await;
        let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{description}\"");
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some(challenge.as_str())));
    }
}

#[tokio::test]
async fn a_revoked_token_is_refused_as_soon_as_the_feed_tells() {
    let site = Site::start().await;
    let minted = site.mint(&[], &[]);
    assert_eq!(site.ask_with("/", &minted).await.status, 200);
    site.issuer.revoke_session(&minted.session);
    until("revoked", async || site.ask_with("/", &minted).await.status == 401).await;
    let answer = site.ask_with("/", &minted).await;
    assert!(answer.header("www-authenticate").unwrap().contains("the token was revoked"));
}

#[tokio::test]
async fn a_token_that_does_not_allow_it_is_403_and_told_which_scopes_would() {
    let site = Site::start().await;
    let answer = site.ask_with("/orders/7", &site.mint(&["orders:read"], &[])).await;
    let challenge = "Bearer error=\"insufficient_scope\", error_description=\"the token does not allow this\", \
                     scope=\"orders:read orders:list\"";
    assert_eq!((answer.status, answer.header("www-authenticate")), (403, Some(challenge)));
    let answer = site.ask_with("/admin/x", &site.mint(&["orders:read"], &["clerk"])).await;
    assert_eq!(answer.status, 403);
    assert!(!answer.header("www-authenticate").unwrap().contains("scope=\""));
}

#[tokio::test]
async fn several_or_unreadable_credentials_are_401() {
    let site = Site::start().await;
    let bearer = bearer(&site.mint(&[], &[]));
    for headers in [
        &[("Authorization", bearer.as_str()), ("Authorization", bearer.as_str())][..],
        &[("Authorization", "Bearer a b")],
        &[("Authorization", "Bearer")],
        &[("Authorization", "Bearer \u{e9}")],
        &[("Authorization", "DPoP x")],
    ] {
        let answer = site.ask("/", headers).await;
        assert_eq!(answer.status, 401, "{headers:?}");
        assert!(answer.header("www-authenticate").unwrap().contains("error=\"invalid_request\""), "{headers:?}");
    }
    assert_eq!(site.ask("/", &[("Authorization", "Basic YTpi")]).await.status, 401);
}

#[tokio::test]
async fn every_method_and_every_oddity_gets_one_of_four_answers() {
    let site = Site::start().await;
    let bearer = bearer(&site.mint(&[], &[]));
    for line in
        ["GET /verify", "POST /verify", "DELETE /verify?x", "OPTIONS /verify", "BREW /verify", "PUT /verify/a/../b"]
    {
        let original = [("X-Original-Method", "GET"), ("X-Original-URI", "/"), ("X-Original-Host", "app.example")];
        let headers: Vec<_> = original.into_iter().chain([("Authorization", bearer.as_str())]).collect();
        assert_eq!(send(site.address, line, &headers).await.status, 200, "{line}");
        assert_eq!(send(site.address, line, &original).await.status, 401, "{line}");
        assert_eq!(send(site.address, line, &[]).await.status, 403, "{line}");
    }
    // As much as nginx lets in, and more.
    let long = "x".repeat(30_000);
    assert_eq!(site.ask("/", &[("Cookie", &long), ("X-Long", &long), ("Authorization", &long)]).await.status, 401);
    assert_eq!(site.ask(&format!("/{}", "x".repeat(70_000)), &[]).await.status, 403);
}

#[tokio::test]
async fn an_identity_that_no_header_carries_is_nobody() {
    let site = Site::start().await;
    for subject in [" ana", "an\u{e4}", "a\nX-Auth-Roles: admin"] {
        let minted = site.issuer.sign(&Mint::new(AUDIENCE).subject(subject));
        let answer = site.ask_with("/", &minted).await;
        assert_eq!((answer.status, answer.header("x-auth-roles")), (403, None), "{subject:?}");
    }
    let minted = site.mint(&[], &["clerk", "x,admin"]);
    assert_eq!(site.ask_with("/", &minted).await.identity()[3], "clerk");
}

#[tokio::test]
async fn the_headers_of_other_proxies_are_not_read() {
    let site = Site::start_with(Settings::new(Proxy::Traefik), rules()).await;
    let forwarded =
        [("X-Forwarded-Method", "GET"), ("X-Forwarded-Host", "app.example"), ("X-Forwarded-Uri", "/admin/x")];
    let forged = [("X-Original-URI", "/public/x"), ("X-Original-Method", "GET"), ("X-Original-Host", "app.example")];
    let headers: Vec<_> = forged.into_iter().chain(forwarded).collect();
    assert_eq!(send(site.address, "GET /verify", &headers).await.status, 401);
    assert_eq!(send(site.address, "GET /verify", &forged).await.status, 403);
    assert_eq!(send(site.address, "GET /verify/public/x", &[]).await.status, 403);
    let envoy = Site::start_with(Settings::new(Proxy::Envoy), rules()).await;
    let host = [("Host", "app.example")];
    let all: Vec<_> = headers.into_iter().chain(host).collect();
    assert_eq!(send(envoy.address, "GET /verify/admin/x", &all).await.status, 401);
    assert_eq!(send(envoy.address, "GET /verify/public/x", &host).await.status, 200);
    assert_eq!(send(envoy.address, "GET /verify//admin", &host).await.status, 403);
    assert_eq!(send(envoy.address, "GET /verify/public/%2e%2e/admin", &host).await.status, 403);
}

#[tokio::test]
async fn paths_with_several_readings_are_403_with_a_good_token_too() {
    let site = Site::start().await;
    let admin = site.mint(&[], &["admin"]);
    for target in [
        "/public/..%2fadmin",
        "//admin",
        "/admin%00",
        "/ADMIN;x",
        "/public/%2e%2e/admin",
        "/public//../admin",
        "/admin/.",
        "/%2561dmin",
        "/public/..%c0%afadmin",
        "/public/..%5cadmin",
        "admin",
        "*",
    ] {
        let answer = site.ask_with(target, &admin).await;
        assert_eq!((answer.status, answer.header("x-auth-subject")), (403, None), "{target}");
    }
    assert_eq!(site.ask("/%61dmin", &[]).await.status, 401);
    assert_eq!(site.ask("/ADMIN", &[]).await.status, 401);
    assert_eq!(site.ask_with("/%61dmin", &site.mint(&[], &[])).await.status, 403);
}
