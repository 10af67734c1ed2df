//! What the stack asks of the I/O thread and makes of its reports, without a thread.

use bytes::Bytes;
use crossbeam::channel::{Receiver, Sender};
use elnic_contract::VDuration;
use smoltcp::wire::{Icmpv4Message, Icmpv4Packet, IpProtocol, Ipv4Packet};

use super::*;
use crate::icmp::Unreachable;
use crate::io::{Command, DatagramKind, FlowId};
use crate::nat::Outside;
use crate::{Options, packet};

const GUEST: [u8; 4] = [10, 0, 2, 15];
const FAR: [u8; 4] = [192, 0, 2, 1];
const GUEST_MAC: MacAddr = MacAddr([0x52, 0x54, 0, 0, 0, 1]);

struct Rig {
    settings: Settings,
    link: Link,
    io: Io,
    protocols: Protocols,
    now: VTime,
    commands: Receiver<Command>,
    events: Sender<Event>,
}

impl Rig {
    fn new() -> Self {
        let settings = Options::default().settings().unwrap();
        let (io, commands, events) = Io::without_thread();
        let mut link = Link::new(&settings);
        link.learn(VTime::ZERO, IpAddr::from(GUEST), GUEST_MAC);
        let protocols = Protocols::new(&settings).unwrap();
        Self { settings, link, io, protocols, now: VTime::ZERO, commands, events }
    }

    /// One turn, with a packet of the guest or without; the packets that go to it.
    fn turn(&mut self, packet: Option<Vec<u8>>) -> Vec<Vec<u8>> {
        let Self { settings, link, io, protocols, now, .. } = self;
        let mut cx = Context { now: *now, settings, link, io };
        if let Some(packet) = packet {
            let mut frame = [&[0x52, 0x55, 10, 0, 2, 2][..], &GUEST_MAC.0, &[8, 0]].concat();
            frame.extend(packet);
            let frame = Frame::new(frame, cx.now).unwrap();
            protocols.frame(&mut cx, &frame);
        }
        protocols.hear(&mut cx);
        protocols.settle(&mut cx);
        let mut out = Vec::new();
        cx.link.take(cx.now, usize::MAX, &mut out);
        out.iter().map(|frame| frame.data()[14..].to_vec()).collect()
    }

    fn commands(&self) -> Vec<Command> {
        self.commands.try_iter().collect()
    }
}

fn ping(sequence: u16) -> Vec<u8> {
    packet::ip(GUEST.into(), FAR.into(), IpProtocol::Icmp, 64, 12, |room| {
        room[8..].copy_from_slice(b"data");
        let mut message = Icmpv4Packet::new_unchecked(room);
        message.set_msg_type(Icmpv4Message::EchoRequest);
        message.set_echo_ident(0x4242);
        message.set_echo_seq_no(sequence);
        message.fill_checksum();
    })
    .unwrap()
}

fn icmp_of(packet: &[u8]) -> (IpAddr, Icmpv4Message, Vec<u8>) {
    let ip = Ipv4Packet::new_checked(packet).unwrap();
    let message = Icmpv4Packet::new_checked(ip.payload()).unwrap();
    assert!(message.verify_checksum());
    (ip.src_addr().into(), message.msg_type(), ip.payload().to_vec())
}

fn opened_ping(rig: &mut Rig) -> (FlowId, Bytes) {
    assert!(rig.turn(Some(ping(5))).is_empty());
    match &rig.commands()[..] {
        [
            Command::Open { flow, kind: DatagramKind::Ping },
            Command::SendTo { flow: used, to, hop_limit: 63, data },
        ] => {
            assert_eq!(flow, used);
            assert_eq!(*to, Outside::Address((FAR, 0).into()));
            (*flow, data.clone())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_echo_from_the_world_has_the_guests_identifier_again() {
    let mut rig = Rig::new();
    let (flow, request) = opened_ping(&mut rig);
    let mut reply = request.to_vec();
    reply[0] = 0;
    // The host's ping socket puts its own identifier in.
    reply[4..6].copy_from_slice(&[0x99, 0x99]);
    let from = Outside::Address((FAR, 0).into());
    rig.events.send(Event::Datagram { flow, from, data: reply.into() }).unwrap();
    let packets = rig.turn(None);
    let (source, kind, message) = icmp_of(&packets[0]);
    assert_eq!((source, kind), (FAR.into(), Icmpv4Message::EchoReply));
    assert_eq!(message[4..], [0x42, 0x42, 0, 5, b'd', b'a', b't', b'a']);
    // The next one goes the same way.
    rig.turn(Some(ping(6)));
    assert!(matches!(&rig.commands()[..], [Command::SendTo { flow: used, .. }] if *used == flow));
}

#[test]
fn a_ping_that_cannot_be_sent_is_an_unreachable_network_said_once() {
    let mut rig = Rig::new();
    let (flow, _) = opened_ping(&mut rig);
    for _ in 0..2 {
        let to = Outside::Address((FAR, 0).into());
        let trouble = Trouble::Unreachable(Unreachable::Network);
        rig.events.send(Event::Bounced { flow, to, by: None, trouble }).unwrap();
    }
    let packets = rig.turn(None);
    assert_eq!(packets.len(), 1);
    assert_eq!(icmp_of(&packets[0]).1, Icmpv4Message::DstUnreachable);
}

#[test]
fn a_router_on_the_way_speaks_for_itself() {
    let mut rig = Rig::new();
    let (flow, _) = opened_ping(&mut rig);
    let router = IpAddr::from([198, 51, 100, 1]);
    let to = Outside::Address((FAR, 0).into());
    let by = Some(router);
    rig.events.send(Event::Bounced { flow, to, by, trouble: Trouble::TimeExceeded }).unwrap();
    let packets = rig.turn(None);
    let (source, kind, _) = icmp_of(&packets[0]);
    assert_eq!((source, kind), (router, Icmpv4Message::TimeExceeded));
}

#[test]
fn flows_end_in_virtual_time() {
    let mut rig = Rig::new();
    let (ping, _) = opened_ping(&mut rig);
    let datagram = |to: u16| packet::datagram((GUEST, 1000).into(), (FAR, to).into(), b"x");
    rig.turn(datagram(53));
    let [Command::Open { flow: query, .. }, _] = rig.commands()[..] else { panic!() };
    rig.now += VDuration::from_millis(9_999);
    rig.turn(None);
    assert!(rig.commands().is_empty());
    rig.now += VDuration::from_millis(1);
    assert_eq!(rig.protocols.next_event(), Some(rig.now));
    rig.turn(None);
    let closed = |commands: Vec<Command>| -> Vec<FlowId> {
        let close = |command| match command {
            Command::Close { flow } => flow,
            other => panic!("{other:?}"),
        };
        commands.into_iter().map(close).collect()
    };
    assert_eq!(closed(rig.commands()), [ping, query]);

    rig.turn(datagram(9));
    let [Command::Open { flow, .. }, _] = rig.commands()[..] else { panic!() };
    assert_eq!(rig.protocols.next_event(), Some(rig.now + VDuration::from_millis(240_000)));
    rig.now += VDuration::from_millis(240_000);
    rig.turn(None);
    assert_eq!(closed(rig.commands()), [flow]);
    assert_eq!(rig.protocols.next_event(), None);
}

#[test]
fn strangers_do_not_reach_the_guest_through_its_own_flows() {
    let mut rig = Rig::new();
    rig.turn(packet::datagram((GUEST, 1000).into(), (FAR, 9).into(), b"x"));
    let [Command::Open { flow, .. }, _] = rig.commands()[..] else { panic!() };
    for (from, expected) in [((FAR, 9), 1), ((FAR, 10), 0), (([192, 0, 2, 2], 9), 0)] {
        let from = Outside::Address(from.into());
        rig.events.send(Event::Datagram { flow, from, data: "y".into() }).unwrap();
        assert_eq!(rig.turn(None).len(), expected, "{from:?}");
    }
    assert_eq!(rig.link.counters.discarded(Discard::NotForUs), 2);
}

#[test]
fn the_tables_are_bounded() {
    let mut rig = Rig::new();
    for port in 1..1000 {
        rig.turn(packet::datagram((GUEST, port).into(), (FAR, 9).into(), b"x"));
        rig.commands();
    }
    assert_eq!(rig.protocols.udp.flows().count(), 256);
    for port in 1..1000 {
        rig.turn(packet::datagram((GUEST, 1000).into(), (FAR, port).into(), b"x"));
        rig.commands();
    }
    assert_eq!(rig.protocols.udp.flows().count(), 256);
}
