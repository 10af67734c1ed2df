//! What a debugger asks of the processor: breakpoints on code and data, single steps, last wishes.
//!
//! Layout of the registers: `cpu_regs_types.h` of the public kernel. Code breakpoints live in `%dibcr`, `%dibsr` and `%dibar0` to 3, among the
//! state registers; those on data are reached as `%ddbcr`, `%ddbsr` and `%ddbar0` to 3 and stand here. Left out: the monitors that count
//! events (`%dimcr`, `%ddmcr`), which are storage, and stops of the whole machine (`dibcr.stop`).

use serde::{Deserialize, Serialize};

use super::{State, number};

/// Breakpoints of each kind.
const BREAKPOINTS: usize = 4;
/// Bits of `%ddbcr` one breakpoint takes.
const CONTROL_BITS: usize = 14;
/// Bits of `%ddbsr` one breakpoint takes.
const STATUS_BITS: usize = 12;
/// `%dibsr.ss`: a single step was made.
const STATUS_STEP: u64 = 1 << 7;

/// The registers of data breakpoints, and what a return left to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebugState {
    /// `%ddbar0` to `%ddbar3`.
    pub addresses: [u64; BREAKPOINTS],
    /// `%ddbcr`.
    pub control: u64,
    /// `%ddbsr`.
    pub status: u64,
    /// `%ddmcr`, `%ddmar0`, `%ddmar1`.
    pub monitors: [u64; 3],
    /// One bundle is executed, then `exc_instr_debug` comes (`cr1.lo.ss` of a frame that was returned to).
    pub step: bool,
    /// `exc_instr_debug` comes before the next bundle: that was the one.
    pub stepped: bool,
    /// `exc_last_wish` comes before the next bundle (`psr.lw` of a frame that was returned to).
    pub wish: bool,
}

/// An access as data breakpoints see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    /// Virtual address.
    pub(crate) address: u64,
    pub(crate) bytes: u64,
    pub(crate) writes: bool,
    pub(crate) speculative: bool,
}

impl DebugState {
    /// Whether any data breakpoint is valid.
    pub(crate) const fn watches_data(&self) -> bool {
        let each = 1 | 1 << CONTROL_BITS | 1 << (2 * CONTROL_BITS) | 1 << (3 * CONTROL_BITS);
        self.control & each != 0
    }

    /// Notes what `access` hits; whether that is an exception.
    pub(crate) fn hit(&mut self, access: Access) -> bool {
        let mut raises = false;
        for (number, breakpoint) in self.addresses.into_iter().enumerate() {
            let control = self.control >> (CONTROL_BITS * number);
            let bit = |place: u32| control >> place & 1 != 0;
            let length = control >> 4 & 7;
            let kind = if access.writes { bit(2) } else { bit(3) };
            if !bit(0) || !kind || !(1..=5).contains(&length) || access.speculative && !bit(8) {
                continue;
            }
            let (last, end) = (access.bytes - 1, (1 << (length - 1)) - 1);
            let start = breakpoint & !end;
            if access.address.wrapping_add(last) < start || access.address > start + end {
                continue;
            }
            self.status |= 1 << (STATUS_BITS * number + usize::from(access.speculative));
            raises |= bit(12);
        }
        raises
    }
}

impl State {
    /// Whether something has to be looked at before or after each bundle.
    pub(crate) fn is_debugged(&self) -> bool {
        let valid = self.system[usize::from(number::DIBCR)] & 0x55;
        valid != 0 || self.debug.step || self.debug.stepped || self.debug.wish
    }

    /// Notes the code breakpoints at the next bundle in `%dibsr`; whether one is an exception.
    pub(crate) fn meets_breakpoint(&mut self) -> bool {
        let control = self.system[usize::from(number::DIBCR)];
        let mut raises = false;
        for breakpoint in 0..BREAKPOINTS {
            let valid = control >> (2 * breakpoint) & 1 != 0;
            if valid && self.system[usize::from(number::DIBAR0) + breakpoint] & !7 == self.ip {
                self.system[usize::from(number::DIBSR)] |= 1 << breakpoint;
                raises |= control >> (2 * breakpoint + 1) & 1 != 0;
            }
        }
        raises
    }

    /// A single step is over.
    pub(crate) fn end_step(&mut self) {
        (self.debug.step, self.debug.stepped) = (false, true);
        self.system[usize::from(number::DIBSR)] |= STATUS_STEP;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(address: u64, bytes: u64, writes: bool) -> Access {
        Access { address, bytes, writes, speculative: false }
    }

    #[test]
    fn a_data_breakpoint_is_about_what_overlaps_it() {
        // The second: valid, writes, four bytes, raises.
        let control = (1 | 1 << 2 | 3 << 4 | 1 << 12) << CONTROL_BITS;
        let mut debug =
            DebugState { control, addresses: [0, 0x1004, 0, 0], ..DebugState::default() };
        assert!(debug.watches_data());
        for (address, bytes, writes, hits) in [
            (0x1004, 4, true, true),
            (0x1000, 8, true, true),
            (0x1007, 1, true, true),
            (0x1000, 4, true, false),
            (0x1008, 8, true, false),
            (0x1004, 4, false, false),
        ] {
            debug.status = 0;
            assert_eq!(debug.hit(access(address, bytes, writes)), hits, "{address:#x} {bytes}");
            assert_eq!(debug.status, if hits { 1 << STATUS_BITS } else { 0 });
        }
        let speculative = Access { speculative: true, ..access(0x1004, 4, true) };
        assert!(!debug.hit(speculative), "only with spec");
    }
}
