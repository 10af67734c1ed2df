//! The system interface controller (SIC, also NBSR) of node 0: routing registers.
//!
//! With one node there is nothing to route, so all of it is storage, with the reset values of qemu-e2k-contract.md §6.
//! Offsets: e2k-machine.md §1.4. Left out: links, memory controllers, power management, performance counters.

use elnic_contract::{Field, Mode, Model, RegionKind, RegionSpec, Register};

use crate::RegisterBlock;

/// One field of all 32 bits that software may set without effect.
const WORD: &[Field] = &[Field::new("VALUE", 0, 32, Mode::NotModelled, "routing")];
const MHI: &[Field] = &[
    Field::new("BGN", 0, 16, Mode::NotModelled, "first address, in 4 GiB"),
    Field::new("END", 16, 16, Mode::NotModelled, "last address, in 4 GiB"),
];
/// MLO and PCIM: begin and end in units of 128 MiB.
const LOW: &[Field] = &[
    Field::new("RESERVED0", 0, 11, Mode::NotModelled, "stored"),
    Field::new("BGN", 11, 5, Mode::NotModelled, "first address, in 128 MiB"),
    Field::new("RESERVED1", 16, 11, Mode::NotModelled, "stored"),
    Field::new("END", 27, 5, Mode::NotModelled, "last address, in 128 MiB"),
];
const PCIIO: &[Field] = &[
    Field::new("RESERVED0", 0, 12, Mode::NotModelled, "stored"),
    Field::new("BGN", 12, 4, Mode::NotModelled, "first port, in 4 KiB"),
    Field::new("RESERVED1", 16, 12, Mode::NotModelled, "stored"),
    Field::new("END", 28, 4, Mode::NotModelled, "last port, in 4 KiB"),
];
const PCICFGB: &[Field] = &[
    Field::new("RESERVED", 0, 3, Mode::NotModelled, "stored"),
    Field::new("BGN", 3, 18, Mode::NotModelled, "configuration space, in 256 MiB"),
    Field::new("RESERVED1", 21, 11, Mode::NotModelled, "stored"),
];

const fn word(name: &'static str, offset: u32, about: &'static str) -> Register {
    Register::new(name, offset, 4, WORD).about(about, "e2k-machine.md §1.4")
}

elnic_registers::register_file! {
    /// Registers of the system interface controller.
    pub enum SicRegister {
        ST_P = word("ST_P", 0x000, "the node: type, number, processors"),
        RT_LN = word("RT_LN", 0x008, "links"),
        RT_LAPIC = word("RT_LAPIC", 0x00c, "local interrupt controller window"),
        RT_LCFG0 = word("RT_LCFG0", 0x010, "configuration of the node itself").reset(0xb),
        RT_LCFG = word("RT_LCFG", 0x014, "configuration of links 1 to 3").reset(0x30).array(3, 4),
        RT_MHI = Register::new("RT_MHI", 0x020, 4, MHI)
            .about("high memory of nodes 0 to 3", "e2k-machine.md §1.4").reset(0xffff).array(4, 4),
        RT_MLO = Register::new("RT_MLO", 0x030, 4, LOW)
            .about("low memory of nodes 0 to 3", "e2k-machine.md §1.4").reset(0xf800).array(4, 4),
        RT_PCIM = Register::new("RT_PCIM", 0x040, 4, LOW)
            .about("PCI memory of nodes 0 to 3", "e2k-machine.md §1.4").reset(0xf800).array(4, 4),
        RT_PCIIO = Register::new("RT_PCIIO", 0x050, 4, PCIIO)
            .about("ports of nodes 0 to 3", "e2k-machine.md §1.4").reset(0xf000).array(4, 4),
        RT_IOAPIC = word("RT_IOAPIC", 0x060, "I/O interrupt controllers of nodes 0 to 3").array(4, 4),
        RT_PCIMP_B = word("RT_PCIMP_B", 0x070, "prefetchable memory: begin").reset(0xffff_ffff).array(4, 4),
        RT_PCIMP_E = word("RT_PCIMP_E", 0x080, "prefetchable memory: end").array(4, 4),
        RT_PCICFGB = Register::new("RT_PCICFGB", 0x090, 4, PCICFGB)
            .about("configuration space", "e2k-machine.md §1.4").reset(0x40),
        RT_MSI = word("RT_MSI", 0x0b0, "message-signalled interrupts: window, low half"),
        RT_MSI_H = word("RT_MSI_H", 0x0b4, "message-signalled interrupts: window, high half"),
        IOMMU_CTRL = word("IOMMU_CTRL", 0x380, "I/O memory management: control"),
        IOMMU_BA = word("IOMMU_BA", 0x390, "I/O page table").array(2, 4),
        IOMMU_DTBA = word("IOMMU_DTBA", 0x398, "device table").array(2, 4),
        IOMMU_FLUSH = word("IOMMU_FLUSH", 0x3a0, "forget translations").array(2, 4),
        IOMMU_ERR = word("IOMMU_ERR", 0x3b0, "errors").array(2, 4),
        IOMMU_ERR_INFO = word("IOMMU_ERR_INFO", 0x3b8, "address of the first error").array(2, 4),
        IO_VID = word("IO_VID", 0x700, "what is behind the link to the I/O hub").reset(0x1),
        IO_CSR = word("IO_CSR", 0x704, "the link: bit 31, it is there").reset(0x8000_0000),
        IO_TMR = word("IO_TMR", 0x708, "the link's time-outs"),
        IO_STR = word("IO_STR", 0x70c, "the link's statistics"),
        PREPIC_CTRL2 = word("PREPIC_CTRL2", 0x8030, "interrupts of the node"),
        PREPIC_ERR_STAT = word("PREPIC_ERR_STAT", 0x8040, "errors"),
        PREPIC_ERR_INT = word("PREPIC_ERR_INT", 0x8060, "interrupt on errors"),
        PREPIC_LINP = word("PREPIC_LINP", 0x8c00, "interrupt pins of the node").array(6, 4),
    }
}

/// What the system interface controller says of itself.
pub static SIC_MODEL: Model = Model {
    name: "sic",
    aliases: &[],
    summary: "system interface controller: routing registers of node 0",
    pci: None,
    regions: &[RegionSpec {
        name: "sic",
        bar: 0,
        kind: RegionKind::Fixed,
        size: crate::map::FULL_SIC.sic.size,
    }],
    registers: <SicRegister as elnic_registers::RegisterFile>::TABLE,
    sources: &["e2k-machine.md §1.4", "qemu-e2k-contract.md §6"],
};

/// The system interface controller after reset.
pub fn sic() -> RegisterBlock<SicRegister> {
    RegisterBlock::new(&SIC_MODEL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use elnic_contract::{Access, Cx, Device, NoDma, Outbox, Silent, Size, VTime};

    #[test]
    fn the_table_has_no_mistakes() {
        assert_eq!(elnic_registers::check(&SIC_MODEL), []);
    }

    #[test]
    fn reset_values_are_those_observed() {
        let (mut sic, mut outbox, mut dma, mut log) = (sic(), Outbox::new(), NoDma, Silent);
        let cx = &mut Cx::new(VTime::ZERO, &mut dma, &mut outbox, &mut log);
        let wanted = [
            (0x10, 0xb),
            (0x14, 0x30),
            (0x18, 0x30),
            (0x1c, 0x30),
            (0x20, 0xffff),
            (0x30, 0xf800),
            (0x40, 0xf800),
            (0x50, 0xf000),
            (0x70, 0xffff_ffff),
            (0x80, 0),
            (0x90, 0x40),
            (0xb0, 0),
            (0x5f0, 0),
        ];
        for (offset, value) in wanted {
            let access = Access::new(0, offset, Size::Word).unwrap();
            assert_eq!(sic.read(cx, access), Ok(value), "{offset:#x}");
        }
        let access = Access::new(0, 0x34, Size::Word).unwrap();
        sic.write(cx, access, 0x1234_5678).unwrap();
        assert_eq!(sic.read(cx, access), Ok(0x1234_5678));
        let saved = sic.save();
        let mut other = super::sic();
        other.restore(&saved).unwrap();
        assert_eq!(other.registers(), sic.registers());
    }
}
