//! What is let through: receive modes, address tables, VLANs (virtio 1.3 §5.1.6.5.1 to §5.1.6.5.3).
//!
//! The order of the checks is QEMU's: promiscuous first, then VLAN, then the class of the address.

use elnic_contract::{DropReason, MacAddr, ReceiveMode, RxFilter};
use serde::{Deserialize, Serialize};

/// Addresses of both tables together.
pub(crate) const MAX_ADDRESSES: usize = 64;
/// VLAN identifiers there are.
pub(crate) const VLANS: u16 = 4096;
const VLAN_TAG: [u8; 2] = [0x81, 0x00];

/// A table of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) addresses: Vec<MacAddr>,
    /// The driver wanted more than there is room for: all of this class pass.
    pub(crate) overflow: bool,
}

/// Receive modes, by number of their command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Modes {
    pub(crate) promiscuous: bool,
    pub(crate) all_multicast: bool,
    pub(crate) all_unicast: bool,
    pub(crate) no_multicast: bool,
    pub(crate) no_unicast: bool,
    pub(crate) no_broadcast: bool,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    pub(crate) mac: MacAddr,
    pub(crate) modes: Modes,
    pub(crate) unicast: Table,
    pub(crate) multicast: Table,
    /// One bit for each identifier let through, or that would be if a filter had been agreed on: some drivers send the
    /// commands all the same.
    vlans: Vec<u64>,
}

impl Filter {
    /// After reset: everything passes.
    pub(crate) fn new(mac: MacAddr) -> Self {
        Self {
            mac,
            modes: Modes { promiscuous: true, ..Modes::default() },
            unicast: Table::default(),
            multicast: Table::default(),
            vlans: vec![u64::MAX; usize::from(VLANS / 64)],
        }
    }

    /// A filter of VLANs was agreed on, which lets nothing through yet, or none was.
    pub(crate) fn begin_vlans(&mut self, filtered: bool) {
        self.vlans.fill(if filtered { 0 } else { u64::MAX });
    }

    fn vlan_bit(identifier: u16) -> (usize, u64) {
        (usize::from(identifier >> 6), 1 << (identifier & 63))
    }

    pub(crate) fn set_vlan(&mut self, identifier: u16, pass: bool) {
        let (word, bit) = Self::vlan_bit(identifier);
        if let Some(word) = self.vlans.get_mut(word) {
            *word = if pass { *word | bit } else { *word & !bit };
        }
    }

    fn has_vlan(&self, identifier: u16) -> bool {
        let (word, bit) = Self::vlan_bit(identifier);
        self.vlans.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Whether `frame` passes, and if not, why. Frames too short to tell pass only while everything does
    /// (CVE-2026-63320).
    pub(crate) fn check(&self, frame: &[u8], vlan_filter: bool) -> Result<(), DropReason> {
        if self.modes.promiscuous {
            return Ok(());
        }
        let (Some(destination), Some(kind)) = (frame.first_chunk::<6>(), frame.get(12..14)) else {
            return Err(DropReason::Runt);
        };
        if vlan_filter && kind == VLAN_TAG {
            let Some(&[high, low]) = frame.get(14..16).and_then(|tag| tag.first_chunk()) else {
                return Err(DropReason::Runt);
            };
            if !self.has_vlan(u16::from_be_bytes([high, low]) & 0x0fff) {
                return Err(DropReason::VlanFilter);
            }
        }
        if self.takes(MacAddr(*destination)) { Ok(()) } else { Err(DropReason::AddressFilter) }
    }

    fn takes(&self, destination: MacAddr) -> bool {
        let modes = &self.modes;
        let listed = |table: &Table| table.overflow || table.addresses.contains(&destination);
        if destination.is_broadcast() {
            !modes.no_broadcast
        } else if destination.is_group() {
            !modes.no_multicast && (modes.all_multicast || listed(&self.multicast))
        } else {
            !modes.no_unicast
                && (modes.all_unicast || destination == self.mac || listed(&self.unicast))
        }
    }

    /// As `query-rx-filter` reports it.
    pub(crate) fn report(&self, vlan_filter: bool) -> RxFilter {
        let mode = |none, all| match (none, all) {
            (true, _) => ReceiveMode::None,
            (false, true) => ReceiveMode::All,
            (false, false) => ReceiveMode::Normal,
        };
        let listed = |identifier: &u16| vlan_filter && self.has_vlan(*identifier);
        let vlan_table: Vec<u16> = (0..VLANS).filter(listed).collect();
        RxFilter {
            promiscuous: self.modes.promiscuous,
            multicast: mode(self.modes.no_multicast, self.modes.all_multicast),
            unicast: mode(self.modes.no_unicast, self.modes.all_unicast),
            vlan: mode(vlan_filter && vlan_table.is_empty(), !vlan_filter),
            broadcast_allowed: !self.modes.no_broadcast,
            multicast_overflow: self.multicast.overflow,
            unicast_overflow: self.unicast.overflow,
            main_mac: self.mac,
            vlan_table,
            unicast_table: self.unicast.addresses.clone(),
            multicast_table: self.multicast.addresses.clone(),
        }
    }

    /// The same as QEMU reports it ([`crate::QEMU_DIFFERENCES`]).
    pub(crate) fn as_qemu(&self, report: RxFilter) -> RxFilter {
        let vlan_table = (0..VLANS).filter(|identifier| self.has_vlan(*identifier)).collect();
        RxFilter { broadcast_allowed: self.modes.no_broadcast, vlan_table, ..report }
    }

    /// Whether a device can be in this state.
    pub(crate) fn is_possible(&self) -> bool {
        let used = self.unicast.addresses.len().saturating_add(self.multicast.addresses.len());
        used <= MAX_ADDRESSES && self.vlans.len() == usize::from(VLANS / 64)
    }
}
