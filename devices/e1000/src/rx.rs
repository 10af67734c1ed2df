//! The receive engine: frames in, filters, FIFO, buffers, write-back (SDM 3.2).
//!
//! A frame that has passed the filters is composed as it will stand in memory (tag stripped, FCS kept or not) and written
//! into as many buffers as it needs. If they run out it waits in the FIFO, half delivered if need be, until software
//! gives more. A descriptor with a null address takes no data: it is given back at once (SDM 3.2.6).

use std::collections::VecDeque;

use elnic_contract::{Cx, DmaError, DropReason, Frame, LineError, LogEntry, Verdict};
use elnic_mac::Arrivals;
use elnic_wire::ethernet::{self, ether_type};
use elnic_wire::{fcs, vlan};

use crate::E1000;
use crate::descriptors::{self, RxDescriptor, RxWriteBack, rx_error, rx_status};
use crate::fifo::{Fifo, Octets, Side};
use crate::filter::Pass;
use crate::ring::Ring;
use crate::spec::Reg;
use crate::spec::views::{Rctl, cause};
use crate::stats::Cast;
use crate::strict::Rule;
use crate::thresholds::WriteBack;
use crate::timers::Timer;
use crate::timing::{BREATHER, BUDGET};

/// Longest frame without long packets enabled, with FCS (SDM 13.4.22, LPE).
const MAX_NORMAL: u64 = 1522;
/// Longest frame with long packets enabled, with FCS.
const MAX_LONG: u64 = 16384;

/// State of the receiver beyond the registers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receiver {
    /// Frames that passed the filters and wait for buffers or the bus.
    pub(crate) fifo: Fifo<Parcel>,
    /// Descriptors fetched but not used, as they were when fetched.
    pub(crate) fetched: VecDeque<RxDescriptor>,
    /// Descriptors that are done, and that WTHRESH holds back.
    pub(crate) unreported: Vec<WriteBack>,
    /// Frames whose last bit has not arrived yet.
    pub(crate) arriving: Arrivals,
    /// XOFF has been sent and XON not yet.
    pub(crate) xoff_sent: bool,
    /// An empty buffer, kept for its allocation.
    pub(crate) spare: Vec<u8>,
}

/// A frame as it will stand in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parcel {
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// How many of them are there already.
    pub(crate) written: usize,
    /// What its last descriptor gets.
    pub(crate) write_back: RxWriteBack,
    /// Length without FCS, for the counters.
    pub(crate) length: u32,
}

/// A frame that the filters let through.
struct Admitted {
    parcel: Parcel,
    /// Octets and kind of address of one that is not damaged, for the counters.
    good: Option<(u64, Cast)>,
}

/// What delivering came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Delivery {
    /// All of it is in memory.
    Done,
    /// Buffers ran out.
    Starved,
    /// Memory could not be reached; the frame is lost.
    Faulted,
    /// This entry has worked enough.
    Tired,
}

impl Octets for Parcel {
    fn octets(&self) -> usize {
        self.bytes.len()
    }
}

impl E1000 {
    /// The last bit of a frame is here.
    pub(crate) fn arrive(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Verdict {
        match self.admit(cx, frame) {
            Ok(Some(Admitted { parcel, good })) => {
                let verdict = self.accept(cx, parcel);
                // What MPC counts counts nowhere else (SDM 13.7.18).
                if let Some((octets, cast)) = good
                    && verdict != Verdict::Dropped(DropReason::FifoOverflow)
                {
                    self.count_good_receive(octets, cast);
                }
                verdict
            }
            Ok(None) => Verdict::Taken,
            Err(reason) => self.discard(cx, reason, frame.len()),
        }
    }

    pub(crate) fn discard(
        &mut self,
        cx: &mut Cx<'_>,
        reason: DropReason,
        length: usize,
    ) -> Verdict {
        self.counters.drop_received(reason);
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        cx.log.record(LogEntry::Dropped { reason, length });
        Verdict::Dropped(reason)
    }

    /// Counts arrivals and filters; composes what passes. `None` is flow control that stays here.
    fn admit(&mut self, cx: &mut Cx<'_>, frame: &Frame) -> Result<Option<Admitted>, DropReason> {
        let rctl = Rctl(self.bank.get(Reg::RCTL));
        if !rctl.enable() {
            return Err(DropReason::ReceiverOff);
        }
        let data = frame.data();
        // A software peer leaves padding to the receiver; only a damaged frame is really short.
        let padded =
            if frame.error().is_some() { data.len() } else { data.len().max(ethernet::MIN_LENGTH) };
        let octets = (padded as u64).saturating_add(fcs::LENGTH as u64);
        self.count_arrival(octets);
        self.check_line(rctl, octets, frame.error())?;
        if frame.error().is_none()
            && self.ctrl().receive_flow_control()
            && self.is_flow_control(data)
        {
            self.obey_pause(cx, data);
            if rctl.discard_pause() {
                return Ok(None);
            }
        } else if !rctl.pass_control() && is_mac_control(data) {
            return Err(DropReason::AddressFilter);
        }
        let cast = Cast::of(data);
        let pass = self.filter(rctl, data, cast)?;
        let good = frame.error().is_none().then_some((octets, cast));
        Ok(Some(Admitted { parcel: self.compose(rctl, frame, pass), good }))
    }

    /// Length and line errors (SDM 13.4.22, 13.7).
    fn check_line(
        &mut self,
        rctl: Rctl,
        octets: u64,
        error: Option<LineError>,
    ) -> Result<(), DropReason> {
        match error {
            Some(LineError::BadFcs) => self.count(Reg::CRCERRS),
            Some(LineError::Alignment) => self.count(Reg::ALGNERRC),
            Some(LineError::Symbol) => self.count(Reg::RXERRC),
            None => {}
        }
        let limit = if rctl.long_packets() { MAX_LONG } else { MAX_NORMAL };
        if octets > limit {
            self.count(Reg::RLEC);
            self.count(if error.is_some() { Reg::RJC } else { Reg::ROC });
            return Err(DropReason::TooLong);
        }
        if octets < ethernet::MIN_LENGTH_WITH_FCS as u64 {
            self.count(Reg::RLEC);
            self.count(Reg::RFC);
            if !rctl.store_bad() {
                return Err(DropReason::Runt);
            }
        }
        if error.is_some() && !rctl.store_bad() { Err(DropReason::LineError) } else { Ok(()) }
    }

    fn compose(&mut self, rctl: Rctl, frame: &Frame, pass: Pass) -> Parcel {
        let data = frame.data();
        let mut bytes = std::mem::take(&mut self.rx.spare);
        bytes.clear();
        bytes.extend_from_slice(data);
        if frame.error().is_none() && data.len() < ethernet::MIN_LENGTH {
            bytes.resize(ethernet::MIN_LENGTH, 0);
        }
        let check = if rctl.strip_fcs() { None } else { Some(fcs::of(&bytes)) };
        let mut write_back =
            RxWriteBack { status: rx_status::DD | rx_status::EOP, ..Default::default() };
        if pass == Pass::Inexact {
            write_back.status |= rx_status::PIF;
        }
        write_back.errors |= match frame.error() {
            Some(LineError::BadFcs) => rx_error::CE,
            Some(LineError::Alignment) => rx_error::CE | rx_error::SE,
            Some(LineError::Symbol) => rx_error::RXE,
            None => 0,
        };
        if self.ctrl().vlan_mode()
            && let Some(tci) = vlan::tag(&bytes, self.vlan_type())
        {
            bytes.drain(vlan::TAG_AT..vlan::TAG_AT.saturating_add(vlan::TAG_LENGTH));
            write_back.status |= rx_status::VP;
            write_back.special = tci.0;
        }
        self.verify(&bytes, &mut write_back);
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        if let Some(check) = check {
            // A damaged frame does not end with the FCS of its bytes.
            let check = if frame.error().is_some() { !check } else { check };
            bytes.extend_from_slice(&check.to_le_bytes());
        }
        Parcel { bytes, written: 0, write_back, length }
    }

    /// A frame has passed the filters: into memory, or into the FIFO.
    fn accept(&mut self, cx: &mut Cx<'_>, mut parcel: Parcel) -> Verdict {
        let direct = self.rx.fifo.is_empty()
            && !self.fidelity.full()
            && !self.timers.pending(Timer::ReceiveDma);
        if direct {
            match self.deliver(cx, &mut parcel) {
                Delivery::Done => {
                    self.rx.spare = parcel.bytes;
                    return Verdict::Taken;
                }
                Delivery::Faulted => return Verdict::Dropped(DropReason::DmaError),
                Delivery::Starved => self.count(Reg::RNBC),
                Delivery::Tired => self.timers.arm(cx, Timer::ReceiveDma, cx.now + BREATHER),
            }
        } else if Ring::receive(&self.bank).is_none_or(|ring| ring.available() == 0) {
            self.count(Reg::RNBC);
        }
        let room = self.capacity.receive().saturating_sub(self.rx.fifo.bytes());
        // What is half delivered has left room already.
        if parcel.written == 0 && parcel.bytes.len() > room {
            self.count(Reg::MPC);
            self.raise(cx, cause::RXO);
            return self.discard(cx, DropReason::FifoOverflow, parcel.length as usize);
        }
        self.enters_buffer(Side::Receive, &parcel.bytes);
        self.rx.fifo.push_back(parcel);
        self.watch_fifo(cx);
        self.receive_on(cx);
        Verdict::Taken
    }

    /// Goes on delivering from the FIFO: software gave buffers, or the receiver was enabled.
    pub(crate) fn receive_on(&mut self, cx: &mut Cx<'_>) {
        if self.timers.pending(Timer::ReceiveDma) || !Rctl(self.bank.get(Reg::RCTL)).enable() {
            return;
        }
        if self.fidelity.full() {
            let buffers = Ring::receive(&self.bank).is_some_and(|ring| ring.available() > 0);
            if let Some(parcel) = self.rx.fifo.front().filter(|_| buffers) {
                let latencies = self.fidelity.latencies;
                let descriptor = latencies.transfer(descriptors::LENGTH);
                let span = descriptor.times(2) + latencies.transfer(parcel.bytes.len());
                self.timers.arm(cx, Timer::ReceiveDma, cx.now + span);
            }
            return;
        }
        while self.deliver_first(cx) {}
    }

    /// The time of a delivery has passed.
    pub(crate) fn receive_dma(&mut self, cx: &mut Cx<'_>) {
        if Rctl(self.bank.get(Reg::RCTL)).enable() {
            let _ = self.deliver_first(cx);
            self.receive_on(cx);
        }
    }

    /// Delivers the first frame of the FIFO; says whether the next may follow.
    fn deliver_first(&mut self, cx: &mut Cx<'_>) -> bool {
        let Some(mut parcel) = self.rx.fifo.pop_front() else { return false };
        let outcome = self.deliver(cx, &mut parcel);
        if matches!(outcome, Delivery::Done | Delivery::Faulted) {
            self.left_buffer(Side::Receive, parcel.bytes.len());
        }
        match outcome {
            Delivery::Done => self.rx.spare = parcel.bytes,
            Delivery::Faulted => {}
            Delivery::Starved => self.rx.fifo.push_front(parcel),
            Delivery::Tired => {
                self.rx.fifo.push_front(parcel);
                self.timers.arm(cx, Timer::ReceiveDma, cx.now + BREATHER);
            }
        }
        self.watch_fifo(cx);
        matches!(outcome, Delivery::Done | Delivery::Faulted)
    }

    /// Writes a frame into buffers.
    fn deliver(&mut self, cx: &mut Cx<'_>, parcel: &mut Parcel) -> Delivery {
        let Some(mut ring) = Ring::receive(&self.bank) else { return Delivery::Starved };
        let rctl = Rctl(self.bank.get(Reg::RCTL));
        let before = ring.available();
        let mut outcome = Delivery::Tired;
        for _ in 0..BUDGET {
            if ring.available() == 0 {
                outcome = Delivery::Starved;
                break;
            }
            match self.fill(cx, &ring, parcel, rctl.buffer_size()) {
                Ok(()) => ring.advance(),
                Err(error) => {
                    cx.log.record(LogEntry::Dma { doing: "receive", error });
                    if error == DmaError::NoBusMaster {
                        self.broken(cx, Rule::NoBusMaster, "RDT", self.bank.get(Reg::RDT));
                    }
                    self.counters.drop_received(DropReason::DmaError);
                    outcome = Delivery::Faulted;
                    break;
                }
            }
            if parcel.written == parcel.bytes.len() {
                outcome = Delivery::Done;
                break;
            }
        }
        self.bank.set(Reg::RDH, u64::from(ring.head));
        let mut causes = 0;
        let threshold =
            ring.count() >> u32::from(rctl.minimum_threshold()).saturating_add(1).min(3);
        if before > threshold && ring.available() <= threshold {
            causes |= cause::RXDMT0;
        }
        if outcome == Delivery::Done {
            self.counters.received(parcel.length as usize);
            causes |= self.receive_interrupt(cx, parcel.bytes.len() as u64);
        }
        if !self.rx.unreported.is_empty() && (causes != 0 || ring.available() == 0) {
            self.flush_received(cx);
        }
        self.raise(cx, causes);
        outcome
    }
}

fn is_mac_control(frame: &[u8]) -> bool {
    ethernet::Header::new(frame)
        .is_some_and(|header| header.type_field() == ether_type::MAC_CONTROL)
}
