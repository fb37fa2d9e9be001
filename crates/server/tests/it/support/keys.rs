//! RSA keys that all tests of this process share: making one takes a tenth of a second, and nearly every server here makes
//! two that few look at.

use countersign_core::{Source, Time};
use countersign_jose::{Algorithm, KeyError, SigningKey};
use countersign_server::ManualSource;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

static RSA: LazyLock<[SigningKey; 3]> =
    LazyLock::new(|| [(); 3].map(|()| SigningKey::generate(Algorithm::Rs256).expect("a key")));

/// A source whose first few RSA keys are those of every other test.
pub(crate) struct SharedKeys {
    source: Arc<ManualSource>,
    taken: AtomicUsize,
}

impl SharedKeys {
    pub(crate) fn over(source: Arc<ManualSource>) -> Self {
        Self { source, taken: AtomicUsize::new(0) }
    }
}

impl Source for SharedKeys {
    fn now(&self) -> Time {
        self.source.now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.source.fill(bytes);
    }

    fn signing_key(&self, algorithm: Algorithm) -> Result<SigningKey, KeyError> {
        let shared = (algorithm == Algorithm::Rs256).then(|| RSA.get(self.taken.fetch_add(1, Ordering::Relaxed)));
        match shared.flatten() {
            Some(key) => SigningKey::from_stored(algorithm, key.id().clone(), &key.to_stored()),
            None => self.source.signing_key(algorithm),
        }
    }
}
