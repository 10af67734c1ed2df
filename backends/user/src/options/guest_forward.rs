//! Guest forwarding rules: `[tcp]:[server]:port-cmd:COMMAND` and `[tcp]:[server]:port-tcp:HOST:PORT`.
//!
//! The server is an address of the guest's network that nobody has; what the guest sends there a command of the host reads
//! from its standard input, or a server of the host's choosing gets. One command, or one connection, for each of the
//! guest's. They work with `restrict=on` too: a way out that the user built by hand is meant.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use super::{Ipv4Settings, parse_ipv4};

/// What is behind a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GuestTarget {
    /// A command for the shell.
    Command(Arc<str>),
    /// A command for the shell that wants a connection of TCP as its standard input and output.
    Server(Arc<str>),
    /// A server.
    Address(SocketAddr),
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GuestForward {
    pub(crate) server: SocketAddr,
    pub(crate) target: GuestTarget,
}

/// Why a guest forwarding rule was refused, in QEMU's words where it has some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuestForwardError {
    /// The rule cannot be read.
    #[error("Invalid guest forwarding rule '{rule}' ({reason})")]
    Invalid {
        /// The rule as given.
        rule: String,
        /// What of it is wrong.
        reason: &'static str,
    },
    /// The server is not in the guest's network, or somebody has it.
    #[error("Conflicting/invalid host:port in guest forwarding rule '{0}'")]
    Conflict(String),
    /// What is behind it is neither a command nor a server.
    #[error(
        "Could not open guest forwarding device of '{0}': cmd:COMMAND and tcp:HOST:PORT are supported"
    )]
    Device(String),
}

impl GuestForward {
    /// Reads a rule.
    pub(crate) fn parse(rule: &str, v4: &Ipv4Settings) -> Result<Self, GuestForwardError> {
        let (server, target) = Self::split(rule)
            .map_err(|reason| GuestForwardError::Invalid { rule: rule.to_owned(), reason })?;
        let server = match server {
            // As libslirp: the fourth address of the network.
            (None, port) => (v4.fourth(), port),
            (Some(address), port) => (address, port),
        };
        if !v4.contains(server.0) || server.0 == v4.host || server.0 == v4.dns {
            return Err(GuestForwardError::Conflict(rule.to_owned()));
        }
        let device = || GuestForwardError::Device(rule.to_owned());
        let target = match target.split_once(':').ok_or_else(device)? {
            ("cmd", command) if !command.is_empty() => GuestTarget::Command(command.into()),
            ("tcp", address) => {
                let mut found = address.to_socket_addrs().map_err(|_| device())?;
                GuestTarget::Address(found.next().ok_or_else(device)?)
            }
            _ => return Err(device()),
        };
        Ok(Self { server: SocketAddr::new(IpAddr::V4(server.0), server.1), target })
    }

    fn split(rule: &str) -> Result<((Option<Ipv4Addr>, u16), &str), &'static str> {
        let (protocol, rest) = rule.split_once(':').ok_or("No : separators")?;
        if !["tcp", ""].contains(&protocol) {
            return Err("Bad protocol name");
        }
        let (address, rest) = rest.split_once(':').ok_or("Missing : separator")?;
        let address = match address {
            "" => None,
            text => Some(parse_ipv4(text).ok_or("Bad server address")?),
        };
        let (port, target) = rest.split_once('-').ok_or("Bad server port separator")?;
        let port = port.parse().ok().filter(|&port: &u16| port > 0).ok_or("Bad server port")?;
        Ok(((address, port), target))
    }
}
