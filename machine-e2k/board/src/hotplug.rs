//! Plugging and unplugging while the machine is there.
//!
//! A device that is plugged goes through the same door as one of the command line, and nothing is left of one that cannot
//! be. An Elbrus board has no hot-plug controller that would ask the guest, so a device that is unplugged is gone at once,
//! as a card that is pulled. A `pc` has the eject register of QEMU's ACPI: a device goes when the guest ejects it, or at
//! the next reset.

use elnic_clock::DeviceId;
use elnic_contract::{Lines, Reset};

use crate::config::DeviceOptions;
use crate::devices::{Body, BusSide};
use crate::error::BuildError;
use crate::inventory::DeviceInfo;
use crate::link::CABLE;
use crate::machine::Machine;
use crate::models::Profile;
use crate::plug;
use crate::world::World;

/// Why a device was not unplugged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnplugError {
    /// There is no such device of the user's.
    #[error("Device '{0}' not found")]
    NotFound(String),
    /// It is soldered to the board.
    #[error("Device '{0}' does not support hotplugging")]
    Soldered(String),
    /// The guest has been asked already.
    #[error("Device {0} is already in the process of unplug")]
    Pending(String),
}

impl Machine {
    /// Plugs a device; `None` if it is hidden because another stands in for it, see `failover`.
    ///
    /// # Errors
    /// It cannot be as it is described; nothing of it exists then.
    pub fn plug(&mut self, options: &DeviceOptions) -> Result<Option<DeviceInfo>, BuildError> {
        let world = &mut self.world;
        let first = world.devices.next_id();
        elnic_catalogue::find(&options.model)?;
        if world.profile == Profile::None {
            return Err(BuildError::NoBus(options.model.clone()));
        }
        if let Err(error) = plug::add_devices(world, std::slice::from_ref(options)) {
            world.evict(first);
            return Err(error);
        }
        if world.devices.get(first).is_some() {
            world.power_on_device(first);
            world.rebuild_maps();
            world.notice_link(first);
        }
        Ok(self.describe_device(first))
    }

    /// Unplugs the device of that id or path; see the module's page for when it goes. A notice says that it has gone.
    ///
    /// # Errors
    /// There is none, it is soldered, or it is on its way out.
    pub fn unplug(&mut self, name: &str) -> Result<(), UnplugError> {
        let found = self.find_device(name).filter(|found| {
            // A name made up for a device without an id is no id.
            found.path == name || found.id.as_deref() == Some(name)
        });
        let Some(info) = found else {
            // A hidden primary has never been there; it will not come.
            let known = self.forget_primary(name);
            return if known { Ok(()) } else { Err(UnplugError::NotFound(name.to_owned())) };
        };
        if !info.is_users() {
            return Err(UnplugError::Soldered(name.to_owned()));
        }
        if self.world.profile != Profile::Pc {
            self.remove(info);
        } else if !self.world.pc.leaving.insert(info.device) {
            return Err(UnplugError::Pending(name.to_owned()));
        }
        Ok(())
    }

    /// Takes out the devices that were told to go: all at a reset, else those the guest has ejected.
    pub(crate) fn let_go(&mut self, reset: bool) {
        let leaving: Vec<DeviceId> = self.world.pc.leaving.iter().copied().collect();
        let ejected = std::mem::take(&mut self.world.pc.ejected);
        for device in leaving {
            let Some(info) = self.describe_device(device) else { continue };
            let slot = info.place.map_or(0, |(_, place)| place.slot);
            if reset || ejected & 1_u32.checked_shl(slot.into()).unwrap_or(0) != 0 {
                self.remove(info);
            }
        }
    }

    fn remove(&mut self, info: DeviceInfo) {
        self.world.evict(info.device);
        self.world.forget_hidden(&info.name);
        self.world.rebuild_maps();
        self.world.notices.deleted(info);
    }
}

impl World {
    /// Takes a device out of everything that knows it.
    pub(crate) fn evict(&mut self, device: DeviceId) {
        self.events.cancel_device(device);
        self.events.cancel_device(DeviceId(device.0 | CABLE));
        if let Some(port) = self.links.disconnect(device)
            && let Err(error) = self.net.remove_nic(port)
        {
            tracing::error!("a network interface had no port: {error}");
        }
        if let Some(mut slot) = self.devices.remove(device) {
            slot.write_image();
            let wiring = slot.wiring;
            let edges: Vec<_> =
                self.wires.drive_pins(device.0, Lines::NONE, |pin| wiring.input(pin)).collect();
            for edge in edges {
                self.notices.interrupt(edge.input.number(), edge.high);
                self.drive_input(edge.input.number(), edge.high);
            }
        }
        for side in [BusSide::Root, BusSide::Secondary] {
            match side {
                BusSide::Root => self.root.remove(device.0),
                BusSide::Secondary => self.secondary.remove(device.0),
            }
        }
        self.pc.leaving.remove(&device);
    }

    /// Applies power to one device; the maps are not built anew.
    pub(crate) fn power_on_device(&mut self, device: DeviceId) {
        self.reset_device(device, Reset::Cold);
        if let Some(slot) = self.devices.get_mut(device) {
            match &mut slot.body {
                Body::Function(function) => _ = function.take_map_changed(),
                Body::Bridge(bridge) => _ = bridge.take_map_changed(),
                Body::Block(_) | Body::Pic(_) => {}
            }
        }
    }
}
