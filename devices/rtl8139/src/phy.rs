//! The transceiver's own state: who is at the other end, and whether negotiation has succeeded.
//!
//! The MII registers stand in the register window; what they imply is worked out here.

use elnic_contract::VDuration;
use serde::{Deserialize, Serialize};

use crate::spec::views::{ability, bmcr};

/// What the partner at the other end of the cable advertises: 10 and 100 Mb/s, half and full duplex, flow control.
pub(crate) const PARTNER: u16 = 0x05e1;

/// State beyond the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phy {
    /// Somebody is at the other end of the cable.
    pub(crate) partner: bool,
    /// Negotiation has succeeded.
    pub(crate) negotiated: bool,
    /// What ANAR said when negotiation began last.
    pub(crate) advertised: u16,
    /// The link has been down since BMSR was read last.
    pub(crate) lost: bool,
}

/// Speed and duplex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Medium {
    /// 100 Mb/s, not 10.
    pub(crate) fast: bool,
    /// Both directions at once.
    pub(crate) full_duplex: bool,
}

impl Medium {
    /// Duration of one bit.
    pub(crate) const fn bit(self) -> VDuration {
        VDuration::from_nanos(if self.fast { 10 } else { 100 })
    }
}

impl Phy {
    /// After power-on, with negotiation done: it takes place while firmware starts, which no guest sees.
    pub(crate) const fn new(partner: bool) -> Self {
        Self { partner, negotiated: partner, advertised: PARTNER, lost: !partner }
    }

    /// What both ends can do.
    pub(crate) const fn common(self) -> u16 {
        self.advertised & PARTNER
    }

    /// What the link runs at by BMCR `control`; `None` while there is none.
    pub(crate) fn medium(self, control: u64) -> Option<Medium> {
        if !self.partner {
            return None;
        }
        if control & bmcr::ANE == 0 {
            let (fast, full_duplex) = (control & bmcr::SPD != 0, control & bmcr::DUPLEX != 0);
            return Some(Medium { fast, full_duplex });
        }
        // IEEE 802.3-2022 annex 28B.3: the order of preference.
        let common = self.common();
        let order = [
            (ability::FD100, true, true),
            (ability::HD100, true, false),
            (ability::FD10, false, true),
            (ability::HD10, false, false),
        ];
        let best = order.into_iter().find(|(bit, ..)| self.negotiated && common & bit != 0);
        best.map(|(_, fast, full_duplex)| Medium { fast, full_duplex })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_common_medium_is_taken() {
        let medium = |advertised| {
            let phy = Phy { advertised, ..Phy::new(true) };
            phy.medium(bmcr::ANE).map(|medium| (medium.fast, medium.full_duplex))
        };
        assert_eq!(medium(0x05e1), Some((true, true)));
        assert_eq!(medium(0x04e1), Some((true, false)));
        assert_eq!(medium(0x0061), Some((false, true)));
        assert_eq!(medium(0x0021), Some((false, false)));
        assert_eq!(medium(0x0001), None, "nothing in common");
    }

    #[test]
    fn a_forced_medium_needs_a_partner_but_no_negotiation() {
        let phy = Phy { negotiated: false, ..Phy::new(true) };
        assert_eq!(phy.medium(bmcr::ANE), None);
        let forced = phy.medium(bmcr::SPD);
        assert_eq!(forced, Some(Medium { fast: true, full_duplex: false }));
        assert_eq!(Phy::new(false).medium(bmcr::SPD), None);
    }
}
