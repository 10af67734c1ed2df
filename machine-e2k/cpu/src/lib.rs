//! The e2k processor.
//!
//! ```text
//! bytes ─ elnic_isa ─→ decode ─→ execute ──→ state
//!                      compact    bundle by     registers, windows,
//!                      form,      bundle        predicates, stacks
//!                      by page      │
//!                                   └──→ Bus (the board)
//! ```
//!
//! [`State`] is the architectural state, a value. [`Processor`] is the seam between a machine and whatever executes; the interpreter is one
//! implementation. The processor reaches the world through [`Bus`] only.
//!
//! Sources: the ISA notes `../shared/reference/e2k-isa.md`, the machine notes `e2k-machine.md` and the conventions of qemu-system-e2k
//! (`qemu-e2k-contract.md`).
#![forbid(unsafe_code)]

mod alu;
mod bus;
mod config;
mod decode;
mod exception;
mod execute;
mod mmu;
mod processor;
pub mod state;
mod timing;
mod trap;

pub use bus::{Attention, Bus, BusFault};
pub use config::{Alignment, Config, Tags};
pub use elnic_contract::{Cycles, Size};
pub use elnic_isa::{IsaVersion, Mas};
pub use exception::{Exception, ExceptionKind};
pub use execute::Interpreter;
pub use mmu::look_up;
pub use processor::{Pin, Processor, Stop};
pub use state::{CpuStateV1, SYSTEM_CLOCK, State, StateError};
pub use timing::{Latencies, Timing};
