//! What the controller reaches: buffers, its own registers, its own receiver, the bus.

use elnic_contract::{Frame, Verdict};

use crate::harness::{
    MAC, Machine, PEER, RAM, RECEIVE, RX_BUFFERS, RX_RING, SEND, TX_BUFFER, TX_RING, data,
    frame_to, legacy, reg,
};
use crate::{TIMINGS, TSE, still_works};

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
        for at in [0xfee0_0000_u64, 0x8020_0000, u64::MAX - 7, 1 << 63, RAM as u64 - 8] {
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
