//! Receive buffers: descriptors taken, buffers filled, descriptors given back (SDM 3.2.6).

use elnic_contract::{Cx, DmaError, Gpa};

use crate::E1000;
use crate::descriptors::{self, RxDescriptor, RxWriteBack, rx_status};
use crate::ring::Ring;
use crate::rx::Parcel;
use crate::strict::Rule;
use crate::thresholds::{BURST, WriteBack};

impl E1000 {
    /// Fills the buffer of the descriptor at the ring's head and gives the descriptor back.
    pub(crate) fn fill(
        &mut self,
        cx: &mut Cx<'_>,
        ring: &Ring,
        parcel: &mut Parcel,
        size: usize,
    ) -> Result<(), DmaError> {
        let at = ring.at_head();
        let descriptor = self.next_descriptor(cx, ring)?;
        if descriptor.buffer == 0 {
            self.broken(cx, Rule::NullBuffer, "RDT", u64::from(ring.head));
            self.give_back(cx, WriteBack::status(at.plus(12), descriptor.status | rx_status::DD));
            return Ok(());
        }
        let rest = parcel.bytes.get(parcel.written..).unwrap_or_default();
        let part = rest.get(..size).unwrap_or(rest);
        cx.dma.write(Gpa(descriptor.buffer), part)?;
        let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
        let last = part.len() == rest.len();
        let write_back = if last {
            RxWriteBack { length, ..parcel.write_back }
        } else {
            RxWriteBack { length, status: rx_status::DD, ..Default::default() }
        };
        parcel.written = parcel.written.saturating_add(part.len());
        self.give_back(cx, WriteBack::half(at.plus(8), write_back.to_bytes()));
        Ok(())
    }

    /// The descriptor at the ring's head, from the chip or from memory.
    fn next_descriptor(&mut self, cx: &mut Cx<'_>, ring: &Ring) -> Result<RxDescriptor, DmaError> {
        if !self.fidelity.wire() {
            let mut bytes = [0; descriptors::LENGTH];
            cx.dma.read(ring.at_head(), &mut bytes)?;
            return Ok(RxDescriptor::from_bytes(&bytes));
        }
        let held = self.rx.fetched.len();
        let wanted = self
            .receive_thresholds()
            .wanted(held, ring.contiguous_behind(held) as usize)
            .saturating_mul(descriptors::LENGTH);
        if wanted != 0 {
            let mut buffer = [0; descriptors::LENGTH * BURST];
            let into = buffer.get_mut(..wanted).unwrap_or_default();
            match cx.dma.read(ring.behind(held), into) {
                Ok(()) => {
                    let (whole, _) = into.as_chunks();
                    self.rx.fetched.extend(whole.iter().map(RxDescriptor::from_bytes));
                }
                // What was fetched ahead of need is asked for again.
                Err(error) if held == 0 => return Err(error),
                Err(_) => {}
            }
        }
        Ok(self.rx.fetched.pop_front().unwrap_or_default())
    }

    fn give_back(&mut self, cx: &mut Cx<'_>, done: WriteBack) {
        let thresholds = self.receive_thresholds();
        if !thresholds.gathers() {
            done.carry_out(cx, "receive descriptor write-back");
            return;
        }
        self.rx.unreported.push(done);
        if thresholds.is_reached(self.rx.unreported.len()) {
            self.flush_received(cx);
        }
    }

    /// The ring has moved: what was fetched from it is void.
    pub(crate) fn forget_receive_ring(&mut self) {
        self.rx.fetched.clear();
        self.rx.unreported.clear();
    }
}
