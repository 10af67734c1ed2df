//! What a frame costs on its way from one controller's ring into another's, at the shortest and the longest length.
//!
//! The goal is 300 ns at 60 bytes (`timing=off`, release build): one descriptor, one doorbell and one acknowledgement a
//! frame, as the least favourable driver does it.

use criterion::{Criterion, criterion_group, criterion_main};
use elnic_contract::{
    Access, Cx, Device, Dma, DmaError, Effect, Gpa, Nic, Outbox, Properties, Silent, Size, VTime,
};
use elnic_e1000::{E1000, PROPERTIES};

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

struct Side {
    device: E1000,
    ram: Ram,
    outbox: Outbox,
}

impl Side {
    fn new(timing: &str) -> Self {
        let properties =
            Properties::parse("e1000", PROPERTIES, [("timing", timing)]).expect("known");
        Self { device: E1000::new(&properties), ram: Ram(vec![0; 1 << 20]), outbox: Outbox::new() }
    }

    fn w32(&mut self, offset: u64, value: u64) {
        let access = Access::new(0, offset, Size::Word).expect("aligned");
        let mut log = Silent;
        let mut cx = Cx::new(VTime::ZERO, &mut self.ram, &mut self.outbox, &mut log);
        self.device.write(&mut cx, access, value).expect("decoded");
    }

    fn ring(&mut self, base: u64, length: u64, command: u8) {
        for index in 0..256_usize {
            let at = 0x1000 + index * 16;
            self.ram.0[at..at + 8].copy_from_slice(&0x8000_u64.to_le_bytes());
            self.ram.0[at + 8..at + 10].copy_from_slice(&(length as u16).to_le_bytes());
            self.ram.0[at + 11] = command;
        }
        self.w32(base, 0x1000);
        self.w32(base + 8, 256 * 16);
    }
}

fn frame_path(criterion: &mut Criterion) {
    for length in [60_u64, 1514] {
        let (mut sender, mut receiver) = (Side::new("off"), Side::new("off"));
        sender.ram.0[0x8000..0x8006].copy_from_slice(&elnic_e1000::DEFAULT_MAC.0);
        sender.ring(0x3800, length, 0x0b);
        sender.w32(0x400, 0xa);
        receiver.ring(0x2800, 0, 0);
        receiver.w32(0x2818, 255);
        receiver.w32(0x100, 0x0400_8002);
        let mut tail = 0;
        criterion.bench_function(&format!("one frame of {length} bytes, timing off"), |bencher| {
            bencher.iter(|| {
                tail = (tail + 1) & 255;
                sender.w32(0x3818, tail);
                let mut log = Silent;
                for effect in sender.outbox.drain() {
                    let Effect::Send(frame) = effect else { continue };
                    let outbox = &mut receiver.outbox;
                    let mut cx = Cx::new(VTime::ZERO, &mut receiver.ram, outbox, &mut log);
                    assert!(receiver.device.can_receive() == elnic_contract::Readiness::Ready);
                    receiver.device.receive(&mut cx, &frame);
                }
                receiver.w32(0x2818, (tail + 254) & 255);
            });
        });
        assert!(receiver.device.counters().rx_frames > 0);
    }
}

criterion_group!(benches, frame_path);
criterion_main!(benches);
