//! What a device wants done, in one total order.

use serde::{Deserialize, Serialize};

use crate::{Frame, Gpa, VTime};

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
    /// Write this word to this address: the message a vector stands for. Made by the PCI function from
    /// [`Effect::Msi`]; no device makes it.
    Message {
        /// Message Address.
        address: Gpa,
        /// Message Data.
        data: u32,
    },
    /// Put this character on a serial line of the device.
    Character {
        /// Which line; see [`crate::Serial::line_names`].
        line: u8,
        /// The character.
        byte: u8,
    },
    /// The guest said something about itself that concerns the whole machine.
    Guest(GuestEvent),
    /// Drive the power management event line: a wake-up.
    Pme {
        /// Also while PME_En is clear: the part has a switch of its own that is on.
        forced: bool,
    },
    /// What [`crate::Nic::rx_filter`] reports may have changed.
    RxFilterChanged,
    /// What [`crate::Device::image`] shows has changed: the guest has written to nonvolatile memory.
    ImageChanged,
}

/// What a guest may say about itself as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GuestEvent {
    /// It cannot go on; the emulation ends with this exit code unless told otherwise.
    Panicked {
        /// Exit code of the emulator.
        code: u8,
    },
    /// It is about to load a kernel that saves what is left.
    CrashLoaded,
    /// It has finished; the emulation ends with this exit code.
    Shutdown {
        /// Exit code of the emulator.
        code: u8,
    },
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

    /// Puts a character on a serial line of the device.
    pub fn character(&mut self, line: u8, byte: u8) {
        self.effects.push(Effect::Character { line, byte });
    }

    /// Tells the machine something about the guest.
    pub fn guest(&mut self, event: GuestEvent) {
        self.effects.push(Effect::Guest(event));
    }

    /// Puts any effect behind those that wait.
    pub fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Signals a power management event; it goes no further while PME_En is clear.
    pub fn pme(&mut self) {
        self.effects.push(Effect::Pme { forced: false });
    }

    /// Signals a power management event whether PME_En is set or not.
    pub fn pme_forced(&mut self) {
        self.effects.push(Effect::Pme { forced: true });
    }

    /// Says that the rx filter may have changed.
    pub fn rx_filter_changed(&mut self) {
        self.effects.push(Effect::RxFilterChanged);
    }

    /// Says that nonvolatile memory was written.
    pub fn image_changed(&mut self) {
        self.effects.push(Effect::ImageChanged);
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
