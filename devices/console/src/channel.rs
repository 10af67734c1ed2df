//! One of the two channels: its registers, receive FIFO and interrupt sources.

use std::collections::VecDeque;

use crate::registers::*;

/// Characters that the receive FIFO holds (UM0109 §4.1).
pub(crate) const FIFO_DEPTH: usize = 3;

/// A received character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) byte: u8,
    /// Characters before it were lost.
    pub(crate) overrun: bool,
}

/// A channel. WR2 and WR9 are common to both and stand in [`crate::Escc`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channel {
    /// WR0 to WR15 as written; entries 0, 2, 8 and 9 are unused.
    pub(crate) wr: [u8; 16],
    pub(crate) wr7_prime: u8,
    /// The register that the next control access means.
    pub(crate) pointer: u8,
    pub(crate) fifo: VecDeque<Received>,
    /// An overrun character came to the top and Error Reset has not been given.
    pub(crate) overrun: bool,
    /// The next character interrupts in [`ReceiveInterrupt::FirstOrSpecial`].
    pub(crate) first_armed: bool,
    /// It has come and has not been read.
    pub(crate) first_pending: bool,
    /// The transmit buffer became empty and nobody has said so yet.
    pub(crate) transmit_pending: bool,
}

/// What a reset does to each write register: bits kept by a channel reset, and values forced by both (UM0109 §2.6).
const RESETS: [(usize, u8, u8); 8] = [
    (1, 0b0010_0100, 0),
    (3, 0b1111_1110, 0),
    (4, 0b1111_1011, 0b0000_0100),
    (5, 0b0110_0001, 0),
    (10, 0b0110_0000, 0),
    (11, 0b1111_1111, 0),
    (14, 0b1100_0011, 0b0010_0000),
    (15, 0, 0b1111_1000),
];

impl Channel {
    /// A channel after a hardware reset.
    pub(crate) fn new() -> Self {
        let mut channel = Self {
            wr: [0; 16],
            wr7_prime: 0b0010_0000,
            pointer: 0,
            fifo: VecDeque::with_capacity(FIFO_DEPTH),
            overrun: false,
            first_armed: true,
            first_pending: false,
            transmit_pending: false,
        };
        channel.reset();
        // Beyond a channel reset. The manual sets Local Loopback in WR14, too; QEMU never looks at it, so that guests
        // exist which receive without having cleared it: it is clear here.
        channel.set(11, 0b0000_1000);
        channel
    }

    /// A channel reset.
    pub(crate) fn reset(&mut self) {
        for (register, kept, forced) in RESETS {
            self.set(register, (self.get(register) & kept) | forced);
        }
        self.pointer = 0;
        self.fifo.clear();
        self.overrun = false;
        self.first_armed = true;
        self.first_pending = false;
        self.transmit_pending = false;
    }

    pub(crate) fn get(&self, register: usize) -> u8 {
        self.wr.get(register).copied().unwrap_or(0)
    }

    pub(crate) fn set(&mut self, register: usize, value: u8) {
        if let Some(stored) = self.wr.get_mut(register) {
            *stored = value;
        }
    }

    fn has(&self, register: usize, bits: u8) -> bool {
        self.get(register) & bits != 0
    }

    pub(crate) fn receiver_on(&self) -> bool {
        self.has(3, WR3_RECEIVE_ENABLE)
    }

    pub(crate) fn transmitter_on(&self) -> bool {
        self.has(5, WR5_TRANSMIT_ENABLE)
    }

    pub(crate) fn loops_back(&self) -> bool {
        self.has(14, WR14_LOCAL_LOOPBACK)
    }

    pub(crate) fn echoes(&self) -> bool {
        self.has(14, WR14_AUTO_ECHO)
    }

    /// Whether WR7 stands for WR7' now.
    pub(crate) fn wr7_is_prime(&self) -> bool {
        self.has(15, WR15_WR7_PRIME)
    }

    /// Whether the channel is in a synchronous mode, which is not modelled.
    pub(crate) fn synchronous(&self) -> bool {
        !self.has(4, WR4_STOP_BITS)
    }

    /// How many characters the receiver takes from the line.
    pub(crate) fn room(&self) -> usize {
        if self.receiver_on() && !self.loops_back() {
            FIFO_DEPTH.saturating_sub(self.fifo.len())
        } else {
            0
        }
    }

    /// The receiver has put a character together. Whether it found room.
    pub(crate) fn push(&mut self, byte: u8) -> bool {
        let lost = self.fifo.len() >= FIFO_DEPTH;
        if lost {
            // The newest character is overwritten and marked.
            self.fifo.pop_back();
        }
        self.fifo.push_back(Received { byte, overrun: lost });
        self.look_at_top();
        if self.first_armed {
            self.first_armed = false;
            self.first_pending = true;
        }
        !lost
    }

    fn look_at_top(&mut self) {
        self.overrun |= self.fifo.front().is_some_and(|top| top.overrun);
    }

    /// What a read of the data register shows; an empty FIFO shows zero.
    pub(crate) fn top(&self) -> u8 {
        self.fifo.front().map_or(0, |received| received.byte)
    }

    /// Takes the top character. In the modes that interrupt on special conditions only, a special one stays on top
    /// until Error Reset.
    pub(crate) fn pop(&mut self) -> u8 {
        let byte = self.top();
        let mode = ReceiveInterrupt::of(self.get(1));
        let locking =
            matches!(mode, ReceiveInterrupt::FirstOrSpecial | ReceiveInterrupt::SpecialOnly);
        if !(locking && self.overrun) {
            self.fifo.pop_front();
            self.look_at_top();
        }
        self.first_pending = false;
        byte
    }

    /// Error Reset: the special condition is over.
    pub(crate) fn reset_errors(&mut self) {
        self.overrun = false;
        if let Some(top) = self.fifo.front_mut() {
            top.overrun = false;
        }
    }

    /// A character has left the transmit buffer.
    pub(crate) fn transmitted(&mut self) {
        self.transmit_pending = self.has(1, WR1_TRANSMIT_ENABLE);
    }

    pub(crate) fn receive_interrupts(&self) -> bool {
        match ReceiveInterrupt::of(self.get(1)) {
            ReceiveInterrupt::Never => false,
            ReceiveInterrupt::FirstOrSpecial => self.first_pending || self.overrun,
            ReceiveInterrupt::AllOrSpecial => !self.fifo.is_empty() || self.overrun,
            ReceiveInterrupt::SpecialOnly => self.overrun,
        }
    }

    pub(crate) fn transmit_interrupts(&self) -> bool {
        self.transmit_pending && self.has(1, WR1_TRANSMIT_ENABLE)
    }

    /// RR0. No modem is connected: CTS, DCD and SYNC read 0.
    pub(crate) fn rr0(&self) -> u8 {
        let available = if self.fifo.is_empty() { 0 } else { RR0_RECEIVE_AVAILABLE };
        RR0_TRANSMIT_EMPTY | RR0_UNDERRUN | available
    }

    /// RR1.
    pub(crate) fn rr1(&self) -> u8 {
        RR1_ALL_SENT | RR1_RESIDUE | if self.overrun { RR1_OVERRUN } else { 0 }
    }
}
