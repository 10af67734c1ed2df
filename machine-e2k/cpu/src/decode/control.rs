//! What a decoded bundle does beside its operations.

use elnic_isa::Displacement;

use super::operand::Target;

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
    /// `icall`.
    CallDirect(Displacement, u8),
    /// `done`.
    Done,
    /// One that this processor does not have; its name.
    Unimplemented(&'static str),
}

/// `alc`, `abn`, `abp`, `abg`: what advances at the end of a bundle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Advances {
    pub(crate) alc: elnic_isa::Advance,
    pub(crate) abn: elnic_isa::Advance,
    pub(crate) abp: elnic_isa::Advance,
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
