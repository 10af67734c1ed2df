//! Which frames are let through: length, VLAN, destination (SDM 3.2.1, 13.4.22, 13.5), and the same as a report.
//!
//! The report is what `query-rx-filter` shows. The hash table cannot be inverted, so a group table in use is reported as
//! overflow: whoever filters in front of us must pass a superset.

use elnic_contract::{Cx, DropReason, MacAddr, ReceiveMode, RxFilter};
use elnic_wire::vlan;

use crate::E1000;
use crate::spec::Reg;
use crate::spec::views::{ADDRESS_VALID, Rctl};
use crate::stats::Cast;

/// Number of receive addresses.
const STATIONS: u16 = 16;

/// How a frame got through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// By an exact match or because everything of its kind is let through.
    Exact,
    /// By the hash table only: software has to look again (PIF).
    Inexact,
}

/// A receive address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Station {
    address: [u8; 6],
    /// Compared with the source (`AS` = 1) instead of the destination.
    source: bool,
}

/// The receive addresses that are valid, ready to compare. Derived from RAL and RAH.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stations {
    valid: Vec<Station>,
}

impl E1000 {
    /// Derives what the filter compares with after RAL or RAH changed.
    pub(crate) fn refresh_stations(&mut self) {
        self.stations.valid.clear();
        for element in 0..STATIONS {
            let high = self.bank.get_at(Reg::RAH, element);
            // AS: 0 destination, 1 source, others reserved.
            let select = (high >> 16) & 3;
            if high & ADDRESS_VALID != 0 && select < 2 {
                let address = self.station(element).0;
                self.stations.valid.push(Station { address, source: select == 1 });
            }
        }
    }

    /// The address in receive address register `element`.
    fn station(&self, element: u16) -> MacAddr {
        let [a, b, c, d, ..] = self.bank.get_at(Reg::RAL, element).to_le_bytes();
        let [e, f, ..] = self.bank.get_at(Reg::RAH, element).to_le_bytes();
        MacAddr([a, b, c, d, e, f])
    }

    /// The destination address in receive address register `element`, if it is valid.
    pub(crate) fn valid_station(&self, element: u16) -> Option<MacAddr> {
        let high = self.bank.get_at(Reg::RAH, element);
        let valid = high & ADDRESS_VALID != 0 && (high >> 16) & 3 == 0;
        valid.then(|| self.station(element))
    }

    /// Puts `mac` into receive address 0, as loading the EEPROM does.
    pub(crate) fn load_station(&mut self, mac: MacAddr) {
        let [a, b, c, d, e, f] = mac.0;
        self.bank.set_at(Reg::RAL, 0, u64::from(u32::from_le_bytes([a, b, c, d])));
        self.bank.set_at(Reg::RAH, 0, u64::from(u16::from_le_bytes([e, f])) | ADDRESS_VALID);
    }

    /// Whether `frame` (at least a destination long) passes VLAN and address filters.
    pub(crate) fn filter(&self, rctl: Rctl, frame: &[u8], cast: Cast) -> Result<Pass, DropReason> {
        if rctl.vlan_filter() {
            self.filter_vlan(rctl, frame)?;
        }
        let group = cast != Cast::Unicast;
        // MPE covers all groups, broadcast among them.
        if (rctl.unicast_promiscuous() && !group) || (rctl.multicast_promiscuous() && group) {
            return Ok(Pass::Exact);
        }
        if cast == Cast::Broadcast && rctl.accept_broadcast() {
            return Ok(Pass::Exact);
        }
        let (destination, source) = (frame.get(0..6), frame.get(6..12));
        let known = |station: &Station| {
            let compared = if station.source { source } else { destination };
            compared == Some(station.address.as_slice())
        };
        if self.stations.valid.iter().any(known) {
            return Ok(Pass::Exact);
        }
        let hashed = cast == Cast::Multicast && self.hash_matches(rctl, frame);
        if hashed { Ok(Pass::Inexact) } else { Err(DropReason::AddressFilter) }
    }

    fn filter_vlan(&self, rctl: Rctl, frame: &[u8]) -> Result<(), DropReason> {
        let Some(tci) = vlan::tag(frame, self.vlan_type()) else { return Ok(()) };
        if rctl.compare_cfi() && tci.cfi() != rctl.wanted_cfi() {
            return Err(DropReason::VlanFilter);
        }
        let word = self.bank.get_at(Reg::VFTA, tci.vid() >> 5);
        if word >> (tci.vid() & 31) & 1 != 0 { Ok(()) } else { Err(DropReason::VlanFilter) }
    }

    /// VET.
    pub(crate) fn vlan_type(&self) -> u16 {
        (self.bank.get(Reg::VET) & 0xffff) as u16
    }

    fn hash_matches(&self, rctl: Rctl, frame: &[u8]) -> bool {
        let Some([_, _, _, _, e, f]) = frame.first_chunk::<6>() else { return false };
        // MO 0 to 3: bits 47:36, 46:35, 45:34, 43:32 of the address, counted from its first bit on the cable.
        let shift = match rctl.multicast_offset() {
            0 => 4,
            1 => 3,
            2 => 2,
            _ => 0,
        };
        let hash = (u16::from_le_bytes([*e, *f]) >> shift) & 0xfff;
        self.bank.get_at(Reg::MTA, hash >> 5) >> (hash & 31) & 1 != 0
    }

    /// What the filters let through, as a report.
    pub(crate) fn report_filter(&self) -> RxFilter {
        let rctl = Rctl(self.bank.get(Reg::RCTL));
        let any_valid = (0..STATIONS).any(|element| self.valid_station(element).is_some());
        let others = (1..STATIONS).filter_map(|element| self.valid_station(element));
        let (multicast_table, unicast_table): (Vec<_>, Vec<_>) =
            others.partition(|address| address.is_group());
        let hash_used = (0..128).any(|element| self.bank.get_at(Reg::MTA, element) != 0);
        let vlan_table = if rctl.vlan_filter() { self.vlan_table() } else { Vec::new() };
        RxFilter {
            promiscuous: rctl.unicast_promiscuous() && rctl.multicast_promiscuous(),
            multicast: if rctl.multicast_promiscuous() {
                ReceiveMode::All
            } else if hash_used || !multicast_table.is_empty() {
                ReceiveMode::Normal
            } else {
                ReceiveMode::None
            },
            unicast: if rctl.unicast_promiscuous() {
                ReceiveMode::All
            } else if any_valid {
                ReceiveMode::Normal
            } else {
                ReceiveMode::None
            },
            vlan: if !rctl.vlan_filter() {
                ReceiveMode::All
            } else if vlan_table.is_empty() {
                ReceiveMode::None
            } else {
                ReceiveMode::Normal
            },
            broadcast_allowed: rctl.accept_broadcast(),
            multicast_overflow: hash_used,
            unicast_overflow: false,
            main_mac: self.main_mac(),
            vlan_table,
            unicast_table,
            multicast_table,
        }
    }

    fn vlan_table(&self) -> Vec<u16> {
        let mut table = Vec::new();
        for element in 0..128 {
            let word = self.bank.get_at(Reg::VFTA, element);
            let bits = (0..32).filter(|bit| word >> bit & 1 != 0);
            table.extend(bits.map(|bit: u16| element << 5 | bit));
        }
        table
    }

    /// Says so if the report has changed since it was said last.
    pub(crate) fn announce_filter(&mut self, cx: &mut Cx<'_>) {
        let report = self.report_filter();
        self.announced.announce(cx, report);
    }
}

/// The report of a station that receives nothing.
pub(crate) const fn nothing(mac: MacAddr) -> RxFilter {
    RxFilter {
        promiscuous: false,
        multicast: ReceiveMode::None,
        unicast: ReceiveMode::None,
        vlan: ReceiveMode::None,
        broadcast_allowed: false,
        multicast_overflow: false,
        unicast_overflow: false,
        main_mac: mac,
        vlan_table: Vec::new(),
        unicast_table: Vec::new(),
        multicast_table: Vec::new(),
    }
}
