//! THE route table: every path and method there is.

use crate::app::App;
use crate::fallback;
use crate::http::issuer_path::IssuerPath;
use crate::http::layers;
use crate::openapi::routes;
use crate::pages::assets;
use crate::routes::api::admin::{clients, keys, resources, revocations as admin_revocations};
use crate::routes::api::{accounts, me, openapi, refresh, sessions, sign_in, sign_out};
use crate::routes::oauth2::{authorize, introspect, logout, par, register, revoke, token, userinfo};
use crate::routes::{health, metrics, revocations, well_known};
use axum::Router;
use axum::routing::{get, post};

/// Every route, with what stands before each: limits, request ids, security headers. Its description is
/// `module::docs::handler` beside the handler; without one a line does not compile.
pub(crate) fn router(app: App) -> Router {
    let routes = routes! {
        "/api/v1/accounts" => post accounts::sign_up;
        "/api/v1/sign-in" => post sign_in::sign_in;
        "/api/v1/refresh" => post refresh::refresh;
        "/api/v1/sign-out" => post sign_out::sign_out;
        "/api/v1/me" => get me::me;
        "/api/v1/me/password" => put me::change_password;
        "/api/v1/sessions" => get sessions::list, delete sessions::end_others;
        "/api/v1/sessions/{id}" => delete sessions::end_one;
        "/api/v1/admin/clients" => get clients::list, post clients::register;
        "/api/v1/admin/clients/{id}" => get clients::show, delete clients::remove;
        "/api/v1/admin/clients/{id}/rotate-secret" => post clients::rotate_secret;
        "/api/v1/admin/clients/{id}/disable" => post clients::disable;
        "/api/v1/admin/clients/{id}/enable" => post clients::enable;
        "/api/v1/admin/resources" => get resources::list, post resources::add;
        "/api/v1/admin/resources/{uri}" => get resources::show, delete resources::remove;
        "/api/v1/admin/keys" => get keys::list;
        "/api/v1/admin/keys/rotate" => post keys::rotate;
        "/api/v1/admin/keys/{kid}/revoke" => post keys::revoke;
        "/api/v1/admin/revocations" => post admin_revocations::revoke;
        "/api/openapi.json" => get openapi::document;
        "/oauth2/token" => post token::token;
        "/oauth2/par" => post par::push;
        "/oauth2/introspect" => post introspect::introspect;
        "/oauth2/register" => post register::register;
        "/oauth2/revoke" => post revoke::revoke;
        "/oauth2/userinfo" => get userinfo::by_get, post userinfo::by_post;
        "/revocations/feed" => get revocations::feed;
        "/revocations/snapshot" => get revocations::snapshot;
        "/revocations/applied" => post revocations::applied;
        "/revocations/jwks.json" => get revocations::jwks;
        "/.well-known/openid-configuration" => get well_known::openid_configuration;
        "/.well-known/oauth-authorization-server" => get well_known::oauth_authorization_server;
        "/.well-known/jwks.json" => get well_known::jwks;
        "/healthz" => get health::healthz;
        "/readyz" => get health::readyz;
        "/metrics" => get metrics::metrics;
    };
    let routes = routes
        .documented()
        .merge(pages())
        .fallback(fallback::not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed);
    let path = IssuerPath::of(app.issuer());
    let routes = layers(routes, &app).with_state(app);
    match path {
        Some(path) => path.serve(routes),
        None => routes,
    }
}

/// What people see in their browsers: for them, not for programs, so it is not in the description of the API
/// (docs/integrating/oauth.md).
fn pages() -> Router<App> {
    Router::new()
        .route("/oauth2/authorize", get(authorize::get).post(authorize::post))
        .route("/sign-in", get(authorize::sign_in::show).post(authorize::sign_in::submit))
        .route("/consent", post(authorize::consent::submit))
        .route("/oauth2/logout", get(logout::get).post(logout::post))
        .route("/sign-out", post(logout::submit))
        .route("/assets/{name}", get(assets::asset))
}
