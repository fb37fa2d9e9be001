//! `/.well-known/…`.

use crate::support::{ISSUER, Setup, TestApp};
use countersign_jose::Algorithm;
use serde_json::json;

#[tokio::test]
async fn both_metadata_documents_tell_what_exists() {
    let app = TestApp::start().await;
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let metadata = app.get(path).send().await.assert_status(200);
        assert_eq!(metadata.header("content-type"), Some("application/json"));
        assert_eq!(metadata.header("cache-control"), Some("public, max-age=600"));
        let metadata = metadata.json();
        assert_eq!(metadata["issuer"], ISSUER);
        assert_eq!(metadata["jwks_uri"], format!("{ISSUER}/.well-known/jwks.json"));
        assert_eq!(metadata["token_endpoint"], format!("{ISSUER}/oauth2/token"));
        for (name, path) in [
            ("introspection", "introspect"),
            ("revocation", "revoke"),
            ("userinfo", "userinfo"),
            ("end_session", "logout"),
        ] {
            assert_eq!(metadata[format!("{name}_endpoint")], format!("{ISSUER}/oauth2/{path}"));
        }
        let grants = ["authorization_code", "refresh_token", "client_credentials"];
        assert_eq!(metadata["grant_types_supported"], json!(grants));
        let methods = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
        assert_eq!(metadata["token_endpoint_auth_methods_supported"], json!(methods));
        assert_eq!(metadata["revocation_endpoint_auth_methods_supported"], json!(methods));
        assert_eq!(metadata["introspection_endpoint_auth_methods_supported"], json!(methods[1..]));
        let scopes = ["openid", "profile", "email", "offline_access", "feed:read"];
        assert_eq!(metadata["scopes_supported"], json!(scopes));
        assert_eq!(metadata["id_token_signing_alg_values_supported"], json!(["RS256"]));
        assert_eq!(metadata["authorization_endpoint"], format!("{ISSUER}/oauth2/authorize"));
        assert_eq!(metadata["response_types_supported"], json!(["code"]));
        assert_eq!(metadata["response_modes_supported"], json!(["query", "form_post"]));
        assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(metadata["prompt_values_supported"], json!(["none", "login", "consent", "select_account"]));
        for supported in [
            "authorization_response_iss_parameter",
            "claims_parameter",
            "backchannel_logout",
            "backchannel_logout_session",
        ] {
            assert_eq!(metadata[format!("{supported}_supported")], true);
        }
        assert_eq!(metadata["pushed_authorization_request_endpoint"], format!("{ISSUER}/oauth2/par"));
        assert_eq!(metadata["require_pushed_authorization_requests"], false);
        for unsupported in ["request_parameter", "request_uri_parameter"] {
            assert_eq!(metadata[format!("{unsupported}_supported")], false);
        }
    }
}

#[tokio::test]
async fn the_key_set_holds_public_keys_alone() {
    let app = TestApp::start().await;
    let jwks = app.get("/.well-known/jwks.json").send().await.assert_status(200);
    assert_eq!(jwks.header("cache-control"), Some("public, max-age=600"));
    let jwks = jwks.json();
    let (of_id_tokens, keys): (Vec<_>, Vec<_>) =
        jwks["keys"].as_array().unwrap().iter().partition(|key| key["alg"] == "RS256");
    assert_eq!(of_id_tokens.len(), 2);
    assert_eq!(keys.len(), 2, "the one that signs and the one after");
    for key in &keys {
        let mut members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    }
    let tokens = app.sign_in("ana").await;
    assert!(keys.iter().any(|key| key["kid"] == tokens.header()["kid"]));
}

#[tokio::test]
async fn a_symmetric_key_is_never_in_the_key_set() {
    let app = Setup::default().algorithm(Algorithm::Hs256).start().await;
    let tokens = app.sign_in("ana").await;
    assert_eq!(tokens.header()["alg"], "HS256");
    let jwks = app.get("/.well-known/jwks.json").send().await.json();
    assert!(jwks["keys"].as_array().unwrap().iter().all(|key| key["kty"] == "RSA"), "those of ID tokens alone: {jwks}");
}
