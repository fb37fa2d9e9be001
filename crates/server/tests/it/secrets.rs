//! No secret leaves: the whole flow with the log at trace level, in both formats; log, audit, error bodies and the
//! database are searched for every password, token and key that was used, and for pieces of them.

use crate::support::app::MASTER_KEY;
use crate::support::client::Request;
use crate::support::logs::Recording;
use crate::support::machines::Machine;
use crate::support::secrets::Secrets;
use crate::support::{ACCESS_COOKIE, ISSUER, PASSWORD, Parts, REFRESH_COOKIE, Response, Setup, TestApp, Tokens, When};
use countersign_core::account::AccountStatus;
use countersign_core::audit::{Actor, AuditEvent};
use countersign_core::resource::ResourceUri;
use countersign_core::store::{AuditStore as _, RemoveResource, ResourceStore as _};
use countersign_core::{Source as _, Span};
use countersign_jose::Algorithm;
use countersign_server::telemetry::LogFormat;
use serde_json::{Value, json};

const NEW_PASSWORD: &str = "ten otters under a warm jetty";
const WRONG_PASSWORD: &str = "eleven toads in a cold cellar";
const RETRY_KEY: &str = "Q0FuQXJ5LXJldHJ5LWtleQ";
const ORDERS: &str = "https://orders.example.com";

/// A server that is being listened to.
struct Scene {
    app: TestApp,
    recording: Recording,
    secrets: Secrets,
    /// Every answer that was an error, whole.
    errors: Vec<String>,
    /// What the log must tell: the route or the row of this request.
    told: Vec<(String, Told)>,
}

#[derive(Debug)]
enum Told {
    Route(&'static str),
    Row(u8),
}

impl Scene {
    async fn begin(format: LogFormat, algorithm: Algorithm) -> Self {
        let recording = Recording::begin(format);
        let app = Setup::default().algorithm(algorithm).start().await;
        let mut secrets = Secrets::default();
        for password in [PASSWORD, NEW_PASSWORD, WRONG_PASSWORD] {
            secrets.add("password", password);
        }
        secrets.add("retry key", RETRY_KEY);
        secrets.add_keys(&app).await;
        Self { app, recording, secrets, errors: Vec::new(), told: Vec::new() }
    }

    async fn send(&mut self, request: Request) -> Response {
        let response = request.send().await;
        if response.status >= 400 {
            self.errors.push(format!("{:?} {}", response.headers, response.text()));
        }
        response
    }

    async fn at(&mut self, route: &'static str, request: Request) -> Response {
        let response = self.send(request).await;
        self.told.push((request_id(&response), Told::Route(route)));
        response
    }

    async fn refused_by(&mut self, row: u8, request: Request) {
        let response = self.send(request).await;
        assert!([400, 401, 503].contains(&response.status), "row {row}: {}", response.text());
        self.told.push((request_id(&response), Told::Row(row)));
    }

    async fn sign_in(&mut self, login: &str) -> Tokens {
        let tokens = self.app.sign_in(login).await;
        self.secrets.add_tokens(login, &tokens);
        tokens
    }

    async fn refresh_later(&mut self, tokens: &Tokens) -> Tokens {
        let tokens = self.app.refresh_later(tokens).await;
        self.secrets.add_tokens("refreshed", &tokens);
        tokens
    }

    async fn every_route(&mut self) {
        let app = &self.app;
        let (sign_up, sign_in) = (app.post("/api/v1/accounts"), app.post("/api/v1/sign-in"));
        let credentials = json!({ "login": "eve", "password": PASSWORD });
        self.at("/api/v1/accounts", sign_up.json(credentials.clone())).await.assert_status(201);
        let tokens = self.at("/api/v1/sign-in", sign_in.json(credentials)).await.tokens();
        self.secrets.add_tokens("eve", &tokens);

        let refresh = json!({ "refresh_token": tokens.refresh_token, "retry": RETRY_KEY });
        let refresh = self.app.post("/api/v1/refresh").json(refresh);
        let tokens = self.at("/api/v1/refresh", refresh).await.tokens();
        self.secrets.add_tokens("eve, refreshed", &tokens);

        let bearer = |request: Request| request.bearer(&tokens.access_token);
        let (me, list) = (bearer(self.app.get("/api/v1/me")), bearer(self.app.get("/api/v1/sessions")));
        let end_one = self.app.request("DELETE", &format!("/api/v1/sessions/{}", "A".repeat(22)));
        let (end_one, end_all) = (bearer(end_one), bearer(self.app.request("DELETE", "/api/v1/sessions")));
        self.at("/api/v1/me", me).await.assert_status(200);
        self.at("/api/v1/sessions", list).await.assert_status(200);
        self.at("/api/v1/sessions/{id}", end_one).await.assert_status(404);
        self.at("/api/v1/sessions", end_all).await.assert_status(204);

        let change = |current: &str| {
            let body = json!({ "current_password": current, "new_password": NEW_PASSWORD });
            self.app.request("PUT", "/api/v1/me/password").bearer(&tokens.access_token).json(body)
        };
        let (wrong, right) = (change(WRONG_PASSWORD), change(PASSWORD));
        self.at("/api/v1/me/password", wrong).await.assert_status(403);
        let tokens = self.at("/api/v1/me/password", right).await.tokens();
        self.secrets.add_tokens("eve, with another password", &tokens);
        let sign_out = self.app.post("/api/v1/sign-out").json(json!({ "refresh_token": tokens.refresh_token }));
        self.at("/api/v1/sign-out", sign_out).await.assert_status(204);
        for route in [
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
            "/.well-known/jwks.json",
            "/healthz",
            "/readyz",
        ] {
            let request = self.app.get(route);
            self.at(route, request).await.assert_status(200);
        }
    }

    /// What machines and administrators ask for.
    async fn every_route_of_machines(&mut self) {
        let root = self.app.administrator().await;
        self.secrets.add_tokens("root", &root);
        let admin = |app: &TestApp, method: &str, path: &str| app.admin(method, path, &root);
        let register = admin(&self.app, "POST", "clients").json(json!({ "client_id": "guard", "kind": "machine" }));
        let shown = self.at("/api/v1/admin/clients", register).await.assert_status(201).json();
        let mut machine = self.machine("guard", &shown);
        let request = self.app.token_request(&machine, "grant_type=client_credentials");
        let token = self.at("/oauth2/token", request).await.machine_token();
        self.secrets.add_access_token("guard", &token.access_token);

        let rotate = admin(&self.app, "POST", "clients/guard/rotate-secret");
        let shown = self.at("/api/v1/admin/clients/{id}/rotate-secret", rotate).await.assert_status(200).json();
        let wrong = self.app.token_request(&machine, "grant_type=client_credentials");
        self.at("/oauth2/token", wrong).await.assert_oauth_error(401, "invalid_client");
        machine = self.machine("guard", &shown);
        for form in [
            format!("grant_type={}", machine.secret),
            format!("grant_type=client_credentials&client_secret={}", machine.secret),
            format!("grant_type=client_credentials&client_id={}", machine.secret),
            format!("grant_type=client_credentials&scope=%22{}", machine.secret),
            format!("grant_type=client_credentials&resource={}", machine.secret),
            format!("{0}=a&{0}=b", machine.secret),
        ] {
            let request = self.app.token_request(&machine, &form);
            assert_eq!(self.send(request).await.status, 400);
        }
        let swapped = Machine { id: machine.secret.clone(), secret: "guard".to_owned() };
        let bare = self.app.post("/oauth2/token").header("authorization", &machine.secret);
        for request in [self.app.token_request(&swapped, "grant_type=client_credentials"), bare] {
            self.send(request).await.assert_oauth_error(401, "invalid_client");
        }
        let misplaced = [
            admin(&self.app, "GET", &format!("clients/{}", machine.secret)),
            admin(&self.app, "GET", &format!("clients?after={}", machine.secret)),
            admin(&self.app, "POST", &format!("keys/{}/revoke", machine.secret)),
            admin(&self.app, "POST", "clients").json(json!({ "client_id": "a", "kind": machine.secret })),
            admin(&self.app, "POST", "revocations").json(json!({ "kind": "token", "id": machine.secret })),
        ];
        for request in misplaced {
            assert!([400, 404].contains(&self.send(request).await.status));
        }
        for (route, request) in [
            ("/api/v1/admin/clients", admin(&self.app, "GET", "clients")),
            ("/api/v1/admin/clients/{id}", admin(&self.app, "GET", "clients/guard")),
            ("/api/v1/admin/clients/{id}/disable", admin(&self.app, "POST", "clients/guard/disable")),
            ("/api/v1/admin/clients/{id}/enable", admin(&self.app, "POST", "clients/guard/enable")),
            ("/api/v1/admin/keys", admin(&self.app, "GET", "keys")),
            ("/api/v1/admin/keys/rotate", admin(&self.app, "POST", "keys/rotate").json(json!({ "now": true }))),
        ] {
            self.at(route, request).await.assert_status(200);
        }
        self.secrets.add_keys(&self.app).await;
        let revoke = admin(&self.app, "POST", "keys/nobody/revoke");
        self.at("/api/v1/admin/keys/{kid}/revoke", revoke).await.assert_status(404);
        let body = json!({ "kind": "token", "id": "A".repeat(22), "reason": "a test" });
        let revoke = admin(&self.app, "POST", "revocations").json(body);
        self.at("/api/v1/admin/revocations", revoke).await.assert_status(201);
        let remove = admin(&self.app, "DELETE", "clients/guard");
        self.at("/api/v1/admin/clients/{id}", remove).await.assert_status(204);
    }

    fn machine(&mut self, id: &str, shown: &Value) -> Machine {
        let secret = shown["client_secret"].as_str().unwrap().to_owned();
        self.secrets.add("client secret", &secret);
        Machine { id: id.to_owned(), secret }
    }

    /// The same by cookie.
    async fn by_cookie(&mut self) {
        let signed_in = self.app.sign_in_with_cookies("carl").await;
        let held = signed_in.set_cookie(REFRESH_COOKIE).value;
        let refreshed = self.app.refresh_by_cookie(&held).await.assert_status(200);
        for answer in [&signed_in, &refreshed] {
            self.secrets.add_refresh_token("cookie", &answer.set_cookie(REFRESH_COOKIE).value);
            self.secrets.add_access_token("cookie", &answer.set_cookie(ACCESS_COOKIE).value);
        }
        let held = refreshed.set_cookie(REFRESH_COOKIE).value;
        let evil = self.app.post("/api/v1/refresh").origin("https://evil.example").cookie(REFRESH_COOKIE, &held);
        let twice = self.app.post("/api/v1/refresh").cookie(REFRESH_COOKIE, &held).cookie(REFRESH_COOKIE, &held);
        let both = self.app.refresh_request(&held).origin(ISSUER).cookie(REFRESH_COOKIE, &held);
        for request in [evil, twice, both] {
            assert!(self.send(request).await.status >= 400);
        }
    }

    async fn every_refused_row(&mut self) {
        let tokens = self.sign_in("ana").await;
        let mac_key = self.app.active_mac_key().await;
        let real = Parts::of(&tokens.refresh_token);
        let last = if tokens.refresh_token.ends_with('A') { "B" } else { "A" };
        let forged = [
            (2, format!("{}{last}", &tokens.refresh_token[..75])),
            (3, Parts { session: [9; 16], ..real.clone() }.under(&mac_key)),
            (8, Parts { secret: *b"not that session", ..real.clone() }.under(&mac_key)),
            (17, Parts { generation: 7, ..real }.under(&mac_key)),
        ];
        for (row, token) in forged {
            let request = self.app.refresh_request(&token);
            self.refused_by(row, request).await;
        }
        self.app.fail_next("rotate_session", When::After);
        let request = self.app.refresh_request(&tokens.refresh_token);
        self.refused_by(18, request).await;

        let second = self.refresh_later(&tokens).await;
        self.refresh_later(&second).await;
        for row in [16, 6] {
            let request = self.app.refresh_request(&tokens.refresh_token);
            self.refused_by(row, request).await;
        }

        self.app.add_account("orla").await;
        self.app.add_resource(ORDERS, &["orders:read"]).await;
        let body = json!({ "login": "orla", "password": PASSWORD, "audience": ORDERS });
        let tokens = self.app.post("/api/v1/sign-in").json(body).send().await.tokens();
        self.secrets.add_tokens("orla", &tokens);
        let audit = AuditEvent::new(self.app.clock().now(), "resource.removed", Actor::named("test"));
        let remove = RemoveResource { uri: ResourceUri::parse(ORDERS).unwrap(), audit };
        self.app.store().remove_resource(remove).await.unwrap();
        let request = self.app.refresh_request(&tokens.refresh_token);
        self.refused_by(9, request).await;

        let tokens = self.sign_in("ben").await;
        self.app.clock().advance(Span::from_days(15));
        let request = self.app.refresh_request(&tokens.refresh_token);
        self.refused_by(7, request).await;
    }

    /// Secrets where they don't belong.
    async fn misplaced(&mut self) {
        let tokens = self.sign_in("dan").await;
        let (access, refresh) = (&tokens.access_token, &tokens.refresh_token);
        let app = &self.app;
        let sign_in = |body: String| app.post("/api/v1/sign-in").header("content-type", "application/json").body(body);
        let requests = [
            sign_in(format!(r#"{{"login":"dan","password":"{WRONG_PASSWORD}"}}"#)),
            sign_in(format!(r#"{{"login":"{PASSWORD}","password":"{WRONG_PASSWORD}"}}"#)),
            sign_in(format!(r#"{{"login":"dan","password":"{PASSWORD}"#)),
            sign_in(format!(r#"{{"login":"dan","password":["{PASSWORD}"]}}"#)),
            sign_in(format!(r#"{{"login":"dan","password":"{PASSWORD}","{PASSWORD}":1}}"#)),
            sign_in(format!(r#"{{"login":"dan","password":"{PASSWORD}","delivery":"{refresh}"}}"#)),
            sign_in(format!(r#"{{"login":"dan","password":"{PASSWORD}","audience":"{refresh}"}}"#)),
            sign_in(format!(r#"{{"login":"dan","password":"{PASSWORD}","scope":"\"{access}"}}"#)),
            sign_in(format!("login=dan&password={PASSWORD}")).header("content-type", "text/plain"),
            app.post("/api/v1/accounts").json(json!({ "login": "dan", "password": PASSWORD })),
            app.post("/api/v1/accounts").json(json!({ "login": PASSWORD, "password": PASSWORD })),
            app.post("/api/v1/refresh").json(json!({ "refresh_token": access, "retry": RETRY_KEY })),
            app.post("/api/v1/refresh").json(json!({ "refresh_token": refresh, "retry": refresh })),
            app.post("/api/v1/refresh").json(json!({ "refresh_token": refresh, access: 1 })),
            app.get("/api/v1/me").bearer(refresh),
            app.get("/api/v1/me").bearer(access).bearer(access),
            app.get("/api/v1/me").header("authorization", access),
            app.get("/api/v1/me").bearer(&access.replacen('.', "", 1)),
            app.get("/api/v1/me").cookie(ACCESS_COOKIE, refresh),
            app.get(&format!("/api/v1/sessions?after={refresh}")).bearer(access),
            app.get(&format!("/api/v1/{access}")),
            app.get(&format!("/api/v1/me?access_token={access}")),
            app.request("DELETE", &format!("/api/v1/sessions/{refresh}")).bearer(access),
            app.request(access, "/api/v1/me"),
            app.get("/api/v1/me").header(&refresh.replace('_', "-"), access),
        ];
        for request in requests {
            let refused = self.send(request).await;
            assert!((400..500).contains(&refused.status), "{}: {}", refused.status, refused.text());
        }
        for bytes in [format!("GET {access} HTTP/9\r\n\r\n"), format!("{refresh}: {access}\r\n\r\n")] {
            let refused = self.app.send_raw(bytes).await;
            self.errors.extend(refused.map(|refused| refused.text()));
        }
        // Storage that fails, and a password that nobody can compare.
        self.app.set_status("dan", AccountStatus::Disabled).await;
        let request = self.app.post("/api/v1/sign-in").json(json!({ "login": "dan", "password": PASSWORD }));
        self.send(request).await.assert_status(401);
        self.app.fail_next("account_by_login", When::Before);
        let request = self.app.post("/api/v1/sign-in").json(json!({ "login": "dan", "password": PASSWORD }));
        self.send(request).await.assert_status(503);
    }

    /// Everything that the search is over, but the database.
    async fn places(&self) -> Vec<(&'static str, String)> {
        let audit = format!("{:#?}", self.app.audit("").await);
        assert!(audit.contains("session.opened") && self.errors.len() > 40);
        vec![("log", self.recording.text()), ("audit", audit), ("error bodies", self.errors.join("\n"))]
    }

    async fn assert_no_secret_is_found(&self) {
        for (place, text) in self.places().await {
            assert_eq!(self.secrets.found_in(text.as_bytes()), None, "in the {place}");
        }
    }

    /// The search finds what is there: a secret planted in each place, or only a piece of it.
    async fn assert_planted_secrets_are_found(&mut self) {
        let tokens = self.sign_in("ana").await;
        let piece = &tokens.refresh_token[40..60];
        tracing::trace!(piece, "planted");
        let planted = AuditEvent::new(self.app.clock().now(), "planted", Actor::named("test")).told(piece);
        self.app.store().record(planted).await.unwrap();
        self.errors.push(format!(r#"{{"detail":"{PASSWORD}"}}"#));
        for (place, text) in self.places().await {
            assert!(self.secrets.found_in(text.as_bytes()).is_some(), "planted in the {place}");
        }
        let signature = tokens.access_token.rsplit_once('.').unwrap().1;
        for planted in [format!("x{}x", &signature[9..25]), format!("{:?}", Parts::of(&tokens.refresh_token).secret)] {
            assert!(self.secrets.found_in(planted.as_bytes()).is_some(), "{planted}");
        }
        assert!(self.secrets.found_in(&MASTER_KEY).is_some());
    }

    fn assert_all_is_told(&self, row: impl Fn(u8) -> String) {
        let log = self.recording.text();
        for (id, told) in &self.told {
            let sought = match told {
                Told::Route(route) => (*route).to_owned(),
                Told::Row(number) => row(*number),
            };
            assert!(log.lines().any(|line| line.contains(id) && line.contains(&sought)), "{told:?} of request {id}");
        }
        let rows = self.told.iter().filter(|(_, told)| matches!(told, Told::Row(_))).count();
        assert_eq!((rows, self.told.len() - rows), (9, 28));
    }
}

fn request_id(response: &Response) -> String {
    response.header("x-request-id").expect("a request id").to_owned()
}

async fn the_whole_flow(format: LogFormat, algorithm: Algorithm, row: impl Fn(u8) -> String) {
    let mut scene = Scene::begin(format, algorithm).await;
    scene.every_route().await;
    scene.every_route_of_machines().await;
    scene.by_cookie().await;
    scene.every_refused_row().await;
    scene.misplaced().await;
    scene.app.rotate_mac().await;
    scene.app.rotate_key().await;
    let app = &scene.app;
    scene.secrets.add_keys(app).await;
    scene.assert_no_secret_is_found().await;
    scene.assert_all_is_told(row);
    scene.assert_planted_secrets_are_found().await;
}

#[tokio::test]
async fn nothing_secret_is_told_in_the_pretty_log() {
    the_whole_flow(LogFormat::Pretty, Algorithm::Es256, |row| format!(" row={row} ")).await;
}

#[tokio::test]
async fn nothing_secret_is_told_in_the_json_log() {
    the_whole_flow(LogFormat::Json, Algorithm::Hs256, |row| format!(r#""row":{row},"#)).await;
}

#[tokio::test]
async fn the_database_holds_no_secret() {
    let mut scene = Scene::begin(LogFormat::Json, Algorithm::Es256).await;
    scene.every_route().await;
    scene.every_route_of_machines().await;
    scene.by_cookie().await;
    scene.every_refused_row().await;
    let Scene { app, secrets, .. } = scene;
    let database = app.stop().await.copy_database().0;
    assert!(database.windows(11).any(|bytes| bytes == b"session.ope"), "it is the database");
    assert_eq!(secrets.found_in(&database), None);
}
