//! Clients that can't be told at once are told later; nobody waits for them, and nothing waits for ever.

use super::{RelyingParty, TOLD_WITHIN, add, setup, sid, signed_in, until_nobody_waits, verify, waiting};
use crate::support::apps::Application;
use crate::support::others::{Answer, Names, policy};
use crate::support::{SECOND, Setup, TestApp};
use countersign_core::Span;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// Every session of `ana` ends.
async fn sign_out_everywhere(app: &TestApp) {
    let api = app.sign_in("ana").await;
    let everywhere = app.post("/api/v1/sign-out").bearer(&api.access_token).json(json!({ "everywhere": true }));
    everywhere.send().await.assert_status(204);
}

async fn shop(party: &RelyingParty) -> (TestApp, Application) {
    let app = setup(&[party]).await;
    let shop = add(&app, "shop", party).await;
    (app, shop)
}

#[tokio::test]
async fn a_client_that_fails_in_whatever_way_is_asked_until_it_was_told() {
    let party = RelyingParty::answering("500 Internal Server Error").await;
    let (app, shop) = shop(&party).await;
    let tokens = signed_in(&app, &shop).await;
    tokio::join!(app.store().called("settle_logout", 1), sign_out_everywhere(&app));
    let answers = [
        Answer::of("400 Bad Request", &[], "{\"error\":\"invalid_request\"}"),
        Answer::Silence,
        Answer::Raw(String::new()),
        Answer::Raw("HTTP/1.1 ".to_owned()),
        Answer::EndlessHead,
        Answer::NoBody,
        Answer::of("302 Found", &[("location", "http://127.0.0.1:1/")], ""),
        Answer::of("503 Service Unavailable", &[], ""),
    ];
    let mut times = 1;
    for answer in answers {
        party.told(times).await;
        assert_eq!(waiting(&app).await, 1);
        party.0.answers(answer);
        // Not before its time.
        app.clock().advance(Span::from_millis(700));
        app.store().called("claim_logouts", 3).await;
        assert_eq!(party.told(times).await.len(), times);
        let settled = app.store().called("settle_logout", 1);
        let (_, ()) = tokio::join!(settled, async { app.clock().advance(Span::from_seconds(3_600)) });
        times += 1;
    }
    party.0.answers(Answer::of("200 OK", &[], "<p>signed out</p>"));
    app.clock().advance(Span::from_seconds(3_600));
    let told = party.told(times + 1).await;
    until_nobody_waits(&app).await;
    assert_eq!(verify(&app, told.last().unwrap(), "shop").await["sid"], sid(&tokens));
    // Each try is a token of its own: the one before may have been heard.
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len());
    assert!(app.audit("logout.").await.is_empty());
}

#[tokio::test]
async fn a_client_that_refuses_is_asked_six_times_and_one_that_fails_for_a_day() {
    let party = RelyingParty::answering("400 Bad Request").await;
    let (app, shop) = shop(&party).await;
    signed_in(&app, &shop).await;
    tokio::join!(app.store().called("settle_logout", 1), sign_out_everywhere(&app));
    for _ in 2..=6 {
        let settled = app.store().called("settle_logout", 1);
        tokio::join!(settled, async { app.clock().advance(Span::from_seconds(600)) });
    }
    until_nobody_waits(&app).await;
    assert_eq!(party.told(6).await.len(), 6);
    let told = app.audit("logout.given_up").await;
    assert_eq!(told[0].client.as_ref().map(ToString::to_string).as_deref(), Some("shop"));
    assert_eq!((told.len(), told[0].detail.as_deref()), (1, Some("the client answered 400 Bad Request")));
    // The other one, and of it two sessions.
    party.0.answers(Answer::of("500 Internal Server Error", &[], ""));
    for _ in 0..2 {
        signed_in(&app, &shop).await;
    }
    tokio::join!(app.store().called("settle_logout", 2), sign_out_everywhere(&app));
    app.clock().advance(Span::from_seconds(86_000));
    party.told(10).await;
    app.store().called("claim_logouts", 3).await;
    assert_eq!(waiting(&app).await, 2);
    app.clock().advance(Span::from_seconds(401));
    until_nobody_waits(&app).await;
    // After a last try, or for their age, whichever comes first.
    let told = app.audit("logout.given_up").await;
    assert!((2..=3).contains(&told.len()), "{told:?}");
    let metrics = app.get("/metrics").send().await.text();
    for series in ["refused\"} 6", "given_up\"} 3", "told\"} 0"] {
        assert!(metrics.contains(&format!("countersign_logouts_total{{outcome=\"{series}")), "{series} {metrics}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_answer_holds_up_no_other() {
    let (slow, quick) = (RelyingParty::answering("").await, RelyingParty::answering("200 OK").await);
    slow.0.answers(Answer::Silence);
    let allowed = [slow.authority(), quick.authority()];
    let allowed: Vec<_> = allowed.iter().map(String::as_str).collect();
    // Longer than any test: what the slow one has of it, it keeps.
    let outbound = policy(&allowed, Names::answering(&[]));
    let outbound = countersign_server::outbound::OutboundPolicy { deadline: Duration::from_secs(600), ..outbound };
    let app = Setup { outbound, ..Setup::default() }.start().await;
    app.add_account("ana").await;
    let (at_slow, at_quick) = (add(&app, "slow", &slow).await, add(&app, "quick", &quick).await);
    for _ in 0..12 {
        signed_in(&app, &at_slow).await;
    }
    for _ in 0..9 {
        signed_in(&app, &at_quick).await;
    }
    sign_out_everywhere(&app).await;
    quick.told(9).await;
    slow.told(4).await;
    app.store().called("claim_logouts", 3).await;
    assert_eq!((slow.told(4).await.len(), waiting(&app).await), (4, 12));
    // A stop does not wait for it either.
    let stopped = tokio::time::timeout(TOLD_WITHIN, app.stop()).await;
    stopped.expect("it stops");
}

#[tokio::test]
async fn what_was_under_way_when_the_server_ended_is_told_by_the_next() {
    let party = RelyingParty::answering("").await;
    party.0.answers(Answer::Silence);
    let (app, shop) = shop(&party).await;
    let mut tokens = vec![signed_in(&app, &shop).await];
    sign_out_everywhere(&app).await;
    party.told(1).await;
    let app = app.stop().await.start().await;
    // Of this one the server knows nothing when it ends.
    let held = app.store().hold_back("claim_logouts");
    tokens.push(signed_in(&app, &shop).await);
    sign_out_everywhere(&app).await;
    party.0.answers(Answer::of("200 OK", &[], ""));
    let app = app.stop().await.start().await;
    drop(held);
    app.clock().advance(Span::from_seconds(31));
    until_nobody_waits(&app).await;
    let mut told = BTreeSet::new();
    for token in party.told(2).await {
        told.insert(
            countersign_jose::UnverifiedToken::parse(&token).unwrap().claims_json_unverified().unwrap()["sid"]
                .to_string(),
        );
    }
    assert_eq!(told, tokens.iter().map(|tokens| sid(tokens).to_string()).collect());
}

#[tokio::test]
async fn where_the_server_may_not_go_nobody_is_asked() {
    let party = RelyingParty::answering("200 OK").await;
    let app = Setup { outbound: policy(&[], Names::answering(&[])), ..Setup::default() }.start().await;
    app.add_account("ana").await;
    let shop = add(&app, "shop", &party).await;
    signed_in(&app, &shop).await;
    tokio::join!(app.store().called("settle_logout", 1), sign_out_everywhere(&app));
    app.clock().advance(SECOND);
    app.store().called("settle_logout", 1).await;
    assert_eq!((party.0.connections(), waiting(&app).await), (0, 1));
}

#[tokio::test]
async fn a_store_that_fails_delays_a_client_and_loses_none() {
    let party = RelyingParty::answering("200 OK").await;
    let (app, shop) = shop(&party).await;
    signed_in(&app, &shop).await;
    for (method, when) in [
        ("claim_logouts", crate::support::When::Before),
        ("claim_logouts", crate::support::When::After),
        ("settle_logout", crate::support::When::Before),
    ] {
        app.fail_next(method, when);
    }
    sign_out_everywhere(&app).await;
    while waiting(&app).await > 0 {
        app.clock().advance(Span::from_seconds(31));
        app.store().called("claim_logouts", 3).await;
    }
    assert!(app.store().failed_as_told() && party.told(2).await.len() == 2);
}
