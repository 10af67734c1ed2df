//! An e1000 sends a frame and receives one. `cargo run --example e1000 -- PATH/TO/elnic`
//!
//! Registers and descriptors: 82540EM manual §13.4, §3.2.3, §3.3.3.

use elnic_qtest::{Cable, Error, Launch, Machine, PciBus, frame};

const CTRL: u64 = 0x0000;
const ICR: u64 = 0x00c0;
const IMS: u64 = 0x00d0;
const RCTL: u64 = 0x0100;
const TCTL: u64 = 0x0400;
const RDBAL: u64 = 0x2800;
const TDBAL: u64 = 0x3800;
/// From a ring's base: length, head, tail.
const LENGTH: u64 = 0x08;
const HEAD: u64 = 0x10;
const TAIL: u64 = 0x18;
const DESCRIPTORS: u32 = 8;

/// What was seen.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The frame that left the network interface.
    pub(crate) sent: Vec<u8>,
    /// The frame that the driver found in its buffer.
    pub(crate) received: Vec<u8>,
    /// Interrupt inputs that were raised.
    pub(crate) interrupts: Vec<(u32, u64)>,
}

/// The machine's part of the command line.
pub(crate) const DEVICE: &str = "e1000,netdev=n0,addr=4,mac=52:54:00:12:34:56";

/// Sends `outgoing` through the network interface and lets it receive `incoming`.
pub(crate) fn exchange(
    machine: &mut Machine,
    cable: &Cable,
    outgoing: &[u8],
    incoming: &[u8],
) -> Result<Outcome, Error> {
    let mut bus = PciBus::pc();
    let card = bus.find(machine, 0x8086, 0x100e)?;
    let registers = bus.map(machine, &card, 0)?;
    card.enable(machine)?;
    machine.intercept("ioapic")?;

    let [tx_ring, rx_ring] = [machine.allocate(128, 16)?, machine.allocate(128, 16)?];
    let [tx_buffer, rx_buffer] = [machine.allocate(2048, 16)?, machine.allocate(2048, 16)?];
    for (base, ring) in [(TDBAL, tx_ring), (RDBAL, rx_ring)] {
        registers.write32(machine, base, ring as u32)?;
        registers.write32(machine, base + 4, (ring >> 32) as u32)?;
        registers.write32(machine, base + LENGTH, DESCRIPTORS * 16)?;
        registers.write32(machine, base + HEAD, 0)?;
        registers.write32(machine, base + TAIL, 0)?;
    }
    // Link up; frames of 60 octets at least; everything is received, without its checksum.
    registers.write32(machine, CTRL, 1 << 6)?;
    registers.write32(machine, IMS, 1 << 0 | 1 << 7)?;
    registers.write32(machine, TCTL, 1 << 1 | 1 << 3)?;

    // End of packet, insert FCS, report status.
    machine.write(tx_buffer, outgoing)?;
    machine.store(tx_ring, 8, tx_buffer)?;
    machine.store(tx_ring + 8, 8, outgoing.len() as u64 | 0b1011 << 24)?;
    registers.write32(machine, TDBAL + TAIL, 1)?;
    machine.wait_until("frame sent", |machine| Ok(machine.load(tx_ring + 12, 1)? & 1 == 1))?;
    let sent = cable.receive()?;

    machine.store(rx_ring, 8, rx_buffer)?;
    registers.write32(machine, RDBAL + TAIL, 1)?;
    registers.write32(machine, RCTL, 1 << 1 | 1 << 3 | 1 << 4 | 1 << 15 | 1 << 26)?;
    cable.send(incoming)?;
    machine.wait_until("frame received", |machine| Ok(machine.load(rx_ring + 12, 1)? & 1 == 1))?;
    let length = machine.load(rx_ring + 8, 2)?;
    let received = machine.read(rx_buffer, length as usize)?;
    // Reading the cause lowers the interrupt.
    registers.read32(machine, ICR)?;
    Ok(Outcome { sent, received, interrupts: machine.interrupts() })
}

fn main() -> Result<(), Error> {
    let program = std::env::args().nth(1).unwrap_or_else(|| "elnic".to_owned());
    let mut launch = Launch::new(program)?;
    let cable = launch.cable("n0")?;
    let mut machine = launch.device(DEVICE).start()?;
    let mac = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
    let outgoing = frame([0xff; 6], mac, b"out");
    let incoming = frame(mac, [2, 0, 0, 0, 0, 1], b"in");
    let outcome = exchange(&mut machine, &cable, &outgoing, &incoming)?;
    println!(
        "sent {:02x?}\nreceived {:02x?}\ninterrupts {:?}",
        outcome.sent, outcome.received, outcome.interrupts
    );
    machine.end().map(drop)
}
