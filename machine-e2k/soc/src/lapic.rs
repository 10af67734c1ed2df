//! The local interrupt controller, as far as a program that polls needs it: identity and storage.
//!
//! Register layout: e2k-machine.md §6.1; values at reset: qemu-e2k-contract.md §4. Left out: acceptance, priority and
//! delivery of interrupts, inter-processor interrupts, the timers.

use elnic_contract::{Field, Mode, Model, RegionKind, RegionSpec, Register};

use crate::RegisterBlock;

const RO: &[Field] = &[Field::new("VALUE", 0, 32, Mode::Ro, "fixed by the hardware")];
const WORD: &[Field] = &[Field::new("VALUE", 0, 32, Mode::NotModelled, "stored")];
const BSP: &[Field] = &[
    Field::new("IS_BSP", 8, 1, Mode::Ro, "this is the boot processor"),
    Field::new("ENABLE", 11, 1, Mode::NotModelled, "controller enabled"),
    Field::new("BASE", 12, 20, Mode::NotModelled, "address of the controller"),
];
const ID: &[Field] = &[Field::new("ID", 24, 8, Mode::NotModelled, "number of the controller")];
const TPR: &[Field] = &[Field::new("TPR", 0, 8, Mode::NotModelled, "task priority")];
const EOI: &[Field] =
    &[Field::new("EOI", 0, 32, Mode::Wo, "end of interrupt; none is ever served")];
const LDR: &[Field] = &[Field::new("LDR", 24, 8, Mode::NotModelled, "logical destination")];
const DFR: &[Field] = &[
    Field::new("ONES", 0, 28, Mode::Ro, "read as ones"),
    Field::new("MODEL", 28, 4, Mode::NotModelled, "destination format"),
];
const SPIV: &[Field] = &[
    Field::new("VECTOR", 0, 8, Mode::NotModelled, "spurious vector"),
    Field::new("ENABLE", 8, 1, Mode::NotModelled, "software enable"),
    Field::new("FOCUS", 9, 1, Mode::NotModelled, "focus processor checking"),
    Field::new("DIRECTED_EOI", 12, 1, Mode::NotModelled, "do not broadcast the end of interrupt"),
];
const LVT: &[Field] = &[
    Field::new("VECTOR", 0, 8, Mode::NotModelled, "vector"),
    Field::new("MODE", 8, 3, Mode::NotModelled, "delivery mode"),
    Field::new("PENDING", 12, 1, Mode::Ro, "delivery status"),
    Field::new("POLARITY", 13, 1, Mode::NotModelled, "active low"),
    Field::new("REMOTE_IRR", 14, 1, Mode::Ro, "level interrupt accepted"),
    Field::new("TRIGGER", 15, 1, Mode::NotModelled, "level triggered"),
    Field::new("MASK", 16, 1, Mode::NotModelled, "masked"),
    Field::new("PERIODIC", 17, 1, Mode::NotModelled, "periodic timer"),
];

const fn row(name: &'static str, offset: u32, fields: &'static [Field]) -> Register {
    Register::new(name, offset, 4, fields).about("", "e2k-machine.md §6.1")
}

elnic_registers::register_file! {
    /// Registers of the local interrupt controller.
    pub enum LapicRegister {
        BSP = row("BSP", 0x010, BSP).reset(0xfee0_0900),
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
        ESR = row("ESR", 0x280, WORD),
        ICR = row("ICR", 0x300, WORD),
        ICR2 = row("ICR2", 0x310, WORD),
        LVTT = row("LVTT", 0x320, LVT).reset(0x1_0000),
        LVTTHMR = row("LVTTHMR", 0x330, LVT).reset(0x1_0000),
        LVTPC = row("LVTPC", 0x340, LVT).reset(0x1_0000),
        LVT0 = row("LVT0", 0x350, LVT).reset(0x1_0700),
        LVT1 = row("LVT1", 0x360, LVT).reset(0x1_0000),
        LVTERR = row("LVTERR", 0x370, LVT).reset(0x1_0000),
        TMICT = row("TMICT", 0x380, WORD),
        TMCCT = row("TMCCT", 0x390, RO),
        TDCR = row("TDCR", 0x3e0, WORD),
        LVT2 = row("LVT2", 0xf40, LVT).reset(0x1_0000),
        LVT3 = row("LVT3", 0xf50, LVT).reset(0x1_0000),
        LVT4 = row("LVT4", 0xf60, LVT).reset(0x1_0000),
        M_ERM = row("M_ERM", 0xfc0, WORD),
        NM = row("NM", 0xfe0, RO),
        VECT = row("VECT", 0xff0, RO).reset(0xff),
    }
}

/// What the local interrupt controller says of itself.
pub static LAPIC_MODEL: Model = Model {
    name: "lapic",
    aliases: &[],
    summary: "local interrupt controller of the boot processor",
    pci: None,
    regions: &[RegionSpec {
        name: "lapic",
        bar: 0,
        kind: RegionKind::Fixed,
        size: crate::map::LOCAL_APIC.size,
    }],
    registers: <LapicRegister as elnic_registers::RegisterFile>::TABLE,
    sources: &["e2k-machine.md §6.1", "qemu-e2k-contract.md §4"],
};

/// The local interrupt controller of the boot processor after reset.
pub fn lapic() -> RegisterBlock<LapicRegister> {
    RegisterBlock::new(&LAPIC_MODEL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use elnic_contract::{Access, Cx, Device, NoDma, Outbox, Silent, Size, VTime};

    #[test]
    fn the_table_has_no_mistakes() {
        assert_eq!(elnic_registers::check(&LAPIC_MODEL), []);
    }

    #[test]
    fn identity_reads_as_on_the_boot_processor() {
        let (mut lapic, mut outbox, mut dma, mut log) = (lapic(), Outbox::new(), NoDma, Silent);
        let cx = &mut Cx::new(VTime::ZERO, &mut dma, &mut outbox, &mut log);
        for (offset, value) in [(0x10, 0xfee0_0900), (0x20, 0), (0x30, 0x0005_0014), (0x40, 0)] {
            let access = Access::new(0, offset, Size::Word).unwrap();
            assert_eq!(lapic.read(cx, access), Ok(value), "{offset:#x}");
        }
        let bsp = Access::new(0, 0x10, Size::Word).unwrap();
        lapic.write(cx, bsp, 0).unwrap();
        assert_eq!(lapic.read(cx, bsp), Ok(0x100), "being the boot processor cannot be changed");
    }
}
