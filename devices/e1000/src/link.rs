//! The link as the MAC sees it: STATUS, negotiation, MDIC, PAUSE (SDM 8, 13.4.2, 13.4.7; IEEE 802.3-2022 annex 31B).

use elnic_contract::{Cx, Frame, MacAddr, VDuration};
use elnic_wire::pause::{self, Pause};

use crate::E1000;
use crate::partner::Speed;
use crate::phy::{self, Action};
use crate::spec::Reg;
use crate::spec::views::{Ctrl, Mdic, Rctl, cause, ctrl_ext, status};
use crate::timers::Timer;

impl E1000 {
    /// CTRL as it stands.
    pub(crate) fn ctrl(&self) -> Ctrl {
        Ctrl(self.bank.get(Reg::CTRL))
    }

    /// Whether the MAC sees a link.
    pub(crate) fn link_is_up(&self) -> bool {
        self.bank.get(Reg::STATUS) & status::LU != 0
    }

    /// What is sent comes back instead of leaving.
    pub(crate) fn loops_back(&self) -> bool {
        Rctl(self.bank.get(Reg::RCTL)).loopback() & 1 != 0 || self.phy.loops_back()
    }

    /// Duration of one bit on the cable.
    pub(crate) fn bit(&self) -> VDuration {
        self.speed().bit()
    }

    fn speed(&self) -> Speed {
        let ctrl = self.ctrl();
        let bypassed = self.bank.get(Reg::CTRL_EXT) & ctrl_ext::SPD_BYPS != 0;
        if ctrl.force_speed() || bypassed {
            Speed::from_code(ctrl.speed())
        } else {
            self.phy.resolved().0
        }
    }

    /// Brings STATUS in line with PHY and CTRL. A change of the link raises LSC.
    pub(crate) fn refresh_status(&mut self, cx: &mut Cx<'_>) {
        let old = self.bank.get(Reg::STATUS);
        let new = self.derived_status();
        self.bank.set(Reg::STATUS, new);
        if (old ^ new) & status::LU != 0 {
            self.raise(cx, cause::LSC);
            self.link_may_wake(cx);
        }
    }

    /// STATUS as PHY and CTRL have it; TXOFF as it stands.
    pub(crate) fn derived_status(&self) -> u64 {
        let ctrl = self.ctrl();
        let full = if ctrl.force_duplex() { ctrl.full_duplex() } else { self.phy.resolved().1 };
        let up = self.phy.link() && ctrl.set_link_up();
        let speed = self.speed().code() << status::SPEED_AT;
        let detected = match self.phy.resolved().0 {
            Speed::Thousand => 3,
            other => other.code(),
        };
        (self.bank.get(Reg::STATUS) & status::TXOFF)
            | self.chip.bus_status()
            | if full { status::FD } else { 0 }
            | if up { status::LU } else { 0 }
            | speed
            | detected << status::ASDV_AT
    }

    /// Does what a change of the PHY asks for.
    pub(crate) fn settle(&mut self, cx: &mut Cx<'_>, action: Action) {
        if action == Action::Negotiate {
            if self.fidelity.wire() && self.fidelity.negotiation > VDuration::ZERO {
                self.timers.arm(cx, Timer::Negotiation, cx.now + self.fidelity.negotiation);
            } else {
                // Drivers (macOS among them) wait for LSC when negotiation ends, even if the link never went away.
                self.phy.complete();
                self.raise(cx, cause::LSC);
            }
        }
        self.refresh_status(cx);
    }

    /// The time of negotiation is over.
    pub(crate) fn negotiated(&mut self, cx: &mut Cx<'_>) {
        self.phy.complete();
        self.refresh_status(cx);
        self.transmit(cx);
    }

    /// MDIC was written.
    pub(crate) fn mdic_written(&mut self, cx: &mut Cx<'_>) {
        let mut mdic = Mdic(self.bank.get(Reg::MDIC));
        mdic.set_ready(false);
        mdic.set_error(false);
        self.bank.set(Reg::MDIC, mdic.0);
        if self.fidelity.full() {
            self.timers.arm(cx, Timer::Mdio, cx.now + self.fidelity.latencies.mdio_access);
        } else {
            self.mdic_done(cx);
        }
    }

    /// The access of MDIC takes place.
    pub(crate) fn mdic_done(&mut self, cx: &mut Cx<'_>) {
        let mut mdic = Mdic(self.bank.get(Reg::MDIC));
        let here = mdic.phy() == phy::ADDRESS;
        match mdic.operation() {
            1 if here => {
                let action = self.phy.write(mdic.register(), mdic.data());
                self.settle(cx, action);
            }
            2 if here => mdic.set_data(self.phy.read(mdic.register())),
            // Nobody drives the line, or there is no such operation. Scanning drivers rely on READY all the same.
            _ => mdic.set_error(true),
        }
        mdic.set_ready(true);
        self.bank.set(Reg::MDIC, mdic.0);
        if mdic.interrupt() {
            self.raise(cx, cause::MDAC);
        }
    }

    /// Where PAUSE frames are sent to and recognised by: FCAH and FCAL.
    fn pause_address(&self) -> MacAddr {
        let [a, b, c, d, ..] = self.bank.get(Reg::FCAL).to_le_bytes();
        let [e, f, ..] = self.bank.get(Reg::FCAH).to_le_bytes();
        MacAddr([a, b, c, d, e, f])
    }

    fn pause_type(&self) -> u16 {
        (self.bank.get(Reg::FCT) & 0xffff) as u16
    }

    /// Whether `frame` is flow control for this station.
    pub(crate) fn is_flow_control(&self, frame: &[u8]) -> bool {
        let Some(header) = elnic_wire::ethernet::Header::new(frame) else { return false };
        header.type_field() == self.pause_type()
            && (header.destination() == self.pause_address()
                || header.destination() == self.main_mac())
    }

    /// Obeys a flow control frame.
    pub(crate) fn obey_pause(&mut self, cx: &mut Cx<'_>, frame: &[u8]) {
        let Some(Pause { quanta }) = Pause::parse(frame) else {
            self.count(Reg::FCRUC);
            return;
        };
        self.count(if quanta == 0 { Reg::XONRXC } else { Reg::XOFFRXC });
        if !self.fidelity.wire() {
            // Frames take no time here: a pause could only be over at once.
            return;
        }
        let span = self.bit().times(u64::from(quanta).saturating_mul(pause::QUANTUM_BITS));
        self.tx.paused_until = cx.now + span;
        if quanta == 0 {
            self.timers.cancel(cx, Timer::Pause);
            self.bank.clear_bits(Reg::STATUS, status::TXOFF);
        } else {
            self.timers.arm(cx, Timer::Pause, self.tx.paused_until);
            self.bank.set_bits(Reg::STATUS, status::TXOFF);
        }
        self.reschedule_line(cx);
    }

    /// A received PAUSE has ended.
    pub(crate) fn pause_over(&mut self) {
        self.bank.clear_bits(Reg::STATUS, status::TXOFF);
    }

    /// Sends XOFF (`quanta` of FCTTV) or XON ahead of everything that waits.
    pub(crate) fn send_pause(&mut self, cx: &mut Cx<'_>, quanta: u16) {
        self.count(if quanta == 0 { Reg::XONTXC } else { Reg::XOFFTXC });
        let bytes = Pause { quanta }.emit(self.pause_address(), self.main_mac(), self.pause_type());
        if let Ok(frame) = Frame::new(bytes, cx.now) {
            self.enqueue_first(cx, frame);
        }
    }

    /// TCTL.SWXOFF.
    pub(crate) fn software_xoff(&mut self, cx: &mut Cx<'_>) {
        let quanta = self.bank.get(Reg::FCTTV) & 0xffff;
        self.send_pause(cx, quanta as u16);
    }

    /// Sends XOFF or XON when the receive FIFO crosses its thresholds.
    pub(crate) fn watch_fifo(&mut self, cx: &mut Cx<'_>) {
        let high = (self.bank.get(Reg::FCRTH) & 0xffff) as usize;
        if !self.ctrl().transmit_flow_control() || high == 0 {
            return;
        }
        let (low, level) = (self.bank.get(Reg::FCRTL), self.rx.fifo.bytes());
        if !self.rx.xoff_sent && level >= high {
            self.rx.xoff_sent = true;
            self.software_xoff(cx);
        } else if self.rx.xoff_sent && level <= (low & 0xffff) as usize {
            self.rx.xoff_sent = false;
            // XONE.
            if low >> 31 & 1 != 0 {
                self.send_pause(cx, 0);
            }
        }
    }
}
