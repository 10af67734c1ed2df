//! Registers behind `mmurr`/`mmurw`: loads and stores with a special MAS and a small address (ISA notes 8.3).
//!
//! Families of registers are described by stem, count and step instead of one line each.

use crate::{IsaVersion, Mas, SpecialOperation};

/// A register reached by a special MAS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MmuRegister {
    /// Which unit holds it.
    pub unit: SpecialOperation,
    /// src2 of the access.
    pub address: u32,
    /// Channel of `mmurr`; `mmurw` stands on channel 2.
    pub read_channel: u8,
    /// First version that has it.
    pub since: IsaVersion,
    /// First version in which it can be written, `None`: never.
    pub writable_since: Option<IsaVersion>,
}

/// Name, address, step, count: `step` 0 is a single register, else the name goes on with 0..count.
type Family = (&'static str, u32, u32, u32);

/// Registers of one unit with the same properties.
struct Group {
    unit: SpecialOperation,
    read_channel: u8,
    since: IsaVersion,
    writable_since: Option<IsaVersion>,
    families: &'static [Family],
}

#[rustfmt::skip]
const GROUPS: &[Group] = &[
    Group {
        unit: SpecialOperation::MmuRegister, read_channel: 2, since: IsaVersion::V1, writable_since: Some(IsaVersion::V1),
        families: &[
            ("mmu_cr", 0x00, 0, 1), ("cont", 0x10, 0, 1), ("cr3_rg", 0x20, 0, 1), ("elb_ptb", 0x30, 0, 1),
            ("root_ptb", 0x40, 0, 1), ("trap_point", 0x50, 0, 1), ("mpt_b", 0x70, 0, 1), ("pci_l_b", 0x80, 0, 1),
            ("us_cl_d", 0x90, 0, 1), ("ph_h_b", 0xa0, 0, 1), ("apic_base", 0xd0, 0, 1), ("mtrr", 0x100, 0x10, 33),
            ("pdpte", 0x380, 0x10, 4),
        ],
    },
    Group {
        unit: SpecialOperation::MmuRegister, read_channel: 2, since: IsaVersion::V1, writable_since: Some(IsaVersion::V6),
        families: &[("trap_count", 0x60, 0, 1)],
    },
    Group {
        unit: SpecialOperation::MmuRegister, read_channel: 2, since: IsaVersion::V2, writable_since: Some(IsaVersion::V2),
        families: &[("used_4kb_dtlb", 0xb0, 0, 1), ("used_dtlb_mpt_dw", 0xc0, 0, 1), ("mu_hw0", 0xe0, 0, 1)],
    },
    Group {
        unit: SpecialOperation::MmuRegister, read_channel: 2, since: IsaVersion::V3, writable_since: Some(IsaVersion::V3),
        families: &[
            ("cont_second", 0xf0, 0, 1), ("pat", 0x310, 0, 1), ("ph_hi_l_b", 0x320, 0, 1), ("ph_hi_h_b", 0x330, 0, 1),
            ("tlu_cache", 0x3c0, 0, 1), ("tlu_cmd_mem", 0x3e0, 0, 1),
        ],
    },
    Group {
        unit: SpecialOperation::MmuRegister, read_channel: 2, since: IsaVersion::V6, writable_since: Some(IsaVersion::V6),
        families: &[
            ("pid", 0x10, 0, 1), ("u2_pptb", 0x20, 0, 1), ("u_vptb", 0x30, 0, 1), ("u_pptb", 0x40, 0, 1),
            ("pid2", 0xf0, 0, 1), ("os_vptb", 0x340, 0, 1), ("os_pptb", 0x350, 0, 1), ("virt_ctrl_mu", 0x400, 0, 1),
            ("gid", 0x410, 0, 1), ("gp_vptb", 0x420, 0, 1), ("gp_pptb", 0x430, 0, 1), ("intc_info_mu", 0x440, 0, 1),
            ("intc_ptr_mu", 0x450, 0, 1), ("sh_os_vptb", 0x460, 0, 1), ("sh_os_pptb", 0x470, 0, 1),
            ("g_w_imask_mmu_cr", 0x480, 0, 1), ("sh_pid", 0x490, 0, 1), ("sh_mmu_cr", 0x4a0, 0, 1),
            ("os_vab", 0x4c0, 0, 1), ("sh_os_vab", 0x4d0, 0, 1),
        ],
    },
    Group {
        unit: SpecialOperation::DamRegister, read_channel: 5, since: IsaVersion::V1, writable_since: Some(IsaVersion::V6),
        families: &[("us_cl_b", 0x24, 0, 1), ("us_cl_up", 0x124, 0, 1), ("us_cl_m", 0x04, 0x80, 4)],
    },
    Group {
        unit: SpecialOperation::DamRegister, read_channel: 2, since: IsaVersion::V1, writable_since: None,
        families: &[("mlta", 0x05, 0x80, 16), ("mltb", 0x25, 0x80, 16), ("mltc", 0x45, 0x80, 16)],
    },
    Group {
        unit: SpecialOperation::DamRegister, read_channel: 5, since: IsaVersion::V1, writable_since: Some(IsaVersion::V1),
        families: &[
            ("ddbcr", 0x87, 0, 1), ("ddmcr", 0x107, 0, 1), ("ddbsr", 0xa7, 0, 1), ("ddbar", 0x07, 0x20, 4),
            ("ddmar", 0xc7, 0x20, 2),
        ],
    },
    Group {
        unit: SpecialOperation::L2Register, read_channel: 2, since: IsaVersion::V2, writable_since: None,
        families: &[
            ("l2_b0_bist_sig1", 0x00, 0, 1), ("l2_b1_bist_sig1", 0x40, 0, 1), ("l2_b2_bist_sig1", 0x80, 0, 1),
            ("l2_b3_bist_sig1", 0xc0, 0, 1),
        ],
    },
    Group {
        unit: SpecialOperation::L2Register, read_channel: 2, since: IsaVersion::V2, writable_since: Some(IsaVersion::V2),
        families: &[
            ("l2_b0_bist_sig2", 0x100, 0, 1), ("l2_b1_bist_sig2", 0x140, 0, 1), ("l2_b2_bist_sig2", 0x180, 0, 1),
            ("l2_b3_bist_sig2", 0x1c0, 0, 1), ("l2_b0_bisr_ctrl", 0x200, 0, 1), ("l2_b1_bisr_ctrl", 0x240, 0, 1),
            ("l2_b2_bisr_ctrl", 0x280, 0, 1), ("l2_b3_bisr_ctrl", 0x2c0, 0, 1), ("l2_b0_ctrl", 0x300, 0, 1),
            ("l2_b1_ctrl", 0x340, 0, 1), ("l2_b2_ctrl", 0x380, 0, 1), ("l2_b3_ctrl", 0x3c0, 0, 1),
            ("l2_b0_ecc_dbg", 0x400, 0, 1), ("l2_b1_ecc_dbg", 0x440, 0, 1), ("l2_b2_ecc_dbg", 0x480, 0, 1),
            ("l2_b3_ecc_dbg", 0x4c0, 0, 1), ("l2_b0_err", 0x500, 0, 1), ("l2_b1_err", 0x540, 0, 1),
            ("l2_b2_err", 0x580, 0, 1), ("l2_b3_err", 0x5c0, 0, 1),
        ],
    },
    // Meant for writing; the assembler lets them be read too.
    Group {
        unit: SpecialOperation::MemoryLockInvalidate, read_channel: 2, since: IsaVersion::V1,
        writable_since: Some(IsaVersion::V1), families: &[("dam_inv", 0x0, 0, 1)],
    },
    Group {
        unit: SpecialOperation::MemoryLockInvalidate, read_channel: 2, since: IsaVersion::V3,
        writable_since: Some(IsaVersion::V3), families: &[("mlt_inv", 0x1, 0, 1), ("ldstgt_inv", 0x2, 0, 1)],
    },
];

impl MmuRegister {
    /// The register called `name` (without `%`), in whatever version.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        GROUPS.iter().find_map(|group| {
            let address = group.families.iter().find_map(|family| address_in(*family, name))?;
            Some(Self {
                unit: group.unit,
                address,
                read_channel: group.read_channel,
                since: group.since,
                writable_since: group.writable_since,
            })
        })
    }

    /// MAS of the access.
    #[must_use]
    pub fn mas(&self) -> Mas {
        self.unit.mas()
    }

    /// All names, for "did you mean" in messages.
    pub fn names() -> impl Iterator<Item = String> {
        let families = GROUPS.iter().flat_map(|group| group.families);
        families.flat_map(|(stem, _, step, count)| {
            (0..*count).map(move |number| match step {
                0 => (*stem).to_owned(),
                _ => format!("{stem}{number}"),
            })
        })
    }
}

fn address_in((stem, address, step, count): Family, name: &str) -> Option<u32> {
    if step == 0 {
        return (name == stem).then_some(address);
    }
    let digits = name.strip_prefix(stem)?;
    let number: u32 = digits.parse().ok()?;
    let canonical = number == 0 || !digits.starts_with('0');
    (canonical && number < count).then(|| address + number * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_unit_and_address() {
        let address =
            |name| MmuRegister::by_name(name).map(|r| (r.mas().0, r.address, r.read_channel));
        assert_eq!(address("mtrr32"), Some((0x47, 0x300, 2)));
        assert_eq!(address("mtrr33"), None);
        assert_eq!(address("mltc15"), Some((0x6f, 0x7c5, 2)));
        assert_eq!(address("us_cl_m2"), Some((0x6f, 0x104, 5)));
        assert_eq!(address("l2_b3_ecc_dbg"), Some((0x5f, 0x4c0, 2)));
        assert_eq!(address("pid"), Some((0x47, 0x10, 2)));
    }

    #[test]
    fn every_name_is_found() {
        let mut count = 0;
        for name in MmuRegister::names() {
            assert!(MmuRegister::by_name(&name).is_some(), "{name}");
            count += 1;
        }
        assert_eq!(count, 168);
    }
}
