//! The form of a token request, and that everything under `/oauth2` answers errors as RFC 6749 §5.2 has them.

use crate::support::TestApp;
use crate::support::machines::FORM;

const GRANT: &str = "grant_type=client_credentials";

#[tokio::test]
async fn what_is_not_a_form_or_not_one_of_ours_is_refused() {
    let app = TestApp::start().await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    let many: Vec<_> = (0..33).map(|n| format!("p{n}=1")).collect();
    let quoted = format!("{GRANT}&scope=%22");
    let long = format!("{GRANT}&scope={}", "x".repeat(129));
    let cases = [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("scope=feed:read", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=refresh_token&refresh_token=csr_CANARY", "unauthorized_client"),
        ("grant_type=Client_Credentials", "unsupported_grant_type"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type=client_credentials&scope=a&scope=b", "invalid_request"),
        ("grant_type=client_credentials&CANARY=a&CANARY=b", "invalid_request"),
        ("grant_type=client_credentials&scope=%zz", "invalid_request"),
        ("grant_type=client_credentials&scope=%ff", "invalid_request"),
        ("grant_type=client_credentials&client_id=CANARY", "invalid_request"),
        ("grant_type=client_credentials&client_secret=CANARY", "invalid_request"),
        (&many.join("&"), "invalid_request"),
        (&quoted, "invalid_scope"),
        (&long, "invalid_scope"),
    ];
    for (form, code) in cases {
        let refused = app.token_request(&machine, form).send().await.assert_oauth_error(400, code);
        assert!(!refused.text().contains("CANARY"), "{form}: {}", refused.text());
    }
    app.machine_token(&machine, "&client_id=guard&unknown=1&empty=").await;
}

#[tokio::test]
async fn other_types_methods_and_sizes_are_refused_in_the_same_form() {
    let app = TestApp::start().await;
    let machine = app.add_machine("guard", "feed:read", &[]).await;
    let request = || app.post("/oauth2/token").header("authorization", &machine.basic());
    for content_type in ["application/json", "text/plain", "application/x-www-form-urlencoded; charset=utf-16"] {
        let refused = request().header("content-type", content_type).body(GRANT).send().await;
        refused.assert_oauth_error(415, "invalid_request");
    }
    request().body(GRANT).send().await.assert_oauth_error(415, "invalid_request");
    request()
        .header("content-type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")
        .body(GRANT)
        .send()
        .await
        .machine_token();
    let large = format!("{GRANT}&x={}", "x".repeat(64 * 1024));
    request().header("content-type", FORM).body(large).send().await.assert_oauth_error(413, "invalid_request");
    let refused = app.get("/oauth2/token").send().await.assert_oauth_error(405, "invalid_request");
    assert_eq!(refused.header("allow"), Some("POST"));
    app.get("/oauth2/nothing").send().await.assert_oauth_error(404, "invalid_request");
}
