//! What can happen to a frame on its way out, and how both kinds of descriptor tell (DS TSD, C+ Tx descriptor status).

mod harness;

use elnic_contract::{ClockHz, DropReason, Properties, VDuration};
use elnic_mac::Bus;
use elnic_rtl8139::{Latencies, PROPERTIES, Rtl8139};
use elnic_testbench::Bench;
use harness::{
    LS, MAC, Machine, OWN, PEER, RECEIVE, TRANSMIT, TX_BUFFERS, TX_RING, frame_to, isr, reg,
};

/// Collisions of either kind, window, carrier, heart beat and FIFO in TSD.
const REPORT: u32 = 0xff00_c000;

fn machine(fate: &str, more: &[(&str, &str)]) -> Machine {
    let properties = [&[("timing", "off"), ("tx-fault", fate)], more].concat();
    Machine::new(&properties)
}

#[test]
fn a_transmit_status_tells_each_fate() {
    let half = [("duplex", "half")];
    let slow = [("speed", "10")];
    for (fate, more, report, causes, leaves) in [
        ("none", &[][..], 0x0000_8000, isr::TOK, true),
        ("collision", &half, 0x0100_8000, isr::TOK, true),
        ("excessive", &half, 0x4f00_0000, isr::TER, false),
        ("late", &half, 0x6000_0000, isr::TER, false),
        ("underrun", &[], 0x0000_4000, isr::TER, false),
        ("carrier", &[], 0x8000_8000, isr::TOK, true),
        ("heartbeat", &slow, 0x1000_8000, isr::TOK, true),
        ("collision", &[], 0x0000_8000, isr::TOK, true),
        ("heartbeat", &[], 0x0000_8000, isr::TOK, true),
    ] {
        let mut machine = machine(fate, more);
        machine.start(RECEIVE, TRANSMIT);
        machine.give(0, &frame_to(PEER, 60));
        assert_eq!(machine.tsd(0) & REPORT, report, "{fate} {more:?}");
        assert_eq!(machine.tsd(0) & 0x2000, 0x2000, "it is software's again");
        assert_eq!(machine.take_isr(), causes, "{fate}");
        assert_eq!(machine.frames().len(), usize::from(leaves), "{fate}");
        let lost = machine.nic().counters().tx_dropped(DropReason::LineError);
        assert_eq!(lost, u64::from(!leaves), "{fate}");
    }
}

#[test]
fn an_aborted_transmission_is_tried_again_when_software_clears_it() {
    let mut machine = machine("excessive", &[("duplex", "half"), ("tx-fault-every", "2")]);
    machine.start(RECEIVE, TRANSMIT);
    for number in 0..4 {
        machine.give(number, &frame_to(PEER, 60 + number as usize));
    }
    assert_eq!(machine.frames().len(), 1, "the second frame stops everything");
    assert_eq!(machine.r16(reg::TSALLD) & 0xf0, 0x20);
    machine.w32(reg::TCR, TRANSMIT | 1);
    let lengths: Vec<usize> = machine.frames().iter().map(Vec::len).collect();
    assert_eq!(lengths, [60, 61], "then the fourth transmission fails");
    machine.w32(reg::TCR, TRANSMIT | 1);
    let lengths: Vec<usize> = machine.frames().iter().map(Vec::len).collect();
    assert_eq!(lengths, [60, 61, 62], "and the sixth");
    machine.w32(reg::TCR, TRANSMIT | 1);
    assert_eq!(machine.frames().len(), 4);
}

#[test]
fn a_descriptor_of_cplus_mode_tells_each_fate() {
    for (fate, more, report, causes) in [
        ("none", &[][..], 0, isr::TOK),
        ("collision", &[("duplex", "half")], 0x0001_0000, isr::TOK),
        ("excessive", &[("duplex", "half")], 0x009f_0000, isr::TER),
        ("late", &[("duplex", "half")], 0x00c0_0000, isr::TER),
        ("underrun", &[], 0x0280_0000, isr::TER),
        ("carrier", &[], 0x00a0_0000, isr::TER),
    ] {
        let mut machine = machine(fate, more);
        machine.start_rings(0x03, 2, 0x800);
        machine.put_frame(TX_RING, 0, &frame_to(PEER, 60), 0, 0);
        machine.poll(0x40);
        let word = machine.word(TX_RING, 0);
        assert_eq!(word & (OWN | 0x02ff_0000), report, "{fate}");
        assert_ne!(word & LS, 0);
        assert_eq!(machine.take_isr() & (isr::TOK | isr::TER), causes, "{fate}");
    }
}

#[test]
fn tally_counters_know_the_fates() {
    for (fate, offset, size) in [("collision", 32, 4), ("excessive", 60, 2), ("underrun", 62, 2)] {
        let mut machine = machine(fate, &[("duplex", "half")]);
        machine.start_rings(0x03, 2, 0x800);
        machine.put_frame(TX_RING, 0, &frame_to(PEER, 60), 0, 0);
        machine.poll(0x40);
        machine.w32(reg::DTCCR + 4, 0);
        machine.w32(reg::DTCCR, 0x50_0008);
        let block = machine.load(0x50_0000, 64);
        let good = u64::from_le_bytes(block[..8].try_into().unwrap());
        assert_eq!(good, u64::from(fate == "collision"), "{fate}");
        assert_eq!(
            block[offset..offset + size].iter().map(|byte| u32::from(*byte)).sum::<u32>(),
            1
        );
    }
}

/// A machine whose bus moves slower than the line.
fn slow_bus() -> Machine {
    let latencies =
        Latencies { bus: Bus { clock: ClockHz::hz(2_000_000), ..Bus::PCI33 }, ..Latencies::PCI33 };
    let bench = Bench::of(move || {
        let properties = Properties::parse("rtl8139", PROPERTIES, [("timing", "full")]).unwrap();
        Box::new(Rtl8139::with_latencies(&properties, latencies))
    });
    Machine { bench }
}

#[test]
fn a_fifo_runs_dry_under_a_threshold_that_is_too_low_for_the_bus() {
    for (threshold, report, frames) in [(0, 0x4000, 0), (63, 0x8000, 1)] {
        let mut machine = slow_bus();
        machine.start(RECEIVE, TRANSMIT);
        machine.store(TX_BUFFERS, &frame_to(PEER, 1514));
        machine.w32(reg::TSAD, TX_BUFFERS as u32);
        machine.w32(reg::TSD, 1514 | threshold << 16);
        machine.advance(VDuration::from_millis(2));
        assert_eq!(machine.tsd(0) & 0xc000, report, "{threshold}");
        assert_eq!(machine.frames().len(), frames);
    }
}

#[test]
fn in_half_duplex_who_listens_does_not_speak() {
    let mut machine = Machine::new(&[("timing", "wire"), ("duplex", "half")]);
    machine.start(RECEIVE, TRANSMIT);
    machine.receive(&frame_to(MAC, 1514));
    machine.give(0, &frame_to(PEER, 60));
    machine.advance_us(1000);
    assert!(machine.sent()[0].0.as_nanos() > 122_080 + 5_760, "{:?}", machine.sent()[0].0);
}
