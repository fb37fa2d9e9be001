//! `countersign guard` behind the real Caddy, Traefik and Envoy, with the configurations of
//! docs/integrating/guard-proxies.md. `./test` installs the programs beside the build. nginx is tested in `guard/`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that can't go on must fail")]
#![allow(clippy::disallowed_methods, reason = "the test waits in real time for a real process")]
#![allow(clippy::disallowed_macros, reason = "what was not tested is the test's report")]

mod http;
mod proxy;
mod site;
#[path = "../support/mod.rs"]
mod support;

use http::{Answer, Ask};
use proxy::{Kind, Proxy};
use site::Site;

/// Whoever writes these is not believed.
const FORGED: [(&str, &str); 4] = [
    ("X-Auth-Subject", "root"),
    ("X-Auth-Roles", "admin"),
    ("X-Auth-Scope", "orders:write"),
    ("x-auth-client", "root"),
];

/// Ways to write a path that another program may take for one below `/admin`.
const ODD_PATHS: [&str; 14] = [
    "/public/..%2fadmin/x",
    "/public/..%2Fadmin",
    "//admin/x",
    "/admin%00",
    "/admin;x",
    "/ADMIN;x",
    "/public/%2e%2e/admin/x",
    "/public//../admin/x",
    "/public/../admin/x",
    "/admin/.",
    "/%61dmin/x",
    "/%2561dmin/x",
    "/public/..;/admin",
    "/public\\..\\admin",
];

#[test]
fn caddy() {
    judged_by_the_guard(Kind::Caddy);
}

#[test]
fn traefik() {
    judged_by_the_guard(Kind::Traefik);
}

#[test]
fn envoy() {
    judged_by_the_guard(Kind::Envoy);
}

fn judged_by_the_guard(kind: Kind) {
    let Some(program) = kind.program() else { return };
    let mut site = Site::start(kind.name());
    let proxy = Proxy::start(kind, &program, site.folder(), site.guard(), site.application());
    tokens(&proxy, &site);
    forged(&proxy, &site);
    odd_paths(&proxy, &site);
    forwarded(&proxy, &site, kind);
    revoked(&proxy, &site);
    stale(&proxy, &mut site, kind);
    fails_closed(&proxy, &mut site, kind);
}

/// Nobody, anybody, and whoever may not.
fn tokens(proxy: &Proxy, site: &Site) {
    let before = site.arrived();
    let nobody = proxy.ask(&Ask::get("/orders/1"));
    assert_eq!(nobody.status, 401);
    assert!(nobody.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")), "{nobody:?}");
    assert_eq!(proxy.ask(&Ask::get("/orders/1").bearer("no.such.token")).status, 401);
    assert_eq!(proxy.ask(&Ask::get("/admin/1").bearer(site.token())).status, 403, "it lacks the scope");
    assert_eq!(site.arrived(), before, "none of them reaches the application");
    let good = proxy.ask(&Ask::get("/orders/1?x=/admin").bearer(site.token()));
    assert_eq!(good.status, 200, "{good:?}");
    assert!(good.body.starts_with("GET /orders/1?x=/admin "), "{}", good.body);
    assert_eq!(proxy.ask(&Ask::get("/public/a")).status, 200, "nobody needs a token there");
}

/// Who is asking is told by the guard, whatever else was written.
fn forged(proxy: &Proxy, site: &Site) {
    let ask = Ask::get("/orders/1").bearer(site.token()).headers(&FORGED);
    let known = identity(&proxy.ask(&ask));
    assert_eq!(known, [("client", "machine"), ("scope", "orders:read")].map(owned).to_vec(), "a machine has no role");
    let nobody = identity(&proxy.ask(&Ask::get("/public/a").headers(&FORGED)));
    assert!(nobody.is_empty(), "{nobody:?}");
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// What the application is told of who is asking, as far as it is told anything; subject and session are random.
fn identity(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let told = answer.body.lines().filter_map(|line| line.split_once(':'));
    let told = told.filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        Some((name.strip_prefix("x-auth-")?.to_owned(), value.trim().to_owned()))
    });
    let mut told: Vec<_> = told.filter(|(_, value)| !value.is_empty()).collect();
    assert!(told.iter().all(|(_, value)| value != "root" && value != "admin"), "{told:?}");
    told.retain(|(name, _)| !["subject", "session"].contains(&name.as_str()));
    told.sort();
    told
}

/// Neither nobody nor somebody without the scope gets there in a roundabout way. A proxy may make a plain path of an odd
/// one before it asks; then that one is what is forwarded.
fn odd_paths(proxy: &Proxy, site: &Site) {
    for path in ODD_PATHS {
        for token in [None, Some(site.token())] {
            let ask = token.into_iter().fold(Ask::get(path), Ask::bearer);
            let answer = proxy.ask(&ask);
            let is_plain = |path: &str| path.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'/');
            let is_public = |path: &str| path.starts_with("/public/") && !path.contains("//") && is_plain(path);
            let forwarded = answer.body.split(' ').nth(1).filter(|_| answer.status == 200);
            assert!(forwarded.is_none_or(is_public), "{path}: {answer:?}");
            assert!(forwarded.is_some() || (400..500).contains(&answer.status), "{path}: {answer:?}");
        }
    }
}

/// Bodies come through; the issuer's cookies do not, where the proxy can take them out.
fn forwarded(proxy: &Proxy, site: &Site, kind: Kind) {
    let cookie = "a=b; __Host-countersign-refresh=a-secret; __Host-countersign-session=another; c=d";
    let ask = Ask::post("/orders", "a body of a few bytes").bearer(site.token()).headers(&[("Cookie", cookie)]);
    let answer = proxy.ask(&ask);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.ends_with("a body of a few bytes"), "{}", answer.body);
    assert!(answer.body.contains("a=b") && answer.body.contains("c=d"), "{}", answer.body);
    let forwards_all = matches!(kind, Kind::Traefik);
    assert_eq!(answer.body.contains("secret") || answer.body.contains("another"), forwards_all, "{}", answer.body);
}

fn revoked(proxy: &Proxy, site: &Site) {
    let token = site.another_token();
    assert_eq!(proxy.ask(&Ask::get("/orders/1").bearer(&token)).status, 200);
    site.revoke(&token);
    site::until("the revoked token is refused", || proxy.ask(&Ask::get("/orders/1").bearer(&token)).status == 401);
    assert_eq!(proxy.ask(&Ask::get("/orders/1").bearer(site.token())).status, 200, "nobody else is");
}

/// Where the issuer is gone, what asks for freshness is answered 503, and nobody is signed out.
fn stale(proxy: &Proxy, site: &mut Site, kind: Kind) {
    let fresh = Ask::get("/fresh/1").bearer(site.token());
    assert_eq!(proxy.ask(&fresh).status, 200);
    site.end_issuer();
    site::until("the guard is stale", || proxy.ask(&fresh).status == 503);
    assert_eq!(proxy.ask(&fresh).header("retry-after").is_some(), !matches!(kind, Kind::Envoy));
    assert_eq!(proxy.ask(&Ask::get("/orders/1").bearer(site.token())).status, 200, "this is no less than a plain JWT");
}

/// Where the guard can't be asked, nobody passes.
fn fails_closed(proxy: &Proxy, site: &mut Site, kind: Kind) {
    site.end_guard();
    let before = site.arrived();
    let documented = match kind {
        Kind::Caddy => 502,
        Kind::Traefik => 500,
        Kind::Envoy => 503,
    };
    for path in ["/orders/1", "/public/a"] {
        let answer = proxy.ask(&Ask::get(path).bearer(site.token()));
        assert_eq!(answer.status, documented, "{answer:?}");
    }
    assert_eq!(site.arrived(), before);
}
