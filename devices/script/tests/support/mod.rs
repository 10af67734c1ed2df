//! A small model whose names the scripts of these tests use.

use elnic_contract::{Field, Mode, Model, RegionKind, RegionSpec, Register};

pub(crate) static MODEL: Model = Model {
    name: "toy",
    aliases: &[],
    summary: "A few registers",
    pci: None,
    regions: &[
        RegionSpec { name: "bar0", bar: 0, kind: RegionKind::Memory32, size: 0x1000 },
        RegionSpec { name: "bar1", bar: 1, kind: RegionKind::Io, size: 64 },
    ],
    registers: &[
        Register::new(
            "CTRL",
            0x00,
            4,
            &[
                Field::new("FD", 0, 1, Mode::Rw, "full duplex"),
                Field::new("SLU", 6, 1, Mode::Rw, "set link up"),
                Field::new("SPEED", 8, 2, Mode::Rw, "speed"),
                Field::new("RST", 26, 1, Mode::Sc, "reset"),
            ],
        ),
        Register::new("STATUS", 0x08, 4, &[Field::new("LU", 1, 1, Mode::Ro, "link up")]),
        Register::new("MTA", 0x200, 4, &[Field::new("BITS", 0, 32, Mode::Rw, "hash")])
            .array(128, 4),
        Register::new("IOADDR", 0x00, 4, &[Field::new("A", 0, 32, Mode::Rw, "address")]).region(1),
    ],
    sources: &["this test"],
};
