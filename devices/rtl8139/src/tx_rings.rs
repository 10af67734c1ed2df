//! Transmission of C+ mode: two rings of descriptors, the one of high priority first (DS C+ mode, TPPoll).
//!
//! A packet is gathered from its descriptors, FS to LS, made into one frame or many ([`crate::packet`]), and its
//! descriptors are given back when the last of them has left. Nothing of a ring is read twice: a descriptor whose packet
//! is still on its way is waited for.

use elnic_contract::{Cx, DmaError, DropReason, Gpa, LogEntry};
use serde::{Deserialize, Serialize};

use crate::Rtl8139;
use crate::descriptors::{self, Descriptor, tx_word};
use crate::faults::Fate;
use crate::packet::Cut;
use crate::spec::Reg;
use crate::spec::views::cause;
use crate::strict_rules::Rule;
use crate::tx::{Done, Outgoing, Step, Transmitter};

/// Longest packet that is gathered for large send: what IPv4 can say, and headers in front of it.
pub(crate) const MAX_PACKET: usize = 0xffff + 18;

/// One ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ring {
    /// The next descriptor, below [`descriptors::MOST`].
    pub(crate) index: u8,
    /// Software has said that there is something, and nothing to the contrary was found.
    pub(crate) polled: bool,
}

/// Both rings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rings {
    pub(crate) high: Ring,
    pub(crate) normal: Ring,
    /// The ring ran dry since TDU was raised last.
    pub(crate) ran_dry: bool,
}

impl Rings {
    /// One ring has moved.
    pub(crate) fn restart(&mut self, high: bool) {
        self.ring_mut(high).index = 0;
    }

    fn ring(&self, high: bool) -> Ring {
        if high { self.high } else { self.normal }
    }

    fn ring_mut(&mut self, high: bool) -> &mut Ring {
        if high { &mut self.high } else { &mut self.normal }
    }
}

/// A descriptor that was read: where it stands, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) at: Gpa,
    pub(crate) descriptor: Descriptor,
}

/// A packet in the making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Packet {
    /// It comes from the high-priority ring.
    pub(crate) high: bool,
    /// Its descriptors, as they were when read; empty if there is no packet.
    pub(crate) owned: Vec<Owned>,
    /// The bytes of the last of them are still to be read.
    pub(crate) unread: bool,
    /// Its bytes.
    pub(crate) data: Vec<u8>,
    /// It cannot be sent, and why.
    pub(crate) failed: Option<DropReason>,
    /// It is complete and being cut.
    pub(crate) cut: Option<Cut>,
}

impl Transmitter {
    /// TPPOLL was written.
    pub(crate) fn poll(&mut self, high: bool, normal: bool) {
        self.rings.high.polled |= high;
        self.rings.normal.polled |= normal;
    }

    /// The transmitter was enabled: both rings start at their first descriptors.
    pub(crate) fn rewind_rings(&mut self) {
        self.rings = Rings::default();
        self.packet = Packet::default();
    }

    /// Whether the descriptor at `at` belongs to a packet that is still on its way.
    fn is_on_its_way(&self, at: Gpa) -> bool {
        let holds = |owned: &[Owned]| owned.iter().any(|owned| owned.at == at);
        let in_fifo = |outgoing: &Outgoing| match &outgoing.done {
            Done::Packet { owned, .. } => holds(owned),
            Done::Nothing | Done::Register(_) => false,
        };
        holds(&self.packet.owned) || self.fifo.iter().any(in_fifo)
    }
}

impl Rtl8139 {
    /// One step: a descriptor, its data, or a segment.
    pub(crate) fn transmit_from_rings(&mut self, cx: &mut Cx<'_>) -> Step {
        if self.tx.packet.cut.is_some() {
            self.send_segment(cx);
            return Step::Went;
        }
        if self.tx.packet.unread {
            return self.read_data(cx);
        }
        let rings = &self.tx.rings;
        let high = if self.tx.packet.owned.is_empty() {
            if !rings.high.polled && !rings.normal.polled {
                return self.idle();
            }
            rings.high.polled
        } else {
            self.tx.packet.high
        };
        if !rings.ring(high).polled {
            return Step::Idle;
        }
        self.read_descriptor(cx, high)
    }

    /// Nothing more to send; once everything has left, TDU says so.
    fn idle(&mut self) -> Step {
        if self.tx.rings.ran_dry && self.tx.fifo.is_empty() {
            self.tx.rings.ran_dry = false;
            self.raise(cause::TDU);
        }
        Step::Idle
    }

    /// Where the next descriptor of a ring stands.
    fn ring_place(&self, high: bool) -> Gpa {
        let first = if high { 2 } else { 0 };
        let half = |element| self.bank.get_at(Reg::TSAD, element);
        let base = (half(first) | half(first.saturating_add(1)) << 32) & !0xff;
        let offset =
            usize::from(self.tx.rings.ring(high).index).saturating_mul(descriptors::LENGTH);
        Gpa(base).plus(offset as u64)
    }

    fn read_descriptor(&mut self, cx: &mut Cx<'_>, high: bool) -> Step {
        let at = self.ring_place(high);
        if self.tx.is_on_its_way(at) {
            return self.stuck(cx, high);
        }
        if let Some(span) = self.transmit_bus(cx, descriptors::LENGTH) {
            return Step::Wait(span);
        }
        let mut bytes = [0; descriptors::LENGTH];
        if let Err(error) = cx.dma.read(at, &mut bytes) {
            if error == DmaError::NoBusMaster {
                self.remark(cx, Rule::NoBusMaster, "TPPOLL", at.0);
                return Step::Idle;
            }
            cx.log.record(LogEntry::Dma { doing: "transmit descriptor fetch", error });
            self.raise(cause::SERR);
            self.tx.rings.ring_mut(high).polled = false;
            return Step::Went;
        }
        let descriptor = Descriptor::from_bytes(bytes);
        let ring = self.tx.rings.ring_mut(high);
        if !descriptor.own() {
            ring.polled = false;
            self.tx.rings.ran_dry = true;
            return Step::Went;
        }
        let next = ring.index.saturating_add(1);
        let wraps = descriptor.end_of_ring() || next >= descriptors::MOST;
        ring.index = if wraps { 0 } else { next };
        self.take_descriptor(cx, high, Owned { at, descriptor });
        Step::Went
    }

    /// The ring has come round to a packet that is not done. If that is the packet being gathered it never will be.
    fn stuck(&mut self, cx: &mut Cx<'_>, high: bool) -> Step {
        if !self.tx.packet.owned.iter().any(|owned| owned.at == self.ring_place(high)) {
            return Step::Idle;
        }
        self.remark(cx, Rule::NoLastSegment, "transmit descriptor", self.ring_place(high).0);
        self.tx.rings.ring_mut(high).polled = false;
        self.tx.packet.failed = Some(DropReason::BadDescriptor);
        self.finish_packet(cx);
        Step::Went
    }

    fn take_descriptor(&mut self, cx: &mut Cx<'_>, high: bool, owned: Owned) {
        let (starts, first) = (self.tx.packet.owned.is_empty(), owned.descriptor.first());
        let rule = match (starts, first) {
            (true, false) => Some(Rule::NoFirstSegment),
            (false, true) => Some(Rule::NestedPacket),
            _ => None,
        };
        if let Some(rule) = rule {
            self.remark(cx, rule, "transmit descriptor", owned.at.0);
        }
        let packet = &mut self.tx.packet;
        if starts {
            *packet = Packet { high, ..Packet::default() };
        } else if first {
            packet.failed = Some(DropReason::BadDescriptor);
        }
        packet.owned.push(owned);
        packet.unread = true;
    }

    /// Reads the data of the descriptor read last.
    fn read_data(&mut self, cx: &mut Cx<'_>) -> Step {
        let Some(owned) = self.tx.packet.owned.last().copied() else { return Step::Idle };
        let length = usize::from(owned.descriptor.transmit_size());
        let part = self.early_part(&owned.descriptor, length);
        if length > 0
            && let Some(span) = self.transmit_bus_until(cx, length, part)
        {
            return Step::Wait(span);
        }
        let packet = &mut self.tx.packet;
        let start = packet.data.len();
        let end = start.saturating_add(length);
        if end > MAX_PACKET {
            packet.failed = Some(DropReason::BadDescriptor);
        } else if packet.failed.is_none() && length > 0 {
            packet.data.resize(end, 0);
            let at = Gpa(owned.descriptor.address());
            let read = packet.data.get_mut(start..).map(|into| cx.dma.read(at, into));
            match read {
                Some(Err(DmaError::NoBusMaster)) => {
                    packet.data.truncate(start);
                    return Step::Idle;
                }
                Some(Err(error)) => {
                    cx.log.record(LogEntry::Dma { doing: "transmit data fetch", error });
                    packet.failed = Some(DropReason::DmaError);
                }
                Some(Ok(())) | None => {}
            }
        }
        packet.unread = false;
        if owned.descriptor.last() {
            self.finish_packet(cx);
        }
        Step::Went
    }

    /// How much of a buffer must be there before the line may start (DS ETThR, in MTPS). What is still to be changed or cut
    /// is awaited whole.
    fn early_part(&self, descriptor: &Descriptor, length: usize) -> usize {
        if !descriptor.last() || descriptor.needs_all() {
            return length;
        }
        let units = usize::try_from(self.bank.get(Reg::MTPS)).unwrap_or(0);
        let threshold = if units == 0 { 8 } else { units.saturating_mul(32) };
        threshold.saturating_sub(self.tx.packet.data.len()).clamp(1, length.max(1))
    }

    /// The packet is gathered: it becomes frames.
    fn finish_packet(&mut self, cx: &mut Cx<'_>) {
        let Some(last) = self.tx.packet.owned.last().map(|owned| owned.descriptor) else { return };
        let failed = match self.tx.packet.failed {
            Some(reason) => Some(reason),
            None => self.make_frames(cx, last).err(),
        };
        let Some(reason) = failed else { return };
        let packet = std::mem::take(&mut self.tx.packet);
        self.counters.drop_sent(reason);
        let length = u32::try_from(packet.data.len()).unwrap_or(u32::MAX);
        cx.log.record(LogEntry::Dropped { reason, length });
        match reason {
            DropReason::DmaError => self.raise(cause::SERR),
            _ => self.remark(cx, Rule::ImpossiblePacket, "transmit descriptor", u64::from(length)),
        }
        let done = Done::Packet { owned: packet.owned, sent: false };
        self.enqueue(cx, Outgoing::empty(done));
    }

    /// All of a packet has left, or is known not to: its descriptors go back.
    pub(crate) fn packet_done(&mut self, cx: &mut Cx<'_>, owned: &[Owned], sent: bool, fate: Fate) {
        let report = if sent { fate.report() } else { Fate::Underrun.report() };
        for owned in owned {
            let word = owned.descriptor.transmitted(report);
            if let Err(error) = cx.dma.write(owned.at, &word.to_le_bytes()) {
                cx.log.record(LogEntry::Dma { doing: "transmit descriptor write-back", error });
                self.raise(cause::SERR);
            }
            self.bank.set(Reg::TDOKLADDR, owned.at.0 & 0xffff);
        }
        let good = report & tx_word::TES == 0;
        self.count_sent(good, if sent { fate } else { Fate::Underrun });
        self.raise(if good { cause::TOK } else { cause::TER });
    }
}
