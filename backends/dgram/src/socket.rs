//! Opening the socket of a plan.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::socket::{AddressFamily, SockType, SockaddrLike, getsockname, getsockopt, sockopt};
use nix::sys::socket::{SockaddrStorage, UnixAddr};
use socket2::{Domain, Protocol, Socket, Type};

use crate::DgramError;
use crate::plan::Plan;

/// Whom datagrams are sent to.
pub(crate) enum Peer {
    /// Whom the socket is connected to.
    Connected,
    Inet(SockaddrStorage),
    Unix(UnixAddr),
}

/// An open socket.
pub(crate) struct Opened {
    pub(crate) socket: OwnedFd,
    pub(crate) peer: Peer,
    /// What `info network` says of it.
    pub(crate) info: String,
    /// The path it is bound to.
    pub(crate) path: Option<BoundPath>,
}

pub(crate) fn open(plan: Plan) -> Result<Opened, DgramError> {
    match plan {
        Plan::Udp { local, remote } => udp(local, remote),
        Plan::Multicast { group, interface } => multicast(group, interface),
        Plan::Unix { local, remote } => unix(&local, &remote),
        Plan::Fd { number, group } => descriptor(&number, group),
    }
}

fn udp(local: SocketAddr, remote: SocketAddr) -> Result<Opened, DgramError> {
    let doing = || format!("can't bind ip={local} to socket");
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, Some(Protocol::UDP))
        .map_err(DgramError::os("can't create datagram socket"))?;
    socket.bind(&local.into()).map_err(DgramError::os(doing()))?;
    let socket = UdpSocket::from(socket);
    // With port 0 the system has chosen one: say which.
    let local = socket.local_addr().map_err(DgramError::os(doing()))?;
    let info = format!("udp={local}/{remote}");
    Ok(Opened { socket: socket.into(), peer: Peer::Inet(remote.into()), info, path: None })
}

fn multicast(group: SocketAddrV4, interface: Option<Ipv4Addr>) -> Result<Opened, DgramError> {
    let doing = |what: &str| DgramError::os(format!("can't {what} {group}"));
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))
        .map_err(DgramError::os("can't create datagram socket"))?;
    // Other machines on this host listen to the same group, and hear us (and we ourselves) through the loop.
    socket.set_reuse_address(true).map_err(doing("share"))?;
    socket.bind(&SocketAddr::from(group).into()).map_err(doing("bind"))?;
    let joined_on = interface.unwrap_or(Ipv4Addr::UNSPECIFIED);
    socket.join_multicast_v4(group.ip(), &joined_on).map_err(doing("join group"))?;
    socket.set_multicast_loop_v4(true).map_err(doing("loop back to"))?;
    if let Some(interface) = interface {
        socket.set_multicast_if_v4(&interface).map_err(doing("choose the interface for"))?;
    }
    let info = format!("mcast={group}");
    let peer = Peer::Inet(SocketAddr::from(group).into());
    Ok(Opened { socket: socket.into(), peer, info, path: None })
}

fn unix(local: &Path, remote: &Path) -> Result<Opened, DgramError> {
    let doing = || format!("can't bind unix={} to socket", local.display());
    let peer = UnixAddr::new(remote).map_err(|errno| {
        DgramError::os(format!("can't use unix={}", remote.display()))(errno.into())
    })?;
    match fs::symlink_metadata(local) {
        Ok(found) if found.file_type().is_socket() => {
            fs::remove_file(local).map_err(DgramError::os(doing()))?;
        }
        Ok(_) => return Err(DgramError::PathTaken(local.display().to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(DgramError::os(doing())(error)),
    }
    let socket = UnixDatagram::bind(local).map_err(DgramError::os(doing()))?;
    let path = Some(BoundPath::of(local.to_owned()).map_err(DgramError::os(doing()))?);
    let info = format!("udp={}:{}", local.display(), remote.display());
    Ok(Opened { socket: socket.into(), peer: Peer::Unix(peer), info, path })
}

fn descriptor(number: &str, group: Option<SocketAddrV4>) -> Result<Opened, DgramError> {
    let bad = || DgramError::BadFd(number.to_owned());
    let fd: RawFd = number.parse().ok().filter(|fd| *fd >= 0).ok_or_else(bad)?;
    let socket = duplicate(fd).map_err(|_| bad())?;
    let not_dgram = |_| DgramError::NotDgram(number.to_owned());
    if getsockopt(&socket, sockopt::SockType).map_err(not_dgram)? != SockType::Datagram {
        return Err(DgramError::NotDgram(number.to_owned()));
    }
    let address: SockaddrStorage =
        getsockname(std::os::fd::AsRawFd::as_raw_fd(&socket)).map_err(not_dgram)?;
    let family = match address.family() {
        Some(AddressFamily::Unix) => "unix",
        Some(AddressFamily::Inet | AddressFamily::Inet6) => "inet",
        _ => return Err(DgramError::NotDgram(number.to_owned())),
    };
    let (peer, info) = match group {
        Some(group) => {
            (Peer::Inet(SocketAddr::from(group).into()), format!("fd={fd} (mcast={group})"))
        }
        None => (Peer::Connected, format!("fd={fd} {family}")),
    };
    Ok(Opened { socket, peer, info, path: None })
}

/// A descriptor of our own for what stands behind `fd`. The one passed in stays open: it may be named twice.
fn duplicate(fd: RawFd) -> nix::Result<OwnedFd> {
    #[expect(
        unsafe_code,
        reason = "a descriptor named by number on the command line is borrowed to duplicate it"
    )]
    // SAFETY: the borrow ends with the call below, which fails with EBADF if `fd` is not open. Nothing is read, written
    // or closed through it. -1, which must not be borrowed, was refused by the caller.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    let new = fcntl(borrowed.as_fd(), FcntlArg::F_DUPFD_CLOEXEC(3))?;
    #[expect(unsafe_code, reason = "the kernel returns the new descriptor as a number")]
    // SAFETY: `new` was made by the call above and nobody else knows it.
    Ok(unsafe { std::os::fd::FromRawFd::from_raw_fd(new) })
}

/// A path with our socket, removed at the end if it still is ours.
pub(crate) struct BoundPath {
    path: PathBuf,
    inode: (u64, u64),
}

impl BoundPath {
    fn of(path: PathBuf) -> io::Result<Self> {
        let inode = Self::inode(&path)?;
        Ok(Self { path, inode })
    }

    fn inode(path: &Path) -> io::Result<(u64, u64)> {
        let found = fs::symlink_metadata(path)?;
        Ok((found.dev(), found.ino()))
    }
}

impl Drop for BoundPath {
    fn drop(&mut self) {
        if Self::inode(&self.path).is_ok_and(|inode| inode == self.inode) {
            // Somebody may remove it in between; it is gone then either way.
            let _ = fs::remove_file(&self.path);
        }
    }
}
