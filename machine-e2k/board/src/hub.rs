//! I/O hubs: who they say they are, and which of their devices reaches which interrupt input.
//!
//! Source: e2k-machine.md §5.2. Bus 0 is laid out as qemu-system-e2k's whatever the hub, so that programs for that machine run
//! on every board; what only kernels look for, the carrier of the controllers' addresses, stands where they look: behind
//! the bridge, at 02.1, and on the board with a controller on its die at 00:1f.0.

use elnic_contract::{Model, PciIdentity};
use elnic_pci::ConfigRegister;
use elnic_pic::{Apic, ApicConfig, Controllers, Epic};
use elnic_soc::Input;
use elnic_soc::map::AddressPlan;

use crate::config::MachineConfig;

/// An I/O hub.
#[derive(Debug, PartialEq, Eq)]
pub struct Hub {
    /// Its name.
    pub name: &'static str,
    /// Version for the MP table.
    pub version: u8,
    /// Identity of the bridge at 00:00.0.
    pub(crate) bridge: PciIdentity,
    /// Revision of the carrier of the controllers' addresses.
    pub(crate) revision: u8,
    /// Input of the console.
    pub(crate) console: u8,
    /// Input of the watchdog.
    pub(crate) watchdog: u8,
    /// There is a host bridge with the address of a controller on the die.
    pub(crate) embedded: bool,
    /// The interrupt controllers are EPICs.
    pub epic: bool,
}

/// An identity of MCST's.
pub(crate) const fn identity(device: u16, revision: u8, class: [u8; 3]) -> PciIdentity {
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

const PCI_BRIDGE: [u8; 3] = [0x06, 0x04, 0x00];
/// What qemu-system-e2k shows.
const QEMU_BRIDGE: PciIdentity = identity(0x8000, 0x10, PCI_BRIDGE);

/// Of e8c and e8c2.
pub(crate) static IOHUB2: Hub = Hub {
    name: "IOHUB2",
    version: 2,
    bridge: QEMU_BRIDGE,
    revision: 2,
    console: 3,
    watchdog: 8,
    embedded: false,
    epic: false,
};
/// Of e2s.
pub(crate) static IOHUB: Hub = Hub { name: "IOHUB", version: 1, revision: 1, ..IOHUB2 };
/// Of e1c+, whose processor has devices of its own.
pub(crate) static IOHUB2_EMBEDDED: Hub = Hub { embedded: true, ..IOHUB2 };
/// Of e16c and e2c3.
pub(crate) static EIOHUB: Hub = Hub {
    name: "EIOHub",
    version: 0x10,
    bridge: identity(0x8017, 0x10, PCI_BRIDGE),
    revision: 0x10,
    console: 14,
    watchdog: 20,
    embedded: false,
    epic: true,
};

/// Inputs 16 to 19, where PCI's interrupts arrive: open-drain wires, high when nobody pulls them down.
const PCI_INPUTS: u32 = 0xf_0000;

impl Hub {
    /// The interrupt controllers of a board with this hub.
    pub(crate) fn controllers(&self, config: &MachineConfig) -> Box<dyn Controllers> {
        if self.epic {
            return Box::new(Epic::new(config.processors));
        }
        Box::new(Apic::new(ApicConfig {
            processors: config.processors,
            timer_clock: config.cpu.clock,
            idle_high: PCI_INPUTS,
            embedded: self.embedded,
        }))
    }

    pub(crate) const fn console_input(&self) -> Input {
        Input::numbered(self.console)
    }

    /// Configuration registers of the carrier: where controllers and timer are. Their addresses do not move: what is
    /// written is stored (e2k-machine.md §5.3).
    pub(crate) fn carrier_registers(&self, plan: &AddressPlan) -> Vec<ConfigRegister> {
        let pair = |offset: u8, value: u64| {
            let low = ConfigRegister { offset, reset: value as u32, writable: u32::MAX };
            let high = ConfigRegister {
                offset: offset + 4,
                reset: (value >> 32) as u32,
                writable: u32::MAX,
            };
            [low, high]
        };
        let doorbell = if self.epic { 0xf800_0000 } else { plan.local_apic.base };
        let mut registers = Vec::new();
        if self.epic {
            // Base address registers 2 and 3 of the real function.
            let bar = |offset, base| ConfigRegister { offset, reset: base, writable: 0 };
            registers.push(bar(0x18, plan.system_timer.base as u32));
            registers.push(bar(0x1c, plan.io_apic.base as u32));
        }
        registers.extend(pair(0x40, plan.io_apic.base));
        registers.extend(pair(0x48, doorbell));
        registers.extend(pair(0x50, 0));
        registers.extend(pair(0x58, plan.system_timer.base));
        registers.extend(pair(0x60, 0));
        registers.push(ConfigRegister { offset: 0x68, reset: 0, writable: u32::MAX });
        registers.extend(pair(0x6c, plan.local_apic.base));
        registers
    }

    /// Configuration registers of the host bridge of a processor with devices of its own (e2k-machine.md §1.3).
    pub(crate) fn host_registers(plan: &AddressPlan, low_end: u64) -> Vec<ConfigRegister> {
        let controller = plan.embedded_io_apic.map_or(0, |window| window.base);
        let values = [
            (0x44, low_end as u32),
            (0x48, 0),
            (0x4c, 0),
            (0x50, 0),
            (0x54, 0),
            (0x58, controller as u32),
            (0x5c, (controller >> 32) as u32),
        ];
        let register = |(offset, reset)| ConfigRegister { offset, reset, writable: u32::MAX };
        values.map(register).to_vec()
    }
}

const fn function(name: &'static str, summary: &'static str, pci: PciIdentity) -> Model {
    Model {
        name,
        aliases: &[],
        summary,
        pci: Some(pci),
        regions: &[],
        registers: &[],
        sources: &["e2k-machine.md §5.2"],
    }
}

/// Where controllers and timer are, on an IOHUB.
pub(crate) static CARRIER_1: Model =
    function("iohub-i2c-spi", "I2C/SPI function", identity(0x8018, 1, [0x08, 0x80, 0x00]));
/// The same on an IOHUB2.
pub(crate) static CARRIER_2: Model =
    function("iohub-i2c-spi", "I2C/SPI function", identity(0x8018, 2, [0x08, 0x80, 0x00]));
/// The same on an EIOHub.
pub(crate) static CARRIER_3: Model =
    function("iohub-i2c-spi", "I2C/SPI function", identity(0x8018, 0x10, [0x08, 0x80, 0x00]));
/// The host bridge of a processor with devices of its own.
pub(crate) static EMBEDDED_HOST: Model =
    function("embedded-host-bridge", "host bridge", identity(0x8002, 1, [0x06, 0x00, 0x00]));

impl Hub {
    pub(crate) const fn carrier(&self) -> &'static Model {
        match self.revision {
            1 => &CARRIER_1,
            2 => &CARRIER_2,
            _ => &CARRIER_3,
        }
    }
}
