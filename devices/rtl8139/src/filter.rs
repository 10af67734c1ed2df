//! Which addresses are let through (DS RCR, MAR), and the same as a report.
//!
//! The report is what `query-rx-filter` shows. The hash table cannot be inverted, so one that is partly set is reported
//! as overflow: whoever filters in front of us must pass a superset.

use elnic_contract::{Cx, DropReason, MacAddr, ReceiveMode, RxFilter};
use elnic_wire::fcs;

use crate::Rtl8139;
use crate::descriptors::status;
use crate::spec::Reg;
use crate::spec::views::Rcr;

/// Whom a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cast {
    /// This station.
    Own,
    /// A group other than all, with its hash in MAR or not.
    Group,
    /// All stations.
    Broadcast,
    /// Another station.
    Other,
}

/// Which bit of MAR a group address falls on: the upper six bits of its CRC, first bit first (DS MAR).
pub(crate) fn hash(address: [u8; 6]) -> u32 {
    // The FCS is complemented and has its first bit lowest.
    (!fcs::of(&address)).reverse_bits() >> 26
}

impl Rtl8139 {
    /// IDR.
    pub(crate) fn station(&self) -> MacAddr {
        let [a, b, c, d, e, f, ..] = self.bank.get(Reg::IDR).to_le_bytes();
        MacAddr([a, b, c, d, e, f])
    }

    /// Whom `frame` is for; `None` if it has no whole address.
    pub(crate) fn cast_of(&self, frame: &[u8]) -> Option<Cast> {
        let destination = MacAddr(*frame.first_chunk::<6>()?);
        Some(if destination.is_broadcast() {
            Cast::Broadcast
        } else if destination.is_group() {
            Cast::Group
        } else if destination == self.station() {
            Cast::Own
        } else {
            Cast::Other
        })
    }

    /// Whether `frame` passes, with the bits of the receive status that say how.
    pub(crate) fn filter(&self, frame: &[u8]) -> Result<u16, DropReason> {
        let rcr = Rcr(self.bank.get(Reg::RCR));
        if rcr.all_stations() && self.compat.promiscuous_takes_all() {
            return Ok(0);
        }
        let destination = frame.first_chunk::<6>().ok_or(DropReason::AddressFilter)?;
        let pass = match self.cast_of(frame) {
            Some(Cast::Broadcast) => rcr.broadcast().then_some(status::BAR),
            Some(Cast::Group) => {
                let bit = self.bank.get(Reg::MAR) >> hash(*destination) & 1;
                (rcr.groups() && bit != 0).then_some(status::MAR)
            }
            Some(Cast::Own) => (rcr.own_station() || rcr.all_stations()).then_some(status::PAM),
            Some(Cast::Other) => rcr.all_stations().then_some(0),
            None => None,
        };
        pass.ok_or(DropReason::AddressFilter)
    }

    /// What the filter lets through, as a report.
    pub(crate) fn report_filter(&self) -> RxFilter {
        let rcr = Rcr(self.bank.get(Reg::RCR));
        let hashes = self.bank.get(Reg::MAR);
        let multicast = match (rcr.groups(), hashes) {
            (false, _) => ReceiveMode::None,
            (true, u64::MAX) => ReceiveMode::All,
            (true, _) => ReceiveMode::Normal,
        };
        RxFilter {
            promiscuous: rcr.all_stations(),
            multicast,
            unicast: if rcr.all_stations() {
                ReceiveMode::All
            } else if rcr.own_station() {
                ReceiveMode::Normal
            } else {
                ReceiveMode::None
            },
            broadcast_allowed: rcr.broadcast(),
            multicast_overflow: multicast == ReceiveMode::Normal && hashes != 0,
            ..nothing(self.station())
        }
    }

    /// Says so if the report has changed since it was said last.
    pub(crate) fn announce_filter(&mut self, cx: &mut Cx<'_>) {
        let report = self.report_filter();
        self.announced.announce(cx, report);
    }
}

/// The report of a station that receives nothing. There is no VLAN filter, so every VLAN passes.
pub(crate) const fn nothing(mac: MacAddr) -> RxFilter {
    RxFilter {
        promiscuous: false,
        multicast: ReceiveMode::None,
        unicast: ReceiveMode::None,
        vlan: ReceiveMode::All,
        broadcast_allowed: false,
        multicast_overflow: false,
        unicast_overflow: false,
        main_mac: mac,
        vlan_table: Vec::new(),
        unicast_table: Vec::new(),
        multicast_table: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_that_drivers_compute() {
        // ether_crc() >> 26 of all hosts (IPv4) and all nodes (IPv6).
        assert_eq!(hash([0x01, 0x00, 0x5e, 0x00, 0x00, 0x01]), 0x1f);
        assert_eq!(
            hash([0x33, 0x33, 0x00, 0x00, 0x00, 0x01]),
            0x3f & hash_bitwise(&[0x33, 0x33, 0, 0, 0, 1])
        );
    }

    /// Bit by bit, as the data sheet's appendix and every driver do it.
    fn hash_bitwise(address: &[u8]) -> u32 {
        let mut crc = 0xffff_ffff_u32;
        for byte in address {
            for bit in 0..8 {
                let carry = (crc >> 31) ^ u32::from(byte >> bit & 1);
                crc <<= 1;
                if carry != 0 {
                    crc ^= 0x04c1_1db7;
                }
            }
        }
        crc >> 26
    }

    #[test]
    fn the_table_driven_hash_equals_the_bitwise_one() {
        for seed in 0..2000_u32 {
            let bytes = seed.wrapping_mul(0x9e37_79b9).to_le_bytes();
            let address = [bytes[0] | 1, bytes[1], bytes[2], bytes[3], bytes[0] ^ 0x55, bytes[2]];
            assert_eq!(hash(address), hash_bitwise(&address));
        }
    }
}
