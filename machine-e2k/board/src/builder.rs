//! Puts a machine together.

use elnic_clock::{Clock, DeviceId, EventQueue};
use elnic_contract::{Cycles, Outbox, VTime};
use elnic_cpu::{Attention, Config as CpuConfig, Interpreter, Timing};
use elnic_memory::{GuestRam, RamLayout};
use elnic_netclient::{NetConfig, NetCore};
use elnic_soc::{Slots, Wires};

use crate::config::{MachineConfig, SECONDARY_BUS};
use crate::control::Again;
use crate::devices::Slot;
use crate::doorbell::Bell;
use crate::error::BuildError;
use crate::failover::Failover;
use crate::interrupts::Inputs;
use crate::link::Links;
use crate::loader::{self, Handover, Program};
use crate::machine::Machine;
use crate::models::Profile;
use crate::notice::Notices;
use crate::pc::PcState;
use crate::plug;
use crate::serial::SerialLines;
use crate::soldered::{self, Soldered};
use crate::world::World;

/// A machine in the making: the net core exists first, so that netdevs can be put into it.
pub struct MachineBuilder {
    bell: Bell,
    net: NetCore,
}

impl Default for MachineBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl MachineBuilder {
    /// No netdevs yet.
    pub fn new() -> Self {
        let bell = Bell::new();
        let net = NetCore::new(NetConfig::default(), bell.button());
        Self { bell, net }
    }

    /// The net core, for netdevs, hubs and filters.
    pub const fn net(&mut self) -> &mut NetCore {
        &mut self.net
    }

    /// Puts everything together, loads the program and applies power.
    ///
    /// # Errors
    /// Something of the configuration does not fit; see [`BuildError`].
    pub fn build(self, config: MachineConfig) -> Result<Machine, BuildError> {
        let mut layout = RamLayout::new(config.ram)?;
        if matches!(config.program, Program::Firmware(_)) {
            layout = layout.with_firmware(config.machine.plan.firmware.base);
        }
        let ram = GuestRam::new(layout)?;
        let profile = config.machine.profile;
        let Soldered { devices, root, fixed, bridge, console, pic } = match profile {
            Profile::Elbrus => soldered::solder(&config)?,
            Profile::Pc | Profile::None => soldered::bare(),
        };
        let pacer = config.pacer();
        let mut world = World {
            ram,
            devices,
            plan: config.machine.plan,
            bridge,
            profile,
            pic,
            inputs: Inputs::default(),
            root,
            secondary: Slots::new(SECONDARY_BUS, 0),
            fixed,
            memory_map: elnic_bus::AddressMap::new(),
            port_map: elnic_bus::AddressMap::new(),
            config_ports: elnic_soc::ConfigPorts::default(),
            wires: Wires::new(),
            clock: Clock::new(config.cpu.clock),
            slice_start: Cycles(0),
            ahead: Cycles(0),
            bundle: 0,
            accessing: false,
            events: EventQueue::new(),
            net: self.net,
            links: Links::default(),
            serials: SerialLines::default(),
            trace: config.trace,
            log: config.log,
            bell: self.bell,
            attention: Attention::NONE,
            input_due: true,
            slice_end: VTime::MAX,
            guest_event: None,
            pc: PcState::default(),
            images_changed: false,
            failover: Failover::default(),
            notices: Notices::default(),
            outbox: Outbox::new(),
        };
        plug_serials(&mut world, console, config.serials)?;
        let mac = plug::add_devices(&mut world, &config.devices)?;
        let board = Handover { machine: config.machine, processors: 1, mac };
        let start = loader::load(&config.program, &board, &mut world.ram)?;
        world.power_on();

        let options = config.cpu_options;
        let timing =
            if options.interlocks { Timing::documented(config.cpu.isa) } else { Timing::ISSUE };
        let cpu_config = CpuConfig {
            isa: config.cpu.isa,
            idr: config.cpu.idr,
            tags: options.tags,
            alignment: options.alignment,
            timing,
            simulator_halt: false,
        };
        let cpu = Interpreter::new(cpu_config, start.map_or(0, |start| start.entry));
        let again = Again { cpu: cpu_config, program: config.program, board };
        Ok(Machine::new(cpu, config.machine, world, start, pacer, again))
    }
}

impl World {
    fn power_on(&mut self) {
        for device in self.devices.ids() {
            // The maps are built for all of them at once below.
            self.power_on_device(device);
        }
        self.rebuild_maps();
        for (device, _) in self.links.all() {
            self.notice_link(device);
        }
    }
}

fn plug_serials(
    world: &mut World,
    console: Option<DeviceId>,
    serials: Vec<Option<Box<dyn crate::serial::Terminal>>>,
) -> Result<(), BuildError> {
    let slot = console.and_then(|console| world.devices.get(console));
    let lines = slot.and_then(Slot::function).and_then(|function| function.serial());
    let available = lines.map_or(0, |serial| serial.line_names().len());
    if serials.len() > available {
        return Err(BuildError::Serials { given: serials.len(), available });
    }
    for (line, terminal) in (0_u8..).zip(serials) {
        if let (Some(terminal), Some(console)) = (terminal, console) {
            world.serials.plug(console, line, terminal, world.bell.button());
        }
    }
    Ok(())
}
