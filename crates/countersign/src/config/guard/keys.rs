//! Every key of the guard's file.

use crate::config::{
    declare::{
        Fallback::{Is, Unset},
        Key,
    },
    error::{Fault, Faults},
    raw::Raw,
    sections::LogFormat,
    shapes::{DAY, Describe, DurationIn, HOUR, List, MINUTE, Optional, SECOND, Shape, Text, Words},
    values::{LISTEN as ADDRESS, LogFilter, PATH, WebOrigin},
};
use countersign_guard::{AccessCookie, HostName, PathPattern, Proxy, Scheme};
use countersign_verifier::StalePolicy;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use url::Url;

pub(super) const LISTEN: Text<SocketAddr> = ADDRESS;
pub(super) const PROXY: Words<Proxy> = Words::of(&[
    ("nginx", Proxy::Nginx),
    ("traefik", Proxy::Traefik),
    ("caddy", Proxy::Caddy),
    ("envoy", Proxy::Envoy),
]);
pub(super) const SCHEME: Words<Scheme> = Words::of(&[("https", Scheme::Https), ("http", Scheme::Http)]);
pub(super) const COOKIE: Optional<Cookie> = Optional(Cookie);
pub(super) const TRUSTED_ORIGINS: List<WebOrigin> = List(WebOrigin::SHAPE);
pub(super) const MAX_STALENESS: DurationIn = DurationIn::new(SECOND, HOUR);
pub(super) const LEEWAY: DurationIn = DurationIn::new(Duration::ZERO, MINUTE);
pub(super) const LOG_FORMAT: Words<LogFormat> = Words::of(&[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)]);
pub(super) const LOG_LEVEL: Text<LogFilter> = LogFilter::SHAPE;

pub(super) const ROOT: &[Key] = &[
    Key {
        name: "listen",
        doc: "Address and port to listen on, plain HTTP; port 0 takes any that is free. Tokens come in here: keep it to the
              loopback, or to a network that proxy and guard have to themselves.",
        fallback: Is("127.0.0.1:8421"),
        shape: &LISTEN,
    },
    Key {
        name: "proxy",
        doc: "The proxy that asks. It names the one set of headers that is read: `X-Original-Method`, `-URI` and `-Host` of
              nginx; `X-Forwarded-Method`, `-Uri`, `-Host` and `-Proto` of Traefik and Caddy; for Envoy the request itself,
              with its path behind `/verify`. All others are ignored.",
        fallback: Is("nginx"),
        shape: &PROXY,
    },
    Key {
        name: "scheme",
        doc: "How clients reach the proxy, where it does not say so itself. Proofs of possession and `Origin` are compared
              with it.",
        fallback: Is("https"),
        shape: &SCHEME,
    },
    Key {
        name: "cookie",
        doc: "The cookie that may hold the access token, `\"__Host-countersign\"` for the one that the server sets. Requests that
              change something and carry it must come from pages of the same site.",
        fallback: Unset("tokens come in `Authorization` alone"),
        shape: &COOKIE,
    },
    Key {
        name: "trusted_origins",
        doc: "Origins whose pages may change things with the cookie, beside the site's own and the issuers'.",
        fallback: Is(""),
        shape: &TRUSTED_ORIGINS,
    },
    Key {
        name: "max_staleness",
        doc: "Beyond this age of what is known of revocations, the `stale` of the rules decides.",
        fallback: Is("10s"),
        shape: &MAX_STALENESS,
    },
    Key {
        name: "leeway",
        doc: "How far this clock and the issuers' may differ.",
        fallback: Is("10s"),
        shape: &LEEWAY,
    },
    Key {
        name: "log_format",
        doc: "How the log on standard error is written: for people, or one JSON document a line.",
        fallback: Is("pretty"),
        shape: &LOG_FORMAT,
    },
    Key {
        name: "log_level",
        doc: "What is logged: a level for everything, and others for parts of the program. Refused requests are `debug`.",
        fallback: Is("info"),
        shape: &LOG_LEVEL,
    },
];

pub(super) const URL: Text<String> = Text { what: "an https URL", parse: issuer_url };
pub(super) const AUDIENCE: Text<String> =
    Text { what: "the URI of a resource server", parse: |text| Ok(text.to_owned()) };
pub(super) const CLIENT_ID: Text<String> = Text { what: "a client id", parse: |text| Ok(text.to_owned()) };
pub(super) const SECRET_FILE: Text<PathBuf> = PATH;
pub(super) const TOKEN_TYPE: Words<ForeignType> =
    Words::of(&[("at+jwt", ForeignType::AccessToken), ("JWT", ForeignType::Jwt)]);
pub(super) const TOKEN_LIFETIME: DurationIn = DurationIn::new(SECOND, DAY);

/// `typ` of the access tokens of an issuer that is no Countersign issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForeignType {
    /// `at+jwt` (RFC 9068).
    AccessToken,
    /// `JWT`, or none.
    Jwt,
}

pub(super) const ISSUER: &[Key] = &[
    Key {
        name: "url",
        doc: "The issuer, byte for byte as tokens name it in `iss`. Countersign or any other that publishes OpenID Connect
              metadata.",
        fallback: Unset("it must be given"),
        shape: &URL,
    },
    Key {
        name: "audience",
        doc: "What one `aud` of its tokens must be: the URI under which the site is registered there.",
        fallback: Unset("it must be given"),
        shape: &AUDIENCE,
    },
    Key {
        name: "client_id",
        doc: "The machine client as which the revocation feed is read; it needs the scope `feed:read`, and is needed for
              `stale = \"introspect\"`.",
        fallback: Unset("the feed is public, or there is none"),
        shape: &CLIENT_ID,
    },
    Key {
        name: "secret_file",
        doc: "A file with the client's secret, that only its owner can read (mode 0600).",
        fallback: Unset("no client"),
        shape: &SECRET_FILE,
    },
    Key {
        name: "token_type",
        doc: "`typ` of the access tokens of an issuer that is no Countersign issuer.",
        fallback: Is("at+jwt"),
        shape: &TOKEN_TYPE,
    },
    Key {
        name: "token_lifetime",
        doc: "Tokens of an issuer that is no Countersign issuer may live that long; those of a Countersign issuer an hour.",
        fallback: Is("24h"),
        shape: &TOKEN_LIFETIME,
    },
];

pub(super) const HOST: Text<HostName> = Text {
    what: "a host without a port",
    parse: |text| {
        let fault = || Fault::new("expected a host without scheme and port, as in \"app.example.com\"");
        HostName::parse(text).ok_or_else(fault)
    },
};
pub(super) const RULE_PATH: Text<PathPattern> = Text {
    what: "a path as it reads once decoded, `/*` at its end for everything below",
    parse: |text| PathPattern::parse(text).map_err(|error| Fault::new(error.to_string())),
};
pub(super) const METHODS: List<http::Method> = List(Text {
    what: "a method in capitals",
    parse: |text| {
        let is_method = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        let method = http::Method::from_bytes(text.as_bytes()).ok().filter(|_| is_method);
        method.ok_or_else(|| Fault::new("expected a method in capitals, as in \"POST\""))
    },
});
pub(super) const PUBLIC: Truth = Truth;
pub(super) const SCOPES: List<String> = List(Text {
    what: "a scope",
    parse: |text| {
        let is_good = |byte: u8| (b'!'..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
        if text.bytes().all(is_good) { Ok(text.to_owned()) } else { Err(Fault::new("no scope: a scope is one word")) }
    },
});
pub(super) const ROLES: List<String> = List(Text { what: "a role", parse: |text| Ok(text.to_owned()) });
pub(super) const STALE: Words<StalePolicy> = Words::of(&[
    ("accept", StalePolicy::Accept),
    ("introspect", StalePolicy::Introspect),
    ("refuse", StalePolicy::Refuse),
]);

pub(super) const RULE: &[Key] = &[
    Key {
        name: "host",
        doc: "The host that the rule is about.",
        fallback: Unset("every host"),
        shape: &HOST,
    },
    Key {
        name: "path",
        doc: "The path that the rule is about: one alone, or with `/*` at its end it and everything below. It is written as it
              reads once decoded. A rule that asks for something covers it in every case (`/ADMIN` too), a public rule exactly.",
        fallback: Unset("every path"),
        shape: &RULE_PATH,
    },
    Key {
        name: "methods",
        doc: "The methods that the rule is about; `GET` is `HEAD` too.",
        fallback: Unset("every method"),
        shape: &METHODS,
    },
    Key {
        name: "public",
        doc: "Whether everybody may: no token is asked for or looked at, and the identity headers are empty.",
        fallback: Unset("false"),
        shape: &PUBLIC,
    },
    Key {
        name: "scopes",
        doc: "The scopes, all of which the token must have.",
        fallback: Unset("no scope is asked for"),
        shape: &SCOPES,
    },
    Key {
        name: "roles",
        doc: "The roles, all of which the token must have.",
        fallback: Unset("no role is asked for"),
        shape: &ROLES,
    },
    Key {
        name: "stale",
        doc: "What happens while revocations are known too late: the token is taken as a plain JWT, the issuer is asked about it,
              or the answer is 503.",
        fallback: Unset("\"accept\""),
        shape: &STALE,
    },
];

/// `true` or `false`.
pub(super) struct Truth;

impl Describe for Truth {
    fn describe(&self) -> String {
        "true or false".to_owned()
    }
}

impl Shape for Truth {
    type Value = bool;

    fn read(&self, raw: &Raw) -> Result<bool, Faults> {
        Ok(raw.truth()?)
    }
}

/// The name of the access cookie, or whether the server's own is one.
pub(super) struct Cookie;

const SERVERS_COOKIE: &str = "__Host-countersign";

impl Describe for Cookie {
    fn describe(&self) -> String {
        format!("the name of a cookie; true for \"{SERVERS_COOKIE}\"")
    }
}

impl Shape for Cookie {
    type Value = AccessCookie;

    fn read(&self, raw: &Raw) -> Result<AccessCookie, Faults> {
        let hint = format!("use \"{SERVERS_COOKIE}\", or leave it out for none");
        let name = match raw.truth() {
            Ok(true) => SERVERS_COOKIE,
            Ok(false) => return Err(Fault::new("expected a name").hint(hint).into()),
            Err(_) => raw.text()?,
        };
        Ok(AccessCookie::parse(name).map_err(|error| Fault::new(error.to_string()).hint(hint))?)
    }
}

/// Less strict than for our own issuer: others have a slash at their end, and tokens name it.
fn issuer_url(text: &str) -> Result<String, Fault> {
    let url = Url::parse(text)
        .map_err(|error| Fault::new(format!("not a URL: {error}")).hint("as in \"https://auth.example.com\""))?;
    let is_loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        "http" => return Err(Fault::new("plain http is for the loopback only: elsewhere an issuer is https")),
        _ => return Err(Fault::new("an issuer is an https URL")),
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(Fault::new("an issuer has no user, no query and no fragment"));
    }
    Ok(text.to_owned())
}
