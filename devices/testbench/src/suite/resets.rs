//! A cold reset forgets everything but nonvolatile memory.

use elnic_contract::{Entry, LinkState, Reset};
use proptest::prelude::*;

use super::strategies::{ops, scenario};
use super::{bench_after, property};
use crate::Bench;

/// After random operations and a cold reset a device equals a new one with the same nonvolatile memory that was switched
/// on at the same instant: in what it saves, shows and does.
///
/// # Panics
/// It does not.
pub fn a_cold_reset_makes_a_device_like_new(entry: &'static Entry) {
    let inputs = (scenario(entry), ops(entry, 40), ops(entry, 20));
    property(64, inputs, |(scenario, before, after)| {
        let mut used = bench_after(entry, scenario);
        used.transcript(&before);
        // Faults, memory and the cable are the world's, not the device's: both start alike.
        used.ram = crate::SparseRam::new();
        used.forget_frames();
        used.link(LinkState::Up);
        used.reset(Reset::Cold);

        let mut new = Bench::unpowered(move || entry.make([]).expect("the defaults make a device"));
        new.start_at(used.now());
        if let Some(image) = used.device().image() {
            new.insert_image(&image).expect("what a device shows it takes back");
        }
        new.link(LinkState::Up);
        new.reset(Reset::Cold);

        prop_assert_eq!(used.saved(), new.saved(), "the state after a cold reset");
        prop_assert_eq!(used.line(), new.line(), "the interrupt line after a cold reset");
        prop_assert_eq!(used.transcript(&after), new.transcript(&after), "behaviour after it");
        prop_assert_eq!(used.ram.digest(), new.ram.digest(), "what is in RAM");
        Ok(())
    });
}
