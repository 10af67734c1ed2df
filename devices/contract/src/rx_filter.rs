//! What a NIC lets through, in the words of `query-rx-filter`.

use serde::{Deserialize, Serialize};

use crate::MacAddr;

/// How a NIC treats one class of addresses (`RxState` of the schema).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiveMode {
    /// The table decides.
    Normal,
    /// None is received.
    None,
    /// All are received.
    All,
}

/// `RxFilterInfo` of the schema but for the client's name, which the device does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RxFilter {
    /// Everything is received.
    pub promiscuous: bool,
    /// Group addresses.
    pub multicast: ReceiveMode,
    /// Station addresses.
    pub unicast: ReceiveMode,
    /// VLAN tags.
    pub vlan: ReceiveMode,
    /// Broadcast is received.
    pub broadcast_allowed: bool,
    /// The group table does not say all: more groups than listed may be received.
    pub multicast_overflow: bool,
    /// The station table does not say all.
    pub unicast_overflow: bool,
    /// The NIC's own address.
    pub main_mac: MacAddr,
    /// VLAN identifiers let through, ascending.
    pub vlan_table: Vec<u16>,
    /// Further station addresses let through.
    pub unicast_table: Vec<MacAddr>,
    /// Group addresses let through.
    pub multicast_table: Vec<MacAddr>,
}
