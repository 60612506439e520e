//! Which addresses may be contacted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sealpost_wire::RelayHost;

/// How far a connection may go.
///
/// A contact names the relay of its return address. Without a limit it could make this device talk to a router or a
/// printer next to it; the limit is applied to what a name resolves to, so that a name cannot get around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Any address: for a relay that the person chose.
    Anywhere,
    /// Only addresses of the public internet: for a relay that somebody else named.
    Public,
}

impl Reach {
    /// How far to go for a server that another has named: as far as the other is itself. One that is next to the person, in
    /// a network at home for instance, may name what is next to it; one on the internet may not.
    pub(crate) fn of_named_by(host: &RelayHost) -> Self {
        let is_local = match host.host().parse::<IpAddr>() {
            Ok(address) => !Self::Public.allows(address),
            Err(_) => host.host() == "localhost" || host.host().ends_with(".localhost"),
        };
        if is_local { Self::Anywhere } else { Self::Public }
    }

    pub(super) fn allows(self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::Anywhere, _) => true,
            (Self::Public, IpAddr::V4(address)) => is_public_v4(address),
            (Self::Public, IpAddr::V6(address)) => is_public_v6(address),
        }
    }
}

/// Not one of the special-purpose blocks of the IANA registry (RFC 6890) that are not globally reachable.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && (b & 0xC0) == 64)
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (b & 0xFE) == 18)
        || a >= 224;
    !special
}

/// Global unicast (2000::/3) without the blocks of the registry that are not globally reachable: protocols' own addresses,
/// Teredo among them (2001::/23), 6to4 (2002::/16) and documentation.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let global = (first & 0xE000) == 0x2000;
    let protocols = first == 0x2001 && second < 0x0200;
    let documentation = (first, second) == (0x2001, 0x0DB8) || (first == 0x3FFF && second < 0x1000);
    let special = protocols || documentation || first == 0x2002;
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_named_by_others_is_not_looked_for_next_door() {
        for near in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001:0:1::",
            "2001:2::1",
            "2001:1ff::1",
            "3fff::1",
        ] {
            let address: IpAddr = near.parse().unwrap();
            assert!(!Reach::Public.allows(address), "{near}");
            assert!(Reach::Anywhere.allows(address), "{near}");
        }
    }

    #[test]
    fn a_relay_next_door_may_name_what_is_next_to_it() {
        let named_by = |host: &str| Reach::of_named_by(&host.parse().unwrap());
        for near in ["127.0.0.1:443", "192.168.1.2:443", "[::1]:443", "localhost:8443", "relay.localhost:443"] {
            assert_eq!(named_by(near), Reach::Anywhere, "{near}");
        }
        for far in ["relay.example.org:443", "9.9.9.9:443", "[2620:fe::fe]:443", "localhost.example.org:443"] {
            assert_eq!(named_by(far), Reach::Public, "{far}");
        }
    }

    #[test]
    fn public_addresses_are_within_reach() {
        for far in
            ["9.9.9.9", "100.128.0.1", "172.32.0.1", "2620:fe::fe", "2a00:1450::1", "2001:200::1", "3fff:1000::1"]
        {
            assert!(Reach::Public.allows(far.parse().unwrap()), "{far}");
        }
    }
}
