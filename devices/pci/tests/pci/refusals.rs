//! A device that cannot be a function is told why.

use crate::support::{MODEL, Requester, function};
use elnic_contract::{Capability, CapabilityKind, Model, Msi, MsiX, PowerManagement};
use elnic_pci::{FunctionOptions, PciFunction};

fn refused(capabilities: &[Capability]) -> String {
    function(capabilities).unwrap_err().to_string()
}

fn vendor(offset: u8, length: usize) -> Capability {
    Capability { offset, kind: CapabilityKind::Vendor(vec![0; length]) }
}

fn msix(vectors: u16, bar: u8, table_offset: u32, pending_offset: u32) -> Capability {
    let spec = MsiX { vectors, table_bar: bar, table_offset, pending_bar: bar, pending_offset };
    Capability { offset: 0x40, kind: CapabilityKind::MsiX(spec) }
}

#[test]
fn capabilities_have_their_place() {
    let place = "it takes a multiple of 4 within 0x40 to 0xff";
    for capability in [vendor(0x3c, 1), vendor(0x42, 1), vendor(0xf0, 14)] {
        assert!(refused(&[capability]).contains(place));
    }
    assert!(function(&[vendor(0xf0, 13)]).is_ok());
    assert_eq!(
        refused(&[vendor(0x40, 6), vendor(0x48, 1)]),
        "the capability at 0x48 overlaps another"
    );
    let msi = |offset, vectors| {
        let spec = Msi { vectors, address_64: true, per_vector_mask: true };
        Capability { offset, kind: CapabilityKind::Msi(spec) }
    };
    assert_eq!(refused(&[msi(0x40, 1), msi(0x80, 1)]), "the capability at 0x80 is there twice");
    for vectors in [0, 3, 64] {
        assert!(refused(&[msi(0x40, vectors)]).contains("it takes 1, 2, 4, 8, 16 or 32"));
    }
}

#[test]
fn power_management_takes_its_values() {
    let spec = |version, pme_from| PowerManagement {
        version,
        d1: false,
        d2: false,
        pme_from,
        device_specific_init: false,
        no_soft_reset: false,
    };
    for (version, pme_from) in [(0, 0), (4, 0), (2, 0x20)] {
        let kind = CapabilityKind::PowerManagement(spec(version, pme_from));
        assert!(refused(&[Capability { offset: 0x40, kind }]).contains("power management"));
    }
}

#[test]
fn msi_x_structures_fit_a_register_in_memory_space() {
    for (capability, why) in [
        (msix(0, 4, 0, 0x800), "vectors 0; it takes 1 to 2048"),
        (msix(2049, 4, 0, 0x1_0000), "vectors 2049"),
        (msix(1, 4, 4, 0x800), "table offset 4; it takes multiples of 8"),
        (msix(1, 6, 0, 0x800), "table bar 6; it takes 0 to 5"),
        (msix(64, 4, 0, 0x3f8), "pending offset 1016; it takes places outside the table"),
        (msix(1, 1, 0, 0x10), "base address register 1: it is not in memory space"),
        (msix(8, 2, 0x3fc0, 0), "ends at 0x4040 of base address register 2, which has 0x4000"),
        (msix(1, 3, 0, 0x800), "base address register 3 is taken"),
    ] {
        let text = refused(&[capability]);
        assert!(text.contains(why), "{text}");
    }
}

#[test]
fn a_model_must_be_a_pci_function() {
    static PLAIN: Model = Model { pci: None, name: "plain", ..base() };
    static CROOKED: Model = Model {
        pci: Some(elnic_contract::PciIdentity { interrupt_pin: 5, ..crate::support::IDENTITY }),
        ..base()
    };
    const fn base() -> Model {
        Model {
            name: "crooked",
            aliases: &[],
            summary: "",
            pci: None,
            regions: &[],
            registers: &[],
            sources: &[],
        }
    }
    let make = |model| {
        PciFunction::new(Box::new(Requester::new(model, &[])), FunctionOptions::default())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(make(&PLAIN), "'plain' is no PCI function");
    assert_eq!(make(&CROOKED), "interrupt pin 5 is none of 0 (none) to 4 (INTD)");
    let empty_rom = FunctionOptions { rom: Some(vec![].into()), ..FunctionOptions::default() };
    let refused = PciFunction::new(Box::new(Requester::new(&MODEL, &[])), empty_rom).unwrap_err();
    assert!(refused.to_string().contains("1 byte to 16 MiB"));
}
