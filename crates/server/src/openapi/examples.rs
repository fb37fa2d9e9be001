//! What the examples of the document are made of: one deployment's worth of values that fit together.

pub(crate) const LOGIN: &str = "ana";
pub(crate) const PASSWORD: &str = "nine herons over a cold harbour";
pub(crate) const ACCOUNT: &str = "uY5yR0KQ3Jk1sV2oXw8fTA";
pub(crate) const SESSION: &str = "AAECAwQFBgcICQoLDA0ODw";
pub(crate) const RETRY: &str = "cmV0cnktb2YtYW5hLTEyMw";
pub(crate) const CLIENT: &str = "reports";
pub(crate) const CLIENT_SECRET: &str = "css_c2hvd24gb25jZSwgbmV2ZXIgYWdhaW4sIDMyIGJ5dGU";
pub(crate) const SCOPE: &str = "orders:read";
pub(crate) const TIME: &str = "2026-11-25T09:30:00Z";
pub(crate) const LATER: &str = "2026-11-25T09:41:30Z";
/// A thumbprint, as the server's own keys are named (RFC 7638).
pub(crate) const KEY: &str = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U";
/// Of the key of RFC 7515 appendix A.3.
pub(crate) const COORDINATES: (&str, &str) =
    ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
pub(crate) const ACCESS_TOKEN: &str = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl";
pub(crate) const REFRESH_TOKEN: &str = "csr_AQEAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHwAAAAAgISIjJCUmJygpKissLS4v";
pub(crate) const POSITION: &str = "01977420-dc00-75a5-a5a5-a5a5a5a5a5a5:5";
pub(crate) const FEED_OBJECT: &str = "eyJ0eXAiOiJjb3VudGVyc2lnbi1mZWVkK2p3dCJ9.eyJraW5kIjoiaGVhZCJ9.c2lnbmF0dXJl";
