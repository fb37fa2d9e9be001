//! Building a verifier: issuer, then audience, then whatever is not to be the default.

use std::{path::PathBuf, sync::Arc, time::Duration};

use countersign_jose::{HttpUri, KeySet, Leeway, ProofNonces, Secret, TokenType};
use countersign_revocation::Follower;
use url::Url;

use crate::{
    access::Access,
    background::{Context, Tasks},
    clock::{Clock, SystemClock, Timekeeper},
    discovery::{Issuer, Metadata},
    error::BuildError,
    feed::{Feed, FeedEvent, Observer, Relay},
    folder::{Kept, Saver, load},
    keys::{Keys, Unknown},
    limits::{
        CACHE_BYTES, FOREIGN_TOKEN_LIFE_SECONDS_MAX, LEEWAY_SECONDS, PROOF_AGE_SECONDS_MAX, PROOFS_MAX,
        STALENESS_MS_MAX,
    },
    net::{self, Net},
    policy::{Policy, Rules},
    proofs::Proofs,
    resource::ResourceMetadata,
    staleness::StalePolicy,
    state::State,
    terms::{ProofTerms, Terms},
    timing::Timing,
    verifier::{Inner, Verifier},
};

/// The audience is missing.
#[derive(Debug)]
pub struct WantsAudience(());

/// Everything that must be said has been said.
#[derive(Debug)]
pub struct Complete(Settings);

/// Builds a [`Verifier`]; see there for an example.
#[derive(Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct Builder<S> {
    issuer: String,
    stage: S,
}

struct Settings {
    audience: String,
    client: Option<(String, Secret<String>)>,
    feed_from: Option<String>,
    leeway_seconds: u64,
    staleness_ms_max: u64,
    stale: StalePolicy,
    folder: Option<PathBuf>,
    cache_bytes: usize,
    cache_mask: u64,
    foreign_type: TokenType,
    foreign_life_seconds_max: u64,
    public_url: Option<String>,
    nonces: Option<ProofNonces>,
    requires_proofs: bool,
    metadata: Option<ResourceMetadata>,
    timing: Timing,
    clock: Arc<dyn Clock>,
    observer: Option<Observer>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("audience", &self.audience).finish_non_exhaustive()
    }
}

impl Builder<WantsAudience> {
    pub(crate) const fn new(issuer: String) -> Self {
        Self { issuer, stage: WantsAudience(()) }
    }

    /// The URI under which this resource server is registered: one of `aud` must be it, byte for byte.
    pub fn audience(self, audience: impl Into<String>) -> Builder<Complete> {
        let settings = Settings {
            audience: audience.into(),
            client: None,
            feed_from: None,
            leeway_seconds: LEEWAY_SECONDS,
            staleness_ms_max: STALENESS_MS_MAX,
            stale: StalePolicy::default(),
            folder: None,
            cache_bytes: CACHE_BYTES,
            cache_mask: u64::MAX,
            foreign_type: TokenType::AccessToken,
            foreign_life_seconds_max: FOREIGN_TOKEN_LIFE_SECONDS_MAX,
            public_url: None,
            nonces: None,
            requires_proofs: false,
            metadata: None,
            timing: Timing::default(),
            clock: Arc::new(SystemClock::new()),
            observer: None,
        };
        Builder { issuer: self.issuer, stage: Complete(settings) }
    }
}

impl Builder<Complete> {
    /// The client as which the feed is read, with `client_secret_basic`; it needs the scope `feed:read`. Not needed where
    /// the feed is public.
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.stage.0.client = Some((id.into(), Secret::new(secret.into())));
        self
    }

    /// Reads the feed from a relay at this URL, or from another relay of it, in place of the issuer. Metadata, all keys and
    /// the client's token still come from the issuer, so a relay can withhold revocations, which shows, and nothing else.
    pub fn feed_from(mut self, url: impl Into<String>) -> Self {
        self.stage.0.feed_from = Some(url.into());
        self
    }

    /// How far clocks may differ, in whole seconds: 60 s at most, 10 s by default.
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.stage.0.leeway_seconds = leeway.as_secs();
        self
    }

    /// Beyond this age of what is known of revocations the verifier is stale. 10 s by default; heads come every second.
    pub fn max_staleness(mut self, most: Duration) -> Self {
        self.stage.0.staleness_ms_max = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// What happens to tokens while it is stale; routes may say otherwise. [`StalePolicy::Accept`] by default.
    pub const fn stale(mut self, policy: StalePolicy) -> Self {
        self.stage.0.stale = policy;
        self
    }

    /// Keeps metadata, keys and the feed's objects in this folder, and reads them back at start: then the issuer may be
    /// down. One verifier, one folder.
    pub fn data_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.stage.0.folder = Some(folder.into());
        self
    }

    /// Memory for verified tokens, for each audience: 16 MiB by default, 0 for none.
    pub const fn cache_bytes(mut self, bytes: usize) -> Self {
        self.stage.0.cache_bytes = bytes;
        self
    }

    /// Scheme, host and port under which clients call, such as `https://api.example`: proofs of possession name it. By
    /// default those of the audience, if that is a URL.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.stage.0.public_url = Some(url.into());
        self
    }

    /// Asks for a nonce in each proof of possession (RFC 9449 §9); by default none is. See [`Verifier::proof_nonce`] for how
    /// clients get the next one. Processes behind one name need nonces of one key.
    pub fn dpop_nonces(mut self, nonces: ProofNonces) -> Self {
        self.stage.0.nonces = Some(nonces);
        self
    }

    /// Refuses tokens that are not bound to a key, and every token that comes without a proof. By default both kinds are
    /// taken, and only what is bound needs a proof.
    pub const fn require_proofs(mut self) -> Self {
        self.stage.0.requires_proofs = true;
        self
    }

    /// Describes the audience to clients (RFC 9728): its refusals point to the document, which
    /// [`Verifier::metadata_response`] answers with. The audience must be a URL of this server for that.
    pub fn metadata(mut self, metadata: ResourceMetadata) -> Self {
        self.stage.0.metadata = Some(metadata);
        self
    }

    /// For an issuer that is no Countersign issuer: the `typ` of its access tokens, and how long they may live. `at+jwt`
    /// and 24 hours by default; many issuers write `JWT`, which is [`TokenType::IdToken`] too.
    pub fn foreign_tokens(mut self, typ: TokenType, life_max: Duration) -> Self {
        self.stage.0.foreign_type = typ;
        self.stage.0.foreign_life_seconds_max = life_max.as_secs();
        self
    }

    /// How long the background waits for what.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.stage.0.timing = timing;
        self
    }

    /// Another clock than the machine's: for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.stage.0.clock = clock;
        self
    }

    /// Lets the hashes of all tokens collide: for tests of what must not depend on them.
    #[cfg(feature = "test-kit")]
    pub const fn colliding_hashes(mut self) -> Self {
        self.stage.0.cache_mask = 0;
        self
    }

    /// Calls `look` for everything that happens to the feed: for tools that show it. It must not block.
    pub fn observe(mut self, look: impl Fn(&FeedEvent<'_>) + Send + Sync + 'static) -> Self {
        self.stage.0.observer = Some(Observer::new(look));
        self
    }

    /// Reads the folder back and starts the background. It does not wait for the issuer, which may be down: see
    /// [`Verifier::ready`] and [`Verifier::wait_until_current`].
    ///
    /// # Errors
    /// [`BuildError`] for what cannot become right by waiting.
    #[expect(clippy::unused_async, reason = "it starts tasks, so it belongs into a runtime; and may wait one day")]
    pub async fn build(self) -> Result<Verifier, BuildError> {
        // Tasks are spawned below, which would panic outside a runtime.
        tokio::runtime::Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let Complete(settings) = self.stage;
        if settings.audience.is_empty() {
            return Err(BuildError::Audience);
        }
        let issuer = issuer(self.issuer)?;
        let leeway = Leeway::seconds(settings.leeway_seconds)?;
        let public_url = public_url(settings.public_url, &settings.audience)?;
        let proofs = match (&public_url, settings.requires_proofs) {
            (None, true) => return Err(BuildError::PublicUrl),
            (None, false) => ProofTerms::None,
            (Some(_), false) => ProofTerms::Taken,
            (Some(_), true) => ProofTerms::Required,
        };
        let terms = Terms::new(&settings.audience, &issuer.name, settings.metadata.as_ref(), proofs)?;
        let time = Timekeeper::new(settings.clock.clone());
        let keys = Keys::new(Unknown::new(settings.timing.unknown_key_cooldown));
        let state = Arc::new(State::new(issuer.name.clone(), time, keys, settings.staleness_ms_max));
        let net = Net::new(&issuer.url, settings.timing.answer)?;
        let relay = settings.feed_from.map(|url| Relay::at(&url, settings.timing.answer)).transpose()?;
        let saver = settings.folder.clone().map(|folder| Saver::start(folder, settings.clock)).transpose();
        let saver = saver.map_err(BuildError::Folder)?;
        let access = Access::new(settings.client);
        let context = Context::new(state.clone(), issuer, net, settings.timing, access, saver);
        let context = Arc::new(context.reading_from(relay));
        let mut follower = Follower::new(state.issuer.clone(), state.revoked.clone());
        if let Some(folder) = settings.folder {
            follower = follower.saving();
            read_back(&context, &folder, &mut follower, settings.observer.as_ref()).map_err(BuildError::Folder)?;
        }
        let rules = Rules {
            leeway,
            foreign_type: settings.foreign_type,
            foreign_life_seconds_max: settings.foreign_life_seconds_max,
            cache_bytes: settings.cache_bytes,
            cache_mask: settings.cache_mask,
        };
        let policy = Policy::new(&state.issuer, &settings.audience, rules, terms);
        let proof_life_ms = (PROOF_AGE_SECONDS_MAX + 2 * leeway.as_seconds() + 1) * 1_000;
        let tasks = Tasks::start(&context, Feed::new(context.clone(), follower, settings.observer));
        let proofs = Proofs::new(proof_life_ms, PROOFS_MAX);
        let (stale, nonces) = (settings.stale, settings.nonces);
        let inner = Inner { state, context, stale, proofs, nonces, public_url, _tasks: tasks };
        Ok(Verifier::new(inner, policy))
    }
}

fn issuer(name: String) -> Result<Issuer, BuildError> {
    // RFC 8414 §2 asks the same of an issuer.
    let url = net::base_url(&name).map_err(BuildError::Issuer)?;
    Ok(Issuer { name, url })
}

fn public_url(given: Option<String>, audience: &str) -> Result<Option<String>, BuildError> {
    let is_given = given.is_some();
    let text = given.unwrap_or_else(|| audience.to_owned());
    let origin = Url::parse(&text).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
    match origin.map(|origin| origin.ascii_serialization()).filter(|origin| HttpUri::parse(origin).is_some()) {
        None if is_given => Err(BuildError::PublicUrl),
        origin => Ok(origin),
    }
}

/// What the folder holds, as if it had just come; what is not whole is left aside.
fn read_back(
    context: &Context,
    folder: &std::path::Path,
    follower: &mut Follower,
    observer: Option<&Observer>,
) -> std::io::Result<()> {
    let kept = Kept::read(folder)?;
    let state = &context.state;
    let Ok(metadata) = Metadata::parse(&context.net, &context.issuer, &kept.metadata) else { return Ok(()) };
    if let Ok(keys) = KeySet::from_json(&kept.feed_keys) {
        let taken = load(folder, &keys, state, follower, |object, applied| {
            if let Some(observer) = observer {
                observer.tell(&FeedEvent::Object { object, applied: applied.code() });
            }
        })?;
        state.set_as_of(follower.as_of());
        context.feed_keys.send_replace(Some(Arc::new(keys)));
        let staleness_ms = state.staleness_ms(state.time.now());
        tracing::info!(issuer = %state.issuer, objects = taken, staleness_ms, "read back from the data folder");
    }
    // After the objects: keys that they refuse are not taken.
    if let Ok(keys) = KeySet::from_json(&kept.keys) {
        state.keys.install(keys, &state.revoked);
    }
    context.take_metadata(Arc::new(metadata));
    Ok(())
}
