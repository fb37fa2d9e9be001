//! Authorization codes and consents; what is pushed is in [`pushed_requests`].

use crate::SqliteStore;
use crate::audit::tell;
use crate::error::Fault;
use crate::pushed_requests;
use crate::rows::{Columns, change, first, millis};
use crate::sessions::open;
use countersign_core::account::SessionsFloor;
use countersign_core::audit::AuditEvent;
use countersign_core::client::{ClientId, RedirectUri};
use countersign_core::grant::{AuthorizedCode, CodeChallenge, Consent, PushedRequest};
use countersign_core::resource::ResourceUri;
use countersign_core::scope::ScopeSet;
use countersign_core::session::SecretHash;
use countersign_core::store::{
    CodeSaved, GrantStore, Opened, PushRequest, RedeemCode, Redemption, RequestPushed, SaveCode, StoreFuture,
};
use countersign_core::token::{identity_claims, identity_codes};
use countersign_core::{AccountId, SessionId, Time};
use rusqlite::{Connection, named_params};

impl GrantStore for SqliteStore {
    fn save_code(&self, save: SaveCode) -> StoreFuture<'_, CodeSaved> {
        self.writer.run("keeping a code", move |commit| {
            if let Some(request) = &save.spends
                && !pushed_requests::spend(commit, request)?
            {
                return Ok(CodeSaved::Spent);
            }
            insert(commit, &save.hash, &save.code)?;
            tell(commit, &save.audit)?;
            Ok(CodeSaved::Saved)
        })
    }

    fn code(&self, hash: SecretHash) -> StoreFuture<'_, Option<AuthorizedCode>> {
        self.readers.run("reading a code", move |read| {
            let statement = "
SELECT client, redirect_uri, redirect_uri_named, account, floor, parent, authenticated_at, scope, audience, nonce,
    id_token_claims, challenge, jkt, expires_at, redeemed
FROM authorization_code WHERE hash = ?1";
            first(read, statement, (hash.as_bytes(),), code)
        })
    }

    fn redeem_code(&self, redeem: RedeemCode) -> StoreFuture<'_, Redemption> {
        self.writer.run("redeeming a code", move |commit| {
            let statement = "SELECT redeemed FROM authorization_code WHERE hash = ?1";
            let redeemed = |row: &mut Columns<'_, '_>| Ok(row.take::<Option<_>>()?.map(SessionId::from_bytes));
            match first(commit, statement, (redeem.hash.as_bytes(),), redeemed)? {
                None => return Ok(Redemption::Refused),
                Some(Some(session)) => return Ok(Redemption::Again(session)),
                Some(None) => {}
            }
            if open(commit, &redeem.open)? == Opened::Refused {
                return Ok(Redemption::Refused);
            }
            let statement = "UPDATE authorization_code SET redeemed = ?2 WHERE hash = ?1";
            change(commit, statement, (redeem.hash.as_bytes(), redeem.open.session.id.as_bytes()))?;
            Ok(Redemption::First)
        })
    }

    fn push_request(&self, push: PushRequest) -> StoreFuture<'_, RequestPushed> {
        self.writer.run("keeping a pushed request", move |commit| pushed_requests::push(commit, &push))
    }

    fn pushed_request(&self, hash: SecretHash) -> StoreFuture<'_, Option<PushedRequest>> {
        self.readers.run("reading a pushed request", move |read| pushed_requests::find(read, &hash))
    }

    fn begin_pushed_request(&self, hash: SecretHash, expires_at: Time) -> StoreFuture<'_, ()> {
        self.writer.run("beginning a pushed request", move |commit| pushed_requests::begin(commit, &hash, expires_at))
    }

    fn consent(
        &self,
        account: AccountId,
        client: &ClientId,
        audience: &ResourceUri,
    ) -> StoreFuture<'_, Option<Consent>> {
        let (client, audience) = (client.clone(), audience.clone());
        self.readers.run("reading a consent", move |read| {
            let statement = "SELECT scope, given_at FROM consent WHERE account = ?1 AND client = ?2 AND audience = ?3";
            let key = (account.as_bytes(), client.as_str(), audience.as_str());
            let found = first(read, statement, key, |row| Ok((row.text(ScopeSet::parse)?, row.time()?)))?;
            Ok(found.map(|(scope, given_at)| Consent { account, client, audience, scope, given_at }))
        })
    }

    fn save_consent(&self, consent: Consent, audit: AuditEvent) -> StoreFuture<'_, ()> {
        self.writer.run("keeping a consent", move |commit| {
            change(
                commit,
                "INSERT INTO consent (account, client, audience, scope, given_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (account, client, audience) DO UPDATE SET scope = ?4, given_at = ?5",
                (
                    consent.account.as_bytes(),
                    consent.client.as_str(),
                    consent.audience.as_str(),
                    consent.scope.to_string(),
                    millis(consent.given_at),
                ),
            )?;
            tell(commit, &audit)
        })
    }
}

/// What nobody can use any more goes with its client.
pub(crate) fn forget_consents(commit: &Connection, client: &ClientId) -> Result<(), Fault> {
    change(commit, "DELETE FROM consent WHERE client = ?1", (client.as_str(),)).map(|_| ())
}

fn insert(commit: &Connection, hash: &SecretHash, code: &AuthorizedCode) -> Result<(), Fault> {
    let statement = "
INSERT INTO authorization_code (hash, client, redirect_uri, redirect_uri_named, account, floor, parent,
    authenticated_at, scope, audience, nonce, id_token_claims, challenge, jkt, expires_at, redeemed)
VALUES (:hash, :client, :redirect_uri, :redirect_uri_named, :account, :floor, :parent, :authenticated_at, :scope,
    :audience, :nonce, :id_token_claims, :challenge, :jkt, :expires_at, :redeemed)";
    let params = named_params! {
        ":hash": hash.as_bytes(),
        ":client": code.client.as_str(),
        ":redirect_uri": code.redirect_uri.as_str(),
        ":redirect_uri_named": code.redirect_uri_named,
        ":account": code.account.as_bytes(),
        ":floor": code.floor.0,
        ":parent": code.parent.as_bytes(),
        ":authenticated_at": millis(code.authenticated_at),
        ":scope": code.scope.to_string(),
        ":audience": code.audience.as_str(),
        ":nonce": code.nonce,
        ":id_token_claims": identity_codes(&code.id_token_claims),
        ":challenge": code.challenge.as_bytes(),
        ":jkt": code.jkt,
        ":expires_at": millis(code.expires_at),
        ":redeemed": code.redeemed.as_ref().map(SessionId::as_bytes),
    };
    change(commit, statement, params).map(|_| ())
}

fn code(row: &mut Columns<'_, '_>) -> Result<AuthorizedCode, Fault> {
    Ok(AuthorizedCode {
        client: row.text(ClientId::parse)?,
        redirect_uri: row.text(RedirectUri::parse)?,
        redirect_uri_named: row.take()?,
        account: AccountId::from_bytes(row.take()?),
        floor: SessionsFloor(row.take()?),
        parent: SessionId::from_bytes(row.take()?),
        authenticated_at: row.time()?,
        scope: row.text(ScopeSet::parse)?,
        audience: row.text(ResourceUri::parse)?,
        nonce: row.take()?,
        id_token_claims: row.text(|codes| identity_claims(codes).ok_or(()))?,
        challenge: CodeChallenge::from_bytes(row.take()?),
        jkt: row.take()?,
        expires_at: row.time()?,
        redeemed: row.take::<Option<_>>()?.map(SessionId::from_bytes),
    })
}
