//! The meaningful floor: operations with operands, control transfer, predicate logic.
//!
//! [`Bundle`] says each thing once. Values that stand elsewhere in the bundle (literals, conditions, MAS) are looked up by
//! the methods here; `decode.rs` and `encode.rs` hold the two directions.

use crate::{
    ArrayMove, Condition, Control0, Control1, Destination, Literal, Mas, Operation, PredicateLogic,
    Qualifier, QualifierSource, Source, Stub, Term, TransferStub,
};

/// One operation of an arithmetic-logic channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AluInstruction {
    /// What is done.
    pub operation: &'static Operation,
    /// `,sm`: faults become invalid results.
    pub speculative: bool,
    /// First source.
    pub src1: Source,
    /// Second source.
    pub src2: Source,
    /// Third source; for stores the datum.
    pub src3: Source,
    /// Result.
    pub dst: Destination,
}

/// The literal words LTS0..=3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Literals {
    /// LTS0..=3; words from `count` on are 0.
    pub words: [u32; 4],
    /// How many are there. After decoding also unused ones: they cannot be told from padding.
    pub count: u8,
}

impl Literals {
    /// The value of `literal`, sign-extended to 64 bits; `None` if a word is missing.
    #[must_use]
    pub fn value(&self, literal: Literal) -> Option<u64> {
        let word = |number: u8| {
            (number < self.count).then(|| self.words.get(usize::from(number)).copied()).flatten()
        };
        Some(match literal {
            Literal::Half { word: number, high } => {
                let half = word(number)? >> if high { 16 } else { 0 };
                i64::from(half as u16 as i16) as u64
            }
            Literal::Word(number) => i64::from(word(number)? as i32) as u64,
            Literal::Double(number) => {
                u64::from(word(number.checked_add(1)?)?) << 32 | u64::from(word(number)?)
            }
        })
    }
}

/// A wide instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bundle {
    /// `nop N`, 0..=7: idle cycles before the next bundle.
    pub nop: u8,
    /// `loop_mode`: stores obey prologue and epilogue of the loop.
    pub loop_mode: bool,
    /// `set_mark`: no effect.
    pub set_mark: bool,
    /// SS: transfer, rotation, prefetch.
    pub stub: Option<Stub>,
    /// Channels 0..=5.
    pub alu: [Option<AluInstruction>; 6],
    /// The word for ALES2 and ALES5 is there although not needed (version 4, `explicit_ales25`).
    pub explicit_ales25: bool,
    /// CS0.
    pub control0: Option<Control0>,
    /// CS1.
    pub control1: Option<Control1>,
    /// `mova` on the array channels 0..=3.
    pub array_moves: [Option<ArrayMove>; 4],
    /// LTS0..=3.
    pub literals: Literals,
    /// PLS0..=2.
    pub predicate_logic: [Option<PredicateLogic>; 3],
    /// Halves of CDS0..=2, the high one first.
    pub qualifiers: [Option<Qualifier>; 6],
    /// Unused length behind everything else, in units of 8 bytes.
    pub padding: u8,
}

impl Bundle {
    /// Bytes of the longest bundle.
    pub const MAX_BYTES: usize = 64;

    /// The value of a literal operand, sign-extended to 64 bits.
    ///
    /// `None` cannot happen for an operand that came out of decoding.
    #[must_use]
    pub fn literal(&self, literal: Literal) -> Option<u64> {
        self.literals.value(literal)
    }

    /// When the operation on `channel` executes.
    #[must_use]
    pub fn condition(&self, channel: u8) -> Condition {
        let mut condition = Condition::default();

        for term in self.terms(false, |qualifier| qualifier.term(channel)) {
            match term.source {
                QualifierSource::Prologue(_) => {
                    condition.prologue.get_or_insert(term);
                }
                QualifierSource::Predicate(_) if condition.predicate.is_none() => {
                    condition.predicate = Some(term);
                }
                QualifierSource::Predicate(_) => {
                    let free = condition.alternatives.iter_mut().find(|term| term.is_none());
                    if let Some(free) = free {
                        *free = Some(term);
                    }
                }
            }
        }
        condition
    }

    /// The condition of the merge operation on `channel`; without one a merge takes src1.
    #[must_use]
    pub fn merge_condition(&self, channel: u8) -> Option<Term> {
        self.terms(true, |qualifier| qualifier.term(channel)).next()
    }

    /// When the array access on `channel` advances its index; `None`: always if it says so.
    #[must_use]
    pub fn increment_condition(&self, channel: u8) -> Option<Term> {
        self.terms(false, |qualifier| qualifier.increment_term(channel)).next()
    }

    /// When the recovery point operation of the stub happens; `None`: always.
    #[must_use]
    pub fn recovery_condition(&self) -> Option<Term> {
        self.terms(true, Qualifier::recovery_term).next()
    }

    fn terms(
        &self,
        merge: bool,
        term: impl Fn(&Qualifier) -> Option<Term>,
    ) -> impl Iterator<Item = Term> {
        let qualifiers = self.qualifiers.iter().flatten();
        qualifiers.filter(move |qualifier| qualifier.merge == merge).filter_map(term)
    }

    /// MAS of `channel`; 0 for the channels 1 and 4 and where CS1 says something else.
    #[must_use]
    pub fn mas(&self, channel: u8) -> Mas {
        let place = [0, 2, 3, 5].iter().position(|known| *known == channel);
        match (self.control1, place) {
            (Some(Control1::SetMas(values)), Some(place)) => {
                values.get(place).copied().unwrap_or_default()
            }
            _ => Mas::default(),
        }
    }

    /// SS in its usual form, as it is or as it counts where absent.
    #[must_use]
    pub fn transfer(&self) -> TransferStub {
        match self.stub {
            Some(Stub::Transfer(stub)) => stub,
            _ => TransferStub::default(),
        }
    }
}
