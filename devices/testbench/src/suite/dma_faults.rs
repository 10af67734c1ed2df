//! Bus-master accesses may fail at any point.

use elnic_contract::{Entry, Reset};
use elnic_script::{DmaKind, Op};
use proptest::prelude::*;

use super::strategies::{ops, scenario};
use super::{bench_after, property};

/// How many points of failure of one run are tried.
const POINTS: u32 = 40;

/// Operations are repeated with each bus-master access failing in turn, alone and with all that follow: the device
/// survives, stays within bounds and is like new after a cold reset.
///
/// # Panics
/// It does not.
pub fn failing_bus_master_accesses_are_survived(entry: &'static Entry) {
    property(16, (scenario(entry), ops(entry, 30)), |(scenario, ops)| {
        let ops: Vec<Op> =
            ops.iter().filter(|op| !matches!(op, Op::Fault { .. })).cloned().collect();
        let mut counted = bench_after(entry, scenario);
        let before = counted.ram.accesses();
        counted.transcript(&ops);
        let accesses = u32::try_from(counted.ram.accesses() - before).unwrap_or(u32::MAX);
        let step = accesses.div_ceil(POINTS).max(1) as usize;
        for point in (0..accesses).step_by(step) {
            for times in [1, u32::MAX] {
                let mut bench = bench_after(entry, scenario);
                bench.ram.fail(DmaKind::Any, point, times);
                bench.transcript(&ops);
                bench.pulse();
                bench.reset(Reset::Cold);
                prop_assert!(!bench.line(), "the interrupt line after a cold reset");
            }
        }
        Ok(())
    });
}
