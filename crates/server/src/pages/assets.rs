//! The stylesheet and the one script, under names that change with their content: browsers keep them for ever.

use crate::error::ApiError;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use countersign_jose::base64url;
use std::sync::LazyLock;

struct Asset {
    /// Below the issuer.
    path: String,
    content_type: &'static str,
    content: &'static str,
}

static STYLESHEET: LazyLock<Asset> =
    LazyLock::new(|| Asset::of("pages", "css", "text/css; charset=utf-8", include_str!("../../static/pages.css")));
static FORM_POST: LazyLock<Asset> = LazyLock::new(|| {
    Asset::of("form-post", "js", "text/javascript; charset=utf-8", include_str!("../../static/form_post.js"))
});

impl Asset {
    fn of(name: &str, suffix: &str, content_type: &'static str, content: &'static str) -> Self {
        let hash = base64url::encode(&digest(&SHA256, content.as_bytes()).as_ref()[..9]);
        Self { path: format!("/assets/{name}-{hash}.{suffix}"), content_type, content }
    }
}

/// Where the stylesheet is.
pub(super) fn stylesheet() -> &'static str {
    &STYLESHEET.path
}

/// Where the script is that posts an answer.
pub(super) fn form_post_script() -> &'static str {
    &FORM_POST.path
}

/// `GET /assets/{name}`.
pub(crate) async fn asset(Path(name): Path<String>) -> Result<impl IntoResponse, ApiError> {
    let found = [&*STYLESHEET, &*FORM_POST].into_iter();
    let mut found = found.filter(|asset| asset.path.strip_prefix("/assets/") == Some(name.as_str()));
    let asset = found.next().ok_or_else(ApiError::not_found)?;
    let headers = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.content))
}
