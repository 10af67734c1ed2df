//! What a decoded bundle does beside its operations.

use elnic_isa::Displacement;

use super::operand::{Operand, Target};

/// Where control goes if the condition of the bundle holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// On.
    None,
    /// `ct %ctpr(n+1)`.
    Through(u8),
    /// `call %ctpr(n+1), wbs=`.
    Call(u8, u8),
    /// `ibranch`.
    Branch(Displacement),
    /// `ibranchd`.
    To(Operand),
    /// `icalld`.
    CallTo(Operand, u8),
    /// `icall`.
    CallDirect(Displacement, u8),
    /// `done`.
    Done,
    /// One that this processor does not have; its name.
    Unimplemented(&'static str),
}

impl Transfer {
    /// Whether it may be an ordinary jump (through a register it may also be a return), or is none.
    pub(crate) const fn may_jump(self) -> bool {
        matches!(self, Self::None | Self::Through(_) | Self::Branch(_))
    }
}

/// `alc`, `abn`, `abp`: what advances at the end of a bundle, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Advances {
    /// If the transfer is taken.
    pub(crate) taken: u8,
    /// If it is not.
    pub(crate) not_taken: u8,
}

impl Advances {
    /// The loop counters.
    pub(crate) const ALC: u8 = 1;
    /// The rotating registers.
    pub(crate) const ABN: u8 = 1 << 1;
    /// The rotating predicates.
    pub(crate) const ABP: u8 = 1 << 2;

    /// From the syllable.
    pub(crate) fn new(stub: &elnic_isa::TransferStub) -> Self {
        let all = [(stub.alc, Self::ALC), (stub.abn, Self::ABN), (stub.abp, Self::ABP)];
        all.into_iter().fold(Self::default(), |advances, (advance, bit)| Self {
            taken: advances.taken | if advance.taken { bit } else { 0 },
            not_taken: advances.not_taken | if advance.not_taken { bit } else { 0 },
        })
    }
}

/// `setwd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resize {
    /// New size in registers.
    pub(crate) size: u16,
    pub(crate) fx: bool,
    pub(crate) dbl: bool,
}

/// What a bundle puts into a control transfer register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prepare {
    /// `disp %ctpr(n+1)`.
    Disp(u8, Displacement),
    /// `ldisp %ctpr2`.
    Ldisp(Displacement),
    /// `sdisp %ctpr(n+1), entry`.
    Sdisp(u8, u8),
    /// `return %ctpr3`.
    Return,
}

/// The predicate logic of a bundle.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Logic {
    /// What `@p0` to `@p3` read.
    pub(crate) elements: [Option<elnic_isa::ElementSource>; 4],
    /// The combinations that make `@p4` to `@p6`.
    pub(crate) steps: Vec<LogicStep>,
}

/// One combination.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LogicStep {
    /// The number of its result, 4 to 6.
    pub(crate) result: u8,
    pub(crate) combination: elnic_isa::Combination,
}

/// A `mova`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    /// Array channel, 0 to 3.
    pub(crate) channel: u8,
    pub(crate) format: elnic_isa::MoveFormat,
    pub(crate) big_endian: bool,
    /// Area, 0 to 31.
    pub(crate) area: u8,
    /// Bytes from the current index.
    pub(crate) offset: u8,
    pub(crate) advance: bool,
    pub(crate) target: Target,
}

/// What a bundle frequently does to windows and targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Setup {
    /// `setwd`.
    pub(crate) resize: Option<Resize>,
    /// `setbn`.
    pub(crate) setbn: Option<elnic_isa::BasedWindow>,
    /// `setbp`.
    pub(crate) setbp: Option<u8>,
    /// `disp` and its like.
    pub(crate) prepare: Option<Prepare>,
}

/// What a bundle rarely does.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rare {
    pub(crate) settr: Option<u16>,
    pub(crate) setei: Option<u8>,
    pub(crate) setsft: bool,
    /// `srp`, `crp`, `slrp`.
    pub(crate) recovery_point: Option<elnic_isa::RecoveryPoint>,
    /// `puttsd`.
    pub(crate) puttsd: Option<Displacement>,
    /// `gettsd %ctpr(n+1)`.
    pub(crate) gettsd: Option<u8>,
    /// `invts`, and the predicate it asks for: number and value.
    pub(crate) invalidate: Option<Option<(u8, bool)>>,
    pub(crate) logic: Option<Logic>,
    pub(crate) flush: elnic_isa::Flush,
    /// `wait`, if for an interrupt.
    pub(crate) idle: bool,
    pub(crate) abg: elnic_isa::GlobalRotation,
    /// `mova`.
    pub(crate) moves: Vec<Move>,
    /// `bap`.
    pub(crate) start_prefetch: bool,
    /// What the bundle asks for that this processor does not have.
    pub(crate) unimplemented: Option<&'static str>,
    /// The code of the simulator's halt convention.
    pub(crate) halt: Option<u32>,
}
