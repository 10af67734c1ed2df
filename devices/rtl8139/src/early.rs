//! Early receive: software is told of a frame before all of it is in the ring buffer (DS RCR.ERTH, MULINT, ERBCR, ERSR).
//!
//! The early part is seen with `timing=full` only, where moving a frame takes time; otherwise a frame that would have
//! been early is complete when software hears of it. Until it is complete its length reads 0xfff0.

use elnic_contract::Cx;
use elnic_wire::ethernet::{self, MAX_LENGTH_FIELD, ether_type};

use crate::Rtl8139;
use crate::descriptors::status;
use crate::rx::Parcel;
use crate::rx_buffer::HEADER;
use crate::spec::Reg;
use crate::spec::views::{Rcr, cause, ersr};
use crate::timers::Timer;

/// What stands for the length of a frame that is not complete.
pub(crate) const INCOMPLETE: u16 = 0xfff0;
/// Novell IPX in Ethernet II.
const IPX: u16 = 0x8137;

impl Rtl8139 {
    /// After how many bytes of a frame software wants to hear of it; `None` if it wants to wait for its end.
    fn early_threshold(&self, parcel: &Parcel) -> Option<usize> {
        let rcr = Rcr(self.bank.get(Reg::RCR));
        let threshold = if rcr.every_kind_early() || !is_familiar(&parcel.bytes) {
            usize::try_from(self.bank.get(Reg::MULINT)).unwrap_or(0)
        } else {
            parcel.bytes.len().saturating_mul(usize::from(rcr.early_sixteenths())) / 16
        };
        (threshold > 0 && threshold < parcel.bytes.len() && !self.receives_into_ring())
            .then_some(threshold)
    }

    /// Moving the first frame of the FIFO has begun: waits for its early part.
    pub(crate) fn await_early(&mut self, cx: &mut Cx<'_>) {
        let threshold = self.rx.fifo.front().and_then(|parcel| self.early_threshold(parcel));
        if let Some(threshold) = threshold {
            let burst = Rcr(self.bank.get(Reg::RCR)).burst_code();
            let bytes = threshold.saturating_add(HEADER);
            let span = self.fidelity.latencies.transfer(bytes, burst);
            self.timers.arm(cx, Timer::ReceiveEarly, cx.now + span);
        }
    }

    /// The early part of the first frame of the FIFO has moved.
    pub(crate) fn early_part_is_here(&mut self, cx: &mut Cx<'_>) {
        let Some(parcel) = self.rx.fifo.front() else { return };
        let Some(threshold) = self.early_threshold(parcel) else { return };
        let early = Parcel {
            bytes: parcel.bytes.get(..threshold).unwrap_or_default().to_vec(),
            ..Parcel::default()
        };
        if self.write_early(cx, &early, parcel.bytes.len()) {
            self.bank.set_bits(Reg::ERSR, ersr::EROK);
            self.raise(cause::ROK);
        } else {
            self.bank.set_bits(Reg::ERSR, ersr::EROVW);
        }
        self.bank.set(Reg::ERBCR, threshold as u64);
    }

    /// A frame is complete in the ring buffer: says so if software wanted to hear of it early.
    pub(crate) fn early_frame_is_complete(&mut self, parcel: &Parcel) {
        if self.early_threshold(parcel).is_none() {
            return;
        }
        let good = parcel.status & status::ERRORS == 0;
        self.bank.clear_bits(Reg::ERSR, ersr::EROK);
        self.bank.set_bits(Reg::ERSR, if good { ersr::ERGOOD } else { ersr::ERBAD });
        self.bank.set(Reg::ERBCR, parcel.bytes.len() as u64);
    }
}

/// Whether ERTH, and not MULINT, decides: IP, IPX and what has a length for a type (DS RCR.MULERINT).
fn is_familiar(frame: &[u8]) -> bool {
    ethernet::Header::new(frame).is_some_and(|header| {
        matches!(header.type_field(), ether_type::IPV4 | IPX | ..=MAX_LENGTH_FIELD)
    })
}
