//! The part of the system controller that belongs to EPIC: PREPIC, and the window of messages.

use elnic_contract::{Field, Mode, Register};

const CTRL: &[Field] = &[
    Field::new("BSP", 8, 1, Mode::Rw, "this node boots"),
    Field::new("EPIC_EN", 11, 1, Mode::Rw, "EPIC, not APIC; it always is"),
];
const ID: &[Field] = &[Field::new("PREPICN", 8, 2, Mode::Ro, "number of the node")];
const CTRL2: &[Field] = &[
    Field::new("BGI_MODE", 9, 1, Mode::NotModelled, "broadcast of guests' interrupts"),
    Field::new("VIRT_EN", 12, 1, Mode::NotModelled, "hardware virtualisation"),
];
const ERR_STAT: &[Field] = &[Field::new("ERRORS", 0, 32, Mode::Ro, "none ever happens")];
const PIN: &[Field] = &[
    Field::new("VECT", 0, 10, Mode::Rw, "vector"),
    Field::new("STAT", 12, 1, Mode::Ro, "never waiting"),
    Field::new("DLVM", 13, 3, Mode::Rw, "delivery mode"),
    Field::new("MASK", 16, 1, Mode::Rw, "masked"),
    Field::new("DST", 20, 10, Mode::Rw, "to whom"),
];
const MSI: &[Field] = &[Field::new("MSI", 20, 12, Mode::Rw, "doorbell of messages, in megabytes")];
const MSI_H: &[Field] = &[Field::new("MSI_H", 0, 32, Mode::Rw, "upper half of its address")];

const fn row(name: &'static str, offset: u32, fields: &'static [Field]) -> Register {
    Register::new(name, offset, 4, fields)
        .region(super::NODE_REGION)
        .about("from 0x8000 of the system controller on", "e2k-machine.md §6.4")
}

const fn doorbell(name: &'static str, offset: u32, fields: &'static [Field]) -> Register {
    Register::new(name, offset, 4, fields)
        .region(super::DOORBELL_REGION)
        .about("from 0xb0 of the system controller on", "e2k-machine.md §1.4")
}

elnic_registers::register_file! {
    /// Registers of PREPIC, and of the doorbell.
    pub enum PrepicRegister {
        CTRL = row("PREPIC_CTRL", 0x000, CTRL).reset(0x900),
        ID = row("PREPIC_ID", 0x010, ID),
        CTRL2 = row("PREPIC_CTRL2", 0x030, CTRL2),
        ERR_STAT = row("PREPIC_ERR_STAT", 0x040, ERR_STAT),
        ERR_INT = row("PREPIC_ERR_INT", 0x060, PIN).reset(0x1_0000),
        LINP = row("PREPIC_LINP", 0xc00, PIN).reset(0x1_0000).array(6, 4),
        MSI = doorbell("RT_MSI", 0x0, MSI).reset(0xf800_0000),
        MSI_H = doorbell("RT_MSI_H", 0x4, MSI_H),
    }
}
