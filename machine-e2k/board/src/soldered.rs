//! What is soldered to an Elbrus-8C board: bridge, host bridge, console, system controller, interrupt controllers.
//!
//! Places and identities: qemu-e2k-contract.md §6.

use elnic_clock::DeviceId;
use elnic_console::Escc;
use elnic_contract::{Lines, Model, PciIdentity};
use elnic_pci::{Bare, Bridge, FunctionOptions, PciFunction, SpecError, Window};
use elnic_pic::{Apic, ApicConfig, IO_REGION, LOCAL_REGION};
use elnic_soc::{Place, Slots, SystemTimer};

use crate::address_space::{FixedWindow, Target};
use crate::config::MachineConfig;
use crate::devices::{Body, Devices, PciWiring, Slot, Wiring};
use crate::error::BuildError;

/// Name of the console.
pub(crate) const CONSOLE: &str = "console";

const fn identity(device: u16, revision: u8, class: [u8; 3]) -> PciIdentity {
    PciIdentity {
        vendor: 0x1fff,
        device,
        revision,
        class,
        subsystem_vendor: 0,
        subsystem: 0,
        interrupt_pin: 0,
        min_gnt: 0,
        max_lat: 0,
    }
}

const BRIDGE: PciIdentity = identity(0x8000, 0x10, [0x06, 0x04, 0x00]);

static HOST_BRIDGE: Model = Model {
    name: "iohub-host-bridge",
    aliases: &[],
    summary: "host bridge of the I/O hub",
    pci: Some(identity(0x8017, 0x02, [0x06, 0x00, 0x00])),
    regions: &[],
    registers: &[],
    sources: &["qemu-e2k-contract.md §6"],
};

/// Inputs 16 to 19, where PCI's interrupts arrive: open-drain wires, high when nobody pulls them down.
const PCI_INPUTS: u32 = 0xf_0000;

/// The soldered devices and where they answer.
pub(crate) struct Soldered {
    pub(crate) devices: Devices,
    pub(crate) root: Slots,
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

/// Solders everything an Elbrus board has.
pub(crate) fn solder(config: &MachineConfig) -> Result<Soldered, BuildError> {
    let mut devices = Devices::default();
    let mut root = Slots::new("pci.0", 3);
    let mut add = |name: &str, body: Body, place: Option<Place>| -> Result<DeviceId, BuildError> {
        let id = devices.next_id();
        if let Some(place) = place {
            root.solder(place, id.0, name)
                .map_err(|error| BuildError::Place { device: name.to_owned(), error })?;
        }
        let wiring = place.map_or(Wiring::None, |place| Wiring::Pci(PciWiring::on_root(place)));
        let path = crate::inventory::soldered_path(id);
        let (name, lines, properties) = (name.to_owned(), Lines::NONE, Vec::new());
        Ok(devices.push(Slot { name, path, body, wiring, lines, properties, image: None }))
    };
    let at = |slot, function| Some(Place { slot, function });
    let alone = FunctionOptions::default();
    let shared = FunctionOptions { multifunction: true, ..FunctionOptions::default() };

    let bridge = Body::Bridge(Box::new(Bridge::new(&BRIDGE, true)));
    let bridge = add("bridge", bridge, at(0, 0))?;
    let host = function("host", Box::new(Bare::new(&HOST_BRIDGE)), alone)?;
    add("host", Body::Function(host), at(1, 0))?;
    let console = function(CONSOLE, Box::new(Escc::new()), shared)?;
    let console = add(CONSOLE, Body::Function(console), at(2, 2))?;
    let sic = add("sic", Body::Block(Box::new(elnic_soc::sic())), None)?;
    let timer = add("timer", Body::Block(Box::new(SystemTimer::new())), None)?;
    let controllers =
        ApicConfig { processors: 1, timer_clock: config.cpu.clock, idle_high: PCI_INPUTS };
    let pic = add("pic", Body::Pic(Box::new(Apic::new(controllers))), None)?;

    let plan = config.machine.plan;
    if let Some(Slot { wiring: Wiring::Pci(wiring), .. }) = devices.get_mut(console) {
        wiring.own_input = Some(elnic_soc::CONSOLE_INPUT);
    }
    if let Some(slot) = devices.get_mut(timer) {
        slot.wiring = Wiring::Input(elnic_soc::SYSTEM_TIMER_INPUT);
    }
    let region = |id, region| Target::Device(id, Window::Region(region));
    let window = |id| region(id, 0);
    let fixed = vec![
        (plan.console, window(console)),
        (plan.system_timer, window(timer)),
        (plan.sic, window(sic)),
        (plan.local_apic, region(pic, LOCAL_REGION)),
        (plan.io_apic, region(pic, IO_REGION)),
        (plan.pci_config, Target::Config),
    ];
    let (bridge, console, pic) = (Some(bridge), Some(console), Some(pic));
    Ok(Soldered { devices, root, fixed, bridge, console, pic })
}

/// A bus with nothing on it, for machines without a board.
pub(crate) fn bare() -> Soldered {
    let (devices, fixed) = (Devices::default(), Vec::new());
    let (bridge, console, pic) = (None, None, None);
    Soldered { devices, root: Slots::new("pci.0", 2), fixed, bridge, console, pic }
}
