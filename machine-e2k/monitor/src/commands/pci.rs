//! `query-pci`.

use std::collections::BTreeMap;

use elnic_board::{Machine, PciWindow};
use elnic_qapi::types::{PciDeviceClass, PciDeviceId, PciDeviceInfo, PciInfo, PciMemoryRegion};

/// Offsets of a type-0 header (PCI 3.0 §6.1).
const VENDOR: usize = 0x00;
const DEVICE: usize = 0x02;
const CLASS: usize = 0x0a;
const HEADER_TYPE: usize = 0x0e;
const SUBSYSTEM_VENDOR: usize = 0x2c;
const SUBSYSTEM: usize = 0x2e;
const INTERRUPT: usize = 0x3c;

/// What a class code says, in QEMU's words.
pub(crate) fn class_name(class: u16) -> Option<&'static str> {
    match class {
        0x0200 => Some("Ethernet controller"),
        0x0600 => Some("Host bridge"),
        0x0604 => Some("PCI bridge"),
        0x0700 => Some("Serial port"),
        0x0800 => Some("Interrupt controller"),
        _ => None,
    }
}

/// Identity and interrupt of a function, out of its header.
pub(crate) struct Identity {
    pub(crate) vendor: u16,
    pub(crate) device: u16,
    pub(crate) class: u16,
    pub(crate) subsystem: Option<(u16, u16)>,
    pub(crate) line: u8,
    pub(crate) pin: u8,
}

impl Identity {
    pub(crate) fn of(function: &PciWindow) -> Self {
        let [line, pin] = function.half(INTERRUPT).to_le_bytes();
        let endpoint = function.half(HEADER_TYPE) & 0x7f == 0;
        let subsystem = (function.half(SUBSYSTEM_VENDOR), function.half(SUBSYSTEM));
        Self {
            vendor: function.half(VENDOR),
            device: function.half(DEVICE),
            class: function.half(CLASS),
            subsystem: endpoint.then_some(subsystem),
            line,
            pin,
        }
    }
}

/// All buses with their functions.
pub(super) fn buses(machine: &Machine) -> Vec<PciInfo> {
    let mut buses: BTreeMap<u8, Vec<PciDeviceInfo>> = BTreeMap::new();
    for function in machine.pci_functions() {
        buses.entry(function.bus).or_default().push(describe(&function));
    }
    let bus = |(bus, devices): (u8, Vec<PciDeviceInfo>)| PciInfo { bus: bus.into(), devices };
    buses.into_iter().map(bus).collect()
}

fn describe(function: &PciWindow) -> PciDeviceInfo {
    let Identity { vendor, device, class, subsystem, line, pin } = Identity::of(function);
    let place = function.device.place.map(|(_, place)| place);
    let region = |decoder: &elnic_board::Decoder| {
        let memory = decoder.space == elnic_board::PciSpace::Memory;
        PciMemoryRegion {
            bar: decoder.number.into(),
            r#type: if memory { "memory" } else { "io" }.to_owned(),
            address: decoder.base.and_then(|base| i64::try_from(base).ok()).unwrap_or(-1),
            size: i64::try_from(decoder.size).unwrap_or(i64::MAX),
            prefetch: memory.then_some(decoder.prefetchable),
            mem_type_64: memory.then_some(decoder.wide),
        }
    };
    PciDeviceInfo {
        bus: function.bus.into(),
        slot: place.map_or(0, |place| place.slot.into()),
        function: place.map_or(0, |place| place.function.into()),
        class_info: PciDeviceClass {
            desc: class_name(class).map(str::to_owned),
            class: class.into(),
        },
        id: PciDeviceId {
            device: device.into(),
            vendor: vendor.into(),
            subsystem: subsystem.map(|(_, subsystem)| subsystem.into()),
            subsystem_vendor: subsystem.map(|(vendor, _)| vendor.into()),
        },
        irq: (pin != 0).then_some(line.into()),
        irq_pin: pin.into(),
        qdev_id: function.device.id.clone().unwrap_or_default(),
        regions: function.decoders.iter().map(region).collect(),
    }
}
