//! What broke other models of this chip, by the names of the advisories, and the negative list around them.
//!
//! Each test asks the same of the device: it survives, does bounded work, touches no memory it was not given and goes
//! on working afterwards.

mod harness;

use elnic_contract::{Frame, Nic, VDuration, Verdict};
use harness::{
    Context, MAC, Machine, PEER, RECEIVE, RX_BUFFERS, RX_RING, SEND, TX_BUFFER, TX_RING, data,
    frame_to, legacy, reg,
};

const TSE: u8 = 0x04;
const TIMINGS: [&str; 3] = ["off", "wire", "full"];

/// The device still sends and receives.
fn still_works(machine: &mut Machine) {
    machine.w32(reg::CTRL, 0x0414_0240);
    machine.deadlines.clear();
    machine.sent.clear();
    machine.ram.master = true;
    machine.start_transmitter(8);
    machine.start_receiver(8, RECEIVE);
    machine.send(&frame_to(PEER, 60), SEND);
    machine.receive(&frame_to(MAC, 60));
    machine.settle();
    assert_eq!(machine.sent.len(), 1);
    assert_eq!(machine.rx_descriptor(0).status & 3, 3);
}

/// Sends a context and data descriptors of these lengths, EOP on the last, at every fidelity.
fn segmented(context: Context, parts: &[u32]) {
    for timing in TIMINGS {
        let mut machine = Machine::new(&[("timing", timing)]);
        machine.start_transmitter(128);
        machine.put_descriptor(0, context.bytes());
        for (index, length) in parts.iter().enumerate() {
            let eop = u8::from(index + 1 == parts.len());
            machine
                .put_descriptor(index as u64 + 1, data(TX_BUFFER, *length, TSE | 0x0a | eop, 3, 0));
        }
        machine.w32(reg::TDT, parts.len() as u32 + 1);
        machine.settle();
        assert_eq!(machine.r32(reg::TDH), parts.len() as u32 + 1, "all descriptors complete");
        assert!(machine.sent.iter().all(|frame| frame.len() <= 16288));
        still_works(&mut machine);
    }
}

const SANE: Context = Context {
    ip: (14, 24, 33),
    transport: (34, 50, 0),
    payload: 2000,
    command: TSE | 3,
    header: 54,
    mss: 1460,
};

#[test]
fn cve_2012_0029_headers_longer_than_any_buffer_for_them() {
    segmented(Context { header: 255, ..SANE }, &[1, 1, 1]);
    segmented(Context { header: 255, ..SANE }, &[200, 100, 2000]);
    segmented(Context { header: 255, mss: 0xffff, ..SANE }, &[16000]);
}

#[test]
fn cve_2012_6075_frames_longer_than_the_buffer() {
    for length in [1519, 1523, 2049, 16380, 16381, 65536, Frame::MAX_LENGTH] {
        for rctl in 0..32 {
            let (lpe, sbp, size) = ((rctl & 1) << 5, (rctl >> 1 & 1) << 2, (rctl >> 2) << 16);
            let bsex = if size & 4 << 16 != 0 { 1 << 25 } else { 0 };
            let mut machine = Machine::off();
            machine.write_ram(RX_BUFFERS, &vec![0xee; 0x20_0000]);
            machine.start_receiver(8, RECEIVE | lpe | sbp | (size & 3 << 16) | bsex);
            machine.receive(&frame_to(MAC, length));
            for index in 0..8 {
                let received = u64::from(machine.rx_descriptor(index).length);
                let buffer = RX_BUFFERS + index * 0x8000;
                let behind = machine.ram(buffer + received, (0x8000 - received) as usize);
                assert!(behind.iter().all(|byte| *byte == 0xee), "canary behind buffer {index}");
            }
        }
    }
}

#[test]
fn cve_2015_6815_headers_longer_than_the_packet() {
    for parts in [&[0][..], &[1], &[53], &[54], &[0, 0, 54], &[20, 20, 20], &[0, 0]] {
        for header in [54, 55, 255] {
            segmented(Context { header, payload: 10, ..SANE }, parts);
        }
    }
}

#[test]
fn cve_2016_1981_heads_and_tails_outside_the_ring() {
    for head in [8, 9, 0x7fff, 0xffff] {
        for tail in [0, 7, 8, 0xffff] {
            let mut machine = Machine::off();
            machine.start_transmitter(8);
            machine.start_receiver(8, RECEIVE);
            machine.w32(reg::TDH, head);
            machine.w32(reg::TDT, tail);
            machine.w32(reg::RDH, head);
            machine.w32(reg::RDT, tail);
            machine.receive(&frame_to(MAC, 60));
            let reads = machine.ram.reads;
            machine.settle();
            assert!(machine.ram.reads - reads <= 16);
            still_works(&mut machine);
        }
    }
}

#[test]
fn cve_2020_25707_a_ring_of_null_buffers() {
    for timing in TIMINGS {
        let mut machine = Machine::new(&[("timing", timing)]);
        machine.start_receiver(4096, RECEIVE | 0x20 | 3 << 16);
        machine.write_ram(RX_RING, &vec![0; 4096 * 16]);
        machine.w32(reg::RDT, 4095);
        machine.receive(&frame_to(MAC, 16000));
        machine.settle();
        assert_eq!(machine.r32(reg::RDH), 4095, "each is given back once");
        still_works(&mut machine);
    }
}

#[test]
fn cve_2020_16092_segmentation_over_what_is_no_ip() {
    segmented(SANE, &[54, 2000]);
    segmented(Context { ip: (0, 0, 0), transport: (0, 0, 0), ..SANE }, &[54, 2000]);
    segmented(
        Context { ip: (255, 255, 0xffff), transport: (255, 255, 0xffff), ..SANE },
        &[54, 2000],
    );
    segmented(Context { command: TSE, ip: (54, 0, 0), ..SANE }, &[54, 2000]);
}

#[test]
fn cve_2020_27617_headers_of_no_known_protocol() {
    for ether_type in [0x0000_u16, 0x0800, 0x86dd, 0x8100, 0xffff] {
        for ip in [0, 14, 18, 54, 255] {
            let mut machine = Machine::off();
            machine.start_transmitter(8);
            let mut bytes = vec![0; 2054];
            bytes[12..14].copy_from_slice(&ether_type.to_be_bytes());
            machine.write_ram(TX_BUFFER, &bytes);
            let context = Context { ip: (ip, ip, 0), transport: (ip, ip, 0), ..SANE };
            machine.put_descriptor(0, context.bytes());
            machine.put_descriptor(1, data(TX_BUFFER, 2054, TSE | 0x0b, 3, 0));
            machine.w32(reg::TDT, 2);
            machine.settle();
            still_works(&mut machine);
        }
    }
}

#[test]
fn cve_2020_28916_a_frame_larger_than_a_ring_of_null_buffers() {
    for timing in TIMINGS {
        let mut machine = Machine::new(&[("timing", timing)]);
        machine.start_receiver(8, RECEIVE | 0x0003_0020);
        machine.write_ram(RX_RING, &[0; 128]);
        machine.receive(&frame_to(MAC, 9000));
        machine.settle();
        assert_eq!(machine.r32(reg::RDH), machine.r32(reg::RDT), "all given back, and no loop");
        still_works(&mut machine);
    }
}

#[test]
fn cve_2021_20255_rings_and_buffers_over_the_own_registers() {
    // There is no RAM where a base address register points, so nothing can come back to the device.
    for timing in TIMINGS {
        let mut machine = Machine::new(&[("timing", timing)]);
        for base in (0xfebc_0000_u32..0xfebe_0000).step_by(0x800) {
            machine.w32(reg::TCTL, 0);
            machine.w32(reg::TDBAL, base);
            machine.w32(reg::TDLEN, 4096);
            machine.w32(reg::TCTL, 2);
            machine.w32(reg::TDT, 7);
        }
        assert!(machine.sent.is_empty());
        still_works(&mut machine);
    }
}

#[test]
fn cve_2023_3019_a_receive_ring_over_the_own_registers() {
    for timing in TIMINGS {
        let mut machine = Machine::new(&[("timing", timing), ("rx-drop", "on")]);
        machine.start_receiver(8, RECEIVE);
        machine.w32(reg::RDBAL, 0xfebc_2800);
        for _ in 0..4 {
            machine.receive(&frame_to(MAC, 60));
            machine.settle();
        }
        assert_eq!(machine.r32(reg::RDH), 0, "no descriptor was used");
        still_works(&mut machine);
    }
}

#[test]
fn cve_2021_2310_and_2442_segmentation_fields_that_do_not_match_the_headers() {
    for (ip, transport, header) in
        [(14, 34, 33), (14, 34, 35), (14, 200, 54), (200, 14, 54), (0, 0, 1), (53, 53, 54)]
    {
        let context =
            Context { ip: (ip, ip, 0), transport: (transport, transport, 0), header, ..SANE };
        segmented(context, &[54, 2000]);
        segmented(context, &[2054]);
    }
}

#[test]
fn cve_2018_6981_6982_and_2019_5541_contexts_that_were_never_loaded() {
    for timing in TIMINGS {
        let mut machine = Machine::new(&[("timing", timing)]);
        machine.start_transmitter(8);
        machine.put_descriptor(0, data(TX_BUFFER, 1000, TSE | 0x0b, 3, 0));
        machine.put_descriptor(1, data(TX_BUFFER, 1000, 0x0b, 3, 0));
        machine.w32(reg::TDT, 2);
        machine.settle();
        assert_eq!(machine.r32(reg::TDH), 2);
        assert_eq!(machine.sent.len(), 1, "without a context there is nothing to cut by");
        still_works(&mut machine);
    }
}

#[test]
fn cve_2021_20257_contexts_at_the_ring_end_with_the_tail_behind_the_head() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    for index in 0..8 {
        machine.put_descriptor(index, Context { header: 0xff, mss: 1, ..SANE }.bytes());
    }
    machine.w32(reg::TDH, 7);
    machine.put_descriptor(3, data(TX_BUFFER, 0xf_ffff, TSE | 0x0b, 3, 0));
    machine.w32(reg::TDT, 6);
    machine.settle();
    assert_eq!(machine.r32(reg::TDH), 6);
    still_works(&mut machine);
}

#[test]
fn cve_2021_3416_loopback_does_not_recurse() {
    for timing in TIMINGS {
        for phy in [false, true] {
            let mut machine = Machine::new(&[("timing", timing)]);
            machine.start_transmitter(4096);
            machine.start_receiver(64, RECEIVE | if phy { 0 } else { 0x40 });
            if phy {
                machine.write_phy(0, 0x4140);
            }
            // Received frames land in the transmit ring itself: each is made of descriptors.
            for index in 0..64 {
                machine.write_ram(RX_RING + index * 16, &TX_RING.to_le_bytes());
            }
            let frame: Vec<u8> = (0..4).flat_map(|_| legacy(TX_RING, 64, SEND, 0, 0, 0)).collect();
            machine.write_ram(TX_RING, &frame);
            machine.w32(reg::RCTL, RECEIVE | 0x58 | if phy { 0 } else { 0x40 });
            for index in 0..4095 {
                machine.put_descriptor(index, legacy(TX_RING, 64, SEND, 0, 0, 0));
            }
            machine.w32(reg::TDT, 4095);
            machine.settle();
            assert_eq!(machine.r32(reg::TDH), 4095);
            still_works_after_loopback(&mut machine);
        }
    }
}

fn still_works_after_loopback(machine: &mut Machine) {
    machine.write_phy(0, 0x1140);
    machine.write_phy(0, 0x1340);
    machine.settle();
    still_works(machine);
}

#[test]
fn cve_2021_3750_bus_master_accesses_to_anything_but_memory() {
    for timing in TIMINGS {
        for at in [0xfee0_0000_u64, 0x8020_0000, u64::MAX - 7, 1 << 63, harness::RAM as u64 - 8] {
            let mut machine = Machine::new(&[("timing", timing)]);
            machine.start_transmitter(8);
            machine.start_receiver(8, RECEIVE);
            machine.put_descriptor(0, legacy(at, 100, SEND, 0, 0, 0));
            machine.put_descriptor(1, data(at, 0xf_ffff, TSE | 0x0b, 3, 0));
            machine.write_ram(RX_RING, &at.to_le_bytes());
            machine.w32(reg::TDT, 2);
            machine.receive(&frame_to(MAC, 100));
            machine.w32(reg::TDBAL, at as u32);
            machine.w32(reg::TDBAH, (at >> 32) as u32);
            machine.w32(reg::RDBAL, at as u32);
            machine.w32(reg::RDBAH, (at >> 32) as u32);
            machine.w32(reg::TDT, 5);
            machine.receive(&frame_to(MAC, 100));
            machine.settle();
            assert!(machine.sent.is_empty());
            still_works(&mut machine);
        }
    }
}

#[test]
fn cve_2025_12464_loopback_of_short_frames() {
    for length in 1..=60_u16 {
        let mut machine = Machine::off();
        machine.start_transmitter(8);
        machine.start_receiver(8, RECEIVE | 0x58);
        machine.w32(reg::CTRL, 0x4014_0240);
        machine.w32(reg::VET, 0);
        machine.w32(reg::RXCSUM, 0x3ff);
        machine.w32(reg::TCTL, 2);
        machine.write_ram(TX_BUFFER, &[0; 60]);
        machine.put_descriptor(0, legacy(TX_BUFFER, length, SEND, 0, 0, 0));
        machine.w32(reg::TDT, 1);
        let descriptor = machine.rx_descriptor(0);
        assert_eq!(
            (descriptor.status & 0xb, descriptor.length),
            (0xb, 56),
            "padded, then stripped"
        );
    }
}

#[test]
fn cve_2017_9310_empty_packets_and_full_rings() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    for index in 0..8 {
        machine.put_descriptor(index, legacy(TX_BUFFER, 0, SEND, 0, 0, 0));
    }
    machine.w32(reg::TDT, 7);
    machine.settle();
    assert_eq!((machine.r32(reg::TDH), machine.sent.len()), (7, 0));
    still_works(&mut machine);
}

#[test]
fn cve_2018_3295_payload_lengths_that_do_not_add_up() {
    for payload in [0, 1, 53, 0xf_ffff] {
        for parts in [&[54, 2000][..], &[2054], &[10, 10, 10, 2000], &[0xf_ffff]] {
            segmented(Context { payload, ..SANE }, parts);
        }
    }
}

#[test]
fn cve_2021_2145_segment_sizes_that_do_not_fit() {
    for (mss, header) in
        [(0, 54), (1, 54), (16234, 54), (16235, 54), (0xffff, 54), (1460, 0), (8, 14)]
    {
        segmented(Context { mss, header, ..SANE }, &[54, 3000]);
    }
}

#[test]
fn cve_2019_5609_more_descriptors_than_anybody_expects() {
    segmented(SANE, &[30; 100]);
    let mut machine = Machine::off();
    machine.start_transmitter(4096);
    for index in 0..4000 {
        machine.put_descriptor(index, legacy(TX_BUFFER, 60, 0, 0, 0, 0));
    }
    machine.w32(reg::TDT, 4000);
    machine.settle();
    assert!(machine.sent.is_empty(), "longer than a packet can be");
    assert_eq!(machine.r32(reg::TDH), 4000);
}

#[test]
fn cve_2022_23087_checksums_outside_of_the_packet() {
    for start in [0, 13, 59, 60, 61, 255] {
        for at in [0, 58, 59, 60, 255] {
            let mut machine = Machine::off();
            machine.start_transmitter(8);
            machine.write_ram(TX_BUFFER, &frame_to(PEER, 60));
            machine.put_descriptor(0, legacy(TX_BUFFER, 60, SEND | 4, at, start, 0));
            let context = Context {
                ip: (start, at, 5),
                transport: (start, at, 0xffff),
                ..Context::default()
            };
            machine.put_descriptor(1, context.bytes());
            machine.put_descriptor(2, data(TX_BUFFER, 60, SEND, 3, 0));
            machine.w32(reg::TDT, 3);
            assert_eq!(machine.sent.iter().map(|f| f.len()).collect::<Vec<_>>(), [60, 60]);
            if start > 60 || at > 58 {
                assert_eq!(machine.sent[0].data(), frame_to(PEER, 60), "nothing is inserted");
            }
        }
    }
}

#[test]
fn bhyve_r366771_transmission_enabled_before_the_ring_has_an_address() {
    let mut machine = Machine::off();
    machine.w32(reg::TCTL, 2);
    machine.w32(reg::TDT, 3);
    machine.w32(reg::TDLEN, 128);
    machine.settle();
    machine.w32(reg::TDBAL, TX_RING as u32);
    machine.settle();
    still_works(&mut machine);
}

#[test]
fn mixed_descriptors_in_one_packet() {
    let kinds: [fn(u8) -> [u8; 16]; 3] = [
        |command| legacy(TX_BUFFER, 40, command, 10, 10, 0),
        |command| data(TX_BUFFER, 40, command, 3, 0),
        |command| data(TX_BUFFER, 40, command | TSE, 3, 0),
    ];
    for order in 0..81_usize {
        let mut machine = Machine::off();
        machine.start_transmitter(8);
        machine.put_descriptor(0, SANE.bytes());
        for index in 0..4 {
            let kind = kinds[order / 3_usize.pow(index) % 3];
            machine
                .put_descriptor(u64::from(index) + 1, kind(if index == 3 { SEND } else { 0x0a }));
        }
        machine.put_descriptor(3, Context { mss: 7, header: 3, ..SANE }.bytes());
        machine.w32(reg::TDT, 5);
        machine.settle();
        assert_eq!(machine.r32(reg::TDH), 5);
        still_works(&mut machine);
    }
}

#[test]
fn a_function_that_may_not_master_the_bus_goes_on_when_it_may() {
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    machine.start_receiver(8, RECEIVE);
    machine.ram.master = false;
    machine.send_without_ring(&frame_to(PEER, 60));
    assert!(matches!(machine.receive(&frame_to(MAC, 60)), Verdict::Dropped(_)));
    assert_eq!((machine.r32(reg::TDH), machine.r32(reg::RDH)), (0, 0));
    machine.ram.master = true;
    let tail = machine.r32(reg::TDT);
    machine.w32(reg::TDT, tail);
    assert_eq!(machine.sent.len(), 1);
}

impl Machine {
    fn send_without_ring(&mut self, frame: &[u8]) {
        self.put_frame(0, frame, SEND);
        self.w32(reg::TDT, 1);
    }
}

#[test]
fn one_entry_does_bounded_work_and_the_rest_follows() {
    let mut machine = Machine::off();
    machine.start_transmitter(4096);
    for index in 0..4095 {
        machine.put_descriptor(index, legacy(TX_BUFFER, 60, SEND, 0, 0, 0));
    }
    machine.w32(reg::TDT, 4095);
    assert!((1..=256).contains(&machine.sent.len()));
    assert!(machine.deadlines.iter().all(|(_, at)| *at > machine.now), "never for now");
    machine.settle();
    assert_eq!(machine.sent.len(), 4095);
    // A million one-byte segments from one descriptor.
    let mut machine = Machine::off();
    machine.start_transmitter(8);
    machine.put_descriptor(0, Context { mss: 1, payload: 0xf_0000, ..SANE }.bytes());
    machine.put_descriptor(1, data(0x1000, 0xf_0000, TSE | 0x0b, 0, 0));
    machine.w32(reg::TDT, 2);
    assert!(machine.sent.len() <= 256);
    machine.advance(VDuration::from_millis(1));
    assert!(machine.sent.len() > 256);
}

#[test]
fn a_reset_forgets_everything_in_flight() {
    for timing in TIMINGS {
        let mut machine = Machine::new(&[("timing", timing)]);
        machine.start_transmitter(8);
        machine.start_receiver(8, RECEIVE);
        machine.put_descriptor(0, legacy(TX_BUFFER, 60, 0, 0, 0, 0));
        machine.w32(reg::TDT, 1);
        machine.receive(&frame_to(MAC, 60));
        machine.receive(&frame_to(MAC, 60));
        machine.w32(reg::RDTR, 100);
        machine.w32(reg::CTRL, 0x0414_0240);
        assert_eq!(machine.deadlines, vec![], "no timer is left");
        still_works(&mut machine);
        assert_eq!(machine.sent[0].len(), 60, "the half packet is gone");
    }
}

#[test]
fn stray_timers_do_nothing() {
    let mut machine = Machine::wire();
    machine.start_transmitter(8);
    for id in 0..=255 {
        machine.call(|device, cx| {
            elnic_contract::Device::timer(device, cx, elnic_contract::TimerId(id))
        });
    }
    assert!(machine.sent.is_empty() && machine.deadlines.is_empty());
    assert_eq!(machine.device.counters().tx_frames, 0);
}
