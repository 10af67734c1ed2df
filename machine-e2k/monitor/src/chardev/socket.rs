//! Sockets of every family as descriptors: made, and read together with the descriptors that clients pass.

use std::io::{self, IoSliceMut};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::Path;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, Shutdown, UnixAddr, recvmsg, shutdown};

use super::{Address, Socket};

/// Descriptors taken with one message at most.
const MOST_DESCRIPTORS: usize = 16;

/// A descriptor that nobody in this program owns yet.
#[expect(unsafe_code, reason = "a number is all the kernel, or the command line, gives")]
fn owned(number: RawFd) -> OwnedFd {
    // SAFETY: the number was just handed over by the kernel with a message, or is one that the user has opened for this
    // program and names once; nothing else here closes it.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// The descriptor of that number, if there is one.
fn inherited(number: &str) -> io::Result<OwnedFd> {
    let number: RawFd = number.parse().map_err(|_| io::ErrorKind::InvalidInput)?;
    // What cannot be looked up is not open.
    std::fs::metadata(format!("/proc/self/fd/{number}"))?;
    Ok(owned(number))
}

fn no_delay(stream: TcpStream, socket: &Socket) -> io::Result<OwnedFd> {
    stream.set_nodelay(socket.no_delay)?;
    Ok(stream.into())
}

/// The addresses of a host, of the families that are allowed.
fn resolve(
    host: &str,
    port: &str,
    (ipv4, ipv6): (bool, bool),
) -> io::Result<Vec<std::net::SocketAddr>> {
    let port: u16 = port.parse().map_err(|_| io::ErrorKind::InvalidInput)?;
    let any = if ipv4 { "0.0.0.0" } else { "::" };
    let host = if host.is_empty() { any } else { host };
    let all = (host, port).to_socket_addrs()?;
    let found: Vec<_> = all.filter(|found| if found.is_ipv4() { ipv4 } else { ipv6 }).collect();
    if found.is_empty() {
        return Err(io::Error::other("no address of an allowed family"));
    }
    Ok(found)
}

/// Connects.
pub(super) fn connect(socket: &Socket) -> io::Result<OwnedFd> {
    match &socket.address {
        Address::Unix { path, is_abstract: false } => Ok(UnixStream::connect(path)?.into()),
        Address::Unix { path, is_abstract: true } => {
            let name = SocketAddr::from_abstract_name(path.as_os_str().as_bytes())?;
            Ok(UnixStream::connect_addr(&name)?.into())
        }
        Address::Inet { host, port, ipv4, ipv6 } => {
            let addresses = resolve(host, port, (*ipv4, *ipv6))?;
            no_delay(TcpStream::connect(&addresses[..])?, socket)
        }
        Address::Descriptor(number) => inherited(number),
    }
}

/// A socket that is listened at.
#[derive(Debug)]
pub(super) enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// Whether a socket stands there, as an earlier run leaves it, or an empty file that keeps the name: QEMU takes its place.
fn gives_way(path: &Path) -> bool {
    let is_ours = |found: std::fs::Metadata| {
        found.file_type().is_socket() || (found.is_file() && found.len() == 0)
    };
    std::fs::symlink_metadata(path).is_ok_and(is_ours)
}

/// Listens.
pub(super) fn listen(socket: &Socket) -> io::Result<Listener> {
    match &socket.address {
        Address::Unix { path, is_abstract: false } => {
            if gives_way(path) {
                std::fs::remove_file(path)?;
            }
            Ok(Listener::Unix(UnixListener::bind(path)?))
        }
        Address::Unix { path, is_abstract: true } => {
            let name = SocketAddr::from_abstract_name(path.as_os_str().as_bytes())?;
            Ok(Listener::Unix(UnixListener::bind_addr(&name)?))
        }
        Address::Inet { host, port, ipv4, ipv6 } => {
            let addresses = resolve(host, port, (*ipv4, *ipv6))?;
            Ok(Listener::Tcp(TcpListener::bind(&addresses[..])?))
        }
        Address::Descriptor(number) => Ok(Listener::Unix(inherited(number)?.into())),
    }
}

impl Listener {
    pub(super) fn accept(&self, socket: &Socket) -> io::Result<OwnedFd> {
        match self {
            Self::Unix(listener) => Ok(listener.accept()?.0.into()),
            Self::Tcp(listener) => no_delay(listener.accept()?.0, socket),
        }
    }

    pub(super) fn duplicate(&self) -> io::Result<OwnedFd> {
        match self {
            Self::Unix(listener) => listener.as_fd().try_clone_to_owned(),
            Self::Tcp(listener) => listener.as_fd().try_clone_to_owned(),
        }
    }
}

/// Breaks a connection, or ends the waiting for one.
pub(super) fn cut(socket: &OwnedFd) {
    // One that is broken already needs no more.
    let _ = shutdown(socket.as_raw_fd(), Shutdown::Both);
}

/// Reads what has come, with the descriptors that came with it.
pub(super) fn receive(socket: &OwnedFd, bytes: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = nix::cmsg_space!([RawFd; MOST_DESCRIPTORS]);
    let mut parts = [IoSliceMut::new(bytes)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<UnixAddr>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags)?;
    let mut descriptors = Vec::new();
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = control {
            descriptors.extend(numbers.into_iter().map(owned));
        }
    }
    Ok((message.bytes, descriptors))
}
