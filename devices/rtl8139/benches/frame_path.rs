//! What a frame costs in the model: sent alone, and from one controller into another; both modes, `timing=off`.
//!
//! Guest RAM is a vector and the cable a loop, so that nothing but the model is measured. "1 a doorbell" is the least
//! favourable driver: a doorbell and an acknowledgement for each frame. "4" and "32 a doorbell" are drivers under load;
//! figures are for each frame all the same.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use elnic_contract::{
    Access, Cx, Device, Dma, DmaError, Effect, Gpa, Nic, Outbox, Properties, Silent, Size, VTime,
};
use elnic_rtl8139::{PROPERTIES, Rtl8139};

const RX_BUFFER: u64 = 0x10_000;
const TX_BUFFER: u64 = 0x20_000;
const TX_RING: u64 = 0x30_000;
const RX_RING: u64 = 0x31_000;
const DESCRIPTORS: u64 = 64;
const LENGTHS: [u64; 2] = [60, 1514];
const OWN: u32 = 1 << 31;
const EOR: u32 = 1 << 30;

mod reg {
    pub(super) const TSD: u64 = 0x10;
    pub(super) const TSAD: u64 = 0x20;
    pub(super) const TNPDS: u64 = 0x20;
    pub(super) const RBSTART: u64 = 0x30;
    pub(super) const CR: u64 = 0x37;
    pub(super) const CAPR: u64 = 0x38;
    pub(super) const CBR: u64 = 0x3a;
    pub(super) const ISR: u64 = 0x3e;
    pub(super) const TCR: u64 = 0x40;
    pub(super) const RCR: u64 = 0x44;
    pub(super) const TPPOLL: u64 = 0xd9;
    pub(super) const CPCR: u64 = 0xe0;
    pub(super) const RDSAR: u64 = 0xe4;
}

/// Guest RAM from address 0.
struct FlatRam(Vec<u8>);

impl FlatRam {
    fn range(&mut self, at: Gpa, length: usize) -> Result<&mut [u8], DmaError> {
        let start = usize::try_from(at.0).map_err(|_| DmaError::NotRam(at))?;
        self.0.get_mut(start..start + length).ok_or(DmaError::NotRam(at))
    }
}

impl Dma for FlatRam {
    fn read(&mut self, at: Gpa, into: &mut [u8]) -> Result<(), DmaError> {
        into.copy_from_slice(self.range(at, into.len())?);
        Ok(())
    }

    fn write(&mut self, at: Gpa, from: &[u8]) -> Result<(), DmaError> {
        self.range(at, from.len())?.copy_from_slice(from);
        Ok(())
    }
}

/// A controller and its machine.
struct Side {
    device: Rtl8139,
    ram: FlatRam,
    outbox: Outbox,
    /// Which TSD is next.
    next: u64,
}

impl Side {
    /// A controller with both directions on, in C+ mode or not.
    fn new(cplus: bool) -> Self {
        let properties = Properties::parse("rtl8139", PROPERTIES, [("timing", "off")]);
        let device = Rtl8139::new(&properties.expect("known properties"));
        let mut side =
            Self { device, ram: FlatRam(vec![0; 1 << 20]), outbox: Outbox::new(), next: 0 };
        side.ram.0[TX_BUFFER as usize..][..6].copy_from_slice(&[0x52, 0x54, 0, 0x12, 0x34, 0x56]);
        if cplus {
            side.write(reg::CPCR, Size::Half, 3);
        }
        side.write(reg::RBSTART, Size::Word, RX_BUFFER);
        side.write(reg::CR, Size::Byte, 0x0c);
        side.write(reg::TCR, Size::Word, 0x0300_0700);
        side.write(reg::RCR, Size::Word, 0xff8e);
        if cplus {
            for (register, ring) in [(reg::TNPDS, TX_RING), (reg::RDSAR, RX_RING)] {
                side.write(register, Size::Word, ring);
                side.write(register + 4, Size::Word, 0);
            }
            (0..DESCRIPTORS).for_each(|index| side.give_buffer(index));
        } else {
            (0..4).for_each(|index| side.write(reg::TSAD + 4 * index, Size::Word, TX_BUFFER));
        }
        side.outbox.drain().for_each(drop);
        side
    }

    fn enter<T>(&mut self, call: impl FnOnce(&mut Rtl8139, &mut Cx<'_>) -> T) -> T {
        let mut log = Silent;
        let mut cx = Cx::new(VTime::ZERO, &mut self.ram, &mut self.outbox, &mut log);
        call(&mut self.device, &mut cx)
    }

    fn write(&mut self, offset: u64, size: Size, value: u64) {
        let access = Access::new(1, offset, size).expect("aligned");
        self.enter(|device, cx| device.write(cx, access, value)).expect("decoded");
    }

    fn read(&mut self, offset: u64, size: Size) -> u64 {
        let access = Access::new(1, offset, size).expect("aligned");
        self.enter(|device, cx| device.read(cx, access)).expect("decoded")
    }

    fn descriptor(&mut self, at: u64, word: u32, buffer: u64) {
        let bytes = [&word.to_le_bytes()[..], &[0; 4], &buffer.to_le_bytes()].concat();
        self.ram.write(Gpa(at), &bytes).expect("RAM");
    }

    fn give_buffer(&mut self, index: u64) {
        let end = if index + 1 == DESCRIPTORS { EOR } else { 0 };
        self.descriptor(RX_RING + 16 * index, OWN | end | 0x800, RX_BUFFER);
    }

    /// Sends `batch` frames with four TSD, then acknowledges.
    fn send(&mut self, length: u64, batch: u64) {
        for _ in 0..batch {
            self.write(reg::TSD + 4 * self.next, Size::Word, length);
            self.next = (self.next + 1) % 4;
        }
        self.acknowledge();
    }

    /// Sends `batch` frames from the ring, then acknowledges.
    fn send_from_ring(&mut self, length: u64, batch: u64) {
        for index in 0..batch {
            let end = if index + 1 == batch { EOR } else { 0 };
            let word = OWN | end | 3 << 28 | length as u32;
            self.descriptor(TX_RING + 16 * index, word, TX_BUFFER);
        }
        self.write(reg::TPPOLL, Size::Byte, 0x40);
        self.acknowledge();
    }

    fn acknowledge(&mut self) {
        let causes = self.read(reg::ISR, Size::Half);
        self.write(reg::ISR, Size::Half, causes);
    }

    /// Carries what was sent to `other`, which takes it out of its buffer or ring.
    fn carry(&mut self, other: &mut Side, cplus: bool, taken: &mut u64) {
        let mut outbox = std::mem::take(&mut self.outbox);
        for effect in outbox.drain() {
            let Effect::Send(frame) = effect else { continue };
            other.enter(|device, cx| device.receive(cx, &frame));
            if cplus {
                other.give_buffer(*taken % DESCRIPTORS);
                *taken += 1;
            } else {
                let place = other.read(reg::CBR, Size::Half);
                other.write(reg::CAPR, Size::Half, place.wrapping_sub(16) & 0xffff);
            }
        }
        self.outbox = outbox;
        other.acknowledge();
    }
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, cplus: bool, length: u64, batch: u64) {
    let mode = if cplus { "C+" } else { "C" };
    group.throughput(Throughput::Elements(batch));
    let send = if cplus { Side::send_from_ring } else { Side::send };
    let mut alone = Side::new(cplus);
    group.bench_function(format!("{mode}, sent, {length} bytes, {batch} a doorbell"), |bencher| {
        bencher.iter(|| {
            send(&mut alone, length, batch);
            let sent = alone.outbox.drain().filter(|effect| matches!(effect, Effect::Send(_)));
            assert_eq!(sent.count() as u64, batch);
        });
    });
    let (mut from, mut to, mut taken) = (Side::new(cplus), Side::new(cplus), 0);
    group.bench_function(
        format!("{mode}, NIC to NIC, {length} bytes, {batch} a doorbell"),
        |bencher| {
            bencher.iter(|| {
                send(&mut from, length, batch);
                from.carry(&mut to, cplus, &mut taken);
            });
            assert!(to.device.counters().rx_frames > 0, "frames arrive");
        },
    );
}

fn frame_path(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rtl8139");
    for length in LENGTHS {
        for batch in [1, 4] {
            measure(&mut group, false, length, batch);
        }
        for batch in [1, 32] {
            measure(&mut group, true, length, batch);
        }
    }
    group.finish();
}

criterion_group!(benches, frame_path);
criterion_main!(benches);
