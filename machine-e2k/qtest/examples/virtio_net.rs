//! A virtio-net sends a frame and receives one, with MSI-X. `cargo run --example virtio_net -- PATH/TO/elnic`
//!
//! Source: Virtio 1.2 §4.1.4 (PCI capabilities), §2.7 (split virtqueues), §5.1.6 (frames).

use elnic_qtest::{Bar, Cable, Error, Launch, Machine, PciBus, frame};

/// Bytes before a frame: `virtio_net_hdr` with `num_buffers`.
const HEADER: u64 = 12;
const QUEUE_SIZE: u64 = 8;
/// Status: acknowledged, driver, features accepted, driver ready.
const STATUS: u64 = 20;

/// What was seen.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The frame that left the network interface.
    pub(crate) sent: Vec<u8>,
    /// The frame that the driver found in its buffer.
    pub(crate) received: Vec<u8>,
    /// The message that told of it.
    pub(crate) message: u32,
}

/// The machine's part of the command line.
pub(crate) const DEVICE: &str = "virtio-net-pci,netdev=n0,addr=4,mac=52:54:00:12:34:56";

/// Structures of the modern transport: where each is.
struct Transport {
    common: (Bar, u64),
    notify: (Bar, u64),
    multiplier: u64,
}

/// A split virtqueue with one buffer at a time.
struct Queue {
    number: u16,
    descriptors: u64,
    available: u64,
    used: u64,
    notify: u64,
    posted: u16,
}

impl Queue {
    fn new(machine: &mut Machine, at: &Transport, number: u16, vector: u16) -> Result<Self, Error> {
        let (common, base) = at.common;
        common.write16(machine, base + 22, number)?;
        common.write16(machine, base + 24, QUEUE_SIZE as u16)?;
        common.write16(machine, base + 26, vector)?;
        let descriptors = machine.allocate(16 * QUEUE_SIZE, 16)?;
        let available = machine.allocate(6 + 2 * QUEUE_SIZE, 2)?;
        let used = machine.allocate(6 + 8 * QUEUE_SIZE, 4)?;
        for (offset, ring) in [(32, descriptors), (40, available), (48, used)] {
            common.write32(machine, base + offset, ring as u32)?;
            common.write32(machine, base + offset + 4, (ring >> 32) as u32)?;
        }
        let notify = u64::from(common.read16(machine, base + 30)?) * at.multiplier;
        common.write16(machine, base + 28, 1)?;
        Ok(Self { number, descriptors, available, used, notify, posted: 0 })
    }

    /// Hands a buffer to the device; `writable`: the device may fill it.
    fn post(
        &mut self,
        machine: &mut Machine,
        at: &Transport,
        buffer: u64,
        length: u64,
        writable: bool,
    ) -> Result<(), Error> {
        machine.store(self.descriptors, 8, buffer)?;
        machine.store(self.descriptors + 8, 8, length | u64::from(writable) << 33)?;
        self.posted += 1;
        machine.store(self.available + 2, 2, self.posted.into())?;
        let (notify, base) = at.notify;
        notify.write16(machine, base + self.notify, self.number)
    }

    /// Waits until the device is done with it; how many bytes it wrote.
    fn finish(&self, machine: &mut Machine) -> Result<u64, Error> {
        let (used, posted) = (self.used, self.posted);
        machine.wait_until("used buffer", |machine| {
            Ok(machine.load(used + 2, 2)? == u64::from(posted))
        })?;
        machine.load(used + 8 + 8 * (u64::from(posted - 1) % QUEUE_SIZE), 4)
    }
}

/// Sends `outgoing` through the network interface and lets it receive `incoming`.
pub(crate) fn exchange(
    machine: &mut Machine,
    cable: &Cable,
    outgoing: &[u8],
    incoming: &[u8],
) -> Result<Outcome, Error> {
    let mut bus = PciBus::pc();
    let card = bus.find(machine, 0x1af4, 0x1000)?;
    card.enable(machine)?;
    let msix = card.msix(machine)?;
    let table = bus.map(machine, &card, msix.bar)?;
    // The virtio structures are all behind one register, which is not the one of the MSI-X table.
    let (mut common, mut notify, mut window) = (None, None, None);
    for (_, at) in card.capabilities(machine)?.into_iter().filter(|(identity, _)| *identity == 9) {
        let kind = card.read(machine, at + 3, 1)?;
        let offset = u64::from(card.read32(machine, at + 8)?);
        let number = card.read(machine, at + 4, 1)? as u8;
        if let 1 | 2 = kind {
            let bar = match window {
                Some(bar) => bar,
                None => *window.insert(bus.map(machine, &card, number)?),
            };
            match kind {
                1 => common = Some((bar, offset)),
                _ => notify = Some((bar, offset, card.read32(machine, at + 16)?)),
            }
        }
    }
    let missing = || Error::Missing("virtio capability");
    let (notify, offset, multiplier) = notify.ok_or_else(missing)?;
    let common = common.ok_or_else(missing)?;
    let transport = Transport { common, notify: (notify, offset), multiplier: multiplier.into() };

    // Reset; of all features only VIRTIO_F_VERSION_1, which is bit 0 of the second word.
    let (registers, base) = common;
    registers.write8(machine, base + STATUS, 0)?;
    registers.write8(machine, base + STATUS, 3)?;
    for (word, features) in [(0, 0), (1, 1)] {
        registers.write32(machine, base + 8, word)?;
        registers.write32(machine, base + 12, features)?;
    }
    registers.write8(machine, base + STATUS, 11)?;
    // Vector 0 tells of received frames, by a message the driver finds in RAM.
    let message = machine.allocate(4, 4)?;
    msix.set(machine, &table, 0, message, 0x4e49_4331)?;
    msix.enable(machine)?;
    let mut receive = Queue::new(machine, &transport, 0, 0)?;
    let mut transmit = Queue::new(machine, &transport, 1, 0xffff)?;
    registers.write8(machine, base + STATUS, 15)?;

    let tx_buffer = machine.allocate(2048, 8)?;
    machine.write(tx_buffer + HEADER, outgoing)?;
    transmit.post(machine, &transport, tx_buffer, HEADER + outgoing.len() as u64, false)?;
    transmit.finish(machine)?;
    let sent = cable.receive()?;

    let rx_buffer = machine.allocate(2048, 8)?;
    receive.post(machine, &transport, rx_buffer, 2048, true)?;
    cable.send(incoming)?;
    let length = receive.finish(machine)?;
    let received = machine.read(rx_buffer + HEADER, length.saturating_sub(HEADER) as usize)?;
    let message = machine.load(message, 4)? as u32;
    Ok(Outcome { sent, received, message })
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
        "sent {:02x?}\nreceived {:02x?}\nmessage {:#x}",
        outcome.sent, outcome.received, outcome.message
    );
    machine.end().map(drop)
}
