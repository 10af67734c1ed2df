//! How connections begin: listening and accepting, resolving and connecting. Nothing here waits.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

use elnic_netclient::Endpoint;
use nix::errno::Errno;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::endpoint;
use crate::BoundPath;

/// A socket that listens.
pub struct Listener {
    socket: Socket,
    /// What notices call a peer that has no address of its own: a unix server's path.
    name: Option<Endpoint>,
    keep_alive: bool,
    _path: Option<BoundPath>,
}

impl Listener {
    /// Listens on `socket`, which is bound, for one peer at a time. `path` is what it is bound to, if anything is.
    ///
    /// # Errors
    /// The system refuses.
    pub fn new(socket: Socket, path: Option<BoundPath>) -> io::Result<Self> {
        // One peer is served; a second one waits until the first is gone.
        socket.listen(1)?;
        Self::listening(socket, path)
    }

    /// Takes a socket that listens already.
    ///
    /// # Errors
    /// The system refuses, or the socket does not listen.
    pub fn listening(socket: Socket, path: Option<BoundPath>) -> io::Result<Self> {
        if !socket.is_listener()? {
            return Err(Errno::EINVAL.into());
        }
        socket.set_nonblocking(true)?;
        let local = socket.local_addr()?;
        let name = local.is_unix().then(|| endpoint(&local));
        Ok(Self { socket, name, keep_alive: false, _path: path })
    }

    /// Has peers that are accepted watched by TCP's keep-alive.
    pub fn set_keep_alive(&mut self, keep_alive: bool) {
        self.keep_alive = keep_alive;
    }

    /// The address it listens at.
    ///
    /// # Errors
    /// The system refuses.
    pub fn local(&self) -> io::Result<Endpoint> {
        Ok(endpoint(&self.socket.local_addr()?))
    }

    /// The peer that waits, if one does.
    pub(super) fn accept(&self) -> io::Result<Option<(Socket, Endpoint)>> {
        match self.socket.accept() {
            Ok((socket, address)) => {
                prepare(&socket)?;
                if self.keep_alive {
                    socket.set_keepalive(true)?;
                }
                let address = self.name.clone().unwrap_or_else(|| endpoint(&address));
                Ok(Some((socket, address)))
            }
            Err(error) if is_passing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Makes an inet socket that listens at the first port from `first` to `last` that is free.
///
/// # Errors
/// None is free, or the system refuses for another reason.
pub fn stream_listener(
    address: std::net::SocketAddr,
    last: u16,
    protocol: Protocol,
    only_ipv6: bool,
) -> io::Result<Listener> {
    let mut address = address;
    loop {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(protocol))?;
        // A server that comes back finds its port though connections of its old life linger.
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            socket.set_only_v6(only_ipv6)?;
        }
        let listened = socket.bind(&address.into()).and_then(|()| Listener::new(socket, None));
        match listened {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && address.port() < last => {
                address.set_port(address.port() + 1);
            }
            result => return result,
        }
    }
}

/// Finds the addresses of a peer. Called before every attempt: names may move.
pub type Opener = Box<dyn FnMut() -> io::Result<Vec<SockAddr>> + Send>;

/// Where a client connects to.
pub struct Dial {
    /// Finds the addresses, which are tried in this order.
    pub addresses: Opener,
    /// What the socket speaks: TCP, multipath TCP, or nothing on unix.
    pub protocol: Option<Protocol>,
    /// TCP's keep-alive.
    pub keep_alive: bool,
    /// The path of a unix server, which notices name.
    pub path: Option<PathBuf>,
}

/// An attempt.
pub(super) enum Attempt {
    /// The peer is there.
    Connected(Socket, Endpoint),
    /// Wait until the socket can be written.
    Pending(Pending),
}

/// A connection under way, and the addresses that are left if it fails.
pub(super) struct Pending {
    socket: Socket,
    address: SockAddr,
    left: Vec<SockAddr>,
}

impl AsFd for Pending {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Dial {
    /// Begins to connect.
    pub(super) fn start(&mut self) -> io::Result<Attempt> {
        let mut addresses = (self.addresses)()?;
        addresses.reverse();
        self.next(addresses, Errno::EADDRNOTAVAIL.into())
    }

    /// A pending socket can be written: it is connected or has failed.
    pub(super) fn resume(&self, pending: Pending) -> io::Result<Attempt> {
        let Pending { socket, address, left } = pending;
        match socket.take_error() {
            Ok(None) => Ok(Attempt::Connected(socket, self.name(&address))),
            Ok(Some(error)) | Err(error) => self.next(left, error),
        }
    }

    /// Tries the last of `left` that can be tried.
    fn next(&self, mut left: Vec<SockAddr>, mut error: io::Error) -> io::Result<Attempt> {
        while let Some(address) = left.pop() {
            let begun = Socket::new(address.domain(), Type::STREAM, self.protocol)
                .and_then(|socket| prepare(&socket).map(|()| socket))
                .and_then(|socket| socket.set_keepalive(self.keep_alive).map(|()| socket));
            let socket = match begun {
                Ok(socket) => socket,
                Err(why) => {
                    error = why;
                    continue;
                }
            };
            match socket.connect(&address) {
                Ok(()) => return Ok(Attempt::Connected(socket, self.name(&address))),
                Err(why) if why.raw_os_error() == Some(Errno::EINPROGRESS as i32) => {
                    return Ok(Attempt::Pending(Pending { socket, address, left }));
                }
                // A unix server whose backlog is full says EAGAIN: as good as absent for now.
                Err(why) => error = why,
            }
        }
        Err(error)
    }

    fn name(&self, address: &SockAddr) -> Endpoint {
        match &self.path {
            Some(path) => Endpoint::Unix { path: path.clone() },
            None => endpoint(address),
        }
    }
}

/// Frames are written whole: waiting for more to send would only make them late.
fn prepare(socket: &Socket) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    if socket.local_addr().is_ok_and(|address| !address.is_unix()) {
        // Multipath TCP may not know it; then it goes without.
        let _ = socket.set_tcp_nodelay(true);
    }
    Ok(())
}

/// Whether there is just nobody, or somebody who has gone again.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, Interrupted, WouldBlock};
    matches!(error.kind(), WouldBlock | Interrupted | ConnectionAborted)
}
