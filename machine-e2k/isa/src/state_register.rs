//! State registers of `rrs`, `rrd`, `rws`, `rwd`: number, name, version (ISA notes 3.6).

use std::fmt;

use crate::IsaVersion;

/// A state register by number; not every number has a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateRegister(pub u8);

/// Number, name, first version, whether the assembler drains exceptions (`wait all_e=1`) in the bundle of a lone write.
type Entry = (u8, &'static str, u8, bool);

#[rustfmt::skip]
const NAMES: &[Entry] = &[
    (0x00, "psr", 1, true), (0x01, "wd", 1, false), (0x04, "core_mode", 3, false), (0x06, "cwd", 1, true),
    (0x07, "psp.hi", 1, true), (0x09, "psp.lo", 1, true), (0x0b, "pshtp", 1, true), (0x0d, "pcsp.hi", 1, true),
    (0x0f, "pcsp.lo", 1, true), (0x13, "pcshtp", 1, false), (0x15, "ctpr1", 1, false), (0x16, "ctpr2", 1, false),
    (0x17, "ctpr3", 1, false), (0x19, "ctpr1.hi", 6, false), (0x1a, "ctpr2.hi", 6, false), (0x1b, "ctpr3.hi", 6, false),
    (0x1e, "sbr", 1, false), (0x21, "cutd", 1, true), (0x22, "oscutd", 6, true), (0x23, "eir", 1, false),
    (0x24, "tsd", 1, false), (0x25, "cuir", 1, false), (0x26, "oscud.hi", 1, true), (0x27, "oscud.lo", 1, true),
    (0x28, "osgd.hi", 1, true), (0x29, "osgd.lo", 1, true), (0x2a, "osem", 1, true), (0x2b, "oscuir", 6, false),
    (0x2c, "usd.hi", 1, true), (0x2d, "usd.lo", 1, true), (0x2e, "tr", 1, false), (0x2f, "osr0", 1, false),
    (0x30, "cud.hi", 1, false), (0x31, "cud.lo", 1, false), (0x32, "gd.hi", 1, false), (0x33, "gd.lo", 1, false),
    (0x34, "cs.hi", 1, true), (0x35, "cs.lo", 1, true), (0x36, "ds.hi", 1, true), (0x37, "ds.lo", 1, true),
    (0x38, "es.hi", 1, true), (0x39, "es.lo", 1, true), (0x3a, "fs.hi", 1, true), (0x3b, "fs.lo", 1, true),
    (0x3c, "gs.hi", 1, true), (0x3d, "gs.lo", 1, true), (0x3e, "ss.hi", 1, true), (0x3f, "ss.lo", 1, true),
    (0x40, "dibcr", 1, false), (0x41, "dimcr", 1, false), (0x42, "dibsr", 1, false), (0x43, "dtcr", 1, false),
    (0x46, "dimtp.hi", 6, false), (0x47, "dimtp.lo", 6, false), (0x48, "dibar0", 1, false), (0x49, "dibar1", 1, false),
    (0x4a, "dibar2", 1, false), (0x4b, "dibar3", 1, false), (0x4c, "dimar0", 1, false), (0x4d, "dimar1", 1, false),
    (0x4e, "dtarf", 1, false), (0x4f, "dtart", 1, false), (0x51, "cr0.hi", 1, false), (0x53, "cr0.lo", 1, false),
    (0x55, "cr1.hi", 1, false), (0x57, "cr1.lo", 1, false), (0x58, "sh_psp.hi", 6, false), (0x59, "sh_psp.lo", 6, false),
    (0x5a, "bu_psp.hi", 6, false), (0x5b, "bu_psp.lo", 6, false), (0x5c, "sh_pcsp.hi", 6, false),
    (0x5d, "sh_pcsp.lo", 6, false), (0x5e, "sh_pshtp", 6, false), (0x5f, "sh_pcshtp", 6, false),
    (0x60, "virt_ctrl_cu", 6, false), (0x61, "hceb", 6, false), (0x62, "hcem", 6, false), (0x63, "g_preempt_tmr", 6, false),
    (0x64, "intc_info_cu", 6, false), (0x65, "intc_ptr_cu", 6, false), (0x66, "sh_psr", 6, false),
    (0x67, "sh_core_mode", 6, false), (0x68, "sh_oscud.hi", 6, false), (0x69, "sh_oscud.lo", 6, false),
    (0x6a, "sh_osgd.hi", 6, false), (0x6b, "sh_osgd.lo", 6, false), (0x6c, "sh_oscutd", 6, false),
    (0x6d, "sh_oscuir", 6, false), (0x6e, "sh_osr0", 6, false), (0x6f, "sh_sclkm3", 6, false), (0x70, "sclkm1", 3, false),
    (0x71, "sclkm2", 3, false), (0x72, "sclkm3", 3, false), (0x74, "bu_pcsp.hi", 6, false), (0x75, "bu_pcsp.lo", 6, false),
    (0x76, "sh_wd", 6, false), (0x78, "cu_hw0", 2, false), (0x79, "cu_hw1", 5, false), (0x80, "upsr", 1, false),
    (0x81, "ip", 1, false), (0x82, "nip", 1, false), (0x83, "lsr", 1, false), (0x84, "pfpfr", 1, false),
    (0x85, "fpcr", 1, false), (0x86, "fpsr", 1, false), (0x87, "ilcr", 1, false), (0x88, "br", 1, false),
    (0x89, "bgr", 1, false), (0x8a, "idr", 2, false), (0x90, "clkr", 1, false), (0x91, "rndpr", 3, false),
    (0x92, "sclkr", 3, false), (0x9c, "tir.hi", 1, false), (0x9d, "tir.lo", 1, false), (0xa0, "rpr.lo", 1, false),
    (0xa1, "sbbp", 1, false), (0xa2, "rpr.hi", 1, false), (0xc0, "upsrm", 3, false), (0xc3, "lsr1", 5, false),
    (0xc7, "ilcr1", 5, false),
];

/// Other names the assembler takes.
const ALIASES: &[(&str, &str)] = &[
    ("usbr", "sbr"),
    ("rpr", "rpr.lo"),
    ("ctpr1.lo", "ctpr1"),
    ("ctpr2.lo", "ctpr2"),
    ("ctpr3.lo", "ctpr3"),
];

macro_rules! known {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        impl StateRegister {
            $($(#[$doc])* pub const $name: Self = Self($number);)*
        }
    };
}

known! {
    /// Processor state.
    PSR = 0x00;
    /// Window descriptor.
    WD = 0x01;
    /// Procedure stack pointer, size and index.
    PSP_HI = 0x07;
    /// Procedure stack pointer, base.
    PSP_LO = 0x09;
    /// Hardware part of the procedure stack.
    PSHTP = 0x0b;
    /// Chain stack pointer, size and index.
    PCSP_HI = 0x0d;
    /// Chain stack pointer, base.
    PCSP_LO = 0x0f;
    /// Hardware part of the chain stack.
    PCSHTP = 0x13;
    /// Control transfer register 1; 2 and 3 follow.
    CTPR1 = 0x15;
    /// Control transfer register 2.
    CTPR2 = 0x16;
    /// Control transfer register 3.
    CTPR3 = 0x17;
    /// Stack base.
    SBR = 0x1e;
    /// Code unit descriptor of the operating system: trap entry.
    OSCUD_LO = 0x27;
    /// User stack descriptor, size.
    USD_HI = 0x2c;
    /// User stack descriptor, base.
    USD_LO = 0x2d;
    /// Current chain frame: predicates.
    CR0_LO = 0x53;
    /// Current chain frame: return address.
    CR0_HI = 0x51;
    /// Current chain frame: window.
    CR1_LO = 0x57;
    /// Current chain frame: rotation, stack.
    CR1_HI = 0x55;
    /// User processor state.
    UPSR = 0x80;
    /// Address of this bundle.
    IP = 0x81;
    /// Address of the next bundle.
    NIP = 0x82;
    /// Loop state.
    LSR = 0x83;
    /// Packed floating point flags and control.
    PFPFR = 0x84;
    /// x87 control word.
    FPCR = 0x85;
    /// x87 status word.
    FPSR = 0x86;
    /// Initial loop counter.
    ILCR = 0x87;
    /// Rotation of based registers and predicates.
    BR = 0x88;
    /// Rotation of globals.
    BGR = 0x89;
    /// Identification.
    IDR = 0x8a;
    /// Cycle counter.
    CLKR = 0x90;
    /// System clock.
    SCLKR = 0x92;
    /// Trap information, causes.
    TIR_HI = 0x9c;
    /// Trap information, address.
    TIR_LO = 0x9d;
    /// Mask of the user processor state.
    UPSRM = 0xc0;
    /// Loop state, wide counter.
    LSR1 = 0xc3;
    /// Initial loop counter, wide.
    ILCR1 = 0xc7;
}

impl StateRegister {
    fn entry(self) -> Option<&'static Entry> {
        NAMES.iter().find(|(number, ..)| *number == self.0)
    }

    /// The register called `name` (without `%`) in `version`.
    #[must_use]
    pub fn by_name(name: &str, version: IsaVersion) -> Option<Self> {
        let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
        NAMES
            .iter()
            .find(|(_, known, since, _)| *known == name && *since <= version as u8)
            .map(|(number, ..)| Self(*number))
    }

    /// Its name without `%`, `None` for a number without a register.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.entry().map(|(_, name, ..)| *name)
    }

    /// First version that has it.
    #[must_use]
    pub fn since(self) -> Option<IsaVersion> {
        self.entry().and_then(|(_, _, since, _)| IsaVersion::from_number(*since))
    }

    /// Whether the assembler puts `wait all_e=1` beside a write that stands outside braces.
    #[must_use]
    pub fn write_drains_exceptions(self) -> bool {
        self.entry().is_some_and(|(.., drains)| *drains)
    }

    /// All names, for "did you mean" in messages.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(_, name, ..)| *name).chain(ALIASES.iter().map(|(alias, _)| *alias))
    }
}

impl fmt::Display for StateRegister {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "%{name}"),
            None => write!(f, "%state_{:#04x}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ascending_and_names_unique() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        let mut names: Vec<_> = StateRegister::names().collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_register_exists_from_its_version_on() {
        assert_eq!(StateRegister::by_name("lsr1", IsaVersion::V4), None);
        assert_eq!(StateRegister::by_name("lsr1", IsaVersion::V5), Some(StateRegister::LSR1));
        assert_eq!(StateRegister::by_name("usbr", IsaVersion::V2), Some(StateRegister::SBR));
        assert_eq!(StateRegister(0x99).to_string(), "%state_0x99");
    }
}
