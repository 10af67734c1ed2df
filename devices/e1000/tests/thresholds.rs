//! When descriptors are fetched and given back (nic-models.md §1.2, §1.12), and where packets lie meanwhile.

mod harness;

use elnic_contract::VDuration;
use harness::{
    Context, MAC, Machine, PEER, RECEIVE, RX_RING, SEND, TX_BUFFER, TX_RING, data, frame_to,
    legacy, reg,
};

const IDE: u8 = 0x80;
/// Thresholds count descriptors.
const GRAN: u32 = 1 << 24;

fn ready(machine: &mut Machine, count: u64, command: u8) {
    machine.write_ram(TX_BUFFER, &frame_to(PEER, 60));
    for index in 0..count {
        machine.put_descriptor(index, legacy(TX_BUFFER, 60, command, 0, 0, 0));
    }
}

fn reported(machine: &Machine, count: u64) -> u64 {
    (0..count).filter(|index| machine.tx_status(*index) & 1 != 0).count() as u64
}

#[test]
fn transmit_descriptors_are_given_back_so_many_at_a_time() {
    let mut machine = Machine::wire();
    machine.start_transmitter(32);
    machine.w32(reg::TXDCTL, GRAN | 4 << 16);
    machine.w32(reg::IMS, 1);
    ready(&mut machine, 16, SEND);
    for (tail, given_back) in [(3, 0), (4, 4), (7, 4), (9, 8)] {
        machine.w32(reg::TDT, tail);
        machine.advance(VDuration::from_micros(50));
        assert_eq!(reported(&machine, 16), given_back, "tail {tail}");
        assert_eq!(u64::from(machine.r32(reg::ICR) & 1), u64::from([4, 9].contains(&tail)));
    }
    machine.w32(reg::TXDCTL, 0);
    assert_eq!(reported(&machine, 16), 9, "no threshold, nothing held back");
}

#[test]
fn a_delay_gives_back_what_is_too_little_for_the_threshold() {
    let mut machine = Machine::wire();
    machine.start_transmitter(32);
    machine.w32(reg::TXDCTL, GRAN | 8 << 16);
    machine.w32(reg::TIDV, 100);
    machine.w32(reg::IMS, 1);
    ready(&mut machine, 3, SEND | IDE);
    machine.w32(reg::TDT, 3);
    machine.advance(VDuration::from_nanos(102_399));
    assert_eq!((reported(&machine, 3), machine.interrupts.len()), (0, 0));
    machine.advance(VDuration::from_nanos(1));
    assert_eq!((reported(&machine, 3), machine.interrupts.len()), (3, 1));
}

#[test]
fn receive_descriptors_are_given_back_so_many_at_a_time_or_with_the_interrupt() {
    for rdtr in [0, 100] {
        let mut machine = Machine::wire();
        machine.start_receiver(32, RECEIVE);
        machine.w32(reg::RXDCTL, GRAN | 4 << 16);
        machine.w32(reg::RDTR, rdtr);
        for count in 1..=5_u64 {
            machine.advance(VDuration::from_micros(1));
            machine.receive(&frame_to(MAC, 60));
            let done = (0..8).filter(|n| machine.rx_descriptor(*n).status & 1 != 0).count() as u64;
            let expected = if rdtr == 0 { count } else { count / 4 * 4 };
            assert_eq!(done, expected, "RDTR {rdtr}, {count} frames");
        }
        machine.advance(VDuration::from_micros(200));
        assert_eq!(machine.rx_descriptor(4).status & 1, 1, "the delay is over");
        machine.advance(VDuration::from_micros(1));
        machine.receive(&frame_to(MAC, 60));
        machine.w32(reg::RDTR, 1 << 31 | rdtr);
        assert_eq!(machine.rx_descriptor(5).status & 1, 1, "FPD");
    }
}

/// Bus-master reads of descriptors while `count` frames without data leave.
fn fetches(txdctl: u32, count: u32) -> u64 {
    let mut machine = Machine::wire();
    machine.start_transmitter(128);
    machine.w32(reg::TXDCTL, txdctl);
    for index in 0..u64::from(count) {
        machine.put_descriptor(index, legacy(TX_BUFFER, 0, SEND, 0, 0, 0));
    }
    let before = machine.ram.reads;
    machine.w32(reg::TDT, count);
    machine.settle();
    machine.ram.reads - before
}

#[test]
fn descriptors_are_fetched_ahead_as_the_thresholds_say() {
    assert_eq!(fetches(0, 64), 4, "when none is left, sixteen at a time");
    // At most eight are on the chip when the next burst comes; it takes what the ring offers.
    assert_eq!(fetches(GRAN | 8, 64), 4);
    assert_eq!(fetches(GRAN | 8 | 60 << 8, 64), 4, "the ring never offers sixty more");
    let mut machine = Machine::wire();
    machine.start_transmitter(128);
    machine.w32(reg::TXDCTL, GRAN | 63);
    ready(&mut machine, 40, SEND);
    machine.w32(reg::PBA, 64);
    machine.w32(reg::TDT, 40);
    // Memory changes; what is on the chip does not.
    for index in 0..40 {
        machine.write_ram(TX_RING + index * 16 + 8, &[0; 4]);
    }
    machine.settle();
    assert_eq!(machine.sent.len(), 40);
}

#[test]
fn receive_descriptors_are_taken_as_they_were_when_fetched() {
    let mut machine = Machine::wire();
    machine.start_receiver(32, RECEIVE);
    machine.advance(VDuration::from_micros(1));
    machine.receive(&frame_to(MAC, 60));
    machine.write_ram(RX_RING + 16, &[0; 8]);
    machine.advance(VDuration::from_micros(1));
    machine.receive(&frame_to(MAC, 60));
    assert_eq!(machine.rx_descriptor(1).status & 3, 3, "sixteen came with the first");
    machine.w32(reg::RDBAL, RX_RING as u32);
    machine.write_ram(RX_RING + 32, &[0; 8]);
    machine.advance(VDuration::from_micros(1));
    machine.receive(&frame_to(MAC, 60));
    assert_eq!(machine.rx_descriptor(2).status, 1, "a ring that moves is read anew");
}

#[test]
fn packets_lie_in_the_packet_buffer_between_the_pointers() {
    let mut machine = Machine::wire();
    machine.start_transmitter(8);
    assert_eq!((machine.r32(reg::TDFH), machine.r32(reg::TDFT)), (0x1800, 0x1800), "48 KiB on");
    let frame = frame_to(PEER, 100);
    machine.send(&frame, SEND);
    // 16 bytes before it, and up to a multiple of 16: 128 bytes.
    assert_eq!((machine.r32(reg::TDFH), machine.r32(reg::TDFT)), (0x1800, 0x1810));
    assert_eq!(machine.r32(reg::TDFPC), 1);
    let at = reg::PBM + 0x1800 * 8 + 16;
    let shown: Vec<u8> = (0..25).flat_map(|n| machine.r32(at + n * 4).to_le_bytes()).collect();
    assert_eq!(shown, frame);
    machine.settle();
    assert_eq!((machine.r32(reg::TDFH), machine.r32(reg::TDFPC)), (0x1810, 0), "it has left");

    machine.start_receiver(8, RECEIVE);
    machine.w32(reg::RDT, 0);
    let frame = frame_to(MAC, 60);
    machine.receive(&frame);
    machine.settle();
    assert_eq!((machine.r32(reg::RDFT), machine.r32(reg::RDFPC)), (10, 1), "no buffers: it waits");
    let shown: Vec<u8> =
        (0..15).flat_map(|n| machine.r32(reg::PBM + 16 + n * 4).to_le_bytes()).collect();
    assert_eq!(shown, frame);
    machine.w32(reg::RDT, 4);
    assert_eq!((machine.r32(reg::RDFH), machine.r32(reg::RDFPC)), (10, 0));
}

#[test]
fn the_packet_buffer_is_shared_as_pba_says_after_a_reset() {
    let mut machine = Machine::wire();
    machine.w32(reg::PBA, 0x10);
    machine.w32(reg::CTRL, 0x0414_0240);
    assert_eq!(machine.r32(reg::PBA), 0x0030_0010);
    assert_eq!(machine.r32(reg::TDFH), 0x800, "16 KiB on");
    machine.start_transmitter(8);
    for _ in 0..600 {
        machine.send(&frame_to(PEER, 1000), SEND);
        machine.settle();
        let tail = machine.r32(reg::TDFT);
        assert!((0x800..0x2000).contains(&tail), "{tail:#x} is in the transmit part");
    }
    assert_eq!(machine.r32(reg::TDFH), machine.r32(reg::TDFT));
}

#[test]
fn without_prefetching_a_packet_waits_for_the_one_before_it() {
    let mut machine = Machine::wire();
    machine.w32(reg::TXDMAC, 1);
    machine.start_transmitter(8);
    for index in 0..3 {
        machine.put_frame(index, &frame_to(PEER, 1000), SEND);
    }
    machine.w32(reg::TDT, 3);
    assert_eq!(machine.r32(reg::TDH), 1, "the second is not fetched");
    for done in 1..=3 {
        let left = machine.sent.len();
        while machine.sent.len() == left {
            machine.advance(VDuration::from_nanos(100));
        }
        assert_eq!(machine.r32(reg::TDH), (done + 1).min(3));
    }
}

#[test]
fn segmentation_keeps_the_room_that_tspmt_says() {
    let sent_ahead = |tspmt: u32| {
        let mut machine = Machine::wire();
        machine.w32(reg::TSPMT, tspmt);
        machine.start_transmitter(8);
        let context = Context {
            ip: (14, 24, 33),
            transport: (34, 50, 0),
            payload: 40_000,
            command: 7,
            header: 54,
            mss: 1000,
        };
        let mut packet = frame_to(PEER, 54);
        packet[12..16].copy_from_slice(&[8, 0, 0x45, 0]);
        machine.write_ram(TX_BUFFER, &packet);
        machine.put_descriptor(0, context.bytes());
        machine.put_descriptor(1, data(TX_BUFFER, 40_054, 0x0f, 3, 0));
        machine.w32(reg::TDT, 2);
        let ahead = machine.r32(reg::TDFPC);
        machine.settle();
        assert_eq!(machine.sent.len(), 40, "all of it leaves in the end");
        ahead
    };
    // The FIFO has 16 KiB; a segment goes in whole once there is room for the reserve.
    assert_eq!(sent_ahead(0), 16);
    assert_eq!(sent_ahead(0x0100_0400), 15, "as after reset: 1280 bytes");
    assert_eq!(sent_ahead(0x1000_1000), 8);
    assert_eq!(sent_ahead(0xffff_ffff), 1, "more than there is: one by one");
}
