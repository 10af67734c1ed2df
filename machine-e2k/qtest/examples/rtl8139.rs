//! An rtl8139 sends a frame and receives one. `cargo run --example rtl8139 -- PATH/TO/elnic`
//!
//! Registers: RTL8139D datasheet §5; the ring of received frames: §5.5.

use elnic_qtest::{Cable, Error, Launch, Machine, PciBus, frame};

const TSD0: u64 = 0x10;
const TSAD0: u64 = 0x20;
const RBSTART: u64 = 0x30;
const CR: u64 = 0x37;
const CAPR: u64 = 0x38;
const IMR: u64 = 0x3c;
const ISR: u64 = 0x3e;
const TCR: u64 = 0x40;
const RCR: u64 = 0x44;

/// What was seen.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The frame that left the network interface.
    pub(crate) sent: Vec<u8>,
    /// The frame that the driver found in the ring, with its checksum.
    pub(crate) received: Vec<u8>,
}

/// The machine's part of the command line.
pub(crate) const DEVICE: &str = "rtl8139,netdev=n0,addr=4,mac=52:54:00:12:34:56";

/// Sends `outgoing` through the network interface and lets it receive `incoming`.
pub(crate) fn exchange(
    machine: &mut Machine,
    cable: &Cable,
    outgoing: &[u8],
    incoming: &[u8],
) -> Result<Outcome, Error> {
    let mut bus = PciBus::pc();
    let card = bus.find(machine, 0x10ec, 0x8139)?;
    let registers = bus.map(machine, &card, 0)?;
    card.enable(machine)?;

    // Reset, then a ring of 8 KiB; receiver and transmitter on.
    registers.write8(machine, CR, 1 << 4)?;
    machine
        .wait_until("end of reset", |machine| Ok(registers.read8(machine, CR)? & 1 << 4 == 0))?;
    let ring = machine.allocate((8 << 10) + 16 + 1536, 256)?;
    let buffer = machine.allocate(2048, 4)?;
    registers.write32(machine, RBSTART, ring as u32)?;
    registers.write8(machine, CR, 1 << 3 | 1 << 2)?;
    registers.write32(machine, TCR, 3 << 24 | 7 << 8)?;
    // Frames for this station and broadcasts; a frame may run over the ring's end.
    registers.write32(machine, RCR, 7 << 13 | 7 << 8 | 1 << 7 | 1 << 3 | 1 << 1)?;
    registers.write16(machine, IMR, 0x0005)?;

    machine.write(buffer, outgoing)?;
    registers.write32(machine, TSAD0, buffer as u32)?;
    registers.write32(machine, TSD0, outgoing.len() as u32)?;
    machine
        .wait_until("frame sent", |machine| Ok(registers.read32(machine, TSD0)? & 1 << 15 != 0))?;
    let sent = cable.receive()?;

    cable.send(incoming)?;
    // The ring is not empty any more.
    machine.wait_until("frame received", |machine| Ok(registers.read8(machine, CR)? & 1 == 0))?;
    let length = machine.load(ring + 2, 2)?;
    let received = machine.read(ring + 4, length as usize)?;
    let next = (4 + length).next_multiple_of(4);
    registers.write16(machine, CAPR, next as u16 - 16)?;
    registers.write16(machine, ISR, 0x0005)?;
    Ok(Outcome { sent, received })
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
    println!("sent {:02x?}\nreceived {:02x?}", outcome.sent, outcome.received);
    machine.end().map(drop)
}
