//! Registers of a CEPIC, the controller of one processor (e2k-machine.md §6.4).

use elnic_contract::{Field, Mode, Register};

/// A bit that its name explains.
const fn bit(name: &'static str, at: u8, mode: Mode, about: &'static str) -> Field {
    Field::new(name, at, 1, mode, about)
}

const CTRL: &[Field] = &[
    bit("BSP_CORE", 8, Mode::Ro, "this is the boot processor"),
    bit("SOFT_EN", 10, Mode::Rw, "interrupts are presented"),
];
const ID: &[Field] = &[
    Field::new("CEPICN", 0, 6, Mode::Ro, "number of the processor"),
    Field::new("PREPICN", 8, 2, Mode::Ro, "number of the node"),
];
const CPR: &[Field] =
    &[Field::new("CPR", 8, 3, Mode::Rw, "classes below interrupt nobody").volatile()];
const ESR: &[Field] =
    &[Field::new("ERRORS", 5, 7, Mode::Ro, "errors until the last write").volatile()];
const ESR2: &[Field] = &[
    Field::new("VECT", 0, 10, Mode::Rw, "vector of errors"),
    bit("STAT", 12, Mode::Ro, "never waiting: sending takes no time"),
    bit("MASK", 16, Mode::Rw, "errors raise nothing"),
];
const EOI: &[Field] = &[Field::new("RCPR", 16, 3, Mode::Wo, "what CPR goes back to")];
const CIR: &[Field] = &[
    Field::new("VECT", 0, 10, Mode::Ro, "the vector presented to the processor").volatile(),
    bit("STAT", 12, Mode::Ro, "there is one").volatile(),
];
const PMIRR: &[Field] = &[Field::new("REQUESTED", 0, 32, Mode::Ro, "a bit a vector").volatile()];
const PNMIRR: &[Field] = &[
    Field::new("STARTUP_ENTRY", 0, 8, Mode::Ro, "bits 19 to 12 of the address to start at")
        .volatile(),
    Field::new("CAUSES", 9, 5, Mode::W1c, "SMI NMI INIT STARTUP INT_VIOLAT").volatile(),
    Field::new("NM", 16, 2, Mode::W1c, "NM_TIMER NM_SPECIAL").volatile(),
];
const NEW: &[Field] =
    &[Field::new("ERRORS", 5, 7, Mode::Ro, "errors since ESR was last written").volatile()];
const ICR: &[Field] = &[
    Field::new("VECT", 0, 10, Mode::Rw, "vector"),
    Field::new("DST_SH", 10, 2, Mode::Rw, "0 DST, 1 self, 2 all but self, 3 all"),
    bit("STAT", 12, Mode::Ro, "never: sending takes no time"),
    Field::new("DLVM", 13, 3, Mode::Rw, "delivery mode"),
    Field::new("GST_ID", 20, 12, Mode::NotModelled, "guest, with hardware virtualisation"),
    Field::new("DST", 40, 10, Mode::Rw, "to whom"),
];
const LVTT: &[Field] = &[
    Field::new("VECT", 0, 10, Mode::Rw, "vector"),
    bit("STAT", 12, Mode::Ro, "never waiting"),
    bit("MASK", 16, Mode::Rw, "raises nothing"),
    bit("MODE", 17, Mode::Rw, "the timer starts again by itself"),
];
const INIT: &[Field] = &[Field::new("COUNT", 0, 32, Mode::Rw, "starts the timer; 0 stops it")];
const CUR: &[Field] = &[Field::new("COUNT", 0, 32, Mode::Ro, "what is left").volatile()];
const DIV: &[Field] = &[
    Field::new("DIVIDE_LO", 0, 2, Mode::Rw, "divider, bits 1 to 0"),
    Field::new("DIVIDE_HI", 3, 1, Mode::Rw, "divider, bit 2"),
];
const NM_LVTT: &[Field] = &[bit("MODE", 17, Mode::Rw, "the timer starts again by itself")];
const SVR: &[Field] =
    &[Field::new("VECT", 0, 10, Mode::Rw, "shown by VECT_INTA when there is none")];
const MASK: &[Field] = &[
    Field::new("MASKED", 9, 2, Mode::Rw, "SMI NMI"),
    bit("INT_VIOLAT", 13, Mode::Rw, "masked"),
    Field::new("NM", 16, 2, Mode::Rw, "NM_TIMER NM_SPECIAL"),
];
const INTA: &[Field] = &[
    Field::new("VECT", 0, 10, Mode::Ro, "what is served from now on").volatile(),
    Field::new("CPR", 16, 3, Mode::Ro, "CPR before").volatile(),
];

const fn row(name: &'static str, offset: u32, fields: &'static [Field]) -> Register {
    Register::new(name, offset, 4, fields).about("", "e2k-machine.md §6.4")
}

elnic_registers::register_file! {
    /// Registers of a CEPIC.
    pub enum CepicRegister {
        CTRL = row("CEPIC_CTRL", 0x000, CTRL),
        ID = row("CEPIC_ID", 0x010, ID),
        CPR = row("CEPIC_CPR", 0x070, CPR),
        ESR = row("CEPIC_ESR", 0x080, ESR),
        ESR2 = row("CEPIC_ESR2", 0x090, ESR2).reset(0x1_0000),
        EOI = row("CEPIC_EOI", 0x0a0, EOI),
        CIR = row("CEPIC_CIR", 0x0b0, CIR),
        PMIRR = row("CEPIC_PMIRR", 0x100, PMIRR).array(32, 4),
        PNMIRR = row("CEPIC_PNMIRR", 0x1e0, PNMIRR),
        ESR_NEW = row("CEPIC_ESR_NEW", 0x1f0, NEW),
        ICR = Register::new("CEPIC_ICR", 0x200, 8, ICR).about("", "e2k-machine.md §6.4"),
        TIMER_LVTT = row("CEPIC_TIMER_LVTT", 0x220, LVTT).reset(0x1_0000),
        TIMER_INIT = row("CEPIC_TIMER_INIT", 0x230, INIT),
        TIMER_CUR = row("CEPIC_TIMER_CUR", 0x240, CUR).read_hook(),
        TIMER_DIV = row("CEPIC_TIMER_DIV", 0x250, DIV),
        NM_TIMER_LVTT = row("CEPIC_NM_TIMER_LVTT", 0x260, NM_LVTT),
        NM_TIMER_INIT = row("CEPIC_NM_TIMER_INIT", 0x270, INIT),
        NM_TIMER_CUR = row("CEPIC_NM_TIMER_CUR", 0x280, CUR).read_hook(),
        NM_TIMER_DIV = row("CEPIC_NM_TIMER_DIV", 0x290, DIV),
        SVR = row("CEPIC_SVR", 0x2a0, SVR),
        PNMIRR_MASK = row("CEPIC_PNMIRR_MASK", 0x2d0, MASK).reset(0x3_2000),
        VECT_INTA = row("CEPIC_VECT_INTA", 0x2f0, INTA).read_hook(),
    }
}

/// Bits that the behaviour names.
pub(super) mod bits {
    pub(crate) const CTRL_BSP: u64 = 1 << 8;
    pub(crate) const CTRL_SOFT_EN: u64 = 1 << 10;
    pub(crate) const STAT: u64 = 1 << 12;
    pub(crate) const MASK: u64 = 1 << 16;
    pub(crate) const MODE: u64 = 1 << 17;
    pub(crate) const VECT: u64 = 0x3ff;
    pub(crate) const ESR_MESSAGE: u64 = 1 << 10;
    pub(crate) const ESR_ICR: u64 = 1 << 11;
    pub(crate) const NM_SMI: u64 = 1 << 9;
    pub(crate) const NM_NMI: u64 = 1 << 10;
    pub(crate) const NM_INIT: u64 = 1 << 11;
    pub(crate) const NM_STARTUP: u64 = 1 << 12;
    pub(crate) const NM_TIMER: u64 = 1 << 16;
    pub(crate) const NM_SPECIAL: u64 = 1 << 17;
}
