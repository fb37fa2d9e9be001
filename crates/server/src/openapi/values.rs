//! The values that occur again and again, each under its name and with the limits that the rules hold it to.

use crate::limits::{REASON_CHARACTERS_MAX, VERIFIER_ID_CHARACTERS_MAX};
use countersign_core::client::{AuthenticationMethod as ClientMethod, ClientKind, ClientStatus};
use countersign_core::grant::GrantType;
use countersign_core::key_ring::{KeyState, Purpose};
use countersign_core::limits::{
    CLIENT_ID_CHARACTERS_MAX, CLIENT_NAME_CHARACTERS_MAX, CLIENT_RESOURCES_MAX, LOGIN_CHARACTERS_MAX,
    PASSWORD_BYTES_MAX, PASSWORD_BYTES_MIN, RESOURCE_URI_BYTES_MAX, ROLE_CHARACTERS_MAX, ROLES_MAX,
    SCOPE_CHARACTERS_MAX, SCOPES_MAX,
};
use countersign_core::session::EndReason;
use countersign_core::token::{REFRESH_TOKEN_CHARACTERS, REFRESH_TOKEN_PREFIX};
use countersign_jose::Algorithm;
use countersign_jose::limits::{KEY_ID_BYTES_MAX, TOKEN_BYTES_MAX};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{KnownFormat, Ref, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

macro_rules! values {
    ($($name:ident = $schema:expr, $description:expr;)*) => {
        $(
            /// A schema under this name; the type has no values.
            pub(crate) enum $name {}

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    $schema.description(Some($description)).build().into()
                }
            }

            impl ToSchema for $name {}
        )*

        /// Every named value.
        pub(super) fn all() -> Vec<(String, RefOr<Schema>)> {
            vec![$(($name::name().into_owned(), $name::schema())),*]
        }
    };
}

// What `char::is_control` says, and beside it the spaces that a login may not begin or end with.
const NO_CONTROL: &str = r"[^\u0000-\u001f\u007f-\u009f]";
const NO_CONTROL_NO_SPACE: &str = r"[^\s\u0000-\u001f\u007f-\u009f]";
const SCOPE_TOKEN: &str = r"[\x21\x23-\x5b\x5d-\x7e]";
// The last of the 22 characters carries two bits.
const ID: &str = "^[A-Za-z0-9_-]{21}[AQgw]$";

values! {
    Login = text(1, LOGIN_CHARACTERS_MAX).pattern(Some(
        format!("^{NO_CONTROL_NO_SPACE}({NO_CONTROL}*{NO_CONTROL_NO_SPACE})?$")
    )), format!("1 to {LOGIN_CHARACTERS_MAX} characters in Unicode NFC, no control characters, no space at either end. \
        Letter case does not tell two accounts apart.");
    // JSON Schema counts characters: the fewest that can be so many bytes, and the most.
    Password = text(PASSWORD_BYTES_MIN.div_ceil(4), PASSWORD_BYTES_MAX)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password))),
        format!("{PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX} bytes of UTF-8 in NFC, and not among the common ones. \
            No rules of composition.");
    Id = text(22, 22).pattern(Some(ID)), "128 random bits, as 22 characters of base64url.";
    Retry = text(22, 22).pattern(Some("^[A-Za-z0-9_-]{22}$")),
        "22 random characters of base64url. The same request sent again with the same ones is answered again, even \
         where only they show that nobody else has the token.";
    ClientId = printable(CLIENT_ID_CHARACTERS_MAX),
        format!("1 to {CLIENT_ID_CHARACTERS_MAX} printable ASCII characters without space.");
    ClientName = text(1, CLIENT_NAME_CHARACTERS_MAX).pattern(Some(format!("^{NO_CONTROL}+$"))),
        format!("1 to {CLIENT_NAME_CHARACTERS_MAX} characters, no control characters.");
    ClientKindCode = words(ClientKind::REGISTERED.map(ClientKind::code)),
        "An application on a server (`web`), in a browser (`spa`) or on a device (`native`), at which people sign in; an \
         agent that acts for somebody (`mcp`); a program that acts for itself (`machine`, RFC 6749 §4.4).";
    ClientStatusCode = words([ClientStatus::Active, ClientStatus::Disabled].map(ClientStatus::code)),
        "Whether the client may be used.";
    AuthenticationMethod = words(ClientMethod::ALL.map(ClientMethod::code)),
        "How the client authenticates (RFC 7591 §2).";
    GrantTypeCode = words(GrantType::ALL.map(GrantType::code)), "The grant (RFC 6749 §1.3).";
    ClientSecretText = text(47, 47).pattern(Some("^css_[A-Za-z0-9_-]{43}$")),
        "The secret, shown this once: storage holds its hash alone.";
    ScopeToken = text(1, SCOPE_CHARACTERS_MAX).pattern(Some(format!("^{SCOPE_TOKEN}+$"))),
        format!("One scope (RFC 6749 §3.3): 1 to {SCOPE_CHARACTERS_MAX} printable ASCII characters without space, `\"` \
            and `\\`.");
    ScopeList = ObjectBuilder::new().schema_type(Type::String).max_length(Some(SCOPES_MAX * (SCOPE_CHARACTERS_MAX + 1)))
        .pattern(Some(format!(
            "^ *({SCOPE_TOKEN}{{1,{SCOPE_CHARACTERS_MAX}}}( +{SCOPE_TOKEN}{{1,{SCOPE_CHARACTERS_MAX}}}){{0,{}}})? *$",
            SCOPES_MAX - 1
        ))),
        format!("Scopes separated by spaces (RFC 6749 §3.3), {SCOPES_MAX} at most; their order means nothing.");
    ResourceUriText = text(1, RESOURCE_URI_BYTES_MAX).format(Some(SchemaFormat::Custom("uri".to_owned())))
        .pattern(Some(r"^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]+$")),
        format!("The URI of a resource server (RFC 8707 §2): absolute, without fragment, {RESOURCE_URI_BYTES_MAX} bytes \
            at most.");
    RoleName = text(1, ROLE_CHARACTERS_MAX).pattern(Some("^[A-Za-z0-9_.:-]+$")),
        format!("1 to {ROLE_CHARACTERS_MAX} letters, digits and `-_.:`.");
    RoleNames = list::<RoleName>(ROLES_MAX), format!("What the account may do; {ROLES_MAX} roles at most.");
    KeyIdText = printable(KEY_ID_BYTES_MAX), format!("`kid`: 1 to {KEY_ID_BYTES_MAX} printable ASCII characters.");
    KeyStateCode = words([KeyState::Next, KeyState::Active, KeyState::Retiring, KeyState::Revoked].map(KeyState::code)),
        "`next` is published and signs later; `retiring` signs no more, but its tokens hold; `revoked`: they do not.";
    KeyPurpose = words(Purpose::ALL.map(Purpose::code)), "What the key signs.";
    AlgorithmName = words(Algorithm::ALL.map(Algorithm::as_str)), "`alg` (RFC 7518 §3.1, RFC 8037 §3.1).";
    EndReasonCode = words(EndReason::ALL.iter().map(|reason| reason.code())), "Why the session ended.";
    Moment = ObjectBuilder::new().schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))), "A time (RFC 3339), in UTC.";
    CompactToken = text(1, TOKEN_BYTES_MAX).pattern(Some(r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")),
        format!("A JWS in compact serialization (RFC 7515 §7.1), {TOKEN_BYTES_MAX} bytes at most.");
    RefreshTokenText = text(REFRESH_TOKEN_CHARACTERS, REFRESH_TOKEN_CHARACTERS)
        .pattern(Some(format!("^{REFRESH_TOKEN_PREFIX}[A-Za-z0-9_-]+$"))),
        format!("{REFRESH_TOKEN_CHARACTERS} characters that begin with `{REFRESH_TOKEN_PREFIX}`; opaque.");
    FeedPosition = text(38, 53)
        .pattern(Some("^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}:(0|[1-9][0-9]{0,14}|[1-8][0-9]{15})$")),
        "A place in the feed, `epoch:number`: the epoch is a UUID of version 7 in lower case.";
    VerifierName = printable(VERIFIER_ID_CHARACTERS_MAX),
        format!("1 to {VERIFIER_ID_CHARACTERS_MAX} printable ASCII characters that tell verifiers apart.");
    ReasonText = text(1, REASON_CHARACTERS_MAX).pattern(Some(format!("^{NO_CONTROL}+$"))),
        format!("1 to {REASON_CHARACTERS_MAX} characters for the audit log, no control characters.");
    Preferences = ObjectBuilder::new().schema_type(Type::String), "Preferences (RFC 7240 §2).";
    EntityTags = ObjectBuilder::new().schema_type(Type::String), "Entity tags, or `*` (RFC 9110 §13.1.2).";
    ScopeTokens = list::<ScopeToken>(SCOPES_MAX), format!("{SCOPES_MAX} scopes at most.");
    ResourceUris = list::<ResourceUriText>(CLIENT_RESOURCES_MAX),
        format!("{CLIENT_RESOURCES_MAX} resource servers at most.");
}

/// Text of so many characters.
fn text(min: usize, max: usize) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(min)).max_length(Some(max))
}

/// What `u8::is_ascii_graphic` says of every byte.
fn printable(max: usize) -> ObjectBuilder {
    text(1, max).pattern(Some(r"^[\x21-\x7e]+$"))
}

/// One of these words.
fn words(words: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

/// A list of named values.
fn list<T: ToSchema>(max: usize) -> ArrayBuilder {
    ArrayBuilder::new().items(Ref::from_schema_name(T::name())).max_items(Some(max))
}
