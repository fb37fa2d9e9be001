//! The database: its schema, its pages, what its clock and its feed say.

use super::findings::Findings;
use crate::bootstrap::Deployment;
use crate::config::Config;
use crate::failure::Failure;
use crate::times::{length, rfc3339};
use countersign_core::audit::AuditFilter;
use countersign_core::revocation::{Sequence, SetDigest};
use countersign_core::store::{Page, SessionFilter};
use countersign_core::{Span, Time};

const DATABASE: &str = "database";
const SCHEMA: &str = "schema";
const CLOCK: &str = "clock";
const FEED: &str = "feed";
const ISSUER: &str = "issuer";
// What another process writes while this one looks.
const CLOCK_SLACK: Span = Span::from_seconds(2);
const FEED_PAGE: u16 = 4_096;

/// What can be seen without opening it to work on. Whether that may be done.
pub(super) fn look(config: &Config, now: Time, findings: &mut Findings) -> bool {
    let database = config.database();
    if !database.is_file() {
        let remedy = "countersign serve makes one, countersign restore FILE puts one back";
        findings.problem(DATABASE, format!("{} is not there", database.display()), remedy);
        return false;
    }
    match countersign_store_sqlite::schema(&database) {
        Err(error) => {
            findings.failure(DATABASE, &Failure::from(error).hint("countersign restore FILE"));
            return false;
        }
        Ok(standing) if !standing.pending.is_empty() => {
            let what = format!("the database has schema {}, this version knows {}", standing.found, standing.known);
            findings.warning(SCHEMA, what, "countersign migrate");
            return false;
        }
        Ok(standing) => findings.ok(SCHEMA, format!("{}, the newest that is known", standing.found)),
    }
    match countersign_store_sqlite::examine(&database, now) {
        Ok(examined) => {
            findings.ok(DATABASE, format!("every page is whole; {} sessions can be refreshed", examined.sessions));
            true
        }
        Err(error) => {
            findings.failure(DATABASE, &Failure::from(error).hint("countersign restore FILE"));
            false
        }
    }
}

/// What is in it.
pub(super) async fn look_inside(deployment: &Deployment, now: Time, findings: &mut Findings) -> Result<(), Failure> {
    clock(deployment, now, findings).await?;
    feed(deployment, findings).await?;
    issuer(deployment, findings).await
}

/// No time server is asked: only whether the clock went back behind what was already written.
async fn clock(deployment: &Deployment, now: Time, findings: &mut Findings) -> Result<(), Failure> {
    let events = deployment.store.audit(AuditFilter::default(), Page::new(1, None)).await?;
    let sessions = deployment.store.sessions(SessionFilter::default(), Page::new(1, None)).await?;
    let told = events.items.first().map(|event| event.at);
    let newest = told.max(sessions.items.first().map(|session| session.created_at));
    match newest {
        Some(newest) if newest > now + CLOCK_SLACK => findings.problem(
            CLOCK,
            format!("it shows {}, {} before what was written last", rfc3339(now), length(newest.since(now))),
            "set the clock, and keep it by NTP: tokens would live too long, and revocations be kept too short",
        ),
        _ => findings.ok(CLOCK, format!("{}, not before what was written last", rfc3339(now))),
    }
    Ok(())
}

async fn feed(deployment: &Deployment, findings: &mut Findings) -> Result<(), Failure> {
    let (mut digest, mut count, mut after) = (SetDigest::EMPTY, 0, Sequence::ZERO);
    loop {
        let page = deployment.store.feed_after(after, FEED_PAGE).await?;
        for entry in &page.entries {
            digest.toggle(page.epoch, entry);
            count += 1;
            after = entry.sequence();
        }
        if page.entries.len() == usize::from(FEED_PAGE) {
            continue;
        }
        let standing = format!("number {} of epoch {}", page.last.0, page.epoch);
        if count < page.last.0 {
            findings
                .ok(FEED, format!("{standing}; {} entries no longer matter and are forgotten", page.last.0 - count));
        } else if count == page.last.0 && digest == page.set {
            findings.ok(FEED, format!("{standing}; its digest is that of its entries"));
        } else {
            findings.problem(
                FEED,
                format!("{standing}; its digest is not that of its entries: some were changed or lost"),
                "countersign restore FILE, with a backup from before: a new epoch makes verifiers start anew",
            );
        }
        return Ok(());
    }
}

async fn issuer(deployment: &Deployment, findings: &mut Findings) -> Result<(), Failure> {
    let config = &deployment.config;
    let Some(founded) = deployment.store.deployment().await? else { return Ok(()) };
    let any_port = config.server.issuer.is_none() && config.server.listen.port() == 0;
    let configured = config.server.issuer_at(config.server.listen.port()).to_string();
    if any_port || configured == founded.issuer {
        findings.ok(ISSUER, founded.issuer);
    } else {
        findings.problem(
            ISSUER,
            format!("the configuration says {configured}, the data was founded under {}", founded.issuer),
            format!("to keep it: server.issuer = \"{}\"; to change it, which ends all sessions: countersign serve --change-issuer", founded.issuer),
        );
    }
    Ok(())
}
