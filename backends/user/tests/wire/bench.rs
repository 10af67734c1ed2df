//! A network on a bench: frames go in by hand and come out by hand.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use elnic_contract::{Frame, VDuration, VTime};
use elnic_netclient::{Doorbell, NetClient};
use elnic_user::{Options, UserNet};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, IpAddress, IpProtocol, IpRepr, Ipv4Packet,
    UdpPacket, UdpRepr,
};

pub(crate) const GUEST_MAC: EthernetAddress = EthernetAddress([0x52, 0x54, 0, 0x12, 0x34, 0x56]);
pub(crate) const HOST_MAC: EthernetAddress = EthernetAddress([0x52, 0x55, 10, 0, 2, 2]);
pub(crate) const GUEST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);
pub(crate) const HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
pub(crate) const DNS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);

/// How long a test waits for the host before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    pub(crate) net: UserNet,
    pub(crate) now: VTime,
    rung: Receiver<()>,
}

impl Bench {
    pub(crate) fn new(options: &Options) -> Self {
        let mut net = UserNet::new(options).expect("the options are right");
        let (ring, rung) = sync_channel(1);
        // Ringing twice is ringing once.
        net.attach(Doorbell::new(move || ring.try_send(()).unwrap_or_default()));
        Self { net, now: VTime::ZERO, rung }
    }

    pub(crate) fn advance(&mut self, milliseconds: u64) {
        self.now += VDuration::from_millis(milliseconds);
    }

    /// Sends a frame and takes what comes back at once.
    pub(crate) fn exchange(&mut self, frame: Vec<u8>) -> Vec<Vec<u8>> {
        self.send(frame);
        self.take()
    }

    pub(crate) fn send(&mut self, frame: Vec<u8>) {
        let frame = Frame::new(frame, self.now).expect("the test sends frames");
        self.deliver(frame);
    }

    pub(crate) fn deliver(&mut self, frame: Frame) {
        let mut frames = VecDeque::from([frame]);
        self.net.deliver(self.now, &mut frames);
        assert!(frames.is_empty(), "a client with credits takes a frame");
    }

    pub(crate) fn take(&mut self) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        self.net.poll(self.now, usize::MAX, &mut out);
        out.iter().map(|frame| frame.data().to_vec()).collect()
    }

    /// Takes frames until there is one, which needs the host to act.
    pub(crate) fn wait(&mut self) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        self.until("a frame", |bench| {
            frames.extend(bench.take());
            !frames.is_empty()
        });
        frames
    }

    /// Polls until `done`, each time the doorbell rings.
    pub(crate) fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        while !done(self) {
            assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
            self.pause();
        }
    }

    /// Lets the host act: until the doorbell rings, but not for long.
    pub(crate) fn pause(&mut self) {
        // Nothing depends on how long this takes, nor on whether it rings.
        let _rung_or_not = self.rung.recv_timeout(Duration::from_millis(5));
    }

    /// Makes the guest's link address known, as a gratuitous announcement does.
    pub(crate) fn announce(&mut self) {
        let replies = self.exchange(arp(1, GUEST_MAC, GUEST, GUEST));
        assert!(replies.is_empty(), "an announcement is not answered");
    }
}

pub(crate) fn ethernet(protocol: EthernetProtocol, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 14];
    let mut view = EthernetFrame::new_unchecked(&mut frame[..]);
    view.set_dst_addr(HOST_MAC);
    view.set_src_addr(GUEST_MAC);
    view.set_ethertype(protocol);
    frame.extend_from_slice(payload);
    frame
}

pub(crate) fn arp(
    operation: u8,
    mac: EthernetAddress,
    sender: Ipv4Addr,
    target: Ipv4Addr,
) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend(mac.0);
    frame.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, operation]);
    frame.extend(mac.0);
    frame.extend(sender.octets());
    frame.extend([0; 6]);
    frame.extend(target.octets());
    frame.resize(60, 0);
    frame
}

/// An IP packet around `payload`, in a frame.
pub(crate) fn ip(
    source: IpAddr,
    destination: IpAddr,
    protocol: IpProtocol,
    hop_limit: u8,
    payload: &[u8],
) -> Vec<u8> {
    let (from, to) = (IpAddress::from(source), IpAddress::from(destination));
    let repr = IpRepr::new(from, to, protocol, payload.len(), hop_limit);
    let mut packet = vec![0; repr.header_len()];
    packet.extend_from_slice(payload);
    repr.emit(&mut packet[..], &ChecksumCapabilities::default());
    let kind = if source.is_ipv4() { EthernetProtocol::Ipv4 } else { EthernetProtocol::Ipv6 };
    ethernet(kind, &packet)
}

pub(crate) fn udp_with(
    source: SocketAddr,
    destination: SocketAddr,
    hop_limit: u8,
    payload: &[u8],
) -> Vec<u8> {
    let repr = UdpRepr { src_port: source.port(), dst_port: destination.port() };
    let mut datagram = vec![0; 8 + payload.len()];
    repr.emit(
        &mut UdpPacket::new_unchecked(&mut datagram[..]),
        &source.ip().into(),
        &destination.ip().into(),
        payload.len(),
        |room| room.copy_from_slice(payload),
        &ChecksumCapabilities::default(),
    );
    ip(source.ip(), destination.ip(), IpProtocol::Udp, hop_limit, &datagram)
}

pub(crate) fn udp(
    source: impl Into<SocketAddr>,
    destination: impl Into<SocketAddr>,
    payload: &[u8],
) -> Vec<u8> {
    udp_with(source.into(), destination.into(), 64, payload)
}

/// The IPv4 packet of a frame, checked in every way.
pub(crate) fn ipv4_of(frame: &[u8]) -> Ipv4Packet<&[u8]> {
    let ethernet = EthernetFrame::new_checked(frame).expect("a frame");
    assert!(frame.len() >= 60, "the frame is padded");
    assert_eq!(ethernet.ethertype(), EthernetProtocol::Ipv4);
    let packet = Ipv4Packet::new_checked(&frame[14..]).expect("a packet");
    assert!(packet.verify_checksum());
    packet
}

/// Source, destination and payload of a frame's datagram, checked in every way.
pub(crate) fn udp_of(frame: &[u8]) -> (SocketAddr, SocketAddr, Vec<u8>) {
    let ip = ipv4_of(frame);
    assert_eq!(ip.next_header(), IpProtocol::Udp);
    let (source, destination) = (ip.src_addr(), ip.dst_addr());
    let udp = UdpPacket::new_checked(ip.payload()).expect("a datagram");
    assert!(udp.verify_checksum(&source.into(), &destination.into()));
    let source = SocketAddr::new(source.into(), udp.src_port());
    let destination = SocketAddr::new(destination.into(), udp.dst_port());
    (source, destination, udp.payload().to_vec())
}
