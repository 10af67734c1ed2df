//! Why a device cannot be a PCI function.

/// A mistake in what a device says of itself, or in the options given for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The model has no identity on PCI.
    #[error("'{0}' is no PCI function")]
    NotPci(&'static str),
    /// Interrupt Pin is none of 0 to 4.
    #[error("interrupt pin {0} is none of 0 (none) to 4 (INTD)")]
    Pin(u8),
    /// A base address register beyond the last.
    #[error("base address register {0} does not fit into registers 0 to 5")]
    BarSlot(u8),
    /// Two regions want one register.
    #[error("base address register {0} is taken")]
    BarTaken(u8),
    /// A size that address lines cannot decode.
    #[error(
        "base address register {slot} cannot decode {size:#x} bytes: it takes a power of two from {smallest:#x} to {largest:#x}"
    )]
    BarSize {
        /// The register.
        slot: u8,
        /// Bytes wanted.
        size: u64,
        /// Fewest bytes possible.
        smallest: u64,
        /// Most bytes possible.
        largest: u64,
    },
    /// A capability outside its part of the space, or not on a word.
    #[error(
        "a capability of {length} bytes cannot stand at {offset:#04x}: it takes a multiple of 4 within 0x40 to 0xff"
    )]
    CapabilityOffset {
        /// Where it should stand.
        offset: u8,
        /// Its length in bytes.
        length: usize,
    },
    /// Two capabilities share bytes.
    #[error("the capability at {offset:#04x} overlaps another")]
    CapabilityOverlap {
        /// Where it should stand.
        offset: u8,
    },
    /// A capability that a function has once is there twice.
    #[error("the capability at {offset:#04x} is there twice")]
    CapabilityTwice {
        /// Where the second stands.
        offset: u8,
    },
    /// Its contents are out of range.
    #[error("the {capability} capability has {what} {value}; it takes {allowed}")]
    CapabilityValue {
        /// Which one.
        capability: &'static str,
        /// Which value.
        what: &'static str,
        /// The value.
        value: u64,
        /// Its range.
        allowed: &'static str,
    },
    /// The MSI-X structures do not fit their base address register.
    #[error(
        "the MSI-X {what} ends at {end:#x} of base address register {slot}, which has {size:#x} bytes"
    )]
    MsiXFit {
        /// Table or pending bits.
        what: &'static str,
        /// The register.
        slot: u8,
        /// First byte after it.
        end: u64,
        /// Bytes the register decodes.
        size: u64,
    },
    /// The MSI-X structures would lie in I/O space.
    #[error(
        "the MSI-X structures cannot lie in base address register {0}: it is not in memory space"
    )]
    MsiXIo(u8),
    /// The expansion ROM image is empty or too large.
    #[error("an expansion ROM image of {0} bytes is outside 1 byte to 16 MiB")]
    Rom(usize),
}
