//! One operation of a decoded bundle: what it does, to what, when.

use elnic_contract::Size;
use elnic_isa::{AauRegister, Mas, StateRegister};

use super::operand::{Guard, Operand, Target, Width};
use crate::alu::combined::First;
use crate::alu::float::{Float, FloatRelation, Stages, Unit};
use crate::alu::packed::{Packed, PackedRelation};
use crate::alu::{Binary, Division, Relation, Ternary};

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
    /// Which half of a register pair: its offset.
    pub(crate) half: u8,
    /// 128 bits of one register, not one of a pair.
    pub(crate) whole: bool,
    /// When it does.
    pub(crate) advances: Guard,
    /// Bytes as a power of two, 0 to 4.
    pub(crate) scale: u8,
}

/// A descriptor that accesses are relative to (e2k-isa.md §8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// One of the state registers: numbers of its low and high word, and whether it says what is allowed.
    State { lo: u8, hi: u8, rights: bool },
    /// An array pointer in the register pair of the first source.
    Pointer,
}

/// How much an access moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Up to 64 bits, zero-extended.
    Plain(Size),
    /// One half of a register pair; its offset.
    Half(u8),
    /// 128 bits of one register.
    Quad,
    /// The bytes of 128 bits that src2 selects.
    Masked,
}

impl Part {
    /// Bytes it reaches over.
    pub(crate) const fn bytes(self) -> u8 {
        match self {
            Self::Plain(size) => size.bytes(),
            Self::Half(_) | Self::Quad | Self::Masked => 16,
        }
    }
}

/// An array pointer or descriptor that an operation makes, by halves (protected mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pointer {
    /// From a descriptor in state registers: numbers of its low and high word.
    Descriptor { lo: u8, hi: u8 },
    /// From another pointer: its position moves.
    Moved,
    /// From another pointer: its start moves.
    Rebased,
    /// A piece of the data stack.
    Stack,
}

/// What becomes visible of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A register.
    Register,
    /// A predicate.
    Predicate,
    /// Memory.
    Memory,
    /// A state register and the like.
    Other,
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
    /// `ldaa`: a load through an array descriptor.
    LoadArray(ArrayAccess),
    /// A load relative to a descriptor.
    LoadRelative(Segment, Part),
    /// A store relative to a descriptor.
    StoreRelative(Segment, Part),
    /// One half of a pointer: the low one, or the high one.
    MakePointer(Pointer, bool),
    /// `getva`: the address a pointer points at.
    PointerAddress,
    /// `ldrqp`: recovery load of 128 bits.
    LoadRecoveryQuad,
    /// `strqp`: recovery store of 128 bits.
    StoreRecoveryQuad,
    /// `ibranchd`, `icalld`: where the transfer of the bundle leads.
    Target,
    /// `puttc`, `puttst`: number of the register.
    WriteTrapRegister(u8),
    /// `gettc`.
    ReadTrapRegister,
    /// `invtc`.
    InvalidateTrapRegister,
    /// `aaurr`; whether the high word of a pair.
    ReadAau(AauRegister, bool),
    /// `aaurw`; whether the high word of a pair.
    WriteAau(AauRegister, bool),
    /// `ldrd`: recovery load.
    LoadRecovery,
    /// `strd`: recovery store.
    StoreRecovery,
    /// `rrs`, `rrd`.
    ReadState(StateRegister),
    /// `rrd %nip`: the bundle is so many bytes long.
    ReadNext(u8),
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
    pub(crate) effect: Effect,
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

impl Action {
    /// What becomes visible of it.
    pub(crate) const fn effect(&self) -> Effect {
        match self {
            Self::Compare(_) | Self::ComparePacked(_) | Self::CompareFloat(..) => Effect::Predicate,
            Self::Store(_)
            | Self::StoreQuad
            | Self::StoreHalf(_)
            | Self::StoreMasked
            | Self::StoreRecovery
            | Self::StoreRecoveryQuad
            | Self::StoreRelative(..)
            | Self::StoreArray(_) => Effect::Memory,
            Self::WriteAau(..)
            | Self::WriteState(_)
            | Self::Prepare
            | Self::GetStack
            | Self::PutTag
            | Self::MakePointer(..)
            | Self::LoadArray(_)
            | Self::LoadRecovery
            | Self::Target
            | Self::InvalidateTrapRegister
            | Self::WriteTrapRegister(_)
            | Self::Unimplemented => Effect::Other,
            _ => Effect::Register,
        }
    }
}

impl Operation {
    /// Whether it writes memory.
    pub(crate) const fn stores(&self) -> bool {
        matches!(self.effect, Effect::Memory)
    }

    /// Whether it looks at predicates or stages.
    pub(crate) fn asks(&self) -> bool {
        self.guarded
            || !self.merge.is_always()
            || matches!(
                self.action,
                Action::StoreArray(access) | Action::LoadArray(access)
                    if !access.advances.is_always()
            )
    }

    /// Whether it reads memory.
    pub(crate) const fn loads(&self) -> bool {
        matches!(
            self.action,
            Action::Load(_)
                | Action::LoadQuad
                | Action::LoadHalf(_)
                | Action::LoadRecovery
                | Action::LoadRecoveryQuad
                | Action::LoadRelative(..)
                | Action::LoadArray(_)
        )
    }

    /// Whether it reads memory and can do nothing wrong but find none.
    pub(crate) const fn is_simple_load(&self) -> bool {
        matches!(self.action, Action::Load(_) | Action::LoadQuad | Action::LoadHalf(_))
    }

    /// Whether it writes memory and can do nothing wrong but find none.
    pub(crate) const fn is_simple_store(&self) -> bool {
        matches!(
            self.action,
            Action::Store(_) | Action::StoreQuad | Action::StoreHalf(_) | Action::StoreArray(_)
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
