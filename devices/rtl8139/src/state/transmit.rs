//! The transmitter as it is stored: packets, descriptors and frames in flight.

use std::collections::VecDeque;

use elnic_contract::{DropReason, Gpa, RestoreError, VTime};
use elnic_mac::SavedFrame;
use serde::{Deserialize, Serialize};

use super::frame::{at_most, below_ring, impossible, revive};
use crate::descriptors::{self, Descriptor};
use crate::faults::Fate;
use crate::packet::Cut;
use crate::tx::{Done, FIFO_ENTRIES, Outgoing, Transmitter};
use crate::tx_rings::{MAX_PACKET, Owned, Packet, Rings};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransmitV1 {
    next: u16,
    aborted: bool,
    rings: Rings,
    packet: PacketV1,
    paid: bool,
    fetched: VTime,
    count: u64,
    fifo: Vec<OutgoingV1>,
    line_start: VTime,
    line_free: VTime,
    paused_until: VTime,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PacketV1 {
    high: bool,
    owned: Vec<OwnedV1>,
    unread: bool,
    data: Vec<u8>,
    failed: Option<DropReason>,
    cut: Option<CutV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CutV1 {
    header: usize,
    size: usize,
    offset: usize,
    index: u32,
}

/// A descriptor as two halves: a JSON number holds no 128 bits.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnedV1 {
    at: u64,
    descriptor: [u64; 2],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutgoingV1 {
    frame: Option<SavedFrame>,
    done: DoneV1,
    fetched: VTime,
    fate: Fate,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum DoneV1 {
    Nothing,
    Register(u16),
    Packet { owned: Vec<OwnedV1>, sent: bool },
}

impl OwnedV1 {
    fn of(owned: &Owned) -> Self {
        let bits = owned.descriptor.0;
        let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0);
        Self { at: owned.at.0, descriptor: [half(bits), half(bits >> 64)] }
    }

    fn list(owned: &[Owned]) -> Vec<Self> {
        owned.iter().map(Self::of).collect()
    }

    fn revive(list: Vec<Self>, field: &'static str) -> Result<Vec<Owned>, RestoreError> {
        at_most(field, list.len(), usize::from(descriptors::MOST))?;
        let owned = list.into_iter().map(|saved| {
            let [low, high] = saved.descriptor;
            Owned {
                at: Gpa(saved.at),
                descriptor: Descriptor(u128::from(low) | u128::from(high) << 64),
            }
        });
        Ok(owned.collect())
    }
}

impl OutgoingV1 {
    fn of(outgoing: &Outgoing) -> Self {
        let done = match &outgoing.done {
            Done::Nothing => DoneV1::Nothing,
            Done::Register(descriptor) => DoneV1::Register(*descriptor),
            Done::Packet { owned, sent } => {
                DoneV1::Packet { owned: OwnedV1::list(owned), sent: *sent }
            }
        };
        let frame = outgoing.frame.as_ref().map(SavedFrame::of);
        Self { frame, done, fetched: outgoing.fetched, fate: outgoing.fate }
    }

    fn revive(self) -> Result<Outgoing, RestoreError> {
        let field = "transmit.fifo";
        let frame = self.frame.map(|frame| revive(frame, field)).transpose()?;
        let done = match self.done {
            DoneV1::Nothing => Done::Nothing,
            DoneV1::Register(descriptor) if descriptor < 4 => Done::Register(descriptor),
            DoneV1::Register(descriptor) => {
                return Err(impossible(field, format!("names TSD{descriptor}, beyond TSD3")));
            }
            DoneV1::Packet { owned, sent } => {
                Done::Packet { owned: OwnedV1::revive(owned, field)?, sent }
            }
        };
        Ok(Outgoing { frame, done, fetched: self.fetched, fate: self.fate })
    }
}

impl PacketV1 {
    fn of(packet: &Packet) -> Self {
        let cut = packet.cut.map(|cut| {
            let Cut { header, size, offset, index } = cut;
            CutV1 { header, size, offset, index }
        });
        Self {
            high: packet.high,
            owned: OwnedV1::list(&packet.owned),
            unread: packet.unread,
            data: packet.data.clone(),
            failed: packet.failed,
            cut,
        }
    }

    fn revive(self) -> Result<Packet, RestoreError> {
        at_most("transmit.packet.data", self.data.len(), MAX_PACKET)?;
        let cut = self.cut.map(|CutV1 { header, size, offset, index }| Cut {
            header,
            size,
            offset,
            index,
        });
        if cut.is_some_and(|cut| cut.size == 0 || cut.header > self.data.len()) {
            return Err(impossible("transmit.packet.cut", "cuts into nothing"));
        }
        let owned = OwnedV1::revive(self.owned, "transmit.packet.owned")?;
        if owned.is_empty() && (self.unread || cut.is_some()) {
            return Err(impossible("transmit.packet.owned", "is empty under a packet"));
        }
        Ok(Packet {
            high: self.high,
            owned,
            unread: self.unread,
            data: self.data,
            failed: self.failed,
            cut,
        })
    }
}

impl TransmitV1 {
    pub(super) fn of(tx: &Transmitter) -> Self {
        Self {
            next: tx.next,
            aborted: tx.aborted,
            rings: tx.rings,
            packet: PacketV1::of(&tx.packet),
            paid: tx.paid,
            fetched: tx.fetched,
            count: tx.count,
            fifo: tx.fifo.iter().map(OutgoingV1::of).collect(),
            line_start: tx.line_start,
            line_free: tx.line_free,
            paused_until: tx.paused_until,
        }
    }

    pub(super) fn revive(self) -> Result<Transmitter, RestoreError> {
        at_most("transmit.next", usize::from(self.next), 3)?;
        for ring in [self.rings.high, self.rings.normal] {
            below_ring("transmit.rings", ring.index)?;
        }
        at_most("transmit.fifo", self.fifo.len(), FIFO_ENTRIES)?;
        let fifo = self.fifo.into_iter().map(OutgoingV1::revive);
        Ok(Transmitter {
            next: self.next,
            aborted: self.aborted,
            rings: self.rings,
            packet: self.packet.revive()?,
            paid: self.paid,
            fetched: self.fetched,
            count: self.count,
            fifo: fifo.collect::<Result<VecDeque<_>, _>>()?,
            line_start: self.line_start,
            line_free: self.line_free,
            paused_until: self.paused_until,
        })
    }
}
