//! An independent guest: a smoltcp interface on the network's cable.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use elnic_contract::Frame;
use elnic_netclient::NetClient;
use elnic_user::Options;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp;
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, Ipv6Address};

use crate::bench::{Bench, GUEST, GUEST_MAC, HOST};

pub(crate) const GUEST_V6: Ipv6Address = Ipv6Address::new(0xfec0, 0, 0, 0, 0, 0, 0, 0x15);
const BUFFER: usize = 64 << 10;

pub(crate) struct Guest {
    pub(crate) bench: Bench,
    pub(crate) interface: Interface,
    pub(crate) sockets: SocketSet<'static>,
    cable: Cable,
}

impl Guest {
    /// A guest with the first address of the pool.
    pub(crate) fn new(options: &Options) -> Self {
        let mut guest = Self::without_address(options);
        guest.interface.update_ip_addrs(|addresses| {
            addresses.push(IpCidr::new(GUEST.into(), 24)).unwrap();
            addresses.push(IpCidr::new(GUEST_V6.into(), 64)).unwrap();
        });
        guest.interface.routes_mut().add_default_ipv4_route(HOST).unwrap();
        guest
    }

    pub(crate) fn without_address(options: &Options) -> Self {
        let mut cable = Cable::default();
        let mut config = Config::new(HardwareAddress::Ethernet(GUEST_MAC));
        config.random_seed = 7;
        let interface = Interface::new(config, &mut cable, Instant::ZERO);
        let sockets = SocketSet::new(Vec::new());
        Self { bench: Bench::new(options), interface, sockets, cable }
    }

    /// Lets both ends act once; whether a frame has moved.
    pub(crate) fn step(&mut self) -> bool {
        let micros = i64::try_from(self.bench.now.as_nanos() / 1000).unwrap();
        self.interface.poll(Instant::from_micros(micros), &mut self.cable, &mut self.sockets);
        let mut moved = !self.cable.from_guest.is_empty();
        for frame in self.cable.from_guest.drain(..) {
            self.bench.deliver(Frame::new(frame, self.bench.now).unwrap());
        }
        let frames = self.bench.take();
        moved |= !frames.is_empty();
        self.cable.to_guest.extend(frames);
        moved
    }

    /// Lets both ends act until `done`; virtual time passes only while nothing moves.
    pub(crate) fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let start = std::time::Instant::now();
        while !done(self) {
            assert!(start.elapsed().as_secs() < 20, "waited in vain for {what}");
            if !self.step() {
                self.bench.pause();
                self.bench.advance(1);
            }
        }
    }

    pub(crate) fn tcp_socket(&mut self) -> SocketHandle {
        let buffer = || tcp::SocketBuffer::new(vec![0; BUFFER]);
        self.sockets.add(tcp::Socket::new(buffer(), buffer()))
    }

    /// Starts to connect from `port`.
    pub(crate) fn connect(
        &mut self,
        port: u16,
        to: impl Into<IpAddress>,
        to_port: u16,
    ) -> SocketHandle {
        let handle = self.tcp_socket();
        let socket = self.sockets.get_mut::<tcp::Socket<'_>>(handle);
        socket.connect(self.interface.context(), (to.into(), to_port), port).unwrap();
        handle
    }

    pub(crate) fn tcp(&mut self, handle: SocketHandle) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(handle)
    }

    pub(crate) fn address(&self) -> Option<Ipv4Addr> {
        self.interface.ipv4_addr()
    }

    /// Whether the network wants to be called at some time.
    pub(crate) fn next_event(&self) -> Option<elnic_contract::VTime> {
        self.bench.net.next_event()
    }
}

#[derive(Default)]
struct Cable {
    to_guest: VecDeque<Vec<u8>>,
    from_guest: Vec<Vec<u8>>,
}

struct Received(Vec<u8>);
struct Sent<'a>(&'a mut Vec<Vec<u8>>);

impl Device for Cable {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sent<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received, Sent<'_>)> {
        Some((Received(self.to_guest.pop_front()?), Sent(&mut self.from_guest)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sent<'_>> {
        Some(Sent(&mut self.from_guest))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1514;
        capabilities
    }
}

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, take: F) -> R {
        take(&self.0)
    }
}

impl TxToken for Sent<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, fill: F) -> R {
        let mut frame = vec![0; length];
        let result = fill(&mut frame);
        self.0.push(frame);
        result
    }
}
