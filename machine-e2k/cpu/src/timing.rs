//! How long things take: parameters with their sources.
//!
//! A bundle always takes one cycle and its `nop` field. With [`Timing::interlocks`] the scoreboard is modelled on top: a bundle waits until
//! what it uses is ready. The numbers are e2k-isa.md §11.2; what is unknown there is taken from v4 as §11.5 advises.

use elnic_isa::IsaVersion;

/// Distances in cycles from the issue of a producer to the earliest issue of its consumer; 1 is the next bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latencies {
    /// Integer addition, logic, shifts, merges.
    pub integer: u8,
    /// Loads that hit the first level.
    pub load: u8,
    /// Integer multiplication.
    pub multiply: u8,
    /// Integer division (unknown; 15 to 30).
    pub divide: u8,
    /// Packed operations.
    pub packed: u8,
    /// Floating-point addition and multiplication.
    pub float: u8,
    /// Floating-point division and square root.
    pub float_divide: u8,
    /// Integer comparison to the condition of a transfer.
    pub compare_to_transfer: u8,
    /// Floating-point comparison to the condition of a transfer.
    pub float_compare_to_transfer: u8,
    /// `disp`, `movtd` to a transfer.
    pub disp: u8,
    /// `return` to a transfer.
    pub return_: u8,
    /// A taken `ibranch`, which has nothing prepared (unknown; like an unprepared `ct`).
    pub ibranch: u8,
}

/// What takes how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Whether bundles wait for their operands.
    pub interlocks: bool,
    /// How long, if so.
    pub latencies: Latencies,
}

impl Latencies {
    /// v3 to v5, measured or documented for Elbrus-8C.
    pub const V4: Self = Self {
        integer: 1,
        load: 3,
        multiply: 6,
        divide: 20,
        packed: 4,
        float: 4,
        float_divide: 15,
        compare_to_transfer: 3,
        float_compare_to_transfer: 5,
        disp: 5,
        return_: 6,
        ibranch: 5,
    };
    /// v6: slower first level.
    pub const V6: Self = Self { load: 5, ..Self::V4 };
}

impl Timing {
    /// Issue only: one cycle a bundle and its `nop`s. The fastest to simulate.
    pub const ISSUE: Self = Self { interlocks: false, latencies: Latencies::V4 };

    /// With the interlocks documented for `isa`.
    pub fn documented(isa: IsaVersion) -> Self {
        let latencies = if isa >= IsaVersion::V6 { Latencies::V6 } else { Latencies::V4 };
        Self { interlocks: true, latencies }
    }
}
