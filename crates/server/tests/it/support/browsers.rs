//! A browser without scripts: it keeps the one cookie, reads forms and posts them. And the clients that send it here.

use super::app::{ISSUER, TestApp};
use super::client::{Request, Response};
use super::machines::FORM;
use super::users::PASSWORD;
use countersign_core::audit::Actor;
use countersign_core::client::{ClientId, ClientKind, ClientProfile};
use countersign_core::form::decode;
use countersign_core::grant::{AuthorizationCode, AuthorizedCode, BrowserSecret};
use countersign_core::ops::{ClientRegistered, RegisterClient};
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;
use countersign_core::session::Session;
use countersign_core::store::{GrantStore as _, SessionStore as _};
use std::collections::BTreeMap;
use url::form_urlencoded::Serializer;

/// The cookie of a browser's sign-in where the issuer is plain HTTP on loopback.
pub(crate) const SESSION_COOKIE: &str = "countersign-session";
/// Where the client `app` is.
pub(crate) const CALLBACK: &str = "https://app.example.com/cb";
/// RFC 7636 appendix B.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An authorization request; `new` makes one that is good.
#[derive(Debug, Clone)]
pub(crate) struct Asked(Vec<(String, String)>);

/// Somebody's browser.
pub(crate) struct Browser<'a> {
    app: &'a TestApp,
    pub(crate) cookie: Option<String>,
}

/// A form on a page.
#[derive(Debug, Clone)]
pub(crate) struct PageForm {
    pub(crate) action: String,
    pub(crate) fields: BTreeMap<String, String>,
}

impl Asked {
    pub(crate) fn new() -> Self {
        let pairs = [
            ("response_type", "code"),
            ("client_id", "app"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("state", "s-1"),
            ("nonce", "n-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    /// The same with another value; an empty one takes the parameter out.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.0.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub(crate) fn query(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

impl TestApp {
    /// Registers the client `app`, at which people sign in.
    pub(crate) async fn add_app(&self) {
        self.add_client("app", ClientKind::Spa, Some("The App"), &[CALLBACK], "", &[]).await;
    }

    pub(crate) async fn add_client(
        &self,
        id: &str,
        kind: ClientKind,
        name: Option<&str>,
        redirect_uris: &[&str],
        scopes: &str,
        resources: &[&str],
    ) {
        let profile = ClientProfile {
            name: name.map(str::to_owned),
            scopes: ScopeSet::parse(scopes).unwrap(),
            resources: resources.iter().map(|uri| ResourceUri::parse(uri).unwrap()).collect(),
            redirect_uris: redirect_uris.iter().map(|&uri| uri.to_owned()).collect(),
            ..ClientProfile::default()
        };
        let register =
            RegisterClient { id: ClientId::parse(id).unwrap(), kind, profile, authentication: None, keys: None };
        let registered = register.run(Actor::named("test"), self.store(), &self.draw()).await.unwrap().unwrap();
        assert!(matches!(registered, ClientRegistered::Registered(..)), "{registered:?}");
    }

    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { app: self, cookie: None }
    }

    /// A browser in which somebody put this cookie.
    pub(crate) fn browser_with(&self, cookie: &str) -> Browser<'_> {
        Browser { app: self, cookie: Some(cookie.to_owned()) }
    }

    /// What the code in an answer stands for.
    pub(crate) async fn code_of(&self, answer: &Response) -> AuthorizedCode {
        let code = answer.redirected(CALLBACK).remove("code").unwrap_or_else(|| panic!("no code: {answer:?}"));
        assert!(code.starts_with("csc_") && code.len() == 47, "{code}");
        self.store().code(AuthorizationCode::presented(code).hash()).await.unwrap().expect("a code that was saved")
    }
}

impl Browser<'_> {
    pub(crate) async fn send(&mut self, request: Request) -> Response {
        let request = match &self.cookie {
            Some(cookie) => request.cookie(SESSION_COOKIE, cookie),
            None => request,
        };
        let response = request.send().await;
        if let Some(cookie) = response.set_cookies().into_iter().find(|cookie| cookie.name == SESSION_COOKIE) {
            self.cookie = (!cookie.value.is_empty()).then_some(cookie.value);
        }
        response
    }

    /// Follows a link of the client.
    pub(crate) async fn ask(&mut self, asked: &Asked) -> Response {
        self.send(self.app.get(&format!("/oauth2/authorize?{}", asked.query()))).await
    }

    /// Posts a form of one of our pages with further fields.
    pub(crate) async fn submit(&mut self, form: &PageForm, more: &[(&str, &str)]) -> Response {
        let request = self.app.post(&form.action).origin(ISSUER);
        self.send(request.header("content-type", FORM).body(form.body(more))).await
    }

    /// Signs in at a sign-in page.
    pub(crate) async fn sign_in(&mut self, page: &Response, login: &str, password: &str) -> Response {
        let form = page.form("/sign-in");
        self.submit(&form, &[("login", login), ("password", password)]).await
    }

    /// Agrees on a consent page.
    pub(crate) async fn allow(&mut self, page: &Response) -> Response {
        self.submit(&page.form("/consent"), &[("decision", "allow")]).await
    }

    /// From nothing to a code.
    pub(crate) async fn grant(&mut self, asked: &Asked, login: &str) -> Response {
        let page = self.ask(asked).await;
        let consent = self.sign_in(&page, login, PASSWORD).await.assert_page(200, "Allow");
        self.allow(&consent).await
    }

    /// The session that its cookie names.
    pub(crate) async fn session(&self) -> Session {
        let secret = BrowserSecret::parse(self.cookie.as_ref().expect("a cookie")).expect("a cookie of ours");
        self.app.store().session(secret.session()).await.unwrap().expect("a session").session
    }
}

impl PageForm {
    pub(crate) fn body(&self, more: &[(&str, &str)]) -> String {
        let kept = self.fields.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        let pairs = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        Serializer::new(String::new()).extend_pairs(pairs.chain(more.iter().copied())).finish()
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.insert(name.to_owned(), value.to_owned());
        self
    }
}

impl Response {
    /// A whole page with this text on it, that nobody may keep, frame, or run a foreign script in.
    #[track_caller]
    pub(crate) fn assert_page(self, status: u16, text: &str) -> Self {
        assert_eq!(self.status, status, "{:?} {}", self.headers, self.text());
        assert!(self.text().contains(text), "no `{text}`: {}", self.text());
        assert_eq!(self.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("x-frame-options"), Some("DENY"));
        assert_eq!(self.header("location"), None);
        let policy = self.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; "), "{policy}");
        assert!(policy.ends_with("; frame-ancestors 'none'; base-uri 'none'"), "{policy}");
        self
    }

    /// The one form of a page that goes there.
    #[track_caller]
    pub(crate) fn form(&self, action: &str) -> PageForm {
        let html = self.text();
        let begin = html.find(&format!("action=\"{action}\"")).unwrap_or_else(|| panic!("no such form: {html}"));
        let html = &html[begin..][..html[begin..].find("</form>").unwrap()];
        let hidden = html.split("<input type=\"hidden\"").skip(1).map(|input| {
            let attribute = |name: &str| {
                let from = input.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
                unescape(&input[from..][..input[from..].find('"').unwrap()])
            };
            (attribute("name"), attribute("value"))
        });
        PageForm { action: action.to_owned(), fields: hidden.collect() }
    }

    /// The parameters of an answer at this redirect URI, by 303.
    #[track_caller]
    pub(crate) fn redirected(&self, uri: &str) -> BTreeMap<String, String> {
        assert_eq!(self.status, 303, "{}", self.text());
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert!(self.body.is_empty());
        let location = self.header("location").unwrap();
        let rest = location.strip_prefix(uri).unwrap_or_else(|| panic!("{location} is not at {uri}"));
        let pairs = rest.strip_prefix(['?', '&']).expect("a query").split('&').map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            (decode(name.as_bytes()).unwrap(), decode(value.as_bytes()).unwrap())
        });
        let pairs: Vec<_> = pairs.collect();
        let parameters: BTreeMap<_, _> = pairs.iter().cloned().collect();
        assert_eq!(parameters.len(), pairs.len(), "nothing twice: {location}");
        assert_eq!(parameters["iss"], ISSUER, "RFC 9207");
        parameters
    }

    /// An error at the redirect URI of `app`, with its state.
    #[track_caller]
    pub(crate) fn assert_refused(&self, error: &str) -> BTreeMap<String, String> {
        let parameters = self.redirected(CALLBACK);
        assert_eq!(parameters.get("error").map(String::as_str), Some(error), "{parameters:?}");
        assert!(parameters["error_description"].is_ascii() && !parameters.contains_key("code"));
        parameters
    }
}

fn unescape(text: &str) -> String {
    let entities = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    entities.into_iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}
