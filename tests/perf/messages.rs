//! Sockets that keep frames apart: UDP, and a packet socket on an interface. Both move many frames with one call.

use std::io::{IoSlice, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, MultiHeaders, SockFlag, SockProtocol, SockType, SockaddrIn,
    bind, connect, getsockname, recvmmsg, sendmmsg, setsockopt, socket,
};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::ends::End;

/// Frames a call moves at most.
const BATCH: usize = 64;

pub(crate) struct Messages {
    socket: OwnedFd,
    headers: MultiHeaders<SockaddrIn>,
    buffers: Vec<[u8; 2048]>,
}

impl Messages {
    /// Any such socket.
    pub(crate) fn over(socket: OwnedFd) -> Self {
        let headers = MultiHeaders::preallocate(BATCH, None);
        Self { socket, headers, buffers: vec![[0; 2048]; BATCH] }
    }

    /// A UDP socket on this host.
    pub(crate) fn datagrams() -> Self {
        Self::over(UdpSocket::bind("127.0.0.1:0").expect("a socket").into())
    }

    /// The port of a UDP socket.
    pub(crate) fn port(&self) -> u16 {
        getsockname::<SockaddrIn>(self.socket.as_raw_fd()).expect("it is bound").port()
    }

    /// Sends to this port from now on, and hears from no other.
    pub(crate) fn connect(&self, port: u16) {
        let peer = SockaddrIn::new(127, 0, 0, 1, port);
        connect(self.socket.as_raw_fd(), &peer).expect("connected");
    }
}

/// A packet socket: what the host's stack sees and sends on that interface.
pub(crate) fn packet_socket(name: &str) -> OwnedFd {
    let none = SockFlag::empty();
    let socket = socket(AddressFamily::Packet, SockType::Raw, none, SockProtocol::EthAll);
    let socket = socket.expect("root may");
    let mut addresses = nix::ifaddrs::getifaddrs().expect("interfaces");
    let link: Option<LinkAddr> = addresses.find_map(|address| {
        let link = *address.address?.as_link_addr()?;
        (address.interface_name == name).then_some(link)
    });
    bind(socket.as_raw_fd(), &link.expect("the interface")).expect("bound");
    socket
}

impl End for Messages {
    fn send(&mut self, frame: &[u8], count: usize) {
        let mut left = count;
        while left > 0 {
            let slices = vec![[IoSlice::new(frame)]; left.min(BATCH)];
            let peers = vec![None; slices.len()];
            let flags = MsgFlags::empty();
            let socket = self.socket.as_raw_fd();
            let sent = sendmmsg(socket, &mut self.headers, &slices, peers, [], flags);
            // Refused until the relay listens.
            left -= sent.map_or(1, Iterator::count).max(1);
        }
    }

    fn receive(&mut self, count: usize, patience: Duration) -> usize {
        let patience = TimeVal::microseconds(i64::try_from(patience.as_micros()).expect("short"));
        setsockopt(&self.socket.as_fd(), ReceiveTimeout, &patience).expect("a timeout");
        let mut taken = 0;
        while taken < count {
            let buffers = self.buffers.iter_mut().take((count - taken).min(BATCH));
            let mut slices: Vec<_> = buffers.map(|buffer| [IoSliceMut::new(buffer)]).collect();
            let socket = self.socket.as_raw_fd();
            // Waits for the first, takes what is there then.
            let flags = MsgFlags::MSG_WAITFORONE;
            let received = recvmmsg(socket, &mut self.headers, &mut slices, flags, None);
            match received.map(Iterator::count) {
                Ok(number) if number > 0 => taken += number,
                _ => break,
            }
        }
        taken
    }
}
