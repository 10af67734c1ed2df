//! `ipv6-prefix`, `ipv6-prefixlen`, `ipv6-host` and `ipv6-dns`.

use std::net::Ipv6Addr;

use super::{Options, OptionsError};

/// The IPv6 side of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ipv6Settings {
    pub(crate) prefix: Ipv6Addr,
    pub(crate) length: u8,
    /// The host as the guest sees it.
    pub(crate) host: Ipv6Addr,
    pub(crate) dns: Ipv6Addr,
}

impl Ipv6Settings {
    /// The router's link-local address, `fe80::2`: source of router advertisements.
    pub(crate) const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);

    pub(super) fn new(options: &Options) -> Result<Self, OptionsError> {
        let prefix = match &options.ipv6_prefix {
            Some(text) => text.parse().map_err(|_| OptionsError::Ipv6Prefix)?,
            None => Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0),
        };
        let length = match u8::try_from(options.ipv6_prefixlen.unwrap_or(64)) {
            Ok(length @ 0..=126) => length,
            _ => return Err(OptionsError::Ipv6PrefixLength),
        };
        let at = |last: u128| Ipv6Addr::from(u128::from(prefix) | last);
        let mut this = Self { prefix, length, host: at(2), dns: at(3) };
        if let Some(text) = &options.ipv6_host {
            this.host = text.parse().map_err(|_| OptionsError::Ipv6Host)?;
            if !this.contains(this.host) {
                return Err(OptionsError::Ipv6HostOutside);
            }
        }
        if let Some(text) = &options.ipv6_dns {
            this.dns = text.parse().map_err(|_| OptionsError::Ipv6Dns)?;
            if options.restrict && !this.contains(this.dns) {
                return Err(OptionsError::Ipv6DnsOutside);
            }
        }
        Ok(this)
    }

    /// Whether `address` belongs to the prefix.
    pub(crate) fn contains(&self, address: Ipv6Addr) -> bool {
        let differing = u128::from(address) ^ u128::from(self.prefix);
        differing.leading_zeros() >= u32::from(self.length)
    }

    /// Whether `address` belongs to the prefix or to the link itself.
    pub(crate) fn is_on_link(&self, address: Ipv6Addr) -> bool {
        self.contains(address) || address.is_unicast_link_local()
    }

    /// Whether `address` is one of the stack's own.
    pub(crate) fn is_own(&self, address: Ipv6Addr) -> bool {
        [self.host, self.dns, Self::LINK_LOCAL].contains(&address)
    }
}
