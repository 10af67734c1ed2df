//! Bus-master accesses may fail at any point.

use std::cell::Cell;

use elnic_contract::{Entry, Reset};
use elnic_script::{DmaKind, Op};
use proptest::prelude::*;

use super::strategies::{ops, scenario};
use super::{bench_after, property, scenario_ops};

/// Bus-master accesses of one list of operations at most; a list that makes more is cut short. Each of them is made to
/// fail twice, so a list costs its square.
const ACCESSES: u64 = 160;

/// Operations, a scenario's own first, are repeated with each bus-master access failing in turn, alone and with all that follow: the device
/// survives, stays within bounds and is like new after a cold reset.
///
/// Covered is every access of each list, none left out: the list is run once to count them. What is not covered is what
/// needs more than 160 accesses, or two failures with successes between them; the random
/// faults among the operations of the other checks reach those.
///
/// # Panics
/// It does not.
pub fn failing_bus_master_accesses_are_survived(entry: &'static Entry) {
    let tried = Cell::new(0_u64);
    property(160, (scenario(entry), ops(entry, 40)), |(scenario, ops)| {
        let mut ops: Vec<Op> = [&scenario_ops(entry, scenario)[..], &ops]
            .concat()
            .into_iter()
            .filter(|op| !matches!(op, Op::Fault { .. }))
            .collect();
        let mut accesses = count(entry, &ops);
        while accesses > ACCESSES {
            ops.pop();
            accesses = count(entry, &ops);
        }
        for point in 0..u32::try_from(accesses).expect("few accesses") {
            for times in [1, u32::MAX] {
                let mut bench = bench_after(entry, None);
                bench.ram.fail(DmaKind::Any, point, times);
                bench.transcript(&ops);
                bench.pulse();
                bench.reset(Reset::Cold);
                prop_assert!(!bench.line(), "the interrupt line after a cold reset");
            }
        }
        tried.set(tried.get() + accesses);
        Ok(())
    });
    println!("{}: each of {} bus-master accesses failed", entry.model.name, tried.get());
    let masters = entry.is_nic && !entry.scenarios.is_empty();
    assert!(!masters || tried.get() > 0, "no list made the device master the bus");
}

/// How many bus-master accesses `ops` make from power-on.
fn count(entry: &'static Entry, ops: &[Op]) -> u64 {
    let mut bench = bench_after(entry, None);
    bench.transcript(ops);
    bench.ram.accesses()
}
