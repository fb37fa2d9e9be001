//! THE route table: every path and method there is.

use crate::app::App;
use crate::fallback;
use crate::http::layers;
use crate::pages;
use crate::routes::api::admin::{self, clients, keys};
use crate::routes::api::{accounts, me, refresh, sessions, sign_in, sign_out};
use crate::routes::oauth2::authorize;
use crate::routes::{health, oauth2, revocations, well_known};
use axum::Router;
use axum::routing::{delete, get, post, put};

/// Every route, with what stands before each: limits, request ids, security headers.
pub(crate) fn router(app: App) -> Router {
    let routes = Router::new()
        .route("/api/v1/accounts", post(accounts::sign_up))
        .route("/api/v1/sign-in", post(sign_in::sign_in))
        .route("/api/v1/refresh", post(refresh::refresh))
        .route("/api/v1/sign-out", post(sign_out::sign_out))
        .route("/api/v1/me", get(me::me))
        .route("/api/v1/me/password", put(me::change_password))
        .route("/api/v1/sessions", get(sessions::list).delete(sessions::end_others))
        .route("/api/v1/sessions/{id}", delete(sessions::end_one))
        .route("/api/v1/admin/clients", get(clients::list).post(clients::register))
        .route("/api/v1/admin/clients/{id}", get(clients::show).delete(clients::remove))
        .route("/api/v1/admin/clients/{id}/rotate-secret", post(clients::rotate_secret))
        .route("/api/v1/admin/clients/{id}/disable", post(clients::disable))
        .route("/api/v1/admin/clients/{id}/enable", post(clients::enable))
        .route("/api/v1/admin/keys", get(keys::list))
        .route("/api/v1/admin/keys/rotate", post(keys::rotate))
        .route("/api/v1/admin/keys/{kid}/revoke", post(keys::revoke))
        .route("/api/v1/admin/revocations", post(admin::revocations::revoke))
        .route("/oauth2/authorize", get(authorize::get).post(authorize::post))
        .route("/sign-in", get(authorize::sign_in::show).post(authorize::sign_in::submit))
        .route("/consent", post(authorize::consent::submit))
        .route("/assets/{name}", get(pages::assets::asset))
        .route("/oauth2/token", post(oauth2::token::token))
        .route("/oauth2/introspect", post(oauth2::introspect::introspect))
        .route("/oauth2/revoke", post(oauth2::revoke::revoke))
        .route("/oauth2/userinfo", get(oauth2::userinfo::userinfo).post(oauth2::userinfo::userinfo))
        .route("/revocations/feed", get(revocations::feed))
        .route("/revocations/snapshot", get(revocations::snapshot))
        .route("/revocations/applied", post(revocations::applied))
        .route("/revocations/jwks.json", get(revocations::jwks))
        .route("/.well-known/openid-configuration", get(well_known::metadata))
        .route("/.well-known/oauth-authorization-server", get(well_known::metadata))
        .route("/.well-known/jwks.json", get(well_known::jwks))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback(fallback::not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed);
    layers(routes, &app).with_state(app)
}
