//! Rings, heads and tails that cannot be; work without an end; resets in the middle.

use elnic_contract::{Nic, VDuration};

use crate::harness::{
    Context, MAC, Machine, RECEIVE, RX_RING, SEND, TX_BUFFER, TX_RING, data, frame_to, legacy, reg,
};
use crate::{SANE, TIMINGS, TSE, still_works};

/// RCTL: long packets.
const LPE: u32 = 1 << 5;

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

#[test]
fn the_negative_list_of_rings_buffers_and_frames() {
    // nic-models.md §5.1: lengths and pointers that cannot be, every buffer size, rings over 4 GiB and beyond RAM, frames of
    // any length with and without tags.
    for timing in TIMINGS {
        let mut machine = Machine::new(&[("timing", timing)]);
        for (length, head, tail) in
            [(0, 0, 1), (16, 0, 1), (128, 3, 3), (128, 7, 8), (130, 0, 7), (0xf_ff80, 0xffff, 0)]
        {
            for (high, low) in [(0, RX_RING as u32), (0, 0xffff_fff8), (u32::MAX, 0x1000)] {
                for size in 0..8_u32 {
                    let control = RECEIVE | LPE | (size & 3) << 16 | (size >> 2) << 25;
                    machine.w32(reg::RCTL, 0);
                    machine.w32(reg::RDBAL, low);
                    machine.w32(reg::RDBAH, high);
                    machine.w32(reg::RDLEN, length);
                    machine.w32(reg::RDH, head);
                    machine.w32(reg::RDT, tail);
                    machine.w32(reg::CTRL, 0x4014_0240);
                    machine.w32(reg::RCTL, control);
                    for octets in [1, 13, 14, 17, 60, 1514, 9000] {
                        machine.receive(&frame_to(MAC, octets));
                    }
                    machine.w32(reg::TDBAL, low);
                    machine.w32(reg::TDBAH, high);
                    machine.w32(reg::TDLEN, length);
                    machine.w32(reg::TDH, head);
                    machine.w32(reg::TCTL, 2);
                    machine.w32(reg::TDT, tail);
                    machine.w32(reg::TCTL, 0);
                    machine.w32(reg::TDT, tail);
                    machine.settle();
                }
            }
        }
        still_works(&mut machine);
    }
}
