//! From when to when a certificate is valid, and what is worth a warning about it.

use countersign_core::{Span, Time};
use jiff::Timestamp;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use std::time::Duration;

/// From when to when a certificate is valid (RFC 5280 §4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    not_before: Time,
    not_after: Time,
}

/// What an operator should hear about a certificate's validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Valid, and long enough.
    Good,
    /// Valid from then on.
    NotYet { days: u64 },
    /// Valid for so many whole days.
    Short { days_left: u64 },
    /// Expired so many whole days ago.
    Expired { days: u64 },
}

// The last date that a certificate can name: 9999-12-31.
const LATEST: Duration = Duration::from_secs(253_402_300_799);
const DAY_SECONDS: u64 = 86_400;

impl Validity {
    /// Asks the verifier about the first and the last of all times: it judges validity before anything else, and its
    /// refusals name both limits. So no second parser of certificates is needed.
    pub(super) fn of(certificate: &CertificateDer<'_>, provider: &CryptoProvider) -> Option<Self> {
        let parsed = ParsedCertificate::try_from(certificate).ok()?;
        let at = |time| {
            let (roots, algorithms) = (RootCertStore::empty(), provider.signature_verification_algorithms.all);
            verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &[], time, algorithms)
        };
        let not_before = match at(UnixTime::since_unix_epoch(Duration::ZERO)) {
            Err(Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. })) => not_before,
            _ => UnixTime::since_unix_epoch(Duration::ZERO),
        };
        let not_after = match at(UnixTime::since_unix_epoch(LATEST)) {
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => not_after,
            _ => return None,
        };
        Some(Self { not_before: time(not_before), not_after: time(not_after) })
    }

    /// How it stands at this time.
    pub(super) fn standing(&self, now: Time, short: Span) -> Standing {
        let days = |span: Span| span.as_seconds() / DAY_SECONDS;
        if now < self.not_before {
            Standing::NotYet { days: days(self.not_before.since(now)) }
        } else if now > self.not_after {
            Standing::Expired { days: days(now.since(self.not_after)) }
        } else if self.not_after.since(now) < short {
            Standing::Short { days_left: days(self.not_after.since(now)) }
        } else {
            Standing::Good
        }
    }

    /// The first moment, as RFC 3339.
    pub(super) fn begins(&self) -> String {
        rfc3339(self.not_before)
    }

    /// The last moment, as RFC 3339.
    pub(super) fn ends(&self) -> String {
        rfc3339(self.not_after)
    }
}

fn time(unix: UnixTime) -> Time {
    Time::from_millis(unix.as_secs().saturating_mul(1_000))
}

fn rfc3339(time: Time) -> String {
    let seconds = i64::try_from(time.timestamp().as_seconds()).ok();
    seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).map(|at| at.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{DAY_SECONDS, Standing, Validity, time};
    use countersign_core::{Span, Time};
    use rcgen::{CertificateParams, KeyPair};
    use rustls::crypto::aws_lc_rs;
    use rustls::pki_types::UnixTime;
    use std::time::Duration;

    fn at(seconds: u64) -> Time {
        time(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }

    /// `ca` certificates are refused as a server's own; validity is judged before that.
    fn of(from: u64, to: u64, ca: rcgen::IsCa) -> Option<Validity> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = ca;
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(from);
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(to);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Validity::of(certificate.der(), &aws_lc_rs::default_provider())
    }

    #[test]
    fn both_limits_are_found_to_the_second() {
        for (from, to) in [(0, 1), (1_700_000_000, 1_700_000_001), (1, 4_000_000_000)] {
            for ca in [rcgen::IsCa::NoCa, rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained)] {
                let found = of(from, to, ca).unwrap();
                assert_eq!(found, Validity { not_before: at(from), not_after: at(to) });
            }
        }
    }

    #[test]
    fn days_are_whole_and_the_limits_belong_to_the_validity() {
        let (begin, end) = (100 * DAY_SECONDS, 200 * DAY_SECONDS);
        let validity = Validity { not_before: at(begin), not_after: at(end) };
        let standing = |seconds| validity.standing(at(seconds), Span::from_days(14));
        assert_eq!(standing(begin - 1), Standing::NotYet { days: 0 });
        assert_eq!(standing(begin), Standing::Good);
        assert_eq!(standing(end - 14 * DAY_SECONDS), Standing::Good);
        assert_eq!(standing(end - 14 * DAY_SECONDS + 1), Standing::Short { days_left: 13 });
        assert_eq!(standing(end), Standing::Short { days_left: 0 });
        assert_eq!(standing(end + 1), Standing::Expired { days: 0 });
        assert_eq!(standing(end + DAY_SECONDS), Standing::Expired { days: 1 });
        assert_eq!(
            (validity.begins().as_str(), validity.ends().as_str()),
            ("1970-04-11T00:00:00Z", "1970-07-20T00:00:00Z")
        );
    }
}
