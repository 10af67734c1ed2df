//! The transceiver's own state: who is at the other end, and whether negotiation has succeeded.
//!
//! The MII registers stand in the register window; what they imply is worked out here.

use elnic_contract::VDuration;
use serde::{Deserialize, Serialize};

use crate::spec::views::{ability, bmcr};

/// All that the partner at the other end of the cable can do: 10 and 100 Mb/s, half and full duplex, flow control.
pub(crate) const ABLEST_PARTNER: u16 = 0x05e1;

/// What a partner of this speed and duplex advertises (properties `speed` and `duplex`).
pub(crate) fn partner(speed: Option<&str>, duplex: Option<&str>) -> u16 {
    let lost_speed = if speed == Some("10") { ability::FD100 | ability::HD100 } else { 0 };
    let lost_duplex = match duplex {
        // Flow control needs full duplex (IEEE 802.3-2022 annex 28B.2).
        Some("half") => ability::FD10 | ability::FD100 | ability::PAUSE,
        _ => 0,
    };
    ABLEST_PARTNER & !(lost_speed | lost_duplex)
}

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
        Self { partner, negotiated: partner, advertised: ABLEST_PARTNER, lost: !partner }
    }

    /// What both ends can do, of a partner that can do `partner`.
    pub(crate) const fn common(self, partner: u16) -> u16 {
        self.advertised & partner
    }

    /// What the link runs at by BMCR `control`; `None` while there is none.
    pub(crate) fn medium(self, control: u64, partner: u16) -> Option<Medium> {
        if !self.partner {
            return None;
        }
        if control & bmcr::ANE == 0 {
            let (fast, full_duplex) = (control & bmcr::SPD != 0, control & bmcr::DUPLEX != 0);
            let speed =
                if fast { ability::HD100 | ability::FD100 } else { ability::HD10 | ability::FD10 };
            // The partner detects the speed, not the duplex.
            return (partner & speed != 0).then_some(Medium { fast, full_duplex });
        }
        // IEEE 802.3-2022 annex 28B.3: the order of preference.
        let common = self.common(partner);
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
        let medium = |advertised, partner| {
            let phy = Phy { advertised, ..Phy::new(true) };
            phy.medium(bmcr::ANE, partner).map(|medium| (medium.fast, medium.full_duplex))
        };
        assert_eq!(medium(0x05e1, ABLEST_PARTNER), Some((true, true)));
        assert_eq!(medium(0x04e1, ABLEST_PARTNER), Some((true, false)));
        assert_eq!(medium(0x0061, ABLEST_PARTNER), Some((false, true)));
        assert_eq!(medium(0x0021, ABLEST_PARTNER), Some((false, false)));
        assert_eq!(medium(0x0001, ABLEST_PARTNER), None, "nothing in common");
        assert_eq!(medium(0x05e1, partner(Some("10"), None)), Some((false, true)));
        assert_eq!(medium(0x05e1, partner(Some("100"), Some("half"))), Some((true, false)));
    }

    #[test]
    fn a_forced_medium_needs_a_partner_of_its_speed_but_no_negotiation() {
        let phy = Phy { negotiated: false, ..Phy::new(true) };
        assert_eq!(phy.medium(bmcr::ANE, ABLEST_PARTNER), None);
        let forced = phy.medium(bmcr::SPD, ABLEST_PARTNER);
        assert_eq!(forced, Some(Medium { fast: true, full_duplex: false }));
        assert_eq!(phy.medium(bmcr::SPD, partner(Some("10"), None)), None);
        assert_eq!(Phy::new(false).medium(bmcr::SPD, ABLEST_PARTNER), None);
    }
}
