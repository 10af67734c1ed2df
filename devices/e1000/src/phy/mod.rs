//! The internal PHY: registers behind MDIC, negotiation, link (IEEE 802.3-2022 §22.2.4; Marvell 88E1000 family).
//!
//! A value of its own: it knows nothing of time or of the MAC. What a change means for time it returns as an
//! [`Action`]. The partner at the cable's other end can do everything.

mod registers;

use serde::{Deserialize, Serialize};

use self::registers::{EVENT_LINK, EVENT_NEGOTIATED, TABLE, control, number, status};
use crate::partner::{Partner, Speed};

/// The PHY's address on the management interface.
pub(crate) const ADDRESS: u8 = 1;
/// Number of registers.
pub(crate) const REGISTERS: usize = 32;

/// What a change of the PHY asks of the device around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Nothing that takes time; the link may have changed.
    Settle,
    /// Negotiation starts.
    Negotiate,
}

/// What a PHY is made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Setup {
    /// Register 3.
    pub(crate) identity: u16,
    pub(crate) partner: Partner,
}

/// The PHY.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phy {
    #[serde(skip)]
    setup: Setup,
    registers: [u16; REGISTERS],
    /// Somebody is at the other end of the cable.
    partner: bool,
    /// Negotiation has succeeded.
    negotiated: bool,
    /// The link has been down since BMSR was read last.
    lost: bool,
    /// The reset pin is asserted.
    held: bool,
}

impl Phy {
    /// After power-on, with negotiation done: it takes place while firmware starts, which no guest sees.
    pub(crate) fn new(partner: bool, setup: Setup) -> Self {
        let mut phy = Self {
            setup,
            registers: [0; REGISTERS],
            partner,
            negotiated: partner,
            lost: false,
            held: false,
        };
        phy.load_defaults();
        phy
    }

    /// What it was made with.
    pub(crate) const fn setup(&self) -> Setup {
        self.setup
    }

    /// The same state in a PHY that was made with `setup`: a saved state does not say.
    pub(crate) fn with_setup(mut self, setup: Setup) -> Self {
        self.setup = setup;
        self
    }

    fn load_defaults(&mut self) {
        self.registers = [0; REGISTERS];
        for row in TABLE {
            self.store(row.number, row.reset);
        }
        self.store(number::IDENTITY, self.setup.identity);
    }

    fn load(&self, number: u8) -> u16 {
        self.registers.get(usize::from(number)).copied().unwrap_or(0)
    }

    fn store(&mut self, number: u8, value: u16) {
        if let Some(register) = self.registers.get_mut(usize::from(number)) {
            *register = value;
        }
    }

    fn control(&self, bit: u16) -> bool {
        self.load(number::CONTROL) & bit != 0
    }

    /// What MDIC would read, without side effects.
    pub(crate) fn peek(&self, register: u8) -> u16 {
        let up = self.link();
        match register {
            number::STATUS => {
                let link = if up && !self.lost { status::LINK } else { 0 };
                let done = if self.negotiated { status::NEGOTIATED } else { 0 };
                status::ABILITIES | link | done
            }
            number::PARTNER if self.negotiated => self.setup.partner.advertisement(),
            number::EXPANSION if self.negotiated => 0x0001,
            number::GIGABIT_STATUS if up => self.setup.partner.gigabit_status(),
            number::SPECIFIC_STATUS if up => {
                let (speed, full) = self.resolved();
                // Speed at 15:14, duplex at 13, resolved at 11, link at 10.
                let speed = match speed {
                    Speed::Ten => 0,
                    Speed::Hundred => 0x4000,
                    Speed::Thousand => 0x8000,
                };
                speed | if full { 0x2000 } else { 0 } | 0x0c00
            }
            _ => self.load(register),
        }
    }

    /// A read through MDIC.
    pub(crate) fn read(&mut self, register: u8) -> u16 {
        let value = self.peek(register);
        match register {
            number::STATUS => self.lost = !self.link(),
            number::INTERRUPT_STATUS => self.store(register, 0),
            _ => {}
        }
        value
    }

    /// A write through MDIC.
    pub(crate) fn write(&mut self, register: u8, value: u16) -> Action {
        let Some(row) = TABLE.iter().find(|row| row.number == register) else {
            return Action::Settle;
        };
        let old = self.load(register);
        self.store(register, (old & !row.writable) | (value & row.writable));
        if register != number::CONTROL {
            return Action::Settle;
        }
        let woken = old & control::POWER_DOWN != 0 && value & control::POWER_DOWN == 0;
        let enabled = old & control::NEGOTIATE == 0 && value & control::NEGOTIATE != 0;
        if value & control::RESET != 0 {
            self.load_defaults();
            self.restart()
        } else if value & control::NEGOTIATE != 0
            && (value & control::RESTART != 0 || woken || enabled)
        {
            self.restart()
        } else {
            if value & control::NEGOTIATE == 0 {
                self.negotiated = false;
            }
            Action::Settle
        }
    }

    /// The reset pin: everything to defaults while asserted, negotiation when released.
    pub(crate) fn reset_pin(&mut self, asserted: bool) -> Action {
        let released = self.held && !asserted;
        self.held = asserted;
        if asserted {
            self.load_defaults();
            self.negotiated = false;
            self.note_loss();
            return Action::Settle;
        }
        if released { self.restart() } else { Action::Settle }
    }

    /// The cable is plugged or pulled.
    pub(crate) fn plug(&mut self, partner: bool) -> Action {
        if partner == self.partner {
            return Action::Settle;
        }
        self.partner = partner;
        self.restart()
    }

    fn restart(&mut self) -> Action {
        self.negotiated = false;
        self.note_loss();
        if self.can_negotiate() { Action::Negotiate } else { Action::Settle }
    }

    fn note_loss(&mut self) {
        if !self.link() {
            self.lost = true;
            self.store(number::INTERRUPT_STATUS, self.load(number::INTERRUPT_STATUS) | EVENT_LINK);
        }
    }

    fn can_negotiate(&self) -> bool {
        self.partner
            && !self.held
            && self.control(control::NEGOTIATE)
            && !self.control(control::POWER_DOWN)
    }

    /// Negotiation has come to its end.
    pub(crate) fn complete(&mut self) {
        if self.can_negotiate() && self.best().is_some() {
            self.negotiated = true;
            let events = EVENT_LINK | EVENT_NEGOTIATED;
            self.store(number::INTERRUPT_STATUS, self.load(number::INTERRUPT_STATUS) | events);
        }
    }

    /// What is sent comes back.
    pub(crate) fn loops_back(&self) -> bool {
        self.control(control::LOOPBACK) && !self.held && !self.control(control::POWER_DOWN)
    }

    /// Whether somebody is at the other end.
    pub(crate) const fn has_partner(&self) -> bool {
        self.partner
    }

    /// Whether the link is up.
    pub(crate) fn link(&self) -> bool {
        if self.held || self.control(control::POWER_DOWN) || self.control(control::ISOLATE) {
            return false;
        }
        // A partner that negotiates follows a forced 10 or 100 Mb/s; whom it cannot follow it does not hear.
        let forced =
            !self.control(control::NEGOTIATE) && self.resolved().0 <= self.setup.partner.fastest;
        self.loops_back() || (self.partner && (forced || self.negotiated))
    }

    /// Speed and full duplex: negotiated, or forced by the control register.
    pub(crate) fn resolved(&self) -> (Speed, bool) {
        if !self.control(control::NEGOTIATE) {
            let speed = match (self.control(control::SPEED_HIGH), self.control(control::SPEED_LOW))
            {
                (true, _) => Speed::Thousand,
                (false, true) => Speed::Hundred,
                (false, false) => Speed::Ten,
            };
            return (speed, self.control(control::DUPLEX));
        }
        self.best().unwrap_or((Speed::Ten, false))
    }

    /// The best that both ends can do (IEEE 802.3-2022 annex 28B.3: the first in this order).
    fn best(&self) -> Option<(Speed, bool)> {
        let (gigabit, ours) =
            (self.load(number::GIGABIT_CONTROL), self.load(number::ADVERTISEMENT));
        let abilities = [
            (gigabit & 0x200, Speed::Thousand, true),
            (gigabit & 0x100, Speed::Thousand, false),
            (ours & 0x100, Speed::Hundred, true),
            (ours & 0x080, Speed::Hundred, false),
            (ours & 0x040, Speed::Ten, true),
            (ours & 0x020, Speed::Ten, false),
        ];
        let common = abilities
            .into_iter()
            .find(|(offered, speed, full)| *offered != 0 && self.setup.partner.can(*speed, *full));
        common.map(|(_, speed, full)| (speed, full))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETUP: Setup =
        Setup { identity: 0x0c20, partner: Partner { fastest: Speed::Thousand, full: true } };

    #[test]
    fn the_partner_limits_what_is_negotiated() {
        // This PHY offers 1000 Mb/s in full duplex only.
        for (fastest, full, resolved, advertised, gigabit) in [
            (Speed::Ten, true, (Speed::Ten, true), 0x4061, 0),
            (Speed::Hundred, false, (Speed::Hundred, false), 0x40a1, 0),
            (Speed::Thousand, false, (Speed::Hundred, false), 0x40a1, 0x3400),
        ] {
            let partner = Partner { fastest, full };
            let mut phy = Phy::new(true, Setup { partner, ..SETUP });
            assert_eq!(phy.resolved(), resolved);
            assert_eq!((phy.peek(5), phy.peek(10)), (advertised, gigabit));
            phy.write(0, 0x0140);
            assert_eq!(phy.link(), fastest == Speed::Thousand, "forced to 1000 Mb/s");
            phy.write(4, 0x0001);
            phy.write(9, 0);
            assert_eq!(phy.write(0, 0x1200), Action::Negotiate);
            phy.complete();
            assert!(!phy.link(), "nothing in common");
        }
    }

    #[test]
    fn identity_and_defaults_of_the_internal_phy() {
        let phy = Phy::new(true, SETUP);
        assert_eq!([0, 1, 2, 3, 4].map(|n| phy.peek(n)), [0x1140, 0x796d, 0x0141, 0x0c20, 0x0de1]);
        assert_eq!(
            [10, 15, 16, 17, 20].map(|n| phy.peek(n)),
            [0x3c00, 0x3000, 0x0360, 0xac00, 0x0d60]
        );
    }

    #[test]
    fn a_lost_link_is_latched_until_it_has_been_read() {
        let mut phy = Phy::new(true, SETUP);
        assert_eq!(phy.plug(false), Action::Settle);
        assert_eq!(phy.plug(true), Action::Negotiate);
        phy.complete();
        assert!(phy.link());
        assert_eq!(phy.read(1) & 4, 0, "latched");
        assert_eq!(phy.read(1) & 4, 4);
        assert_eq!(phy.read(19), EVENT_LINK | EVENT_NEGOTIATED);
        assert_eq!(phy.read(19), 0);
    }

    #[test]
    fn the_link_follows_control() {
        let mut phy = Phy::new(true, SETUP);
        assert_eq!(phy.write(0, 0x1340), Action::Negotiate);
        assert!(!phy.link());
        assert_eq!(phy.peek(0), 0x1140, "restart clears itself");
        phy.complete();
        assert_eq!(phy.write(0, 0x0140), Action::Settle);
        assert!(phy.link(), "forced");
        phy.write(0, 0x0940);
        assert!(!phy.link(), "powered down");
        phy.write(0, 0x0540);
        assert!(!phy.link(), "isolated");
        phy.plug(false);
        phy.write(0, 0x4140);
        assert!(phy.link() && phy.loops_back(), "loopback needs no partner");
        assert_eq!(phy.write(0, 0x8000), Action::Settle, "nobody to negotiate with");
        assert_eq!(phy.peek(0), 0x1140);
    }

    #[test]
    fn the_best_common_speed_is_chosen() {
        let mut phy = Phy::new(true, SETUP);
        assert_eq!(phy.resolved(), (Speed::Thousand, true));
        phy.write(9, 0);
        assert_eq!(phy.resolved(), (Speed::Hundred, true));
        phy.write(4, 0x0061);
        assert_eq!(phy.resolved(), (Speed::Ten, true));
        phy.write(4, 0x0081);
        assert_eq!(phy.resolved(), (Speed::Hundred, false));
        phy.write(0, 0x2000);
        assert_eq!(phy.resolved(), (Speed::Hundred, false));
        assert_eq!(phy.peek(17), 0x4c00);
    }

    #[test]
    fn the_reset_pin_holds_the_link_down() {
        let mut phy = Phy::new(true, SETUP);
        assert_eq!(phy.reset_pin(true), Action::Settle);
        assert!(!phy.link());
        assert_eq!(phy.reset_pin(false), Action::Negotiate);
        phy.complete();
        assert!(phy.link());
    }
}
