//! Where an address the guest names leads, and how the world's addresses look to the guest.
//!
//! The host's address is an alias of the host's loopback, the name server's leads to a resolver, and nothing else of the
//! network leads anywhere: a guest reaches what the host's own programs reach, but neither the host's loopback by its
//! own name nor anything that is heard by many.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::icmp::Unreachable;
use crate::options::{Ipv4Settings, Ipv6Settings, Settings};

/// The port name servers listen on.
pub(crate) const DOMAIN: u16 = 53;

/// A host's end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outside {
    /// This address of the world or of the host's loopback.
    Address(SocketAddr),
    /// The host's resolver, whichever it is at the time.
    Resolver,
}

/// Why a destination leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoWay {
    /// To be told to the guest.
    Unreachable(Unreachable),
    /// An address nobody may send to; not to be answered.
    BadAddress,
}

/// The host's end for what the guest calls `destination`.
pub(crate) fn outside(settings: &Settings, destination: SocketAddr) -> Result<Outside, NoWay> {
    let alias = |host: IpAddr, dns: IpAddr, loopback: IpAddr, on_link: bool| {
        if destination.ip() == host {
            Some(Ok(Outside::Address(SocketAddr::new(loopback, destination.port()))))
        } else if !on_link {
            None
        } else if destination.ip() != dns {
            Some(Err(NoWay::Unreachable(Unreachable::Host)))
        } else if destination.port() == DOMAIN {
            Some(Ok(Outside::Resolver))
        } else {
            Some(Err(NoWay::Unreachable(Unreachable::Port)))
        }
    };
    let known = match destination.ip() {
        IpAddr::V4(address) => {
            let Some(v4) = settings.ipv4 else { return Err(NoWay::BadAddress) };
            if is_nowhere(&v4, address) {
                return Err(NoWay::BadAddress);
            }
            alias(v4.host.into(), v4.dns.into(), Ipv4Addr::LOCALHOST.into(), v4.contains(address))
        }
        IpAddr::V6(address) => {
            let Some(v6) = settings.ipv6 else { return Err(NoWay::BadAddress) };
            if is_nowhere_v6(&v6, address) {
                return Err(NoWay::BadAddress);
            }
            alias(v6.host.into(), v6.dns.into(), Ipv6Addr::LOCALHOST.into(), v6.is_on_link(address))
        }
    };
    known.unwrap_or(Ok(Outside::Address(destination)))
}

/// How a peer of the host looks to the guest: the host's loopback is the host's address.
pub(crate) fn inside(settings: &Settings, peer: SocketAddr) -> SocketAddr {
    let shown = match (peer.ip(), settings.ipv4, settings.ipv6) {
        (IpAddr::V4(address), Some(v4), _) if address.is_loopback() => v4.host.into(),
        (IpAddr::V6(address), _, Some(v6)) if address.is_loopback() => v6.host.into(),
        (address, ..) => address,
    };
    SocketAddr::new(shown, peer.port())
}

fn is_nowhere(v4: &Ipv4Settings, address: Ipv4Addr) -> bool {
    address.octets()[0] == 0
        || address.is_loopback()
        || address.octets()[0] >= 240
        || address.is_multicast()
        || v4.is_broadcast(address)
}

fn is_nowhere_v6(v6: &Ipv6Settings, address: Ipv6Addr) -> bool {
    address.is_unspecified()
        || address.is_loopback()
        || address.is_multicast()
        || address.to_ipv4_mapped().is_some()
        || address.is_unicast_link_local() && !v6.is_own(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    fn lead(text: &str) -> Result<Outside, NoWay> {
        outside(&Options::default().settings().unwrap(), text.parse().unwrap())
    }

    fn address(text: &str) -> Result<Outside, NoWay> {
        Ok(Outside::Address(text.parse().unwrap()))
    }

    #[test]
    fn the_hosts_address_is_its_loopback_and_the_world_is_itself() {
        assert_eq!(lead("10.0.2.2:80"), address("127.0.0.1:80"));
        assert_eq!(lead("[fec0::2]:80"), address("[::1]:80"));
        assert_eq!(lead("192.0.2.7:80"), address("192.0.2.7:80"));
        assert_eq!(lead("[2001:db8::7]:80"), address("[2001:db8::7]:80"));
    }

    #[test]
    fn only_queries_go_to_the_resolver() {
        assert_eq!(lead("10.0.2.3:53"), Ok(Outside::Resolver));
        assert_eq!(lead("[fec0::3]:53"), Ok(Outside::Resolver));
        assert_eq!(lead("10.0.2.3:80"), Err(NoWay::Unreachable(Unreachable::Port)));
        assert_eq!(lead("10.0.2.77:80"), Err(NoWay::Unreachable(Unreachable::Host)));
    }

    #[test]
    fn the_hosts_loopback_and_groups_cannot_be_named() {
        for text in [
            "127.0.0.1:80",
            "127.9.9.9:80",
            "0.0.0.0:80",
            "10.0.2.255:80",
            "224.0.0.1:80",
            "255.255.255.255:80",
            "[::1]:80",
            "[::ffff:127.0.0.1]:80",
            "[ff02::1]:80",
            "[fe80::1234]:80",
            "[::]:80",
        ] {
            assert_eq!(lead(text), Err(NoWay::BadAddress), "{text}");
        }
    }

    #[test]
    fn loopback_peers_look_like_the_host() {
        let settings = Options::default().settings().unwrap();
        let shown = |text: &str| inside(&settings, text.parse().unwrap()).to_string();
        assert_eq!(shown("127.0.0.1:5555"), "10.0.2.2:5555");
        assert_eq!(shown("[::1]:5555"), "[fec0::2]:5555");
        assert_eq!(shown("192.0.2.7:5555"), "192.0.2.7:5555");
    }
}
