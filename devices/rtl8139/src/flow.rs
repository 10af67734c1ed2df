//! Flow control: PAUSE received and sent (DS MSR.RXFCE, TXFCE, RXPF, TXPF; IEEE 802.3-2022 annex 31B).
//!
//! Both directions are on if negotiation says so. A receiver that has no room for a frame asks its partner to pause as long
//! as can be said, and to go on when the frame has found its place.

use elnic_contract::{Cx, Frame};
use elnic_wire::ethernet::{Header, ether_type};
use elnic_wire::pause::{self, Pause};

use crate::Rtl8139;
use crate::spec::Reg;
use crate::spec::views::msr;
use crate::timers::Timer;
use crate::tx::{Done, Outgoing};

/// The longest pause that can be asked for.
const LONGEST: u16 = u16::MAX;

impl Rtl8139 {
    /// Whether `frame` is flow control that the receiver keeps for itself.
    pub(crate) fn is_pause(&self, frame: &[u8]) -> bool {
        self.bank.get(Reg::MSR) & msr::RXFCE != 0
            && Header::new(frame).is_some_and(|header| {
                header.type_field() == ether_type::MAC_CONTROL
                    && (header.destination() == pause::DESTINATION
                        || header.destination() == self.station())
            })
    }

    /// Obeys a flow control frame.
    pub(crate) fn obey_pause(&mut self, cx: &mut Cx<'_>, frame: &[u8]) {
        let Some(Pause { quanta }) = Pause::parse(frame) else { return };
        if !self.fidelity.wire() {
            // Frames take no time here: a pause could only be over at once.
            return;
        }
        let span = self.bit().times(u64::from(quanta).saturating_mul(pause::QUANTUM_BITS));
        self.tx.paused_until = cx.now + span;
        if quanta == 0 {
            self.timers.cancel(cx, Timer::Pause);
            self.bank.clear_bits(Reg::MSR, msr::RXPF);
        } else {
            self.timers.arm(cx, Timer::Pause, self.tx.paused_until);
            self.bank.set_bits(Reg::MSR, msr::RXPF);
        }
        self.reschedule_line(cx);
    }

    /// A received PAUSE has ended.
    pub(crate) fn pause_over(&mut self) {
        self.bank.clear_bits(Reg::MSR, msr::RXPF);
    }

    /// There is no room for what the partner sends: asks it to pause.
    pub(crate) fn ask_for_pause(&mut self, cx: &mut Cx<'_>) {
        let asked = self.bank.get(Reg::MSR);
        let allowed = asked & msr::TXFCE != 0 && self.is_full_duplex() && !self.loops_back();
        if self.compat.sends_pause() && allowed && asked & msr::TXPF == 0 {
            self.bank.set_bits(Reg::MSR, msr::TXPF);
            self.send_pause(cx, LONGEST);
        }
    }

    /// There is room again: the partner may go on.
    pub(crate) fn end_asked_pause(&mut self, cx: &mut Cx<'_>) {
        if self.bank.get(Reg::MSR) & msr::TXPF != 0 {
            self.bank.clear_bits(Reg::MSR, msr::TXPF);
            self.send_pause(cx, 0);
        }
    }

    fn send_pause(&mut self, cx: &mut Cx<'_>, quanta: u16) {
        let bytes = Pause { quanta }.emit_standard(self.station());
        if let Ok(frame) = Frame::new(bytes, cx.now) {
            self.enqueue_first(cx, Outgoing::plain(frame, Done::Nothing));
        }
    }
}

/// Whether `frame` belongs to the MAC and not to its users.
pub(crate) fn is_control(frame: &[u8]) -> bool {
    Header::new(frame).is_some_and(|header| header.type_field() == ether_type::MAC_CONTROL)
}
