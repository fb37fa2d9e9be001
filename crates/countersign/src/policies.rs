//! From the configuration to the policies of rules and server. No rule reads configuration.

use crate::config::{self, Algorithm, Config, SignUp};
use crate::failure::Failure;
use countersign_core::Span;
use countersign_core::account::PasswordPolicy;
use countersign_core::ops::Policies;
use countersign_core::policy::{KeyPolicy, SessionPolicy, TokenPolicy};
use countersign_jose::Leeway;
use countersign_server::outbound::{ExtraRoots, OutboundPolicy};
use countersign_server::telemetry::{LogFormat, LogPolicy, MetricsAccess};
use countersign_server::{
    AddressRange, Bucket, DocumentPolicy, FeedAccess, FeedPolicy, HashingPolicy, RegistrationPolicy, ServerBuilder,
    SignUpPolicy, ThrottlePolicy,
};
use std::time::Duration;

/// What the rules go by, under `issuer`.
pub(crate) fn of_rules(config: &Config, issuer: String) -> Result<Policies, Failure> {
    let token = TokenPolicy {
        issuer,
        algorithm: algorithm(config.tokens.algorithm),
        access_lifetime: Span::from(config.tokens.access_lifetime),
        claims: config.tokens.claims.clone(),
    };
    Ok(Policies { token, session: sessions(config), key: keys(config), password: passwords(config)? })
}

/// The server as it is configured.
pub(crate) fn of_server(config: &Config, builder: ServerBuilder) -> Result<ServerBuilder, Failure> {
    let origins = |origins: &[config::WebOrigin]| origins.iter().map(|origin| origin.as_str().to_owned()).collect();
    Ok(builder
        .algorithm(algorithm(config.tokens.algorithm))
        .access_lifetime(Span::from(config.tokens.access_lifetime))
        .claims(config.tokens.claims.clone())
        .leeway(Leeway::seconds(config.tokens.leeway.as_secs()).map_err(Failure::usage)?)
        .sessions(sessions(config))
        .keys(keys(config))
        .jwks_max_age(Span::from(config.keys.jwks_max_age))
        .passwords(passwords(config)?)
        .sign_up(match config.accounts.sign_up {
            SignUp::Closed => SignUpPolicy::Closed,
            SignUp::Open => SignUpPolicy::Open,
        })
        .feed(feed(config))
        .trusted_origins(origins(&config.server.trusted_origins))
        .cors_origins(origins(&config.server.cors_origins))
        .behind_proxy(config.server.behind_proxy.iter().filter_map(|range| cidr(&range.to_string())).collect())
        .registration(match config.clients.registration {
            config::Registration::Open => RegistrationPolicy::Open,
            config::Registration::Token => RegistrationPolicy::Token,
            config::Registration::Off => RegistrationPolicy::Off,
        })
        .client_documents(match config.clients.metadata_documents {
            config::Documents::On => DocumentPolicy::On,
            config::Documents::Off => DocumentPolicy::Off,
        })
        .metrics(match config.telemetry.metrics {
            config::MetricsAccess::Loopback => MetricsAccess::Loopback,
            config::MetricsAccess::Public => MetricsAccess::Public,
            config::MetricsAccess::Off => MetricsAccess::Off,
        })
        .hashing(HashingPolicy { wait_max: config.limits.hash_queue_wait, ..HashingPolicy::default() })
        .throttle(throttle(config))
        .outbound(outbound(config)?)
        .audit_kept(config.telemetry.audit_kept.into()))
}

/// A range from its notation (RFC 4632 §3.1).
fn cidr(notation: &str) -> Option<AddressRange> {
    let (first, bits) = notation.split_once('/')?;
    Some(AddressRange::new(first.parse().ok()?, bits.parse().ok()?))
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

fn sessions(config: &Config) -> SessionPolicy {
    SessionPolicy {
        idle: Span::from(config.sessions.idle),
        absolute: Span::from(config.sessions.absolute),
        grace: Span::from(config.sessions.grace),
        forgiveness: config.sessions.forgiveness,
    }
}

fn keys(config: &Config) -> KeyPolicy {
    KeyPolicy { rotation: Span::from(config.keys.rotation), publish_ahead: Span::from(config.keys.publish_ahead) }
}

fn feed(config: &Config) -> FeedPolicy {
    FeedPolicy {
        access: match config.feed.access {
            config::FeedAccess::Client => FeedAccess::Client,
            config::FeedAccess::Public => FeedAccess::Public,
        },
        head_every: Span::from(config.feed.head_every),
    }
}

/// How many sign-ins may fail.
fn throttle(config: &Config) -> ThrottlePolicy {
    let limits = &config.limits;
    let bucket = |burst: u32, every: Duration| Bucket { burst, every: Span::from(every) };
    ThrottlePolicy {
        account: bucket(limits.sign_in_account_burst, limits.sign_in_account_every),
        address: bucket(limits.sign_in_address_burst, limits.sign_in_address_every),
        network: bucket(limits.sign_in_network_burst, limits.sign_in_network_every),
    }
}

/// What may be asked of others.
fn outbound(config: &Config) -> Result<OutboundPolicy, Failure> {
    let roots = config.server.outbound_ca_file.as_deref().map_or_else(|| Ok(ExtraRoots::default()), ExtraRoots::open);
    let roots = roots.map_err(|error| Failure::usage(error).about("`server.outbound_ca_file` can't be used"))?;
    Ok(OutboundPolicy { allow: config.server.outbound_allow.clone(), roots, ..OutboundPolicy::default() })
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
    use super::{cidr, of_server};
    use crate::config::{Environment, Flags, load};
    use countersign_core::key_ring::MasterKey;
    use countersign_server::Server;
    use countersign_store_sqlite::{Options, SqliteStore};
    use std::sync::Arc;

    #[test]
    fn an_embedded_server_has_the_defaults_of_the_command_line() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = std::iter::empty::<(String, String)>().collect::<Environment>();
        let config = load(&Flags::default(), &nothing, folder.path()).unwrap();
        let store = Arc::new(SqliteStore::open(&Options::at(folder.path().join("a.db"))).unwrap());
        let builder =
            || Server::builder(store.clone(), MasterKey::from_bytes([1; MasterKey::BYTES]), "http://localhost:1");
        let configured = of_server(&config, builder()).unwrap();
        assert_eq!(format!("{:#?}", builder()), format!("{configured:#?}"));
    }

    #[test]
    fn a_range_keeps_its_meaning() {
        let holds = |range: &str, address: &str| cidr(range).unwrap().contains(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.1.2.3"));
        assert!(!holds("10.0.0.0/8", "11.1.2.3"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1"));
    }
}
