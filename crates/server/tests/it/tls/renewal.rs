//! A new pair is taken up while connections go on; a bad one is not; the operator hears about both, and in good time.

use super::{BOTH, ask, client, connect, listen, seen};
use crate::support::certificates::{Authority, Issued, replace};
use crate::support::logs::Recording;
use countersign_core::{Source as _, Span, Time};
use countersign_server::telemetry::LogFormat;
use countersign_server::{ManualSource, Tls};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const NOW: u64 = 1_800_000_000;
const DAY: u64 = 86_400;
const HOST: &str = "localhost";

fn der(issued: &Issued) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap()
}

/// Opens the pair in `folder` and keeps it current by a clock that stands still unless it is moved.
fn keep(folder: &Path, issued: &Issued) -> (Tls, Arc<ManualSource>) {
    let tls = Tls::open(issued.put(folder).into()).unwrap();
    let source = Arc::new(ManualSource::at(Time::from_millis(NOW * 1_000)));
    tokio::spawn(tls.clone().keep(source.clone(), HOST.to_owned()));
    (tls, source)
}

/// Time enough for the files to be looked at: that of the runtime is paused, and passes at once.
async fn looked_at() {
    tokio::time::sleep(Duration::from_secs(3)).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_pair_serves_new_connections_and_old_ones_go_on() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let (old, new) = (authority.issue(&[HOST]), authority.issue(&[HOST]));
    let (tls, _) = keep(folder.path(), &old);
    let address = listen(tls).await;
    let resuming = client(&authority, &BOTH);
    let mut kept_alive = connect(address, resuming.clone()).await.unwrap();
    ask(&mut kept_alive).await;
    assert_eq!(seen(address, &authority).await, der(&old));
    new.put(folder.path());
    looked_at().await;
    assert_eq!(seen(address, &authority).await, der(&new));
    assert!(ask(&mut kept_alive).await.starts_with("HTTP/1.1 200"));
    // A session that began under the old certificate is not resumed under it.
    let again = connect(address, resuming).await.unwrap();
    assert_eq!(again.get_ref().1.peer_certificates().unwrap()[0], der(&new));
}

#[tokio::test(start_paused = true)]
async fn a_bad_new_pair_is_refused_once_and_mended_without_a_restart() {
    let log = Recording::begin(LogFormat::Json);
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let (old, new) = (authority.issue(&[HOST]), authority.issue(&[HOST]));
    let (tls, _) = keep(folder.path(), &old);
    let address = listen(tls).await;
    looked_at().await;
    replace(&folder.path().join("cert.pem"), &new.certificate, 0o644);
    looked_at().await;
    looked_at().await;
    let refusals = || log.text().matches("is refused, the one before stays in use").count();
    assert!(log.text().contains("the key does not belong to the certificate"), "{}", log.text());
    assert!(log.text().contains("requested with"), "a hint: {}", log.text());
    assert_eq!(refusals(), 1);
    assert_eq!(seen(address, &authority).await, der(&old));
    std::fs::remove_file(folder.path().join("key.pem")).unwrap();
    looked_at().await;
    assert_eq!(refusals(), 2);
    assert_eq!(seen(address, &authority).await, der(&old));
    new.put(folder.path());
    looked_at().await;
    assert_eq!(seen(address, &authority).await, der(&new));
    assert_eq!(refusals(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_expires_is_warned_about_each_day() {
    let log = Recording::begin(LogFormat::Json);
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let soon = authority.issue_between(&[HOST], 0, NOW + 15 * DAY + 60);
    let (_tls, source) = keep(folder.path(), &soon);
    let warnings = |text: &str| log.text().matches(text).count();
    looked_at().await;
    assert_eq!(warnings("TLS certificate"), 0, "15 days are enough: {}", log.text());
    for (day, days_left) in (2..=4).zip([13, 12, 11]) {
        source.advance(Span::from_days(if day == 2 { 2 } else { 1 }));
        looked_at().await;
        looked_at().await;
        assert_eq!(warnings("expires soon"), day - 1, "{}", log.text());
        assert_eq!(warnings(&format!("\"days_left\":{days_left}")), 1, "{}", log.text());
    }
    source.advance(Span::from_days(13));
    looked_at().await;
    assert_eq!(warnings("has expired"), 1, "{}", log.text());
    assert_eq!(warnings("\"days_left\":-1"), 1, "{}", log.text());
    assert_eq!(warnings("2027-01-30T"), 4, "when, beside how soon: {}", log.text());
    authority.issue_between(&[HOST], 0, source.now().as_millis() / 1_000 + 90 * DAY).put(folder.path());
    source.advance(Span::from_days(2));
    looked_at().await;
    assert_eq!(warnings("is in use from the next connection on"), 1, "{}", log.text());
    source.advance(Span::from_days(2));
    looked_at().await;
    assert_eq!(warnings("has expired"), 2, "once more before it was replaced: {}", log.text());
}

#[tokio::test(start_paused = true)]
async fn a_certificate_of_another_host_or_of_the_future_is_warned_about_at_the_start() {
    let log = Recording::begin(LogFormat::Json);
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let other = authority.issue_between(&["auth.example.com"], NOW + 3 * DAY + 60, NOW + 90 * DAY);
    let (_tls, _) = keep(folder.path(), &other);
    looked_at().await;
    let text = log.text();
    assert!(text.contains("does not name the issuer's host") && text.contains("\"host\":\"localhost\""), "{text}");
    assert!(text.contains("is not valid yet") && text.contains("\"days\":3"), "{text}");
}
