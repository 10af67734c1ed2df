//! One description of e2k bundles and operations.
//!
//! A *bundle* (wide instruction) is 8 to 64 bytes. It is described here on two floors, each with both directions:
//!
//! ```text
//! bytes  ⇄  Syllables  ⇄  Bundle
//!        raw words,       operations with operands, control transfer,
//!        presence         predicates; what the interpreter executes
//! ```
//!
//! [`Bundle::from_bytes`] and [`Bundle::to_bytes`] walk both floors. Every fact stands in one place: a literal's value in
//! [`Bundle::literals`], a qualifying predicate in [`Bundle::qualifiers`], a MAS in the `setmas` of [`Bundle::control1`];
//! [`Bundle::literal`], [`Bundle::condition`] and [`Bundle::mas`] look them up for a channel. Where a literal or a predicate
//! goes is the assembler's policy, not this crate's: what a bundle says is encoded as it stands.
//!
//! Operations are data: `operations.tsv` becomes the table behind [`Operation`] and the enumeration [`Op`].
//!
//! Sources: the ISA notes in `../shared/reference/e2k-isa.md` (section numbers in the comments are theirs).
#![forbid(unsafe_code)]

mod apb;
mod array;
mod bundle;
mod control;
mod decode;
mod encode;
mod error;
mod mas;
mod mmu_register;
mod operand;
mod operation;
mod predicate;
mod state_register;
pub mod syllable;
mod syllables;
mod version;

pub use apb::{ArrayPrefetch, Indexing, PrefetchSlot};
pub use array::{AauFile, AauRegister, ArrayAddress, ArrayMove, MoveFormat};
pub use bundle::{AluInstruction, Bundle, Literals};
pub use control::{
    Advance, BasedWindow, Control0, Control1, ControlTransferRegister, DescriptorOperation,
    Displacement, Flush, GlobalRotation, Globals, RecoveryPoint, SetWindow, Stub, TransferStub,
    Wait, WindowSize,
};
pub use error::{DecodeError, EncodeError, Place};
pub use mas::{Mas, SpecialOperation};
pub use mmu_register::MmuRegister;
pub use operand::{Destination, Literal, Register, Source, TrapRegister};
pub use operation::{Channels, Format, Kind, Op, Operation, Select};
pub use predicate::{
    Combination, Condition, ControlCondition, ElementSource, LocalPredicate, LogicOperation,
    PredicateLogic, Qualifier, QualifierSource, Term,
};
pub use state_register::StateRegister;
pub use syllables::Syllables;
pub use version::{CpuModel, IsaVersion};
