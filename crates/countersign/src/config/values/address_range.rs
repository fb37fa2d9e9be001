//! Ranges of IP addresses.

use crate::config::{error::Fault, shapes::Text};
use std::{fmt, net::IpAddr};

/// One address, or a range in CIDR notation (RFC 4632 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AddressRange {
    first: IpAddr,
    prefix: u8,
}

impl AddressRange {
    /// How a key takes it.
    pub(in crate::config) const SHAPE: Text<Self> =
        Text { what: "an IP address or a range such as \"10.0.0.0/8\"", parse: Self::parse };

    /// Whether `address` is in the range; an IPv4 address mapped into IPv6 counts as IPv4.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.prefix) == self.first
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| {
            Fault::new("not an IP address or a range of them: names are not looked up").hint("as in \"10.0.0.0/8\"")
        })?;
        let address = address.to_canonical();
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix =
            match prefix {
                None => bits,
                Some(digits) => digits.parse().ok().filter(|prefix| *prefix <= bits).ok_or_else(|| {
                    Fault::new(format!("the length of the prefix is a whole number from 0 to {bits}"))
                })?,
            };
        let range = Self { first: masked(address, prefix), prefix };
        if range.first != address {
            return Err(Fault::new("bits are set behind the prefix").hint(format!("use \"{range}\"")));
        }
        Ok(range)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

/// `address` with all bits behind the first `prefix` cleared.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AddressRange;

    fn holds(range: &str, address: &str) -> bool {
        AddressRange::parse(range).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_range_holds_what_shares_its_prefix() {
        assert!(holds("10.0.0.0/8", "10.255.0.1"));
        assert!(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(holds("192.0.2.7", "192.0.2.7"));
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1"));
        assert!(holds("::/0", "2001:db8::1"));
    }

    #[test]
    fn a_range_holds_nothing_else() {
        assert!(!holds("10.0.0.0/8", "11.0.0.1"));
        assert!(!holds("192.0.2.7", "192.0.2.8"));
        assert!(!holds("0.0.0.0/0", "2001:db8::1"));
        assert!(!holds("2001:db8::/32", "2001:db9::1"));
    }
}
