//! Reception of C mode: a ring buffer of 8 to 64 KiB (DS RBSTART, CAPR, CBR).
//!
//! Each frame stands behind a word of status and length, on a doubleword. CBR is where the hardware goes on; software
//! reads at CAPR + 16. With RCR.WRAP a frame runs past the end of the buffer in one piece, unless that has 64 KiB.

use elnic_contract::{Cx, DmaError, DropReason, Gpa, LogEntry};

use crate::Rtl8139;
use crate::early::INCOMPLETE;
use crate::rx::{Delivery, Parcel};
use crate::spec::Reg;
use crate::spec::views::{Rcr, cause, cr};
use crate::strict_rules::Rule;

/// How far CAPR stands behind the place where software reads.
const LAG: u64 = 16;
/// Size of the only buffer that always wraps.
const LARGEST: u32 = 64 * 1024;
/// Longest ordinary frame without FCS.
const LONGEST_ORDINARY: usize = 1514;
/// Length of status and length in front of a frame.
pub(crate) const HEADER: usize = 4;

impl Rtl8139 {
    fn ring_size(&self) -> u32 {
        Rcr(self.bank.get(Reg::RCR)).ring_size()
    }

    /// A place in the ring, wrapped: sizes are powers of two.
    fn within(&self, place: u64) -> u32 {
        let place = place & u64::from(self.ring_size().saturating_sub(1));
        u32::try_from(place).unwrap_or(0)
    }

    /// Where software reads, below the ring's size.
    fn read_place(&self) -> u32 {
        self.within(self.bank.get(Reg::CAPR).wrapping_add(LAG))
    }

    /// Where the hardware writes, below the ring's size.
    fn write_place(&self) -> u32 {
        self.within(self.bank.get(Reg::CBR))
    }

    fn set_read_place(&mut self, place: u32) {
        self.bank.set(Reg::CAPR, u64::from(place).wrapping_sub(LAG) & 0xffff);
        self.show_buffer_empty();
    }

    fn set_write_place(&mut self, place: u32) {
        self.bank.set(Reg::CBR, u64::from(place));
        self.show_buffer_empty();
    }

    /// Shows in CR whether the buffer is empty.
    pub(crate) fn show_buffer_empty(&mut self) {
        if self.read_place() == self.write_place() {
            self.bank.set_bits(Reg::CR, cr::BUFE);
        } else {
            self.bank.clear_bits(Reg::CR, cr::BUFE);
        }
    }

    /// Both pointers go to the start of the buffer.
    fn rewind(&mut self) {
        self.set_read_place(0);
        self.set_write_place(0);
    }

    /// CR.RE rose.
    pub(crate) fn start_receiver(&mut self, cx: &mut Cx<'_>) {
        if self.compat.receiver_rewinds() {
            self.rewind();
        }
        self.rx.index = 0;
        self.receive_on(cx);
    }

    /// RCR was written.
    pub(crate) fn rcr_written(&mut self, cx: &mut Cx<'_>) {
        if self.compat.configuration_rewinds() {
            self.rewind();
        } else {
            // Another size may move both.
            self.set_read_place(self.read_place());
            self.set_write_place(self.write_place());
        }
        self.announce_filter(cx);
        self.receive_on(cx);
    }

    /// RBSTART was written.
    pub(crate) fn rbstart_written(&mut self) {
        if self.compat.receiver_rewinds() {
            self.rewind();
        }
    }

    /// CAPR was written: there is room again.
    pub(crate) fn capr_written(&mut self, cx: &mut Cx<'_>, old: u64, value: u64) {
        let before = self.within(old.wrapping_add(LAG));
        if value & 3 != 0 {
            self.remark(cx, Rule::UnalignedRead, "CAPR", value);
        }
        if self.distance(before, self.read_place()) > self.distance(before, self.write_place()) {
            self.remark(cx, Rule::ReadPastWrite, "CAPR", value);
        }
        self.set_read_place(self.read_place());
        if !self.receives_into_ring() {
            self.receive_on(cx);
        }
    }

    /// Moves a frame into the buffer.
    pub(crate) fn deliver_to_buffer(&mut self, cx: &mut Cx<'_>, parcel: &Parcel) -> Delivery {
        let needed = room_for(parcel.bytes.len());
        let size = self.ring_size();
        if needed >= size as usize {
            return Delivery::Lost(DropReason::TooLong);
        }
        if needed >= self.free_bytes() {
            return Delivery::Starved;
        }
        let length = u16::try_from(parcel.bytes.len()).unwrap_or(u16::MAX);
        if let Err(error) = self.write_frame(cx, parcel, length) {
            if error == DmaError::NoBusMaster {
                return Delivery::NoBus;
            }
            cx.log.record(LogEntry::Dma { doing: "receive buffer", error });
            return Delivery::Lost(DropReason::DmaError);
        }
        self.early_frame_is_complete(parcel);
        let advance = u32::try_from(needed).unwrap_or(u32::MAX);
        let place = self.write_place().wrapping_add(advance) & size.saturating_sub(1);
        self.set_write_place(place);
        Delivery::Done
    }

    /// Puts the early part of a frame where all of it, `whole` bytes, will stand; `false` if that has no room.
    pub(crate) fn write_early(&self, cx: &mut Cx<'_>, part: &Parcel, whole: usize) -> bool {
        let fits = room_for(whole) < self.free_bytes();
        fits && self.write_frame(cx, part, INCOMPLETE).is_ok()
    }

    /// The buffer has no room for the longest ordinary frame, and nobody is told ([`crate::compat`]).
    pub(crate) fn overflows_silently(&self) -> bool {
        let masked = self.bank.get(Reg::IMR) & cause::RXOVW == 0;
        let free = self.free_bytes();
        let short = free < LONGEST_ORDINARY && free < self.ring_size() as usize;
        self.compat.masked_overflow_is_silent() && masked && short && !self.receives_into_ring()
    }

    /// Bytes from one place to another, around the ring.
    fn distance(&self, from: u32, to: u32) -> u32 {
        to.wrapping_sub(from) & self.ring_size().saturating_sub(1)
    }

    /// Bytes that the hardware may write; a buffer that is full to the brim would look empty.
    pub(crate) fn free_bytes(&self) -> usize {
        let size = self.ring_size();
        let occupied = self.distance(self.read_place(), self.write_place());
        size.saturating_sub(occupied) as usize
    }

    fn write_frame(&self, cx: &mut Cx<'_>, parcel: &Parcel, length: u16) -> Result<(), DmaError> {
        let mut block = Vec::with_capacity(room_for(parcel.bytes.len()));
        block.extend_from_slice(&parcel.status.to_le_bytes());
        block.extend_from_slice(&length.to_le_bytes());
        block.extend_from_slice(&parcel.bytes);
        self.write_block(cx, &block, self.write_place(), self.ring_size())
    }

    fn write_block(
        &self,
        cx: &mut Cx<'_>,
        block: &[u8],
        place: u32,
        size: u32,
    ) -> Result<(), DmaError> {
        let start = Gpa(self.bank.get(Reg::RBSTART));
        let at = start.plus(u64::from(place));
        let to_end = size.saturating_sub(place) as usize;
        let runs_past = Rcr(self.bank.get(Reg::RCR)).no_wrap() && size < LARGEST;
        match block.split_at_checked(to_end) {
            Some((head, tail)) if !runs_past && !tail.is_empty() => {
                cx.dma.write(at, head)?;
                cx.dma.write(start, tail)
            }
            _ => cx.dma.write(at, block),
        }
    }
}

/// What a frame of `length` bytes occupies: status, length and itself, up to the next doubleword.
fn room_for(length: usize) -> usize {
    HEADER.saturating_add(length).next_multiple_of(4)
}
