//! Predicates: conditions of operations, of control transfers, and the predicate logic unit (ISA notes 4.3, 5).

/// A condition of the control transfer (SS\[8:0\]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ControlCondition {
    /// No transfer.
    #[default]
    Never,
    /// Unconditional.
    Always,
    /// `%predN`.
    Predicate(u8),
    /// `~%predN`.
    NotPredicate(u8),
    /// `#LOOP_END`.
    LoopEnd,
    /// `#NOT_LOOP_END`.
    NotLoopEnd,
    /// `%predN || #LOOP_END`.
    PredicateOrLoopEnd(u8),
    /// `~%predN && #NOT_LOOP_END`.
    NotPredicateAndNotLoopEnd(u8),
    /// `~%predN || #LOOP_END`.
    NotPredicateOrLoopEnd(u8),
    /// `%predN && #NOT_LOOP_END`.
    PredicateAndNotLoopEnd(u8),
    /// `%MLOCK`: a memory lock was broken.
    MemoryLock,
    /// `%MLOCK || %dt_al…`: or one of the channels of the mask met an invalid operand; bits 0..=3 are channels 0, 1, 3, 4.
    MemoryLockOrTrap(u8),
    /// `%MLOCK ||` a result of this very bundle (ISA notes 4.3, type 9).
    MemoryLockOrLocal(u8),
    /// A result of this very bundle (version 7, type 0xb).
    Local(u8),
}

impl ControlCondition {
    /// From kind (SS\[8:5\]) and predicate (SS\[4:0\]); `None` for the kinds 0xa, 0xc, 0xd that nobody uses.
    #[must_use]
    pub fn from_bits(bits: u16) -> Option<Self> {
        let predicate = (bits & 0x1f) as u8;
        Some(match bits >> 5 & 0xf {
            0x0 => Self::Never,
            0x1 => Self::Always,
            0x2 => Self::Predicate(predicate),
            0x3 => Self::NotPredicate(predicate),
            0x4 => Self::LoopEnd,
            0x5 => Self::NotLoopEnd,
            0x6 => Self::PredicateOrLoopEnd(predicate),
            0x7 => Self::NotPredicateAndNotLoopEnd(predicate),
            0x8 if predicate & 0xf == 0 => Self::MemoryLock,
            0x8 => Self::MemoryLockOrTrap(predicate & 0xf),
            0x9 => Self::MemoryLockOrLocal(predicate),
            0xb => Self::Local(predicate),
            0xe => Self::NotPredicateOrLoopEnd(predicate),
            0xf => Self::PredicateAndNotLoopEnd(predicate),
            _ => return None,
        })
    }

    /// SS\[8:0\].
    #[must_use]
    pub fn to_bits(self) -> u16 {
        let (kind, predicate) = match self {
            Self::Never => (0x0, 0),
            Self::Always => (0x1, 0),
            Self::Predicate(predicate) => (0x2, predicate),
            Self::NotPredicate(predicate) => (0x3, predicate),
            Self::LoopEnd => (0x4, 0),
            Self::NotLoopEnd => (0x5, 0),
            Self::PredicateOrLoopEnd(predicate) => (0x6, predicate),
            Self::NotPredicateAndNotLoopEnd(predicate) => (0x7, predicate),
            Self::MemoryLock => (0x8, 0),
            Self::MemoryLockOrTrap(mask) => (0x8, mask),
            Self::MemoryLockOrLocal(bits) => (0x9, bits),
            Self::Local(bits) => (0xb, bits),
            Self::NotPredicateOrLoopEnd(predicate) => (0xe, predicate),
            Self::PredicateAndNotLoopEnd(predicate) => (0xf, predicate),
        };
        kind << 5 | u16::from(predicate & 0x1f)
    }
}

/// What a qualifier (RLP, MRGC) reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QualifierSource {
    /// `%predN`, 0..=31.
    Predicate(u8),
    /// `%pcntN`, 0..=31: stage N of the software pipeline has been reached.
    Prologue(u8),
}

impl QualifierSource {
    /// The source coded in seven bits; below 0x40 there is none.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0x40..=0x5f => Some(Self::Prologue(code & 0x1f)),
            0x60..=0x7f => Some(Self::Predicate(code & 0x1f)),
            _ => None,
        }
    }

    /// The seven bits.
    #[must_use]
    pub fn to_code(self) -> u8 {
        match self {
            Self::Prologue(number) => 0x40 | number & 0x1f,
            Self::Predicate(number) => 0x60 | number & 0x1f,
        }
    }
}

/// Half of a CDS: one predicate for the channels of a cluster, as qualifying predicate (RLP) or merge condition (MRGC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Qualifier {
    /// What is read.
    pub source: QualifierSource,
    /// It says which source a merge takes, not whether an operation executes.
    pub merge: bool,
    /// Cluster 1 (channels 3..=5) instead of 0 (channels 0..=2).
    pub second_cluster: bool,
    /// Channels of the cluster it applies to, three bits.
    pub channels: u8,
    /// Channels of the cluster for which it is negated, three bits.
    pub negated: u8,
    /// It also decides whether the array access of the cluster advances its index (`incr ? %pred`) or, with `merge`,
    /// whether the recovery point operation of the stub happens. Negated with the cluster's last channel.
    pub auxiliary: bool,
}

impl Qualifier {
    /// Its term for the operation on `channel` (0..=5), or for the merge there if `merge`.
    #[must_use]
    pub fn term(&self, channel: u8) -> Option<Term> {
        let place = self.place(channel)?;
        (self.channels >> place & 1 == 1).then(|| self.term_at(place))
    }

    /// Its term for the index advance of the array access on `channel` (2 or 5).
    #[must_use]
    pub fn increment_term(&self, channel: u8) -> Option<Term> {
        let applies = self.auxiliary && !self.merge && self.place(channel) == Some(2);
        applies.then(|| self.term_at(2))
    }

    /// Its term for the recovery point operation.
    #[must_use]
    pub fn recovery_term(&self) -> Option<Term> {
        (self.auxiliary && self.merge).then(|| self.term_at(2))
    }

    fn place(&self, channel: u8) -> Option<u8> {
        channel.checked_sub(if self.second_cluster { 3 } else { 0 }).filter(|place| *place < 3)
    }

    fn term_at(&self, place: u8) -> Term {
        Term { source: self.source, negated: self.negated >> place & 1 == 1 }
    }
}

/// One term of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term {
    /// What is read.
    pub source: QualifierSource,
    /// It counts as true when false.
    pub negated: bool,
}

/// All qualifiers of one channel: it executes if one of `predicates` (or none is there) and `prologue` (or none) hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Condition {
    /// The predicate; with several qualifiers on one channel the first.
    pub predicate: Option<Term>,
    /// Further predicates of the same channel, joined by "or"; the assembler never writes them.
    pub alternatives: [Option<Term>; 5],
    /// `%pcntN`.
    pub prologue: Option<Term>,
}

impl Condition {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.predicate.is_none() && self.prologue.is_none()
    }

    /// The predicate terms, joined by "or".
    pub fn predicates(&self) -> impl Iterator<Item = Term> {
        self.predicate.into_iter().chain(self.alternatives.into_iter().flatten())
    }
}

/// What an ELP reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ElementSource {
    /// `%lcntex`: the loop counter has run out. Also the code of an unused ELP.
    LoopCounterExpired,
    /// `%spred`: invalid results of this bundle's channels, bit i of the mask is channel i, i in 0..=4.
    Speculative(u8),
    /// `%bgrpred`.
    GlobalRotation,
    /// `%rndpredN`, 1..=15.
    Random(u8),
    /// `%predN`, 0..=31.
    Predicate(u8),
}

impl ElementSource {
    /// The source coded in seven bits; `None` for 0x20..=0x3f and 0x50..=0x5f.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0x00 => Some(Self::LoopCounterExpired),
            0x01..=0x1f => Some(Self::Speculative(code)),
            0x40 => Some(Self::GlobalRotation),
            0x41..=0x4f => Some(Self::Random(code & 0xf)),
            0x60..=0x7f => Some(Self::Predicate(code & 0x1f)),
            _ => None,
        }
    }

    /// The seven bits.
    #[must_use]
    pub fn to_code(self) -> u8 {
        match self {
            Self::LoopCounterExpired => 0,
            Self::Speculative(mask) => mask & 0x1f,
            Self::GlobalRotation => 0x40,
            Self::Random(number) => 0x40 | number & 0xf,
            Self::Predicate(number) => 0x60 | number & 0x1f,
        }
    }
}

/// A local predicate `@pN`, perhaps negated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LocalPredicate {
    /// 0..=3 are ELPs, 4..=6 results of PLS0..=2.
    pub number: u8,
    /// `~`.
    pub negated: bool,
}

/// Operation of a CLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LogicOperation {
    /// `andp`: invalid if one operand is.
    #[default]
    And = 0,
    /// `landp`: a valid false first operand hides an invalid second.
    LogicalAnd = 1,
    /// `movep`: if the first, the second; else the destination keeps its value.
    Move = 3,
}

/// A CLP: combines two local predicates to `@p4`, `@p5`, `@p6` for PLS0, 1, 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Combination {
    /// What is done.
    pub operation: LogicOperation,
    /// First operand.
    pub first: LocalPredicate,
    /// Second operand.
    pub second: LocalPredicate,
    /// `pass @pZ, %predN`: predicate that receives the result.
    pub commit: Option<u8>,
}

/// One PLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PredicateLogic {
    /// ELPs: `@p0`, `@p1` in PLS0, `@p2`, `@p3` in PLS1, ignored in PLS2.
    pub elements: [ElementSource; 2],
    /// The combination; all zero where none was meant (`andp @p0, @p0, @p4` looks the same and changes nothing).
    pub combination: Combination,
}

impl Default for PredicateLogic {
    fn default() -> Self {
        Self {
            elements: [ElementSource::LoopCounterExpired; 2],
            combination: Combination::default(),
        }
    }
}
