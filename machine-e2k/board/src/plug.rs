//! Devices on their way into a machine: options are read and checked, places found, functions made and connected.

use bytes::Bytes;
use elnic_contract::{
    Device, Entry, Lines, MacAddr, Properties, PropertyError, PropertyKind, PropertySpec, nearest,
};
use elnic_netclient::{MacPool, NicOptions, OffloadSupport};
use elnic_pci::FunctionOptions;
use elnic_soc::Place;

use crate::config::{DeviceOptions, SECONDARY_BUS, machine_properties};
use crate::devices::{Body, BusSide, Devices, PciWiring, Slot, Wiring};
use crate::error::BuildError;
use crate::failover::{self, Claim, HiddenPrimary};
use crate::image_file::{Found, ImageFile, ImageFileError};
use crate::inventory;
use crate::soldered;
use crate::world::World;

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
    image: Option<Image>,
}

impl Wanted {
    fn claim(&self) -> Claim<'_> {
        Claim {
            name: &self.name,
            named: self.named,
            is_nic: self.entry.is_nic,
            multifunction: self.machine.switch("multifunction"),
            standby: self.machine.text(failover::PAIR),
        }
    }
}

/// A device's property that names a file with the contents of its nonvolatile memory.
struct Image {
    property: &'static str,
    /// As the user named it.
    file: String,
    found: Found,
}

impl Image {
    fn refuse(&self, device: &str, error: impl Into<ImageFileError>) -> BuildError {
        let (property, file, error) = (self.property, self.file.clone(), error.into());
        BuildError::Image { device: device.to_owned(), property, file, error }
    }
}

/// Reads all options, then places those that say where, then the others: a slot chosen for one device is never one that
/// a later device asks for. Returns the address of the first network interface.
pub(crate) fn add_devices(
    world: &mut World,
    options: &[DeviceOptions],
) -> Result<Option<MacAddr>, BuildError> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut hidden = Vec::new();
    for given in options {
        let device = read_options(given, &wanted, &world.devices)?;
        let taken = world.devices.iter().map(|(_, slot)| &slot.name);
        let mut taken = taken.chain(world.failover.hidden.iter().chain(&hidden).map(|it| &it.name));
        if taken.any(|name| *name == device.name) {
            return Err(BuildError::DuplicateId(device.name));
        }
        let standby = |name: &str| {
            wanted.iter().any(|other| other.name == name && failover::is_standby(&other.own))
        };
        if world.hides(device.claim(), standby, &hidden)? {
            let standby = device.claim().standby.unwrap_or_default().to_owned();
            hidden.push(HiddenPrimary { name: device.name, standby, options: given.clone() });
        } else {
            wanted.push(device);
        }
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
    world.failover.hidden.extend(hidden);
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
    let image = find_image(&name, entry, &own)?;
    if let Some(mac) = mac.filter(|mac: &MacAddr| entry.is_nic && mac.is_group()) {
        return Err(BuildError::GroupMac { device: name, mac });
    }
    let machine_given =
        given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let station = image.as_ref().map(|image| station_in(&name, entry, &own, image, mac));
    let station = station.transpose()?.flatten();
    if let Some(station) = station {
        own.retain(|(name, _)| name != "mac");
        own.push(("mac".to_owned(), station.to_string()));
    }
    let mac = station.or(mac);
    let wanted =
        Wanted { name, named, machine_given, entry, machine, own, place, side, mac, image };
    wanted.claim().check()?;
    Ok(wanted)
}

/// Looks for the file that a property of the model names.
fn find_image(
    device: &str,
    entry: &'static Entry,
    own: &[(String, String)],
) -> Result<Option<Image>, BuildError> {
    for spec in entry.properties {
        // No name at all is refused with the other properties.
        let given = own.iter().find(|(name, file)| name == spec.name && !file.is_empty());
        if let (PropertyKind::Image { lengths }, Some((_, file))) = (spec.kind, given) {
            let (property, file) = (spec.name, file.clone());
            let found = ImageFile::find(file.as_ref(), lengths).map_err(|error| {
                BuildError::Image { device: device.to_owned(), property, file: file.clone(), error }
            })?;
            return Ok(Some(Image { property, file, found }));
        }
    }
    Ok(None)
}

/// The station address that a device gets from a file that is there: what it would have in the machine.
fn station_in(
    device: &str,
    entry: &'static Entry,
    own: &[(String, String)],
    image: &Image,
    mac: Option<MacAddr>,
) -> Result<Option<MacAddr>, BuildError> {
    let Found::Image(_, contents) = &image.found else { return Ok(None) };
    let mut trial = entry.make(own.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
    trial.insert_image(contents).map_err(|error| image.refuse(device, error))?;
    let found = trial.as_nic().map(elnic_contract::Nic::mac);
    if let (Some(found), Some(given)) = (found, mac.filter(|mac| found != Some(*mac))) {
        let (property, file) = (image.property, &image.file);
        tracing::warn!(
            "device '{device}': its station address is {found}, from {property} '{file}', not {given}"
        );
    }
    Ok(found.filter(|mac| !mac.is_group() && *mac != MacAddr::default()))
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
    let Wanted { name, named, machine_given, entry, machine, mut own, place, side, mac, image } =
        wanted;
    let takes_mac = entry.properties.iter().any(|spec| spec.name == "mac");
    let mac = match mac {
        None if entry.is_nic && takes_mac => {
            let mac = macs.assign(None).ok_or_else(|| BuildError::NoMac(name.clone()))?;
            own.push(("mac".to_owned(), mac.to_string()));
            Some(mac)
        }
        given => given,
    };
    // As in QEMU a NIC that can offers its driver offloads if the netdev can pass them on.
    let tells_peer = entry.properties.iter().any(|spec| spec.name == "vnet-hdr")
        && own.iter().all(|(name, _)| name != "vnet-hdr");
    let peer = machine.text("netdev").and_then(|netdev| world.net.netdev(netdev));
    if tells_peer && peer.is_some_and(|peer| world.net.has_vnet_header(peer)) {
        own.push(("vnet-hdr".to_owned(), "on".to_owned()));
    }
    let properties = own.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut device = entry.make(properties)?;
    let rom = match machine.text("romfile").filter(|file| !file.is_empty()) {
        Some(file) => Some(read_rom(&name, file)?),
        None => None,
    };
    let image = image.map(|image| put_image(&name, &mut *device, image)).transpose()?;
    let options = FunctionOptions { multifunction: machine.switch("multifunction"), rom };
    let body = Body::Function(soldered::function(&name, device, options)?);
    let wiring = place.map_or(Wiring::None, |place| {
        Wiring::Pci(PciWiring { side, place, bridge_slot: 0, own_input: None })
    });
    let path = inventory::user_path(&world.devices, named.then_some(name.as_str()));
    let properties = machine_given.iter().cloned().chain(own.iter().cloned()).collect();
    let lines = Lines::NONE;
    let slot = Slot { name: name.clone(), path, body, wiring, lines, properties, image };
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
        })?;
        world.links.connect(id, port);
    }
    Ok(mac.filter(|_| entry.is_nic))
}

/// Fills the device's memory from the file, or a new file from the device's memory.
fn put_image(name: &str, device: &mut dyn Device, image: Image) -> Result<ImageFile, BuildError> {
    if let Found::Image(_, contents) = &image.found {
        device.insert_image(contents).map_err(|error| image.refuse(name, error))?;
    }
    let Image { property, file, found } = image;
    match found {
        Found::Image(file, _) => Ok(file),
        Found::Nothing(path) => {
            let contents = device.image().unwrap_or_default();
            ImageFile::create(path, &contents).map_err(|error| BuildError::Image {
                device: name.to_owned(),
                property,
                file,
                error,
            })
        }
    }
}

fn read_rom(device: &str, file: &str) -> Result<Bytes, BuildError> {
    std::fs::read(file).map(Bytes::from).map_err(|error| BuildError::Rom {
        device: device.to_owned(),
        file: file.to_owned(),
        error,
    })
}
