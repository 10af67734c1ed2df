//! Transmission: descriptors, offloads, padding, FCS, write-back (SDM 3.3, 3.4, 3.5).

mod harness;

use elnic_contract::{DropReason, LineError, Nic};
use elnic_wire::layout::{Layout, Verified};
use elnic_wire::{fcs, tcp};
use etherparse::PacketBuilder;
use harness::{
    Context, MAC, Machine, PEER, SEND, TRANSMIT, TX_BUFFER, TX_RING, data, frame_to, legacy, reg,
};
use proptest::prelude::*;

const TSE: u8 = 0x04;
const IXSM: u8 = 1;
const TXSM: u8 = 2;

fn tcp_v4(payload: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..payload).map(|n| n as u8).collect();
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2(MAC.0, PEER.0)
        .ipv4([10, 0, 2, 15], [10, 0, 2, 2], 64)
        .tcp(1234, 80, 0xffff_f000, 512)
        .ack(7)
        .psh()
        .fin()
        .write(&mut bytes, &payload)
        .unwrap();
    bytes
}

fn tcp_v6(payload: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..payload).map(|n| n as u8).collect();
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2(MAC.0, PEER.0)
        .ipv6([1; 16], [2; 16], 64)
        .tcp(1234, 80, 5, 512)
        .fin()
        .write(&mut bytes, &payload)
        .unwrap();
    bytes
}

fn udp_v4(payload: usize) -> Vec<u8> {
    let payload: Vec<u8> = (0..payload).map(|n| n as u8).collect();
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2(MAC.0, PEER.0)
        .ipv4([10, 0, 2, 15], [10, 0, 2, 2], 64)
        .udp(1234, 53)
        .write(&mut bytes, &payload)
        .unwrap();
    bytes
}

/// As a driver prepares a packet for the hardware: checksums replaced by what the hardware expects to find.
fn prepare(mut frame: Vec<u8>, at: usize, v6: bool, whole_length: bool) -> Vec<u8> {
    let transport = if v6 { 54 } else { 34 };
    let (addresses, protocol) = if v6 {
        (frame[22..54].to_vec(), frame[20])
    } else {
        frame[24..26].fill(0);
        (frame[26..34].to_vec(), frame[23])
    };
    let length = if whole_length { (frame.len() - transport) as u32 } else { 0 };
    let seed = elnic_wire::checksum::Sum::new()
        .bytes(&addresses)
        .word(u16::from(protocol))
        .length(length)
        .folded();
    frame[at..at + 2].copy_from_slice(&seed.to_be_bytes());
    frame
}

fn all_checksums_are_right(frame: &[u8]) -> bool {
    let layout = Layout::of(frame).unwrap();
    layout.network_checksum(frame) != Verified::Bad
        && layout.transport_checksum(frame) == Verified::Good
}

#[test]
fn a_legacy_frame_goes_out_and_is_reported() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    let frame = frame_to(PEER, 100);
    machine.send(&frame, SEND);
    assert_eq!(machine.sent.len(), 1);
    assert_eq!(machine.sent[0].data(), frame);
    assert_eq!(machine.tx_status(0), 1);
    assert_eq!((machine.r32(reg::TDH), machine.r32(reg::ICR)), (1, 3), "TXDW and TXQE");
    assert_eq!(machine.r32(reg::GPTC), 1);
    assert_eq!(machine.r32(reg::TOTL), 104);
    assert_eq!(machine.device.counters().tx_frames, 1);
}

#[test]
fn nothing_is_reported_that_was_not_asked_for() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    machine.send(&frame_to(PEER, 100), 0x03);
    assert_eq!(machine.sent.len(), 1);
    assert_eq!(machine.tx_status(0), 0);
    assert_eq!(machine.r32(reg::ICR), 2, "TXQE only");
}

#[test]
fn the_order_of_tail_and_enable_does_not_matter() {
    let mut machine = Machine::off();
    machine.w32(reg::TDBAL, TX_RING as u32);
    machine.w32(reg::TDLEN, 128);
    machine.put_frame(0, &frame_to(PEER, 60), SEND);
    machine.w32(reg::TDT, 1);
    assert_eq!((machine.r32(reg::TDH), machine.sent.len()), (0, 0));
    machine.w32(reg::TCTL, TRANSMIT);
    assert_eq!((machine.r32(reg::TDH), machine.sent.len()), (1, 1));
}

#[test]
fn the_ring_wraps() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    for n in 0..30 {
        machine.send(&frame_to(PEER, 60 + n), SEND);
    }
    assert_eq!(
        machine.sent.iter().map(|f| f.len()).collect::<Vec<_>>(),
        (60..90).collect::<Vec<_>>()
    );
    assert_eq!(machine.r32(reg::TDH), 30 % 8);
}

#[test]
fn a_packet_may_be_spread_over_descriptors_of_any_length() {
    let mut machine = Machine::off();
    machine.start_transmitter(16);
    let frame = frame_to(PEER, 200);
    machine.write_ram(TX_BUFFER, &frame);
    let parts = [0, 1, 0, 13, 100, 0, 86, 0];
    let mut at = TX_BUFFER;
    for (index, length) in parts.into_iter().enumerate() {
        let end = if index == parts.len() - 1 { SEND } else { SEND & !1 };
        machine.put_descriptor(index as u64, legacy(at, length, end, 0, 0, 0));
        at += u64::from(length);
    }
    machine.w32(reg::TDT, parts.len() as u32);
    assert_eq!(machine.sent.len(), 1);
    assert_eq!(machine.sent[0].data(), frame);
    assert!((0..8).all(|index| machine.tx_status(index) == 1), "even the empty ones complete");
}

#[test]
fn short_packets_are_padded_if_asked_for() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    machine.send(&frame_to(PEER, 20), SEND);
    assert_eq!(machine.sent[0].len(), 60);
    assert!(machine.sent[0].data()[20..].iter().all(|byte| *byte == 0));
    machine.w32(reg::TCTL, 2);
    machine.send(&frame_to(PEER, 20), SEND);
    assert_eq!(machine.sent[1].len(), 20);
}

#[test]
fn a_packet_may_bring_its_own_fcs() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    let mut frame = frame_to(PEER, 60);
    frame.extend(fcs::bytes(&frame));
    machine.send(&frame, SEND & !2);
    assert_eq!((machine.sent[0].len(), machine.sent[0].error()), (60, None));
    frame[20] ^= 1;
    machine.send(&frame, SEND & !2);
    assert_eq!((machine.sent[1].len(), machine.sent[1].error()), (60, Some(LineError::BadFcs)));
    machine.send(&[1, 2, 3, 4], SEND & !2);
    assert_eq!(machine.sent.len(), 2, "there is nothing but an FCS");
}

#[test]
fn a_legacy_descriptor_inserts_a_checksum() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    let frame = prepare(udp_v4(33), 40, false, true);
    machine.write_ram(TX_BUFFER, &frame);
    machine.put_descriptor(0, legacy(TX_BUFFER, frame.len() as u16, SEND | 4, 40, 34, 0));
    machine.w32(reg::TDT, 1);
    let layout = Layout::of(machine.sent[0].data()).unwrap();
    assert_eq!(layout.transport_checksum(machine.sent[0].data()), Verified::Good);
    assert_eq!(machine.sent[0].data()[34..40], frame[34..40]);
}

#[test]
fn tags_are_inserted_in_vlan_mode_only() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    let frame = frame_to(PEER, 60);
    machine.write_ram(TX_BUFFER, &frame);
    machine.put_descriptor(0, legacy(TX_BUFFER, 60, SEND | 0x40, 0, 0, 0xa123));
    machine.put_descriptor(1, data(TX_BUFFER, 60, SEND | 0x40, 0, 0xa124));
    machine.w32(reg::VET, 0x8100);
    machine.w32(reg::TDT, 1);
    assert_eq!(machine.sent[0].data(), frame);
    machine.w32(reg::CTRL, 0x4014_0240);
    machine.w32(reg::TDT, 2);
    let tagged = [&frame[..12], &[0x81, 0, 0xa1, 0x24], &frame[12..]].concat();
    assert_eq!(machine.sent[1].data(), tagged);
}

#[test]
fn contexts_insert_ip_and_transport_checksums() {
    for (frame, v6, at) in
        [(tcp_v4(100), false, 50), (udp_v4(100), false, 40), (tcp_v6(100), true, 70)]
    {
        let mut machine = Machine::off();
        machine.start_transmitter(8);
        let ready = prepare(frame.clone(), at, v6, true);
        machine.write_ram(TX_BUFFER, &ready);
        let transport = if v6 { 54 } else { 34 };
        let context =
            Context { ip: (14, 24, 33), transport: (transport, at as u8, 0), ..Context::default() };
        machine.put_descriptor(0, context.bytes());
        let options = if v6 { TXSM } else { IXSM | TXSM };
        machine.put_descriptor(1, data(TX_BUFFER, ready.len() as u32, SEND, options, 0));
        machine.w32(reg::TDT, 2);
        assert_eq!(machine.sent[0].data(), frame);
    }
}

#[test]
fn options_are_those_of_the_first_descriptor() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    let frame = tcp_v4(100);
    let ready = prepare(frame.clone(), 50, false, true);
    machine.write_ram(TX_BUFFER, &ready);
    machine.put_descriptor(
        0,
        Context { ip: (14, 24, 33), transport: (34, 50, 0), ..Context::default() }.bytes(),
    );
    machine.put_descriptor(1, data(TX_BUFFER, 40, SEND & !1, IXSM | TXSM, 0));
    machine.put_descriptor(2, data(TX_BUFFER + 40, ready.len() as u32 - 40, SEND, 0, 0));
    machine.w32(reg::TDT, 3);
    assert_eq!(machine.sent[0].data(), frame);
}

struct Tso {
    frame: Vec<u8>,
    headers: usize,
    context: Context,
    options: u8,
}

impl Tso {
    fn tcp_v4(payload: usize, mss: u16) -> Self {
        let frame = prepare(tcp_v4(payload), 50, false, false);
        let context = Context {
            ip: (14, 24, 33),
            transport: (34, 50, 0),
            payload: payload as u32,
            command: TSE | 3,
            header: 54,
            mss,
        };
        Self { frame, headers: 54, context, options: IXSM | TXSM }
    }

    fn tcp_v6(payload: usize, mss: u16) -> Self {
        let frame = prepare(tcp_v6(payload), 70, true, false);
        let context = Context {
            ip: (14, 0, 0),
            transport: (54, 70, 0),
            payload: payload as u32,
            command: TSE | 1,
            header: 74,
            mss,
        };
        Self { frame, headers: 74, context, options: TXSM }
    }

    fn udp_v4(payload: usize, mss: u16) -> Self {
        let frame = prepare(udp_v4(payload), 40, false, false);
        let context = Context {
            ip: (14, 24, 33),
            transport: (34, 40, 0),
            payload: payload as u32,
            command: TSE | 2,
            header: 42,
            mss,
        };
        Self { frame, headers: 42, context, options: IXSM | TXSM }
    }

    /// Sends it in parts of these lengths (the last takes the rest).
    fn send(&self, machine: &mut Machine, parts: &[usize], special: Option<u16>) {
        machine.write_ram(TX_BUFFER, &self.frame);
        let first = u64::from(machine.r32(reg::TDT));
        machine.put_descriptor(first, self.context.bytes());
        let vle = if special.is_some() { 0x40 } else { 0 };
        let (mut at, mut index) = (0, first + 1);
        for part in parts.iter().copied().chain([usize::MAX]) {
            let part = part.min(self.frame.len() - at);
            let last = at + part == self.frame.len();
            let command = TSE | 0x0a | vle | u8::from(last);
            machine.put_descriptor(
                index,
                data(
                    TX_BUFFER + at as u64,
                    part as u32,
                    command,
                    self.options,
                    special.unwrap_or(0),
                ),
            );
            at += part;
            index += 1;
            if last {
                break;
            }
        }
        machine.w32(reg::TDT, index as u32);
    }
}

#[test]
fn tcp_over_ipv4_is_segmented() {
    let mut machine = Machine::off();
    machine.start_transmitter(16);
    let tso = Tso::tcp_v4(3000, 1460);
    tso.send(&mut machine, &[54], None);
    assert_eq!(machine.sent.iter().map(|f| f.len()).collect::<Vec<_>>(), [1514, 1514, 134]);
    let id = u16::from_be_bytes([tso.frame[18], tso.frame[19]]);
    for (index, frame) in machine.sent.iter().enumerate() {
        let bytes = frame.data();
        assert!(all_checksums_are_right(bytes), "segment {index}");
        let header = tcp::Header::new(&bytes[34..]).unwrap();
        assert_eq!(header.sequence(), 0xffff_f000_u32.wrapping_add(index as u32 * 1460));
        let last = index == 2;
        assert_eq!(header.flags(), if last { 0x19 } else { 0x10 }, "FIN and PSH on the last only");
        assert_eq!(u16::from_be_bytes([bytes[18], bytes[19]]), id.wrapping_add(index as u16));
    }
    assert_eq!((machine.r32(reg::TSCTC), machine.r32(reg::TSCTFC)), (1, 0));
    assert_eq!(machine.r32(reg::TDH), 3);
}

#[test]
fn tcp_over_ipv6_and_udp_are_segmented() {
    for tso in [Tso::tcp_v6(2500, 1000), Tso::udp_v4(2500, 1000)] {
        let mut machine = Machine::off();
        machine.start_transmitter(16);
        tso.send(&mut machine, &[], None);
        let lengths: Vec<_> = machine.sent.iter().map(|f| f.len() - tso.headers).collect();
        assert_eq!(lengths, [1000, 1000, 500]);
        assert!(machine.sent.iter().all(|frame| all_checksums_are_right(frame.data())));
    }
}

#[test]
fn every_segment_gets_the_tag() {
    let mut machine = Machine::off();
    machine.start_transmitter(16);
    machine.w32(reg::VET, 0x8100);
    machine.w32(reg::CTRL, 0x4014_0240);
    Tso::tcp_v4(2500, 1000).send(&mut machine, &[54], Some(0x0007));
    assert_eq!(machine.sent.len(), 3);
    for frame in &machine.sent {
        assert_eq!(frame.data()[12..16], [0x81, 0, 0, 7]);
        assert!(all_checksums_are_right(frame.data()));
    }
}

#[test]
fn a_segmentation_without_payload_sends_its_headers() {
    let mut machine = Machine::off();
    machine.start_transmitter(16);
    Tso::tcp_v4(0, 1460).send(&mut machine, &[], None);
    assert_eq!(machine.sent.len(), 1);
    assert!(all_checksums_are_right(&machine.sent[0].data()[..54]));
    assert_eq!(tcp::Header::new(&machine.sent[0].data()[34..]).unwrap().flags(), 0x19);
}

#[test]
fn checksum_and_segmentation_contexts_are_kept_apart() {
    let mut machine = Machine::off();
    machine.start_transmitter(16);
    let checksum = Context { ip: (14, 24, 33), transport: (34, 40, 0), ..Context::default() };
    let udp = udp_v4(50);
    let ready = prepare(udp.clone(), 40, false, true);
    machine.write_ram(TX_BUFFER + 0x8000, &ready);
    machine.put_descriptor(0, checksum.bytes());
    machine.w32(reg::TDT, 1);
    Tso::tcp_v4(2000, 1000).send(&mut machine, &[], None);
    assert_eq!(machine.sent.len(), 2);
    let tail = machine.r32(reg::TDT);
    machine.put_descriptor(tail.into(), data(TX_BUFFER + 0x8000, ready.len() as u32, SEND, 3, 0));
    machine.w32(reg::TDT, tail + 1);
    assert_eq!(machine.sent[2].data(), udp);
}

#[test]
fn low_threshold_is_reported_once_per_crossing() {
    let mut machine = Machine::off();
    machine.start_transmitter(32);
    machine.w32(reg::TXDCTL, 1 << 25);
    for index in 0..10 {
        machine.put_frame(index, &frame_to(PEER, 60), 0x03);
    }
    machine.w32(reg::TDT, 5);
    assert_eq!(machine.r32(reg::ICR) & 0x8000, 0, "never above eight");
    machine.w32(reg::TCTL, 0);
    for index in 5..16 {
        machine.put_frame(index, &frame_to(PEER, 60), 0x03);
    }
    machine.w32(reg::TDT, 16);
    machine.w32(reg::TCTL, TRANSMIT);
    assert_eq!(machine.r32(reg::ICR) & 0x8000, 0x8000);
}

#[test]
fn frames_leave_no_station_without_a_link() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    machine.call(|device, cx| device.link(cx, elnic_contract::LinkState::Down));
    machine.send(&frame_to(PEER, 60), SEND);
    assert_eq!(machine.sent.len(), 0);
    assert_eq!(machine.tx_status(0), 1, "the driver is not left waiting");
    assert_eq!(machine.device.counters().tx_dropped(DropReason::LinkDown), 1);
    assert_eq!(machine.r32(reg::GPTC), 0);
}

#[test]
fn loopback_in_mac_and_phy_brings_frames_back() {
    for phy in [false, true] {
        for timing in ["off", "wire", "full"] {
            let mut machine = Machine::new(&[("timing", timing)]);
            machine.start_transmitter(8);
            machine.start_receiver(8, harness::RECEIVE | if phy { 0 } else { 0x40 });
            if phy {
                machine.write_phy(0, 0x4140);
            }
            let frame = frame_to(MAC, 300);
            machine.send(&frame, SEND);
            machine.advance(elnic_contract::VDuration::from_micros(100));
            assert_eq!(machine.sent.len(), 0);
            assert_eq!(machine.rx_buffer(0), frame, "{phy} {timing}");
            assert_eq!((machine.r32(reg::GPTC), machine.r32(reg::GPRC)), (1, 1));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn segments_carry_everything_however_it_is_spread(
        payload in 1..6000_usize,
        mss in 1..2000_u16,
        parts in prop::collection::vec(0..2000_usize, 0..6),
        timing in prop::sample::select(vec!["off", "wire", "full"]),
    ) {
        let mss = mss.max((payload / 40) as u16 + 1);
        let mut machine = Machine::new(&[("timing", timing)]);
        machine.start_transmitter(16);
        let tso = Tso::tcp_v4(payload, mss);
        tso.send(&mut machine, &parts, None);
        machine.settle();
        let mut seen = Vec::new();
        for frame in &machine.sent {
            let end = 54 + tso_payload(frame.data());
            prop_assert!(all_checksums_are_right(&frame.data()[..end]));
            seen.extend_from_slice(&frame.data()[54..end]);
        }
        prop_assert_eq!(&seen, &tso.frame[54..]);
        prop_assert_eq!(machine.sent.len(), payload.div_ceil(usize::from(mss)));
        prop_assert_eq!(machine.r32(reg::TDH), machine.r32(reg::TDT));
    }
}

/// Payload by the IPv4 header: short segments are padded.
fn tso_payload(frame: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([frame[16], frame[17]])) - 40
}
