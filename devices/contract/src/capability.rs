//! The PCI capabilities a device may have, as data.
//!
//! `elnic-pci` implements them; a device only says which it has ([`crate::Device::capabilities`]). Vendor-specific
//! contents that are windows into the device (virtio) are plain bytes here: their meaning is the device's.

/// One capability in configuration space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// Where it stands: 0x40 to 0xfc, a multiple of 4.
    pub offset: u8,
    /// What it is.
    pub kind: CapabilityKind,
}

/// What a capability is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CapabilityKind {
    /// Power management (PCI Power Management Interface 1.2 §3.2), 8 bytes.
    PowerManagement(PowerManagement),
    /// Message-signalled interrupts (PCI 3.0 §6.8.1), 10 to 24 bytes.
    Msi(Msi),
    /// Message-signalled interrupts from a table (PCI 3.0 §6.8.2), 12 bytes.
    MsiX(MsiX),
    /// Vendor-specific (PCI 3.0 appendix H), 3 bytes and these.
    Vendor(Vec<u8>),
    /// Vendor-specific, 20 bytes: a window through which software that cannot reach the base address registers reads and
    /// writes the device's regions (virtio 1.3 §4.1.4.9).
    Window(AccessWindow),
    /// A capability of another id that is plain read-only bytes, 2 bytes and these.
    Constant {
        /// Capability ID.
        id: u8,
        /// What follows ID and Next Pointer.
        bytes: Vec<u8>,
    },
}

/// A window in configuration space onto the regions of the same function, laid out as `struct virtio_pci_cfg_cap`.
///
/// Software writes which base address register, which offset there and how many bytes (1, 2 or 4); from then on each
/// access to the window's last four bytes is an access to that place. The function makes it, decoded or not, as if it
/// came in by the base address register; a device sees no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessWindow {
    /// The byte behind the length by which software knows the capability: `VIRTIO_PCI_CAP_PCI_CFG`.
    pub structure: u8,
}

/// The power management capability of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerManagement {
    /// Version of the interface: 1 to 3.
    pub version: u8,
    /// The function has state D1.
    pub d1: bool,
    /// The function has state D2.
    pub d2: bool,
    /// States from which it can signal PME#: bit 0 is D0, bit 4 is D3cold.
    pub pme_from: u8,
    /// Device-specific initialisation is needed after D3.
    pub device_specific_init: bool,
    /// The move from D3hot to D0 is no reset.
    pub no_soft_reset: bool,
}

/// The MSI capability of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Msi {
    /// Vectors the function asks for: 1, 2, 4, 8, 16 or 32.
    pub vectors: u8,
    /// Message Address has 64 bits.
    pub address_64: bool,
    /// Vectors can be masked one by one.
    pub per_vector_mask: bool,
}

/// The MSI-X capability of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MsiX {
    /// Vectors: 1 to 2048.
    pub vectors: u16,
    /// Base address register of the table: 0 to 5. It may be one of the device's regions, which the table then overlays,
    /// or one of its own.
    pub table_bar: u8,
    /// Where the table starts there, a multiple of 8.
    pub table_offset: u32,
    /// Base address register of the pending bits: 0 to 5.
    pub pending_bar: u8,
    /// Where the pending bits start there, a multiple of 8.
    pub pending_offset: u32,
}
