//! What the bus around a device lets it do, for the few devices whose behaviour follows from it.
//!
//! Most devices need none of this: accesses, DMA and interrupts are gated outside. But a transmitter that was stopped for
//! want of the bus goes on when it gets it back, a sleeping NIC looks at frames in another way, and virtio's legacy
//! register layout moves with the MSI-X enable bit.

use serde::{Deserialize, Serialize};

/// How deep a function sleeps (PCI Power Management Interface 1.2 §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PowerState {
    /// Works.
    #[default]
    D0 = 0,
    /// Sleeps lightly.
    D1 = 1,
    /// Sleeps more deeply.
    D2 = 2,
    /// Sleeps; leaving this state resets the function unless it says otherwise.
    D3Hot = 3,
}

/// What software has set a function to. The default is what every reset leaves, wake-up context aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FunctionState {
    /// Bus-master accesses reach guest RAM: Bus Master Enable is set and the function is awake.
    pub may_master: bool,
    /// MSI-X Enable is set.
    pub msix_enabled: bool,
    /// How deep the function sleeps.
    pub power: PowerState,
    /// PME_En is set: the function may wake the system.
    pub pme_enabled: bool,
}
