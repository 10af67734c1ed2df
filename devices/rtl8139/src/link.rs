//! The link as software sees it: MSR, BMSR, negotiation (DS MSR, BMCR, BMSR; IEEE 802.3-2022 §22.2.4).

use elnic_contract::{Cx, LinkState, VDuration};

use crate::Rtl8139;
use crate::phy::Medium;
use crate::spec::Reg;
use crate::spec::views::{Tcr, ability, bmcr, bmsr, cause, cscr, msr};
use crate::timers::Timer;

/// What a link that is down would start at.
const IDLE: Medium = Medium { fast: true, full_duplex: true };

impl Rtl8139 {
    /// What the link runs at, while it is up.
    fn medium(&self) -> Option<Medium> {
        self.phy.medium(self.bank.get(Reg::BMCR), self.partner)
    }

    /// Whether the link is up.
    pub(crate) fn link_is_up(&self) -> bool {
        self.medium().is_some()
    }

    /// Whether both ends may send at once.
    pub(crate) fn is_full_duplex(&self) -> bool {
        self.medium().is_some_and(|medium| medium.full_duplex)
    }

    /// Whether the link is slow.
    pub(crate) fn runs_at_10(&self) -> bool {
        self.medium().is_some_and(|medium| !medium.fast)
    }

    /// Duration of one bit on the cable.
    pub(crate) fn bit(&self) -> VDuration {
        self.medium().unwrap_or(IDLE).bit()
    }

    /// What is sent comes back instead of leaving.
    pub(crate) fn loops_back(&self) -> bool {
        Tcr(self.bank.get(Reg::TCR)).loopback() == 3
    }

    /// The cable was plugged or pulled.
    pub(crate) fn plug(&mut self, cx: &mut Cx<'_>, state: LinkState) {
        let partner = state == LinkState::Up;
        if partner == self.phy.partner {
            return;
        }
        self.phy.partner = partner;
        if partner {
            self.negotiate(cx);
        } else {
            self.phy.negotiated = false;
            self.timers.cancel(cx, Timer::Negotiation);
            self.settle_link(cx);
        }
    }

    /// Negotiation starts; without a partner it never ends.
    pub(crate) fn negotiate(&mut self, cx: &mut Cx<'_>) {
        self.phy.negotiated = false;
        self.phy.advertised = u16::try_from(self.bank.get(Reg::ANAR)).unwrap_or(0);
        self.timers.cancel(cx, Timer::Negotiation);
        if self.phy.partner {
            if self.fidelity.wire() && self.fidelity.negotiation > VDuration::ZERO {
                let end = cx.now + self.fidelity.negotiation;
                self.timers.arm(cx, Timer::Negotiation, end);
            } else {
                self.phy.negotiated = true;
            }
        }
        self.settle_link(cx);
    }

    /// The time of negotiation is over.
    pub(crate) fn negotiated(&mut self, cx: &mut Cx<'_>) {
        self.phy.negotiated = self.phy.partner;
        self.settle_link(cx);
    }

    /// Brings the registers in line with the transceiver; a change of the link is an event.
    fn settle_link(&mut self, cx: &mut Cx<'_>) {
        let was_up = self.bank.get(Reg::MSR) & msr::LINKB == 0;
        let up = self.link_is_up();
        if !up {
            self.phy.lost = true;
        }
        self.show_link();
        if up == was_up {
            return;
        }
        if !up {
            let count = self.bank.get(Reg::DIS).saturating_add(1).min(0xffff);
            self.bank.set(Reg::DIS, count);
        }
        self.raise(cause::PUN);
        self.wake_by_link(cx);
        self.transmit(cx);
    }

    /// Shows the link in MSR, BMSR, ANLPAR, ANER and CSCR. No event.
    pub(crate) fn show_link(&mut self) {
        let medium = self.medium();
        let control = self.bank.get(Reg::BMCR);
        let negotiates = control & bmcr::ANE != 0;
        let flow_control = negotiates && self.phy.common(self.partner) & ability::PAUSE != 0;
        let media = (self.bank.get(Reg::MSR) & (msr::RXPF | msr::TXPF))
            | msr::AUX
            | if medium.is_none() { msr::LINKB } else { 0 }
            | if medium.is_some_and(|medium| !medium.fast) { msr::SPEED_10 } else { 0 }
            | if flow_control { msr::FLOW_CONTROL } else { 0 };
        self.bank.set(Reg::MSR, media);
        let complete = negotiates && self.phy.negotiated;
        self.show(Reg::BMSR, bmsr::LINK, medium.is_some() && !self.phy.lost);
        self.show(Reg::BMSR, bmsr::AN_COMPLETE, complete);
        self.bank.set(Reg::ANLPAR, if complete { self.partner.into() } else { 0 });
        self.bank.set(Reg::ANER, u64::from(complete));
        let connected = self.bank.get(Reg::CSCR) & cscr::CON_STATUS_EN != 0 && medium.is_some();
        self.show(Reg::CSCR, cscr::CON_STATUS, connected);
    }

    fn show(&mut self, register: Reg, bits: u64, set: bool) {
        if set {
            self.bank.set_bits(register, bits);
        } else {
            self.bank.clear_bits(register, bits);
        }
    }

    /// BMSR was read: a lost link has been seen.
    pub(crate) fn link_was_seen(&mut self) {
        self.phy.lost = !self.link_is_up();
        self.show_link();
    }

    /// BMCR was written.
    pub(crate) fn bmcr_written(&mut self, cx: &mut Cx<'_>, old: u64, new: u64) {
        self.bank.clear_bits(Reg::BMCR, bmcr::RESET | bmcr::RESTART);
        if new & bmcr::RESET != 0 {
            for register in [Reg::BMCR, Reg::ANAR, Reg::NWAYTR, Reg::CSCR] {
                self.bank.reset_register(register);
            }
            self.negotiate(cx);
        } else if new & bmcr::ANE != 0 && (new & bmcr::RESTART != 0 || old & bmcr::ANE == 0) {
            self.negotiate(cx);
        } else {
            self.settle_link(cx);
        }
    }
}
