//! Alarms and resources, and what nobody here asks for.

use super::{MemoryStore, Operation, not_kept};
use countersign_core::account::{Account, Login};
use countersign_core::audit::{AuditEvent, AuditFilter};
use countersign_core::client::{Client, ClientAuthentication, ClientId, ClientStatus};
use countersign_core::grant::{AuthorizedCode, Consent, PushedRequest};
use countersign_core::logout::PendingLogout;
use countersign_core::resource::{Resource, ResourceUri};
use countersign_core::revocation::{Revocation, RevocationSubject, Sequence};
use countersign_core::session::SecretHash;
use countersign_core::store::{
    AccountStore, AddedResource, AuditStore, BeginEpoch, ChangeAccount, ChangeClientStatus, ChangeMark, ChangePassword,
    Changed, ClaimLogouts, ClientChanged, ClientStore, CodeSaved, Created, Deployment, DeploymentStore, EndedSessions,
    FeedPage, Founded, GiveUpLogouts, GrantStore, LogoutStore, NewAccount, Page, Paged, Published, PushRequest,
    RaiseAlarm, RedeemCode, Redemption, RegisterItself, Registered, RemoveClient, RemoveResource, ReplaceClientSecret,
    RequestPushed, ResourceStore, RevocationStore, SaveCode, SettleLogout, StatusChange, StoreFuture, Swap, Swept,
    UseClient,
};
use countersign_core::{AccountId, Epoch, Span, Time};
use countersign_jose::Timestamp;

impl AuditStore for MemoryStore {
    fn record(&self, event: AuditEvent) -> StoreFuture<'_, ()> {
        self.act(move |kept| (kept.audit.push(event), Operation::Other))
    }

    fn raise_alarm(&self, alarm: RaiseAlarm) -> StoreFuture<'_, ()> {
        self.act(move |kept| {
            let event = alarm.event;
            let same = |told: &&AuditEvent| told.what == event.what && told.detail == event.detail;
            let recent = |told: &AuditEvent| alarm.unless_since.is_some_and(|since| told.at > since);
            let told = !kept.audit.iter().filter(same).any(recent);
            kept.audit.extend(told.then_some(event));
            ((), Operation::AlarmRaised { told })
        })
    }

    fn audit(&self, _: AuditFilter, _: Page) -> StoreFuture<'_, Paged<AuditEvent>> {
        not_kept("list of events")
    }

    fn forget_audit(&self, _: Time) -> StoreFuture<'_, u64> {
        not_kept("old events")
    }
}

impl ResourceStore for MemoryStore {
    fn add_resource(&self, resource: Resource, audit: AuditEvent) -> StoreFuture<'_, AddedResource> {
        self.act(move |kept| {
            if kept.resources.iter().any(|known| known.uri == resource.uri) {
                return (AddedResource::UriTaken, Operation::Other);
            }
            kept.resources.push(resource);
            kept.audit.push(audit);
            (AddedResource::Added, Operation::Other)
        })
    }

    fn resource(&self, uri: &ResourceUri) -> StoreFuture<'_, Option<Resource>> {
        let uri = uri.clone();
        self.act(move |kept| (kept.resources.iter().find(|known| known.uri == uri).cloned(), Operation::Other))
    }

    fn resources(&self, _: Page) -> StoreFuture<'_, Paged<Resource>> {
        not_kept("list of resources")
    }

    fn longest_lifetime(&self) -> StoreFuture<'_, Option<Span>> {
        self.act(|kept| (kept.resources.iter().filter_map(|known| known.lifetime).max(), Operation::Other))
    }

    fn remove_resource(&self, _: RemoveResource) -> StoreFuture<'_, Swap> {
        not_kept("resource to be removed")
    }
}

impl GrantStore for MemoryStore {
    fn save_code(&self, _: SaveCode) -> StoreFuture<'_, CodeSaved> {
        not_kept("codes")
    }

    fn code(&self, _: SecretHash) -> StoreFuture<'_, Option<AuthorizedCode>> {
        not_kept("codes")
    }

    fn redeem_code(&self, _: RedeemCode) -> StoreFuture<'_, Redemption> {
        not_kept("codes")
    }

    fn push_request(&self, _: PushRequest) -> StoreFuture<'_, RequestPushed> {
        not_kept("pushed requests")
    }

    fn pushed_request(&self, _: SecretHash) -> StoreFuture<'_, Option<PushedRequest>> {
        not_kept("pushed requests")
    }

    fn begin_pushed_request(&self, _: SecretHash, _: Time) -> StoreFuture<'_, ()> {
        not_kept("pushed requests")
    }

    fn consent(&self, _: AccountId, _: &ClientId, _: &ResourceUri) -> StoreFuture<'_, Option<Consent>> {
        not_kept("consents")
    }

    fn save_consent(&self, _: Consent, _: AuditEvent) -> StoreFuture<'_, ()> {
        not_kept("consents")
    }
}

impl LogoutStore for MemoryStore {
    fn claim_logouts(&self, _: ClaimLogouts) -> StoreFuture<'_, Vec<PendingLogout>> {
        not_kept("logouts")
    }

    fn settle_logout(&self, _: SettleLogout) -> StoreFuture<'_, Swap> {
        not_kept("logouts")
    }

    fn give_up_logouts(&self, _: GiveUpLogouts) -> StoreFuture<'_, u64> {
        not_kept("logouts")
    }

    fn logouts_waiting(&self) -> StoreFuture<'_, u64> {
        not_kept("logouts")
    }
}

impl AccountStore for MemoryStore {
    fn create_account(&self, _: NewAccount) -> StoreFuture<'_, Created> {
        not_kept("accounts")
    }

    fn account_by_login(&self, _: &Login) -> StoreFuture<'_, Option<Account>> {
        not_kept("accounts")
    }

    fn account(&self, _: AccountId) -> StoreFuture<'_, Option<Account>> {
        not_kept("accounts")
    }

    fn accounts(&self, _: Page) -> StoreFuture<'_, Paged<Account>> {
        not_kept("accounts")
    }

    fn change_password(&self, _: ChangePassword) -> StoreFuture<'_, Changed> {
        not_kept("passwords")
    }

    fn change_account(&self, _: ChangeAccount) -> StoreFuture<'_, Changed> {
        not_kept("accounts")
    }
}

impl ClientStore for MemoryStore {
    fn register_client(&self, client: Client, audit: AuditEvent) -> StoreFuture<'_, Registered> {
        self.act(move |kept| {
            if kept.clients.iter().any(|known| known.id == client.id) {
                return (Registered::IdTaken, Operation::Other);
            }
            kept.clients.push(client);
            kept.audit.push(audit);
            (Registered::Registered, Operation::Other)
        })
    }

    fn register_itself(&self, _: RegisterItself) -> StoreFuture<'_, Registered> {
        not_kept("clients of no operator")
    }

    fn use_client(&self, _: UseClient) -> StoreFuture<'_, Swap> {
        not_kept("clients of no operator")
    }

    fn client(&self, id: &ClientId) -> StoreFuture<'_, Option<Client>> {
        let id = id.clone();
        self.act(move |kept| (kept.clients.iter().find(|known| known.id == id).cloned(), Operation::Other))
    }

    fn clients(&self, _: Page) -> StoreFuture<'_, Paged<Client>> {
        not_kept("list of clients")
    }

    fn client_refused_until(&self, id: &ClientId) -> StoreFuture<'_, Option<Timestamp>> {
        let subject = RevocationSubject::Client(id.clone());
        self.act(move |kept| {
            let named = kept.revocations.iter().filter(|entry| entry.subject == subject);
            (named.filter_map(|entry| entry.until).max(), Operation::Other)
        })
    }

    fn replace_client_secret(&self, replace: ReplaceClientSecret) -> StoreFuture<'_, Swap> {
        self.act(move |kept| {
            let seen = ClientAuthentication::SecretBasic(replace.from);
            let found = kept.clients.iter_mut().find(|known| known.id == replace.client);
            let Some(client) = found.filter(|known| known.authentication == seen) else {
                return (Swap::Lost, Operation::Other);
            };
            client.authentication = ClientAuthentication::SecretBasic(replace.to);
            kept.audit.push(replace.audit);
            (Swap::Won, Operation::Other)
        })
    }

    fn change_client_status(&self, change: ChangeClientStatus) -> StoreFuture<'_, ClientChanged> {
        self.act(move |kept| {
            let (from, to, ending) = match change.to {
                StatusChange::Enable => (ClientStatus::Disabled, ClientStatus::Active, None),
                StatusChange::Disable(ending) => (ClientStatus::Active, ClientStatus::Disabled, Some(ending)),
            };
            let found = kept.clients.iter_mut().find(|known| known.id == change.client && known.status == from);
            let Some(client) = found else { return (ClientChanged::Lost, Operation::Other) };
            client.status = to;
            kept.audit.push(change.audit);
            let ended = ending.map(|ending| kept.end_at(&change.client, ending, change.now)).unwrap_or_default();
            (ClientChanged::Changed(ended), Operation::Other)
        })
    }

    fn remove_client(&self, remove: RemoveClient) -> StoreFuture<'_, ClientChanged> {
        self.act(move |kept| {
            let Some(place) = kept.clients.iter().position(|known| known.id == remove.client) else {
                return (ClientChanged::Lost, Operation::Other);
            };
            kept.clients.remove(place);
            kept.audit.push(remove.audit);
            let ended = kept.end_at(&remove.client, remove.ending, remove.now);
            (ClientChanged::Changed(ended), Operation::Other)
        })
    }
}

impl RevocationStore for MemoryStore {
    fn publish_revocations(&self, _: Vec<Revocation>, _: AuditEvent) -> StoreFuture<'_, Published> {
        not_kept("feed")
    }

    fn feed_after(&self, _: Sequence, _: u16) -> StoreFuture<'_, FeedPage> {
        not_kept("feed")
    }

    fn last_sequence(&self) -> StoreFuture<'_, Sequence> {
        not_kept("feed")
    }

    fn changed(&self, _: Option<ChangeMark>) -> StoreFuture<'_, ChangeMark> {
        not_kept("feed")
    }

    fn begin_epoch(&self, begin: BeginEpoch) -> StoreFuture<'_, EndedSessions> {
        self.act(move |kept| {
            kept.epoch.id = begin.epoch;
            kept.epoch.cause = begin.cause;
            let ended = begin.end_sessions.map(|all| kept.end_with_epoch(&all, begin.now)).unwrap_or_default();
            (ended, Operation::Other)
        })
    }

    fn is_revoked(&self, subjects: Vec<RevocationSubject>) -> StoreFuture<'_, bool> {
        self.act(move |kept| (kept.revocations.iter().any(|entry| subjects.contains(&entry.subject)), Operation::Other))
    }

    fn forget_revocations(&self, _: Timestamp) -> StoreFuture<'_, u64> {
        not_kept("feed")
    }
}

impl DeploymentStore for MemoryStore {
    fn deployment(&self) -> StoreFuture<'_, Option<Deployment>> {
        not_kept("deployment")
    }

    fn found(&self, _: &str, _: Epoch, _: Time) -> StoreFuture<'_, Founded> {
        not_kept("deployment")
    }

    fn change_issuer(&self, _: &str, _: &str) -> StoreFuture<'_, Swap> {
        not_kept("deployment")
    }

    fn probe(&self) -> StoreFuture<'_, ()> {
        not_kept("disk")
    }

    fn sweep(&self, _: Time) -> StoreFuture<'_, Swept> {
        not_kept("sweep")
    }
}
