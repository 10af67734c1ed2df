//! Failover: a primary network interface that is shown to the guest only while it knows that another stands in for it.
//!
//! The standby is a virtio-net with `failover=on`, the primary any network interface with `failover_pair_id=STANDBY`. A
//! primary that is described behind its standby is kept hidden, as a description, until the guest's driver has negotiated
//! `VIRTIO_NET_F_STANDBY`; then it is plugged. When the driver lets go of the feature (a reset of the machine or of the device)
//! the primary is pulled and hidden again, lest a guest without the feature meets two interfaces with one address. That
//! last step goes beyond QEMU, where only migration hides a primary again; so does a primary on conventional PCI. Texts and
//! the rest are QEMU's (docs/system/virtio-net-failover).

use elnic_clock::DeviceId;
use elnic_contract::parse_switch;

use crate::config::DeviceOptions;
use crate::devices::{Devices, Slot};
use crate::error::BuildError;
use crate::inventory::DeviceInfo;
use crate::machine::Machine;
use crate::world::World;

/// The property by which a primary names its standby.
pub(crate) const PAIR: &str = "failover_pair_id";

/// A primary that the guest is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HiddenPrimary {
    pub(crate) name: String,
    pub(crate) standby: String,
    pub(crate) options: DeviceOptions,
}

/// Primaries without a place, and whether there may be something to do.
#[derive(Debug, Default)]
pub(crate) struct Failover {
    pub(crate) hidden: Vec<HiddenPrimary>,
    /// A driver has negotiated the feature, or let go of it.
    pub(crate) changed: bool,
}

/// What a description of a device says of failover.
#[derive(Clone, Copy)]
pub(crate) struct Claim<'a> {
    pub(crate) name: &'a str,
    /// The user chose the name.
    pub(crate) named: bool,
    pub(crate) is_nic: bool,
    /// It may share its slot.
    pub(crate) multifunction: bool,
    pub(crate) standby: Option<&'a str>,
}

/// Whether these properties make a standby.
pub(crate) fn is_standby(properties: &[(String, String)]) -> bool {
    let on =
        |(name, text): &(String, String)| name == "failover" && parse_switch(text) == Some(true);
    properties.iter().any(on)
}

impl Claim<'_> {
    /// What cannot be, whether or not there is a standby.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let Some(_) = self.standby else { return Ok(()) };
        if !self.named {
            Err(BuildError::FailoverId)
        } else if !self.is_nic {
            Err(BuildError::FailoverNotEthernet)
        } else if self.multifunction {
            Err(BuildError::FailoverShared)
        } else {
            Ok(())
        }
    }
}

impl World {
    /// Whether a device that says so is to be hidden. `before` says of a name whether it is a standby described ahead of it
    /// in the same list.
    pub(crate) fn hides(
        &self,
        claim: Claim<'_>,
        before: impl Fn(&str) -> bool,
        hidden_now: &[HiddenPrimary],
    ) -> Result<bool, BuildError> {
        let Some(standby) = claim.standby else { return Ok(false) };
        let there = self.devices.iter().find(|(_, slot)| slot.name == standby && slot.is_standby());
        let known = there.is_some_and(|(device, _)| self.links.knows_standby(device));
        if there.is_none() && !before(standby) {
            return Ok(false);
        }
        let hidden = self.failover.hidden.iter().chain(hidden_now);
        let mut rivals = hidden.filter(|other| other.standby == standby).map(|other| &other.name);
        let plugged = primaries(&self.devices, standby).map(|(_, slot)| &slot.name);
        if let Some(other) = rivals.next().or_else(|| plugged.into_iter().next()) {
            return Err(BuildError::FailoverTwice {
                standby: standby.to_owned(),
                one: other.clone(),
                other: claim.name.to_owned(),
            });
        }
        Ok(!known)
    }

    /// Forgets primaries whose standby has gone.
    pub(crate) fn forget_hidden(&mut self, standby: &str) {
        self.failover.hidden.retain(|primary| primary.standby != standby);
    }
}

/// Primaries that are plugged.
fn primaries<'a>(
    devices: &'a Devices,
    standby: &'a str,
) -> impl Iterator<Item = (DeviceId, &'a Slot)> + 'a {
    devices.iter().filter(move |(_, slot)| slot.property(PAIR) == Some(standby))
}

impl Slot {
    fn is_standby(&self) -> bool {
        is_standby(&self.properties)
    }

    fn property(&self, name: &str) -> Option<&str> {
        let found = self.properties.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// How the device would be described to be plugged again.
    fn options(&self) -> Option<DeviceOptions> {
        let model = self.model()?.name.to_owned();
        Some(DeviceOptions { model, properties: self.properties.clone() })
    }
}

impl Machine {
    /// Plugs and hides primaries as the drivers of their standbys have it now.
    pub(crate) fn follow_standbys(&mut self) {
        if !std::mem::take(&mut self.world.failover.changed) {
            return;
        }
        for (device, knows) in self.world.links.changed_standbys() {
            let Some(info) = self.describe_device(device) else { continue };
            if knows {
                self.show_primary(info);
            } else {
                self.hide_primary(&info.name);
            }
        }
    }

    fn show_primary(&mut self, standby: DeviceInfo) {
        let name = standby.name.clone();
        self.world.notices.failover(standby);
        let hidden = &mut self.world.failover.hidden;
        if let Some(at) = hidden.iter().position(|primary| primary.standby == name) {
            let primary = hidden.remove(at);
            if let Err(error) = self.plug(&primary.options) {
                tracing::warn!("primary device '{}' cannot be plugged: {error}", primary.name);
            }
        } else if primaries(&self.world.devices, &name).next().is_none() {
            tracing::warn!(
                "Primary device not found: virtio-net failover will not work. Make sure primary device has parameter \
                 failover_pair_id={name}"
            );
        }
    }

    fn hide_primary(&mut self, standby: &str) {
        let plugged: Vec<_> = primaries(&self.world.devices, standby)
            .filter_map(|(device, slot)| Some((device, slot.name.clone(), slot.options()?)))
            .collect();
        for (device, name, options) in plugged {
            self.world.evict(device);
            let standby = standby.to_owned();
            self.world.failover.hidden.push(HiddenPrimary { name, standby, options });
        }
        self.world.rebuild_maps();
    }

    /// Forgets a primary that is hidden; whether there was one of that name.
    pub(crate) fn forget_primary(&mut self, name: &str) -> bool {
        let hidden = &mut self.world.failover.hidden;
        let before = hidden.len();
        hidden.retain(|primary| primary.name != name);
        hidden.len() < before
    }
}
