//! The transmitter: what both modes share.
//!
//! One step takes one descriptor, or makes one segment of a packet; an entry takes at most [`BUDGET`] steps and then arms
//! a timer, so that no ring however malformed keeps the machine. Frames wait for the cable in a FIFO of 2 KiB; a
//! descriptor is done when its frame has left, not when it was read.

use std::collections::VecDeque;

use elnic_contract::{Cx, Frame, VDuration, VTime};

use crate::Rtl8139;
use crate::faults::Fate;
use crate::spec::Reg;
use crate::spec::views::{Cpcr, Tcr};
use crate::strict_rules::Rule;
use crate::timers::Timer;
use crate::timing::{BREATHER, BUDGET};
use crate::tx_rings::{Owned, Packet, Rings};

/// Size of the FIFO in bytes. A frame goes in whole once there is any room.
pub(crate) const FIFO: usize = 2048;
/// Entries of the FIFO, those without a frame among them.
pub(crate) const FIFO_ENTRIES: usize = 64;

/// State of the transmitter beyond the registers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transmitter {
    /// Which TSD is sent next: 0 to 3.
    pub(crate) next: u16,
    /// A descriptor was aborted; nothing is sent until CLRABT.
    pub(crate) aborted: bool,
    /// The rings of C+ mode.
    pub(crate) rings: Rings,
    /// The packet that descriptors of C+ mode have begun.
    pub(crate) packet: Packet,
    /// The time of the next bus access has passed.
    pub(crate) paid: bool,
    /// When the last byte of what was read last is in the FIFO.
    pub(crate) fetched: VTime,
    /// Frames that have gone to the line.
    pub(crate) count: u64,
    /// Frames on their way to the cable, the first one in serialisation.
    pub(crate) fifo: VecDeque<Outgoing>,
    /// When the first of them began to leave.
    pub(crate) line_start: VTime,
    /// When the gap behind the last frame ends.
    pub(crate) line_free: VTime,
    /// When a received PAUSE ends.
    pub(crate) paused_until: VTime,
}

/// A frame on its way out, and what is done when it has left.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outgoing {
    /// The frame; none for a descriptor that brings none but keeps its place.
    pub(crate) frame: Option<Frame>,
    /// What is done with it.
    pub(crate) done: Done,
    /// When its last byte is in the FIFO; the line may start before.
    pub(crate) fetched: VTime,
    /// What happens to it on the line.
    pub(crate) fate: Fate,
}

impl Outgoing {
    /// A frame that is all there and leaves unharmed.
    pub(crate) fn plain(frame: Frame, done: Done) -> Self {
        Self { frame: Some(frame), done, fetched: VTime::ZERO, fate: Fate::Sent }
    }

    /// Nothing to send, in its turn.
    pub(crate) fn empty(done: Done) -> Self {
        Self { frame: None, done, fetched: VTime::ZERO, fate: Fate::Sent }
    }
}

/// What is done when a frame has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// Nothing: more segments of the packet follow.
    Nothing,
    /// TSD of this number.
    Register(u16),
    /// Descriptors of a packet that was sent, or could not be.
    Packet { owned: Vec<Owned>, sent: bool },
}

/// What a step came to.
pub(crate) enum Step {
    /// It is done; go on.
    Went,
    /// Nothing more before this time has passed.
    Wait(VDuration),
    /// Nothing to do.
    Idle,
}

impl Transmitter {
    /// Bytes in the FIFO.
    pub(crate) fn fifo_bytes(&self) -> usize {
        self.fifo
            .iter()
            .filter_map(|outgoing| outgoing.frame.as_ref())
            .fold(0, |bytes, frame| bytes.saturating_add(frame.len()))
    }

    fn fifo_is_full(&self) -> bool {
        self.fifo_bytes() >= FIFO || self.fifo.len() >= FIFO_ENTRIES
    }
}

impl Rtl8139 {
    /// Works on descriptors as far as it can.
    pub(crate) fn transmit(&mut self, cx: &mut Cx<'_>) {
        for _ in 0..BUDGET {
            let off = !self.command().transmitter() || self.halted() || self.sleeps();
            if off || self.timers.pending(Timer::TransmitDma) || self.tx.fifo_is_full() {
                return;
            }
            let step = if self.sends_from_rings() {
                self.transmit_from_rings(cx)
            } else {
                self.transmit_from_registers(cx)
            };
            match step {
                Step::Went if self.tx.fetched > cx.now => {
                    self.timers.arm(cx, Timer::TransmitDma, self.tx.fetched);
                    return;
                }
                Step::Went => {}
                Step::Wait(span) => {
                    self.timers.arm(cx, Timer::TransmitDma, cx.now + span);
                    return;
                }
                Step::Idle => return,
            }
        }
        self.timers.arm(cx, Timer::TransmitDma, cx.now + BREATHER);
    }

    /// C+ mode is on for the transmitter.
    pub(crate) fn sends_from_rings(&self) -> bool {
        Cpcr(self.bank.get(Reg::CPCR)).transmit_rings()
    }

    /// The time that moving `bytes` takes, the first time it is asked for; then nothing.
    pub(crate) fn transmit_bus(&mut self, cx: &Cx<'_>, bytes: usize) -> Option<VDuration> {
        self.transmit_bus_until(cx, bytes, bytes)
    }

    /// As [`Self::transmit_bus`], if whoever asks goes on once the first `part` of the bytes are there. The bus is busy with
    /// the rest until [`Transmitter::fetched`].
    pub(crate) fn transmit_bus_until(
        &mut self,
        cx: &Cx<'_>,
        bytes: usize,
        part: usize,
    ) -> Option<VDuration> {
        if !self.fidelity.full() {
            return None;
        }
        self.tx.paid = !self.tx.paid;
        let burst = Tcr(self.bank.get(Reg::TCR)).burst_code();
        let span = self.fidelity.latencies.transfer(part.min(bytes), burst);
        if self.tx.paid {
            return Some(span);
        }
        let rest = self.fidelity.latencies.transfer(bytes, burst) - span;
        self.tx.fetched = cx.now + rest;
        None
    }

    /// TSAD was written: in C+ mode a ring has moved and starts at its first descriptor.
    pub(crate) fn transmit_address_written(&mut self, cx: &mut Cx<'_>, element: u16) {
        if self.sends_from_rings() {
            self.tx.rings.restart(element >= 2);
            self.tx.packet = Packet::default();
            self.tx.paid = false;
            self.timers.cancel(cx, Timer::TransmitDma);
        } else if self.bank.get_at(Reg::TSAD, element) & 3 != 0 {
            let value = self.bank.get_at(Reg::TSAD, element);
            self.remark(cx, Rule::UnalignedTransmitBuffer, "TSAD", value);
        }
    }
}
