//! `countersign key list`

use crate::bootstrap::Deployment;
use crate::failure::Failure;
use crate::output::{Answer, Page};
use crate::times::rfc3339;
use countersign_core::Time;
use countersign_core::key_ring::{KeyState, MacKey, MacKeyState, Purpose, RingKey, WhenRotatable};
use serde::Serialize;

/// Every key, without its secret.
#[derive(Serialize)]
pub(super) struct KeyList {
    items: Vec<KeyView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotatable_at: Option<String>,
    #[serde(skip)]
    rotatable: Option<Time>,
}

/// A key, without its secret.
#[derive(Serialize)]
struct KeyView {
    kind: &'static str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<&'static str>,
    state: &'static str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gone_at: Option<String>,
    #[serde(skip)]
    created: Time,
    #[serde(skip)]
    gone: Option<Time>,
}

impl KeyList {
    pub(super) async fn read(deployment: &Deployment) -> Result<Self, Failure> {
        let ring = deployment.store.key_ring().await?;
        let policies = deployment.policies().await?;
        let now = deployment.source.now();
        let rotatable = match ring.when_rotatable(Purpose::AccessToken, &policies.key, now) {
            WhenRotatable::Now(_) => Some(now),
            WhenRotatable::At(_, from) => Some(from),
            WhenRotatable::NoNext => None,
        };
        let mut signing: Vec<_> = ring.keys.iter().collect();
        signing.sort_by_key(|key| (kind(key.purpose) != "signing", place(key.state), key.published_at));
        let mut mac: Vec<_> = ring.mac_keys.iter().collect();
        mac.sort_by_key(|key| (key.state != MacKeyState::Active, key.created_at));
        let items = signing.into_iter().map(KeyView::signing).chain(mac.into_iter().map(KeyView::mac)).collect();
        Ok(Self { items, rotatable_at: rotatable.map(rfc3339), rotatable })
    }
}

const fn kind(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Feed => "feed",
        Purpose::IdToken => "id_token",
        _ => "signing",
    }
}

const fn place(state: KeyState) -> u8 {
    match state {
        KeyState::Active => 0,
        KeyState::Next => 1,
        KeyState::Retiring => 2,
        KeyState::Revoked => 3,
    }
}

impl KeyView {
    fn signing(key: &RingKey) -> Self {
        Self {
            kind: kind(key.purpose),
            id: key.id.as_str().to_owned(),
            algorithm: Some(key.algorithm.as_str()),
            state: key.state.code(),
            created_at: rfc3339(key.published_at),
            active_since: key.activated_at.map(rfc3339),
            gone_at: key.gone_at.map(rfc3339),
            created: key.published_at,
            gone: key.gone_at,
        }
    }

    fn mac(key: &MacKey) -> Self {
        Self {
            kind: "mac",
            id: key.id.to_string(),
            algorithm: None,
            state: key.state.code(),
            created_at: rfc3339(key.created_at),
            active_since: None,
            gone_at: key.gone_at.map(rfc3339),
            created: key.created_at,
            gone: key.gone_at,
        }
    }
}

impl Answer for KeyList {
    fn show(&self, page: &mut Page) {
        let row = |key: &KeyView| {
            let gone = key.gone.map_or_else(|| "-".to_owned(), |gone| page.words(gone));
            let algorithm = key.algorithm.unwrap_or("HMAC");
            [key.kind.into(), key.state.into(), algorithm.into(), page.words(key.created), gone, key.id.clone()]
        };
        let rows: Vec<[String; 6]> = self.items.iter().map(row).collect();
        page.table(["KIND", "STATE", "ALGORITHM", "PUBLISHED", "GONE", "ID"], &rows);
        if let Some(rotatable) = self.rotatable {
            page.aside(&format!("The next signing key may sign {}.", page.words(rotatable)));
        }
    }
}
