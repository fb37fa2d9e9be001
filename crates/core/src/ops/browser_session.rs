//! Who is signed in at a browser, by the secret in its cookie.

use crate::account::{Account, AccountStatus};
use crate::client::ClientId;
use crate::grant::BrowserSecret;
use crate::session::Session;
use crate::store::{Store, StoreError};
use crate::time::Time;

/// An account that is signed in at a browser. Its floor was read while the session was live: whatever ends all of the
/// account's sessions from then on raises it.
#[derive(Debug)]
pub struct BrowserSession {
    /// Who.
    pub account: Account,
    /// In which session.
    pub session: Session,
}

/// Looks up who is signed in; `None` where the secret is not that of a live session, or the account may not be used.
///
/// # Errors
/// [`StoreError`] where storage failed.
pub async fn browser_session(
    secret: &BrowserSecret,
    store: &dyn Store,
    now: Time,
) -> Result<Option<BrowserSession>, StoreError> {
    let Some(session) = live(secret, store, now).await? else { return Ok(None) };
    let account = match session.account {
        Some(id) => store.account(id).await?,
        None => None,
    };
    let Some(account) = account.filter(|account| account.status == AccountStatus::Active) else { return Ok(None) };
    // Looked at again: an end of all sessions before the floor was read would otherwise go unseen.
    let session = live(secret, store, now).await?;
    Ok(session.map(|session| BrowserSession { account, session }))
}

async fn live(secret: &BrowserSecret, store: &dyn Store, now: Time) -> Result<Option<Session>, StoreError> {
    let Some(state) = store.session(secret.session()).await? else { return Ok(None) };
    let holds = state.session.secret_hash == secret.hash() && state.session.client.as_str() == ClientId::FIRST_PARTY;
    let active = state.account.is_some_and(|account| account.status == AccountStatus::Active);
    Ok((holds && active && state.session.is_live(now)).then_some(state.session))
}
