//! What can be chosen about a processor: instruction set, strictness, timing.

use elnic_contract::ClockHz;
use elnic_isa::IsaVersion;

use crate::timing::Timing;

/// How accesses that are not naturally aligned are treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alignment {
    /// They are made, except 16-byte stores with a mask before v6.
    #[default]
    Perform,
    /// They raise `exc_addr_not_aligned`.
    Trap,
}

/// Whether register tags are kept (e2k-isa.md §3.7, §8.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tags {
    /// No: a speculative load that fails yields the diagnostic pattern as a number. What qemu-e2k does by default, and what images that
    /// read registers they never wrote need.
    #[default]
    Off,
    /// Yes: diagnostic values are poison and raise `exc_diag_operand` where used without speculation.
    On,
}

/// Choices made when a processor is put together; no part of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Version of the instruction set, v2 to v6.
    pub isa: IsaVersion,
    /// `%idr` after reset.
    pub idr: u64,
    /// Diagnostic values.
    pub tags: Tags,
    /// Misaligned accesses.
    pub alignment: Alignment,
    /// What takes how long.
    pub timing: Timing,
    /// What `%clkr` counts, from which `%sclkr` follows.
    pub clock: ClockHz,
    /// Whether the empty `setmas` of the LMS simulator (`0x60000000 | code`) stops the processor (e2k-isa.md §1.5).
    pub simulator_halt: bool,
}

impl Default for Config {
    /// An Elbrus-8C (v4) as qemu-system-e2k shows it.
    fn default() -> Self {
        Self {
            isa: IsaVersion::V4,
            idr: 0x3_a207,
            tags: Tags::Off,
            alignment: Alignment::Perform,
            timing: Timing::ISSUE,
            clock: ClockHz::hz(1_300_000_000),
            simulator_halt: false,
        }
    }
}
