//! Forwarding rules in force: which ports of the host lead to which of the guest.
//!
//! A rule's socket is bound on the caller's thread, so that who asks for a rule learns at once whether the host grants
//! it; then the I/O thread owns it.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsRawFd;

use socket2::{Domain, Protocol, Socket, Type};

use crate::io::{Command, FlowId};
use crate::options::{ForwardError, ForwardKey, ForwardProtocol, HostForward};
use crate::stack::Context;
use crate::udp::Translator;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 128;

/// A rule in force.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    flow: FlowId,
    pub(crate) forward: HostForward,
    /// The host's end as it is bound, with the port the host chose if none was asked for.
    pub(crate) local: SocketAddr,
    pub(crate) fd: i32,
}

/// A socket bound for a rule that is not in force yet.
#[derive(Debug)]
pub(crate) struct Bound {
    forward: HostForward,
    local: SocketAddr,
    socket: BoundSocket,
}

#[derive(Debug)]
enum BoundSocket {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

/// All rules.
#[derive(Debug, Default)]
pub(crate) struct Forwards {
    rules: Vec<Rule>,
}

impl Bound {
    /// Binds the host's end of `forward`; `text` is the rule as given.
    ///
    /// # Errors
    /// [`ForwardError::SetUp`]
    pub(crate) fn new(text: &str, forward: HostForward) -> Result<Self, ForwardError> {
        Self::bind(forward).map_err(|error| ForwardError::SetUp {
            rule: text.to_owned(),
            reason: error.to_string(),
        })
    }

    fn bind(forward: HostForward) -> io::Result<Self> {
        let address = forward.key.host;
        let (kind, protocol) = match forward.key.protocol {
            ForwardProtocol::Tcp => (Type::STREAM, Protocol::TCP),
            ForwardProtocol::Udp => (Type::DGRAM, Protocol::UDP),
        };
        let kind = kind.cloexec().nonblocking();
        let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        let socket = match forward.key.protocol {
            ForwardProtocol::Tcp => {
                // A connection of an earlier run that lingers does not keep the port.
                socket.set_reuse_address(true)?;
                socket.bind(&address.into())?;
                socket.listen(BACKLOG)?;
                BoundSocket::Tcp(socket.into())
            }
            ForwardProtocol::Udp => {
                socket.bind(&address.into())?;
                BoundSocket::Udp(socket.into())
            }
        };
        let local = match &socket {
            BoundSocket::Tcp(socket) => socket.local_addr()?,
            BoundSocket::Udp(socket) => socket.local_addr()?,
        };
        Ok(Self { forward, local, socket })
    }
}

impl Forwards {
    /// Puts a rule in force; the host's end as it is bound.
    pub(crate) fn add(
        &mut self,
        cx: &mut Context<'_>,
        udp: &mut Translator,
        bound: Bound,
    ) -> SocketAddr {
        let Bound { forward, local, socket } = bound;
        let (flow, fd) = match socket {
            BoundSocket::Tcp(listener) => {
                let (rule, fd) = (cx.io.new_flow(), listener.as_raw_fd());
                cx.io.send(Command::Listen { rule, listener });
                (rule, fd)
            }
            BoundSocket::Udp(socket) => {
                let fd = socket.as_raw_fd();
                (udp.forward(cx, (socket, local, fd), forward.guest), fd)
            }
        };
        self.rules.push(Rule { flow, forward, local, fd });
        local
    }

    /// Ends the rule of that name. Connections that came through it stay.
    ///
    /// # Errors
    /// [`ForwardError::NotFound`]
    pub(crate) fn remove(
        &mut self,
        cx: &mut Context<'_>,
        udp: &mut Translator,
        key: ForwardKey,
        text: &str,
    ) -> Result<(), ForwardError> {
        let named = |rule: &Rule| {
            let bound = ForwardKey { host: rule.local, ..rule.forward.key };
            rule.forward.key == key || bound == key
        };
        let index = self.rules.iter().position(named);
        let index = index.ok_or_else(|| ForwardError::NotFound(text.to_owned()))?;
        let rule = self.rules.remove(index);
        match rule.forward.key.protocol {
            ForwardProtocol::Tcp => cx.io.send(Command::Close { flow: rule.flow }),
            ForwardProtocol::Udp => udp.close(cx, rule.flow),
        }
        Ok(())
    }

    /// The host's and the guest's end of a rule.
    pub(crate) fn ends(&self, flow: FlowId) -> Option<(SocketAddr, SocketAddr)> {
        let rule = self.rules.iter().find(|rule| rule.flow == flow)?;
        Some((rule.local, rule.forward.guest))
    }

    /// All rules, in the order they came into force.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
