//! Which resolver the host uses (resolv.conf(5)).

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::nat::DOMAIN;

const PATH: &str = "/etc/resolv.conf";
/// How long what the file says is trusted: the host's network may change under a running guest.
const TRUST: Duration = Duration::from_secs(1);

/// The host's resolver.
#[derive(Debug)]
pub(super) struct Resolver {
    fixed: Option<SocketAddr>,
    read: Option<(Instant, Option<SocketAddr>)>,
}

impl Resolver {
    pub(super) fn new(fixed: Option<SocketAddr>) -> Self {
        Self { fixed, read: None }
    }

    /// Where queries go now; `None` if the host has no resolver.
    pub(super) fn current(&mut self) -> Option<SocketAddr> {
        if self.fixed.is_some() {
            return self.fixed;
        }
        if let Some((at, address)) = self.read
            && at.elapsed() < TRUST
        {
            return address;
        }
        let address = match std::fs::read_to_string(PATH) {
            Ok(text) => first_name_server(&text).map(|address| SocketAddr::new(address, DOMAIN)),
            Err(error) => {
                tracing::warn!(%error, path = PATH, "the guest's queries have nowhere to go");
                None
            }
        };
        self.read = Some((Instant::now(), address));
        address
    }
}

/// The first `nameserver`, one with an IPv4 address if there is any: not every host speaks IPv6 to the world.
fn first_name_server(text: &str) -> Option<IpAddr> {
    let servers = || {
        text.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            let is_server = words.next() == Some("nameserver");
            words.next().filter(|_| is_server)?.parse::<IpAddr>().ok()
        })
    };
    servers().find(IpAddr::is_ipv4).or_else(|| servers().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_server_counts_and_ipv4_before_ipv6() {
        let address = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        for (text, expected) in [
            ("", None),
            ("# nameserver 1.2.3.4\nsearch x\n", None),
            ("nameserver\nnameserver x\n", None),
            ("nameserver 192.0.2.1\nnameserver 192.0.2.2\n", address("192.0.2.1")),
            ("\tnameserver \t 192.0.2.1 # c\n", address("192.0.2.1")),
            ("nameserver 2001:db8::1\nnameserver 192.0.2.2\n", address("192.0.2.2")),
            ("nameserver fe80::1%eth0\nnameserver 2001:db8::1\n", address("2001:db8::1")),
        ] {
            assert_eq!(first_name_server(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_given_resolver_is_used_as_it_is() {
        let fixed = "127.0.0.1:5353".parse().ok();
        assert_eq!(Resolver::new(fixed).current(), fixed);
    }
}
