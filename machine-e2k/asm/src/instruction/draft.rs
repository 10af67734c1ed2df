//! A bundle that is being gathered: what its instructions ask for, before channels and literal words are given out.
//!
//! Why: places depend on each other (channels, literal words, qualifiers), so that they can be given only when the
//! closing brace has been seen.

use elnic_isa::{
    ArrayMove, BasedWindow, Control1, Destination, Operation, PrefetchSlot, Source, Stub, Term,
    TransferStub, WindowSize,
};
use elnic_isa::{Control0, PredicateLogic};

use crate::diagnostic::Problem;
use crate::expression::Expression;

/// The value of a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LiteralValue {
    /// A number.
    Number(i64),
    /// Something only the layout knows.
    Later(Expression),
}

/// A place among the half words of LTS0..=LTS3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// First half word, 0..=7; the low half of LTSn is 2n, the high half 2n+1.
    pub(super) position: u8,
    /// Half words: 1, 2 or 4.
    pub(super) size: u8,
}

/// A literal in need of a place.
#[derive(Clone, Debug)]
pub(super) struct LiteralRequest {
    /// What it holds.
    pub(super) value: LiteralValue,
    /// Where it may stand, best first.
    pub(super) slots: Vec<Slot>,
}

/// src2 as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Second {
    /// An operand that fits the operand byte.
    Ready(Source),
    /// The literal request of this index.
    Literal(usize),
}

/// An operation of an arithmetic-logic channel as written.
#[derive(Clone, Debug)]
pub(super) struct Alu {
    /// Encodings with this name in this version.
    pub(super) rows: Vec<&'static Operation>,
    /// Channel asked for.
    pub(super) channel: Option<u8>,
    /// `,sm`.
    pub(super) speculative: bool,
    /// First source.
    pub(super) src1: Source,
    /// Second source.
    pub(super) src2: Second,
    /// Third source or datum.
    pub(super) src3: Source,
    /// Literal of an array address, instead of one in src2.
    pub(super) array_literal: Option<usize>,
    /// Result.
    pub(super) dst: Destination,
    /// MAS, 0 if none was given.
    pub(super) mas: u8,
    /// `? %predN`.
    pub(super) predicate: Option<Term>,
    /// `? %pcntN`.
    pub(super) prologue: Option<Term>,
    /// Condition of a merge.
    pub(super) merge: Option<Term>,
    /// Condition of `incr`.
    pub(super) increment: Option<Term>,
}

/// What CS0 leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The raw field, in units of 8 bytes.
    Units(i64),
    /// An address the layout knows.
    Address(Expression),
}

/// CS0 with a displacement that may not be known yet.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    /// The syllable, with displacement 0 where `target` is given.
    pub(super) control: Control0,
    /// Where it leads.
    pub(super) target: Option<Target>,
}

/// What has been said about SS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct StubDraft {
    /// The usual form.
    pub(super) transfer: TransferStub,
    /// The other form.
    pub(super) descriptor: Option<Stub>,
    /// Which fields were given, so that none is given twice.
    pub(super) given: StubFields,
}

/// Fields of SS that were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct StubFields {
    /// A transfer of control.
    pub(super) transfer: bool,
    /// `ipd`.
    pub(super) ipd: bool,
    /// `alc`.
    pub(super) alc: bool,
    /// `abn`.
    pub(super) abn: bool,
    /// `abp`.
    pub(super) abp: bool,
    /// `abg`.
    pub(super) abg: bool,
}

/// `nop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nop {
    /// `nop` alone: an empty bundle, or one idle cycle beside other instructions.
    Bare,
    /// `nop N`.
    Cycles(u8),
}

/// `setwd` and its companions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct WindowDraft {
    /// `setwd`.
    pub(super) setwd: Option<WindowSize>,
    /// `vfrpsz`, as encoded.
    pub(super) vfrpsz: Option<u8>,
    /// `settr`.
    pub(super) settr: Option<u16>,
    /// `setbn`.
    pub(super) setbn: Option<BasedWindow>,
    /// `setbp`.
    pub(super) setbp: Option<u8>,
}

/// What was said about one PLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct LogicDraft {
    /// The word.
    pub(super) word: PredicateLogic,
    /// Which elements were given.
    pub(super) elements: [bool; 2],
    /// Whether the combination was given.
    pub(super) combination: bool,
    /// Whether its result is passed to a predicate.
    pub(super) commit: bool,
}

impl LogicDraft {
    /// Whether anything was said.
    pub(super) fn is_used(&self) -> bool {
        self.elements.contains(&true) || self.combination || self.commit
    }
}

/// A bundle that is being gathered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    /// How many instructions were read.
    pub(super) count: usize,
    /// `nop`.
    pub(super) nop: Option<Nop>,
    /// `loop_mode`.
    pub(super) loop_mode: bool,
    /// `set_mark`.
    pub(super) set_mark: bool,
    /// SS, once something belongs there.
    pub(super) stub: Option<StubDraft>,
    /// Operations, in the order of the source.
    pub(super) alu: Vec<Alu>,
    /// CS0.
    pub(super) control0: Option<Transfer>,
    /// Window instructions.
    pub(super) window: WindowDraft,
    /// Any other use of CS1, with the name of the instruction.
    pub(super) control1: Option<(Control1, &'static str)>,
    /// `mova`.
    pub(super) moves: [Option<ArrayMove>; 4],
    /// Literals.
    pub(super) literals: Vec<LiteralRequest>,
    /// PLS0..=2.
    pub(super) logic: [LogicDraft; 3],
    /// Condition of a recovery point.
    pub(super) recovery: Option<Term>,
    /// The two slots of an array prefetch instruction.
    pub(super) prefetch: [Option<PrefetchSlot>; 2],
}

impl Draft {
    /// SS, which comes into being by being asked for.
    pub(super) fn stub(&mut self) -> &mut StubDraft {
        self.stub.get_or_insert_default()
    }

    /// Takes CS0.
    ///
    /// # Errors
    /// If it is taken.
    pub(super) fn take_control0(&mut self, offset: usize, value: Transfer) -> Result<(), Problem> {
        if self.control0.is_some() {
            let message =
                "CS0 is taken: one disp, ldisp, sdisp, return, ibranch, done or pref a bundle";
            return Err(Problem::at(offset, message));
        }
        self.control0 = Some(value);
        Ok(())
    }

    /// Takes CS1 for `name`.
    ///
    /// # Errors
    /// If it is taken.
    pub(super) fn take_control1(
        &mut self,
        offset: usize,
        value: Control1,
        name: &'static str,
    ) -> Result<(), Problem> {
        match self.control1 {
            Some((_, other)) => Err(Problem::at(offset, control1_taken(other))),
            None => {
                self.control1 = Some((value, name));
                Ok(())
            }
        }
    }
}

/// The message for a second use of CS1.
pub(super) fn control1_taken(other: &str) -> String {
    format!("CS1 is taken by {other}: one of set…, wait, call, flush…, vfbg and mas= a bundle")
}
