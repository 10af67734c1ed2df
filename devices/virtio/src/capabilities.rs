//! Where the windows stand, for PCI configuration space (virtio 1.3 §4.1.4).

use elnic_contract::{AccessWindow, Capability, CapabilityKind, MsiX};

use crate::registers::{COMMON, DEVICE, ISR, NOTIFY, NOTIFY_MULTIPLIER, WINDOW_LENGTH};

/// Base address register of the MSI-X structures.
const MSIX_BAR: u8 = 1;
/// Where the pending bits start behind it, as in QEMU: at half of 4 KiB.
const PENDING: u32 = 0x800;
/// Base address register of the standard interface.
const MODERN_BAR: u8 = 4;

const CFG_COMMON: u8 = 1;
const CFG_NOTIFY: u8 = 2;
const CFG_ISR: u8 = 3;
const CFG_DEVICE: u8 = 4;
const CFG_PCI: u8 = 5;

/// The capabilities of a virtio device with `vectors` MSI-X vectors, in the order of the list, as QEMU places them; those
/// of the standard interface only if it has one.
pub fn capabilities(vectors: u16, standard: bool) -> Vec<Capability> {
    let mut list = Vec::new();
    if vectors > 0 {
        let kind = CapabilityKind::MsiX(MsiX {
            vectors,
            table_bar: MSIX_BAR,
            table_offset: 0,
            pending_bar: MSIX_BAR,
            pending_offset: PENDING,
        });
        list.push(Capability { offset: if standard { 0x98 } else { 0x40 }, kind });
    }
    if standard {
        let structure = |offset, kind, start, more: &[u8]| {
            let mut bytes = vec![kind, MODERN_BAR, 0, 0, 0];
            bytes.extend_from_slice(&u32::to_le_bytes(start));
            bytes.extend_from_slice(&u32::to_le_bytes(WINDOW_LENGTH));
            bytes.extend_from_slice(more);
            Capability { offset, kind: CapabilityKind::Vendor(bytes) }
        };
        let window = CapabilityKind::Window(AccessWindow { structure: CFG_PCI });
        list.extend([
            Capability { offset: 0x84, kind: window },
            structure(0x70, CFG_NOTIFY, NOTIFY, &u32::to_le_bytes(NOTIFY_MULTIPLIER)),
            structure(0x60, CFG_DEVICE, DEVICE, &[]),
            structure(0x50, CFG_ISR, ISR, &[]),
            structure(0x40, CFG_COMMON, COMMON, &[]),
        ]);
    }
    list
}
