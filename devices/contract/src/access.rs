//! One access to a device's registers, and why a device may refuse it.

use serde::{Deserialize, Serialize};

/// How many bytes an access moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Size {
    /// One byte.
    Byte = 1,
    /// Two bytes.
    Half = 2,
    /// Four bytes.
    Word = 4,
    /// Eight bytes.
    Double = 8,
}

impl Size {
    /// The number of bytes: 1, 2, 4 or 8.
    pub const fn bytes(self) -> u8 {
        self as u8
    }

    /// The number of bits: 8, 16, 32 or 64.
    pub const fn bits(self) -> u32 {
        (self as u32) << 3
    }

    /// All ones in the width of the access: what an absent device answers on PCI.
    pub const fn mask(self) -> u64 {
        match self {
            Self::Byte => 0xff,
            Self::Half => 0xffff,
            Self::Word => 0xffff_ffff,
            Self::Double => u64::MAX,
        }
    }

    /// The size of that many bytes, if an access can have it.
    pub const fn from_bytes(bytes: u8) -> Option<Self> {
        match bytes {
            1 => Some(Self::Byte),
            2 => Some(Self::Half),
            4 => Some(Self::Word),
            8 => Some(Self::Double),
            _ => None,
        }
    }
}

/// Where an access goes: a region of the device's [`crate::Model`], an offset in it, a width.
///
/// Naturally aligned by construction; the bus splits what is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Access {
    region: u8,
    offset: u64,
    size: Size,
}

/// Why an [`Access`] cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an access of {size} bytes at offset {offset:#x} is not naturally aligned")]
pub struct AccessError {
    /// Offset in the region, in bytes.
    pub offset: u64,
    /// Width in bytes.
    pub size: u8,
}

impl Access {
    /// An access of `size` at `offset` bytes into region number `region`.
    ///
    /// # Errors
    /// The offset is no multiple of the size.
    pub const fn new(region: u8, offset: u64, size: Size) -> Result<Self, AccessError> {
        if offset & (size.bytes() as u64).wrapping_sub(1) == 0 {
            Ok(Self { region, offset, size })
        } else {
            Err(AccessError { offset, size: size.bytes() })
        }
    }

    /// Index into [`crate::Model::regions`].
    pub const fn region(self) -> u8 {
        self.region
    }

    /// Offset in the region, in bytes.
    pub const fn offset(self) -> u64 {
        self.offset
    }

    /// Width.
    pub const fn size(self) -> Size {
        self.size
    }
}

/// Why a device did not serve an access. The bus then answers as the machine's bus does for an absent device, and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The device has no such region.
    #[error("the device has no such region")]
    NoRegion,
    /// Nothing is decoded at this offset.
    #[error("no register stands at this offset")]
    NoRegister,
    /// The register exists but the hardware does not decode this width.
    #[error("the register is not decoded at this width")]
    WrongSize,
    /// The function does not decode: its command register or power state says so.
    #[error("the function does not decode this space")]
    NotDecoded,
}
