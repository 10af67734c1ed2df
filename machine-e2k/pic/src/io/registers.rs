//! Registers of the I/O interrupt controller (e2k-machine.md §6.3).

use elnic_contract::{Access, Field, Mode, Register, Size};

const ID: &[Field] = &[Field::new("ID", 24, 8, Mode::Rw, "number of the controller")];
const VERSION: &[Field] = &[
    Field::new("VERSION", 0, 8, Mode::Ro, "0x11"),
    Field::new("LAST", 16, 8, Mode::Ro, "number of the last entry"),
];
const ARBITRATION: &[Field] = &[Field::new("ID", 24, 8, Mode::Ro, "arbitration priority")];
const BOOT: &[Field] =
    &[Field::new("DT", 0, 1, Mode::NotModelled, "messages as bus writes; they always are")];
const RTE_LO: &[Field] = &[
    Field::new("VECTOR", 0, 8, Mode::Rw, "vector"),
    Field::new("MODE", 8, 3, Mode::Rw, "delivery mode"),
    Field::new("LOGICAL", 11, 1, Mode::Rw, "destination is a logical one"),
    Field::new("STATUS", 12, 1, Mode::Ro, "never waiting: sending takes no time"),
    Field::new("ACTIVE_LOW", 13, 1, Mode::Rw, "the pin is active at a low voltage"),
    Field::new("REMOTE_IRR", 14, 1, Mode::Ro, "a level interrupt is being served").volatile(),
    Field::new("LEVEL", 15, 1, Mode::Rw, "level triggered"),
    Field::new("MASK", 16, 1, Mode::Rw, "masked"),
];
const RTE_HI: &[Field] = &[Field::new("DESTINATION", 24, 8, Mode::Rw, "to whom")];

/// Register number `number` behind the window.
const fn row(name: &'static str, number: u32, fields: &'static [Field]) -> Register {
    Register::new(name, number * 4, 4, fields)
        .region(crate::IO_REGION)
        .about("behind the window, at four times its number", "e2k-machine.md §6.3")
}

elnic_registers::register_file! {
    /// Registers behind the window of the I/O interrupt controller.
    pub enum IoApicRegister {
        ID = row("IOAPIC_ID", 0, ID),
        VERSION = row("IOAPIC_VERSION", 1, VERSION).reset(0x0017_0011),
        ARBITRATION = row("IOAPIC_ARB", 2, ARBITRATION),
        BOOT = row("IOAPIC_BOOT", 3, BOOT).reset(1),
        RTE_LO = row("RTE_LO", 0x10, RTE_LO).reset(0x1_0000).array(24, 8),
        RTE_HI = row("RTE_HI", 0x11, RTE_HI).array(24, 8),
    }
}

/// Bits of an entry that the behaviour names.
pub(super) mod bits {
    pub(crate) const LOGICAL: u64 = 1 << 11;
    pub(crate) const ACTIVE_LOW: u64 = 1 << 13;
    pub(crate) const REMOTE_IRR: u64 = 1 << 14;
    pub(crate) const LEVEL: u64 = 1 << 15;
    pub(crate) const MASK: u64 = 1 << 16;
}

/// Bytes of the window: one page.
pub(crate) const WINDOW: u64 = 0x1000;

/// What an access to the page itself reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WindowRegister {
    /// The number of the register behind the window.
    Select,
    /// That register.
    Window,
    /// A write of a vector ends its level interrupts.
    Eoi,
}

impl WindowRegister {
    pub(super) fn at(access: Access) -> Option<Self> {
        match (access.offset(), access.size()) {
            (0x00, Size::Byte | Size::Word) => Some(Self::Select),
            (0x10, Size::Word) => Some(Self::Window),
            (0x40, Size::Byte | Size::Word) => Some(Self::Eoi),
            _ => None,
        }
    }
}
