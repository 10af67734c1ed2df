//! The device, and the hand that does what its driver would do with its registers.
//!
//! Whatever changes about the rings, the device is reset and brought up again with those that are to be worked on, each
//! where it was: there is one way to bring it up, and it is the one every driver takes.

use std::collections::BTreeMap;
use std::time::Instant;

use elnic_contract::{
    Access, Cx, Device, Effect, Frame, FunctionState, Outbox, Readiness, RingPosition, Silent,
    Size, TimerId, VTime,
};

use crate::memory::SharedGuest;

/// The region of the standard interface in a transitional device, and its registers (virtio 1.3 §4.1.4.3).
const REGION: u8 = 1;
const FEATURE_SELECT: u64 = 0x00;
const FEATURE: u64 = 0x04;
const DRIVER_FEATURE_SELECT: u64 = 0x08;
const DRIVER_FEATURE: u64 = 0x0c;
const STATUS: u64 = 0x14;
const QUEUE_SELECT: u64 = 0x16;
const QUEUE_SIZE: u64 = 0x18;
const QUEUE_VECTOR: u64 = 0x1a;
const QUEUE_ENABLE: u64 = 0x1c;
const QUEUE_AREAS: [u64; 3] = [0x20, 0x28, 0x30];
const NOTIFY: u64 = 0x3000;
const NOTIFY_MULTIPLIER: u64 = 4;

/// A ring to be worked on, in guest addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) queue: u16,
    pub(crate) size: u16,
    /// Descriptors, available ring, used ring.
    pub(crate) areas: [u64; 3],
}

/// The device in its machine.
pub(crate) struct Exported {
    device: Box<dyn Device>,
    pub(crate) memory: SharedGuest,
    started: Instant,
    timers: BTreeMap<TimerId, VTime>,
    /// Frames it has sent.
    pub(crate) sent: Vec<Frame>,
    /// Queues whose driver is to be called.
    pub(crate) called: Vec<u16>,
}

impl Exported {
    pub(crate) fn new(device: Box<dyn Device>) -> Self {
        let mut exported = Self {
            device,
            memory: SharedGuest::default(),
            started: Instant::now(),
            timers: BTreeMap::new(),
            sent: Vec::new(),
            called: Vec::new(),
        };
        let state =
            FunctionState { may_master: true, msix_enabled: true, ..FunctionState::default() };
        exported.enter(|device, cx| device.function_changed(cx, state));
        exported
    }

    /// The present instant: the host's time since the start.
    pub(crate) fn now(&self) -> VTime {
        let passed = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        VTime::from_nanos(passed)
    }

    fn enter<T>(&mut self, call: impl FnOnce(&mut dyn Device, &mut Cx<'_>) -> T) -> T {
        let now = self.now();
        let (mut outbox, mut log) = (Outbox::new(), Silent);
        let mut cx = Cx::new(now, &mut self.memory, &mut outbox, &mut log);
        let result = call(&mut *self.device, &mut cx);
        for effect in outbox.drain() {
            match effect {
                Effect::Send(frame) => self.sent.push(frame),
                Effect::Arm(timer, at) => _ = self.timers.insert(timer, at),
                Effect::Cancel(timer) => _ = self.timers.remove(&timer),
                // Each queue has the vector of its number.
                Effect::Msi(queue) => self.called.push(queue),
                Effect::Message { .. }
                | Effect::Character { .. }
                | Effect::Guest(_)
                | Effect::Pme { .. }
                | Effect::ImageChanged
                | Effect::Kick(_)
                | Effect::RxFilterChanged => {}
            }
        }
        result
    }

    fn write(&mut self, offset: u64, size: Size, value: u64) {
        let Ok(access) = Access::new(REGION, offset, size) else { return };
        let refused = self.enter(|device, cx| device.write(cx, access, value)).is_err();
        if refused {
            tracing::error!("the device has no register at {offset:#x}");
        }
    }

    /// What the device offers.
    pub(crate) fn features(&mut self) -> u64 {
        let mut half = |select: u64| {
            self.write(FEATURE_SELECT, Size::Word, select);
            let access = Access::new(REGION, FEATURE, Size::Word).ok()?;
            self.enter(|device, cx| device.read(cx, access)).ok()
        };
        half(0).unwrap_or(0) | half(1).unwrap_or(0) << 32
    }

    /// Resets the device and brings it up with these features and rings; whether it agrees.
    pub(crate) fn bring_up(&mut self, features: u64, rings: &[(Placed, RingPosition)]) -> bool {
        self.write(STATUS, Size::Byte, 0);
        self.timers.clear();
        for status in [1, 3] {
            self.write(STATUS, Size::Byte, status);
        }
        for half in 0..2 {
            self.write(DRIVER_FEATURE_SELECT, Size::Word, half);
            self.write(DRIVER_FEATURE, Size::Word, features >> (32 * half) & 0xffff_ffff);
        }
        self.write(STATUS, Size::Byte, 0xb);
        let status = Access::new(REGION, STATUS, Size::Byte).ok();
        let agreed = status.and_then(|status| self.device.peek(status)) == Some(0xb);
        for (ring, position) in rings {
            self.write(QUEUE_SELECT, Size::Half, ring.queue.into());
            self.write(QUEUE_SIZE, Size::Half, ring.size.into());
            for (register, area) in QUEUE_AREAS.into_iter().zip(ring.areas) {
                self.write(register, Size::Double, area);
            }
            self.write(QUEUE_VECTOR, Size::Half, ring.queue.into());
            self.write(QUEUE_ENABLE, Size::Half, 1);
            let (queue, position) = (ring.queue, Some(*position));
            self.enter(|device, cx| {
                if let Some(owner) = device.as_ring_owner_mut() {
                    owner.ring_returned(cx, queue, position);
                }
            });
        }
        self.write(STATUS, Size::Byte, 0xf);
        agreed
    }

    /// How far the device has worked a ring off.
    pub(crate) fn position(&self, queue: u16) -> Option<RingPosition> {
        let rings = self.device.as_ring_owner()?.rings()?;
        rings.list.iter().find(|ring| ring.queue == queue).map(|ring| ring.position)
    }

    /// The driver has notified a queue.
    pub(crate) fn notify(&mut self, queue: u16) {
        let offset = NOTIFY + u64::from(queue) * NOTIFY_MULTIPLIER;
        self.write(offset, Size::Half, queue.into());
    }

    /// Whether the device takes a frame.
    pub(crate) fn readiness(&self) -> Option<Readiness> {
        self.device.as_nic().map(elnic_contract::Nic::can_receive)
    }

    pub(crate) fn receive(&mut self, frame: &Frame) {
        self.enter(|device, cx| {
            if let Some(nic) = device.as_nic_mut() {
                // What it drops it counts.
                let _ = nic.receive(cx, frame);
            }
        });
    }

    /// Serves deadlines that have come.
    pub(crate) fn serve_deadlines(&mut self) {
        let now = self.now();
        let due: Vec<TimerId> =
            self.timers.iter().filter(|(_, at)| **at <= now).map(|(timer, _)| *timer).collect();
        for timer in due {
            self.timers.remove(&timer);
            self.enter(|device, cx| device.timer(cx, timer));
        }
    }

    /// When the next one comes.
    pub(crate) fn next_deadline(&self) -> Option<VTime> {
        self.timers.values().min().copied()
    }
}
