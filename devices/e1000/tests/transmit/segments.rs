//! Packets cut into segments.

use crate::harness::{Context, Machine, SEND, TX_BUFFER, data, reg};
use crate::{IXSM, TSE, TXSM, all_checksums_are_right, prepare, tcp_v4, tcp_v6, udp_v4};
use elnic_contract::{Frame, Nic, OffloadSupport, VDuration};
use elnic_wire::offload::materialise;
use elnic_wire::tcp;
use proptest::prelude::*;

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

/// The same packet for a peer that takes `support`, and for one that takes nothing: the frames of both, and the statistics of both.
fn both_ways(tso: &Tso, support: OffloadSupport) -> [(Vec<Frame>, Vec<u32>); 2] {
    [support, OffloadSupport::NONE].map(|takes| {
        let mut machine = Machine::off();
        machine.device.peer_offloads(takes);
        machine.start_transmitter(16);
        tso.send(&mut machine, &[54], None);
        machine.settle();
        let statistics = (0x4000..0x4100).step_by(4).map(|at| machine.r32(at)).collect();
        (std::mem::take(&mut machine.sent), statistics)
    })
}

#[test]
fn a_peer_that_cuts_gets_what_the_device_would_have_cut() {
    for (payload, mss) in [(3000, 1460), (2920, 1460), (65_000, 1460), (9000, 7), (64_000, 8960)] {
        for tso in [Tso::tcp_v4(payload, mss), Tso::tcp_v6(payload, mss)] {
            let [(whole, counted), (cut, expected)] = both_ways(&tso, OffloadSupport::ALL);
            assert!(whole.len() < cut.len(), "{payload} bytes by {mss}");
            let later: Vec<Frame> =
                whole.iter().flat_map(|frame| materialise(frame).unwrap()).collect();
            // Who cuts them on a host does not pad them.
            let padded = |frame: &Frame| {
                let mut bytes = frame.data().to_vec();
                bytes.resize(bytes.len().max(60), 0);
                bytes
            };
            let bytes = |frames: &[Frame]| frames.iter().map(padded).collect::<Vec<_>>();
            assert!(bytes(&later) == bytes(&cut), "{payload} bytes by {mss}");
            assert_eq!(counted, expected, "{payload} bytes by {mss}");
        }
    }
}

#[test]
fn what_a_peer_does_not_take_is_cut_here() {
    let takes = OffloadSupport { checksum: true, tcp_v6: true, ..OffloadSupport::NONE };
    let [(whole, _), (cut, _)] = both_ways(&Tso::tcp_v4(3000, 1460), takes);
    assert_eq!(whole.len(), cut.len(), "TCP over IPv4");
    let [(whole, _), (cut, _)] = both_ways(&Tso::udp_v4(2500, 1000), OffloadSupport::ALL);
    assert_eq!(whole.len(), cut.len(), "UDP");
    let without = Tso { options: TXSM, ..Tso::tcp_v4(3000, 1460) };
    let [(whole, _), (cut, _)] = both_ways(&without, OffloadSupport::ALL);
    assert_eq!(whole.len(), cut.len(), "no header checksum asked for");
}

#[test]
fn with_wire_timing_each_segment_has_its_own_time() {
    let mut machine = Machine::wire();
    machine.device.peer_offloads(OffloadSupport::ALL);
    machine.start_transmitter(16);
    Tso::tcp_v4(3000, 1460).send(&mut machine, &[54], None);
    machine.advance(VDuration::from_millis(10));
    assert_eq!(machine.sent.len(), 3);
}
