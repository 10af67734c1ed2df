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
//! ```
//! use elnic_isa::{Bundle, Destination, IsaVersion, Literal, Op, Register, Source};
//!
//! // addd,0 %dr1, _f32s,_lts0 -2, %dr2
//! let bytes = [0x11, 0, 0, 0x04, 0x82, 0xd8, 0x81, 0x11, 0, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff];
//! let (mut bundle, length) = Bundle::from_bytes(&bytes, IsaVersion::V4)?;
//! assert_eq!(length, 16);
//!
//! let mut add = bundle.alu[0].unwrap();
//! assert_eq!(add.operation.op, Op::Addd);
//! assert_eq!(add.src1, Source::Register(Register::Window(1)));
//! assert_eq!(add.src2, Source::Literal(Literal::Word(0)));
//! assert_eq!(bundle.literal(Literal::Word(0)), Some(-2i64 as u64));
//! assert!(bundle.condition(0).is_always());
//!
//! add.dst = Destination::Register(Register::Global(3));
//! bundle.alu[0] = Some(add);
//! assert_eq!(bundle.to_bytes(IsaVersion::V4)?[4], 0xe3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
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
