//! A device model as a driver of this process meets it: registers behind addresses, and DMA into the driver's own memory.

mod memory;

use std::collections::{BTreeMap, VecDeque};

use elnic_contract::{
    Access, Cx, Device, Effect, Frame, LinkState, Outbox, Readiness, Reset, Silent, Size, TimerId,
    VDuration, VTime,
};
use volatile::Registers;

pub use memory::DriverMemory;

/// How long an access takes: time passes for the device while the driver polls.
const ACCESS: VDuration = VDuration::from_nanos(100);

/// A NIC, its cable, and the memory it shares with the driver.
pub struct Rig {
    device: Box<dyn Device>,
    /// What the driver allocates from.
    pub memory: DriverMemory,
    now: VTime,
    timers: BTreeMap<TimerId, VTime>,
    outbox: Outbox,
    arriving: VecDeque<Frame>,
    /// Frames the device has sent, oldest first.
    pub sent: VecDeque<Vec<u8>>,
    /// How often the interrupt line rose.
    pub interrupts: u64,
    line: bool,
}

impl Rig {
    /// The model of that name with these properties, powered, its cable plugged.
    ///
    /// # Panics
    /// There is no such model, or a property is not right.
    pub fn new(model: &str, properties: &[(&str, &str)]) -> Self {
        let entry = elnic_catalogue::find(model).expect("the model of a test is there");
        let device = entry.make(properties.iter().copied()).expect("its properties are right");
        let mut rig = Self {
            device,
            memory: DriverMemory::new(8 << 20),
            now: VTime::ZERO,
            timers: BTreeMap::new(),
            outbox: Outbox::new(),
            arriving: VecDeque::new(),
            sent: VecDeque::new(),
            interrupts: 0,
            line: false,
        };
        rig.enter(|device, cx| device.reset(cx, Reset::Cold));
        rig.enter(|device, cx| {
            if let Some(nic) = device.as_nic_mut() {
                nic.link(cx, LinkState::Up);
            }
        });
        rig
    }

    /// A frame comes along the cable; it waits until the device takes it.
    ///
    /// # Panics
    /// It is no frame.
    pub fn arrive(&mut self, bytes: &[u8]) {
        let frame = Frame::new(bytes.to_vec(), self.now).expect("a frame of a test is one");
        self.arriving.push_back(frame);
        self.deliver();
    }

    /// Frames the device has not taken yet.
    pub fn waiting(&self) -> usize {
        self.arriving.len()
    }

    /// Frames the device counted as received and sent.
    pub fn counted(&self) -> (u64, u64) {
        let counters = self.device.as_nic().expect("a NIC").counters();
        (counters.rx_frames, counters.tx_frames)
    }

    fn enter<T>(&mut self, call: impl FnOnce(&mut dyn Device, &mut Cx<'_>) -> T) -> T {
        let mut outbox = std::mem::take(&mut self.outbox);
        let mut log = Silent;
        let mut cx = Cx::new(self.now, &mut self.memory, &mut outbox, &mut log);
        let result = call(&mut *self.device, &mut cx);
        for effect in outbox.drain() {
            match effect {
                Effect::Send(frame) => self.sent.push_back(frame.data().to_vec()),
                Effect::Arm(timer, at) => drop(self.timers.insert(timer, at)),
                Effect::Cancel(timer) => drop(self.timers.remove(&timer)),
                _ => {}
            }
        }
        self.outbox = outbox;
        let line = self.device.lines().0 != 0;
        self.interrupts += u64::from(line && !self.line);
        self.line = line;
        result
    }

    fn deliver(&mut self) {
        let ready =
            |rig: &Self| rig.device.as_nic().map(|nic| nic.can_receive()) == Some(Readiness::Ready);
        while !self.arriving.is_empty() && ready(self) {
            let frame = self.arriving.pop_front().expect("it was just there").arriving(self.now);
            self.enter(|device, cx| device.as_nic_mut().map(|nic| nic.receive(cx, &frame)));
        }
    }

    fn pass_time(&mut self) {
        self.now += ACCESS;
        while let Some(timer) =
            self.timers.iter().find(|(_, at)| **at <= self.now).map(|(timer, _)| *timer)
        {
            self.timers.remove(&timer);
            self.enter(|device, cx| device.timer(cx, timer));
        }
        self.deliver();
    }
}

fn word(offset: usize) -> Access {
    Access::new(0, offset as u64, Size::Word).expect("cells of 32 bits are aligned")
}

impl Registers for Rig {
    fn read(&mut self, offset: usize) -> u32 {
        let value = self.enter(|device, cx| device.read(cx, word(offset)));
        self.pass_time();
        value.map_or(u32::MAX, |value| value as u32)
    }

    fn write(&mut self, offset: usize, value: u32) {
        // A refused write goes nowhere, as on the bus.
        let _ = self.enter(|device, cx| device.write(cx, word(offset), value.into()));
        self.pass_time();
    }
}
