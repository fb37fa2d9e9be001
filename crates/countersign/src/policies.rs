//! From the configuration to the policies of rules and server. No rule reads configuration.

use crate::config::{self, Algorithm, Config, SignUp};
use crate::failure::Failure;
use countersign_core::Span;
use countersign_core::account::PasswordPolicy;
use countersign_core::ops::Policies;
use countersign_core::policy::{KeyPolicy, SessionPolicy, TokenPolicy};
use countersign_jose::Leeway;
use countersign_server::telemetry::{LogFormat, LogPolicy, MetricsAccess};
use countersign_server::{
    AddressRange, Bucket, FeedAccess, FeedPolicy, HashingPolicy, HttpPolicy, RoutePolicy, SignUpPolicy, ThrottlePolicy,
};
use std::time::Duration;

/// What the rules go by, under `issuer`.
pub(crate) fn of_rules(config: &Config, issuer: String) -> Result<Policies, Failure> {
    let token = TokenPolicy {
        issuer,
        algorithm: algorithm(config.tokens.algorithm),
        access_lifetime: Span::from(config.tokens.access_lifetime),
    };
    let session = SessionPolicy {
        idle: Span::from(config.sessions.idle),
        absolute: Span::from(config.sessions.absolute),
        grace: Span::from(config.sessions.grace),
        forgiveness: config.sessions.forgiveness,
    };
    let key =
        KeyPolicy { rotation: Span::from(config.keys.rotation), publish_ahead: Span::from(config.keys.publish_ahead) };
    Ok(Policies { token, session, key, password: passwords(config)? })
}

/// What the routes go by.
pub(crate) fn of_routes(config: &Config) -> Result<RoutePolicy, Failure> {
    Ok(RoutePolicy {
        sign_up: match config.accounts.sign_up {
            SignUp::Closed => SignUpPolicy::Closed,
            SignUp::Open => SignUpPolicy::Open,
        },
        leeway: Leeway::seconds(config.tokens.leeway.as_secs()).map_err(Failure::usage)?,
        jwks_max_age: Span::from(config.keys.jwks_max_age),
        feed: FeedPolicy {
            access: match config.feed.access {
                config::FeedAccess::Client => FeedAccess::Client,
                config::FeedAccess::Public => FeedAccess::Public,
            },
            head_every: Span::from(config.feed.head_every),
        },
        metrics: match config.telemetry.metrics {
            config::MetricsAccess::Loopback => MetricsAccess::Loopback,
            config::MetricsAccess::Public => MetricsAccess::Public,
            config::MetricsAccess::Off => MetricsAccess::Off,
        },
    })
}

/// How the server speaks to browsers and proxies, under `issuer`.
pub(crate) fn of_http(config: &Config, issuer: &str) -> HttpPolicy {
    let origins = |origins: &[config::WebOrigin]| origins.iter().map(|origin| origin.as_str().to_owned()).collect();
    let mut http = HttpPolicy::new(issuer);
    http.trusted_origins = origins(&config.server.trusted_origins);
    http.cors_origins = origins(&config.server.cors_origins);
    http.behind_proxy = config.server.behind_proxy.iter().filter_map(|range| cidr(&range.to_string())).collect();
    http
}

/// A range from its notation (RFC 4632 §3.1).
fn cidr(notation: &str) -> Option<AddressRange> {
    let (first, bits) = notation.split_once('/')?;
    Some(AddressRange::new(first.parse().ok()?, bits.parse().ok()?))
}

/// How passwords are hashed.
pub(crate) fn of_hashing(config: &Config) -> HashingPolicy {
    HashingPolicy { wait_max: config.limits.hash_queue_wait, ..HashingPolicy::default() }
}

/// How many sign-ins may fail.
pub(crate) fn of_throttle(config: &Config) -> ThrottlePolicy {
    let limits = &config.limits;
    let bucket = |burst: u32, every: Duration| Bucket { burst, every: Span::from(every) };
    ThrottlePolicy {
        account: bucket(limits.sign_in_account_burst, limits.sign_in_account_every),
        address: bucket(limits.sign_in_address_burst, limits.sign_in_address_every),
        network: bucket(limits.sign_in_network_burst, limits.sign_in_network_every),
    }
}

/// How the log looks, and how much there is of it.
pub(crate) fn of_log(config: &Config) -> LogPolicy {
    LogPolicy {
        format: match config.telemetry.log_format {
            config::LogFormat::Pretty => LogFormat::Pretty,
            config::LogFormat::Json => LogFormat::Json,
        },
        filter: config.telemetry.log_level.as_str().to_owned(),
    }
}

fn passwords(config: &Config) -> Result<PasswordPolicy, Failure> {
    let Some(path) = &config.accounts.password_blocklist_file else { return Ok(PasswordPolicy::with_blocklist("")) };
    let list = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(error).about(format!("the blocklist {} can't be read", path.display())))?;
    Ok(PasswordPolicy::with_blocklist(&list))
}

const fn algorithm(algorithm: Algorithm) -> countersign_jose::Algorithm {
    match algorithm {
        Algorithm::Es256 => countersign_jose::Algorithm::Es256,
        Algorithm::EdDsa => countersign_jose::Algorithm::EdDsa,
        Algorithm::Rs256 => countersign_jose::Algorithm::Rs256,
        Algorithm::Ps256 => countersign_jose::Algorithm::Ps256,
        Algorithm::Es384 => countersign_jose::Algorithm::Es384,
        Algorithm::Hs256 => countersign_jose::Algorithm::Hs256,
    }
}

#[cfg(test)]
mod tests {
    use super::{cidr, of_hashing, of_http, of_routes, of_rules, of_throttle};
    use crate::config::{Environment, Flags, load};
    use countersign_core::key_ring::MasterKey;
    use countersign_server::ServerParts;
    use countersign_store_sqlite::{Options, SqliteStore};
    use std::sync::Arc;

    #[test]
    fn an_embedded_server_has_the_defaults_of_the_command_line() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = std::iter::empty::<(String, String)>().collect::<Environment>();
        let config = load(&Flags::default(), &nothing, folder.path()).unwrap();
        let issuer = config.server.issuer_at(8420).to_string();
        let store = SqliteStore::open(&Options::at(folder.path().join("a.db"))).unwrap();
        let parts = ServerParts::new(Arc::new(store), MasterKey::from_bytes([1; MasterKey::BYTES]), issuer.as_str());
        let (rules, ours) = (of_rules(&config, issuer.clone()).unwrap(), &parts.policies);
        let same = |ours: &dyn std::fmt::Debug, configured: &dyn std::fmt::Debug| {
            assert_eq!(format!("{ours:?}"), format!("{configured:?}"));
        };
        same(&ours.token, &rules.token);
        same(&ours.session, &rules.session);
        same(&ours.key, &rules.key);
        same(&parts.routes, &of_routes(&config).unwrap());
        same(&parts.http, &of_http(&config, &issuer));
        same(&parts.hashing, &of_hashing(&config));
        same(&parts.throttle, &of_throttle(&config));
    }

    #[test]
    fn a_range_keeps_its_meaning() {
        let holds = |range: &str, address: &str| cidr(range).unwrap().contains(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.1.2.3"));
        assert!(!holds("10.0.0.0/8", "11.1.2.3"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1"));
    }
}
