//! The claim names that mean the same everywhere: no operator may give one another meaning.

/// What the server sets or may come to set, in access and ID tokens (RFC 7519, 7800, 8693, 9068, 9396, 9449, 9493,
/// OpenID Connect Core and its logout), and the members of an introspection answer, beside which claims stand
/// (RFC 7662 §2.2). In lower case and in order.
const REGISTERED: [&str; 66] = [
    "_claim_names",
    "_claim_sources",
    "acr",
    "act",
    "active",
    "address",
    "amr",
    "at_hash",
    "ath",
    "aud",
    "auth_time",
    "authorization_details",
    "azp",
    "birthdate",
    "c_hash",
    "client_id",
    "cnf",
    "crit",
    "email",
    "email_verified",
    "entitlements",
    "events",
    "exp",
    "family_name",
    "gender",
    "given_name",
    "groups",
    "htm",
    "htu",
    "iat",
    "iss",
    "jkt",
    "jti",
    "locale",
    "may_act",
    "middle_name",
    "name",
    "nbf",
    "nickname",
    "nonce",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "resource",
    "roles",
    "rt_hash",
    "s_hash",
    "scope",
    "sid",
    "sub",
    "sub_id",
    "sub_jwk",
    "toe",
    "token_introspection",
    "token_type",
    "txn",
    "typ",
    "updated_at",
    "username",
    "verified_claims",
    "vot",
    "vtm",
    "website",
    "zoneinfo",
];

/// Whether `name` is one of them, in whichever case: `Sub` would be taken for `sub` by whoever reads it.
pub(super) fn is_registered(name: &str) -> bool {
    REGISTERED.binary_search(&name.to_ascii_lowercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{REGISTERED, is_registered};

    #[test]
    fn each_stands_once_and_in_order() {
        assert!(REGISTERED.is_sorted_by(|one, other| one < other));
        assert!(REGISTERED.iter().all(|name| is_registered(name) && is_registered(&name.to_uppercase())));
        assert!(!is_registered("tenant") && !is_registered("https://example.com/sub"));
    }
}
