//! Sockets for filters: what travels there is frames, which the `stream` netdev's connection reads and writes.

use std::os::fd::{AsRawFd, OwnedFd};

use elnic_contract::nearest;
use elnic_netdev::{InetAddress, StreamAddress, StreamOptions};

use super::edge::Edge;
use super::{Address, Chardev, Chardevs, Kind, NetdevError, Socket};

/// A device in a filter's hands.
pub(crate) struct Lent {
    /// How its connection goes on.
    pub(crate) options: StreamOptions,
    /// The socket whose number the options name, until it has been taken.
    pub(crate) socket: Option<OwnedFd>,
}

impl Chardevs {
    /// Whether [`Chardevs::lend`] would find the device.
    ///
    /// # Errors
    /// There is none, it is in use, or it is no socket.
    pub(crate) fn check(&self, label: &str) -> Result<(), NetdevError> {
        let name = label.to_owned();
        let Some(chardev) = self.list.iter().find(|known| known.label == label) else {
            let nearest = nearest(label, self.list.iter().map(|known| known.label.as_str()));
            return Err(NetdevError::NoChardev { name, nearest: nearest.map(str::to_owned) });
        };
        match chardev.kind {
            _ if chardev.used => Err(NetdevError::ChardevInUse(name)),
            Kind::Socket(_) => Ok(()),
            Kind::Null | Kind::Stdio | Kind::File { .. } => Err(NetdevError::ChardevKind(name)),
        }
    }

    /// Hands a socket that nobody uses to a filter.
    ///
    /// # Errors
    /// As [`Chardevs::check`], or it cannot be opened again.
    pub(crate) fn lend(&mut self, label: &str) -> Result<Lent, NetdevError> {
        self.check(label)?;
        let gone = |why: String| NetdevError::ChardevGone(why);
        let found = self.list.iter_mut().find(|known| known.label == label);
        let Some(chardev) = found else { return Err(gone(label.to_owned())) };
        let edge = match chardev.edge.take() {
            Some(edge) => edge,
            // A filter had it before.
            None => chardev.reopen().map_err(gone)?,
        };
        let lent = match edge {
            // A server that waited for its first peer has it; further ones are not waited for.
            Edge::Listening(_, _, Some(socket)) => over(socket, false),
            Edge::Listening(listener, ..) => {
                over(listener.duplicate().map_err(|error| gone(error.to_string()))?, true)
            }
            Edge::Connected(socket, Socket { reconnect: 0, .. }) => over(socket, false),
            Edge::Connected(_, socket) | Edge::Connecting(socket) => {
                Lent { options: dialled(&socket), socket: None }
            }
            Edge::Null | Edge::Stdio | Edge::File(_) => {
                return Err(NetdevError::ChardevKind(label.to_owned()));
            }
        };
        chardev.used = true;
        Ok(lent)
    }

    /// The filter has gone: the device is free for another.
    pub(crate) fn give_back(&mut self, label: &str) {
        if let Some(chardev) = self.list.iter_mut().find(|known| known.label == label) {
            chardev.used = false;
            chardev.edge = chardev.reopen().ok();
        }
    }
}

impl Chardev {
    /// Opens the device anew, without waiting for anybody.
    fn reopen(&mut self) -> Result<Edge, String> {
        self.closer.take().iter().for_each(super::edge::Closer::close);
        let mut kind = self.kind.clone();
        if let Kind::Socket(socket) = &mut kind {
            socket.wait = false;
        }
        let edge = Edge::open(&kind)?;
        self.closer = edge.closer();
        Ok(edge)
    }
}

fn over(socket: OwnedFd, server: bool) -> Lent {
    let address = StreamAddress::Fd { number: socket.as_raw_fd().to_string() };
    let options = StreamOptions { address, server, reconnect: None, reconnect_ms: None };
    Lent { options, socket: Some(socket) }
}

fn dialled(socket: &Socket) -> StreamOptions {
    let address = match &socket.address {
        Address::Unix { path, is_abstract } => {
            StreamAddress::Unix { path: path.clone(), is_abstract: *is_abstract, tight: true }
        }
        Address::Inet { host, port, ipv4, ipv6 } => {
            let (host, port) = (host.clone(), port.clone());
            let (ipv4, ipv6) = (Some(*ipv4), Some(*ipv6));
            StreamAddress::Inet(InetAddress { host, port, ipv4, ipv6, ..InetAddress::default() })
        }
        Address::Descriptor(number) => StreamAddress::Fd { number: number.clone() },
    };
    let reconnect = Some(socket.reconnect).filter(|seconds| *seconds > 0);
    StreamOptions { address, server: false, reconnect, reconnect_ms: None }
}
