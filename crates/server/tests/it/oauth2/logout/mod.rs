//! Signing out across applications.

mod asked;
mod at_once;
mod backchannel;
mod refused;
mod secrets;

use crate::support::TestApp;
use crate::support::apps::{Application, OAuthTokens};
use crate::support::browsers::Browser;
use crate::support::client::Response;
use crate::support::machines::FORM;
use countersign_core::client::{AuthenticationMethod, ClientKind, LogoutProfile};
use url::form_urlencoded::Serializer;

/// Where the client `shop` has people come back to once they have signed out.
const BYE: &str = "https://shop.example/bye?from=us";

async fn setup() -> (TestApp, Application) {
    let app = TestApp::start().await;
    app.add_account("ana").await;
    let shop = add_shop(&app, "shop", BYE).await;
    (app, shop)
}

async fn add_shop(app: &TestApp, id: &str, bye: &str) -> Application {
    let logout = LogoutProfile { post_logout_redirect_uris: vec![bye.to_owned()], ..LogoutProfile::default() };
    app.add_application_with(id, ClientKind::Web, AuthenticationMethod::SecretBasic, logout).await
}

/// A logout request of these parameters.
fn query(parameters: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(parameters).finish()
}

impl Browser<'_> {
    /// Follows the client's link to the logout endpoint.
    async fn log_out(&mut self, app: &TestApp, parameters: &[(&str, &str)]) -> Response {
        self.send(app.get(&format!("/oauth2/logout?{}", query(parameters)))).await
    }

    /// The same by a form of the client's page; browsers send no cookie of ours with it.
    async fn log_out_by_form(&mut self, app: &TestApp, parameters: &[(&str, &str)]) -> Response {
        let form = app.post("/oauth2/logout").origin("https://shop.example").header("content-type", FORM);
        form.body(query(parameters)).send().await
    }
}

impl Response {
    /// By 303 to exactly there; nobody may keep it.
    #[track_caller]
    fn assert_leads_to(&self, location: &str) -> &Self {
        assert_eq!((self.status, self.header("location")), (303, Some(location)), "{}", self.text());
        assert_eq!((self.header("cache-control"), self.body.len()), (Some("no-store"), 0));
        self
    }

    /// Takes the cookie of the sign-in back, and sets nothing else.
    #[track_caller]
    fn assert_forgets(&self) -> &Self {
        let cookies = self.set_cookies();
        assert_eq!(cookies.len(), 1, "{cookies:?}");
        assert_eq!((cookies[0].name.as_str(), cookies[0].value.as_str()), ("countersign-session", ""));
        assert!(cookies[0].attributes.iter().any(|attribute| attribute == "Max-Age=0"), "{cookies:?}");
        self
    }
}

impl OAuthTokens {
    fn id_token(&self) -> &str {
        self.id_token.as_deref().expect("an ID token")
    }
}
