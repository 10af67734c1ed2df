//! Which of the six interrupt sources asks for service (UM0109 §2.4).

use crate::Escc;
use crate::registers::*;

/// An interrupt source, highest priority first. A channel's external/status source has no cause here: no modem line ever
/// moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    ReceiveA,
    TransmitA,
    ReceiveB,
    TransmitB,
}

impl Source {
    pub(crate) const ALL: [Self; 4] =
        [Self::ReceiveA, Self::TransmitA, Self::ReceiveB, Self::TransmitB];

    /// Its bit in RR3 and in the saved under-service set.
    pub(crate) const fn bit(self) -> u8 {
        match self {
            Self::ReceiveA => 1 << 5,
            Self::TransmitA => 1 << 4,
            Self::ReceiveB => 1 << 2,
            Self::TransmitB => 1 << 1,
        }
    }
}

impl Escc {
    /// RR3: all that is pending.
    pub(crate) fn pending(&self) -> u8 {
        let [b, a] = &self.channels;
        let asks = |source| match source {
            Source::ReceiveA => a.receive_interrupts(),
            Source::TransmitA => a.transmit_interrupts(),
            Source::ReceiveB => b.receive_interrupts(),
            Source::TransmitB => b.transmit_interrupts(),
        };
        Source::ALL.into_iter().filter(|source| asks(*source)).fold(0, |set, s| set | s.bit())
    }

    /// The source that asks for service: the highest pending one above all that are under service.
    pub(crate) fn requesting(&self) -> Option<Source> {
        let pending = self.pending();
        Source::ALL
            .into_iter()
            .take_while(|source| self.under_service & source.bit() == 0)
            .find(|source| pending & source.bit() != 0)
    }

    /// Whether the interrupt pin is asserted.
    pub(crate) fn interrupts(&self) -> bool {
        self.master & WR9_MASTER_ENABLE != 0 && self.requesting().is_some()
    }

    /// RR2 as channel B shows it: the vector with the requesting source in it (UM0109 table 5-6).
    pub(crate) fn modified_vector(&self) -> u8 {
        let [b, a] = &self.channels;
        let code = match self.requesting() {
            Some(Source::ReceiveA) if a.overrun => 0b111,
            Some(Source::ReceiveA) => 0b110,
            Some(Source::TransmitA) => 0b100,
            Some(Source::ReceiveB) if b.overrun => 0b011,
            Some(Source::ReceiveB) => 0b010,
            Some(Source::TransmitB) => 0b000,
            None => 0b011,
        };
        if self.master & WR9_STATUS_HIGH == 0 {
            (self.vector & !0b0000_1110) | (code << 1)
        } else {
            let reversed = ((code & 1) << 2) | (code & 2) | (code >> 2);
            (self.vector & !0b0111_0000) | (reversed << 4)
        }
    }

    /// The processor acknowledges by reading RR2, if WR9 says that it does.
    pub(crate) fn acknowledge(&mut self) {
        if self.master & WR9_SOFTWARE_ACKNOWLEDGE != 0
            && let Some(source) = self.requesting()
        {
            self.under_service |= source.bit();
        }
    }

    /// Reset Highest IUS.
    pub(crate) fn end_of_service(&mut self) {
        let highest = Source::ALL.into_iter().find(|source| self.under_service & source.bit() != 0);
        if let Some(source) = highest {
            self.under_service &= !source.bit();
        }
    }
}
