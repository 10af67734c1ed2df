//! A device saved, thrown away and restored goes on as if nothing had happened.

use elnic_contract::{Cx, Entry, Outbox, Size, VTime};
use elnic_pci::{FunctionOptions, Hit, PciFunction, Window};
use elnic_script::Op;
use proptest::prelude::*;

use super::strategies::{ops, scenario};
use super::{bench_after, property};
use crate::{Notes, SparseRam};

/// Pulses at random points of random operations change nothing that can be seen.
///
/// # Panics
/// They do.
pub fn saving_and_restoring_is_invisible(entry: &'static Entry) {
    // A bit for each operation: a pulse after it.
    property(96, (scenario(entry), ops(entry, 40), any::<u64>()), |(scenario, ops, pulses)| {
        let mut plain = bench_after(entry, scenario);
        let mut pulsed = bench_after(entry, scenario);
        pulsed.pulse();
        let with_pulses: Vec<Op> = ops
            .iter()
            .enumerate()
            .flat_map(|(n, op)| [Some(op.clone()), (pulses >> n & 1 != 0).then_some(Op::Pulse)])
            .flatten()
            .collect();
        let (plain_lines, pulsed_lines) = (plain.transcript(&ops), pulsed.transcript(&with_pulses));
        prop_assert_eq!(pulsed_lines, plain_lines);
        prop_assert_eq!(pulsed.ram.digest(), plain.ram.digest(), "what is in RAM");
        prop_assert_eq!(pulsed.saved(), plain.saved(), "the state");
        prop_assert_eq!(pulsed.timers(), plain.timers(), "the timers");
        Ok(())
    });
}

/// The PCI function around the device survives random configuration and register accesses, and saves itself wholly. A
/// model that is no PCI function passes.
///
/// # Panics
/// It does not.
pub fn a_function_around_it_survives_and_saves(entry: &'static Entry) {
    if entry.model.pci.is_none() {
        return;
    }
    let make = || {
        let device = entry.make([]).expect("the defaults make a device");
        PciFunction::new(device, FunctionOptions::default()).expect("it is a PCI function")
    };
    let config = (any::<u8>(), 0_u32..3, any::<u32>());
    property(64, prop::collection::vec((any::<bool>(), config), 0..60), |steps| {
        let (mut ram, mut notes, mut outbox) = (SparseRam::new(), Notes::default(), Outbox::new());
        let mut function = make();
        for (in_config, (offset, size, value)) in steps {
            let mut cx = Cx::new(VTime::ZERO, &mut ram, &mut outbox, &mut notes);
            let size = [Size::Byte, Size::Half, Size::Word][size as usize];
            let aligned = offset & !(size.bytes() - 1);
            if in_config {
                function.config_write(&mut cx, aligned, size, value.into());
                function.config_read(aligned, size);
            } else {
                let hit = Hit { window: Window::Region(0), offset: aligned.into() };
                let _ = function.write(&mut cx, hit, size, value.into());
                let _ = function.read(&mut cx, hit, size);
            }
            let lines = function.lines();
            prop_assert!(function.interrupt_pin() != 0 || lines.0 == 0, "a line without a pin");
            outbox.drain().for_each(drop);
        }
        let mut twin = make();
        twin.restore(&function.save()).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(twin.save(), function.save());
        prop_assert_eq!(twin.lines(), function.lines());
        let (a, b): (Vec<_>, Vec<_>) = (twin.mappings().collect(), function.mappings().collect());
        prop_assert_eq!(a, b);
        Ok(())
    });
}
