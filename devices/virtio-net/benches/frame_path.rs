//! What a frame costs in the model: sent in batches as QEMU's figure was taken (256 chains a notification), and from one
//! device's ring into another's with one notification a frame, as the least favourable driver does it.
//!
//! The goal is 550 ns a frame sent at 60 bytes (`timing=off`, release build).

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use elnic_contract::{
    Access, Cx, Device, Dma, DmaError, Effect, Gpa, Nic, Outbox, Properties, Silent, Size, VTime,
};
use elnic_virtio_net::{PROPERTIES, VirtioNet};

struct Ram(Vec<u8>);

impl Dma for Ram {
    fn read(&mut self, at: Gpa, into: &mut [u8]) -> Result<(), DmaError> {
        let at = at.0 as usize;
        into.copy_from_slice(self.0.get(at..at + into.len()).ok_or(DmaError::NoBusMaster)?);
        Ok(())
    }

    fn write(&mut self, at: Gpa, from: &[u8]) -> Result<(), DmaError> {
        let at = at.0 as usize;
        let into = self.0.get_mut(at..at + from.len()).ok_or(DmaError::NoBusMaster)?;
        into.copy_from_slice(from);
        Ok(())
    }
}

const RING: u64 = 0x1_0000;

struct Side {
    device: VirtioNet,
    ram: Ram,
    outbox: Outbox,
}

impl Side {
    /// A device with a receive and a transmit ring of 256 chains of `length` bytes, each with its header in front.
    fn new(length: u32, writable: bool) -> Self {
        let given = [("timing", "off"), ("disable-legacy", "on")];
        let properties = Properties::parse("virtio-net-pci", PROPERTIES, given).expect("known");
        let device = VirtioNet::new(&properties).expect("possible");
        let mut side = Self { device, ram: Ram(vec![0; 1 << 20]), outbox: Outbox::new() };
        side.w(0x14, Size::Byte, 3);
        // No event indices: the driver wants every notification and no interrupt.
        side.w(0x0c, Size::Word, 0x8020);
        side.w(0x08, Size::Word, 1);
        side.w(0x0c, Size::Word, 1);
        side.w(0x14, Size::Byte, 0xb);
        for queue in 0..2 {
            let base = RING * (queue + 1);
            for entry in 0..256_usize {
                let at = base as usize + entry * 16;
                side.ram.0[at..at + 8].copy_from_slice(&0x8_0000_u64.to_le_bytes());
                side.ram.0[at + 8..at + 12].copy_from_slice(&(length + 12).to_le_bytes());
                side.ram.0[at + 12] = if writable { 2 } else { 0 };
                let slot = base as usize + 0x4004 + entry * 2;
                side.ram.0[slot..slot + 2].copy_from_slice(&(entry as u16).to_le_bytes());
            }
            side.ram.0[base as usize + 0x4000] = 1;
            side.w(0x16, Size::Half, queue);
            side.w(0x20, Size::Double, base);
            side.w(0x28, Size::Double, base + 0x4000);
            side.w(0x30, Size::Double, base + 0x8000);
            side.w(0x1c, Size::Half, 1);
        }
        side.w(0x14, Size::Byte, 0xf);
        side
    }

    fn w(&mut self, offset: u64, size: Size, value: u64) {
        let access = Access::new(0, offset, size).expect("aligned");
        let mut log = Silent;
        let mut cx = Cx::new(VTime::ZERO, &mut self.ram, &mut self.outbox, &mut log);
        self.device.write(&mut cx, access, value).expect("decoded");
    }

    fn offer(&mut self, queue: u64, index: u16) {
        let at = (RING * (queue + 1) + 0x4002) as usize;
        self.ram.0[at..at + 2].copy_from_slice(&index.to_le_bytes());
        self.w(0x3000 + queue * 4, Size::Half, queue);
    }
}

fn frame_path(criterion: &mut Criterion) {
    for length in [60, 1514] {
        let mut sender = Side::new(length, false);
        let mut index = 0_u16;
        let mut group = criterion.benchmark_group("sent");
        group.throughput(Throughput::Elements(256));
        group.bench_function(
            format!("256 frames of {length} bytes, one notification"),
            |bencher| {
                bencher.iter(|| {
                    index = index.wrapping_add(256);
                    sender.offer(1, index);
                    assert_eq!(
                        sender.outbox.drain().filter(|e| matches!(e, Effect::Send(_))).count(),
                        256
                    );
                });
            },
        );
        group.finish();
        let (mut sender, mut receiver) = (Side::new(length, false), Side::new(length, true));
        let mut index = 0_u16;
        receiver.offer(0, 255);
        criterion.bench_function(&format!("one frame of {length} bytes, NIC to NIC"), |bencher| {
            bencher.iter(|| {
                index = index.wrapping_add(1);
                sender.offer(1, index);
                let mut log = Silent;
                for effect in sender.outbox.drain() {
                    let Effect::Send(frame) = effect else { continue };
                    let outbox = &mut receiver.outbox;
                    let mut cx = Cx::new(VTime::ZERO, &mut receiver.ram, outbox, &mut log);
                    receiver.device.receive(&mut cx, &frame);
                }
                receiver.offer(0, index.wrapping_add(255));
                receiver.outbox.drain().for_each(drop);
            });
        });
        assert!(receiver.device.counters().rx_frames > 0);
    }
}

criterion_group!(benches, frame_path);
criterion_main!(benches);
