//! The document: put together when it is first asked for, then the same bytes for everybody.

use super::answer::{AnswerHeader, REQUEST_ID};
use super::operation::{Scheme, Tag};
use super::table::{Described, Routes};
use super::{Operation, values};
use crate::app::App;
use crate::http::cookie::CookieName;
use crate::limits::{BODY_BYTES_MAX, HEADER_BYTES_MAX, HEADER_FIELDS_MAX, TARGET_BYTES_MAX};
use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::body::Bytes;
use countersign_jose::base64url;
use std::sync::{Arc, OnceLock};
use utoipa::openapi::path::{PathItem, Paths};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ComponentsBuilder, Info, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Server,
};

/// The document of a route table.
#[derive(Clone)]
pub(crate) struct Document(Arc<Parts>);

struct Parts {
    routes: Vec<Described>,
    rendered: OnceLock<Rendered>,
}

/// The document as it is served.
pub(crate) struct Rendered {
    pub(crate) body: Bytes,
    /// Of its bytes, quoted (RFC 9110 §8.8.3).
    pub(crate) etag: String,
}

impl Routes {
    /// The routes for axum, with their document for the handler that serves it.
    pub(crate) fn documented(self) -> Router<App> {
        let document = Document(Arc::new(Parts { routes: self.described, rendered: OnceLock::new() }));
        self.router.layer(axum::Extension(document))
    }
}

impl Document {
    /// The document of `app`.
    pub(crate) fn rendered(&self, app: &App) -> &Rendered {
        self.0.rendered.get_or_init(|| {
            // A document of strings, numbers and maps by strings always serializes.
            let body = serde_json::to_vec(&document(&self.0.routes, app)).unwrap_or_default();
            let etag = format!("\"{}\"", base64url::encode(&digest(&SHA256, &body).as_ref()[..16]));
            Rendered { body: body.into(), etag }
        })
    }
}

fn document(routes: &[Described], app: &App) -> OpenApi {
    let mut paths = Paths::new();
    let mut components = components(app);
    for route in routes {
        let mut operation = Operation::new(route.path, &route.method);
        for describe in route.describe {
            describe(&mut operation);
        }
        let operation = operation.build(&mut components);
        let item = paths.paths.entry(route.path.to_owned()).or_default();
        item.merge_operations(PathItem::new(route.method.clone(), operation));
    }
    let tags = Tag::ALL.map(|(tag, text)| TagBuilder::new().name(tag.name()).description(Some(text)).build());
    OpenApiBuilder::new()
        .info(info())
        .servers(Some([Server::new(app.issuer())]))
        .paths(paths)
        .components(Some(components))
        .tags(Some(tags))
        .build()
}

fn info() -> Info {
    let description = format!(
        "The authorization server's HTTP interface. Errors of `/api` are problem documents (RFC 9457) with a stable \
         `code`; those of `/oauth2` are bodies of RFC 6749 §5.2. Times are RFC 3339 in UTC, lists come in pages. Unknown \
         members, unknown parameters and members that are there twice are refused.\n\n\
         Limits: body {BODY_BYTES_MAX} bytes (413), target {TARGET_BYTES_MAX} bytes (414), headers {HEADER_BYTES_MAX} \
         bytes and {HEADER_FIELDS_MAX} fields (431). A method that a path does not have is answered 405 with `Allow`.\n\n\
         A request that changes state and carries or sets a token cookie must come from the issuer's own pages or from \
         an origin that the operator trusts, as `Origin` and `Sec-Fetch-Site` tell; else it is answered 403 `cross_site`."
    );
    InfoBuilder::new()
        .title("Countersign")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description))
        .license(Some(
            LicenseBuilder::new().name(env!("CARGO_PKG_LICENSE")).identifier(Some(env!("CARGO_PKG_LICENSE"))).build(),
        ))
        .build()
}

/// What operations refer to whatever they are; they add their own.
fn components(app: &App) -> Components {
    let request_id = AnswerHeader {
        name: REQUEST_ID,
        description: "The request's id, as the log and the audit have it.",
        example: "c29tZSByYW5kb20gYnl0ZQ",
        always: true,
    };
    let mut components =
        ComponentsBuilder::new().schemas_from_iter(values::all()).header(REQUEST_ID, request_id.header());
    for (scheme, described) in security(app) {
        components = components.security_scheme(scheme.name(), described);
    }
    components.build()
}

fn security(app: &App) -> [(Scheme, SecurityScheme); 4] {
    let cookie = |name: CookieName, text: &str| {
        let name = name.text(app.http().is_secure());
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name, text)))
    };
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").description(Some(
        "An access token (RFC 9068: `typ` is `at+jwt`) of this issuer for itself: `iss` and `aud` are the issuer, `sid` \
         and `jti` name session and token, `client_id` the client. Where an operation asks for a role, the account has to \
         have it as it stands now; where it asks for a scope, `scope` has to hold it.",
    ));
    let basic = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some("`client_secret_basic` (RFC 6749 §2.3.1): the client's id and secret, each form-encoded."));
    [
        (Scheme::Bearer, SecurityScheme::Http(bearer.build())),
        (
            Scheme::AccessCookie,
            cookie(CookieName::Access, "The access token in a cookie. `Authorization` counts first."),
        ),
        (Scheme::RefreshCookie, cookie(CookieName::Refresh, "The refresh token in a cookie.")),
        (Scheme::ClientSecretBasic, SecurityScheme::Http(basic.build())),
    ]
}
