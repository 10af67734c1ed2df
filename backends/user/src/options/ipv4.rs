//! `net`, `ip`, `host`, `dns` and `dhcpstart`.

use std::net::Ipv4Addr;

use super::{Options, OptionsError, parse_ipv4};

/// The IPv4 side of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ipv4Settings {
    pub(crate) network: Ipv4Addr,
    pub(crate) mask: Ipv4Addr,
    /// The host as the guest sees it: gateway, DHCP and TFTP server, alias of the host's loopback.
    pub(crate) host: Ipv4Addr,
    pub(crate) dns: Ipv4Addr,
    pub(crate) dhcp_start: Ipv4Addr,
}

impl Ipv4Settings {
    pub(super) fn new(options: &Options) -> Result<Self, OptionsError> {
        let legacy = options.ip.as_ref().map(|address| format!("{address}/24"));
        let (network, mask) = match options.net.as_ref().or(legacy.as_ref()) {
            Some(text) => parse_network(text)?,
            None => (Ipv4Addr::new(10, 0, 2, 0), Ipv4Addr::new(255, 255, 255, 0)),
        };
        let network = network & mask;
        let at = |host: u32| network | (Ipv4Addr::from(host) & !mask);
        let given = |option: &Option<String>, default, error| match option {
            Some(text) => parse_ipv4(text).ok_or(error),
            None => Ok(default),
        };

        let mut this =
            Self { network, mask, host: at(0x0202), dns: at(0x0203), dhcp_start: at(0x020f) };
        this.host = given(&options.host, this.host, OptionsError::Host)?;
        if !this.contains(this.host) {
            return Err(OptionsError::HostOutside);
        }
        this.dns = given(&options.dns, this.dns, OptionsError::Dns)?;
        if options.restrict && !this.contains(this.dns) {
            return Err(OptionsError::DnsOutside);
        }
        if this.dns == this.host {
            return Err(OptionsError::DnsIsHost);
        }
        this.dhcp_start = given(&options.dhcpstart, this.dhcp_start, OptionsError::DhcpStart)?;
        if !this.contains(this.dhcp_start) {
            return Err(OptionsError::DhcpOutside);
        }
        if this.dhcp_start == this.host || this.dhcp_start == this.dns {
            return Err(OptionsError::DhcpTaken);
        }
        Ok(this)
    }

    /// Whether `address` belongs to the network.
    pub(crate) fn contains(&self, address: Ipv4Addr) -> bool {
        address & self.mask == self.network
    }

    /// Whether `address` is the all-ones or the subnet's broadcast address.
    pub(crate) fn is_broadcast(&self, address: Ipv4Addr) -> bool {
        // A /31 or /32 has no room for a broadcast address (RFC 3021).
        let wide = u32::from(self.mask).count_ones() < 31;
        address.is_broadcast() || (wide && address == self.network | !self.mask)
    }

    /// Where guest forwarding rules without an address lead: as libslirp has it, number 4.
    pub(crate) fn fourth(&self) -> Ipv4Addr {
        self.network | (Ipv4Addr::new(0, 0, 0, 4) & !self.mask)
    }

    /// Whether a guest may use `address` as its own.
    pub(crate) fn is_guest(&self, address: Ipv4Addr) -> bool {
        let ours = address == self.host || address == self.dns;
        let reserved =
            address.octets()[0] == 0 || address.is_loopback() || address.octets()[0] >= 240;
        !(ours || reserved || address.is_multicast() || self.is_broadcast(address))
    }
}

/// `address`, `address/length` or `address/mask`.
fn parse_network(text: &str) -> Result<(Ipv4Addr, Ipv4Addr), OptionsError> {
    let Some((address, mask)) = text.split_once('/') else {
        let address = parse_ipv4(text).ok_or(OptionsError::Net)?;
        return Ok((address, class_mask(address)));
    };
    let address = parse_ipv4(address).ok_or(OptionsError::Net)?;
    let mask = match mask.parse::<i64>() {
        Ok(length) => match u32::try_from(length) {
            Ok(length @ 4..=32) => Ipv4Addr::from(u32::MAX << (32 - length)),
            _ => return Err(OptionsError::NetLength),
        },
        Err(_) => parse_ipv4(mask).ok_or(OptionsError::NetMask)?,
    };
    // A mask with holes would make "belongs to the network" mean nothing.
    let length = u32::from(mask).leading_ones();
    if u32::from(mask).count_ones() != length || !(4..=32).contains(&length) {
        return Err(OptionsError::NetLength);
    }
    Ok((address, mask))
}

/// The mask of a network given without one: its class (RFC 791 §3.2), or its block if private or for benchmarks.
fn class_mask(address: Ipv4Addr) -> Ipv4Addr {
    let length = match address.octets() {
        [0..=127, ..] => 8,
        [172, 16..=31, ..] => 12,
        [192, 168, ..] | [128..=191, ..] => 16,
        [198, 18 | 19, ..] => 15,
        [192..=223, ..] => 24,
        [224..=255, ..] => 28,
    };
    Ipv4Addr::from(u32::MAX << (32 - length))
}
