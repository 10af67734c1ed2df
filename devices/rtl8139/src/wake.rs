//! Wake-up: magic packets, wake-up frames, frames by address, changes of the link (DS power management).
//!
//! The chip drives PME#; whether the system wakes up is for the capability's PME_En and the power state, which the PCI
//! function keeps.

use elnic_contract::Cx;

use crate::Rtl8139;
use crate::filter::Cast;
use crate::spec::Reg;
use crate::spec::views::wake;

/// How often a magic packet repeats the station address.
const REPETITIONS: usize = 16;

impl Rtl8139 {
    /// Whether some frame would wake the system.
    pub(crate) fn waits_for_frames(&self) -> bool {
        let by_address = self.bank.get(Reg::CONFIG5) & (wake::UWF | wake::MWF | wake::BWF) != 0;
        let magic = self.bank.get(Reg::CONFIG3) & wake::MAGIC != 0;
        let any = magic || by_address || self.has_wake_pattern();
        self.bank.get(Reg::CONFIG1) & wake::PMEN != 0 && any
    }

    /// A good frame has arrived: wakes the system if it is one to wake up for.
    pub(crate) fn wake_by_frame(&mut self, cx: &mut Cx<'_>, frame: &[u8]) {
        if !self.waits_for_frames() {
            return;
        }
        let cast = self.cast_of(frame);
        let wanted = match cast {
            Some(Cast::Own) => wake::UWF,
            Some(Cast::Group) => wake::MWF,
            Some(Cast::Broadcast) => wake::BWF,
            Some(Cast::Other) | None => 0,
        };
        let by_address = self.bank.get(Reg::CONFIG5) & wanted != 0;
        let for_us = cast.is_some_and(|cast| cast != Cast::Other);
        let magic = || self.bank.get(Reg::CONFIG3) & wake::MAGIC != 0 && self.is_magic(frame);
        if by_address || (for_us && (magic() || self.is_wake_frame(frame))) {
            cx.outbox.pme();
        }
    }

    /// The link has changed.
    pub(crate) fn wake_by_link(&mut self, cx: &mut Cx<'_>) {
        let armed = self.bank.get(Reg::CONFIG1) & wake::PMEN != 0;
        if armed && self.bank.get(Reg::CONFIG3) & wake::LINKUP != 0 {
            cx.outbox.pme();
        }
    }

    /// Six bytes of ones and sixteen times the station address, anywhere in the frame.
    fn is_magic(&self, frame: &[u8]) -> bool {
        let station = self.station().0;
        let mut pattern = vec![0xff; 6];
        for _ in 0..REPETITIONS {
            pattern.extend_from_slice(&station);
        }
        frame.windows(pattern.len()).any(|window| window == pattern)
    }
}
