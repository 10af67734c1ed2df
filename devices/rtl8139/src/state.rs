//! Saved state, version 1: registers by name and everything in flight. The input is hostile.

use std::collections::VecDeque;

use elnic_contract::{
    Counters, DropReason, Frame, Gpa, LineError, RestoreError, SavedState, VTime,
};
use elnic_microwire::Eeprom;
use elnic_registers::{Bank, BankState};
use serde::{Deserialize, Serialize};

use crate::Rtl8139;
use crate::descriptors::{self, Descriptor};
use crate::model::MODEL;
use crate::packet::Cut;
use crate::phy::Phy;
use crate::rx::{LONGEST_POSSIBLE, Parcel, Receiver};
use crate::spec::Reg;
use crate::tally::Tally;
use crate::timers::Timers;
use crate::tx::{Done, FIFO_ENTRIES, Outgoing, Transmitter};
use crate::tx_rings::{MAX_PACKET, Owned, Packet, Rings};

const VERSION: u32 = 1;
/// Frames that can be on their way in: as many as one large frame is cut into.
const MAX_ARRIVING: usize = Frame::MAX_LENGTH;
/// Frames in the receive FIFO: a long one that entered an empty FIFO, or as many of the shortest as it holds.
const MAX_PARCELS: usize = 512;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateV1 {
    registers: BankState,
    timers: Timers,
    phy: Phy,
    eeprom: Eeprom,
    tally: Tally,
    counters: Counters,
    timer_base: VTime,
    dtccr_shown: bool,
    transmit: TransmitV1,
    receive: ReceiveV1,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TransmitV1 {
    next: u16,
    aborted: bool,
    rings: Rings,
    packet: PacketV1,
    paid: bool,
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
    frame: Option<FrameV1>,
    done: DoneV1,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum DoneV1 {
    Nothing,
    Register(u16),
    Packet { owned: Vec<OwnedV1>, sent: bool },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiveV1 {
    fifo: Vec<ParcelV1>,
    arriving: Vec<(VTime, FrameV1)>,
    line_free: VTime,
    index: u8,
    starved: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParcelV1 {
    bytes: Vec<u8>,
    written: usize,
    status: u16,
    checks: u32,
    tag: Option<u16>,
    length: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameV1 {
    bytes: Vec<u8>,
    arrival: VTime,
    error: Option<LineErrorV1>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LineErrorV1 {
    BadFcs,
    Alignment,
    Symbol,
}

fn impossible(field: &'static str, why: impl Into<String>) -> RestoreError {
    RestoreError::Impossible { kind: MODEL.name, field, why: why.into() }
}

fn at_most(field: &'static str, found: usize, most: usize) -> Result<(), RestoreError> {
    if found <= most {
        return Ok(());
    }
    Err(impossible(field, format!("has {found}; at most {most} are possible")))
}

impl FrameV1 {
    fn of(frame: &Frame) -> Self {
        let error = frame.error().map(|error| match error {
            LineError::BadFcs => LineErrorV1::BadFcs,
            LineError::Alignment => LineErrorV1::Alignment,
            LineError::Symbol => LineErrorV1::Symbol,
        });
        Self { bytes: frame.data().to_vec(), arrival: frame.arrival(), error }
    }

    fn revive(self, field: &'static str) -> Result<Frame, RestoreError> {
        let frame = Frame::new(self.bytes, self.arrival)
            .map_err(|error| impossible(field, format!("holds {error}")))?;
        Ok(match self.error {
            None => frame,
            Some(LineErrorV1::BadFcs) => frame.damaged(LineError::BadFcs),
            Some(LineErrorV1::Alignment) => frame.damaged(LineError::Alignment),
            Some(LineErrorV1::Symbol) => frame.damaged(LineError::Symbol),
        })
    }
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
        Self { frame: outgoing.frame.as_ref().map(FrameV1::of), done }
    }

    fn revive(self) -> Result<Outgoing, RestoreError> {
        let field = "transmit.fifo";
        let frame = self.frame.map(|frame| frame.revive(field)).transpose()?;
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
        Ok(Outgoing { frame, done })
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
    fn of(tx: &Transmitter) -> Self {
        Self {
            next: tx.next,
            aborted: tx.aborted,
            rings: tx.rings,
            packet: PacketV1::of(&tx.packet),
            paid: tx.paid,
            fifo: tx.fifo.iter().map(OutgoingV1::of).collect(),
            line_start: tx.line_start,
            line_free: tx.line_free,
            paused_until: tx.paused_until,
        }
    }

    fn revive(self) -> Result<Transmitter, RestoreError> {
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
            fifo: fifo.collect::<Result<VecDeque<_>, _>>()?,
            line_start: self.line_start,
            line_free: self.line_free,
            paused_until: self.paused_until,
        })
    }
}

fn below_ring(field: &'static str, index: u8) -> Result<(), RestoreError> {
    at_most(field, usize::from(index), usize::from(descriptors::MOST).saturating_sub(1))
}

impl ParcelV1 {
    fn of(parcel: &Parcel) -> Self {
        Self {
            bytes: parcel.bytes.clone(),
            written: parcel.written,
            status: parcel.status,
            checks: parcel.checks,
            tag: parcel.tag,
            length: parcel.length,
        }
    }

    fn revive(self) -> Result<Parcel, RestoreError> {
        at_most("receive.fifo.bytes", self.bytes.len(), LONGEST_POSSIBLE)?;
        if self.written >= self.bytes.len() || self.length as usize > self.bytes.len() {
            return Err(impossible("receive.fifo", "holds a frame with nothing left to deliver"));
        }
        Ok(Parcel {
            bytes: self.bytes,
            written: self.written,
            status: self.status,
            checks: self.checks,
            tag: self.tag,
            length: self.length,
        })
    }
}

impl ReceiveV1 {
    fn of(rx: &Receiver) -> Self {
        Self {
            fifo: rx.fifo.iter().map(ParcelV1::of).collect(),
            arriving: rx.arriving.iter().map(|(at, frame)| (*at, FrameV1::of(frame))).collect(),
            line_free: rx.line_free,
            index: rx.index,
            starved: rx.starved,
        }
    }

    fn revive(self) -> Result<Receiver, RestoreError> {
        below_ring("receive.index", self.index)?;
        at_most("receive.fifo", self.fifo.len(), MAX_PARCELS)?;
        at_most("receive.arriving", self.arriving.len(), MAX_ARRIVING)?;
        let fifo = self.fifo.into_iter().map(ParcelV1::revive);
        let arriving = self
            .arriving
            .into_iter()
            .map(|(at, frame)| Ok((at, frame.revive("receive.arriving")?)));
        Ok(Receiver {
            fifo: fifo.collect::<Result<_, RestoreError>>()?,
            arriving: arriving.collect::<Result<_, RestoreError>>()?,
            line_free: self.line_free,
            index: self.index,
            starved: self.starved,
        })
    }
}

impl Rtl8139 {
    pub(crate) fn save_state(&self) -> SavedState {
        let state = StateV1 {
            registers: self.bank.save(),
            timers: self.timers.clone(),
            phy: self.phy,
            eeprom: self.eeprom.clone(),
            tally: self.tally.clone(),
            counters: self.counters.clone(),
            timer_base: self.timer_base,
            dtccr_shown: self.dtccr_shown,
            transmit: TransmitV1::of(&self.tx),
            receive: ReceiveV1::of(&self.rx),
        };
        SavedState::new(MODEL.name, VERSION, &state)
    }

    pub(crate) fn restore_state(&mut self, saved: &SavedState) -> Result<(), RestoreError> {
        let state: StateV1 = saved.decode(MODEL.name, VERSION)?;
        let mut bank = Bank::new();
        bank.restore(&state.registers)
            .map_err(|error| impossible("registers", error.to_string()))?;
        let found = bank.get(Reg::RERID);
        if found != u64::from(self.revision.number()) {
            let why = format!("is {found:#x}; this chip has {:#x}", self.revision.number());
            return Err(impossible("registers.RERID", why));
        }
        if !state.eeprom.is_possible() {
            return Err(impossible("eeprom", "has not 64 words or a command of too many bits"));
        }
        let tx = state.transmit.revive()?;
        let rx = state.receive.revive()?;
        // Nothing fails from here on.
        self.bank = bank;
        self.timers = state.timers;
        self.phy = state.phy;
        self.eeprom = state.eeprom;
        self.tally = state.tally;
        self.counters = state.counters;
        self.timer_base = state.timer_base;
        self.dtccr_shown = state.dtccr_shown;
        self.tx = tx;
        self.rx = rx;
        self.derive();
        Ok(())
    }

    /// Brings what follows from other state in line with it.
    fn derive(&mut self) {
        self.show_transmit_summary();
        self.show_buffer_empty();
        self.show_eeprom_output();
        self.show_link();
        self.reported = self.report_filter();
    }
}
