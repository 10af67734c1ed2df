//! What is soldered to an Elbrus board: bridge, host bridge, console, system controller, interrupt controllers.
//!
//! Places and identities: qemu-e2k-contract.md §6.

use elnic_clock::DeviceId;
use elnic_console::Escc;
use elnic_contract::{Lines, Model};
use elnic_pci::{Bare, Bridge, ConfigRegister, FunctionOptions, PciFunction, SpecError, Window};
use elnic_pic::{DOORBELL_REGION, EMBEDDED_REGION, IO_REGION, LOCAL_REGION, NODE_REGION};
use elnic_soc::{Input, Place, Slots, SystemTimer, map};

use crate::address_space::{FixedWindow, Target};
use crate::config::{MachineConfig, SECONDARY_BUS};
use crate::devices::{Body, BusSide, Devices, PciWiring, Slot, Wiring};
use crate::error::BuildError;
use crate::hub::{EMBEDDED_HOST, Hub, identity};

/// Name of the console.
pub(crate) const CONSOLE: &str = "console";

static HOST_BRIDGE: Model = Model {
    name: "iohub-host-bridge",
    aliases: &[],
    summary: "host bridge of the I/O hub",
    pci: Some(identity(0x8017, 0x02, [0x06, 0x00, 0x00])),
    regions: &[],
    registers: &[],
    sources: &["qemu-e2k-contract.md §6"],
};

/// The soldered devices and where they answer.
pub(crate) struct Soldered {
    pub(crate) devices: Devices,
    pub(crate) root: Slots,
    pub(crate) secondary: Slots,
    pub(crate) fixed: Vec<FixedWindow>,
    pub(crate) bridge: Option<DeviceId>,
    pub(crate) console: Option<DeviceId>,
    pub(crate) pic: Option<DeviceId>,
}

/// A function of `device`, or why it cannot be one.
pub(crate) fn function(
    name: &str,
    device: Box<dyn elnic_contract::Device>,
    options: FunctionOptions,
) -> Result<Box<PciFunction>, BuildError> {
    let refuse = |error: SpecError| BuildError::Function { device: name.to_owned(), error };
    PciFunction::new(device, options).map(Box::new).map_err(refuse)
}

/// Puts devices into their slots, one after the other.
struct Solderer {
    devices: Devices,
    root: Slots,
    secondary: Slots,
    processors: u8,
}

impl Solderer {
    fn add(&mut self, name: &str, body: Body, wiring: Wiring) -> Result<DeviceId, BuildError> {
        let id = self.devices.next_id();
        if let Wiring::Pci(PciWiring { side, place, .. }) = wiring {
            let slots = match side {
                BusSide::Root => &mut self.root,
                BusSide::Secondary => &mut self.secondary,
            };
            slots
                .solder(place, id.0, name)
                .map_err(|error| BuildError::Place { device: name.to_owned(), error })?;
        }
        let path = crate::inventory::soldered_path(id, self.processors);
        let (name, lines, properties) = (name.to_owned(), Lines::NONE, Vec::new());
        Ok(self.devices.push(Slot { name, path, body, wiring, lines, properties, image: None }))
    }

    /// A function without regions, with these registers in configuration space.
    fn add_bare(
        &mut self,
        model: &'static Model,
        registers: Vec<ConfigRegister>,
        wiring: PciWiring,
    ) -> Result<DeviceId, BuildError> {
        let options =
            FunctionOptions { registers, multifunction: true, ..FunctionOptions::default() };
        let body = Body::Function(function(model.name, Box::new(Bare::new(model)), options)?);
        self.add(model.name, body, Wiring::Pci(wiring))
    }
}

/// Solders everything an Elbrus board has.
pub(crate) fn solder(config: &MachineConfig) -> Result<Soldered, BuildError> {
    let (hub, plan) = (config.machine.hub, config.machine.plan);
    let mut board = Solderer {
        devices: Devices::default(),
        root: Slots::new("pci.0", 3),
        secondary: Slots::new(SECONDARY_BUS, 0),
        processors: config.processors,
    };
    let at = |slot, function| PciWiring::on_root(Place { slot, function });
    let alone = FunctionOptions::default();
    let shared = FunctionOptions { multifunction: true, ..FunctionOptions::default() };

    let bridge = Body::Bridge(Box::new(Bridge::new(&hub.bridge, true)));
    let bridge = board.add("bridge", bridge, Wiring::Pci(at(0, 0)))?;
    let host = function("host", Box::new(Bare::new(&HOST_BRIDGE)), alone)?;
    board.add("host", Body::Function(host), Wiring::Pci(at(1, 0)))?;
    let console = function(CONSOLE, Box::new(Escc::new()), shared)?;
    let wiring = PciWiring { own_input: Some(hub.console_input()), ..at(2, 2) };
    let console = board.add(CONSOLE, Body::Function(console), Wiring::Pci(wiring))?;
    let sic = board.add("sic", Body::Block(Box::new(elnic_soc::sic())), Wiring::None)?;
    let timer = Body::Block(Box::new(SystemTimer::new()));
    let inputs = [elnic_soc::SYSTEM_TIMER_INPUT, Input::numbered(hub.watchdog)];
    let timer = board.add("timer", timer, Wiring::Inputs(inputs))?;
    let pic = board.add("pic", Body::Pic(hub.controllers(config)), Wiring::None)?;
    let wiring = PciWiring { side: BusSide::Secondary, ..at(2, 1) };
    board.add_bare(hub.carrier(), hub.carrier_registers(plan), wiring)?;
    if hub.embedded {
        let registers = Hub::host_registers(plan, config.ram.min(elnic_memory::LOW_LIMIT));
        board.add_bare(&EMBEDDED_HOST, registers, at(0x1f, 0))?;
    }

    let region = |id, region| Target::Device(id, Window::Region(region));
    let window = |id| region(id, 0);
    let mut fixed = vec![(plan.console, window(console)), (plan.system_timer, window(timer))];
    if hub.epic {
        // Parts of the system controller that belong to the interrupt controllers.
        let inside = |offset, size| map::Window { base: plan.sic.base + offset, size };
        fixed.push((inside(0x8000, 0x1000), region(pic, NODE_REGION)));
        fixed.push((inside(0xb0, 8), region(pic, DOORBELL_REGION)));
    }
    fixed.extend([
        (plan.sic, window(sic)),
        (plan.local_apic, region(pic, LOCAL_REGION)),
        (plan.io_apic, region(pic, IO_REGION)),
        (plan.pci_config, Target::Config),
    ]);
    fixed.extend(plan.embedded_io_apic.map(|window| (window, region(pic, EMBEDDED_REGION))));
    let (bridge, console, pic) = (Some(bridge), Some(console), Some(pic));
    let Solderer { devices, root, secondary, .. } = board;
    Ok(Soldered { devices, root, secondary, fixed, bridge, console, pic })
}

/// A bus with nothing on it, for machines without a board.
pub(crate) fn bare() -> Soldered {
    let (devices, fixed) = (Devices::default(), Vec::new());
    let (bridge, console, pic) = (None, None, None);
    let (root, secondary) = (Slots::new("pci.0", 2), Slots::new(SECONDARY_BUS, 0));
    Soldered { devices, root, secondary, fixed, bridge, console, pic }
}
