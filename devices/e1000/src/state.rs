//! Saved state, version 1: registers by name and everything in flight. The input is hostile.

use elnic_contract::{
    Counters, Frame, FunctionState, Gpa, RestoreError, SavedState, StrictState, VTime,
};
use elnic_mac::{Arrivals, SavedArrivals, SavedFrame};
use elnic_microwire::Eeprom;
use elnic_registers::{Bank, BankState};
use serde::{Deserialize, Serialize};

use crate::E1000;
use crate::descriptors::{Context, RxDescriptor, RxWriteBack, TxDescriptor};
use crate::fifo::Capacity;
use crate::irq::Interrupts;
use crate::model::MODEL;
use crate::phy::Phy;
use crate::rx::{Parcel, Receiver};
use crate::spec::Reg;
use crate::strict::STRICT_RULES;
use crate::thresholds::{CACHE, WriteBack};
use crate::timers::{Timer, Timers};
use crate::tx::{MAX_PACKET, Packet, Segments, Transmitter};

const VERSION: u32 = 1;
/// Longest frame in a FIFO: a packet with a tag, or a long frame with FCS.
const MAX_STORED: usize = MAX_PACKET + 128;
/// Bytes in a FIFO: its size and one frame that entered when there was any room.
const MAX_FIFO: usize = 64 * 1024 + MAX_STORED;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateV1 {
    registers: BankState,
    timers: Timers,
    capacity: Capacity,
    interrupts: Interrupts,
    phy: Phy,
    eeprom: Eeprom,
    counters: Counters,
    function: FunctionState,
    strict: StrictState,
    compat: Vec<u32>,
    transmit: TransmitV1,
    receive: ReceiveV1,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TransmitV1 {
    fetched: Vec<Words>,
    unreported: Vec<(u64, u64, u8)>,
    current: Option<(Words, u32)>,
    checksum_context: Words,
    segment_context: Words,
    packet: PacketV1,
    paid: bool,
    fifo: Vec<SavedFrame>,
    line_start: VTime,
    line_free: VTime,
    paused_until: VTime,
}

/// A descriptor as two halves: a JSON number holds no 128 bits.
type Words = [u64; 2];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PacketV1 {
    started: bool,
    data: Vec<u8>,
    options: u8,
    tag: Option<u16>,
    failed: Option<elnic_contract::DropReason>,
    segments: Option<SegmentsV1>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentsV1 {
    context: Words,
    header: Vec<u8>,
    index: u32,
    sent: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiveV1 {
    fetched: Vec<(u64, u8)>,
    unreported: Vec<(u64, u64, u8)>,
    fifo: Vec<ParcelV1>,
    arriving: SavedArrivals,
    xoff_sent: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParcelV1 {
    bytes: Vec<u8>,
    written: usize,
    checksum: u16,
    status: u8,
    errors: u8,
    special: u16,
    length: u32,
}

fn impossible(field: &'static str, why: impl Into<String>) -> RestoreError {
    RestoreError::Impossible { kind: MODEL.name, field, why: why.into() }
}

fn check(field: &'static str, found: usize, most: usize) -> Result<(), RestoreError> {
    if found <= most {
        return Ok(());
    }
    Err(impossible(field, format!("has {found}; at most {most} are possible")))
}

fn words(value: u128) -> Words {
    [value, value >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or(0))
}

fn value([low, high]: Words) -> u128 {
    u128::from(low) | u128::from(high) << 64
}

fn revive(frame: SavedFrame, field: &'static str) -> Result<Frame, RestoreError> {
    frame.revive().map_err(|error| impossible(field, format!("holds {error}")))
}

fn save_write_back(done: &WriteBack) -> (u64, u64, u8) {
    (done.at.0, done.bytes, done.length)
}

fn revive_write_backs(
    field: &'static str,
    saved: Vec<(u64, u64, u8)>,
) -> Result<Vec<WriteBack>, RestoreError> {
    check(field, saved.len(), CACHE)?;
    if saved.iter().any(|(_, _, length)| !matches!(length, 1 | 8)) {
        return Err(impossible(field, "holds neither a status nor half a descriptor"));
    }
    let revive = |(at, bytes, length)| WriteBack { at: Gpa(at), bytes, length };
    Ok(saved.into_iter().map(revive).collect())
}

impl TransmitV1 {
    fn of(tx: &Transmitter) -> Self {
        let packet = &tx.packet;
        let segments = packet.segments.as_ref().map(|segments| SegmentsV1 {
            context: words(segments.context.0),
            header: segments.header.clone(),
            index: segments.index,
            sent: segments.sent,
        });
        Self {
            fetched: tx.fetched.iter().map(|descriptor| words(descriptor.0)).collect(),
            unreported: tx.unreported.iter().map(save_write_back).collect(),
            current: tx.current.map(|(descriptor, taken)| (words(descriptor.0), taken)),
            checksum_context: words(tx.checksum.0),
            segment_context: words(tx.segment.0),
            packet: PacketV1 {
                started: packet.started,
                data: packet.data.clone(),
                options: packet.options,
                tag: packet.tag,
                failed: packet.failed,
                segments,
            },
            paid: tx.paid,
            fifo: tx.fifo.iter().map(SavedFrame::of).collect(),
            line_start: tx.line_start,
            line_free: tx.line_free,
            paused_until: tx.paused_until,
        }
    }

    fn revive(self) -> Result<Transmitter, RestoreError> {
        check("transmit.fetched", self.fetched.len(), CACHE)?;
        check("transmit.packet.data", self.packet.data.len(), MAX_PACKET)?;
        let fifo = self.fifo.into_iter().map(|frame| revive(frame, "transmit.fifo"));
        let fifo: crate::fifo::Fifo<Frame> =
            fifo.collect::<Result<Vec<_>, _>>()?.into_iter().collect();
        check("transmit.fifo", fifo.bytes(), MAX_FIFO)?;
        let current = self.current.map(|(half, taken)| (TxDescriptor(value(half)), taken));
        if current.is_some_and(|(descriptor, taken)| taken > descriptor.length()) {
            return Err(impossible("transmit.current", "is further than its descriptor is long"));
        }
        let segments = self.packet.segments.map(|saved| {
            let context = Context(value(saved.context));
            let longest = usize::from(context.header_length());
            check("transmit.packet.segments.header", saved.header.len(), longest)?;
            Ok(Segments { context, header: saved.header, index: saved.index, sent: saved.sent })
        });
        Ok(Transmitter {
            fetched: self.fetched.into_iter().map(|half| TxDescriptor(value(half))).collect(),
            unreported: revive_write_backs("transmit.unreported", self.unreported)?,
            current,
            checksum: Context(value(self.checksum_context)),
            segment: Context(value(self.segment_context)),
            packet: Packet {
                started: self.packet.started,
                data: self.packet.data,
                options: self.packet.options,
                segments: segments.transpose()?,
                tag: self.packet.tag,
                failed: self.packet.failed,
            },
            paid: self.paid,
            fifo,
            line_start: self.line_start,
            line_free: self.line_free,
            paused_until: self.paused_until,
        })
    }
}

impl ReceiveV1 {
    fn of(rx: &Receiver) -> Self {
        let fifo = rx.fifo.iter().map(|parcel| ParcelV1 {
            bytes: parcel.bytes.clone(),
            written: parcel.written,
            checksum: parcel.write_back.checksum,
            status: parcel.write_back.status,
            errors: parcel.write_back.errors,
            special: parcel.write_back.special,
            length: parcel.length,
        });
        Self {
            fetched: rx.fetched.iter().map(|held| (held.buffer, held.status)).collect(),
            unreported: rx.unreported.iter().map(save_write_back).collect(),
            fifo: fifo.collect(),
            arriving: rx.arriving.save(),
            xoff_sent: rx.xoff_sent,
        }
    }

    fn revive(self) -> Result<Receiver, RestoreError> {
        let parcel = |saved: ParcelV1| {
            check("receive.fifo.bytes", saved.bytes.len(), MAX_STORED)?;
            if saved.written >= saved.bytes.len() || saved.length as usize > saved.bytes.len() {
                return Err(impossible(
                    "receive.fifo",
                    "holds a frame with nothing left to deliver",
                ));
            }
            let write_back = RxWriteBack {
                length: 0,
                checksum: saved.checksum,
                status: saved.status,
                errors: saved.errors,
                special: saved.special,
            };
            Ok(Parcel {
                bytes: saved.bytes,
                written: saved.written,
                write_back,
                length: saved.length,
            })
        };
        let fifo = self.fifo.into_iter().map(parcel).collect::<Result<Vec<_>, _>>()?;
        let fifo: crate::fifo::Fifo<Parcel> = fifo.into_iter().collect();
        check("receive.fifo", fifo.bytes(), MAX_FIFO)?;
        let arriving = Arrivals::restored(self.arriving);
        let arriving = arriving.map_err(|why| impossible("receive.arriving", why))?;
        check("receive.fetched", self.fetched.len(), CACHE)?;
        let fetched = self.fetched.into_iter();
        Ok(Receiver {
            fetched: fetched.map(|(buffer, status)| RxDescriptor { buffer, status }).collect(),
            unreported: revive_write_backs("receive.unreported", self.unreported)?,
            fifo,
            arriving,
            xoff_sent: self.xoff_sent,
            spare: Vec::new(),
        })
    }
}

impl E1000 {
    pub(crate) fn save_state(&self) -> SavedState {
        let state = StateV1 {
            registers: self.bank.save(),
            timers: self.timers.clone(),
            capacity: self.capacity,
            interrupts: self.irq.clone(),
            phy: self.phy.clone(),
            eeprom: self.eeprom.clone(),
            counters: self.counters.clone(),
            function: self.function,
            strict: self.strict.save(),
            compat: self.compat.save(),
            transmit: TransmitV1::of(&self.tx),
            receive: ReceiveV1::of(&self.rx),
        };
        SavedState::new(self.chip.model().name, VERSION, &state)
    }

    pub(crate) fn restore_state(&mut self, saved: &SavedState) -> Result<(), RestoreError> {
        let state: StateV1 = saved.decode(self.chip.model().name, VERSION)?;
        let mut bank = Bank::new();
        bank.restore(&state.registers)
            .map_err(|error| impossible("registers", error.to_string()))?;
        if !state.eeprom.is_possible() {
            return Err(impossible(
                "eeprom",
                "is of no chip there is, or has a command of too many bits",
            ));
        }
        if !state.capacity.is_possible() {
            return Err(impossible("capacity", "exceeds 64 KiB"));
        }
        let mut strict = self.strict;
        if !strict.restore(STRICT_RULES, state.strict) {
            return Err(impossible("strict", "names rules that there are not"));
        }
        let compat = self.compat.restored(&state.compat);
        let compat = compat.ok_or_else(|| impossible("compat", "stores what QEMU's does not"))?;
        let tx = state.transmit.revive()?;
        let rx = state.receive.revive()?;
        // Nothing fails from here on.
        self.bank = bank;
        self.timers = state.timers;
        self.capacity = state.capacity;
        self.irq = state.interrupts;
        self.phy = state.phy.with_setup(self.phy.setup());
        self.function = state.function;
        self.strict = strict;
        self.compat = compat;
        self.eeprom = state.eeprom;
        self.counters = state.counters;
        self.tx = tx;
        self.rx = rx;
        self.derive();
        Ok(())
    }

    /// Brings what follows from other state in line with it.
    fn derive(&mut self) {
        self.set_causes(self.bank.get(Reg::ICR));
        let pending = self.bank.get(Reg::ICR) & self.bank.get(Reg::IMS) != 0;
        self.irq.asserted = pending && (self.irq.asserted || !self.timers.pending(Timer::Throttle));
        let status = self.derived_status();
        self.bank.set(Reg::STATUS, status);
        self.show_eeprom_output();
        self.refresh_stations();
        self.reported = self.report_filter();
    }
}
