//! Interrupts and their moderation, to the tick (SDM 13.4.17 to 13.4.21, 13.4.30, 13.4.31, 13.4.41).

#![expect(
    clippy::disallowed_types,
    reason = "prop_oneof! shares its arms; no device is made of them"
)]

mod harness;

use elnic_contract::{VDuration, VTime};
use harness::{MAC, Machine, PEER, RECEIVE, SEND, frame_to, reg};
use proptest::prelude::*;

const IDE: u8 = 0x80;

fn at(nanoseconds: u64) -> VTime {
    VTime::from_nanos(nanoseconds)
}

#[test]
fn causes_are_set_masked_read_and_cleared() {
    let mut machine = Machine::off();
    machine.w32(reg::ICS, 0x10);
    machine.w32(reg::ICS, 0x85);
    assert!(machine.interrupts.is_empty(), "all masked");
    assert_eq!(machine.r32(reg::ICS), 0x95, "ICS shows them and clears nothing");
    machine.w32(reg::IMS, 0x80);
    assert_eq!(machine.interrupts.len(), 1);
    assert_eq!(machine.r32(reg::IMS), 0x80);
    machine.w32(reg::IMC, 0x80);
    assert_eq!(machine.r32(reg::IMS), 0);
    machine.w32(reg::IMS, 0x14);
    assert_eq!(machine.interrupts.len(), 2);
    machine.w32(reg::ICR, 0x14);
    assert_eq!(machine.r32(reg::ICR), 0x81, "written ones are cleared");
    assert_eq!(machine.r32(reg::ICR), 0, "a read clears the rest");
    machine.w32(reg::ICS, 0xff);
    machine.w32(reg::ICR, 0x0f);
    assert_eq!(machine.r32(reg::ICR), 0xf0);
}

#[test]
fn without_itr_interrupts_are_not_spaced() {
    let mut machine = Machine::wire();
    machine.w32(reg::IMS, 0x80);
    for _ in 0..10 {
        machine.w32(reg::ICS, 0x80);
        machine.r32(reg::ICR);
        machine.advance(VDuration::from_nanos(1));
    }
    assert_eq!(machine.interrupts.len(), 10);
}

#[test]
fn itr_keeps_the_least_distance_exactly() {
    for itr in [1, 200, 0xffff_u32] {
        let mut machine = Machine::wire();
        machine.w32(reg::ITR, itr);
        machine.w32(reg::IMS, 0x80);
        machine.w32(reg::ICS, 0x80);
        machine.r32(reg::ICR);
        machine.advance(VDuration::from_nanos(5));
        machine.w32(reg::ICS, 0x80);
        machine.advance(VDuration::from_millis(40));
        assert_eq!(machine.interrupts, [at(0), at(u64::from(itr) * 256)]);
        machine.r32(reg::ICR);
        machine.w32(reg::ICS, 0x80);
        assert_eq!(machine.interrupts.len(), 3, "long since: at once");
    }
}

#[test]
fn a_cause_read_before_its_time_raises_nothing() {
    let mut machine = Machine::wire();
    machine.w32(reg::ITR, 100);
    machine.w32(reg::IMS, 0x80);
    machine.w32(reg::ICS, 0x80);
    machine.r32(reg::ICR);
    machine.w32(reg::ICS, 0x80);
    machine.r32(reg::ICR);
    machine.advance(VDuration::from_millis(1));
    assert_eq!(machine.interrupts.len(), 1);
    assert_eq!(machine.deadlines, vec![]);
}

/// When INTA rises, by the manual's words: each packet restarts RDTR, RADV runs from the first one.
fn receive_schedule(rdtr: u64, radv: u64, packets: &[u64]) -> Vec<u64> {
    if rdtr == 0 {
        return packets.to_vec();
    }
    let (mut edges, mut relative, mut absolute) = (Vec::new(), None::<u64>, None::<u64>);
    for packet in packets.iter().copied().chain([u64::MAX]) {
        let due = [relative, absolute].into_iter().flatten().min();
        if let Some(due) = due.filter(|due| *due <= packet) {
            edges.push(due);
            absolute = None;
        }
        if packet == u64::MAX {
            break;
        }
        relative = Some(packet + rdtr * 1024);
        if radv != 0 && absolute.is_none() {
            absolute = Some(packet + radv * 1024);
        }
    }
    edges
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn receive_delays_are_exact(
        rdtr in prop_oneof![Just(0_u32), 1..50_u32],
        radv in prop_oneof![Just(0_u32), 1..80_u32],
        gaps in prop::collection::vec(1_000..60_000_u64, 1..10),
    ) {
        let mut machine = Machine::wire();
        machine.start_receiver(32, RECEIVE);
        machine.w32(reg::RDTR, rdtr);
        machine.w32(reg::RADV, radv);
        machine.w32(reg::IMS, 0x80);
        let mut packets = Vec::new();
        for gap in gaps {
            // Deadlines that fall together with a packet are a race; keep them apart.
            machine.advance(VDuration::from_nanos(gap | 1));
            machine.receive(&frame_to(MAC, 60));
            packets.push(machine.now.as_nanos());
            machine.r32(reg::ICR);
        }
        machine.settle_interrupts();
        let edges: Vec<u64> = machine.interrupts.iter().map(|edge| edge.as_nanos()).collect();
        prop_assert_eq!(edges, receive_schedule(rdtr.into(), radv.into(), &packets));
    }
}

impl Machine {
    /// Lets all timers run, reading ICR after each step as a handler would.
    fn settle_interrupts(&mut self) {
        for _ in 0..200 {
            self.advance(VDuration::from_nanos(1024));
            self.r32(reg::ICR);
        }
    }
}

#[test]
fn receive_delays_end_together_and_flush() {
    let mut machine = Machine::wire();
    machine.start_receiver(8, RECEIVE);
    machine.w32(reg::RDTR, 100);
    machine.w32(reg::RADV, 200);
    machine.w32(reg::IMS, 0x80);
    machine.advance(VDuration::from_micros(1));
    machine.receive(&frame_to(MAC, 60));
    machine.w32(reg::RDTR, 0x8000_0064);
    assert_eq!(machine.interrupts.len(), 1, "FPD");
    assert_eq!(machine.r32(reg::RDTR), 100, "and clears itself");
    assert_eq!(machine.deadlines, vec![]);
}

#[test]
fn transmit_delays_apply_to_descriptors_that_allow_it() {
    let mut machine = Machine::wire();
    machine.start_transmitter(32);
    machine.w32(reg::TIDV, 10);
    machine.w32(reg::TADV, 25);
    machine.w32(reg::IMS, 1);
    for _ in 0..4 {
        machine.send(&frame_to(PEER, 60), SEND | IDE);
        machine.advance(VDuration::from_micros(8));
    }
    machine.advance(VDuration::from_micros(100));
    assert_eq!(machine.interrupts, [at(25 * 1024)], "TADV counts from the first");
    machine.r32(reg::ICR);
    let start = machine.now.as_nanos();
    machine.send(&frame_to(PEER, 60), SEND | IDE);
    machine.advance(VDuration::from_micros(100));
    assert_eq!(machine.interrupts[1], at(start + 10 * 1024), "TIDV after the last");
    machine.r32(reg::ICR);
    machine.send(&frame_to(PEER, 60), SEND | IDE);
    machine.send(&frame_to(PEER, 60), SEND);
    assert_eq!(machine.interrupts.len(), 3, "one without IDE is reported at once");
    machine.r32(reg::ICR);
    machine.advance(VDuration::from_micros(100));
    assert_eq!(machine.interrupts.len(), 3);
}

#[test]
fn each_assertion_is_a_message_if_messages_are_offered() {
    let mut machine = Machine::new(&[("msi", "on")]);
    machine.w32(reg::IMS, 0x84);
    for count in 1..4 {
        machine.w32(reg::ICS, 0x80);
        machine.w32(reg::ICS, 0x04);
        assert_eq!(machine.messages, count, "one for both causes");
        machine.r32(reg::ICR);
    }
}

#[test]
fn with_timing_off_nothing_is_delayed() {
    let mut machine = Machine::off();
    machine.start_receiver(8, RECEIVE);
    for (register, value) in [(reg::RDTR, 1000), (reg::RADV, 1000), (reg::ITR, 0xffff)] {
        machine.w32(register, value);
    }
    machine.w32(reg::IMS, 0x80);
    for count in 1..5 {
        machine.receive(&frame_to(MAC, 60));
        assert_eq!(machine.interrupts.len(), count);
        machine.r32(reg::ICR);
    }
}
