//! Exceptions: their numbers and names, and what is known when one is raised.
//!
//! Numbers are those of the trap information register (e2k-isa.md §7.3, e2k-machine.md §7.2). A raised exception is precise: the state
//! is that before the bundle, except that memory already read from a device stays read and, of two stores in one bundle, the first may
//! have been made.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! exceptions {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// The cause of a trap; the discriminant is the bit number in `%tir.hi`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum ExceptionKind {
            $($(#[$doc])* $variant = $number,)*
        }

        impl ExceptionKind {
            /// Every kind, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name without its `exc_` prefix.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

exceptions! {
    /// The bundle is not valid, or an operation in it does not exist.
    IllegalOpcode = 0, "illegal_opcode";
    /// Not allowed without `psr.pm`.
    PrivilegedAction = 1, "priv_action";
    /// Floating point while `upsr.fe` is clear.
    FpDisabled = 2, "fp_disabled";
    /// x87 stack underflow.
    FpStackUnderflow = 3, "fp_stack_u";
    /// Deferred interrupt.
    DeferredInterrupt = 4, "d_interrupt";
    /// The predicate of a transfer is a diagnostic value.
    DiagnosticTransferCondition = 5, "diag_ct_cond";
    /// The target register of a transfer is a diagnostic value or was never prepared.
    DiagnosticInstructionAddress = 6, "diag_instr_addr";
    /// No code at this address.
    IllegalInstructionAddress = 7, "illegal_instr_addr";
    /// An instruction breakpoint.
    InstructionDebug = 8, "instr_debug";
    /// A register outside the window.
    WindowBounds = 9, "window_bounds";
    /// The data stack grows below its end.
    UserStackBounds = 10, "user_stack_bounds";
    /// The procedure stack is full or empty.
    ProcedureStackBounds = 11, "proc_stack_bounds";
    /// The chain stack is full or empty.
    ChainStackBounds = 12, "chain_stack_bounds";
    /// x87 stack overflow.
    FpStackOverflow = 13, "fp_stack_o";
    /// The predicate of an operation is a diagnostic value.
    DiagnosticCondition = 14, "diag_cond";
    /// An operand of an operation is a diagnostic value.
    DiagnosticOperand = 15, "diag_operand";
    /// An operand has a value the operation does not allow.
    IllegalOperand = 16, "illegal_operand";
    /// Outside an array or segment.
    ArrayBounds = 17, "array_bounds";
    /// The descriptor does not allow this access.
    AccessRights = 18, "access_rights";
    /// A data address is not aligned.
    AddressNotAligned = 19, "addr_not_aligned";
    /// No page for an instruction.
    InstructionPageMiss = 20, "instr_page_miss";
    /// A page that may not be executed.
    InstructionPageProtection = 21, "instr_page_prot";
    /// No page for an asynchronous instruction.
    AsyncInstructionPageMiss = 22, "ainstr_page_miss";
    /// A page an asynchronous instruction may not be in.
    AsyncInstructionPageProtection = 23, "ainstr_page_prot";
    /// Last wish.
    LastWish = 24, "last_wish";
    /// A descriptor base is not aligned.
    BaseNotAligned = 25, "base_not_aligned";
    /// `setsft`.
    SoftwareTrap = 26, "software_trap";
    /// A data breakpoint.
    DataDebug = 28, "data_debug";
    /// No page, or a page that may not be accessed so.
    DataPage = 29, "data_page";
    /// A recovery point.
    RecoveryPoint = 31, "recovery_point";
    /// An external interrupt.
    Interrupt = 32, "interrupt";
    /// A non-maskable interrupt.
    NonMaskableInterrupt = 33, "nm_interrupt";
    /// Division by zero or quotient overflow.
    Division = 34, "div";
    /// An unmasked floating-point exception.
    FloatingPoint = 35, "fp";
    /// A memory lock was broken.
    MemoryLock = 36, "mem_lock";
    /// A memory lock was broken, asynchronously.
    MemoryLockAsync = 37, "mem_lock_as";
    /// Memory outside the processor answered with an error.
    MemoryErrorOutside = 38, "mem_error_out_cpu";
    /// Memory access unit error.
    MemoryErrorMau = 39, "mem_error_MAU";
    /// L2 error.
    MemoryErrorL2 = 40, "mem_error_L2";
    /// L1 error, channels 3 and 5.
    MemoryErrorL1High = 41, "mem_error_L1_35";
    /// L1 error, channels 0 and 2.
    MemoryErrorL1Low = 42, "mem_error_L1_02";
    /// Instruction cache error.
    MemoryErrorIcache = 43, "mem_error_ICACHE";
}

impl ExceptionKind {
    /// The bit number in `%tir.hi`.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for ExceptionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exc_{}", self.name())
    }
}

/// An exception as the run loop reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Which.
    pub kind: ExceptionKind,
    /// Address of the bundle.
    pub address: u64,
    /// Bit n: channel n took part.
    pub channels: u8,
    /// The bytes of the bundle, as far as they could be read.
    pub bytes: Vec<u8>,
    /// The bundle as text, empty if it does not decode.
    pub text: String,
    /// What exactly went wrong.
    pub reason: String,
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:#x}: {}", self.kind, self.address, self.reason)?;
        if !self.text.is_empty() {
            write!(f, " in {{ {} }}", self.text)?;
        }
        if !self.bytes.is_empty() {
            f.write_str(" [")?;
            for byte in &self.bytes {
                write!(f, "{byte:02x}")?;
            }
            f.write_str("]")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_tir() {
        assert_eq!(ExceptionKind::WindowBounds.number(), 9);
        assert_eq!(ExceptionKind::DataPage.number(), 29);
        assert_eq!(ExceptionKind::Division.number(), 34);
        assert!(ExceptionKind::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
    }

    #[test]
    fn an_exception_says_what_where_and_why() {
        let exception = Exception {
            kind: ExceptionKind::Division,
            address: 0x10_0000,
            channels: 1 << 5,
            bytes: vec![1, 0, 0, 0x80],
            text: "udivd,5 %dr0, %dr1, %dr3".into(),
            reason: "division by zero".into(),
        };
        assert_eq!(
            exception.to_string(),
            "exc_div at 0x100000: division by zero in { udivd,5 %dr0, %dr1, %dr3 } [01000080]"
        );
    }
}
