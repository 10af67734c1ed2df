//! The registers of a descriptor ring: receive and transmit have the same five.

use elnic_contract::Mode::Rw;
use elnic_contract::{Field, Register};

/// Address low.
macro_rules! base_low {
    ($name:literal, $offset:literal, $about:literal, $source:literal) => {
        Register::new(
            $name,
            $offset,
            4,
            &[Field::new($name, 4, 28, Rw, "ring address, bits 31 to 4; 16-byte aligned")],
        )
        .about($about, $source)
    };
}

/// Address high.
macro_rules! base_high {
    ($name:literal, $offset:literal, $about:literal, $source:literal) => {
        Register::new(
            $name,
            $offset,
            4,
            &[Field::new($name, 0, 32, Rw, "ring address, bits 63 to 32")],
        )
        .about($about, $source)
    };
}

const LENGTH: &[Field] = &[Field::new("LEN", 7, 13, Rw, "ring length in 128 bytes; 0: no ring")];

/// Head or tail; what it means to the hardware.
macro_rules! pointer {
    ($name:literal, $offset:literal, $meaning:literal, $about:literal, $source:literal) => {
        Register::new($name, $offset, 4, &[Field::new($name, 0, 16, Rw, $meaning)])
            .about($about, $source)
    };
}

/// As `pointer`, moved by the hardware.
macro_rules! head {
    ($name:literal, $offset:literal, $meaning:literal, $about:literal, $source:literal) => {
        Register::new($name, $offset, 4, &[Field::new($name, 0, 16, Rw, $meaning).volatile()])
            .about($about, $source)
    };
}

pub(super) const RDBAL: Register =
    base_low!("RDBAL", 0x02800, "receive ring address low", "nic-models.md §1.2");
pub(super) const RDBAH: Register =
    base_high!("RDBAH", 0x02804, "receive ring address high", "nic-models.md §1.2");
pub(super) const RDLEN: Register =
    Register::new("RDLEN", 0x02808, 4, LENGTH).about("receive ring length", "nic-models.md §1.2");
pub(super) const RDH: Register = head!(
    "RDH",
    0x02810,
    "next descriptor the hardware takes",
    "receive head",
    "nic-models.md §1.2"
);
pub(super) const RDT: Register = pointer!(
    "RDT",
    0x02818,
    "first descriptor that is not free",
    "receive tail",
    "nic-models.md §1.2"
);
pub(super) const TDBAL: Register =
    base_low!("TDBAL", 0x03800, "transmit ring address low", "nic-models.md §1.2");
pub(super) const TDBAH: Register =
    base_high!("TDBAH", 0x03804, "transmit ring address high", "nic-models.md §1.2");
pub(super) const TDLEN: Register =
    Register::new("TDLEN", 0x03808, 4, LENGTH).about("transmit ring length", "nic-models.md §1.2");
pub(super) const TDH: Register = head!(
    "TDH",
    0x03810,
    "next descriptor the hardware completes",
    "transmit head",
    "nic-models.md §1.2"
);
pub(super) const TDT: Register = pointer!(
    "TDT",
    0x03818,
    "first descriptor that is not ready",
    "transmit tail",
    "nic-models.md §1.2"
);
