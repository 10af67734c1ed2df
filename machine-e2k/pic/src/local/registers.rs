//! Registers of a local interrupt controller (e2k-machine.md §6.1; identity as qemu-e2k-contract.md §4 shows it).

use elnic_contract::{Field, Mode, Register};

/// A bit that its name explains.
const fn bit(name: &'static str, at: u8, mode: Mode, about: &'static str) -> Field {
    Field::new(name, at, 1, mode, about)
}

const RO: &[Field] = &[Field::new("VALUE", 0, 32, Mode::Ro, "set by the hardware").volatile()];
const NM_LVTT: &[Field] = &[bit("PERIODIC", 17, Mode::Rw, "the timer starts again by itself")];
const BSP: &[Field] = &[
    bit("IS_BSP", 8, Mode::Ro, "this is the boot processor"),
    bit("ENABLE", 11, Mode::NotModelled, "controller enabled"),
    Field::new("BASE", 12, 20, Mode::NotModelled, "address of the controller"),
];
const ID: &[Field] = &[Field::new("ID", 24, 8, Mode::Rw, "number of the controller")];
const TPR: &[Field] = &[Field::new("TPR", 0, 8, Mode::Rw, "priority of what software does")];
const EOI: &[Field] = &[Field::new("EOI", 0, 32, Mode::Wo, "any write ends the served interrupt")];
const LDR: &[Field] = &[Field::new("LDR", 24, 8, Mode::Rw, "logical destination")];
const DFR: &[Field] = &[
    Field::new("ONES", 0, 28, Mode::Ro, "read as ones"),
    Field::new("MODEL", 28, 4, Mode::Rw, "15: one bit a controller; 0: clusters of four"),
];
const SPIV: &[Field] = &[
    Field::new("VECTOR", 0, 8, Mode::Rw, "shown by VECT when nothing is pending"),
    bit("ENABLE", 8, Mode::Rw, "interrupts are accepted"),
    bit("FOCUS", 9, Mode::NotModelled, "focus processor checking"),
    bit("DIRECTED_EOI", 12, Mode::Rw, "the end of an interrupt is not told to the I/O controller"),
];
const ESR: &[Field] =
    &[Field::new("ERRORS", 0, 8, Mode::Ro, "errors until the last write").volatile()];
const ICR: &[Field] = &[
    Field::new("VECTOR", 0, 8, Mode::Rw, "vector"),
    Field::new("MODE", 8, 3, Mode::Rw, "delivery mode"),
    bit("LOGICAL", 11, Mode::Rw, "destination is a logical one"),
    bit("BUSY", 12, Mode::Ro, "never: sending takes no time"),
    bit("ASSERT", 14, Mode::Rw, "level to assert"),
    bit("TRIGGER", 15, Mode::Rw, "level triggered"),
    Field::new("SHORTHAND", 18, 2, Mode::Rw, "1 self, 2 all, 3 all but self"),
];
const ICR2: &[Field] = &[Field::new("DESTINATION", 24, 8, Mode::Rw, "to whom")];
const LVT: &[Field] = &[
    Field::new("VECTOR", 0, 8, Mode::Rw, "vector"),
    Field::new("MODE", 8, 3, Mode::Rw, "delivery mode"),
    bit("PENDING", 12, Mode::Ro, "delivery status"),
    bit("POLARITY", 13, Mode::Rw, "active low"),
    bit("REMOTE_IRR", 14, Mode::Ro, "level interrupt accepted"),
    bit("TRIGGER", 15, Mode::Rw, "level triggered"),
    bit("MASK", 16, Mode::Rw, "masked; set while the controller is off").volatile(),
    bit("PERIODIC", 17, Mode::Rw, "the timer starts again by itself"),
];
const TMICT: &[Field] = &[Field::new("COUNT", 0, 32, Mode::Rw, "starts the timer; 0 stops it")];
const TDCR: &[Field] = &[
    Field::new("DIVIDE_LO", 0, 2, Mode::Rw, "divider, bits 1 to 0"),
    Field::new("DIVIDE_HI", 3, 1, Mode::Rw, "divider, bit 2"),
];
const SELF: &[Field] = &[Field::new("VECTOR", 0, 8, Mode::Wo, "interrupts this processor")];
const M_ERM: &[Field] = &[Field::new("MASKED", 8, 11, Mode::Rw, "causes of NM that raise nothing")];
const NM: &[Field] = &[
    Field::new("STARTUP", 0, 8, Mode::Ro, "bits 19 to 12 of the address to start at").volatile(),
    Field::new("CAUSES", 8, 11, Mode::W1c, "EXTINT SMI NMI INIT STARTUP …").volatile(),
];
const VECT: &[Field] = &[
    Field::new("VECTOR", 0, 8, Mode::Ro, "what is served from now on").volatile(),
    bit("EXTINT", 31, Mode::Ro, "an external controller has the vector").volatile(),
];

const fn row(name: &'static str, offset: u32, fields: &'static [Field]) -> Register {
    Register::new(name, offset, 4, fields).about("", "e2k-machine.md §6.1")
}

elnic_registers::register_file! {
    /// Registers of a local interrupt controller.
    pub enum LapicRegister {
        BSP = row("BSP", 0x010, BSP).reset(0xfee0_0800),
        ID = row("ID", 0x020, ID),
        LVR = row("LVR", 0x030, RO).reset(0x0005_0014),
        TPR = row("TPR", 0x080, TPR),
        APR = row("APR", 0x090, RO),
        PPR = row("PPR", 0x0a0, RO),
        EOI = row("EOI", 0x0b0, EOI),
        LDR = row("LDR", 0x0d0, LDR),
        DFR = row("DFR", 0x0e0, DFR).reset(0xffff_ffff),
        SPIV = row("SPIV", 0x0f0, SPIV).reset(0xff),
        ISR = row("ISR", 0x100, RO).array(8, 16),
        TMR = row("TMR", 0x180, RO).array(8, 16),
        IRR = row("IRR", 0x200, RO).array(8, 16),
        ESR = row("ESR", 0x280, ESR),
        ICR = row("ICR", 0x300, ICR),
        ICR2 = row("ICR2", 0x310, ICR2),
        LVTT = row("LVTT", 0x320, LVT).reset(0x1_0000),
        LVTTHMR = row("LVTTHMR", 0x330, LVT).reset(0x1_0000),
        LVTPC = row("LVTPC", 0x340, LVT).reset(0x1_0000),
        LVT0 = row("LVT0", 0x350, LVT).reset(0x1_0700),
        LVT1 = row("LVT1", 0x360, LVT).reset(0x1_0000),
        LVTERR = row("LVTERR", 0x370, LVT).reset(0x1_0000),
        TMICT = row("TMICT", 0x380, TMICT),
        TMCCT = row("TMCCT", 0x390, RO).read_hook(),
        TDCR = row("TDCR", 0x3e0, TDCR),
        SELF_IPI = row("SELF_IPI", 0x3f0, SELF),
        NM_TIMER_LVTT = row("NM_TIMER_LVTT", 0xf00, NM_LVTT),
        NM_TIMER_INIT = row("NM_TIMER_INIT", 0xf10, TMICT),
        NM_TIMER_CURRENT = row("NM_TIMER_CURRENT", 0xf20, RO).read_hook(),
        NM_TIMER_DIVIDER = row("NM_TIMER_DIVIDER", 0xf30, TDCR),
        LVT2 = row("LVT2", 0xf40, LVT).reset(0x1_0000),
        LVT3 = row("LVT3", 0xf50, LVT).reset(0x1_0000),
        LVT4 = row("LVT4", 0xf60, LVT).reset(0x1_0000),
        M_ERM = row("M_ERM", 0xfc0, M_ERM),
        NM = row("NM", 0xfe0, NM),
        VECT = row("VECT", 0xff0, VECT).reset(0xff).read_hook(),
    }
}

/// Local vector table: what software masks and a controller that is off masks itself.
pub(super) const LOCAL_VECTORS: [LapicRegister; 9] = [
    LapicRegister::LVTT,
    LapicRegister::LVTTHMR,
    LapicRegister::LVTPC,
    LapicRegister::LVT0,
    LapicRegister::LVT1,
    LapicRegister::LVTERR,
    LapicRegister::LVT2,
    LapicRegister::LVT3,
    LapicRegister::LVT4,
];

/// Bits that the behaviour names.
pub(super) mod bits {
    pub(crate) const BSP_IS_BSP: u64 = 1 << 8;
    pub(crate) const SPIV_ENABLE: u64 = 1 << 8;
    pub(crate) const SPIV_DIRECTED_EOI: u64 = 1 << 12;
    pub(crate) const LVT_MASK: u64 = 1 << 16;
    pub(crate) const LVT_PERIODIC: u64 = 1 << 17;
    pub(crate) const ICR_LOGICAL: u64 = 1 << 11;
    pub(crate) const ICR_ASSERT: u64 = 1 << 14;
    pub(crate) const ICR_LEVEL: u64 = 1 << 15;
    pub(crate) const ESR_SENT_ILLEGAL: u64 = 1 << 5;
    pub(crate) const ESR_RECEIVED_ILLEGAL: u64 = 1 << 6;
    pub(crate) const NM_EXTINT: u64 = 1 << 8;
    pub(crate) const NM_SMI: u64 = 1 << 9;
    pub(crate) const NM_NMI: u64 = 1 << 10;
    pub(crate) const NM_INIT: u64 = 1 << 11;
    pub(crate) const NM_STARTUP: u64 = 1 << 12;
    pub(crate) const NM_TIMER: u64 = 1 << 16;
}
