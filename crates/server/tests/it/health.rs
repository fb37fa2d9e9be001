//! `/healthz` and `/readyz`.

use crate::support::{TestApp, When};
use serde_json::json;

#[tokio::test]
async fn a_server_that_serves_and_can_write_is_healthy_and_ready() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/readyz"] {
        let health = app.get(path).send().await.assert_status(200);
        assert_eq!(health.json(), json!({ "status": "ok" }));
        assert_eq!(health.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn a_server_whose_store_can_not_write_serves_but_is_not_ready() {
    let app = TestApp::start().await;
    app.fail_next("probe", When::Before);
    let health = app.get("/readyz").send().await.assert_status(503).json();
    assert_eq!(health["status"], "unready");
    assert_eq!(health["why"].as_array().unwrap().len(), 1, "{health}");
    app.get("/healthz").send().await.assert_status(200);
    app.clock().advance(crate::support::SECOND);
    app.get("/readyz").send().await.assert_status(200);
}
