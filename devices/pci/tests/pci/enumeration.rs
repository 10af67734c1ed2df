//! An independent enumerator (crate `pci_types`) reads our configuration space, and finds what we said.

use std::cell::RefCell;

use crate::support::{MODEL, Requester, function};
use elnic_contract::{Capability, CapabilityKind, Msi, MsiX, PowerManagement, Size};
use elnic_pci::{Bridge, FunctionOptions, PciFunction};
use elnic_testbench::PciBench;
use pci_types::capability::{MultipleMessageSupport, PciCapability};
use pci_types::device_type::DeviceType;
use pci_types::{
    Bar, CommandRegister, ConfigRegionAccess, EndpointHeader, HeaderType, PciAddress, PciHeader,
    PciPciBridgeHeader,
};

/// One function at 00:00.0.
struct Bus(RefCell<PciBench>);

fn at(offset: u16) -> u8 {
    u8::try_from(offset).expect("an endpoint of conventional PCI has 256 bytes")
}

#[expect(unsafe_code, reason = "the trait's methods are unsafe to call, not to implement")]
impl ConfigRegionAccess for Bus {
    // SAFETY: nothing is required of callers; these are plain method calls on a value.
    unsafe fn read(&self, _address: PciAddress, offset: u16) -> u32 {
        self.0.borrow().config(at(offset), Size::Word) as u32
    }

    // SAFETY: as above.
    unsafe fn write(&self, _address: PciAddress, offset: u16, value: u32) {
        self.0.borrow_mut().set_config(at(offset), Size::Word, value.into());
    }
}

const HERE: fn() -> PciHeader = || PciHeader::new(PciAddress::new(0, 0, 0, 0));

fn bus(capabilities: &[Capability]) -> Bus {
    Bus(RefCell::new(PciBench::new(function(capabilities).unwrap())))
}

fn endpoint(bus: &Bus) -> EndpointHeader {
    EndpointHeader::from_header(HERE(), bus).unwrap()
}

#[test]
fn identity_is_read_as_the_model_states_it() {
    let bus = bus(&[]);
    assert_eq!(HERE().id(&bus), (0x8086, 0x100e));
    assert_eq!(HERE().header_type(&bus), HeaderType::Endpoint);
    assert!(!HERE().has_multiple_functions(&bus));
    let (revision, base, sub, interface) = HERE().revision_and_class(&bus);
    assert_eq!((revision, interface), (3, 0));
    assert_eq!(DeviceType::from((base, sub)), DeviceType::EthernetController);
    assert_eq!(endpoint(&bus).subsystem(&bus), (0x1100, 0x1af4));
    assert_eq!(endpoint(&bus).interrupt(&bus), (1, 0));
    assert_eq!(bus.0.borrow().function.device_type(), DeviceType::EthernetController);
}

#[test]
fn every_base_address_register_is_sized_and_left_as_it_was() {
    let bus = bus(&[]);
    let header = endpoint(&bus);
    let size = |slot| match header.bar(slot, &bus) {
        Some(Bar::Memory32 { size, prefetchable: false, .. }) => size.into(),
        Some(Bar::Memory64 { size, prefetchable: true, .. }) => size,
        other => panic!("{other:?}"),
    };
    assert_eq!(size(0), 0x2_0000);
    assert!(matches!(header.bar(1, &bus), Some(Bar::Io { port: 0 })));
    assert_eq!(size(2), 0x4000);
    assert!(header.bar(4, &bus).is_none() && header.bar(5, &bus).is_none());
    let bars: Vec<u64> =
        (0x10..0x28).step_by(4).map(|bar| bus.0.borrow().config(bar, Size::Word)).collect();
    assert_eq!(bars, [0, 1, 0b1100, 0, 0, 0]);
}

#[test]
fn capabilities_are_found_in_their_order_with_their_contents() {
    let capability = |offset, kind| Capability { offset, kind };
    let msi = Msi { vectors: 4, address_64: true, per_vector_mask: true };
    let msix =
        MsiX { vectors: 3, table_bar: 4, table_offset: 0, pending_bar: 4, pending_offset: 0x800 };
    let pm = PowerManagement {
        version: 2,
        d1: false,
        d2: false,
        pme_from: 0b11001,
        device_specific_init: false,
        no_soft_reset: false,
    };
    let bus = bus(&[
        capability(0xdc, CapabilityKind::PowerManagement(pm)),
        capability(0x50, CapabilityKind::Msi(msi)),
        capability(0x98, CapabilityKind::MsiX(msix)),
        capability(0x40, CapabilityKind::Vendor(vec![1, 2, 3])),
        capability(0x44 + 4, CapabilityKind::Constant { id: 7, bytes: vec![0xaa, 0xbb] }),
    ]);
    let found: Vec<PciCapability> = endpoint(&bus).capabilities(&bus).collect();
    let offsets: Vec<u16> = found.iter().map(|capability| capability.address().offset).collect();
    assert_eq!(offsets, [0xdc, 0x50, 0x98, 0x40, 0x48]);
    let [
        PciCapability::PowerManagement(_),
        PciCapability::Msi(found_msi),
        PciCapability::MsiX(found_msix),
        PciCapability::Vendor(_),
        PciCapability::PciX(_),
    ] = &found[..]
    else {
        panic!("{found:?}")
    };
    assert!(found_msi.is_64bit() && found_msi.has_per_vector_masking());
    assert_eq!(found_msi.multiple_message_capable(), MultipleMessageSupport::Int4);
    assert_eq!((found_msix.table_size(), found_msix.table_bar()), (3, 4));
    assert_eq!((found_msix.pba_bar(), found_msix.pba_offset()), (4, 0x800));
    let vendor = bus.0.borrow().config(0x40, Size::Double);
    assert_eq!(vendor.to_le_bytes(), [9, 0x48, 6, 1, 2, 3, 0, 0]);
    let constant = bus.0.borrow().config(0x48, Size::Word) as u32;
    assert_eq!(constant.to_le_bytes(), [7, 0, 0xaa, 0xbb]);
}

#[test]
fn the_enumerator_can_enable_what_it_found() {
    let bus = bus(&[]);
    let mut header = endpoint(&bus);
    header.update_command(&bus, |command| {
        command | CommandRegister::MEMORY_ENABLE | CommandRegister::PARITY_ERROR_RESPONSE
    });
    let command = header.command(&bus);
    assert!(command.contains(CommandRegister::MEMORY_ENABLE));
    assert!(!command.contains(CommandRegister::PARITY_ERROR_RESPONSE), "as in QEMU");
    header.update_interrupt(&bus, |(_, _)| (4, 0x5a));
    assert_eq!(header.interrupt(&bus), (1, 0x5a), "the line is a scratch byte, the pin is not");
}

#[test]
fn a_bridge_is_one_for_the_enumerator_too() {
    struct Root(RefCell<Bridge>);

    #[expect(unsafe_code, reason = "the trait's methods are unsafe to call, not to implement")]
    impl ConfigRegionAccess for Root {
        // SAFETY: nothing is required of callers; these are plain method calls on a value.
        unsafe fn read(&self, _address: PciAddress, offset: u16) -> u32 {
            self.0.borrow().config_read(at(offset), Size::Word) as u32
        }

        // SAFETY: as above.
        unsafe fn write(&self, _address: PciAddress, offset: u16, value: u32) {
            self.0.borrow_mut().config_write(at(offset), Size::Word, value.into());
        }
    }

    let root = Root(RefCell::new(Bridge::new(&crate::support::IDENTITY, true)));
    assert_eq!(HERE().header_type(&root), HeaderType::PciPciBridge);
    assert!(HERE().has_multiple_functions(&root));
    let header = PciPciBridgeHeader::from_header(HERE(), &root).unwrap();
    assert_eq!(header.secondary_bus_number(&root), 0, "numbers are given by software");
    header.update_bus_number(&root, |mut numbers| {
        (numbers.secondary, numbers.subordinate) = (1, 3);
        numbers
    });
    let bridge = root.0.borrow();
    assert_eq!(bridge.secondary_bus(), 1);
    assert!(bridge.leads_to(3) && !bridge.leads_to(4) && !bridge.leads_to(0));
}

#[test]
fn options_of_the_machine_show_in_the_header() {
    let rom = Some(vec![0x55, 0xaa, 7].into());
    let options = FunctionOptions { multifunction: true, rom, ..FunctionOptions::default() };
    let function = PciFunction::new(Box::new(Requester::new(&MODEL, &[])), options).unwrap();
    let mut bench = PciBench::new(function);
    assert_eq!(bench.config(0x0e, Size::Byte), 0x80);
    bench.set_config(0x30, Size::Word, 0xffff_ffff);
    assert_eq!(bench.config(0x30, Size::Word), 0xffff_f801, "2 KiB is the least a ROM decodes");
    bench.set_config(0x30, Size::Word, 0x2000_0001);
    assert_eq!(bench.function.decode(elnic_pci::Space::Memory, 0x2000_0000), None, "memory is off");
    bench.command(2);
    let mut read = |offset, size| {
        bench.read(elnic_pci::Space::Memory, 0x2000_0000_u64 + offset, size).unwrap().unwrap()
    };
    assert_eq!(read(0, Size::Word), 0xff07_aa55);
    assert_eq!(read(0x7fc, Size::Word), 0xffff_ffff);
}
