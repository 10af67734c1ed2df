//! Transmission of C mode: four pairs of TSD and TSAD, in turn (DS TSD, TSAD).
//!
//! Software writes TSD with OWN clear, the chip sends the buffer and sets OWN. A frame that cannot be read from memory is
//! aborted, and nothing is sent until software clears that with TCR.CLRABT.

use elnic_contract::{Cx, DmaError, DropReason, Frame, Gpa, LineError, LogEntry};
use elnic_wire::{ethernet, fcs};

use crate::Rtl8139;
use crate::faults::Fate;
use crate::spec::Reg;
use crate::spec::views::{Tcr, cause, tsd};
use crate::strict_rules::Rule;
use crate::tally::tick;
use crate::tx::{Done, Outgoing, Step};

/// Number of descriptors.
const COUNT: u16 = 4;
/// Longest frame that shares the FIFO with others (DS TSD.SIZE).
const LONGEST_SHARED: usize = 1792;

impl Rtl8139 {
    fn tsd(&self, descriptor: u16) -> u64 {
        self.bank.get_at(Reg::TSD, descriptor)
    }

    fn set_tsd(&mut self, descriptor: u16, value: u64) {
        self.bank.set_at(Reg::TSD, descriptor, value);
        self.show_transmit_summary();
    }

    /// Shows the state of all descriptors in TSALLD.
    pub(crate) fn show_transmit_summary(&mut self) {
        let summary = (0..COUNT).fold(0_u64, |summary, descriptor| {
            let status = self.tsd(descriptor);
            let bit =
                |mask: u64, at: u16| u64::from(status & mask != 0) << at.saturating_add(descriptor);
            summary | bit(tsd::OWN, 0) | bit(tsd::TABT, 4) | bit(tsd::TUN, 8) | bit(tsd::TOK, 12)
        });
        self.bank.set(Reg::TSALLD, summary);
    }

    /// Sends the next descriptor if software has given it.
    pub(crate) fn transmit_from_registers(&mut self, cx: &mut Cx<'_>) -> Step {
        let descriptor = self.tx.next;
        let status = self.tsd(descriptor);
        let on_its_way = self.tx.fifo.iter().any(|o| o.done == Done::Register(descriptor));
        if self.tx.aborted || on_its_way || status & tsd::OWN != 0 {
            return Step::Idle;
        }
        let length = (status & tsd::SIZE) as usize;
        if length > 0
            && let Some(span) = self.transmit_bus_until(cx, length, threshold(status))
        {
            return Step::Wait(span);
        }
        let mut data = vec![0; length];
        let at = Gpa(self.bank.get_at(Reg::TSAD, descriptor));
        match cx.dma.read(at, &mut data) {
            Ok(()) => {}
            Err(DmaError::NoBusMaster) => {
                self.remark(cx, Rule::NoBusMaster, "TSD", status);
                return Step::Idle;
            }
            Err(error) => {
                cx.log.record(LogEntry::Dma { doing: "transmit buffer fetch", error });
                self.counters.drop_sent(DropReason::DmaError);
                self.raise(cause::SERR);
                self.abort(descriptor, tsd::TABT);
                tick!(self.tally.tx_aborted);
                tick!(self.tally.tx_error);
                return Step::Idle;
            }
        }
        self.tx.next = descriptor.saturating_add(1) % COUNT;
        let frame = self.frame_of(cx, data);
        let fetched = self.tx.fetched;
        let done = Done::Register(descriptor);
        self.enqueue(cx, Outgoing { frame, fetched, ..Outgoing::empty(done) });
        Step::Went
    }

    /// A frame of the bytes that software gave, its own FCS taken off if it brings one.
    pub(crate) fn frame_of(&mut self, cx: &mut Cx<'_>, mut data: Vec<u8>) -> Option<Frame> {
        let length = data.len() as u64;
        let mut error = None;
        if Tcr(self.bank.get(Reg::TCR)).no_fcs() {
            let (kept, good) = fcs::split(&data).map(|(kept, good)| (kept.len(), good))?;
            data.truncate(kept);
            error = (!good).then_some(LineError::BadFcs);
        }
        if data.len() < ethernet::MIN_LENGTH {
            self.remark(cx, Rule::ShortFrame, "TSD.SIZE", length);
        }
        if data.len() > LONGEST_SHARED {
            self.remark(cx, Rule::LongFrame, "TSD.SIZE", length);
        }
        let frame = Frame::new(data, cx.now).ok()?;
        Some(match error {
            Some(error) => frame.damaged(error),
            None => frame,
        })
    }

    /// Nothing more is sent before CLRABT.
    fn abort(&mut self, descriptor: u16, status: u64) {
        self.tx.aborted = true;
        self.tx.next = descriptor;
        self.set_tsd(descriptor, self.tsd(descriptor) | tsd::OWN | status);
        self.raise(cause::TER);
    }

    /// TCR.CLRABT: the aborted frame is sent again.
    pub(crate) fn clear_abort(&mut self) {
        if std::mem::take(&mut self.tx.aborted) {
            let descriptor = self.tx.next;
            self.set_tsd(descriptor, self.tsd(descriptor) & !(tsd::OWN | tsd::REPORT));
        }
    }

    /// The frame of `descriptor` has left, or was given up.
    pub(crate) fn register_done(&mut self, descriptor: u16, fate: Fate) {
        self.count_sent(fate.arrives(), fate);
        let status = fate.status();
        if status & tsd::TABT != 0 {
            // What is in the FIFO behind it is fetched again.
            self.tx.fifo.clear();
            self.abort(descriptor, status);
            return;
        }
        self.set_tsd(descriptor, self.tsd(descriptor) | tsd::OWN | status);
        self.raise(if status & tsd::TOK != 0 { cause::TOK } else { cause::TER });
    }
}

/// After how many bytes in the FIFO the line may start, by TSD.ERTXTH: 8, or a multiple of 32.
fn threshold(status: u64) -> usize {
    let units = usize::try_from(status >> tsd::ERTXTH_AT & 0x3f).unwrap_or(0);
    if units == 0 { 8 } else { units.saturating_mul(32) }
}
