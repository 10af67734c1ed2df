//! The receiver: frames in, errors and filter, FIFO; what both modes share (DS RCR, ISR, MPC).
//!
//! A frame that has passed the filter is composed as it will stand in memory and moves there at once, or waits in a FIFO
//! of 2 KiB: for the bus with `timing=full`, or for software to make room.

use std::collections::VecDeque;

use elnic_contract::{Cx, DropReason, Frame, LineError, LogEntry, VTime, Verdict};
use elnic_wire::{ethernet, fcs};

use crate::Rtl8139;
use crate::descriptors::{self, status};
use crate::filter::Cast;
use crate::spec::Reg;
use crate::spec::views::{Cpcr, Rcr, cause};
use crate::tally::tick;
use crate::timers::Timer;
use crate::timing::DESCRIPTOR_POLL;

/// Size of the FIFO in bytes.
pub(crate) const FIFO: usize = 2048;
/// Longest frame with FCS that is not too long (DS receive status, LONG).
const LONGEST: usize = 4096;
/// Longest frame with FCS that the length of a receive status can say.
pub(crate) const LONGEST_POSSIBLE: usize = 0xfff0 - 1;
/// Shortest damaged frame that RCR.RER8 lets through.
const TINY: usize = 8;

/// State of the receiver beyond the registers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Receiver {
    /// Frames that passed the filter and wait for room or the bus.
    pub(crate) fifo: VecDeque<Parcel>,
    /// Frames whose last bit has not arrived yet, with the time when it will.
    pub(crate) arriving: VecDeque<(VTime, Frame)>,
    /// When the last frame ended.
    pub(crate) line_free: VTime,
    /// The next receive descriptor of C+ mode, below [`descriptors::MOST`].
    pub(crate) index: u8,
    /// RXOVW was raised for the frame that waits first.
    pub(crate) starved: bool,
}

/// A frame as it will stand in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parcel {
    /// Its bytes, FCS at the end.
    pub(crate) bytes: Vec<u8>,
    /// How many of them are there already.
    pub(crate) written: usize,
    /// Receive status, as C mode writes it.
    pub(crate) status: u16,
    /// The bits that C+ mode adds for checksums.
    pub(crate) checks: u32,
    /// The VLAN tag that was taken out.
    pub(crate) tag: Option<u16>,
    /// Length without FCS, for the counters.
    pub(crate) length: u32,
    /// It began to move while it still arrived.
    pub(crate) overlapped: bool,
}

/// Where a frame comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The cable.
    Cable,
    /// The own transmitter.
    Loopback,
}

/// What delivering came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// All of it is in memory.
    Done,
    /// There is no room, yet.
    Starved,
    /// Memory is out of reach, for now.
    NoBus,
    /// It can never be delivered.
    Lost(DropReason),
}

impl Receiver {
    /// Bytes in the FIFO.
    pub(crate) fn fifo_bytes(&self) -> usize {
        self.fifo.iter().fold(0, |bytes, parcel| {
            bytes.saturating_add(parcel.bytes.len().saturating_sub(parcel.written))
        })
    }
}

impl Rtl8139 {
    /// C+ mode is on for the receiver.
    pub(crate) fn receives_into_ring(&self) -> bool {
        Cpcr(self.bank.get(Reg::CPCR)).receive_ring()
    }

    /// The last bit of a frame is here.
    pub(crate) fn arrive(&mut self, cx: &mut Cx<'_>, frame: &Frame, origin: Origin) -> Verdict {
        match self.admit(cx, frame, origin) {
            Ok(Some(parcel)) => self.accept(cx, parcel, origin),
            Ok(None) => Verdict::Taken,
            Err(reason) => self.discard(cx, reason, frame.len()),
        }
    }

    fn discard(&mut self, cx: &mut Cx<'_>, reason: DropReason, length: usize) -> Verdict {
        self.counters.drop_received(reason);
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        cx.log.record(LogEntry::Dropped { reason, length });
        Verdict::Dropped(reason)
    }

    /// Looks for errors and filters; composes what passes. `None` is flow control that stays here.
    fn admit(
        &mut self,
        cx: &mut Cx<'_>,
        frame: &Frame,
        origin: Origin,
    ) -> Result<Option<Parcel>, DropReason> {
        let data = frame.data();
        if self.halted() {
            return Err(DropReason::ReceiverOff);
        }
        if frame.error().is_none() {
            self.wake_by_frame(cx, data);
        }
        if !self.command().receiver() || self.sleeps() {
            return Err(DropReason::ReceiverOff);
        }
        if origin == Origin::Loopback && self.overflows_silently() {
            return Err(DropReason::NoBuffers);
        }
        if frame.error().is_none() && origin == Origin::Cable && self.is_pause(data) {
            self.obey_pause(cx, data);
            return Ok(None);
        }
        let mut bits = self.filter(data)?;
        // A software peer leaves padding to the receiver; only a damaged frame is really short.
        let whole =
            frame.error().is_some() || (origin == Origin::Loopback && self.looped_runts_show());
        let padded = if whole { data.len() } else { data.len().max(ethernet::MIN_LENGTH) };
        bits |= self.check_line(padded.saturating_add(fcs::LENGTH), frame.error())?;
        if bits & status::ERRORS == 0 {
            bits |= status::ROK;
        }
        Ok(Some(self.compose(frame, padded, bits)))
    }

    /// A short frame that comes back by loopback is what it is, for software that asks for runts.
    fn looped_runts_show(&self) -> bool {
        Rcr(self.bank.get(Reg::RCR)).runts() && !self.compat.loopback_hides_runts()
    }

    /// Length and line errors, as bits of the receive status if the frame is wanted all the same (DS RCR.AR, AER, RER8).
    fn check_line(&mut self, octets: usize, error: Option<LineError>) -> Result<u16, DropReason> {
        let rcr = Rcr(self.bank.get(Reg::RCR));
        let mut bits = match error {
            Some(LineError::BadFcs) => status::CRC,
            Some(LineError::Alignment) => status::CRC | status::FAE,
            Some(LineError::Symbol) => status::CRC | status::ISE,
            None => 0,
        };
        if error == Some(LineError::Alignment) {
            tick!(self.tally.alignment);
        }
        if error == Some(LineError::Symbol) {
            let count = self.bank.get(Reg::REC).saturating_add(1).min(0xffff);
            self.bank.set(Reg::REC, count);
        }
        let runt = octets < ethernet::MIN_LENGTH_WITH_FCS;
        let long = octets > LONGEST;
        if runt {
            bits |= status::RUNT;
        }
        if long {
            bits |= status::LONG;
        }
        let refused = if long && (!rcr.damaged() || octets > LONGEST_POSSIBLE) {
            Some(DropReason::TooLong)
        } else if runt && !rcr.runts() {
            Some(DropReason::Runt)
        } else {
            let tiny = runt && (!rcr.tiny_damaged() || octets < TINY);
            (error.is_some() && (!rcr.damaged() || tiny)).then_some(DropReason::LineError)
        };
        if bits != 0 {
            tick!(self.tally.rx_error);
        }
        if error.is_some() {
            self.raise(cause::RER);
        }
        refused.map_or(Ok(bits), Err)
    }

    fn compose(&mut self, frame: &Frame, padded: usize, bits: u16) -> Parcel {
        let mut bytes = Vec::with_capacity(padded.saturating_add(fcs::LENGTH));
        bytes.extend_from_slice(frame.data());
        bytes.resize(padded, 0);
        let check = fcs::of(&bytes);
        let mut parcel = Parcel { status: bits, ..Parcel::default() };
        if self.receives_into_ring() {
            self.offload(&mut bytes, &mut parcel);
        }
        parcel.length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        // A damaged frame does not end with the FCS of its bytes.
        let check = if frame.error().is_some() { !check } else { check };
        bytes.extend_from_slice(&check.to_le_bytes());
        parcel.bytes = bytes;
        parcel
    }

    /// A frame has passed the filter: into memory, or into the FIFO.
    fn accept(&mut self, cx: &mut Cx<'_>, mut parcel: Parcel, origin: Origin) -> Verdict {
        self.check_reception(cx);
        let direct = self.rx.fifo.is_empty()
            && !self.fidelity.full()
            && !self.timers.pending(Timer::ReceiveDma);
        let length = parcel.length as usize;
        if direct {
            match self.deliver(cx, &mut parcel) {
                Delivery::Done => return Verdict::Taken,
                Delivery::Lost(reason) => return self.discard(cx, reason, length),
                Delivery::Starved | Delivery::NoBus => {}
            }
            if origin == Origin::Loopback {
                // Nobody waits at the other end of the loop.
                self.rx.starved = false;
                self.timers.cancel(cx, Timer::ReceiveDma);
                self.count_missed();
                return self.discard(cx, DropReason::NoBuffers, length);
            }
        }
        let room = FIFO.saturating_sub(self.rx.fifo_bytes());
        if parcel.bytes.len() > room && !self.rx.fifo.is_empty() {
            self.count_missed();
            self.raise(cause::FOVW);
            self.ask_for_pause(cx);
            return self.discard(cx, DropReason::FifoOverflow, length);
        }
        // What the FIFO lets through early has moved while the frame arrived.
        parcel.overlapped = self.rx.fifo.is_empty() && origin == Origin::Cable;
        self.rx.fifo.push_back(parcel);
        if !direct {
            self.receive_on(cx);
        }
        Verdict::Taken
    }

    /// A frame was lost for want of room.
    fn count_missed(&mut self) {
        let count = self.bank.get(Reg::MPC).saturating_add(1) & 0xff_ffff;
        self.bank.set(Reg::MPC, count);
        tick!(self.tally.missed);
        tick!(self.tally.rx_error);
    }

    /// Goes on delivering from the FIFO: software has made room, or the receiver was enabled.
    pub(crate) fn receive_on(&mut self, cx: &mut Cx<'_>) {
        let off = !self.command().receiver() || self.sleeps();
        if self.timers.pending(Timer::ReceiveDma) || off {
            return;
        }
        if !self.fidelity.full() {
            while self.deliver_first(cx) {}
            return;
        }
        if let Some(parcel) = self.rx.fifo.front() {
            let rcr = Rcr(self.bank.get(Reg::RCR));
            let (burst, bus) = (rcr.burst_code(), self.fidelity.latencies);
            let whole = parcel.bytes.len();
            let rest = if parcel.overlapped { rcr.fifo_threshold().min(whole) } else { whole };
            let mut span = bus.transfer(rest, burst);
            if self.receives_into_ring() {
                span += bus.transfer(descriptors::LENGTH, burst).times(2);
            }
            self.timers.arm(cx, Timer::ReceiveDma, cx.now + span);
            self.await_early(cx);
        }
    }

    /// The time of a delivery has passed.
    pub(crate) fn receive_dma(&mut self, cx: &mut Cx<'_>) {
        if self.command().receiver() && self.deliver_first(cx) {
            self.receive_on(cx);
        }
    }

    /// Delivers the first frame of the FIFO; says whether the next may follow.
    fn deliver_first(&mut self, cx: &mut Cx<'_>) -> bool {
        let Some(mut parcel) = self.rx.fifo.pop_front() else { return false };
        let length = parcel.length as usize;
        match self.deliver(cx, &mut parcel) {
            Delivery::Done => true,
            Delivery::Lost(reason) => {
                self.discard(cx, reason, length);
                true
            }
            Delivery::Starved | Delivery::NoBus => {
                self.rx.fifo.push_front(parcel);
                false
            }
        }
    }

    /// Moves a frame into memory.
    fn deliver(&mut self, cx: &mut Cx<'_>, parcel: &mut Parcel) -> Delivery {
        let outcome = if self.receives_into_ring() {
            self.deliver_to_ring(cx, parcel)
        } else {
            self.deliver_to_buffer(cx, parcel)
        };
        match outcome {
            Delivery::Done => {
                self.rx.starved = false;
                self.end_asked_pause(cx);
                self.count_received(parcel);
                let good = parcel.status & status::ERRORS == 0;
                self.raise(if good { cause::ROK } else { cause::RER });
            }
            Delivery::Lost(reason) => {
                self.rx.starved = false;
                if reason == DropReason::DmaError {
                    self.raise(cause::SERR);
                }
            }
            Delivery::NoBus => {}
            Delivery::Starved => {
                if !std::mem::replace(&mut self.rx.starved, true) {
                    self.raise(cause::RXOVW);
                    self.ask_for_pause(cx);
                }
                if self.receives_into_ring() {
                    self.timers.arm(cx, Timer::ReceiveDma, cx.now + DESCRIPTOR_POLL);
                }
            }
        }
        outcome
    }

    fn count_received(&mut self, parcel: &Parcel) {
        self.counters.received(parcel.length as usize);
        if parcel.status & status::ERRORS != 0 {
            return;
        }
        tick!(self.tally.rx_ok);
        match self.cast_of(&parcel.bytes) {
            Some(Cast::Own | Cast::Other) => tick!(self.tally.rx_own_station),
            Some(Cast::Group) => tick!(self.tally.rx_group),
            Some(Cast::Broadcast) => tick!(self.tally.rx_broadcast),
            None => {}
        }
    }
}
