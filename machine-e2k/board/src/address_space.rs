//! What answers to which address: the maps, and the fabric behind the one dispatch point.

use elnic_bus::{AddressMap, Direction, Fabric, Outcome, Space, Transaction};
use elnic_clock::DeviceId;
use elnic_contract::{Access, Fault, Size};
use elnic_pci::{Hit, Mapping, Window};
use elnic_soc::{ADDRESS_PORT, ConfigAddress, PORT_COUNT, Place, PortAccess, map};

use crate::devices::{Body, BusSide, Slot};
use crate::log::{Cause, LogItem};
use crate::models::Profile;
use crate::trace::TraceEvent;
use crate::world::World;

/// What stands at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A window of a device.
    Device(DeviceId, Window),
    /// Configuration space, memory-mapped.
    Config,
    /// Configuration space, by ports.
    ConfigPorts,
    /// The few ports of a PC that its firmware would have.
    Pc(crate::pc::Ports),
}

/// A window of the board that no guest moves.
pub(crate) type FixedWindow = (map::Window, Target);

impl World {
    /// Builds the maps anew: fixed windows first, then functions in the order of their slots, then those behind the
    /// bridge as far as it lets through.
    pub(crate) fn rebuild_maps(&mut self) {
        let (mut memory, mut ports) = (AddressMap::new(), AddressMap::new());
        for (window, target) in &self.fixed {
            memory.claim(window.base, window.size, *target);
        }
        ports.claim(ADDRESS_PORT, PORT_COUNT, Target::ConfigPorts);
        for (base, size, pc) in self.profile.ports() {
            ports.claim(base, size, Target::Pc(pc));
        }
        let root = self.root.iter().map(|(_, device)| (BusSide::Root, DeviceId(device)));
        let behind =
            self.secondary.iter().map(|(_, device)| (BusSide::Secondary, DeviceId(device)));
        for (side, device) in root.chain(behind) {
            let Some(function) = self.devices.get(device).and_then(Slot::function) else {
                continue;
            };
            for Mapping { space, base, size, window } in function.mappings() {
                if side == BusSide::Secondary && !self.bridge_forwards(space, base, size) {
                    continue;
                }
                let target = Target::Device(device, window);
                let visible = match space {
                    elnic_pci::Space::Io => self.plan.ports.size.checked_sub(base) >= Some(size),
                    elnic_pci::Space::Memory => {
                        self.plan.pci_memory.contains(base, size)
                            || self.plan.pci_prefetchable.contains(base, size)
                    }
                };
                match space {
                    _ if !visible => {
                        let what = format_args!(
                            "{size:#x} bytes at {base:#x} lie outside every PCI window"
                        );
                        let now = self.clock.after(self.ahead);
                        let name = self.devices.name(device);
                        self.log.say(LogItem::GuestErrors, name, now, what);
                    }
                    elnic_pci::Space::Io => _ = ports.claim(base, size, target),
                    elnic_pci::Space::Memory => _ = memory.claim(base, size, target),
                }
            }
        }
        (self.memory_map, self.port_map) = (memory, ports);
    }

    /// Whether the bridge lets the whole range through: one that it cuts is not decoded at all here.
    fn bridge_forwards(&self, space: elnic_pci::Space, base: u64, size: u64) -> bool {
        let last = base.saturating_add(size - 1);
        self.bridge()
            .is_some_and(|bridge| bridge.forwards(space, base) && bridge.forwards(space, last))
    }

    /// The device that a configuration access reaches.
    pub(crate) fn config_device(&self, address: ConfigAddress) -> Option<DeviceId> {
        let place = Place { slot: address.function.device, function: address.function.function };
        let bus = address.function.bus;
        let device = match self.bridge() {
            _ if bus == 0 => self.root.get(place),
            // The board has no bus but the one right behind the bridge.
            Some(bridge) if bridge.leads_to(bus) && bridge.secondary_bus() == bus => {
                self.secondary.get(place)
            }
            _ => None,
        };
        device.map(DeviceId)
    }

    fn config_read(&mut self, address: ConfigAddress, size: Size) -> Result<u64, Fault> {
        // An absent function is no error of the guest's: that is how it looks for functions.
        let (Some(device), Some(register)) = (self.config_device(address), address.conventional())
        else {
            return Ok(size.mask());
        };
        let read = self.enter(device, Cause::Access, |body, cx| match body {
            Body::Function(function) => Ok(function.guest_config_read(cx, register, size)),
            Body::Bridge(bridge) => Ok(bridge.config_read(register, size)),
            Body::Block(_) | Body::Pic(_) => Err(Fault::NotDecoded),
        });
        read.unwrap_or(Ok(size.mask()))
    }

    fn config_write(
        &mut self,
        address: ConfigAddress,
        size: Size,
        value: u64,
    ) -> Result<(), Fault> {
        let (Some(device), Some(register)) = (self.config_device(address), address.conventional())
        else {
            return Ok(());
        };
        self.enter(device, Cause::Access, |body, cx| match body {
            Body::Function(function) => function.config_write(cx, register, size, value),
            Body::Bridge(bridge) => bridge.config_write(register, size, value),
            Body::Block(_) | Body::Pic(_) => {}
        });
        self.after_config_write(device);
        Ok(())
    }

    fn port_read(&mut self, offset: u64, size: Size) -> Result<u64, Fault> {
        match self.config_ports.decode(offset, size) {
            PortAccess::Address => Ok(self.config_ports.address().into()),
            PortAccess::Data(address) => self.config_read(address, size),
            PortAccess::Nobody => Err(Fault::NotDecoded),
        }
    }

    fn port_write(&mut self, offset: u64, size: Size, value: u64) -> Result<(), Fault> {
        match self.config_ports.decode(offset, size) {
            PortAccess::Address => {
                match self.profile {
                    // QEMU's test programs read 16 bits at 0xcfc whatever the register's place in its word.
                    Profile::Pc => self.config_ports.set_byte_address(value as u32),
                    Profile::Elbrus | Profile::None => self.config_ports.set_address(value as u32),
                }
                Ok(())
            }
            PortAccess::Data(address) => self.config_write(address, size, value),
            PortAccess::Nobody => Err(Fault::NotDecoded),
        }
    }

    /// How the trace calls what an access reached: device, window and offset.
    fn place_of(&self, target: Target, offset: u64) -> (&str, &str, u64) {
        let config = |address: ConfigAddress| {
            let device = self.config_device(address).map_or("absent", |id| self.devices.name(id));
            (device, "config", u64::from(address.register))
        };
        match target {
            Target::Config => config(ConfigAddress::from_ecam(offset)),
            Target::ConfigPorts => ("host", "cf8", offset),
            Target::Pc(_) => ("host", "pc", offset),
            Target::Device(id, window) => {
                let Some(slot) = self.devices.get(id) else { return ("?", "?", offset) };
                let model = slot.model();
                let region =
                    |number: u8| model.and_then(|model| model.regions.get(usize::from(number)));
                let window = match window {
                    Window::Region(number) => region(number).map_or("?", |region| region.name),
                    Window::MsiX(_) => "msix",
                    Window::Rom => "rom",
                };
                (&slot.name, window, offset)
            }
        }
    }
}

/// An access to a region of a device that is no PCI function.
fn fixed_access(window: Window, offset: u64, size: Size) -> Result<Access, Fault> {
    match window {
        Window::Region(region) => Access::new(region, offset, size).map_err(|_| Fault::WrongSize),
        Window::MsiX(_) | Window::Rom => Err(Fault::NoRegion),
    }
}

impl Fabric for World {
    type Target = Target;

    fn map(&self, space: Space) -> &AddressMap<Target> {
        match space {
            Space::Memory => &self.memory_map,
            Space::Port => &self.port_map,
        }
    }

    fn read(&mut self, target: Target, offset: u64, size: Size) -> Result<u64, Fault> {
        match target {
            Target::Config => self.config_read(ConfigAddress::from_ecam(offset), size),
            Target::ConfigPorts => self.port_read(offset, size),
            Target::Pc(ports) => self.pc_read(ports, offset, size),
            Target::Device(device, window) => {
                let result = self.enter(device, Cause::Access, |body, cx| match body {
                    Body::Function(function) => function.read(cx, Hit { window, offset }, size),
                    other => {
                        let block = other.block().ok_or(Fault::NoRegion)?;
                        block.read(cx, fixed_access(window, offset, size)?)
                    }
                });
                self.after_entry(device);
                result.unwrap_or(Err(Fault::NotDecoded))
            }
        }
    }

    fn write(&mut self, target: Target, offset: u64, size: Size, value: u64) -> Result<(), Fault> {
        match target {
            Target::Config => self.config_write(ConfigAddress::from_ecam(offset), size, value),
            Target::ConfigPorts => self.port_write(offset, size, value),
            Target::Pc(ports) => self.pc_write(ports, offset, size, value),
            Target::Device(device, window) => {
                let result = self.enter(device, Cause::Access, |body, cx| match body {
                    Body::Function(function) => {
                        function.write(cx, Hit { window, offset }, size, value)
                    }
                    other => {
                        let block = other.block().ok_or(Fault::NoRegion)?;
                        block.write(cx, fixed_access(window, offset, size)?, value)
                    }
                });
                self.after_entry(device);
                result.unwrap_or(Err(Fault::NotDecoded))
            }
        }
    }

    fn observe(&mut self, transaction: &Transaction<Target>) {
        let Transaction { space, direction, address, offset, size, value, outcome } = *transaction;
        if self.trace.is_none() && matches!(outcome, Outcome::Served(_)) {
            return;
        }
        let now = self.now();
        // The trace is put aside so that the event can borrow names of devices.
        let mut trace = self.trace.take();
        let mut record = |event: &TraceEvent<'_>| {
            if let Some(trace) = &mut trace {
                trace.record(now, event);
            }
        };
        match outcome {
            Outcome::Served(target) | Outcome::Refused(target, _) => {
                let fault = match outcome {
                    Outcome::Refused(_, fault) => Some(fault),
                    Outcome::Served(_) | Outcome::Unmapped => None,
                };
                let (device, window, offset) = self.place_of(target, offset);
                record(&TraceEvent::Access {
                    device,
                    window,
                    direction,
                    offset,
                    size,
                    value,
                    fault,
                });
            }
            Outcome::Unmapped => {
                record(&TraceEvent::Unmapped { direction, address, size, value });
            }
        }
        self.trace = trace;
        if let Outcome::Served(_) = outcome {
            return;
        }
        let what = if direction == Direction::Read { "read of" } else { "write to" };
        let where_ = if space == Space::Port { "port" } else { "address" };
        let why = match outcome {
            Outcome::Refused(_, fault) => fault.to_string(),
            Outcome::Served(_) | Outcome::Unmapped => "nothing answers there".to_owned(),
        };
        let bits = size.bits();
        let text = format_args!("{bits}-bit {what} {where_} {address:#x}: {why}");
        self.log.say(LogItem::GuestErrors, "bus", now, text);
    }
}
