//! What broke other models of this chip, by the names of the advisories, and the negative list around them.
//!
//! Each test asks the same of the device: it survives, does bounded work, touches no memory it was not given and goes
//! on working afterwards.

#[path = "../harness/mod.rs"]
mod harness;
mod reach;
mod rings;
mod segmentation;

use harness::{Context, MAC, Machine, PEER, RECEIVE, SEND, TX_BUFFER, data, frame_to, reg};

pub(crate) const TSE: u8 = 0x04;
pub(crate) const TIMINGS: [&str; 3] = ["off", "wire", "full"];

/// The device still sends and receives.
pub(crate) fn still_works(machine: &mut Machine) {
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
pub(crate) fn segmented(context: Context, parts: &[u32]) {
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

pub(crate) const SANE: Context = Context {
    ip: (14, 24, 33),
    transport: (34, 50, 0),
    payload: 2000,
    command: TSE | 3,
    header: 54,
    mss: 1460,
};
