//! Puts a machine together.

use bytes::Bytes;
use elnic_clock::{Clock, DeviceId, EventQueue};
use elnic_contract::{
    Cycles, Entry, Lines, MacAddr, Outbox, Properties, PropertyError, PropertySpec, VTime, nearest,
};
use elnic_cpu::{Attention, Config as CpuConfig, Interpreter, Timing};
use elnic_memory::{GuestRam, RamLayout};
use elnic_netclient::{MacPool, NetConfig, NetCore, NicOptions, OffloadSupport};
use elnic_pci::FunctionOptions;
use elnic_soc::{Place, Slots, Wires};

use crate::config::{DeviceOptions, MachineConfig, SECONDARY_BUS, machine_properties};
use crate::control::Again;
use crate::devices::{Body, BusSide, Devices, PciWiring, Slot, Wiring};
use crate::doorbell::Bell;
use crate::error::BuildError;
use crate::interrupts::Inputs;
use crate::inventory;
use crate::link::Links;
use crate::loader::{self, Handover, Program};
use crate::machine::Machine;
use crate::models::Profile;
use crate::notice::Notices;
use crate::pc::PcState;
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

/// A user's device after its options were read.
struct Wanted {
    name: String,
    /// The user chose the name.
    named: bool,
    /// Properties of the machine's as they were given.
    machine_given: Vec<(String, String)>,
    entry: &'static Entry,
    machine: Properties,
    own: Vec<(String, String)>,
    place: Option<Place>,
    side: BusSide,
    mac: Option<MacAddr>,
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
            rings_held: false,
            notices: Notices::default(),
            outbox: Outbox::new(),
        };
        plug_serials(&mut world, console, config.serials)?;
        let mac = add_devices(&mut world, &config.devices)?;
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

/// Reads all options, then places those that say where, then the others: a slot chosen for one device is never one that
/// a later device asks for. Returns the address of the first network interface.
pub(crate) fn add_devices(
    world: &mut World,
    options: &[DeviceOptions],
) -> Result<Option<MacAddr>, BuildError> {
    let mut wanted = Vec::new();
    for device in options {
        let device = read_options(device, &wanted, &world.devices)?;
        if world.devices.iter().any(|(_, slot)| slot.name == device.name) {
            return Err(BuildError::DuplicateId(device.name));
        }
        wanted.push(device);
    }
    let mut macs = MacPool::default();
    let nics = world.devices.iter().filter_map(|(_, slot)| slot.function()?.nic());
    for mac in nics.map(elnic_contract::Nic::mac) {
        macs.assign(Some(mac));
    }
    for device in wanted.iter().filter(|device| device.mac.is_some()) {
        macs.assign(device.mac);
    }
    let first = world.devices.next_id().0;
    for explicit in [true, false] {
        for (number, device) in (first..).zip(&mut wanted) {
            if device.place.is_some() != explicit {
                continue;
            }
            let slots = match device.side {
                BusSide::Root => &mut world.root,
                BusSide::Secondary => &mut world.secondary,
            };
            let refuse = |error| BuildError::Place { device: device.name.clone(), error };
            let place = device.place.map_or_else(|| slots.free(), Ok).map_err(refuse)?;
            let shared = device.machine.switch("multifunction");
            slots.insert(place, number, &device.name, shared).map_err(refuse)?;
            device.place = Some(place);
        }
    }
    let mut first_mac = None;
    for device in wanted {
        let mac = add_device(world, device, &mut macs)?;
        first_mac = first_mac.or(mac);
    }
    Ok(first_mac)
}

fn read_options(
    options: &DeviceOptions,
    before: &[Wanted],
    devices: &Devices,
) -> Result<Wanted, BuildError> {
    let model = &options.model;
    let entry = elnic_catalogue::find(model)?;
    if entry.model.name == elnic_console::MODEL.name {
        return Err(BuildError::Soldered(entry.model.name));
    }
    let machine: Vec<PropertySpec> = machine_properties(entry).copied().collect();
    let is_machine_s = |name: &str| machine.iter().any(|spec| spec.name == name);
    let mut given = Vec::new();
    let mut own = Vec::new();
    for (name, value) in &options.properties {
        let known = entry.properties.iter().any(|spec| spec.name == name);
        match (is_machine_s(name), known) {
            (true, _) => given.push((name.as_str(), value.as_str())),
            (false, true) => own.push((name.clone(), value.clone())),
            (false, false) => {
                let names = machine.iter().chain(entry.properties).map(|spec| spec.name);
                return Err(PropertyError::Unknown {
                    owner: entry.model.name.to_owned(),
                    name: name.clone(),
                    nearest: nearest(name, names).map(str::to_owned),
                }
                .into());
            }
        }
    }
    let machine = Properties::parse(entry.model.name, &machine, given.iter().copied())?;
    let name = match machine.text("id") {
        Some(id) => checked_id(id, before)?,
        None => {
            let is_taken = |name: &String| {
                before.iter().any(|device| device.name == *name)
                    || devices.iter().any(|(_, slot)| slot.name == *name)
            };
            let names = (0_u32..).map(|number| format!("{}.{number}", entry.model.name));
            names.take(usize::from(u16::MAX)).find(|name| !is_taken(name)).unwrap_or_default()
        }
    };
    let named = machine.text("id").is_some();
    let place = machine.text("addr").map(str::parse).transpose();
    let place = place.map_err(|error| BuildError::Place { device: name.clone(), error })?;
    let secondary = machine.choice("bus") == Some(SECONDARY_BUS);
    let side = if secondary { BusSide::Secondary } else { BusSide::Root };
    let mac = own.iter().find(|(name, _)| name == "mac").and_then(|(_, text)| text.parse().ok());
    if let Some(mac) = mac.filter(|mac: &MacAddr| entry.is_nic && mac.is_group()) {
        return Err(BuildError::GroupMac { device: name, mac });
    }
    let machine_given =
        given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(Wanted { name, named, machine_given, entry, machine, own, place, side, mac })
}

fn checked_id(id: &str, before: &[Wanted]) -> Result<String, BuildError> {
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let good = id.starts_with(|first: char| first.is_ascii_alphabetic()) && id.bytes().all(rest);
    if !good {
        return Err(BuildError::BadId(id.to_owned()));
    }
    if before.iter().any(|device| device.name == id) {
        return Err(BuildError::DuplicateId(id.to_owned()));
    }
    Ok(id.to_owned())
}

/// Adds one device; its address, if it is a network interface.
fn add_device(
    world: &mut World,
    wanted: Wanted,
    macs: &mut MacPool,
) -> Result<Option<MacAddr>, BuildError> {
    let Wanted { name, named, machine_given, entry, machine, mut own, place, side, mac } = wanted;
    let takes_mac = entry.properties.iter().any(|spec| spec.name == "mac");
    let mac = match mac {
        None if entry.is_nic && takes_mac => {
            let mac = macs.assign(None).ok_or_else(|| BuildError::NoMac(name.clone()))?;
            own.push(("mac".to_owned(), mac.to_string()));
            Some(mac)
        }
        given => given,
    };
    let properties = own.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let device = entry.make(properties)?;
    let rings = device.as_ring_owner().is_some();
    let rom = match machine.text("romfile").filter(|file| !file.is_empty()) {
        Some(file) => Some(read_rom(&name, file)?),
        None => None,
    };
    let options = FunctionOptions { multifunction: machine.switch("multifunction"), rom };
    let body = Body::Function(soldered::function(&name, device, options)?);
    let wiring = place.map_or(Wiring::None, |place| {
        Wiring::Pci(PciWiring { side, place, bridge_slot: 0, own_input: None })
    });
    let path = inventory::user_path(&world.devices, named.then_some(name.as_str()));
    let properties = machine_given.iter().cloned().chain(own.iter().cloned()).collect();
    let slot = Slot { name: name.clone(), path, body, wiring, lines: Lines::NONE, properties };
    let id = world.devices.push(slot);
    if entry.is_nic {
        let model = entry.model.name.to_owned();
        let virtio = model.starts_with("virtio");
        let port = world.net.add_nic(NicOptions {
            id: Some(name),
            model,
            mac: mac.unwrap_or_default(),
            netdev: machine.text("netdev").map(str::to_owned),
            pad_short: !virtio,
            offload: OffloadSupport::NONE,
            rings,
        })?;
        world.links.connect(id, port);
        world.give_rings_away(id, port)?;
    }
    Ok(mac.filter(|_| entry.is_nic))
}

fn read_rom(device: &str, file: &str) -> Result<Bytes, BuildError> {
    std::fs::read(file).map(Bytes::from).map_err(|error| BuildError::Rom {
        device: device.to_owned(),
        file: file.to_owned(),
        error,
    })
}
