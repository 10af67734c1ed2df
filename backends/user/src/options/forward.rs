//! Host forwarding rules: `[tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport`.
//!
//! As QEMU reads them, and in addition IPv6 addresses in brackets: `tcp:[::1]:2222-[fec0::15]:22`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::parse_ipv4;

/// The transport of a forwarding rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ForwardProtocol {
    /// Stream connections.
    Tcp,
    /// Datagrams.
    Udp,
}

/// What names a rule when it is to be removed: `[tcp|udp]:[hostaddr]:hostport`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForwardKey {
    /// The transport.
    pub protocol: ForwardProtocol,
    /// The host's end. Port 0 asks the host for a free one.
    pub host: SocketAddr,
}

/// One rule: what arrives at `key.host` goes to `guest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostForward {
    /// The transport and the host's end.
    pub key: ForwardKey,
    /// The guest's end; the port is at least 1.
    pub guest: SocketAddr,
}

/// Why a forwarding rule was refused, in QEMU's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForwardError {
    /// The rule cannot be read.
    #[error("Invalid host forwarding rule '{rule}' ({reason})")]
    Invalid {
        /// The rule as given.
        rule: String,
        /// What of it is wrong.
        reason: &'static str,
    },
    /// The rule is well formed, but the host does not grant it.
    #[error("Could not set up host forwarding rule '{rule}': {reason}")]
    SetUp {
        /// The rule as given.
        rule: String,
        /// What the host said.
        reason: String,
    },
    /// A rule to remove cannot be read.
    #[error("invalid format")]
    InvalidKey,
    /// There is no such rule.
    #[error("host forwarding rule for {0} not found")]
    NotFound(String),
}

impl HostForward {
    /// Reads a rule; `default_guest` is meant where the rule names no guest.
    ///
    /// # Errors
    /// [`ForwardError::Invalid`], with QEMU's reason.
    pub fn parse(rule: &str, default_guest: Option<Ipv4Addr>) -> Result<Self, ForwardError> {
        Self::read(rule, default_guest)
            .map_err(|reason| ForwardError::Invalid { rule: rule.to_owned(), reason })
    }

    fn read(rule: &str, default_guest: Option<Ipv4Addr>) -> Result<Self, &'static str> {
        let (protocol, rest) = rule.split_once(':').ok_or("No : separators")?;
        let protocol = parse_protocol(protocol).ok_or("Bad protocol name")?;
        let (address, rest) = split_address(rest).ok_or("Missing : separator")?;
        let address = parse_host(address).ok_or("Bad host address")?;
        let (port, rest) = rest.split_once('-').ok_or("Bad host port separator")?;
        let port = parse_port(port).ok_or("Bad host port")?;
        let (guest, guest_port) = split_address(rest).ok_or("Missing guest address")?;
        let guest = match (guest, default_guest) {
            ("", Some(guest)) => guest.into(),
            ("", None) => return Err("Missing guest address"),
            (text, _) => parse_address(text).ok_or("Bad guest address")?,
        };
        let guest_port = parse_port(guest_port).filter(|&port| port > 0).ok_or("Bad guest port")?;
        if guest.is_ipv4() != address.is_ipv4() {
            return Err("Bad guest address");
        }
        let key = ForwardKey { protocol, host: SocketAddr::new(address, port) };
        Ok(Self { key, guest: SocketAddr::new(guest, guest_port) })
    }
}

impl ForwardKey {
    /// Reads `[tcp|udp]:[hostaddr]:hostport`.
    ///
    /// # Errors
    /// [`ForwardError::InvalidKey`].
    pub fn parse(text: &str) -> Result<Self, ForwardError> {
        Self::read(text).ok_or(ForwardError::InvalidKey)
    }

    fn read(text: &str) -> Option<Self> {
        let (protocol, rest) = text.split_once(':')?;
        let protocol = parse_protocol(protocol)?;
        let (address, port) = split_address(rest)?;
        Some(Self { protocol, host: SocketAddr::new(parse_host(address)?, parse_port(port)?) })
    }
}

impl fmt::Display for ForwardProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

impl fmt::Display for HostForward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}-{}", self.key.protocol, self.key.host, self.guest)
    }
}

fn parse_protocol(text: &str) -> Option<ForwardProtocol> {
    match text {
        "tcp" | "" => Some(ForwardProtocol::Tcp),
        "udp" => Some(ForwardProtocol::Udp),
        _ => None,
    }
}

/// The address before the next `:` outside brackets, and what follows.
fn split_address(text: &str) -> Option<(&str, &str)> {
    if text.starts_with('[') {
        let end = text.find(']')? + 1;
        let (address, rest) = text.split_at(end);
        return Some((address, rest.strip_prefix(':')?));
    }
    text.split_once(':')
}

/// The host's address; empty means every IPv4 address of the host, as in QEMU.
fn parse_host(text: &str) -> Option<IpAddr> {
    if text.is_empty() { Some(Ipv4Addr::UNSPECIFIED.into()) } else { parse_address(text) }
}

fn parse_address(text: &str) -> Option<IpAddr> {
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => parse_ipv4(text).map(IpAddr::V4),
    }
}

/// A port as `strtol` with base 0 reads it; empty is 0.
fn parse_port(text: &str) -> Option<u16> {
    if text.is_empty() {
        return Some(0);
    }
    let (digits, radix) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    digits.starts_with(|c: char| c.is_ascii_hexdigit()).then_some(())?;
    u16::from_str_radix(digits, radix).ok()
}
