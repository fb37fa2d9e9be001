//! Clients at which people sign in, and the codes that they are given, as the authorization endpoint gives them.

use super::app::{ISSUER, TestApp};
use super::browsers::{Asked, Browser};
use super::client::{self, Request, Response};
use super::machines::{FORM, basic};
use super::users::PASSWORD;
use countersign_core::Source as _;
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::client::{AuthenticationMethod, ClientId, ClientKind, ClientProfile, LogoutProfile, RedirectUri};
use countersign_core::grant::{AuthorizedCode, CodeChallenge};
use countersign_core::limits::CODE_LIFETIME;
use countersign_core::ops::{ClientRegistered, RegisterClient};
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;
use countersign_core::store::{AccountStore as _, GrantStore as _, SaveCode};
use serde_json::Value;

/// Where every client has people come back to.
pub(crate) const CALLBACK: &str = "https://app.example/callback";
/// The example of RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client at which people sign in.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) id: String,
    pub(crate) method: AuthenticationMethod,
    pub(crate) secret: String,
}

/// The answer to a token request for somebody.
#[derive(Debug, Clone)]
pub(crate) struct OAuthTokens {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) id_token: Option<String>,
    pub(crate) scope: String,
}

impl TestApp {
    pub(crate) async fn add_application(&self, id: &str, kind: ClientKind) -> Application {
        self.add_application_by(id, kind, kind.usual_authentication()).await
    }

    pub(crate) async fn add_application_by(
        &self,
        id: &str,
        kind: ClientKind,
        method: AuthenticationMethod,
    ) -> Application {
        self.add_application_with(id, kind, method, LogoutProfile::default()).await
    }

    /// One that hears of sign-outs.
    pub(crate) async fn add_application_with(
        &self,
        id: &str,
        kind: ClientKind,
        method: AuthenticationMethod,
        logout: LogoutProfile,
    ) -> Application {
        let redirect_uris = vec![CALLBACK.to_owned()];
        let profile = ClientProfile { redirect_uris, logout, ..ClientProfile::default() };
        let (client, authentication) = (ClientId::parse(id).unwrap(), Some(method));
        let register = RegisterClient { id: client, kind, profile, authentication, keys: None };
        let registered = register.run(Actor::named("test"), self.store(), &self.draw()).await.unwrap().unwrap();
        let ClientRegistered::Registered(_, secret) = registered else { panic!("{registered:?}") };
        let secret = secret.map_or_else(String::new, |secret| secret.expose().to_owned());
        Application { id: id.to_owned(), method, secret }
    }

    /// What a code stands for that `login` was given for `client` after signing in at the issuer just now.
    pub(crate) async fn authorized(&self, login: &str, client: &Application, scope: &str) -> AuthorizedCode {
        let parent = self.sign_in(login).await;
        let id = self.account(login).await.id;
        let account = self.store().account(id).await.unwrap().unwrap();
        let now = self.clock().now();
        AuthorizedCode {
            client: ClientId::parse(&client.id).unwrap(),
            redirect_uri: RedirectUri::parse(CALLBACK).unwrap(),
            redirect_uri_named: true,
            account: account.id,
            floor: account.sessions_floor,
            parent: parent.session_id.parse().unwrap(),
            authenticated_at: now,
            scope: ScopeSet::parse(scope).unwrap(),
            audience: ResourceUri::parse(ISSUER).unwrap(),
            nonce: Some("n-0S6_WzA2Mj".to_owned()),
            id_token_claims: Default::default(),
            challenge: CodeChallenge::parse(CHALLENGE).unwrap(),
            jkt: None,
            expires_at: now + CODE_LIFETIME,
            redeemed: None,
        }
    }

    /// Gives a code.
    pub(crate) async fn give(&self, code: AuthorizedCode) -> String {
        let draw = self.draw();
        let given = draw.authorization_code();
        let audit = AuditEvent::new(draw.now, "code.given", Actor::named("test"));
        let save = SaveCode { hash: given.hash(), code, spends: None, audit };
        self.store().save_code(save).await.unwrap();
        given.expose().to_owned()
    }

    pub(crate) async fn code(&self, login: &str, client: &Application, scope: &str) -> String {
        let code = self.authorized(login, client, scope).await;
        self.give(code).await
    }

    /// A token request of this client, by the method that it is registered with.
    pub(crate) fn client_request(&self, client: &Application, form: &str) -> Request {
        self.client_form(client, "/oauth2/token", form)
    }

    /// The same to any endpoint.
    pub(crate) fn client_form(&self, client: &Application, path: &str, form: &str) -> Request {
        let request = self.post(path).header("content-type", FORM);
        let (id, secret) = (&client.id, &client.secret);
        match client.method {
            AuthenticationMethod::SecretBasic => request.header("authorization", &basic(id, secret)).body(form),
            AuthenticationMethod::SecretPost => request.body(format!("client_id={id}&client_secret={secret}&{form}")),
            _ => request.body(format!("client_id={id}&{form}")),
        }
    }

    /// Signs in and agrees in this browser, and lets the client redeem what it gets.
    pub(crate) async fn tokens_through(
        &self,
        browser: &mut Browser<'_>,
        client: &Application,
        login: &str,
        scope: &str,
    ) -> OAuthTokens {
        let asked = Asked::new().with("client_id", &client.id).with("redirect_uri", CALLBACK).with("scope", scope);
        let page = browser.ask(&asked.with("prompt", "consent")).await;
        let page = match page.text().contains("type=\"password\"") {
            true => browser.sign_in(&page, login, PASSWORD).await.assert_page(200, "Allow"),
            false => page.assert_page(200, "Allow"),
        };
        let code = browser.allow(&page).await.redirected(CALLBACK).remove("code").unwrap();
        self.exchange(client, &code).await.oauth_tokens()
    }

    pub(crate) async fn exchange(&self, client: &Application, code: &str) -> Response {
        self.client_request(client, &exchange_form(code)).send().await
    }

    pub(crate) async fn client_refresh(&self, client: &Application, refresh_token: &str, more: &str) -> Response {
        let form = format!("grant_type=refresh_token&refresh_token={refresh_token}{more}");
        self.client_request(client, &form).send().await
    }
}

/// The form of an honest exchange.
pub(crate) fn exchange_form(code: &str) -> String {
    format!("grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}")
}

impl OAuthTokens {
    pub(crate) fn claims(&self) -> Value {
        client::part(&self.access_token, 1)
    }
}

impl Response {
    /// A whole answer of RFC 6749 §5.1 that nobody may keep.
    #[track_caller]
    pub(crate) fn oauth_tokens(self) -> OAuthTokens {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert!(self.set_cookies().is_empty());
        let body = self.json();
        assert_eq!((&body["token_type"], &body["expires_in"]), (&Value::from("Bearer"), &Value::from(600)), "{body}");
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        OAuthTokens {
            access_token: text("access_token").unwrap(),
            refresh_token: text("refresh_token").unwrap(),
            id_token: text("id_token"),
            scope: text("scope").unwrap(),
        }
    }
}
