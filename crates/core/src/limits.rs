//! Every limit of the rules, with its unit in its name. Those of tokens are in `countersign_jose::limits`.

use crate::time::Span;

/// Characters of a login.
pub const LOGIN_CHARACTERS_MAX: usize = 256;
/// Bytes of a password in NFC: shorter ones are guessed.
pub const PASSWORD_BYTES_MIN: usize = 12;
/// Bytes of a password in NFC: longer ones only cost.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// Live sessions of one account; opening one more ends the least recently refreshed.
pub const SESSIONS_PER_ACCOUNT_MAX: u32 = 100;
/// Roles of one account.
pub const ROLES_MAX: usize = 32;
/// Characters of a role.
pub const ROLE_CHARACTERS_MAX: usize = 64;
/// Scopes of one resource, or of one request.
pub const SCOPES_MAX: usize = 64;
/// Characters of one scope.
pub const SCOPE_CHARACTERS_MAX: usize = 128;
/// Bytes of a resource's URI, which becomes `aud`.
pub const RESOURCE_URI_BYTES_MAX: usize = 512;
/// Characters of a client id.
pub const CLIENT_ID_CHARACTERS_MAX: usize = 256;
/// Characters of a client's name.
pub const CLIENT_NAME_CHARACTERS_MAX: usize = 128;
/// Resource servers for which one client may have tokens.
pub const CLIENT_RESOURCES_MAX: usize = 64;
/// Bytes of a redirect URI.
pub const REDIRECT_URI_BYTES_MAX: usize = 1024;
/// Redirect URIs of one client.
pub const REDIRECT_URIS_MAX: usize = 32;
/// Clients that registered themselves and that nobody used yet.
pub const CLIENTS_UNUSED_MAX: u32 = 1_000;
/// How long a client that registered itself is kept if nobody uses it.
pub const CLIENT_UNUSED_KEPT: Span = Span::from_days(1);
/// How long a client that no operator registered is kept after its last use and the end of its last session: it may come
/// back, and knows nothing of having been forgotten.
pub const CLIENT_USED_KEPT: Span = Span::from_days(30);
/// How often it is written that such a client is used.
pub const CLIENT_USE_WRITTEN_EVERY: Span = Span::from_days(1);
/// How long an authorization code may be redeemed.
pub const CODE_LIFETIME: Span = Span::from_seconds(60);
/// The longest life of a client assertion: it must be remembered that long.
pub const ASSERTION_LIFETIME_MAX: Span = Span::from_seconds(3_600);
/// The longest for which a refresh token may stay good beside its successor.
pub const OVERLAP_MAX: Span = Span::from_seconds(3_600);
/// How long a redeemed code is remembered, so that its second use ends the session that it made.
pub const CODE_REMEMBERED: Span = Span::from_days(1);
/// Characters of a nonce (OpenID Connect Core §3.1.2.1).
pub const NONCE_CHARACTERS_MAX: usize = 255;
/// Characters of a client's `state` (RFC 6749 §4.1.1).
pub const STATE_CHARACTERS_MAX: usize = 2_048;
/// Parameters of an authorization request.
pub const AUTHORIZATION_PARAMETERS_MAX: usize = 32;
/// How long a browser may take to come with a request that was pushed: `expires_in` (RFC 9126 §2.2).
pub const PUSHED_REQUEST_LIFETIME: Span = Span::from_seconds(60);
/// Bytes of a request that is pushed, as a query.
pub const PUSHED_REQUEST_BYTES_MAX: usize = 16 * 1024;
/// Requests of one client that are pushed and not over: thirty sign-ins a second, of which a third are given up on a page.
pub const PUSHED_REQUESTS_PER_CLIENT_MAX: u32 = 10_000;
/// The same of a client that no operator registered: anybody can make more of those.
pub const PUSHED_REQUESTS_PER_STRANGER_MAX: u32 = 1_000;
/// How long a sign-in that was made for an authorization request need not be repeated for it: as long as somebody may
/// read the consent page.
pub const SIGN_IN_COUNTS_FOR: Span = Span::from_seconds(900);
/// How long a logout token is good (OpenID Connect Back-Channel Logout §2.4).
pub const LOGOUT_TOKEN_LIFETIME: Span = Span::from_seconds(120);
/// The pause after the first failure to deliver a logout token; each next one is four times as long, and jittered.
pub const LOGOUT_PAUSE_MIN: Span = Span::from_seconds(1);
/// The longest such pause.
pub const LOGOUT_PAUSE_MAX: Span = Span::from_seconds(3_600);
/// How long after a session's end its client is still told.
pub const LOGOUT_TOLD_FOR: Span = Span::from_days(1);
/// How often a client that answers that it will not (400) is told of one session's end.
pub const LOGOUT_REFUSALS_MAX: u32 = 6;
/// Characters of what a session is labelled with (a browser's name).
pub const LABEL_CHARACTERS_MAX: usize = 128;
/// Bytes of an account's attributes, names and values together.
pub const ATTRIBUTES_BYTES_MAX: usize = 1024;
/// Custom claims of one token.
pub const CUSTOM_CLAIMS_MAX: usize = 32;
/// Bytes of all custom claims of one token as a JSON object, names and values.
pub const CUSTOM_CLAIMS_BYTES_MAX: usize = 1024;
/// Bytes of a custom claim's name that is a word.
pub const CLAIM_NAME_BYTES_MAX: usize = 64;
/// Bytes of a custom claim's name that is a URI.
pub const CLAIM_URI_BYTES_MAX: usize = 256;
/// Items of one page of a list.
pub const PAGE_ITEMS_MAX: u16 = 100;
/// Networks that a session remembers as having rotated it.
pub const NETWORKS_MAX: usize = 4;
/// Consecutive generations that may be repeated from a network which never rotated the session (row 14).
pub const FOREIGN_RUN_MAX: u32 = 5;
/// How far beyond the stored generation a token may be after storage went back in time (row 17).
pub const RECOVERY_STEP_MAX: u32 = 1_000;
/// How often one refresh is judged anew after losing the race, before it answers 503.
pub const ATTEMPTS_MAX: u32 = 8;
/// The longest life of an access token: a revocation must be remembered that long.
pub const ACCESS_LIFETIME_MAX: Span = Span::from_seconds(3_600);
/// How long after the last `exp` a revocation still matters: 60 s leeway, 25 s skew, 5 s slack.
pub const REVOCATION_TAIL: Span = Span::from_seconds(90);
/// How far ahead `last_token_expires_at` is written beyond the grace period, so that repeats mostly only read.
pub const MINT_AHEAD: Span = Span::from_seconds(60);
/// How long a retired MAC key's tokens are still opened, at the least.
pub const MAC_KEY_KEPT_MIN: Span = Span::from_days(90);
/// One alarm of one kind about one MAC key in this time.
pub const ALARM_EVERY: Span = Span::from_seconds(3_600);
/// How long a key of the feed is published before it signs: verifiers fetch the feed's keys that often at the least.
pub const FEED_KEY_PUBLISHED_AHEAD: Span = Span::from_seconds(300);
