//! Where the windows stand, for PCI configuration space (virtio 1.3 §4.1.4).

use elnic_contract::{Capability, CapabilityKind, MsiX};

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

/// The capabilities of a virtio device with `vectors` MSI-X vectors, in the order of the list, as QEMU places them.
pub fn capabilities(vectors: u16) -> Vec<Capability> {
    let vendor = |offset, kind, start, more: &[u8]| {
        let (bar, length) = if kind == CFG_PCI { (0, 0) } else { (MODERN_BAR, WINDOW_LENGTH) };
        let mut bytes = vec![kind, bar, 0, 0, 0];
        bytes.extend_from_slice(&u32::to_le_bytes(start));
        bytes.extend_from_slice(&u32::to_le_bytes(length));
        bytes.extend_from_slice(more);
        Capability { offset, kind: CapabilityKind::Vendor(bytes) }
    };
    let msix = MsiX {
        vectors,
        table_bar: MSIX_BAR,
        table_offset: 0,
        pending_bar: MSIX_BAR,
        pending_offset: PENDING,
    };
    vec![
        Capability { offset: 0x98, kind: CapabilityKind::MsiX(msix) },
        vendor(0x84, CFG_PCI, 0, &[0; 4]),
        vendor(0x70, CFG_NOTIFY, NOTIFY, &u32::to_le_bytes(NOTIFY_MULTIPLIER)),
        vendor(0x60, CFG_DEVICE, DEVICE, &[]),
        vendor(0x50, CFG_ISR, ISR, &[]),
        vendor(0x40, CFG_COMMON, COMMON, &[]),
    ]
}
