//! Control syllables: SS (stub), CS0 (preparation and immediate transfers), CS1 (window, calls, barriers); ISA notes 4.

use crate::{ControlCondition, Mas};

/// `%ctpr1`, `%ctpr2`, `%ctpr3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ControlTransferRegister {
    /// `%ctpr1`.
    Ctpr1 = 1,
    /// `%ctpr2`, the only one for array prefetch programs.
    Ctpr2 = 2,
    /// `%ctpr3`, the only one for `return`.
    Ctpr3 = 3,
}

impl ControlTransferRegister {
    /// From 1..=3.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Ctpr1, Self::Ctpr2, Self::Ctpr3]
            .into_iter()
            .find(|register| *register as u8 == number)
    }

    /// 1..=3.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// Distance from a bundle in 8-byte units, signed, 28 bits (24 for `pref`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Displacement(pub i32);

impl Displacement {
    /// The distance between two addresses; `None` if not a multiple of 8 or too far.
    #[must_use]
    pub fn between(bundle: u64, target: u64) -> Option<Self> {
        let distance = target.wrapping_sub(bundle) as i64;
        let units = i32::try_from(distance >> 3).ok()?;
        (distance & 7 == 0 && (-(1 << 27)..1 << 27).contains(&units)).then_some(Self(units))
    }

    /// The address it leads to from the bundle at `bundle`.
    #[must_use]
    pub fn target(self, bundle: u64) -> u64 {
        bundle.wrapping_add_signed(i64::from(self.0) * 8)
    }
}

/// SS: what happens at the end of the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stub {
    /// The usual form (SF1).
    Transfer(TransferStub),
    /// Operations on type-segment descriptors (SF2, version 3).
    Descriptor {
        /// What is done.
        operation: DescriptorOperation,
        /// Condition bits, kept for `invts ? %pred`.
        condition: ControlCondition,
        /// `ipd` bits.
        ipd: u8,
    },
}

/// SF2 operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DescriptorOperation {
    /// `invts`.
    Invalidate = 2,
    /// `flushts`.
    Flush = 3,
    /// `invts ? %pred`.
    InvalidateIf = 6,
    /// `invts ? ~%pred`.
    InvalidateUnless = 7,
}

/// SF1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransferStub {
    /// When the transfer of this bundle happens.
    pub condition: ControlCondition,
    /// Register the transfer (`ct`, `call`) goes through; `None`: CS0 says where to, or there is no transfer.
    pub register: Option<ControlTransferRegister>,
    /// `ipd`, 0..=3: depth of the prefetch of prepared code; 3 where SS is absent.
    pub ipd: u8,
    /// `alc`: advance loop counters.
    pub alc: Advance,
    /// `abp`: rotate predicates.
    pub abp: Advance,
    /// `abn`: rotate based registers.
    pub abn: Advance,
    /// `abg`: rotate globals.
    pub abg: GlobalRotation,
    /// `srp`, `crp`, `slrp`.
    pub recovery_point: Option<RecoveryPoint>,
    /// `vfdi`: raise deferred interrupts.
    pub vfdi: bool,
    /// `bap`: begin array prefetch.
    pub bap: bool,
    /// `eap`: end array prefetch.
    pub eap: bool,
}

impl Default for TransferStub {
    fn default() -> Self {
        Self {
            condition: ControlCondition::Never,
            register: None,
            ipd: 3,
            alc: Advance::default(),
            abp: Advance::default(),
            abn: Advance::default(),
            abg: GlobalRotation::default(),
            recovery_point: None,
            vfdi: false,
            bap: false,
            eap: false,
        }
    }
}

/// When a counter advances: the `t` and `f` bits of `alc`, `abp`, `abn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Advance {
    /// If the transfer of the bundle is taken.
    pub taken: bool,
    /// If it is not.
    pub not_taken: bool,
}

impl Advance {
    /// Whether it advances, given the outcome.
    #[must_use]
    pub fn applies(self, taken: bool) -> bool {
        if taken { self.taken } else { self.not_taken }
    }

    /// Whether it may advance at all.
    #[must_use]
    pub fn is_set(self) -> bool {
        self.taken || self.not_taken
    }
}

/// `abg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct GlobalRotation {
    /// `abgd`.
    pub decrement: bool,
    /// `abgi`.
    pub increment: bool,
}

/// Recovery point operations (bits 27 and 25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecoveryPoint {
    /// `crp`: clear.
    Clear = 1,
    /// `srp`: set.
    Set = 2,
    /// `slrp`: set and lock (version 3).
    SetLocked = 3,
}

/// CS0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Control0 {
    /// `ibranch`, and `rbranch` with condition `%MLOCK`.
    Ibranch(Displacement),
    /// `pref`: prefetch code.
    Pref {
        /// `%iprN`, 0..=7.
        register: u8,
        /// `ipd`, 0 or 1.
        depth: u8,
        /// Where (24 bits).
        displacement: Displacement,
    },
    /// `puttsd`.
    Puttsd(Displacement),
    /// `done`: return from a trap.
    Done {
        /// Finish accesses deferred to the trap cellar.
        fdam: bool,
        /// Restore trap registers.
        trar: bool,
    },
    /// `iret` (version 6).
    Iret,
    /// `hret` (version 6).
    Hret,
    /// `glaunch` (version 6).
    Glaunch,
    /// `disp`: prepare a transfer.
    Disp(ControlTransferRegister, Displacement),
    /// `ldisp %ctpr2`: prepare an array prefetch program.
    Ldisp(Displacement),
    /// `sdisp`: prepare a system entry, 0..=31.
    Sdisp(ControlTransferRegister, u8),
    /// `return %ctpr3`: prepare the return.
    Return,
    /// `gettsd`.
    Gettsd(ControlTransferRegister),
    /// Parameter of `hcall`: entry 0..=15.
    HcallEntry(u8),
    /// Parameter of `icall`.
    IcallTarget(Displacement),
}

/// CS1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Control1 {
    /// `setwd` and what goes with it: operands of `setwd`, `vfrpsz`, `settr` stand in LTS0.
    Window(SetWindow),
    /// `setbn` and `setbp` without `setwd`.
    Base {
        /// `setbn`.
        setbn: Option<BasedWindow>,
        /// `setbp psz=`, 0..=31.
        setbp: Option<u8>,
    },
    /// `setei`.
    Setei(u8),
    /// `setsft`: raise the software trap.
    Setsft,
    /// `wait`.
    Wait(Wait),
    /// `call`, to the register or target the stub or CS0 names.
    Call {
        /// `wbs`, 0..=127: window shift in register pairs.
        wbs: u8,
    },
    /// `icall` (version 6), target in CS0.
    Icall {
        /// As for `call`.
        wbs: u8,
    },
    /// `hcall` (version 6), entry in CS0.
    Hcall {
        /// As for `call`.
        wbs: u8,
    },
    /// MAS of the channels 0, 2, 3, 5.
    SetMas([Mas; 4]),
    /// `flushr`, `flushc`, `fillr`, `fillc`.
    Flush(Flush),
    /// `vfbg`.
    Vfbg(Globals),
}

/// `setwd` with its companions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SetWindow {
    /// `setwd`.
    pub size: WindowSize,
    /// `vfrpsz rpsz=`, as encoded (one less than written), 0..=31.
    pub vfrpsz: Option<u8>,
    /// `settr type=`, 0..=0x7fff.
    pub settr: Option<u16>,
    /// `setbn`.
    pub setbn: Option<BasedWindow>,
    /// `setbp psz=`, 0..=31.
    pub setbp: Option<u8>,
}

/// Operands of `setwd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct WindowSize {
    /// `wsz`, 0..=127: size in register pairs.
    pub wsz: u8,
    /// `nfx`: register extensions are not saved.
    pub nfx: bool,
    /// `dbl`: 32-bit results clear the upper half (version 3).
    pub dbl: bool,
    /// `mcn` (version 7).
    pub mcn: bool,
}

/// Operands of `setbn`, in register pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct BasedWindow {
    /// `rbs`, 0..=63: start of the rotating area.
    pub rbs: u8,
    /// `rsz`, 0..=63: size minus one.
    pub rsz: u8,
    /// `rcur`, 0..=63: rotation.
    pub rcur: u8,
}

/// Flags of `wait` (ISA notes 4.4), bit numbers as in CS1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Wait(pub u16);

impl Wait {
    /// Name and bit of every flag, lowest bit first, with the first version.
    pub const FLAGS: [(&'static str, u8, u8); 14] = [
        ("all_c", 0, 1),
        ("all_e", 1, 1),
        ("st_c", 2, 1),
        ("ld_c", 3, 1),
        ("fl_c", 4, 1),
        ("ma_c", 5, 1),
        ("trap", 6, 2),
        ("sas", 7, 5),
        ("sal", 8, 5),
        ("las", 9, 6),
        ("lal", 10, 6),
        ("mt", 11, 6),
        ("int", 12, 6),
        ("mem_mod", 13, 6),
    ];

    /// Whether flag `bit` is set.
    #[must_use]
    pub fn has(self, bit: u8) -> bool {
        u32::from(self.0).checked_shr(bit.into()).unwrap_or(0) & 1 == 1
    }

    /// `all_e`: earlier state register writes have taken effect.
    #[must_use]
    pub fn all_e(self) -> bool {
        self.has(1)
    }

    /// `trap`: wait for an interrupt.
    #[must_use]
    pub fn trap(self) -> bool {
        self.has(6)
    }
}

/// Stack operations of CS1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flush {
    /// `flushr`: write registers to the procedure stack.
    pub flushr: bool,
    /// `flushc`: write frames to the chain stack.
    pub flushc: bool,
    /// `fillr` (version 6).
    pub fillr: bool,
    /// `fillc` (version 6).
    pub fillc: bool,
}

/// `vfbg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Globals {
    /// `umask`.
    pub umask: u8,
    /// `dmask`.
    pub dmask: u8,
    /// `chkm4`.
    pub chkm4: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displacements_are_units_of_eight_bytes_in_28_bits() {
        assert_eq!(Displacement::between(0x10000, 0xff00), Some(Displacement(-0x20)));
        assert_eq!(Displacement::between(0x10000, 0x10004), None);
        assert_eq!(Displacement::between(0, 0x4000_0000), None);
        assert_eq!(Displacement(-0x800_0000).target(0x10000), 0xffff_ffff_c001_0000);
    }
}
