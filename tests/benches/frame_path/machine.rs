//! The machine around one NIC: its RAM, what it wants done, accesses of its driver.

use elnic_contract::{Access, Cx, Device, Effect, Frame, Outbox, Silent, Size, VTime};
use elnic_memory::{GuestRam, RamLayout};

/// A NIC in a machine of its own.
pub(crate) struct Machine<D> {
    pub(crate) device: D,
    pub(crate) ram: GuestRam,
    outbox: Outbox,
    /// Index of the region that the driver uses.
    region: u8,
}

impl<D: Device> Machine<D> {
    pub(crate) fn new(device: D, region: u8) -> Self {
        let layout = RamLayout::new(1 << 20).expect("a size RAM can have");
        let ram = GuestRam::new(layout).expect("a mebibyte is there");
        Self { device, ram, outbox: Outbox::new(), region }
    }

    pub(crate) fn enter<T>(&mut self, call: impl FnOnce(&mut D, &mut Cx<'_>) -> T) -> T {
        let mut log = Silent;
        let mut cx = Cx::new(VTime::ZERO, &mut self.ram, &mut self.outbox, &mut log);
        call(&mut self.device, &mut cx)
    }

    pub(crate) fn write(&mut self, offset: u64, size: Size, value: u64) {
        let access = Access::new(self.region, offset, size).expect("aligned");
        self.enter(|device, cx| device.write(cx, access, value)).expect("decoded");
    }

    pub(crate) fn read(&mut self, offset: u64, size: Size) -> u64 {
        let access = Access::new(self.region, offset, size).expect("aligned");
        self.enter(|device, cx| device.read(cx, access)).expect("decoded")
    }

    pub(crate) fn store(&mut self, at: u64, size: Size, value: u64) {
        self.ram.store(at, size, value).expect("RAM");
    }

    /// The frames that were put on the cable; everything else it wanted is forgotten.
    pub(crate) fn frames(&mut self) -> impl Iterator<Item = Frame> + '_ {
        self.outbox.drain().filter_map(|effect| match effect {
            Effect::Send(frame) => Some(frame),
            _ => None,
        })
    }
}
