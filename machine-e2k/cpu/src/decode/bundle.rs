//! The compact form of a bundle.

use elnic_contract::Size;
use elnic_isa::{AauRegister, ControlCondition, Displacement, Mas, StateRegister};

use crate::alu::combined::First;
use crate::alu::float::{Float, FloatRelation, Stages, Unit};
use crate::alu::packed::{Packed, PackedRelation};
use crate::alu::{Binary, Division, Relation, Ternary};

/// A source, resolved as far as it can be before the window is known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operand {
    /// `%r[n]`.
    Window(u8),
    /// `%b[n]`.
    Based(u8),
    /// `%g[n]`.
    Global(u8),
    /// A constant or literal; 0 where the format has no such operand.
    Constant(u64),
}

/// Where a result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Nowhere: stores, `%empty`.
    Nothing,
    /// `%r[n]`.
    Window(u8),
    /// `%b[n]`.
    Based(u8),
    /// `%g[n]`.
    Global(u8),
    /// `%pred[n]`.
    Predicate(u8),
    /// `%ctpr(n+1)`.
    Ctpr(u8),
}

/// How much of a register a result replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// Bits 31:0, or 63:0 with zeroes above if the window says `dbl`.
    Single,
    /// Bits 63:0.
    Double,
    /// Bits 63:0 and the 16-bit exponent in the extension.
    Extended,
    /// Bits 63:0 and the whole extension.
    Quad,
}

/// What determines how long a result takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Integer,
    Load,
    Multiply,
    Divide,
    Packed,
    Float,
    FloatDivide,
    Compare,
    FloatCompare,
}

/// Where and how much a `staa` stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArrayAccess {
    /// Number of the descriptor.
    pub(crate) descriptor: u8,
    /// Number of the index register.
    pub(crate) index: u8,
    /// Number of the increment by which the index advances, if it does.
    pub(crate) increment: Option<u8>,
    /// When it does.
    pub(crate) advances: Guard,
    /// Bytes as a power of two, 0 to 4.
    pub(crate) scale: u8,
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

/// What an operation does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// Addition, the most frequent of all, without a call.
    Add,
    /// Subtraction, likewise.
    Sub,
    /// A function of two sources.
    Binary(Binary),
    /// A function of three sources.
    Ternary(Ternary),
    /// `second(src3, first(src1, src2))`.
    Combined(First, Binary),
    /// src2 if the merge condition holds, else src1.
    Merge,
    /// A comparison to a predicate.
    Compare(Relation),
    /// A division that may not exist.
    Divide(Division),
    /// A function of up to three sources of up to 128 bits.
    Packed(Packed),
    /// `plog`, `qplog`: three sources through a truth table.
    TruthTable(u8),
    /// A comparison of packed sources to a predicate.
    ComparePacked(PackedRelation),
    /// Floating point.
    Float(Float, Unit),
    /// Two floating-point operations in one.
    FloatCombined(Stages),
    /// A floating-point comparison to a predicate.
    CompareFloat(FloatRelation, Unit),
    /// A load, zero-extended.
    Load(Size),
    /// A 128-bit load into one register.
    LoadQuad,
    /// One half of a 128-bit load into a register pair; the offset of the half.
    LoadHalf(u8),
    /// A store; src1 + src2 is the address, src3 the datum.
    Store(Size),
    /// A 128-bit store from one register.
    StoreQuad,
    /// One half of a 128-bit store from a register pair; the offset of the half.
    StoreHalf(u8),
    /// `stmqp`: 128-bit store of the bytes selected by src2.
    StoreMasked,
    /// `staa`: a store through an array descriptor; its size in bytes.
    StoreArray(ArrayAccess),
    /// `aaurr`.
    ReadAau(AauRegister),
    /// `aaurw`.
    WriteAau(AauRegister),
    /// `ldrd`: recovery load.
    LoadRecovery,
    /// `strd`: recovery store.
    StoreRecovery,
    /// `rrs`, `rrd`.
    ReadState(StateRegister),
    /// `rws`, `rwd`.
    WriteState(StateRegister),
    /// `movtd`, `getpl` to a control transfer register.
    Prepare,
    /// `getsp`.
    GetStack,
    /// `gettags`, `gettagd`.
    GetTag,
    /// `puttags`, `puttagd`.
    PutTag,
    /// Known to the instruction set, not to this processor.
    Unimplemented,
}

/// A condition over the predicates or the stages of the pipeline: one of the `wanted` is true or one of the `unwanted` false.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Bit n: `%pred(n)` or `%pcnt(n)`.
    pub(crate) wanted: u32,
    /// Bit n: `~%pred(n)` or `~%pcnt(n)`.
    pub(crate) unwanted: u32,
}

impl Condition {
    /// Whether it asks for anything.
    #[inline]
    pub(crate) const fn is_empty(self) -> bool {
        self.wanted | self.unwanted == 0
    }

    /// Whether it holds for `values`; a condition that asks for nothing does not.
    #[inline]
    pub(crate) const fn holds(self, values: u32) -> bool {
        values & self.wanted | !values & self.unwanted != 0
    }
}

/// When an operation executes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Guard {
    /// Over the predicates.
    pub(crate) predicates: Condition,
    /// Over the stages of the software pipeline.
    pub(crate) stages: Condition,
}

impl Guard {
    /// Whether nothing is asked.
    #[inline]
    pub(crate) const fn is_always(self) -> bool {
        self.predicates.is_empty() && self.stages.is_empty()
    }

    /// Whether the operation executes.
    #[inline]
    pub(crate) const fn allows(self, predicates: u32, stages: u32) -> bool {
        (self.predicates.is_empty() || self.predicates.holds(predicates))
            && (self.stages.is_empty() || self.stages.holds(stages))
    }
}

/// One operation of a bundle.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) action: Action,
    pub(crate) sources: [Operand; 3],
    pub(crate) target: Target,
    pub(crate) width: Width,
    pub(crate) channel: u8,
    pub(crate) speculative: bool,
    /// Whether `guard` asks for anything.
    pub(crate) guarded: bool,
    pub(crate) mas: Mas,
    pub(crate) class: Class,
    /// The part of each source's tag that matters.
    pub(crate) tagged: [u8; 3],
    pub(crate) guard: Guard,
    /// The merge condition.
    pub(crate) merge: Guard,
    /// For messages.
    pub(crate) name: &'static str,
}

impl Operation {
    /// Whether it writes memory.
    pub(crate) const fn stores(&self) -> bool {
        matches!(
            self.action,
            Action::Store(_)
                | Action::StoreQuad
                | Action::StoreHalf(_)
                | Action::StoreMasked
                | Action::StoreRecovery
                | Action::StoreArray(_)
        )
    }

    /// Whether it reads memory.
    pub(crate) const fn loads(&self) -> bool {
        matches!(
            self.action,
            Action::Load(_) | Action::LoadQuad | Action::LoadHalf(_) | Action::LoadRecovery
        )
    }

    /// Whether executing it may raise an exception, or does more than write its target.
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(
            self.action,
            Action::Add
                | Action::Sub
                | Action::Binary(_)
                | Action::Ternary(_)
                | Action::Combined(..)
                | Action::Merge
                | Action::Compare(_)
                | Action::Packed(_)
                | Action::TruthTable(_)
                | Action::ComparePacked(_)
        )
    }
}

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
#[derive(Clone, Debug, Default)]
pub(crate) struct Logic {
    /// What `@p0` to `@p3` read.
    pub(crate) elements: [Option<elnic_isa::ElementSource>; 4],
    /// The combinations that make `@p4` to `@p6`.
    pub(crate) steps: Vec<LogicStep>,
}

/// One combination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogicStep {
    /// The number of its result, 4 to 6.
    pub(crate) result: u8,
    pub(crate) combination: elnic_isa::Combination,
}

/// The less frequent parts of a bundle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    pub(crate) resize: Option<Resize>,
    pub(crate) setbn: Option<elnic_isa::BasedWindow>,
    pub(crate) setbp: Option<u8>,
    pub(crate) settr: Option<u16>,
    pub(crate) setei: Option<u8>,
    pub(crate) setsft: bool,
    pub(crate) prepare: Option<Prepare>,
    pub(crate) logic: Option<Logic>,
    pub(crate) flush: elnic_isa::Flush,
    pub(crate) wait: elnic_isa::Wait,
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

/// Three bounds on register numbers in one word, so that one subtraction compares them all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits(u64);

impl Limits {
    const GUARDS: u64 = 0x8000_8000_8000;

    /// One above the highest numbers: of `%r` read, of `%r` written, of `%b`; each below 0x8000.
    pub(crate) const fn new(read: u16, written: u16, based: u16) -> Self {
        Self(read as u64 | (written as u64) << 16 | (based as u64) << 32)
    }

    /// Whether each of `self` is at most that of `available`.
    #[inline]
    pub(crate) const fn fit(self, available: Self) -> bool {
        (available.0 | Self::GUARDS).wrapping_sub(self.0) & Self::GUARDS == Self::GUARDS
    }
}

/// A bundle, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Bundle {
    /// In an order in which each reads what it would read if all read first, if `direct`; else by channel.
    pub(crate) operations: Box<[Operation]>,
    /// The operations can be executed one after the other, and none but the first can raise an exception.
    pub(crate) direct: bool,
    /// Some operation touches memory.
    pub(crate) memory: bool,
    /// `loop_mode`.
    pub(crate) loop_mode: bool,
    /// Bytes.
    pub(crate) length: u8,
    /// One and the idle cycles.
    pub(crate) cycles: u8,
    /// Registers used.
    pub(crate) limits: Limits,
    pub(crate) transfer: Transfer,
    pub(crate) condition: ControlCondition,
    /// Anything of it advances.
    pub(crate) advances: Option<Advances>,
    pub(crate) setup: Option<Box<Setup>>,
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn limits_fit_if_each_of_them_does() {
        let available = Limits::new(16, 32, 8);
        assert!(Limits::new(16, 32, 8).fit(available));
        assert!(!Limits::new(17, 0, 0).fit(available));
        assert!(!Limits::new(0, 33, 0).fit(available));
        assert!(!Limits::new(0, 0, 9).fit(available));
        assert!(Limits::default().fit(Limits::default()));
    }
}
