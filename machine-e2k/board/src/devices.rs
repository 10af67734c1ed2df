//! The devices of a board and what they are wired to.

use elnic_clock::DeviceId;
use elnic_contract::{Device, Lines, Model};
use elnic_pci::{Bridge, PciFunction};
use elnic_pic::Apic;
use elnic_soc::{Input, Place, pci_input, through_bridge};

use crate::image_file::ImageFile;

/// What a device is behind the bus.
pub(crate) enum Body {
    /// A PCI function.
    Function(Box<PciFunction>),
    /// The bridge between the two PCI buses.
    Bridge(Box<Bridge>),
    /// Registers at a fixed address that are no PCI function.
    Block(Box<dyn Device>),
    /// The interrupt controllers.
    Pic(Box<Apic>),
}

/// Which PCI bus a function stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BusSide {
    /// Bus 0.
    Root,
    /// The bus behind the bridge.
    Secondary,
}

/// What a device's interrupt pins are wired to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wiring {
    /// Nothing.
    None,
    /// One input of the board.
    Input(Input),
    /// Those of the place where a function stands.
    Pci(PciWiring),
}

impl Wiring {
    /// Where a function stands; `None` for what is none.
    pub(crate) const fn pci(self) -> Option<PciWiring> {
        match self {
            Self::Pci(wiring) => Some(wiring),
            Self::None | Self::Input(_) => None,
        }
    }

    /// The interrupt input that `pin` (0 is INTA) reaches.
    pub(crate) fn input(self, pin: u8) -> Option<Input> {
        match self {
            Self::None => None,
            Self::Input(input) => (pin == 0).then_some(input),
            Self::Pci(wiring) => Some(wiring.input(pin)),
        }
    }
}

/// Where a function stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PciWiring {
    pub(crate) side: BusSide,
    pub(crate) place: Place,
    /// Slot of the bridge, for interrupts from behind it.
    pub(crate) bridge_slot: u8,
    /// The input that a soldered function has to itself.
    pub(crate) own_input: Option<Input>,
}

impl PciWiring {
    /// On bus 0.
    pub(crate) const fn on_root(place: Place) -> Self {
        Self { side: BusSide::Root, place, bridge_slot: 0, own_input: None }
    }

    /// The interrupt input that `pin` (0 is INTA) reaches.
    pub(crate) fn input(&self, pin: u8) -> Input {
        if let Some(input) = self.own_input {
            return input;
        }
        match self.side {
            BusSide::Root => pci_input(self.place.slot, pin),
            BusSide::Secondary => pci_input(self.bridge_slot, through_bridge(self.place.slot, pin)),
        }
    }
}

/// One device of the board.
pub(crate) struct Slot {
    pub(crate) name: String,
    /// Where the monitor finds it; see [`crate::inventory`].
    pub(crate) path: String,
    pub(crate) body: Body,
    pub(crate) wiring: Wiring,
    /// Levels of the interrupt pins as the wires know them.
    pub(crate) lines: Lines,
    /// Properties the user gave.
    pub(crate) properties: Vec<(String, String)>,
    /// The file behind its nonvolatile memory.
    pub(crate) image: Option<ImageFile>,
}

impl Body {
    /// A device that is reached at a fixed address.
    pub(crate) fn block(&mut self) -> Option<&mut dyn Device> {
        match self {
            Self::Block(block) => Some(&mut **block),
            Self::Pic(pic) => Some(&mut **pic),
            Self::Function(_) | Self::Bridge(_) => None,
        }
    }
}

impl Slot {
    /// What kind of device it is; the bridge has no model.
    pub(crate) fn model(&self) -> Option<&'static Model> {
        match &self.body {
            Body::Function(function) => Some(function.model()),
            Body::Block(block) => Some(block.describe()),
            Body::Pic(pic) => Some(pic.describe()),
            Body::Bridge(_) => None,
        }
    }

    /// Brings the file behind its memory up to date.
    pub(crate) fn write_image(&mut self) {
        let Body::Function(function) = &self.body else { return };
        if let Some(file) = self.image.as_mut().filter(|file| file.changed)
            && let Some(image) = function.device().image()
        {
            file.write(&self.name, &image);
        }
    }

    pub(crate) fn function(&self) -> Option<&PciFunction> {
        match &self.body {
            Body::Function(function) => Some(function),
            Body::Bridge(_) | Body::Block(_) | Body::Pic(_) => None,
        }
    }
}

/// All devices of a board, by number. The number of one that was unplugged is never used again.
#[derive(Default)]
pub(crate) struct Devices(Vec<Option<Slot>>);

impl Devices {
    /// The number the next device gets. A board has fewer than 65536: two buses of 32 slots of 8 functions.
    pub(crate) fn next_id(&self) -> DeviceId {
        DeviceId(u16::try_from(self.0.len()).unwrap_or(u16::MAX))
    }

    pub(crate) fn push(&mut self, slot: Slot) -> DeviceId {
        let id = self.next_id();
        self.0.push(Some(slot));
        id
    }

    /// Takes a device out.
    pub(crate) fn remove(&mut self, id: DeviceId) -> Option<Slot> {
        self.0.get_mut(usize::from(id.0))?.take()
    }

    pub(crate) fn get(&self, id: DeviceId) -> Option<&Slot> {
        self.0.get(usize::from(id.0))?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: DeviceId) -> Option<&mut Slot> {
        self.0.get_mut(usize::from(id.0))?.as_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (DeviceId, &Slot)> {
        let all = (0_u16..).map(DeviceId).zip(&self.0);
        all.filter_map(|(id, slot)| Some((id, slot.as_ref()?)))
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = DeviceId> + use<> {
        (0..self.next_id().0).map(DeviceId)
    }

    /// A device's name; `?` for a number that is none's.
    pub(crate) fn name(&self, id: DeviceId) -> &str {
        self.get(id).map_or("?", |slot| &slot.name)
    }
}
