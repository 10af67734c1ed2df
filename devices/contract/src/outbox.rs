//! What a device wants done, in one total order.

use serde::{Deserialize, Serialize};

use crate::{Frame, VTime};

/// A timer of one device; the device chooses the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerId(pub u8);

/// One thing a device wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Put this frame on the cable; its arrival time is when its last bit has left.
    Send(Frame),
    /// Call [`crate::Device::timer`] at this instant; replaces an earlier deadline of the same timer.
    Arm(TimerId, VTime),
    /// Forget the deadline of this timer.
    Cancel(TimerId),
    /// Signal this message-signalled interrupt vector; the PCI function knows its address and data.
    Msi(u16),
    /// Drive the power management event line: a wake-up.
    Pme,
    /// What [`crate::Nic::rx_filter`] reports may have changed.
    RxFilterChanged,
}

/// Collects effects during one call. The board carries them out after the call has returned.
#[derive(Debug, Default)]
pub struct Outbox {
    effects: Vec<Effect>,
}

impl Outbox {
    /// An empty outbox.
    pub const fn new() -> Self {
        Self { effects: Vec::new() }
    }

    /// Puts a frame on the cable.
    pub fn send(&mut self, frame: Frame) {
        self.effects.push(Effect::Send(frame));
    }

    /// Arms, or re-arms, a timer.
    pub fn arm(&mut self, timer: TimerId, at: VTime) {
        self.effects.push(Effect::Arm(timer, at));
    }

    /// Forgets a timer's deadline.
    pub fn cancel(&mut self, timer: TimerId) {
        self.effects.push(Effect::Cancel(timer));
    }

    /// Signals a message-signalled interrupt vector.
    pub fn msi(&mut self, vector: u16) {
        self.effects.push(Effect::Msi(vector));
    }

    /// Signals a power management event.
    pub fn pme(&mut self) {
        self.effects.push(Effect::Pme);
    }

    /// Says that the rx filter may have changed.
    pub fn rx_filter_changed(&mut self) {
        self.effects.push(Effect::RxFilterChanged);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.effects.is_empty()
    }

    /// Takes the effects out in order; the allocation stays.
    pub fn drain(&mut self) -> impl Iterator<Item = Effect> + '_ {
        self.effects.drain(..)
    }
}
